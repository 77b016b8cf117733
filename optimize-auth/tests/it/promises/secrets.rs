//! A secret reaches its server unchanged and appears nowhere else.

use optimize_auth::{
    Anonymous, AuthErrorKind, BuildContext, Cached, Chain, ClientAuth, ClientCredentials, Credentials, Exec, FileStore,
    Issuer, MemoryStore, ServiceUrl, StaticBearer, StoreKey, StrategyRegistry, StrategySettings, Token, TokenFile,
    exec::{Granted, Helper, Response, Target},
    http::HttpOptions,
};
use optimize_sandbox::{Canary, Fault, FaultRule, Sandbox};
use serde_json::json;

use crate::support::{TOKEN_PATH, chain, client_by, credentials, keys, sandbox};

/// Secrets that break code which does not encode or quote them.
const ODD: [&str; 9] = [
    "12345678",
    "true",
    "[a,b]",
    "\"q\"",
    " lead",
    "a=b&c%2B+",
    "\u{fc}",
    "s3cr+t/with%20odd chars=&\"",
    "null\\n'$(x)`#;",
];

#[tokio::test]
async fn the_debug_form_of_every_public_type_shows_no_secret() {
    let canary = Canary::new();
    let secret = || canary.secret().to_owned().into();
    let url = ServiceUrl::parse("https://login.example/token").unwrap();
    let client = |client_auth| ClientCredentials::new(url.clone(), "id", client_auth);
    let http = HttpOptions::default().with_client_identity(secret());
    let mut shown = vec![
        format!("{:?}", Token::bearer(secret()).unwrap()),
        format!("{:?}", Token::header("x-api-key", secret()).unwrap()),
        format!("{:?}", StaticBearer::new(secret()).unwrap()),
        format!("{:?}", Credentials::static_bearer(secret()).unwrap()),
        format!("{http:?} {:?}", client(ClientAuth::Tls).with_http(http.clone())),
        format!("{:?}", StrategySettings::new("static").with_secret("token", secret()).with_text("x", canary.secret())),
        format!("{:?}", BuildContext::default()),
        format!(
            "{:?}",
            (
                Response::new("1", Ok(Granted::bearer(secret()))),
                Response::new("2", Ok(Granted::header("x-key", secret())))
            )
        ),
    ];
    let proofs: [fn(secrecy::SecretString) -> ClientAuth; 5] =
        [ClientAuth::Post, ClientAuth::Basic, ClientAuth::Json, ClientAuth::SecretJwt, ClientAuth::Assertion];
    for proof in proofs {
        shown.push(format!("{:?}", proof(secret())));
        let cached = Cached::new(client(proof(secret()))).with_store(MemoryStore::default());
        shown.push(format!("{cached:?} {:?}", client(proof(secret()))));
    }
    let (private, _) = keys::es256();
    let key = optimize_auth::SigningKey::parse(private.clone().into()).unwrap();
    let d = serde_json::from_str::<serde_json::Value>(&private).unwrap()["d"].as_str().unwrap().to_owned();
    let shown_key = format!("{key:?}");
    assert!(!format!("{shown_key} {:?}", ClientAuth::PrivateKeyJwt(key)).contains(&d));
    let helper = Helper::new(vec!["/bin/x".to_owned()]).unwrap();
    let helper = helper.with_environment([("NAME".to_owned(), canary.secret().to_owned())]);
    shown.push(format!("{helper:?} {:?}", Exec::new(helper.clone(), Target::default())));
    let store = MemoryStore::default();
    let credentials: Credentials = Cached::new(StaticBearer::new(secret()).unwrap()).with_store(store.clone()).into();
    let headers = credentials.headers().await.unwrap();
    shown.push(format!("{headers:?} {:?} {store:?} {credentials:?}", headers.as_map()));
    shown.push(format!("{:?}", StoreKey::builder("x").with_secret("s", &secret()).build()));
    shown.push(format!("{:?} {:?} {:?}", Anonymous, TokenFile::new("/x"), FileStore::new("/x")));
    shown.push(format!("{:?} {:?}", Issuer::parse("https://x.example").unwrap(), StrategyRegistry::default()));
    shown.push(format!(
        "{:?}",
        Chain::new(vec![("a".to_owned(), Box::new(StaticBearer::new(secret()).unwrap()))]).unwrap()
    ));
    for text in shown {
        assert_eq!(canary.find(text.as_bytes()), None, "{text}");
    }
}

