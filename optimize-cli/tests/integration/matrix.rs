//! Each way of client authentication, with each odd secret, at each server that is up. What was seen becomes the table in
//! `docs/dev/auth-servers.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;

use crate::harness::{Ran, User};
use crate::variable;

/// What was seen at one server.
struct Findings {
    server: &'static str,
    lines: String,
}

impl Findings {
    fn of(server: &'static str) -> Self {
        Self { server, lines: String::new() }
    }

    fn add(&mut self, method: &str, outcome: &str) {
        writeln!(self.lines, "{}|{method}|{outcome}", self.server).unwrap();
    }

    /// Tries a method with each secret; all must come to a token.
    fn add_secrets(&mut self, method: &str, user: impl Fn(&str, &str) -> User) {
        let secrets = secrets();
        for (name, secret) in &secrets {
            check_token(&user(name, secret).types("auth token --format json"), secret);
        }
        self.add(method, &format!("{} secrets", secrets.len()));
    }

    fn add_token(&mut self, method: &str, outcome: &str, user: &User) {
        check_token(&user.types("auth token --format json"), "");
        // A second time: a server that remembers assertions must see another one.
        check_token(&user.types("auth token --format json --refresh"), "");
        self.add(method, outcome);
    }

    fn add_refusal(&mut self, method: &str, user: &User, word: &str) {
        let ran = user.types("auth token");
        assert!(ran.code == Some(4) && ran.stderr.contains(word), "{ran}");
        self.add(method, "refused");
    }
}

impl Drop for Findings {
    fn drop(&mut self) {
        // A test that has failed has nothing to tell.
        if !std::thread::panicking() {
            let path = variable("OPTIMIZE_TEST_MATRIX").unwrap();
            std::fs::File::options().append(true).open(path).unwrap().write_all(self.lines.as_bytes()).unwrap();
        }
    }
}

fn materials(name: &str) -> PathBuf {
    PathBuf::from(variable("OPTIMIZE_TEST_MATERIALS").unwrap()).join(name)
}

fn secrets() -> BTreeMap<String, String> {
    serde_json::from_str(&std::fs::read_to_string(materials("secrets.json")).unwrap()).unwrap()
}

fn check_token(ran: &Ran, secret: &str) {
    assert_eq!(ran.code, Some(0), "{secret}: {ran}");
    let token: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(token["access_token"].as_str().unwrap().len() > 10 && token["token_type"] == "Bearer");
}

fn user(issuer: &str, client: &str, client_auth: &str) -> User {
    User::new()
        .with("OPTIMIZE_ISSUER_URL", issuer)
        .with("OPTIMIZE_CLIENT_ID", client)
        .with("OPTIMIZE_CLIENT_AUTH", client_auth)
}

fn with_secret(issuer: &str, client: &str, client_auth: &str, secret: &str) -> User {
    user(issuer, client, client_auth).with("OPTIMIZE_CLIENT_SECRET", secret)
}

fn with_key(issuer: &str, client: &str) -> User {
    let key = materials("client-key.pem");
    user(issuer, client, "private-key-jwt").with("OPTIMIZE_PRIVATE_KEY_FILE", key.to_str().unwrap())
}

#[test]
fn oidc_provider_takes_every_method_with_every_secret() {
    let Some(issuer) = variable("OPTIMIZE_TEST_OIDC_PROVIDER") else { return skipped("oidc-provider") };
    let mut findings = Findings::of("oidc-provider");
    for (method, client) in
        [("post", "client_secret_post"), ("basic", "client_secret_basic"), ("client-secret-jwt", "client_secret_jwt")]
    {
        findings.add_secrets(method, |name, secret| with_secret(&issuer, &format!("{client}-{name}"), method, secret));
    }
    findings.add_token("private-key-jwt", "key", &with_key(&issuer, "private_key_jwt"));
    let tls = variable("OPTIMIZE_TEST_OIDC_PROVIDER_TLS").unwrap();
    let mtls = user(&tls, "tls_client_auth", "mtls").with("OPTIMIZE_CA_FILE", materials("ca.pem").to_str().unwrap());
    let mtls = mtls.with("OPTIMIZE_CLIENT_CERT_FILE", materials("client.pem").to_str().unwrap());
    findings.add_token(
        "mtls",
        "key",
        &mtls.with("OPTIMIZE_CLIENT_KEY_FILE", materials("client.key").to_str().unwrap()),
    );
    findings.add("discovery", "found");
    let plain = &secrets()["plain"];
    findings.add_refusal("json", &with_secret(&issuer, "client_secret_post-plain", "json", plain), "invalid_request");
    findings.add_refusal(
        "wrong secret",
        &with_secret(&issuer, "client_secret_post-plain", "post", "wrong"),
        "invalid_client",
    );
}

#[test]
fn django_oauth_toolkit_takes_its_methods_with_every_secret() {
    let Some(issuer) = variable("OPTIMIZE_TEST_DJANGO") else { return skipped("django-oauth-toolkit") };
    let mut findings = Findings::of("django-oauth-toolkit");
    for method in ["post", "basic"] {
        findings.add_secrets(method, |name, secret| with_secret(&issuer, &format!("lab-{name}"), method, secret));
    }
    findings.add("discovery", "found");
    let plain = &secrets()["plain"];
    findings.add_refusal("json", &with_secret(&issuer, "lab-plain", "json", plain), "unsupported_grant_type");
    findings.add_refusal("wrong secret", &with_secret(&issuer, "lab-plain", "post", "wrong"), "invalid_client");
}

#[test]
fn keycloak_takes_its_methods_with_every_secret() {
    let Some(issuer) = variable("OPTIMIZE_TEST_KEYCLOAK") else { return skipped("Keycloak") };
    let mut findings = Findings::of("Keycloak");
    for (method, client) in
        [("post", "client-secret"), ("basic", "client-secret"), ("client-secret-jwt", "client-secret-jwt")]
    {
        findings.add_secrets(method, |name, secret| with_secret(&issuer, &format!("{client}-{name}"), method, secret));
    }
    findings.add_token("private-key-jwt", "key", &with_key(&issuer, "client-jwt"));
    findings.add("discovery", "found");
    let plain = &secrets()["plain"];
    findings.add_refusal("json", &with_secret(&issuer, "client-secret-plain", "json", plain), "invalid_request");
    let wrong = with_secret(&issuer, "client-secret-plain", "post", "wrong");
    findings.add_refusal("wrong secret", &wrong, "unauthorized_client");
}

/// Said by the task already, which could not fetch it.
fn skipped(server: &str) {
    eprintln!("{server} is not up");
}
