//! The known causes of failures: each is met, and its fix is shown by an ordinary command and by the doctor.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use optimize_sandbox::{Fault, FaultRule, Release, Sandbox, SandboxBuilder, ServerCertificate, Tls};
use serde_json::json;

use crate::harness::{Server, User};
use crate::proxy::Proxy;

const TOKEN: &str = "/oauth/token";
const REPORTS: &str = "/api/public/report";

fn always(path: &str, fault: Fault) -> FaultRule {
    FaultRule::new(path, fault).times(u32::MAX)
}

/// A user of a server whose token endpoint always returns this.
fn of_token_endpoint(status: u16, content_type: &str, body: &str) -> User {
    of(Sandbox::builder().fault(always(TOKEN, Fault::response(status, content_type, body))))
}

fn of(builder: SandboxBuilder) -> User {
    User::owning(Server::start(builder))
}

/// A user with a token of these claims, which the server refuses with this status and challenge.
fn of_claims(claims: &serde_json::Value, status: u16, challenge: &str) -> User {
    let response = json!({ "access_token": token_of(claims), "token_type": "Bearer", "expires_in": 300 }).to_string();
    let refusal = Fault::status(status).with_header("WWW-Authenticate", challenge);
    let builder = Sandbox::builder().fault(always(TOKEN, Fault::response(200, "application/json", &response)));
    of(builder.fault(always(REPORTS, refusal)))
}

fn token_of(claims: &serde_json::Value) -> String {
    let part = |value: &serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2ln", part(&json!({ "alg": "RS256" })), part(claims))
}

/// The hint of a command, by the id of its cause; with the doctor's word where the way to the API is broken.
fn check(id: &str, user: &User) {
    let hint = optimize_cli::known_hints().find(|hint| hint.id == id).unwrap_or_else(|| panic!("{id} is not known"));
    let line = if id == "events" { "event ingest -" } else { "report list --collection c" };
    check_line(id, hint.cause, user, line);
}

fn check_line(id: &str, cause: &str, user: &User, line: &str) {
    let ran = user.types(line);
    let shown = ran.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap_or_default();
    // What stands before the first gap.
    let beginning = cause.split('{').next().unwrap_or_default();
    assert!(shown.starts_with(beginning), "{id}: {ran}");
    assert_ne!(ran.code, Some(0), "{id}");
    assert!(!shown.contains('{'), "{id}: a gap is left: {shown}");
}

