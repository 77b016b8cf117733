use optimize_auth::{
    AuthError, AuthErrorKind, BuildContext, Credentials, FetchContext, Preset, StrategyRegistry, Token, TokenSource,
};
use optimize_sandbox::Sandbox;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::support::{chain, keys};

fn build(value: Value) -> Result<Box<dyn TokenSource>, AuthError> {
    StrategyRegistry::default().build_value(value, &BuildContext::default())
}

async fn token(value: Value) -> Result<String, AuthError> {
    Ok(Credentials::new(build(value)?).token().await?.secret().expose_secret().to_owned())
}

#[tokio::test]
async fn every_built_in_strategy_is_built_from_a_value() {
    let (private, public) = keys::es256();
    let sandbox =
        Sandbox::builder().client_secret("s").client_keys(json!({ "keys": [public] })).unwrap().start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (secret, file, key) = (path("secret", "s\n"), path("token", "from-file\n"), path("key", &private));
    let (url, issuer, id) = (sandbox.token_url(), sandbox.issuer(), sandbox.client_id());
    for value in [
        json!({ "strategy": "client-credentials", "token_url": url, "client_id": id, "client_secret": "s" }),
        json!({ "strategy": "client-credentials", "issuer": issuer, "client_id": id, "client_secret": { "file": secret } }),
        json!({ "strategy": "client-credentials", "token_url": url, "client_id": id, "client_secret": "s", "client_auth": "basic", "scope": "a", "resource": "r" }),
        json!({ "strategy": "client-credentials", "token_url": url, "client_id": id, "client_secret": "s", "client_auth": "client-secret-jwt" }),
        json!({ "strategy": "client-credentials", "token_url": url, "client_id": id, "private_key": { "file": key }, "assertion_audience": "token-endpoint" }),
        json!({ "strategy": "client-credentials", "token_url": url, "issuer": issuer, "client_id": id, "private_key": private, "client_auth": "private-key-jwt", "key_id": "key-1", "signing_algorithm": "ES256" }),
        json!({ "strategy": "chain", "sources": [
            { "strategy": "token-file", "token_file": "no-such-directory/token" },
            { "strategy": "client-credentials", "token_url": url, "client_id": id, "client_secret": "s" },
        ] }),
    ] {
        assert!(token(value.clone()).await.unwrap_or_else(|error| panic!("{value}: {error:?}")).starts_with("eyJ"));
    }
    assert_eq!(token(json!({ "strategy": "static", "token": "abc" })).await.unwrap(), "abc");
    assert_eq!(token(json!({ "strategy": "static", "token": { "file": file } })).await.unwrap(), "from-file");
    assert_eq!(token(json!({ "strategy": "token-file", "token_file": file })).await.unwrap(), "from-file");
    assert_eq!(token(json!({ "strategy": "none" })).await.unwrap(), "");
    assert!(
        Credentials::new(build(json!({ "strategy": "none" })).unwrap()).headers().await.unwrap().as_map().is_empty()
    );
}

