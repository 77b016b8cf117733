use proptest::prelude::*;

use super::*;

const ODD_SECRETS: [&str; 8] =
    ["12345678", "true", "[a,b]", "\"q\"", " lead", "a=b&c%2B+", "ü", "s3cr+t/with%20odd chars=&\""];

const TOKEN_URL: &str = "https://login.example/oauth/token";

fn source(client_auth: fn(SecretString) -> ClientAuth, secret: &str) -> ClientCredentials {
    ClientCredentials::new(token_url(), "c:1 ü", client_auth(secret.to_owned().into()))
}

fn token_url() -> ServiceUrl {
    ServiceUrl::parse(TOKEN_URL).unwrap()
}

fn request(source: &ClientCredentials) -> Request {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(source.request(&token_url(), &source.client_auth)).unwrap()
}

/// Header and body as they go over the wire.
fn wire(source: &ClientCredentials) -> String {
    let Request { headers, body, .. } = request(source);
    let authorization =
        headers.get("authorization").map(|value| format!("authorization: {}\n", value.to_str().unwrap()));
    let text = std::str::from_utf8(&body.bytes).unwrap();
    format!("{}content-type: {}\n\n{text}", authorization.unwrap_or_default(), body.content_type)
}

#[test]
fn post_sends_id_and_secret_in_the_form() {
    insta::assert_snapshot!(wire(&source(ClientAuth::Post, "a=b&c%2B+")), @r"
    content-type: application/x-www-form-urlencoded

    grant_type=client_credentials&client_id=c%3A1+%C3%BC&client_secret=a%3Db%26c%252B%2B
    ");
}

#[test]
fn basic_form_encodes_id_and_secret_first() {
    insta::assert_snapshot!(wire(&source(ClientAuth::Basic, "a=b&c%2B+")), @r"
    authorization: Basic YyUzQTErJUMzJUJDOmElM0RiJTI2YyUyNTJCJTJC
    content-type: application/x-www-form-urlencoded

    grant_type=client_credentials
    ");
}

#[test]
fn json_sends_everything_as_one_object() {
    insta::assert_snapshot!(wire(&source(ClientAuth::Json, "\"q\\\u{1}").with_audience("optimize.camunda.io")), @r#"
    content-type: application/json

    {"grant_type":"client_credentials","client_id":"c:1 ü","client_secret":"\"q\\\u0001","audience":"optimize.camunda.io"}
    "#);
}

#[test]
fn audience_scope_and_resource_are_sent_when_set() {
    let source =
        source(ClientAuth::Post, "s").with_audience("optimize.camunda.io").with_scope("a b").with_resource("urn:x");
    insta::assert_snapshot!(wire(&source), @r"
    content-type: application/x-www-form-urlencoded

    grant_type=client_credentials&client_id=c%3A1+%C3%BC&client_secret=s&audience=optimize.camunda.io&scope=a+b&resource=urn%3Ax
    ");
}

#[test]
fn debug_shows_no_secret() {
    for client_auth in [ClientAuth::Post, ClientAuth::Basic, ClientAuth::Json] {
        let source = source(client_auth, "canary-0123456789");
        let text = format!("{source:?} {:?}", request(&source).headers);
        assert!(!text.contains("canary") && !text.contains("Y2FuYXJ5"), "{text}");
    }
}

fn secret_in_form(body: &[u8]) -> String {
    url::form_urlencoded::parse(body).find(|(name, _)| name == "client_secret").unwrap().1.into_owned()
}

fn secret_in_basic(headers: &HeaderMap) -> String {
    let value = headers["authorization"].to_str().unwrap().strip_prefix("Basic ").unwrap();
    let pair = String::from_utf8(BASE64_STANDARD.decode(value).unwrap()).unwrap();
    let encoded = pair.split_once(':').unwrap().1;
    secret_in_form(format!("client_secret={encoded}").as_bytes())
}

fn check_arrives_unchanged(secret: &str) {
    let form = request(&source(ClientAuth::Post, secret)).body;
    assert_eq!(secret_in_form(&form.bytes), secret);
    let headers = request(&source(ClientAuth::Basic, secret)).headers;
    assert_eq!(secret_in_basic(&headers), secret);
    let json = request(&source(ClientAuth::Json, secret)).body;
    let json: serde_json::Value = serde_json::from_slice(&json.bytes).unwrap();
    assert_eq!(json["client_secret"], secret);
}

#[test]
fn odd_secrets_arrive_unchanged() {
    ODD_SECRETS.into_iter().for_each(check_arrives_unchanged);
    check_arrives_unchanged(&"x".repeat(4096));
}

proptest! {
    #[test]
    fn every_secret_arrives_unchanged(secret in any::<String>()) {
        check_arrives_unchanged(&secret);
    }
}
