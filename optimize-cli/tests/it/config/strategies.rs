use optimize_sandbox::{AuthMethod, Sandbox, Tls};

use crate::harness::{Server, User, check};

/// Whether the server takes the token.
fn is_accepted(user: &User) -> bool {
    let ran = user.types("auth status --check -o json");
    assert!(matches!(ran.code, Some(0 | 3 | 4)), "{ran}");
    ran.code == Some(0)
}

fn configured(server: &Server, auth: &str) -> User {
    let user = User::new();
    user.configure(&format!("base_url = '{}'\n[auth]\n{auth}", server.base_url()));
    user
}

#[test]
fn every_strategy_can_be_configured() {
    let server = Server::start(Sandbox::builder().client_secret("s"));
    let client = format!("client_id = '{}'\ntoken_url = '{}'\n", server.client_id(), server.token_url());
    let secret = "client_secret = 's'\n";
    let token = server.static_token().to_owned();
    let static_token = format!("token = '{token}'");
    let nested = format!(
        "[[auth.sources]]\ntoken_file = 'nowhere'\n[[auth.sources]]\nstrategy = 'client-credentials'\nclient_id = '{}'\nclient_secret = 's'\n",
        server.client_id()
    );
    for auth in [
        format!("{client}{secret}"),
        format!("strategy = 'client-credentials'\n{client}{secret}client_auth = 'basic'\n"),
        format!("{client}{secret}client_auth = 'client-secret-jwt'\n"),
        format!("client_id = '{}'\nissuer = '{}'\n{secret}", server.client_id(), server.issuer()),
        static_token.clone(),
        "token = { file = 'token' }".to_owned(),
        "token_file = 'token'".to_owned(),
        format!("token_url = '{}'\n{nested}", server.token_url()),
        format!("sources = [{{ token_file = 'nowhere' }}, {{ {static_token} }}]"),
    ] {
        let user = configured(&server, &auth);
        user.file(".config/optimize/token", &format!("{token}\n"));
        assert!(is_accepted(&user), "{auth}: {}", user.types("auth status --check"));
    }
    let user = configured(&server, "strategy = 'none'");
    assert_eq!(user.types("report list --collection claims").code, Some(4), "the server wants a token");
}

