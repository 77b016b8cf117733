use std::fs;
use std::path::Path;

use optimize_config::{Environment, ErrorKind, Options};
use optimize_sandbox::Sandbox;
use tempfile::TempDir;

/// A home directory with this configuration file.
fn home(configuration: &str) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join(".config/optimize");
    fs::create_dir_all(&directory).unwrap();
    write_private(&directory.join("config.toml"), configuration);
    home
}

fn write_private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

fn options(home: &Path, variables: &[(&str, &str)]) -> Options {
    let home = [("HOME", home.to_str().unwrap())];
    let all = home.iter().chain(variables).map(|(name, value)| ((*name).into(), (*value).into()));
    Options::default().with_environment(Environment::new(all))
}

fn profile(name: &str, sandbox: &Sandbox) -> String {
    format!(
        "[profiles.{name}]\nbase_url = '{}'\n[profiles.{name}.auth]\nclient_id = '{}'\nclient_secret = '{}'\ntoken_url = '{}'\n",
        sandbox.base_url(),
        sandbox.client_id(),
        sandbox.client_secret(),
        sandbox.token_url()
    )
}

#[tokio::test]
async fn variables_are_enough() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let (base_url, token_url) = (sandbox.base_url(), sandbox.token_url());
    let variables = [
        ("OPTIMIZE_BASE_URL", base_url.as_str()),
        ("OPTIMIZE_CLIENT_ID", sandbox.client_id()),
        ("OPTIMIZE_CLIENT_SECRET", sandbox.client_secret()),
        ("OPTIMIZE_TOKEN_URL", &token_url),
    ];
    let client = options(home.path(), &variables).client().await.unwrap();
    assert_eq!(client.reports().list("claims").await.unwrap().len(), 5);
}

#[tokio::test]
async fn a_profile_of_the_users_file_is_used_and_its_token_is_kept() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let home = home(&profile("staging", &sandbox));
    for _ in 0..3 {
        let client = options(home.path(), &[]).with_profile("staging").client().await.unwrap();
        client.collections().list().await.unwrap();
    }
    assert_eq!(sandbox.token_requests(), 1, "the token is kept between programs, as between runs");
    let by_variable = options(home.path(), &[("OPTIMIZE_PROFILE", "staging")]);
    by_variable.client().await.unwrap().collections().list().await.unwrap();
    let credentials = options(home.path(), &[]).with_profile("staging").credentials().await.unwrap();
    assert!(credentials.headers().await.is_ok());
    assert_eq!(sandbox.token_requests(), 1);
}

#[tokio::test]
async fn a_profile_that_does_not_exist_is_named_with_the_known_ones() {
    let home = home("[profiles.staging]\nbase_url = 'https://optimize.example'\n");
    let error = options(home.path(), &[]).with_profile("stagin").client().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(error.to_string(), "the profile `stagin`: there is no such profile; known: sandbox, staging");
    assert_eq!(error.hint(), Some("did you mean `staging`?"));
    assert_eq!(format!("{error:?}"), format!("{error} (did you mean `staging`?)"));
}

#[tokio::test]
async fn the_embedded_server_belongs_to_the_command_line() {
    let home = home("");
    let error = options(home.path(), &[]).with_profile("sandbox").client().await.unwrap_err();
    assert!(error.hint().unwrap().contains("optimize-sandbox"), "{error:?}");
}

#[tokio::test]
async fn nothing_configured_is_an_error_with_what_to_set() {
    let home = home("");
    let error = options(home.path(), &[]).client().await.unwrap_err();
    assert_eq!(error.to_string(), "no base URL is set");
    let error = options(home.path(), &[("OPTIMIZE_BASE_URL", "https://optimize.example")]).client().await.unwrap_err();
    assert_eq!(error.to_string(), "no credentials are configured");
    assert!(error.hint().unwrap().contains("OPTIMIZE_CLIENT_ID"), "{error:?}");
}

#[tokio::test]
async fn a_file_of_the_environment_needs_trust_and_one_of_the_program_does_not() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let home = home("");
    let file = home.path().join("project.toml");
    let secret =
        format!("auth.client_secret = {{ env = 'PROJECT_SECRET' }}\nauth.client_id = '{}'", sandbox.client_id());
    write_private(
        &file,
        &format!("base_url = '{}'\n{secret}\nauth.token_url = '{}'\n", sandbox.base_url(), sandbox.token_url()),
    );
    let variables = [("PROJECT_SECRET", sandbox.client_secret()), ("OPTIMIZE_CONFIG", file.to_str().unwrap())];
    let error = options(home.path(), &variables).client().await.unwrap_err();
    assert!(error.to_string().contains("is not trusted"), "{error:?}");
    assert_eq!(sandbox.token_requests(), 0);
    let client = options(home.path(), &variables[..1]).with_file(&file).client().await.unwrap();
    client.collections().list().await.unwrap();
}

#[tokio::test]
async fn no_error_and_no_debug_output_shows_a_secret() {
    const CANARY: &str = "canary-b1946ac9";
    let home = home(&format!("base_url = 'ftp://x'\nauth.client_id = 'c'\nauth.client_secret = '{CANARY}'\n"));
    let options = options(home.path(), &[("OPTIMIZE_TOKEN", CANARY)]);
    let shown = format!("{options:?}");
    let error = options.client().await.unwrap_err();
    assert!(!format!("{shown} {error} {error:?} {:?}", error.hint()).contains(CANARY));
    assert!(error.to_string().starts_with("base_url ("), "{error:?}");
}

#[tokio::test]
async fn reading_does_not_hold_up_the_runtime() {
    let home = home("base_url = 'https://optimize.example'\nauth.token = { command = ['/bin/sleep', '1'] }\n");
    let reading = tokio::spawn(options(home.path(), &[]).client());
    tokio::task::yield_now().await;
    // The test has one worker: it runs on while the program for the secret does.
    assert!(!reading.is_finished());
    let error = reading.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("it is empty") || error.to_string().contains("nothing"), "{error:?}");
}
