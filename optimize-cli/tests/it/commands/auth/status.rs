use crate::harness::{Server, User, check};

#[test]
fn the_configured_strategy_is_shown_without_sending_anything() {
    let server = Server::new();
    let user = User::of(&server).with("OPTIMIZE_AUDIENCE", "optimize.camunda.io");
    check!(user.types("auth status"), @r#"
    exit 0
    --- stdout
    {"profile":null,"base_url":"http://127.0.0.1:PORT/","strategy":"client-credentials","source":"environment variable OPTIMIZE_CLIENT_ID","client_id":"optimize-sandbox","token_url":"http://127.0.0.1:PORT/oauth/token","issuer":null,"audience":"optimize.camunda.io","scope":null,"resource":null,"token_cache":"[HOME]/.cache/optimize/tokens"}
    --- stderr
    "#);
    assert!(server.journal().is_empty());
}

#[test]
fn a_check_shows_claims_and_whether_the_server_accepts_them() {
    check!(User::of_a_server().types("auth status --check"), @r#"
    exit 0
    --- stdout
    {"profile":null,"base_url":"http://127.0.0.1:PORT/","strategy":"client-credentials","source":"environment variable OPTIMIZE_CLIENT_ID","client_id":"optimize-sandbox","token_url":"http://127.0.0.1:PORT/oauth/token","issuer":null,"audience":"optimize.camunda.io","scope":null,"resource":null,"token_cache":"[HOME]/.cache/optimize/tokens","expires_at":"[TIME]","claims":{"aud":["optimize.camunda.io"],"iss":"http://127.0.0.1:PORT","scope":"","exp":"[TIME]"},"accepted":true}
    --- stderr
    "#);
}

#[test]
fn a_wrong_audience_is_named() {
    let user = User::of_a_server().with("OPTIMIZE_AUDIENCE", "zeebe.camunda.io");
    check!(user.types("auth status --check"), @"
    exit 4
    --- stdout
    --- stderr
    error: failed to list the reports of the collection optimize-auth-status: the server returned 401: the token's aud does not contain optimize.camunda.io
    hint: the token is for the audience zeebe.camunda.io: if the server expects another one, set OPTIMIZE_AUDIENCE; to check each step, run `optimize auth doctor`
    ");
}

#[test]
fn a_static_token_has_a_source() {
    let user = User::new();
    user.configure("base_url = 'http://localhost:1'\nauth.token = { env = 'SHARED' }");
    check!(user.types("auth status"), @r#"
    exit 0
    --- stdout
    {"profile":null,"base_url":"http://localhost:1/","strategy":"static","source":"[HOME]/.config/optimize/config.toml:2:14","client_id":null,"token_url":null,"issuer":null,"audience":null,"scope":null,"resource":null,"token_cache":"[HOME]/.cache/optimize/tokens"}
    --- stderr
    "#);
}

#[test]
fn without_configuration_there_is_no_strategy() {
    check!(User::new().types("auth status"), @r#"
    exit 0
    --- stdout
    {"profile":null,"base_url":null,"strategy":"none","source":"","client_id":null,"token_url":null,"issuer":null,"audience":null,"scope":null,"resource":null,"token_cache":"[HOME]/.cache/optimize/tokens"}
    --- stderr
    "#);
}
