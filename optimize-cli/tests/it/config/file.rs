use crate::harness::{User, check, set_mode};

/// What a command says to this configuration file.
fn shown(text: &str) -> String {
    let user = User::new();
    user.configure(text);
    user.types("auth status").stderr
}

#[test]
fn keys_that_do_not_exist_are_met_with_the_nearest_and_their_place() {
    check!(shown("base_ulr = 'x'"), @"
    error: failed to read the configuration: [HOME]/.config/optimize/config.toml:1:1: unknown key `base_ulr`
    hint: did you mean `base_url`?
    ");
    check!(shown("[auth]\nclient_id = 'x'\n  audiance = 'y'"), @"
    error: failed to read the configuration: [HOME]/.config/optimize/config.toml:3:3: unknown key `auth.audiance`
    hint: did you mean `auth.audience`?
    ");
    check!(shown("[profiles.dev]\nouput = 'json'"), @"
    error: failed to read the configuration: [HOME]/.config/optimize/config.toml:2:1: unknown key `ouput`
    hint: did you mean `output`?
    ");
    check!(shown("[profile.dev]\noutput = 'json'"), @"
    error: failed to read the configuration: [HOME]/.config/optimize/config.toml:1:2: unknown key `profile`
    hint: did you mean `profiles`?
    ");
}

#[test]
fn values_of_the_wrong_kind_are_reported_without_the_value() {
    check!(shown("base_url = 7"), @"error: failed to read the configuration: [HOME]/.config/optimize/config.toml:1:12: `base_url` must be a string");
    check!(shown("timeout = ''"), @"error: failed to read the configuration: [HOME]/.config/optimize/config.toml:1:11: `timeout` is empty");
    check!(shown("allow_insecure_http = 'yes'"), @"error: failed to read the configuration: [HOME]/.config/optimize/config.toml:1:23: `allow_insecure_http` must be true or false");
    check!(shown("auth = 'x'"), @"error: failed to read the configuration: [HOME]/.config/optimize/config.toml:1:8: `auth` must be a table");
    check!(shown("[auth]\nclient_secret = { vault = 'x' }"), @r#"error: failed to read the configuration: [HOME]/.config/optimize/config.toml:2:17: `auth.client_secret` must be { env = "NAME" }, { file = "PATH" }, { keyring = "ENTRY" } or { command = ["PROGRAM", …] }"#);
    check!(shown("a = = 1"), @"error: failed to read the configuration: [HOME]/.config/optimize/config.toml:1:5: extra `=`, expected nothing");
}

#[test]
fn a_secret_in_a_file_that_others_can_read_is_refused() {
    let user = User::new();
    let path = user.configure("[auth]\nclient_id = 'c'\nclient_secret = 's'\ntoken_url = 'http://localhost:1/t'");
    set_mode(&path, 0o644);
    check!(user.types("auth status"), @r#"
    exit 3
    --- stdout
    --- stderr
    error: failed to read the configuration: [HOME]/.config/optimize/config.toml:3:17: `auth.client_secret` is a secret, and others can read this file
    hint: write auth.client_secret = { env = "NAME" } or { file = "PATH" }, or run: chmod 600 [HOME]/.config/optimize/config.toml
    "#);
    set_mode(&path, 0o600);
    assert_eq!(user.types("auth status").code, Some(0));
}

#[test]
fn an_unknown_profile_is_never_another_target() {
    let user = User::new();
    user.configure("base_url = 'http://localhost:1'\n[profiles.production]\n[profiles.staging]");
    check!(user.types("ready --profile prodution"), @"
    exit 3
    --- stdout
    --- stderr
    error: the profile `prodution`: there is no such profile; known: production, sandbox, staging
    hint: did you mean `production`?
    ");
    check!(user.with("OPTIMIZE_PROFILE", "x").types("ready"), @"
    exit 3
    --- stdout
    --- stderr
    error: the profile `x`: there is no such profile; known: production, sandbox, staging
    ");
}

#[test]
fn the_sandbox_profile_cannot_be_taken() {
    check!(shown("[profiles.sandbox]\nbase_url = 'http://localhost:1'"), @"error: failed to read the configuration: [HOME]/.config/optimize/config.toml:1:1: the profile `sandbox` is built in and cannot be changed");
}

#[test]
fn a_file_that_was_named_must_be_there() {
    check!(User::new().types("ready --config nowhere.toml"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to read the configuration file nowhere.toml: No such file or directory (os error 2)
    ");
}