#[tokio::test]
async fn no_error_carries_a_secret_that_the_server_echoes_in_any_place() {
    let canary = Canary::new();
    let echo = canary.secret();
    let form = format!("grant_type=client_credentials&client_secret={echo}");
    let responses = [
        (200, "application/json", format!("{{\"access_token\": {{\"x\":\"{echo}\"}}}}")),
        (200, "application/json", format!("{{\"access_token\": \"a b {echo}\"}}")),
        (200, "application/json", format!("{{\"expires_in\": \"{echo}\", \"token_type\": \"{echo}\"}}")),
        (200, "application/json", format!("{{\"access_token\": \"x\", \"token_type\": \"{echo}\"}}")),
        (200, "application/json", format!("{{\"error\": \"{echo}\", \"error_description\": \"{echo}\"}}")),
        (200, "application/json", format!("{{\"access_token\": \"{echo}")),
        (200, "text/html", format!("<p>{echo}")),
        (400, "application/json", format!("{{\"error\": \"invalid_client\", \"error_description\": \"got {form}\"}}")),
        (400, "application/json", json!({ "error": "x", "error_description": format!("Basic {echo}") }).to_string()),
        (401, "text/plain", form.clone()),
        (500, "application/json", format!("\"{echo}\"")),
        (503, "text/html", form),
        (302, "text/plain", echo.to_owned()),
    ];
    for proof in [ClientAuth::Post, ClientAuth::Basic, ClientAuth::Json] {
        for (code, content_type, body) in &responses {
            let fault = Fault::response(*code, content_type, body);
            let rule = FaultRule::new(TOKEN_PATH, fault);
            let sandbox = Sandbox::builder().client_secret(echo).fault(rule).start().await.unwrap();
            let source = client_by(&sandbox, proof(echo.to_owned().into()));
            let error = credentials(source).token().await.unwrap_err();
            let text = format!("{} {error:?}", chain(&error));
            assert_eq!(canary.find(text.as_bytes()), None, "{body}: {text}");
        }
    }
    let error = ServiceUrl::parse(&format!("https://u:{echo}@h")).unwrap_err();
    assert_eq!(canary.find(format!("{error} {error:?}").as_bytes()), None);
}

#[test]
fn no_error_of_the_registry_carries_a_value() {
    let canary = Canary::new();
    let echo = canary.secret();
    let registry = StrategyRegistry::default();
    let whole = json!({
        "strategy": "client-credentials", "token_url": "https://login.example/token", "client_id": "id",
        "client_secret": "s", "client_auth": "post", "audience": "a",
    });
    let odd = [
        json!(echo),
        json!([echo]),
        json!({ "x": echo }),
        json!({ "file": echo }),
        json!([{ "a": echo }]),
        json!([1, echo]),
    ];
    for name in ["token_url", "client_secret", "client_auth", "private_key", "issuer", "unknown"] {
        for value in &odd {
            let mut settings = whole.clone();
            settings[name] = value.clone();
            let Err(error) = registry.build_value(settings, &BuildContext::default()) else { continue };
            let text = format!("{} {error:?}", chain(&error));
            // The path of a file and a URL are not secrets; errors may contain them.
            if !(text.contains("from file") || name == "token_url" || name == "issuer") {
                assert_eq!(canary.find(text.as_bytes()), None, "{name} = {value}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn every_secret_reaches_the_server_byte_for_byte() {
    let long = "x".repeat(4096);
    for secret in ODD.into_iter().chain([long.as_str()]) {
        let sandbox = Sandbox::builder().client_secret(secret).start().await.unwrap();
        let proofs: [fn(secrecy::SecretString) -> ClientAuth; 4] =
            [ClientAuth::Post, ClientAuth::Basic, ClientAuth::Json, ClientAuth::SecretJwt];
        for proof in proofs {
            let source = client_by(&sandbox, proof(secret.to_owned().into()));
            credentials(source).token().await.unwrap_or_else(|error| panic!("{secret}: {error}"));
        }
    }
}

#[test]
fn a_secret_from_a_file_loses_one_line_break_and_nothing_else() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for (written, read) in
        [("a", "a"), ("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a ", " a "), ("\na\n", "\na"), ("ü\t\n", "ü\t")]
    {
        std::fs::write(file.path(), written).unwrap();
        let secret = optimize_auth::read_secret_file(file.path(), "secret").unwrap();
        assert_eq!(secrecy::ExposeSecret::expose_secret(&secret), read);
    }
    let too_long = vec![b'x'; (64 << 10) + 1];
    for unusable in [&b""[..], b"\n", b"  \n", b"\xff\xfe", &too_long] {
        std::fs::write(file.path(), unusable).unwrap();
        let error = optimize_auth::read_secret_file(file.path(), "secret").unwrap_err();
        assert_eq!(error.kind(), AuthErrorKind::InvalidInput);
    }
}

#[tokio::test]
async fn every_field_is_encoded_so_that_none_can_add_another() {
    let sandbox = sandbox().await;
    let odd = "a&grant_type=x+y%20z=\u{e9}";
    let source = client_by(&sandbox, ClientAuth::Basic(sandbox.client_secret().to_owned().into()));
    let source = source.with_audience(odd).with_scope(odd).with_resource(odd);
    credentials(source).token().await.unwrap();
    let parameters = &sandbox.journal()[0].parameters;
    assert_eq!(parameters["grant_type"], "client_credentials");
    for name in ["audience", "scope", "resource"] {
        assert_eq!(parameters[name], odd);
    }
    assert_eq!(parameters.len(), 4);
}
