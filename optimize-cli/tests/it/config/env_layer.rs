use crate::harness::{Server, User, check};

#[test]
fn names_that_users_already_have_are_understood() {
    for family in ["OPTIMIZE", "CAMUNDA_OPTIMIZE", "CAMUNDA", "ZEEBE"] {
        for token_url in ["OPTIMIZE_TOKEN_URL", "CAMUNDA_OAUTH_URL", "ZEEBE_AUTHORIZATION_SERVER_URL"] {
            let server = Server::new();
            let user = User::new()
                .with("CAMUNDA_OPTIMIZE_BASE_URL", &format!("{}/api/public/", server.base_url()))
                .with(token_url, &server.token_url())
                .with(&format!("{family}_CLIENT_ID"), server.client_id())
                .with(&format!("{family}_CLIENT_SECRET"), server.client_secret());
            assert_eq!(user.types("auth status --check").code, Some(0), "{family} {token_url}");
        }
    }
}

#[test]
fn zeebe_s_audience_is_not_optimize_s() {
    let server = Server::new();
    let user = User::of(&server).with("ZEEBE_TOKEN_AUDIENCE", "zeebe.camunda.io");
    assert_eq!(user.types("auth token").code, Some(0));
    assert_eq!(server.journal()[0].parameters["audience"], "optimize.camunda.io");
}

