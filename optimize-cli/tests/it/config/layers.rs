use crate::harness::{Server, User};

/// The reports of a collection are three claims and two more if the server is found and the token good.
fn is_good(user: &User, arguments: &str) -> bool {
    let ran = user.types(&format!("report list --collection claims {arguments}"));
    assert!(matches!(ran.code, Some(0 | 3 | 4 | 7)), "{ran}");
    ran.stdout.lines().count() == 5
}

fn profile(server: &Server, name: &str) -> String {
    format!("[profiles.{name}]\nbase_url = '{}'\nauth.token = '{}'\n", server.base_url(), server.static_token())
}

#[test]
fn a_profile_is_found_by_flag_by_environment_and_by_default() {
    let server = Server::new();
    let user = User::new();
    user.configure(&profile(&server, "dev"));
    assert!(is_good(&user, "--profile dev"));
    assert!(!is_good(&user, ""));
    let user = user.with("OPTIMIZE_PROFILE", "dev");
    assert!(is_good(&user, ""));
    user.configure(&format!("default_profile = 'dev'\n{}", profile(&server, "dev")));
    assert!(is_good(&user.without("OPTIMIZE_PROFILE"), ""));
}

#[test]
fn a_profile_counts_more_than_the_top_of_the_file_and_the_environment_more_than_both() {
    let (one, other) = (Server::new(), Server::new());
    let user = User::new();
    user.configure(&format!("base_url = 'http://127.0.0.1:1'\n{}", profile(&one, "dev")));
    assert!(is_good(&user, "--profile dev"));
    let user = user.with("OPTIMIZE_BASE_URL", &other.base_url()).with("OPTIMIZE_TOKEN", other.static_token());
    assert!(is_good(&user, "--profile dev"));
    assert_eq!((one.statuses().len(), other.statuses().len()), (1, 1));
}

#[test]
fn a_flag_counts_most() {
    let server = Server::new();
    let user = User::of(&server).with("OPTIMIZE_BASE_URL", "http://127.0.0.1:1");
    assert!(is_good(&user, &format!("--base-url {}", server.base_url())));
}

#[test]
fn a_file_named_by_flag_or_environment_counts_more_than_the_user_s_own() {
    let server = Server::new();
    let user = User::new();
    user.configure("base_url = 'http://127.0.0.1:1'\nauth.token = 'wrong'");
    user.file("other.toml", &format!("base_url = '{}'\nauth.token = '{}'", server.base_url(), server.static_token()));
    assert!(is_good(&user, "--config other.toml"));
    assert!(is_good(&user.with("OPTIMIZE_CONFIG", "other.toml"), ""));
}

#[test]
fn a_file_in_the_working_directory_is_not_read() {
    let server = Server::new();
    let user = User::new();
    for name in ["optimize.toml", "config.toml", ".optimize.toml"] {
        user.file(name, &format!("base_url = '{}'\nauth.token = 'x'", server.base_url()));
    }
    assert_eq!(user.types("ready").code, Some(3));
    assert!(server.journal().is_empty());
}

#[test]
fn paths_in_a_file_are_relative_to_it() {
    let server = Server::new();
    let user = User::new();
    user.file(".config/optimize/token", server.static_token());
    user.configure(&format!("base_url = '{}'\nauth.token = {{ file = 'token' }}", server.base_url()));
    assert!(is_good(&user, ""));
}