#[cfg(unix)]
#[test]
fn a_helper_gets_the_variables_that_are_allowed_and_no_others() {
    let server = Server::new();
    let user = User::new();
    let helper = user.script(
        "helper",
        &format!(
            "echo '{{\"optimize-credential\":{{\"v\":[1],\"name\":\"h\",\"caps\":[\"get\"]}}}}'\nread -r request\nenv > \"$HOME/env\"\n\
             echo '{{\"v\":1,\"id\":\"1\",\"ok\":{{\"kind\":\"bearer\",\"secret\":\"{}\"}}}}'",
            server.static_token()
        ),
    );
    let text = format!(
        "base_url = '{}'\n[auth]\ncommand = ['{}']\nenv_allow = ['MINE']\n",
        server.base_url(),
        helper.display()
    );
    user.configure(&text);
    let user = user.with("MINE", "yes").with("OTHER", "no");
    assert!(is_accepted(&user));
    let environment = user.read("env");
    assert!(environment.contains("MINE=yes") && !environment.contains("OTHER"), "{environment}");
    user.configure(&text.replace("MINE", "OPTIMIZE_CLIENT_SECRET"));
    check!(user.types("auth token"), @"
    exit 3
    --- stdout
    --- stderr
    error: auth.env_allow ([HOME]/.config/optimize/config.toml:4:13): give OPTIMIZE_CLIENT_SECRET to a helper: it holds a secret
    ");
}

#[cfg(target_os = "linux")]
#[test]
fn a_helper_gets_no_file_that_was_left_open() {
    let server = Server::new();
    let user = User::new();
    let response = format!(r#"{{"v":1,"id":"1","ok":{{"kind":"bearer","secret":"{}"}}}}"#, server.static_token());
    let helper = user.script(
        "helper",
        &format!(
            "ls -l /proc/self/fd > \"$HOME/open\"\necho '{{\"optimize-credential\":{{\"v\":[1],\"name\":\"h\",\"caps\":[\"get\"]}}}}'\n\
             read -r request\necho '{response}'"
        ),
    );
    user.configure(&format!("base_url = '{}'\nauth.command = ['{}']", server.base_url(), helper.display()));
    let mut shell = std::process::Command::new("sh");
    let line = format!("exec 7>left-open 9<&0; exec {} auth token", env!("CARGO_BIN_EXE_optimize"));
    shell
        .args(["-c", &line])
        .current_dir(user.path(""))
        .env_clear()
        .env("HOME", user.path(""))
        .env("PATH", "/usr/bin:/bin");
    assert!(shell.output().unwrap().status.success());
    let open = user.read("open");
    // 0 to 2, and the directory that `ls` itself has opened.
    assert_eq!(open.lines().filter(|line| line.contains(" -> ")).count(), 4, "{open}");
    assert!(!open.contains("left-open"), "{open}");
}

#[test]
fn a_private_key_comes_from_a_file() {
    let (private, public) = key();
    let builder = Sandbox::builder().client_keys(serde_json::json!({ "keys": [public] })).unwrap();
    let server = Server::start(builder.auth_methods(&[AuthMethod::PrivateKeyJwt]));
    let user = configured(
        &server,
        &format!(
            "client_id = '{}'\ntoken_url = '{}'\nprivate_key = {{ file = 'key.pem' }}\n",
            server.client_id(),
            server.token_url()
        ),
    );
    user.file(".config/optimize/key.pem", &private);
    assert!(is_accepted(&user), "{}", user.types("auth status --check"));
    let user = User::of(&server).without("OPTIMIZE_CLIENT_SECRET").with("OPTIMIZE_PRIVATE_KEY_FILE", "key.pem");
    user.file("key.pem", &private);
    assert!(is_accepted(&user), "{}", user.types("auth status --check"));
    let user = user.with("OPTIMIZE_SIGNING_ALGORITHM", "RS256");
    check!(user.types("auth token"), @"
    exit 3
    --- stdout
    --- stderr
    error: the private key cannot be used: it is a key for ES256, not for RS256 (environment variable OPTIMIZE_SIGNING_ALGORITHM)
    ");
}

/// A P-256 key in PEM, and its public half.
fn key() -> (String, serde_json::Value) {
    use base64::Engine as _;
    let pair = rcgen::KeyPair::generate().unwrap();
    let number = |bytes: &[u8]| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let (x, y) = pair.public_key_raw()[1..].split_at(32);
    let public =
        serde_json::json!({ "kty": "EC", "crv": "P-256", "kid": "k", "alg": "ES256", "x": number(x), "y": number(y) });
    (pair.serialize_pem(), public)
}

#[test]
fn a_client_certificate_proves_the_client() {
    let server = Server::start(Sandbox::builder().tls(Tls::new()).auth_methods(&[AuthMethod::TlsClientAuth]));
    let user = User::of(&server).without("OPTIMIZE_CLIENT_SECRET").with("OPTIMIZE_CLIENT_AUTH", "mtls");
    user.file("ca.pem", server.ca_pem());
    user.file("client.pem", server.client_identity_pem());
    let user = user.with("OPTIMIZE_CA_FILE", "ca.pem").with("OPTIMIZE_CLIENT_CERT_FILE", "client.pem");
    check!(user.types("auth token"), @"
    exit 3
    --- stdout
    --- stderr
    error: client_cert_file (environment variable OPTIMIZE_CLIENT_CERT_FILE): client_key_file is not set
    hint: set OPTIMIZE_CLIENT_KEY_FILE, or client_key_file in the configuration
    ");
    assert!(is_accepted(&user.with("OPTIMIZE_CLIENT_KEY_FILE", "client.pem")));
}

#[test]
fn presets_fill_in_what_is_the_same_for_everybody() {
    let user = User::new().with("OPTIMIZE_CLIENT_ID", "c").with("OPTIMIZE_CLIENT_SECRET", "s");
    let shown = |text: &str| {
        user.configure(text);
        user.types("auth status -o json").to_string()
    };
    check!(shown("preset = 'saas'\nregion = 'bru-2'\ncluster_id = '0f3c'"), @r#"
    exit 0
    --- stdout
    {"profile":null,"base_url":"https://bru-2.optimize.camunda.io/0f3c","strategy":"client-credentials","source":"environment variable OPTIMIZE_CLIENT_ID","client_id":"c","token_url":"https://login.cloud.camunda.io/oauth/token","issuer":null,"audience":"optimize.camunda.io","scope":null,"resource":null,"token_cache":"[HOME]/.cache/optimize/tokens"}
    --- stderr
    "#);
    check!(shown("preset = 'self-managed'\nbase_url = 'http://localhost:8083'\nrealm_url = 'http://localhost:18080/auth/realms/camunda-platform'"), @r#"
    exit 0
    --- stdout
    {"profile":null,"base_url":"http://localhost:8083/","strategy":"client-credentials","source":"environment variable OPTIMIZE_CLIENT_ID","client_id":"c","token_url":"http://localhost:18080/auth/realms/camunda-platform/protocol/openid-connect/token","issuer":"http://localhost:18080/auth/realms/camunda-platform","audience":null,"scope":null,"resource":null,"token_cache":"[HOME]/.cache/optimize/tokens"}
    --- stderr
    "#);
    check!(shown("preset = 'entra'\nbase_url = 'https://o.example'\ntenant = 't'\napplication_id = 'a'"), @r#"
    exit 0
    --- stdout
    {"profile":null,"base_url":"https://o.example/","strategy":"client-credentials","source":"environment variable OPTIMIZE_CLIENT_ID","client_id":"c","token_url":"https://login.microsoftonline.com/t/oauth2/v2.0/token","issuer":"https://login.microsoftonline.com/t/v2.0","audience":null,"scope":"a/.default","resource":null,"token_cache":"[HOME]/.cache/optimize/tokens"}
    --- stderr
    "#);
    check!(shown("preset = 'saas'\nregion = 'bru-2'"), @r#"
    exit 3
    --- stdout
    --- stderr
    {"error":{"kind":"configuration","message":"the preset `saas`: cluster_id is not set","status":null,"operation":null,"serverCode":null,"hint":"set OPTIMIZE_CLUSTER_ID, or cluster_id in the configuration","causes":[]}}
    "#);
    check!(shown("preset = 'cloud'"), @r#"
    exit 3
    --- stdout
    --- stderr
    {"error":{"kind":"configuration","message":"preset ([HOME]/.config/optimize/config.toml:1:10): expected saas, self-managed or entra","status":null,"operation":null,"serverCode":null,"hint":null,"causes":[]}}
    "#);
    user.configure("");
    let user = user.with("CAMUNDA_CLUSTER_ID", "0f3c").with("CAMUNDA_CLUSTER_REGION", "bru-2");
    assert!(user.types("auth status").stdout.contains("https://login.cloud.camunda.io/oauth/token"));
}

#[test]
fn settings_that_contradict_are_reported_with_both_places() {
    let user = User::new();
    let shown = |text: &str| {
        user.configure(text);
        user.types("auth token").to_string()
    };
    check!(shown("[auth]\ntoken = 'a'\nclient_id = 'b'\n"), @"
    exit 3
    --- stdout
    --- stderr
    error: `client_id`: it has no meaning for the strategy `static` as it is set ([HOME]/.config/optimize/config.toml:3:13)
    ");
    check!(shown("[auth]\nstrategy = 'statik'\ntoken = 'a'\n"), @"
    exit 3
    --- stdout
    --- stderr
    error: auth.strategy ([HOME]/.config/optimize/config.toml:2:12): expected none, static, client-credentials, client-assertion, token-file, exec or chain
    hint: did you mean `static`?
    ");
    check!(shown("[auth]\nstrategy = 'token-file'\n"), @"
    exit 3
    --- stdout
    --- stderr
    error: `token_file`: it is not set (strategy chosen by [HOME]/.config/optimize/config.toml:2:12)
    hint: set token_file in the `auth` table of the configuration
    ");
    check!(shown("[auth]\ncommand = 'x'\n"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to read the configuration: [HOME]/.config/optimize/config.toml:2:11: `auth.command` must be a list of strings
    ");
    check!(shown("[auth]\nsources = 'x'\n"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to read the configuration: [HOME]/.config/optimize/config.toml:2:11: `auth.sources` must be a list of tables
    ");
    check!(shown("[auth]\nsources = [{ audience = 'x' }]\n"), @"
    exit 3
    --- stdout
    --- stderr
    error: auth.sources ([HOME]/.config/optimize/config.toml:2:11): a member has neither a strategy nor credentials
    ");
    check!(shown("[auth]\nclient_id = 'b'\nclient_secret = 's'\nprivate_key = 'k'\ntoken_url = 'https://l.example'\n"), @"
    exit 3
    --- stdout
    --- stderr
    error: `private_key`: it contradicts `client_secret`; only one of them can be used ([HOME]/.config/optimize/config.toml:4:15)
    ");
    check!(User::new().with("OPTIMIZE_TOKEN", "a").with("OPTIMIZE_PRIVATE_KEY_FILE", "k").types("auth token"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to read the environment: OPTIMIZE_TOKEN and OPTIMIZE_PRIVATE_KEY_FILE are both set, and only one can be used
    hint: unset OPTIMIZE_TOKEN or OPTIMIZE_PRIVATE_KEY_FILE
    ");
}
