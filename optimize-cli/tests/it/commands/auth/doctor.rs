use optimize_sandbox::{
    AuthMethod, Discovery, Fault, FaultRule, Sandbox, SandboxBuilder, ServerCertificate, Tls, TokenBody,
};
use std::fmt::Write as _;

use crate::harness::{Ran, Server, User, check};

/// What the doctor finds, a line a step; without the times that differ.
fn findings(user: &User) -> String {
    shown(&user.types("auth doctor -o ndjson"))
}

fn shown(ran: &Ran) -> String {
    let mut text = format!("exit {}\n", ran.code.unwrap_or(-1));
    for line in ran.stdout.lines() {
        let step: serde_json::Value = serde_json::from_str(line).unwrap();
        let word = |name: &str| step[name].as_str().unwrap_or_default();
        writeln!(text, "{:4}  {}: {}", word("outcome"), word("step"), word("detail")).unwrap();
        if let Some(hint) = step["hint"].as_str() {
            writeln!(text, "      hint: {hint}").unwrap();
        }
    }
    text
}

fn at(builder: SandboxBuilder) -> User {
    User::owning(Server::start(builder))
}

#[test]
fn a_working_set_up_is_well_in_every_step() {
    check!(findings(&User::of_a_server()), @"
    exit 0
    ok    settings: client-credentials from environment variable OPTIMIZE_CLIENT_ID; server http://127.0.0.1:PORT/
    ok    server: http://127.0.0.1:PORT/api/readyz (127.0.0.1) returned 200
    ok    token endpoint: http://127.0.0.1:PORT/oauth/token (127.0.0.1) returned 405
    ok    token: good for 300 s
    ok    claims: audience optimize.camunda.io
    ok    api: the server accepts the token
    ");
    let server = Server::new();
    let user = User::of(&server).without("OPTIMIZE_TOKEN_URL").with("OPTIMIZE_ISSUER_URL", server.issuer());
    check!(findings(&user), @"
    exit 0
    ok    settings: client-credentials from environment variable OPTIMIZE_CLIENT_ID; server http://127.0.0.1:PORT/
    ok    server: http://127.0.0.1:PORT/api/readyz (127.0.0.1) returned 200
    ok    token endpoint: http://127.0.0.1:PORT/oauth/token (127.0.0.1) returned 405
    ok    token: good for 300 s
    ok    claims: audience optimize.camunda.io
    ok    api: the server accepts the token
    ");
    let user = User::new().with("OPTIMIZE_BASE_URL", &server.base_url()).with("OPTIMIZE_TOKEN", server.static_token());
    check!(findings(&user), @"
    exit 0
    ok    settings: static from environment variable OPTIMIZE_TOKEN; server http://127.0.0.1:PORT/
    ok    server: http://127.0.0.1:PORT/api/readyz (127.0.0.1) returned 200
    skip  token endpoint: no token is asked for
    ok    token: without an end
    warn  claims: the token is a shared one
          hint: shared tokens end with Camunda 8.11: plan for an API client with client id and secret before that update
    ok    api: the server accepts the token
    ");
}

#[test]
fn nothing_is_configured() {
    check!(findings(&User::new()), @"
    exit 3
    fail  settings: no base URL is set
          hint: pass --base-url URL, set OPTIMIZE_BASE_URL, or try the embedded server with --sandbox
    skip  server:
    skip  token endpoint:
    skip  token:
    skip  claims:
    skip  api:
    ");
}

#[test]
fn half_of_the_credentials_is_missing() {
    check!(findings(&User::of_a_server().without("OPTIMIZE_CLIENT_SECRET")), @"
    exit 3
    fail  settings: auth.client_id is set (environment variable OPTIMIZE_CLIENT_ID), but there is no client secret
          hint: set OPTIMIZE_CLIENT_SECRET too
    skip  server:
    skip  token endpoint:
    skip  token:
    skip  claims:
    skip  api:
    ");
}

#[test]
fn the_base_url_is_that_of_something_else() {
    let server = Server::new();
    let user = User::of(&server).with("OPTIMIZE_BASE_URL", &format!("{}/optimize", server.base_url()));
    check!(findings(&user), @"
    exit 3
    ok    settings: client-credentials from environment variable OPTIMIZE_CLIENT_ID; server http://127.0.0.1:PORT/optimize
    fail  server: failed to find Optimize at http://127.0.0.1:PORT/optimize/api/readyz: it returned 302 with a redirect or a web page
          hint: the base URL does not lead to Optimize: it ends where /api begins, for example https://optimize.example.com or, on Camunda SaaS, https://REGION.optimize.camunda.io/CLUSTER-ID
    skip  token endpoint:
    skip  token:
    skip  claims:
    skip  api:
    ");
}

#[test]
fn nobody_is_there() {
    check!(findings(&User::of_a_server().with("OPTIMIZE_BASE_URL", "http://127.0.0.1:1")), @"
    exit 7
    ok    settings: client-credentials from environment variable OPTIMIZE_CLIENT_ID; server http://127.0.0.1:PORT/
    fail  server: failed to reach http://127.0.0.1:PORT/api/readyz: the connection could not be made: error sending request: client error (Connect): tcp connect error: Connection refused (os error 111)
          hint: nothing accepts connections at this address: check that the server is running, that host and port are right, and that no firewall blocks the connection
    skip  token endpoint:
    skip  token:
    skip  claims:
    skip  api:
    ");
}

#[test]
fn the_name_is_not_known() {
    let user = User::of_a_server().with("OPTIMIZE_BASE_URL", "https://optimize.invalid");
    check!(findings(&user), @"
    exit 7
    ok    settings: client-credentials from environment variable OPTIMIZE_CLIENT_ID; server https://optimize.invalid/
    fail  server: failed to look up optimize.invalid: the host name is not known
          hint: this host name is not known: check the host name in the URL, and whether this machine has to use a proxy or a VPN
    skip  token endpoint:
    skip  token:
    skip  claims:
    skip  api:
    ");
}

#[test]
fn the_certificate_is_not_trusted_or_not_good() {
    let untrusted = at(Sandbox::builder().tls(Tls::new()));
    check!(findings(&untrusted), @"
    exit 7
    ok    settings: client-credentials from environment variable OPTIMIZE_CLIENT_ID; server https://127.0.0.1:PORT/
    fail  server: failed to reach https://127.0.0.1:PORT/api/readyz: the TLS connection could not be made: the server's certificate comes from an issuer that is not trusted here: error sending request: client error (Connect): invalid peer certificate: UnknownIssuer
          hint: the certificate comes from an authority that this machine does not trust: give the CA's certificate as PEM: ca_file in the configuration, or OPTIMIZE_CA_FILE
    skip  token endpoint:
    skip  token:
    skip  claims:
    skip  api:
    ");
    for (certificate, hint) in [
        (ServerCertificate::WrongName, "use the host name that the certificate is for"),
        (ServerCertificate::Expired, "renew the server's certificate"),
    ] {
        let server = Server::start(Sandbox::builder().tls(Tls::new().certificate(certificate)));
        let user = User::of(&server).with("OPTIMIZE_CA_FILE", "ca.pem");
        user.file("ca.pem", server.ca_pem());
        assert!(findings(&user).contains(hint), "{}", findings(&user));
    }
}

#[test]
fn the_realm_is_another() {
    let server = Server::start(Sandbox::builder().issuer_path("/auth/realms/camunda-platform"));
    let wrong = server.token_url().replace("camunda-platform", "camunda");
    check!(findings(&User::of(&server).with("OPTIMIZE_TOKEN_URL", &wrong)), @"
    exit 4
    ok    settings: client-credentials from environment variable OPTIMIZE_CLIENT_ID; server http://127.0.0.1:PORT/
    ok    server: http://127.0.0.1:PORT/api/readyz (127.0.0.1) returned 200
    ok    token endpoint: http://127.0.0.1:PORT/auth/realms/camunda/oauth/token (127.0.0.1) returned 404
    fail  token: failed to get a token from http://127.0.0.1:PORT/auth/realms/camunda/oauth/token: it returned 404 Not Found: Realm does not exist
          hint: there is no such realm at this address: check the name of the realm; older installations of Keycloak have /auth before /realms, newer ones do not
    skip  claims:
    skip  api:
    ");
    let wrong = server.issuer().replace("camunda-platform", "camunda");
    let user = User::of(&server).without("OPTIMIZE_TOKEN_URL").with("OPTIMIZE_ISSUER_URL", &wrong);
    check!(findings(&user), @"
    exit 4
    ok    settings: client-credentials from environment variable OPTIMIZE_CLIENT_ID; server http://127.0.0.1:PORT/
    ok    server: http://127.0.0.1:PORT/api/readyz (127.0.0.1) returned 200
    fail  token endpoint: failed to discover the token endpoint of http://127.0.0.1:PORT/auth/realms/camunda: it publishes no metadata; tried http://127.0.0.1:PORT/auth/realms/camunda/.well-known/openid-configuration, http://127.0.0.1:PORT/.well-known/oauth-authorization-server/auth/realms/camunda, http://127.0.0.1:PORT/.well-known/openid-configuration/auth/realms/camunda, http://127.0.0.1:PORT/auth/realms/camunda/.well-known/oauth-authorization-server
          hint: there is no such realm at this address: check the name of the realm; older installations of Keycloak have /auth before /realms, newer ones do not
    skip  token:
    skip  claims:
    skip  api:
    ");
}

#[test]
fn the_issuer_is_written_otherwise() {
    let server = Server::start(Sandbox::builder().discovery(Discovery::Naming("https://login.example/".to_owned())));
    let user = User::of(&server).without("OPTIMIZE_TOKEN_URL").with("OPTIMIZE_ISSUER_URL", server.issuer());
    check!(findings(&user), @"
    exit 4
    ok    settings: client-credentials from environment variable OPTIMIZE_CLIENT_ID; server http://127.0.0.1:PORT/
    ok    server: http://127.0.0.1:PORT/api/readyz (127.0.0.1) returned 200
    fail  token endpoint: failed to discover the token endpoint of http://127.0.0.1:PORT: http://127.0.0.1:PORT/.well-known/openid-configuration names another issuer: https://login.example/
          hint: the issuer names itself differently: set the issuer exactly as it names itself, and check that it is the one you mean
    skip  token:
    skip  claims:
    skip  api:
    ");
}

#[test]
fn the_secret_is_wrong() {
    check!(findings(&User::of_a_server().with("OPTIMIZE_CLIENT_SECRET", "wrong")), @"
    exit 4
    ok    settings: client-credentials from environment variable OPTIMIZE_CLIENT_ID; server http://127.0.0.1:PORT/
    ok    server: http://127.0.0.1:PORT/api/readyz (127.0.0.1) returned 200
    ok    token endpoint: http://127.0.0.1:PORT/oauth/token (127.0.0.1) returned 405
    fail  token: failed to get a token from http://127.0.0.1:PORT/oauth/token: it returned 401 Unauthorized: invalid_client: unknown client or [redacted] secret
          hint: the token endpoint does not accept the client: check client id and secret, and whether the provider wants OPTIMIZE_CLIENT_AUTH=basic
    skip  claims:
    skip  api:
    ");
}

#[test]
fn the_endpoint_reads_the_other_kind_of_body() {
    let user = at(Sandbox::builder().token_body(TokenBody::Json));
    check!(findings(&user), @"
    exit 4
    ok    settings: client-credentials from environment variable OPTIMIZE_CLIENT_ID; server http://127.0.0.1:PORT/
    ok    server: http://127.0.0.1:PORT/api/readyz (127.0.0.1) returned 200
    ok    token endpoint: http://127.0.0.1:PORT/oauth/token (127.0.0.1) returned 405
    fail  token: failed to get a token from http://127.0.0.1:PORT/oauth/token: it returned 400 Bad Request: invalid_request: missing form parameter: grant_type
          hint: the token endpoint does not read this kind of request body: set OPTIMIZE_CLIENT_AUTH=json
    skip  claims:
    skip  api:
    ");
    let user = at(Sandbox::builder().token_body(TokenBody::Form)).with("OPTIMIZE_CLIENT_AUTH", "json");
    assert!(findings(&user).contains("set OPTIMIZE_CLIENT_AUTH=post"), "{}", findings(&user));
}

#[test]
fn too_many_token_requests() {
    let user = at(Sandbox::builder().token_requests_a_second(0));
    check!(findings(&user), @"
    exit 7
    ok    settings: client-credentials from environment variable OPTIMIZE_CLIENT_ID; server http://127.0.0.1:PORT/
    ok    server: http://127.0.0.1:PORT/api/readyz (127.0.0.1) returned 200
    ok    token endpoint: http://127.0.0.1:PORT/oauth/token (127.0.0.1) returned 405
    fail  token: failed to get a token from http://127.0.0.1:PORT/oauth/token: it returned 429 Too Many Requests: too_many_requests; it asks to wait 1 s
          hint: the token endpoint allows few requests; Camunda SaaS about one a second per address, failed ones included: wait as long as it asks, and let tokens be cached (OPTIMIZE_TOKEN_CACHE)
    skip  claims:
    skip  api:
    ");
}

#[test]
fn the_clocks_differ() {
    check!(findings(&at(Sandbox::builder().clock_ahead(600))), @"
    exit 0
    ok    settings: client-credentials from environment variable OPTIMIZE_CLIENT_ID; server http://127.0.0.1:PORT/
    warn  server: the clocks differ
          hint: this machine's clock is 10 min behind the server's: correct the clock
    warn  token endpoint: the clocks differ
          hint: this machine's clock is 10 min behind the server's: correct the clock
    ok    token: good for 300 s
    warn  claims: audience optimize.camunda.io
          hint: this machine's clock is 10 min behind the server's: correct the clock
    ok    api: the server accepts the token
    ");
    let behind = findings(&at(Sandbox::builder().clock_ahead(-600)));
    assert!(behind.contains("this machine's clock is 10 min ahead of the server's"), "{behind}");
}

#[test]
fn the_token_is_for_another_audience() {
    let user = at(Sandbox::builder().fixed_token_audience("account"));
    check!(findings(&user), @"
    exit 4
    ok    settings: client-credentials from environment variable OPTIMIZE_CLIENT_ID; server http://127.0.0.1:PORT/
    ok    server: http://127.0.0.1:PORT/api/readyz (127.0.0.1) returned 200
    ok    token endpoint: http://127.0.0.1:PORT/oauth/token (127.0.0.1) returned 405
    ok    token: good for 300 s
    warn  claims: the token has the audience account; optimize.camunda.io was requested
          hint: Keycloak made the token for the audience account, not for Optimize; OPTIMIZE_AUDIENCE changes nothing there: give the client the permission for the Optimize API, or an audience mapper
    fail  api: failed to list the reports of the collection optimize-auth-status: the server returned 401: the token's aud does not contain optimize.camunda.io
          hint: Keycloak made the token for the audience account, not for Optimize; OPTIMIZE_AUDIENCE changes nothing there: give the client the permission for the Optimize API, or an audience mapper
    ");
}

#[test]
fn the_proxy_is_dead() {
    let user = User::of_a_server()
        .with("OPTIMIZE_BASE_URL", "https://optimize.example")
        .with("HTTPS_PROXY", "http://user:canary@127.0.0.1:1");
    let found = findings(&user);
    assert!(!found.contains("canary"), "{found}");
    check!(found, @"
    exit 7
    ok    settings: client-credentials from environment variable OPTIMIZE_CLIENT_ID; server https://optimize.example/
    fail  server: failed to reach https://optimize.example/api/readyz: the connection could not be made: error sending request: client error (Connect): tunnel error: failed to create underlying connection: tcp connect error: Connection refused (os error 111)
          hint: the proxy of HTTPS_PROXY is used, and the connection failed: check its address; name the host in NO_PROXY if it needs no proxy
    skip  token endpoint:
    skip  token:
    skip  claims:
    skip  api:
    ");
}

#[test]
fn the_server_is_not_ready_and_then_refuses() {
    let fault = |path, code| FaultRule::new(path, Fault::status(code)).times(u32::MAX);
    let user = at(Sandbox::builder().fault(fault("/api/readyz", 503)).fault(fault("/api/public/report", 403)));
    check!(findings(&user), @"
    exit 4
    ok    settings: client-credentials from environment variable OPTIMIZE_CLIENT_ID; server http://127.0.0.1:PORT/
    warn  server: http://127.0.0.1:PORT/api/readyz (127.0.0.1) returned 503; not ready
          hint: wait until it is: optimize ready --wait
    ok    token endpoint: http://127.0.0.1:PORT/oauth/token (127.0.0.1) returned 405
    ok    token: good for 300 s
    ok    claims: audience optimize.camunda.io
    fail  api: failed to list the reports of the collection optimize-auth-status: the server returned 403
          hint: the client may not use Optimize's public API: give it the permission for the Optimize API at the identity provider
    ");
}

#[test]
fn the_client_proves_itself_in_another_way_than_is_wanted() {
    let user = at(Sandbox::builder().auth_methods(&[AuthMethod::ClientSecretBasic]));
    check!(findings(&user), @"
    exit 4
    ok    settings: client-credentials from environment variable OPTIMIZE_CLIENT_ID; server http://127.0.0.1:PORT/
    ok    server: http://127.0.0.1:PORT/api/readyz (127.0.0.1) returned 200
    ok    token endpoint: http://127.0.0.1:PORT/oauth/token (127.0.0.1) returned 405
    fail  token: failed to get a token from http://127.0.0.1:PORT/oauth/token: it returned 401 Unauthorized: invalid_client: this client does not authenticate in this way
          hint: the token endpoint does not accept the client: check client id and secret, and whether the provider wants OPTIMIZE_CLIENT_AUTH=basic
    skip  claims:
    skip  api:
    ");
}

#[test]
fn a_person_gets_a_table_with_every_hint_in_full_and_an_error_with_its_code() {
    let ran = User::of_a_server().with("OPTIMIZE_CLIENT_SECRET", "wrong").types("auth doctor -o table");
    assert_eq!(ran.code, Some(4));
    assert!(ran.stdout.contains("hint") && !ran.stdout.contains('…'), "{ran}");
    assert!(ran.stderr.starts_with("error: failed to get a token from "), "{ran}");
}
