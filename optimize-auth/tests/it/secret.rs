use optimize_auth::{Credentials, StaticBearer, Token, scrub};

const CANARY: &str = "canary-0123456789/+ab=";

#[tokio::test]
async fn nothing_public_shows_a_secret_in_debug() {
    let token = Token::bearer(CANARY.to_owned().into()).unwrap();
    let source = StaticBearer::new(CANARY.to_owned().into()).unwrap();
    let credentials = Credentials::static_bearer(CANARY.to_owned().into()).unwrap();
    let headers = credentials.headers().await.unwrap();
    let text = format!("{token:?} {source:?} {credentials:?} {headers:?} {:?}", headers.as_map());
    assert!(!text.contains("canary"), "{text}");
}

#[test]
fn a_token_that_no_header_may_carry_is_refused_without_repeating_it() {
    for secret in ["", " ", "two words", "line\nbreak", "\u{e9}", "===", "canary\u{7f}"] {
        let error = Token::bearer(secret.to_owned().into()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    }
    for secret in ["a", "a.b-c_d~e+f/g", "YQ==", "12345678"] {
        Token::bearer(secret.to_owned().into()).unwrap();
    }
}

#[test]
fn foreign_texts_are_freed_of_secrets_and_control_characters() {
    assert_eq!(scrub(&format!("no {CANARY} here"), &[CANARY]), "no [redacted] here");
    assert_eq!(scrub("red \u{1b}[31m\r\n", &[]), "red \\u{1b}[31m\\r\\n");
    assert_eq!(scrub("an id is no secret", &["id"]), "an id is no secret", "too short to differ from words");
}