#[test]
fn a_setting_that_is_missing_doubled_contradicting_or_unknown_is_named() {
    let client = |more: Value| {
        let mut value =
            json!({ "strategy": "client-credentials", "token_url": "https://login.example/token", "client_id": "id" });
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        value
    };
    let cases = [
        json!([]),
        json!({}),
        json!({ "strategy": 7 }),
        json!({ "strategy": "client-credential" }),
        json!({ "strategy": "static" }),
        json!({ "strategy": "static", "token": "" }),
        json!({ "strategy": "static", "token": "a b" }),
        json!({ "strategy": "static", "token": ["a"] }),
        json!({ "strategy": "static", "token": "a", "client_id": "x" }),
        json!({ "strategy": "none", "token": "a" }),
        json!({ "strategy": "token-file" }),
        json!({ "strategy": "client-credentials", "client_id": "x", "client_secret": "s" }),
        json!({ "strategy": "client-credentials", "token_url": "http://x.example", "client_id": "x", "client_secret": "s" }),
        json!({ "strategy": "client-credentials", "issuer": "nonsense", "client_id": "x", "client_secret": "s" }),
        client(json!({})),
        client(json!({ "client_id": null, "client_secret": "s" })),
        client(json!({ "client_secret": "s", "client_secrets": "s" })),
        client(json!({ "client_secret": "s", "audiense": "a" })),
        client(json!({ "client_secret": "s", "private_key": "k" })),
        client(json!({ "client_secret": "s", "client_auth": "digest" })),
        client(json!({ "client_secret": "s", "key_id": "k" })),
        client(json!({ "client_secret": { "file": "no-such-directory/secret" } })),
        client(json!({ "client_auth": "private-key-jwt", "client_secret": "s" })),
        client(json!({ "client_auth": "mtls", "client_secret": "s" })),
        client(json!({ "private_key": "nonsense" })),
        json!({ "strategy": "client-assertion", "token_url": "https://login.example/token", "client_id": "id" }),
        json!({ "strategy": "exec" }),
        json!({ "strategy": "exec", "command": "helper" }),
        json!({ "strategy": "exec", "command": [] }),
        json!({ "strategy": "exec", "command": ["helper"] }),
        json!({ "strategy": "exec", "command": ["/x"], "timeout": "soon" }),
        json!({ "strategy": "exec", "command": ["/x"], "client_id": "x" }),
        json!({ "strategy": "chain" }),
        json!({ "strategy": "chain", "sources": ["static"] }),
        json!({ "strategy": "chain", "sources": [{ "strategy": "static" }] }),
        json!({ "strategy": "chain", "sources": [{ "token": "a" }] }),
    ];
    let lines = cases.into_iter().map(|value| {
        let error = build(value.clone()).unwrap_err();
        let setting = error.setting().unwrap_or("-");
        format!("{setting}: {}", chain(&error))
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @"
    strategy: `strategy`: the settings of a strategy are not an object
    strategy: `strategy`: it is not set
    strategy: `strategy`: there is no such strategy; known: chain, client-assertion, client-credentials, exec, none, static, token-file
    strategy: `strategy`: there is no such strategy; known: chain, client-assertion, client-credentials, exec, none, static, token-file; did you mean `client-credentials`?
    token: `token`: it is not set
    token: `token`: it is empty
    token: the token cannot be used: character 2 cannot stand in a bearer token (RFC 6750 section 2.1)
    token: `token`: it is neither a text nor a file
    client_id: `client_id`: it has no meaning for the strategy `static` as it is set
    token: `token`: it has no meaning for the strategy `none` as it is set
    token_file: `token_file`: it is not set
    token_url: `token_url`: neither it nor `issuer` is set
    token_url: `token_url`: plain http to another machine would send credentials in clear text: http://x.example
    issuer: `issuer`: it does not begin with https://: nonsense
    client_secret: `client_secret`: it is not set
    client_id: `client_id`: it is not set
    client_secrets: `client_secrets`: it has no meaning for the strategy `client-credentials` as it is set; did you mean `client_secret`?
    audiense: `audiense`: it has no meaning for the strategy `client-credentials` as it is set; did you mean `audience`?
    private_key: `private_key`: it contradicts `client_secret`; only one of them can be used
    client_auth: `client_auth`: expected post, basic, json, private-key-jwt, client-secret-jwt, mtls or none
    key_id: `key_id`: it has no meaning for the strategy `client-credentials` as it is set
    client_secret: failed to read the client secret from file no-such-directory/secret: No such file or directory (os error 2)
    private_key: `private_key`: it is not set
    client_secret: `client_secret`: it has no meaning for the strategy `client-credentials` as it is set
    private_key: the private key cannot be used: it is neither PEM with a PRIVATE KEY section nor a JWK
    assertion_file: `assertion_file`: it is not set
    command: `command`: it is not set; it is a list of program and arguments
    command: `command`: it is not a list of texts
    command: `command`: it is empty; the first element is the path of the program
    command: `command`: the path of the program is not absolute
    timeout: `timeout`: expected a time such as 30s
    token_url: `token_url`: neither it nor `issuer` is set
    sources: `sources`: a chain needs at least one
    sources: `sources`: it is not a list of strategies
    token: build sources[0] of the chain: `token`: it is not set
    strategy: sources[0]: `strategy`: it is not set
    ");
}

/// A third party's way to get tokens.
#[derive(Debug)]
struct Vault {
    path: String,
    role: SecretString,
}

#[async_trait::async_trait]
impl TokenSource for Vault {
    async fn fetch(&self, _: &FetchContext) -> Result<Token, AuthError> {
        Token::bearer(format!("{}-{}", self.path, self.role.expose_secret()).into())
    }
}

#[tokio::test]
async fn a_third_party_s_strategy_is_registered_once_and_built_like_the_others() {
    let mut registry = StrategyRegistry::default();
    let build = |settings: &mut optimize_auth::StrategySettings, _: &BuildContext| {
        Ok(Vault { path: settings.required_text("path")?, role: settings.required_secret("role")? })
    };
    registry.register("vault", build).unwrap();
    assert_eq!(registry.register("vault", build).unwrap_err().kind(), AuthErrorKind::InvalidInput);
    assert!(registry.register("static", build).is_err(), "the name of a built-in one is taken too");
    let context = BuildContext::default();
    let value = json!({ "strategy": "vault", "path": "p", "role": "r" });
    let source = registry.build_value(value.clone(), &context).unwrap();
    assert_eq!(Credentials::new(source).token().await.unwrap().secret().expose_secret(), "p-r");
    let chained =
        json!({ "strategy": "chain", "sources": [{ "strategy": "token-file", "token_file": "/none" }, value] });
    let source = registry.build_value(chained, &context).unwrap();
    assert_eq!(Credentials::new(source).token().await.unwrap().secret().expose_secret(), "p-r");
    let error = registry.build_value(json!({ "strategy": "vault", "path": "p", "role": "r", "rol": "x" }), &context);
    insta::assert_snapshot!(error.unwrap_err(), @"`rol`: it has no meaning for the strategy `vault` as it is set; did you mean `role`?");
    assert_eq!(registry.names().last(), Some("vault"));
}

#[test]
fn presets_know_what_is_the_same_for_everybody() {
    let shown = |preset: Preset| format!("{preset:#?}");
    insta::assert_snapshot!(shown(Preset::saas("bru-2", "0f3c2a74-1111").unwrap()), @r#"
    Preset {
        base_url: Some(
            "https://bru-2.optimize.camunda.io/0f3c2a74-1111",
        ),
        token_url: "https://login.cloud.camunda.io/oauth/token",
        issuer: None,
        audience: Some(
            "optimize.camunda.io",
        ),
        scope: None,
        assertion_audience: None,
    }
    "#);
    insta::assert_snapshot!(shown(Preset::keycloak("https://kc.example/auth/realms/camunda-platform/")), @r#"
    Preset {
        base_url: None,
        token_url: "https://kc.example/auth/realms/camunda-platform/protocol/openid-connect/token",
        issuer: Some(
            "https://kc.example/auth/realms/camunda-platform",
        ),
        audience: None,
        scope: None,
        assertion_audience: None,
    }
    "#);
    insta::assert_snapshot!(shown(Preset::entra("contoso.example", "api://1234").unwrap()), @r#"
    Preset {
        base_url: None,
        token_url: "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token",
        issuer: Some(
            "https://login.microsoftonline.com/contoso.example/v2.0",
        ),
        audience: None,
        scope: Some(
            "1234/.default",
        ),
        assertion_audience: Some(
            "token-endpoint",
        ),
    }
    "#);
    for (region, cluster) in [("", "x"), ("x", ""), ("evil.example/", "x"), ("x", "../y"), ("x@y", "z"), ("x", "a?b")] {
        assert_eq!(Preset::saas(region, cluster).unwrap_err().kind(), AuthErrorKind::InvalidInput);
    }
}