#[test]
fn an_id_is_never_joined_with_a_secret_of_another_family() {
    let user = User::new().with("OPTIMIZE_CLIENT_ID", "mine").with("ZEEBE_CLIENT_SECRET", "other");
    check!(user.with("OPTIMIZE_TOKEN_URL", "http://localhost:1/t").types("auth token"), @"
    exit 3
    --- stdout
    --- stderr
    error: auth.client_id is set (environment variable OPTIMIZE_CLIENT_ID), but there is no client secret; ZEEBE_CLIENT_SECRET ignored, because OPTIMIZE_CLIENT_ID is set
    hint: set OPTIMIZE_CLIENT_SECRET too
    ");
    let user = User::new().with("CAMUNDA_CLIENT_SECRET", "other");
    check!(user.with("OPTIMIZE_TOKEN_URL", "http://localhost:1/t").types("auth token"), @"
    exit 3
    --- stdout
    --- stderr
    error: auth.client_secret is set (environment variable CAMUNDA_CLIENT_SECRET), but there is no client id
    hint: set CAMUNDA_CLIENT_ID too
    ");
}

#[test]
fn a_token_beside_a_client_is_ambiguous() {
    let user = User::new().with("OPTIMIZE_CLIENT_ID", "mine").with("OPTIMIZE_TOKEN", "t");
    check!(user.types("auth token"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to read the environment: OPTIMIZE_TOKEN and OPTIMIZE_CLIENT_ID are both set, and only one can be used
    hint: unset OPTIMIZE_TOKEN or OPTIMIZE_CLIENT_ID
    ");
}

#[test]
fn an_empty_variable_counts_as_unset_in_every_family() {
    let server = Server::new();
    let user = User::of(&server).with("OPTIMIZE_PROFILE", "").with("OPTIMIZE_TOKEN", " ").with("OPTIMIZE_OUTPUT", "");
    assert_eq!(user.types("auth token").code, Some(0));
    let user = User::of(&server).with("OPTIMIZE_CLIENT_ID", "").with("OPTIMIZE_CLIENT_SECRET", "");
    let user = user.with("ZEEBE_CLIENT_ID", server.client_id()).with("ZEEBE_CLIENT_SECRET", server.client_secret());
    assert_eq!(user.types("auth token").code, Some(0));
    let user = User::new().with("OPTIMIZE_BASE_URL", "").with("CAMUNDA_OPTIMIZE_BASE_URL", &server.base_url());
    assert_eq!(user.types("ready").code, Some(0));
}

#[test]
fn variables_of_other_clients_are_aliases() {
    let server = Server::new();
    let user = User::new()
        .with("OPTIMIZE_BASE_URL", &server.base_url())
        .with("OPTIMIZE_TOKEN_URL", &server.token_url())
        .with("CAMUNDA_CLIENT_AUTH_CLIENTID", server.client_id())
        .with("CAMUNDA_CLIENT_AUTH_CLIENTSECRET", server.client_secret());
    assert_eq!(user.types("auth token").code, Some(0));
    let user = User::new().with("OPTIMIZE_BASE_URL", &server.base_url()).with("CAMUNDA_OPTIMIZE_TOKEN", "t");
    assert_eq!(user.types("auth token").stdout, "t\n");
    let user = User::new().with("CAMUNDA_CLIENT_CLOUD_REGION", "syd-1").with("CAMUNDA_CLIENT_CLOUD_CLUSTERID", "c");
    assert!(user.types("config explain -o csv").stdout.contains("base_url,https://syd-1.optimize.camunda.io/c,preset"));
    user.file("ca.pem", "not PEM");
    let ran = user.with("CAMUNDA_CUSTOM_ROOT_CERT_PATH", "ca.pem").types("ready");
    assert!(ran.code == Some(3) && ran.stderr.contains("ca.pem has no certificate"), "{ran}");
}

#[test]
fn a_client_secret_can_come_from_a_file_that_a_variable_names() {
    let server = Server::new();
    let user = User::of(&server).without("OPTIMIZE_CLIENT_SECRET").with("OPTIMIZE_CLIENT_SECRET_FILE", "secret");
    user.file("secret", &format!("{}\n", server.client_secret()));
    assert_eq!(user.types("auth token").code, Some(0));
    check!(user.with("OPTIMIZE_CLIENT_SECRET", "x").types("auth token"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to read the environment: OPTIMIZE_CLIENT_SECRET and OPTIMIZE_CLIENT_SECRET_FILE are both set
    hint: unset OPTIMIZE_CLIENT_SECRET or OPTIMIZE_CLIENT_SECRET_FILE
    ");
}

#[test]
fn a_misspelt_variable_is_warned_about() {
    let server = Server::new();
    let user = User::of(&server).with("OPTIMIZE_PROFIL", "prod").with("OPTIMIZE_TOKENCACHE", "off");
    let user = user.with("OPTIMIZE_JAVA_OPTS", "-Xmx1g").with("OPTIMIZE_API_ACCESS_TOKEN", "x");
    check!(user.types("auth token").stderr, @"
    warning: the variable OPTIMIZE_PROFIL is not known and is ignored; did you mean OPTIMIZE_PROFILE?
    warning: the variable OPTIMIZE_TOKENCACHE is not known and is ignored; did you mean OPTIMIZE_TOKEN_CACHE?
    ");
}

#[test]
fn an_id_or_secret_that_looks_like_a_number_stays_a_text() {
    for text in ["12345678", "true", "[a,b]", "\"q\""] {
        let server = Server::new();
        let user = User::of(&server).with("OPTIMIZE_CLIENT_ID", text).with("OPTIMIZE_CLIENT_SECRET", text);
        user.types("auth token");
        assert_eq!(server.journal()[0].parameters["client_id"], text);
    }
}

#[test]
fn the_embedded_server_ignores_settings_of_another() {
    let user = User::new().with("OPTIMIZE_BASE_URL", "http://127.0.0.1:1").with("OPTIMIZE_CLIENT_ID", "half");
    assert_eq!(user.types("--sandbox report list --collection claims").code, Some(0));
}

#[test]
fn missing_credentials_name_the_variables_that_do_not_apply() {
    let user =
        User::new().with("OPTIMIZE_BASE_URL", "http://localhost:1").with("OPTIMIZE_TOKEN_URL", "http://localhost:1/t");
    let user =
        user.with("OPTIMIZE_CLIENT_SECRET", "x").with("ZEEBE_CLIENT_ID", "i").with("ZEEBE_CLIENT_SECRET", "canary");
    check!(user.types("auth token"), @"
    exit 3
    --- stdout
    --- stderr
    error: auth.client_secret is set (environment variable OPTIMIZE_CLIENT_SECRET), but there is no client id; ZEEBE_CLIENT_ID and ZEEBE_CLIENT_SECRET ignored, because OPTIMIZE_CLIENT_SECRET is set
    hint: set OPTIMIZE_CLIENT_ID too
    ");
    let user = User::new().with("OPTIMIZE_BASE_URL", "http://localhost:1").with("OPTIMIZE_CLIENT_ID", "");
    check!(user.with("OPTIMIZE_TOKEN", " ").types("auth token"), @"
    exit 3
    --- stdout
    --- stderr
    error: no credentials are configured; seen: OPTIMIZE_CLIENT_ID is empty, OPTIMIZE_TOKEN is empty
    hint: set OPTIMIZE_CLIENT_ID, OPTIMIZE_CLIENT_SECRET and OPTIMIZE_TOKEN_URL; or OPTIMIZE_TOKEN for a server with a shared token; or run: optimize auth login
    ");
}

#[test]
fn quotes_and_control_characters_in_a_value_are_named() {
    let server = Server::new();
    let user = User::of(&server).with("OPTIMIZE_CLIENT_ID", "\"quoted\"").with("OPTIMIZE_CLIENT_SECRET", "'canary'");
    let ran = user.types("auth token");
    check!(ran.stderr.lines().take(2).collect::<Vec<_>>().join("\n"), @"
    warning: the value of OPTIMIZE_CLIENT_ID is in quotes, which are part of the value; remove them
    warning: the value of OPTIMIZE_CLIENT_SECRET is in quotes, which are part of the value; remove them
    ");
    let user = User::of(&server).with("OPTIMIZE_CLIENT_ID", "a\tb");
    check!(user.types("auth token"), @r#"
    exit 3
    --- stdout
    --- stderr
    error: failed to read the environment: OPTIMIZE_CLIENT_ID contains the control character '\t'
    hint: remove it from the value of OPTIMIZE_CLIENT_ID
    "#);
    // What `cat` leaves at the end is no part of the value.
    let user = User::of(&server).with("OPTIMIZE_CLIENT_ID", &format!("{}\r\n", server.client_id()));
    assert_eq!(user.types("auth token").code, Some(0));
}

#[test]
fn the_mode_of_camunda_s_clients_is_a_preset() {
    let user = User::new().with("CAMUNDA_CLIENT_MODE", "SaaS").with("CAMUNDA_CLIENT_CLOUD_REGION", "syd-1");
    let user = user.with("CAMUNDA_CLIENT_CLOUD_CLUSTERID", "c");
    assert!(
        user.types("config explain -o csv").stdout.contains("preset,saas,environment variable CAMUNDA_CLIENT_MODE")
    );
    let user = user.with("CAMUNDA_CLIENT_MODE", "self-managed");
    assert!(!user.types("config explain -o csv").stdout.contains("CAMUNDA_CLIENT_MODE"));
}
