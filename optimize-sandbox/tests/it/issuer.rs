use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use optimize_sandbox::{Sandbox, TokenAlgorithm};
use serde_json::{Value, json};

use crate::support::{Response, grant, http, send, start, token};

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

async fn post(sandbox: &Sandbox, form: &[(&str, &str)]) -> Response {
    send(http().post(sandbox.token_url()).form(form)).await
}

fn problem(response: &Response) -> String {
    format!("{} {}", response.status, response.json()["error"].as_str().unwrap())
}

#[tokio::test]
async fn a_token_is_a_signed_jwt_for_the_default_audience() {
    for (algorithm, name) in [(TokenAlgorithm::Es256, "ES256"), (TokenAlgorithm::Rs256, "RS256")] {
        let sandbox = start(Sandbox::builder().audience("my-optimize").token_algorithm(algorithm)).await;
        let response = grant(&sandbox, &[]).await;
        assert_eq!((response.status, response.header("cache-control")), (200, "no-store"));
        let body = response.json();
        assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(300)));
        let token = body["access_token"].as_str().unwrap();
        let claims = part(token, 1);
        assert_eq!((&claims["aud"], &claims["iss"]), (&json!("my-optimize"), &json!(sandbox.issuer())));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
        let keys = send(http().get(sandbox.jwks_url())).await.json();
        assert_eq!(part(token, 0), json!({ "typ": "JWT", "alg": name, "kid": keys["keys"][0]["kid"] }));
    }
}

#[tokio::test]
async fn the_audience_asked_for_is_granted() {
    let sandbox = start(Sandbox::builder()).await;
    for name in ["audience", "resource"] {
        assert_eq!(part(&token(&sandbox, &[(name, "elsewhere")]).await, 1)["aud"], "elsewhere", "{name}");
    }
}

#[tokio::test]
async fn form_json_and_basic_are_accepted() {
    let sandbox = start(Sandbox::builder()).await;
    let (id, secret) = (sandbox.client_id(), sandbox.client_secret());
    let all = json!({ "grant_type": "client_credentials", "client_id": id, "client_secret": secret });
    let by_json = send(http().post(sandbox.token_url()).json(&all)).await;
    let grant_type = [("grant_type", "client_credentials")];
    let by_basic = send(http().post(sandbox.token_url()).basic_auth(id, Some(secret)).form(&grant_type)).await;
    assert_eq!([grant(&sandbox, &[]).await.status, by_json.status, by_basic.status], [200; 3]);
}

#[tokio::test]
async fn refusals_are_those_of_rfc_6749() {
    let sandbox = start(Sandbox::builder()).await;
    let (id, secret) = (("client_id", sandbox.client_id()), ("client_secret", sandbox.client_secret()));
    let grant_type = ("grant_type", "client_credentials");
    for (form, expected) in [
        (vec![grant_type, id, ("client_secret", "wrong")], "401 invalid_client"),
        (vec![grant_type, ("client_id", "someone"), secret], "401 invalid_client"),
        (vec![grant_type, id], "401 invalid_client"),
        (vec![id, secret], "400 invalid_request"),
        (vec![("grant_type", "password"), id, secret], "400 unsupported_grant_type"),
        (vec![grant_type, id, id, secret], "400 invalid_request"),
        (vec![grant_type, id, secret, ("scope", "")], "400 invalid_scope"),
    ] {
        assert_eq!(problem(&post(&sandbox, &form).await), expected, "{form:?}");
    }
}

#[tokio::test]
async fn discovery_leads_to_the_token_endpoint_and_the_keys() {
    let sandbox = start(Sandbox::builder()).await;
    for document in ["openid-configuration", "oauth-authorization-server"] {
        let found = send(http().get(format!("{}/.well-known/{document}", sandbox.issuer()))).await.json();
        assert_eq!(found["issuer"], sandbox.issuer());
        assert_eq!(
            (&found["token_endpoint"], &found["jwks_uri"]),
            (&json!(sandbox.token_url()), &json!(sandbox.jwks_url()))
        );
    }
}
