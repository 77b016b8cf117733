//! A client authenticates in each way that real servers accept.

use std::time::Duration;

use optimize_auth::http::HttpOptions;
use optimize_auth::{
    AssertionAudience, AuthErrorKind, ClientAuth, ClientCredentials, Issuer, ServiceUrl, SigningAlgorithm, SigningKey,
    TokenEndpoint,
};
use optimize_sandbox::{AuthMethod, Fault, FaultRule, Sandbox, SandboxBuilder, Tls};
use serde_json::{Value, json};

use crate::support::{TOKEN_PATH, client_by, credentials, keys};

fn knowing(jwk: &Value) -> SandboxBuilder {
    Sandbox::builder().client_keys(json!({ "keys": [jwk] })).unwrap().auth_methods(&[AuthMethod::PrivateKeyJwt])
}

fn key(text: &str) -> SigningKey {
    SigningKey::parse(text.to_owned().into()).unwrap()
}

#[tokio::test]
async fn a_private_key_of_every_kind_proves_the_client() {
    let rsa = keys::rsa_pem();
    let [elliptic, jwk, edwards] = [keys::es256_pem(), keys::es256(), keys::ed25519_pem()];
    let ps256 = key(&rsa.0).with_algorithm(SigningAlgorithm::Ps256).unwrap();
    let with_algorithm = |name: &str| {
        let mut public = rsa.1.clone();
        public["alg"] = name.into();
        public
    };
    for (key, public, algorithm) in [
        (key(&rsa.0), with_algorithm("RS256"), "RS256"),
        (ps256, with_algorithm("PS256"), "PS256"),
        (key(&elliptic.0), elliptic.1, "ES256"),
        (key(&jwk.0), jwk.1, "ES256"),
        (key(&edwards.0), edwards.1, "EdDSA"),
    ] {
        assert_eq!(key.algorithm().name(), algorithm);
        let sandbox = knowing(&public).start().await.unwrap();
        credentials(client_by(&sandbox, ClientAuth::PrivateKeyJwt(key))).token().await.unwrap();
    }
}

#[tokio::test]
async fn an_assertion_is_for_the_issuer_or_as_it_is_set() {
    let (private, public) = keys::es256();
    let sandbox = knowing(&public).start().await.unwrap();
    let url = ServiceUrl::parse(&sandbox.token_url()).unwrap();
    let issuer = Issuer::parse(sandbox.issuer()).unwrap();
    let client = |endpoint: TokenEndpoint, audience| {
        let client = ClientCredentials::new(endpoint, sandbox.client_id(), ClientAuth::PrivateKeyJwt(key(&private)));
        credentials(client.with_assertion_audience(audience))
    };
    for (endpoint, audience) in [
        (url.clone().into(), AssertionAudience::Issuer),
        (TokenEndpoint::from(url.clone()).with_issuer(issuer.clone()), AssertionAudience::Issuer),
        (TokenEndpoint::from(url.clone()).with_issuer(issuer.clone()), AssertionAudience::TokenEndpoint),
        (issuer.clone().into(), AssertionAudience::Issuer),
        (url.clone().into(), AssertionAudience::Other(sandbox.issuer().to_owned())),
    ] {
        client(endpoint, audience).token().await.unwrap();
    }
    let elsewhere = client(url.into(), AssertionAudience::Other("https://elsewhere.example".to_owned()));
    assert_eq!(elsewhere.token().await.unwrap_err().code(), Some("invalid_client"));
}

#[tokio::test]
async fn a_key_id_is_sent_only_if_there_is_one() {
    let (private, public) = keys::es256_pem();
    let sandbox = knowing(&public).start().await.unwrap();
    let by = |key| credentials(client_by(&sandbox, ClientAuth::PrivateKeyJwt(key)));
    by(key(&private)).token().await.unwrap();
    by(key(&private).with_key_id("key-1")).token().await.unwrap();
    let error = by(key(&private).with_key_id("another")).token().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (AuthErrorKind::Refused, Some("invalid_client")));
}

#[tokio::test(start_paused = true)]
async fn a_repeated_attempt_brings_an_assertion_of_its_own() {
    let (private, public) = keys::es256();
    // The first response is lost after the assertion was used up.
    let sandbox = knowing(&public).fault(FaultRule::new(TOKEN_PATH, Fault::ResetAfter)).start().await.unwrap();
    let source = client_by(&sandbox, ClientAuth::PrivateKeyJwt(key(&private)));
    optimize_auth::Credentials::new(source).token().await.unwrap();
    assert_eq!(sandbox.token_requests(), 2);
}

#[tokio::test]
async fn an_assertion_from_a_file_is_read_for_each_request() {
    let (private, public) = keys::es256();
    let sandbox = knowing(&public).start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("assertion");
    let client = client_by(&sandbox, ClientAuth::AssertionFile(path.clone()));
    let by_file = credentials(client);
    let error = by_file.token().await.unwrap_err();
    assert_eq!(error.kind(), AuthErrorKind::NotFound, "it need not be there from the start");
    assert_eq!(sandbox.token_requests(), 0);
    // A workload's identity comes from elsewhere; here it is one that the key's holder has signed.
    for _ in 0..2 {
        std::fs::write(&path, assertion(&private, sandbox.issuer(), sandbox.client_id())).unwrap();
        credentials(client_by(&sandbox, ClientAuth::AssertionFile(path.clone()))).token().await.unwrap();
    }
    let replayed = credentials(client_by(&sandbox, ClientAuth::AssertionFile(path))).token().await.unwrap_err();
    assert_eq!(replayed.code(), Some("invalid_client"), "the server sees that it is the same one");
}

