use std::time::Duration;

use optimize_auth::{AuthErrorKind, Cached, Credentials, FetchContext, TokenFile, TokenSource};
use optimize_sandbox::Sandbox;
use secrecy::ExposeSecret;
use tempfile::NamedTempFile;

use crate::support::clock::TestClock;
use crate::support::{chain, client};

fn write(file: &NamedTempFile, text: &str) {
    std::fs::write(file.path(), text).unwrap();
}

#[tokio::test]
async fn a_replaced_file_is_noticed_within_a_minute_and_after_a_401_at_once() {
    let (file, clock) = (NamedTempFile::new().unwrap(), TestClock::new());
    write(&file, "first\n");
    let credentials: Credentials = Cached::new(TokenFile::new(file.path())).with_clock(clock.clone()).into();
    let token = async || credentials.token().await.unwrap().secret().expose_secret().to_owned();
    assert_eq!(token().await, "first");
    write(&file, "second\n");
    assert_eq!(token().await, "first");
    clock.advance(Duration::from_secs(60));
    assert_eq!(token().await, "second");
    write(&file, "third");
    let stamp = credentials.headers().await.unwrap().stamp();
    credentials.reject(stamp, None);
    assert_eq!(token().await, "third");
}

#[tokio::test]
async fn a_jwt_is_read_again_before_it_ends_and_refused_after() {
    let sandbox = Sandbox::builder().token_lifetime(Duration::from_secs(20)).start().await.unwrap();
    let jwt = Credentials::new(client(&sandbox)).token().await.unwrap();
    let (file, clock) = (NamedTempFile::new().unwrap(), TestClock::new());
    write(&file, jwt.secret().expose_secret());
    let source = TokenFile::new(file.path()).with_clock(clock.clone());
    assert!(source.fetch(&FetchContext::default()).await.unwrap().lifetime().unwrap() <= Duration::from_secs(21));
    clock.advance(Duration::from_secs(21));
    let error = source.fetch(&FetchContext::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (AuthErrorKind::Refused, Some("expired_token")));
}

#[tokio::test]
async fn an_error_about_a_file_without_a_token_does_not_repeat_it() {
    let file = NamedTempFile::new().unwrap();
    for (text, expected) in
        [("", "it is empty"), ("canary two", "character 7 cannot stand"), ("\u{0}canary", "character 1")]
    {
        write(&file, text);
        let error = TokenFile::new(file.path()).fetch(&FetchContext::default()).await.unwrap_err();
        assert_eq!(error.kind(), AuthErrorKind::InvalidInput);
        assert!(chain(&error).contains(expected) && !chain(&error).contains("canary"), "{}", chain(&error));
    }
    let error = TokenFile::new("no-such-directory/token").fetch(&FetchContext::default()).await.unwrap_err();
    assert_eq!(error.kind(), AuthErrorKind::NotFound);
}