#[test]
fn a_refusing_token_endpoint_is_explained() {
    let oauth = |status, error: &str, text: &str| {
        of_token_endpoint(status, "application/json", &json!({ "error": error, "error_description": text }).to_string())
    };
    let keycloak = "Invalid client or Invalid client credentials";
    for (id, status, error, text) in [
        ("keycloak-service-account", 401, "unauthorized_client", "Client not enabled to retrieve service account"),
        ("keycloak-client", 401, "invalid_client", keycloak),
        ("keycloak-secret", 401, "unauthorized_client", keycloak),
        ("keycloak-realm", 404, "Realm does not exist", ""),
        ("entra-secret-expired", 401, "invalid_client", "AADSTS7000222: The provided client secret keys are expired."),
        ("entra-secret", 401, "invalid_client", "AADSTS7000215: Invalid client secret provided."),
        ("entra-tenant", 400, "invalid_request", "AADSTS90002: Tenant 'x' not found."),
        ("entra-tenant", 400, "invalid_request", "AADSTS900023: Specified tenant identifier 'x' is invalid."),
        (
            "entra-application",
            400,
            "unauthorized_client",
            "AADSTS700016: Application with identifier 'x' was not found.",
        ),
        (
            "entra-resource",
            400,
            "invalid_resource",
            "AADSTS500011: The resource principal named api://x was not found.",
        ),
        ("entra-scope", 400, "invalid_request", "AADSTS900144: The request body must contain: 'scope'."),
        ("entra-scope", 400, "invalid_scope", "AADSTS70011: The provided value for scope is not valid."),
        ("entra-other", 400, "invalid_grant", "AADSTS53003: Access has been blocked."),
        ("scope", 400, "invalid_scope", "no such scope"),
        ("audience", 403, "access_denied", "Service not enabled within domain"),
        ("client", 401, "invalid_client", "who is that?"),
        ("token-endpoint-down", 503, "temporarily_unavailable", ""),
    ] {
        check(id, &oauth(status, error, text).with("OPTIMIZE_TOKEN_CACHE", "off"));
    }
    let page = "<html><head><title>Just a\nmoment...</title></head></html>";
    let blocked = of_token_endpoint(403, "text/html", page);
    check("front-token", &blocked);
    let ran = blocked.types("auth token");
    assert!(ran.stderr.contains("403 Forbidden with a web page titled \"Just a moment...\""), "{ran}");
    check("token-url", &of_token_endpoint(200, "application/json", r#"{"status":"UP"}"#));
    let wait = Fault::status(429).with_header("Retry-After", "7");
    let limited = of(Sandbox::builder().fault(always(TOKEN, wait)));
    check("rate-limit", &limited.with("OPTIMIZE_TIMEOUT", "2s"));
}

#[test]
fn a_refused_token_is_explained_by_what_is_in_it() {
    let invalid = "Bearer error=\"invalid_token\"";
    let realm = "https://keycloak.example.com/realms/camunda-platform";
    for (id, claims, status) in [
        ("keycloak-audience", json!({ "aud": "account", "iss": realm }), 401),
        ("keycloak-audience", json!({ "aud": ["account", "operate-api"], "iss": realm }), 401),
        ("entra-v1", json!({ "aud": "api://x", "iss": "https://sts.windows.net/t/", "ver": "1.0" }), 401),
        ("no-audience", json!({ "iss": realm }), 401),
        ("token-audience", json!({ "aud": "zeebe.camunda.io", "iss": "https://login.example.com/" }), 401),
        ("client-id-claim", json!({ "aud": ["optimize-api", "account"], "iss": realm }), 401),
        ("permission", json!({ "aud": "optimize-api", "iss": realm }), 403),
    ] {
        check(id, &of_claims(&claims, status, invalid));
    }
    let described = |text: &str| format!("{invalid}, error_description=\"{text}\"");
    let claims = json!({ "aud": "account", "iss": realm });
    for (id, text) in [
        ("token-expired", "An error occurred while attempting to decode the Jwt: Jwt expired at 2026-01-31T12:00:00Z"),
        ("token-issuer", "Signed JWT rejected: Invalid signature"),
        ("token-issuer", "Signed JWT rejected: Another algorithm expected, or no matching key(s) found"),
        ("token-form", "Bearer token is malformed"),
        ("keycloak-audience", "The required audience is missing"),
    ] {
        check(id, &of_claims(&claims, 401, &described(text)));
    }
    // The doctor says the same.
    let user = of_claims(&claims, 401, invalid);
    let hint = optimize_cli::known_hints().find(|hint| hint.id == "keycloak-audience").unwrap();
    assert_eq!(user.types("auth doctor").stdout.matches(hint.fix).count(), 2, "at the claims and at the API");
}

#[test]
fn what_is_in_front_of_the_server_is_named() {
    let page = "<html><head><title>Access denied</title></head></html>";
    let user = of(Sandbox::builder().fault(always(REPORTS, Fault::response(403, "text/html", page))));
    check("front-api", &user);
    assert!(user.types("report list --collection c").stderr.contains("a web page titled \"Access denied\""));
    let nginx = "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>";
    check("not-http", &of(Sandbox::builder().fault(always(REPORTS, Fault::response(400, "text/html", nginx)))));
    let server = Server::new();
    let location = server.base_url().replace("http://", "https://") + "/api/public/report";
    server.add_fault(always(REPORTS, Fault::status(301).with_header("Location", &location)));
    check("https-redirect", &User::of(&server));
    let login =
        "https://idp.example.com/auth/realms/r/protocol/openid-connect/auth?client_id=optimize&response_type=code";
    check(
        "login-page",
        &of(Sandbox::builder().fault(always(REPORTS, Fault::status(302).with_header("Location", login)))),
    );
    check(
        "base-url",
        &of(Sandbox::builder().fault(always(REPORTS, Fault::status(302).with_header("Location", "/ui")))),
    );
    check("server-failure", &of(Sandbox::builder().fault(always(REPORTS, Fault::status(500)))));
    check("request-size", &of(Sandbox::builder().fault(always(REPORTS, Fault::status(431)))));
}

#[test]
fn a_connection_that_fails_is_explained() {
    let unknown = User::of_a_server().with("OPTIMIZE_BASE_URL", "https://optimize.invalid");
    check("unknown-host", &unknown);
    // One sentence instead of the layers of a resolver.
    let ran = unknown.types("report list --collection c");
    assert!(ran.stderr.lines().next().unwrap().ends_with(": the host name is not known"), "{ran}");
    let nobody = User::of_a_server().with("OPTIMIZE_BASE_URL", "http://127.0.0.1:1");
    check("no-connection", &nobody);
    let ran = nobody.types("ready");
    assert!(!ran.stderr.contains("optimize ready") && ran.stderr.contains("optimize auth doctor"), "{ran}");
    check("not-tls", &{
        let server = Server::new();
        let url = server.base_url().replace("http://", "https://");
        User::of(&server).with("OPTIMIZE_BASE_URL", &url).keeping(server)
    });
    check("not-http", &{
        let server = Server::start(Sandbox::builder().tls(Tls::new()));
        let url = server.base_url().replace("https://", "http://");
        let tokens = Server::new();
        User::of(&tokens).with("OPTIMIZE_BASE_URL", &url).keeping(server).keeping_also(tokens)
    });
    for (id, certificate) in [
        ("unknown-ca", ServerCertificate::SelfSigned),
        ("certificate-time", ServerCertificate::Expired),
        ("certificate-name", ServerCertificate::WrongName),
        ("bad-certificate", ServerCertificate::ForClients),
    ] {
        let server = Server::start(Sandbox::builder().tls(Tls::new().certificate(certificate)));
        let user = User::of(&server).with("OPTIMIZE_CA_FILE", "ca.pem");
        user.file("ca.pem", server.ca_pem());
        check(id, &user.keeping(server));
    }
}

#[test]
fn a_proxy_that_fails_is_named_by_its_variable() {
    let user = User::of_a_server().with("OPTIMIZE_BASE_URL", "https://optimize.example");
    for (id, response) in [
        ("proxy-407", "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"),
        ("proxy-refused", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
    ] {
        let proxy = crate::proxy::responding(response);
        let user =
            User::of_a_server().with("OPTIMIZE_BASE_URL", "https://optimize.example").with("https_proxy", &proxy);
        let ran = user.types("report list --collection c");
        check(id, &user);
        assert!(ran.stderr.contains("https_proxy"), "{ran}");
    }
    check("proxy-no-connection", &user.with("HTTPS_PROXY", "http://127.0.0.1:1"));
    for address in ["http://user:p@ss@127.0.0.1:1", "http://user:canary#1@127.0.0.1:1", "127.0.0.1:1/%%@"] {
        let user =
            User::of_a_server().with("OPTIMIZE_BASE_URL", "https://optimize.example").with("HTTPS_PROXY", address);
        check("proxy-address", &user);
        let ran = user.types("auth doctor");
        assert!(ran.code == Some(3) && !ran.to_string().contains("canary"), "{ran}");
    }
    let socks = User::of_a_server().with("OPTIMIZE_BASE_URL", "https://optimize.example");
    check("proxy-no-connection", &socks.with("ALL_PROXY", "socks5h://127.0.0.1:1"));
}

#[test]
fn an_issuer_is_named_as_it_names_itself() {
    let server = Server::new();
    let set = format!("{}/", server.issuer());
    let user = User::of(&server).without("OPTIMIZE_TOKEN_URL").with("OPTIMIZE_ISSUER_URL", &set);
    let ran = user.types("auth token");
    let fix = format!("names itself without a slash at the end: set the issuer exactly like that: {}", server.issuer());
    assert!(ran.stderr.contains(&fix), "{ran}");
    let user = User::of_a_server().without("OPTIMIZE_TOKEN_URL").with("OPTIMIZE_ISSUER_URL", &server.base_url());
    assert!(user.types("auth token").stderr.contains("hint: "), "an issuer elsewhere");
}

#[test]
fn an_operation_that_the_release_does_not_have_names_those_that_do() {
    for (release, line, releases) in [
        (Release::V8_6, "collection list", "Camunda 8 from 8.7 on has it"),
        (Release::V8_6, "process-definition delete 1 --yes", "Camunda 8 from 8.10 on has it"),
        (Release::V8_8, "process-definition delete 1 --yes", "Camunda 8 from 8.10 on has it"),
    ] {
        let user = of(Sandbox::builder().release(release));
        let ran = user.types(line);
        assert!(ran.code == Some(6) && ran.stderr.contains(releases), "{ran}");
        assert!(ran.stderr.contains("hint: the server's release does not have this operation"), "{ran}");
        assert!(!ran.stderr.contains("base URL"), "{ran}");
    }
    let user = of(Sandbox::builder().release(Release::V8_8));
    let event = r#"{"specversion":"1.0","id":"1","source":"s","type":"t","traceid":"c"}"#;
    let ran = user.typing(event).types("event ingest -");
    assert!(ran.stderr.contains("Camunda 7") && !ran.stderr.contains("base URL"), "{ran}");
}

#[test]
fn a_file_of_authorities_that_is_not_pem_is_named_with_its_setting_and_conversion() {
    let user = User::of_a_server();
    user.file("corp.der", "0\u{1}\u{2}");
    let ran = user.with("OPTIMIZE_CA_FILE", "corp.der").types("report list --collection c");
    let line = "error: ca_file (environment variable OPTIMIZE_CA_FILE): corp.der is binary (DER or PKCS #12)";
    assert!(ran.code == Some(3) && ran.stderr.starts_with(line), "{ran}");
    assert!(ran.stderr.contains("hint: convert it: openssl x509 -inform der -in corp.der -out ca.pem"), "{ran}");
    let user = User::of_a_server();
    user.file("bad.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let ran = user.with("OPTIMIZE_CA_FILE", "bad.pem").types("report list --collection c");
    assert!(ran.code == Some(3) && ran.stderr.contains("bad.pem"), "{ran}");
}

#[test]
fn a_token_of_camunda_saas_is_for_one_cluster_and_one_api() {
    const HOST: &str = "bru-2.optimize.camunda.io";
    for (id, cluster, status) in [
        ("saas-cluster", "another", 401),
        ("saas-cluster", "another", 403),
        ("saas-scope", "c-1", 401),
        ("saas-scope", "c-1", 403),
    ] {
        let claims = json!({ "aud": "optimize.camunda.io", "https://camunda.com/clusterId": cluster });
        let token = token_of(&claims);
        let response = json!({ "access_token": token, "token_type": "Bearer", "expires_in": 300 }).to_string();
        let tls = Tls::new().name(HOST).name("login.cloud.camunda.io");
        let builder = Sandbox::builder().tls(tls).context_path("/c-1");
        let builder = builder.fault(always(TOKEN, Fault::response(200, "application/json", &response)));
        let server = Server::start(builder.fault(always(REPORTS, Fault::status(status))));
        let target = server.base_url().replace("https://", "");
        let proxy = Proxy::to(target.split('/').next().unwrap().to_owned());
        let user = User::new()
            .with("HTTPS_PROXY", &format!("http://{}", proxy.address))
            .with("OPTIMIZE_CA_FILE", "ca.pem")
            .with("OPTIMIZE_BASE_URL", &format!("https://{HOST}/c-1"))
            .with("OPTIMIZE_CLIENT_ID", "id")
            .with("OPTIMIZE_CLIENT_SECRET", "secret");
        user.file("ca.pem", server.ca_pem());
        check(id, &user);
    }
}