/// An assertion that another program made.
fn assertion(private_jwk: &str, audience: &str, client_id: &str) -> String {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    let jwk: Value = serde_json::from_str(private_jwk).unwrap();
    let decode = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    let point = [vec![4], decode("x"), decode("y")].concat();
    let algorithm = &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
    let pair = aws_lc_rs::signature::EcdsaKeyPair::from_private_key_and_public_key(algorithm, &decode("d"), &point);
    let now = optimize_auth::Clock::wall(&optimize_auth::SystemClock);
    let end = now.duration_since(std::time::UNIX_EPOCH).unwrap() + Duration::from_secs(60);
    let header = json!({ "alg": "ES256", "typ": "JWT" });
    let claims = json!({
        "iss": client_id, "sub": client_id, "aud": audience, "exp": end.as_secs(), "jti": format!("{:x}", fastrand::u128(..)),
    });
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&header), part(&claims));
    let signature = pair.unwrap().sign(&aws_lc_rs::rand::SystemRandom::new(), message.as_bytes()).unwrap();
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

#[tokio::test]
async fn a_secret_can_sign_instead_of_being_sent() {
    let sandbox = Sandbox::builder().auth_methods(&[AuthMethod::ClientSecretJwt]).start().await.unwrap();
    let secret = || sandbox.client_secret().to_owned().into();
    credentials(client_by(&sandbox, ClientAuth::SecretJwt(secret()))).token().await.unwrap();
    assert!(!sandbox.journal()[0].parameters.contains_key("client_secret"));
    let error = credentials(client_by(&sandbox, ClientAuth::SecretJwt("wrong".to_owned().into()))).token().await;
    assert_eq!(error.unwrap_err().code(), Some("invalid_client"));
    let error = credentials(client_by(&sandbox, ClientAuth::Post(secret()))).token().await;
    assert_eq!(error.unwrap_err().code(), Some("invalid_client"), "the server takes no other proof");
}

#[tokio::test]
async fn a_client_certificate_proves_the_client_and_binds_the_token() {
    let sandbox = Sandbox::builder().tls(Tls::new()).auth_methods(&[AuthMethod::TlsClientAuth]).start().await.unwrap();
    let trusting = HttpOptions::default().with_root_certificates(sandbox.ca_pem());
    let with_certificate = trusting.clone().with_client_identity(sandbox.client_identity_pem().to_owned().into());
    let token = credentials(client_by(&sandbox, ClientAuth::Tls).with_http(with_certificate)).token().await.unwrap();
    let claims = secrecy::ExposeSecret::expose_secret(token.secret()).split('.').nth(1).unwrap().to_owned();
    let claims = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert!(claims["cnf"]["x5t#S256"].is_string(), "{claims}");
    let error = credentials(client_by(&sandbox, ClientAuth::Tls).with_http(trusting)).token().await.unwrap_err();
    assert_eq!(error.code(), Some("invalid_client"));
}

#[tokio::test]
async fn a_public_client_sends_its_id_alone() {
    let sandbox = Sandbox::builder().auth_methods(&[AuthMethod::None]).start().await.unwrap();
    credentials(client_by(&sandbox, ClientAuth::None)).token().await.unwrap();
    let names: Vec<_> = sandbox.journal()[0].parameters.keys().cloned().collect();
    assert_eq!(names, ["client_id", "grant_type"]);
}

#[test]
fn an_error_about_a_key_does_not_repeat_it() {
    let (pem, _) = keys::es256_pem();
    let problem = |text: &str| SigningKey::parse(text.to_owned().into()).unwrap_err().to_string();
    let lines = [
        problem("canary"),
        problem("{\"kty\":\"canary\"}"),
        problem("{\"kty\":\"RSA\",\"d\":7}"),
        problem("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}"),
        problem("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\",\"d\":\"AA\"}"),
        problem("-----BEGIN ENCRYPTED PRIVATE KEY-----\ncanary\n-----END ENCRYPTED PRIVATE KEY-----"),
        problem("-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----"),
        key(&pem).with_algorithm(SigningAlgorithm::Rs256).unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(lines.join("\n"), @"
    the private key cannot be used: it is neither PEM with a PRIVATE KEY section nor a JWK
    the private key cannot be used: the JWK is of another kind than RSA, P-256 and Ed25519
    the private key cannot be used: it is no JWK (line 1, column 18)
    the private key cannot be used: the JWK has no `d`; a private one is needed
    the private key cannot be used: the members of the JWK do not make up a key
    the private key cannot be used: it is encrypted; decrypt it first, for example with `openssl pkcs8 -topk8 -nocrypt`
    the private key cannot be used: it is no RSA key of 2048 bits or more, no P-256 and no Ed25519 key
    the private key cannot be used: it is a key for ES256, not for RS256
    ");
}
