use crate::harness::{Server, User, check};

#[test]
fn a_secret_can_come_from_a_file_from_stdin_and_from_a_variable_of_any_name() {
    let server = Server::new();
    let user = User::of(&server).without("OPTIMIZE_CLIENT_SECRET").typing(&format!("{}\r\n", server.client_secret()));
    user.file("secret", &format!("{}\n", server.client_secret()));
    assert_eq!(user.types("auth token --client-secret-file secret").code, Some(0));
    assert_eq!(user.types("auth token --client-secret-file -").code, Some(0));
    let user = user.without("OPTIMIZE_CLIENT_ID").with("MY_SECRET", server.client_secret());
    user.configure("auth.client_id = 'optimize-sandbox'\nauth.client_secret = { env = 'MY_SECRET' }");
    assert_eq!(user.types("auth token").code, Some(0));
}

#[test]
fn a_token_can_come_from_a_file_or_stdin() {
    let user = User::new().typing("from-stdin\n");
    user.file("token", "from-file\n");
    assert_eq!(user.types("auth token --token-file -").stdout, "from-stdin\n");
    assert_eq!(user.types("auth token --token-file token").stdout, "from-file\n");
    assert_eq!(user.with("OPTIMIZE_TOKEN_FILE", "token").types("auth token").stdout, "from-file\n");
}

#[test]
fn a_secret_that_cannot_be_read_is_reported_with_its_place() {
    let user = User::of_a_server().without("OPTIMIZE_CLIENT_SECRET");
    check!(user.types("auth token --client-secret-file nowhere"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to read the client secret from file nowhere: No such file or directory (os error 2) (--client-secret-file)
    ");
    user.file("empty", "\n");
    check!(user.types("auth token --client-secret-file empty"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to read the client secret from file empty: it is empty (--client-secret-file)
    ");
    user.file("huge", &"x".repeat(70_000));
    check!(user.types("auth token --client-secret-file huge"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to read the client secret from file huge: it is longer than 64 KiB (--client-secret-file)
    ");
    check!(user.with("OPTIMIZE_CLIENT_SECRET", "").types("auth token"), @"
    exit 3
    --- stdout
    --- stderr
    error: auth.client_id is set (environment variable OPTIMIZE_CLIENT_ID), but there is no client secret; OPTIMIZE_CLIENT_SECRET is empty
    hint: set OPTIMIZE_CLIENT_SECRET too
    ");
    let user = User::new();
    user.configure("auth.token = { env = 'MISSING' }");
    check!(user.types("auth token"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to read the token from environment variable MISSING: it is not set
    ");
}

#[test]
fn a_token_that_no_header_may_carry_is_refused_without_repeating_it() {
    check!(User::new().with("OPTIMIZE_TOKEN", "two words").types("auth token"), @"
    exit 3
    --- stdout
    --- stderr
    error: the token cannot be used: character 4 cannot stand in a bearer token (RFC 6750 section 2.1) (environment variable OPTIMIZE_TOKEN)
    ");
}

#[test]
fn half_a_credential_set_is_reported_with_what_is_missing() {
    let user = User::new().with("OPTIMIZE_CLIENT_ID", "mine");
    check!(user.types("auth token"), @"
    exit 3
    --- stdout
    --- stderr
    error: auth.client_id is set (environment variable OPTIMIZE_CLIENT_ID), but there is no client secret
    hint: set OPTIMIZE_CLIENT_SECRET too
    ");
    let user = User::new();
    user.configure("auth.client_id = 'mine'");
    check!(user.types("auth token"), @"
    exit 3
    --- stdout
    --- stderr
    error: auth.client_id is set ([HOME]/.config/optimize/config.toml:1:18), but there is no client secret
    hint: set client_secret beside it, or pass --client-secret-file FILE
    ");
    user.file("secret", "s");
    user.configure("");
    check!(user.types("auth token --client-secret-file secret"), @"
    exit 3
    --- stdout
    --- stderr
    error: auth.client_secret is set (--client-secret-file), but there is no client id
    hint: set client_id beside it, or OPTIMIZE_CLIENT_ID and OPTIMIZE_CLIENT_SECRET together
    ");
}
