//! Keycloak issues the tokens; a sandbox that trusts its keys is the Optimize they are for.

use optimize_sandbox::Sandbox;
use serde_json::Value;

use crate::harness::{Ran, Server, User};
use crate::variable;

/// The secret of the client `sdk-secret` in the realm, chosen to break code that does not encode it.
const ODD_SECRET: &str = "s3cr+t/with%20odd chars=&\"";

fn issuer() -> String {
    variable("OPTIMIZE_TEST_KEYCLOAK").expect("run this with: cargo xtask integration keycloak")
}

fn user(client: &str, secret: &str) -> User {
    User::new()
        .with("OPTIMIZE_TOKEN_URL", &format!("{}/protocol/openid-connect/token", issuer()))
        .with("OPTIMIZE_CLIENT_ID", client)
        .with("OPTIMIZE_CLIENT_SECRET", secret)
}

/// An Optimize that trusts Keycloak, and a user of it.
fn user_of_optimize(client: &str, secret: &str) -> (Server, User) {
    let keys = format!("{}/protocol/openid-connect/certs", issuer());
    let server = Server::start(Sandbox::builder().trust(keys).audience("optimize-api"));
    let user = user(client, secret).with("OPTIMIZE_BASE_URL", &server.base_url());
    (server, user)
}

fn check_token(ran: &Ran) {
    assert_eq!(ran.code, Some(0), "{ran}");
    let token: Value = serde_json::from_str(&ran.stdout).unwrap();
    let left = token["expires_in"].as_u64().unwrap();
    assert!((290..=300).contains(&left), "{left}");
    assert_eq!(token["token_type"], "Bearer");
    let mut scope: Vec<_> = token["scope"].as_str().unwrap().split(' ').collect();
    scope.sort_unstable();
    assert_eq!(scope, ["email", "profile"]);
}

#[test]
fn a_token_is_had_by_post_and_by_basic_with_an_odd_secret() {
    for client_auth in ["post", "basic"] {
        let user = user("sdk-secret", ODD_SECRET).with("OPTIMIZE_CLIENT_AUTH", client_auth);
        check_token(&user.types("auth token --format json"));
    }
}

#[test]
fn a_secret_from_a_file_or_stdin_is_the_same() {
    let user = user("sdk-secret", "x").without("OPTIMIZE_CLIENT_SECRET").typing(&format!("{ODD_SECRET}\n"));
    user.file("secret", &format!("{ODD_SECRET}\n"));
    for source in ["secret", "-"] {
        check_token(&user.types(&format!("auth token --format json --client-secret-file {source}")));
    }
}

#[test]
fn refusals_are_exit_4_and_name_the_error() {
    for (client, secret, client_auth, error) in [
        ("sdk-secret", "wrong", "post", "unauthorized_client"),
        ("sdk-secret", "wrong", "basic", "unauthorized_client"),
        ("nobody", ODD_SECRET, "post", "invalid_client"),
        ("sdk-secret", ODD_SECRET, "json", "invalid_request"),
    ] {
        let ran = user(client, secret).with("OPTIMIZE_CLIENT_AUTH", client_auth).types("auth token");
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(4), ""), "{ran}");
        assert!(ran.stderr.contains(error) && !ran.stderr.contains("odd chars"), "{ran}");
    }
    let ran = user("sdk-secret", ODD_SECRET).with("OPTIMIZE_SCOPE", "nope").types("auth token");
    assert!(ran.code == Some(4) && ran.stderr.contains("invalid_scope"), "{ran}");
}

#[test]
fn a_realm_that_does_not_exist_is_named() {
    let url = format!("{}-gone/protocol/openid-connect/token", issuer());
    let ran = user("sdk-secret", ODD_SECRET).with("OPTIMIZE_TOKEN_URL", &url).types("auth token");
    assert!(ran.code == Some(4) && ran.stderr.contains("hint: there is no such realm at this address"), "{ran}");
}

#[test]
fn a_token_without_the_wanted_audience_is_noticed() {
    let (_server, user) = user_of_optimize("sdk-no-audience", "plain-secret");
    // Keycloak ignores the parameter and returns 200, so only the token itself shows it.
    let ran = user.with("OPTIMIZE_AUDIENCE", "optimize-api").types("auth status --check");
    assert_eq!(ran.code, Some(4), "{ran}");
    assert!(ran.stderr.contains("hint: Keycloak made the token for the audience account, not for Optimize"), "{ran}");
}

#[test]
fn reports_are_listed_and_exported_with_keycloak_s_tokens() {
    let (_server, user) = user_of_optimize("sdk-secret", ODD_SECRET);
    let status = user.types("auth status --check");
    assert!(status.code == Some(0) && status.stdout.contains("\"aud\":[\"optimize-api\",\"account\"]"), "{status}");
    assert_eq!(user.types("report list --collection orders").stdout.lines().count(), 16);
    let data = user.types("report data orders-raw --page-size 10000");
    assert_eq!((data.code, data.stdout.lines().count()), (Some(0), 25_000));
    assert_eq!(user.types("report data invoices-raw -q -f out.csv").code, Some(0));
    assert_eq!(user.read("out.csv").lines().count(), 3201);
}

#[test]
fn a_token_that_lives_for_five_seconds_is_enough() {
    let (server, user) = user_of_optimize("sdk-short", "plain-secret");
    let ran = user.types("report data claims-raw --page-size 100");
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 2450), "{ran}");
    assert!(server.statuses().iter().all(|status| *status == 200));
}
