//! The commands about configuration.

use crate::harness::{Server, User, check};

#[test]
fn paths_are_shown_even_of_files_that_cannot_be_read() {
    let user = User::new();
    user.configure("this is not TOML");
    check!(user.types("config path --config other.toml"), @r#"
    exit 0
    --- stdout
    {"layer":"system","path":"/etc/optimize/config.toml","exists":false}
    {"layer":"user","path":"[HOME]/.config/optimize/config.toml","exists":true}
    {"layer":"named","path":"other.toml","exists":false}
    --- stderr
    "#);
}

const TWO_PROFILES: &str = "\
default_profile = 'prod'
output = 'json'
[profiles.prod]
base_url = 'https://optimize.example.com'
[profiles.prod.auth]
token_url = 'https://login.example.com/token'
client_id = 'mine'
client_secret = { env = 'MY_SECRET' }
[profiles.saas]
region = 'bru-2'
cluster_id = 'c'
auth.token = 'canary-secret'
";

#[test]
fn each_setting_is_explained_with_what_it_hides_and_no_secret() {
    let user = User::new().with("MY_SECRET", "canary-secret").with("OPTIMIZE_TIMEOUT", "5m");
    user.configure(TWO_PROFILES);
    user.file("named.toml", "base_url = 'https://named.example.com'");
    let user = user.with("OPTIMIZE_BASE_URL", "https://env.example.com");
    check!(user.types("config explain -o ndjson --config named.toml --timeout 2m"), @r#"
    exit 0
    --- stdout
    {"setting":"profile","value":"prod","source":"default_profile of [HOME]/.config/optimize/config.toml","hides":[]}
    {"setting":"base_url","value":"https://env.example.com","source":"environment variable OPTIMIZE_BASE_URL","hides":["named.toml:1:12","[HOME]/.config/optimize/config.toml:4:12"]}
    {"setting":"output","value":"ndjson","source":"--output","hides":["[HOME]/.config/optimize/config.toml:2:10"]}
    {"setting":"timeout","value":"120s","source":"--timeout","hides":[]}
    {"setting":"allow_insecure_http","value":"false","source":"default","hides":[]}
    {"setting":"token_cache","value":"[HOME]/.cache/optimize/tokens","source":"default","hides":[]}
    {"setting":"auth.client_id","value":"mine","source":"[HOME]/.config/optimize/config.toml:7:13","hides":[]}
    {"setting":"auth.client_secret","value":"(secret: environment variable MY_SECRET)","source":"[HOME]/.config/optimize/config.toml:8:17","hides":[]}
    {"setting":"auth.token_url","value":"https://login.example.com/token","source":"[HOME]/.config/optimize/config.toml:6:13","hides":[]}
    {"setting":"auth.audience","value":"optimize.camunda.io","source":"default","hides":[]}
    --- stderr
    "#);
    let user = user.without("OPTIMIZE_BASE_URL").with("OPTIMIZE_TOKEN", "canary-secret");
    let ran = user.types("config explain -o ndjson --profile saas");
    assert!(!ran.to_string().contains("canary"), "{ran}");
    check!(ran.stdout, @r#"
    {"setting":"profile","value":"saas","source":"--profile","hides":[]}
    {"setting":"base_url","value":"https://bru-2.optimize.camunda.io/c","source":"preset","hides":[]}
    {"setting":"output","value":"ndjson","source":"--output","hides":["[HOME]/.config/optimize/config.toml:2:10"]}
    {"setting":"timeout","value":"60s","source":"default","hides":[]}
    {"setting":"allow_insecure_http","value":"false","source":"default","hides":[]}
    {"setting":"token_cache","value":"[HOME]/.cache/optimize/tokens","source":"default","hides":[]}
    {"setting":"region","value":"bru-2","source":"[HOME]/.config/optimize/config.toml:10:10","hides":[]}
    {"setting":"cluster_id","value":"c","source":"[HOME]/.config/optimize/config.toml:11:14","hides":[]}
    {"setting":"auth.token","value":"(secret: environment variable OPTIMIZE_TOKEN)","source":"environment variable OPTIMIZE_TOKEN","hides":["[HOME]/.config/optimize/config.toml:12:14"]}
    {"setting":"auth.token_url","value":"https://login.cloud.camunda.io/oauth/token","source":"preset","hides":[]}
    {"setting":"auth.audience","value":"optimize.camunda.io","source":"preset","hides":[]}
    "#);
}

#[test]
fn profiles_are_listed_and_validated() {
    let user = User::new().with("MY_SECRET", "s");
    user.configure(TWO_PROFILES);
    check!(user.types("config profiles -o csv"), @"
    exit 0
    --- stdout
    profile,current,base_url,file
    prod,true,https://optimize.example.com/,[HOME]/.config/optimize/config.toml
    saas,false,https://bru-2.optimize.camunda.io/c,[HOME]/.config/optimize/config.toml
    sandbox,false,,built in
    --- stderr
    ");
    check!(user.types("config validate -o ndjson"), @r#"
    exit 0
    --- stdout
    {"profile":"prod","valid":true,"problem":null}
    {"profile":"saas","valid":true,"problem":null}
    --- stderr
    "#);
    check!(user.without("MY_SECRET").types("config validate -o ndjson"), @r#"
    exit 3
    --- stdout
    {"profile":"prod","valid":false,"problem":"failed to read the client secret from environment variable MY_SECRET: it is not set"}
    {"profile":"saas","valid":true,"problem":null}
    --- stderr
    error: failed to validate 1 of 2 profiles
    "#);
    let user = User::new();
    user.configure("[profiles.a]\nbase_url = 'https://x'\n[profiles.a]\n");
    check!(user.types("config validate"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to read the configuration: [HOME]/.config/optimize/config.toml:3:11: duplicate key
    ");
}

#[test]
fn a_profile_that_is_initialised_is_tested_first() {
    check!(User::new().types("config init --no-input"), @r#"
    exit 2
    --- stdout
    --- stderr
    error: cannot ask "Where is Optimize?": standard input or error is not a terminal, or --no-input is set
    hint: pass --preset PRESET
    "#);
}

#[cfg(unix)]
#[test]
fn a_secret_can_come_from_a_program_of_one_s_own() {
    let server = Server::new();
    let user = User::of(&server).without("OPTIMIZE_CLIENT_SECRET").without("OPTIMIZE_CLIENT_ID");
    let pass = user.script("pass", &format!("test \"$1\" = show || exit 3\necho '{}'", server.client_secret()));
    let secret = |argument: &str| {
        format!(
            "auth.client_id = 'optimize-sandbox'\nauth.client_secret = {{ command = ['{}', '{argument}'] }}",
            pass.display()
        )
    };
    user.configure(&secret("show"));
    assert_eq!(user.types("auth token").code, Some(0));
    user.configure(&secret("hide"));
    check!(user.types("auth token"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to read the client secret from the program [HOME]/pass: it ended with exit status: 3
    ");
}

#[test]
fn a_setting_is_changed_in_place_and_read_again() {
    let user = User::new();
    user.configure(
        "# mine\ndefault_profile = 'prod'\n[profiles.prod]\nbase_url = 'https://optimize.example.com' # here\n",
    );
    check!(user.types("config set timeout 2m"), @"
    exit 0
    --- stdout
    --- stderr
    set timeout in the profile `prod`, in [HOME]/.config/optimize/config.toml
    ");
    check!(user.types("config set audience my-optimize").stderr, @"set auth.audience in the profile `prod`, in [HOME]/.config/optimize/config.toml");
    let file = user.read(".config/optimize/config.toml");
    assert!(file.contains("# mine") && file.contains("# here"), "{file}");
    assert_eq!(user.types("config get timeout").stdout, "2m\n");
    assert_eq!(user.types("config get auth.audience").stdout, "my-optimize\n");
    assert_eq!(user.types("config set allow_insecure_http true").code, Some(0));
    assert!(user.types("config list -o csv").stdout.contains("allow_insecure_http,true,"));
    // Nothing is written that cannot be read again.
    let before = user.read(".config/optimize/config.toml");
    for line in [
        "config set allow_insecure_http maybe",
        "config set auth.client_secret canary",
        "config set auth.command x",
        "config set nonsense x",
        "config set timeout 2x",
        "config set output yaml",
        "config set base_url optimize.example.com",
        "config set token_url http://login.example.com",
        "config set preset saass",
        "config set ca_file none.pem",
        "config set token_cache tokens",
        "config set base_ur x",
        "--profile sandbox config set timeout 1s",
    ] {
        let ran = user.types(line);
        assert!(matches!(ran.code, Some(2 | 3)) && !ran.stderr.contains("canary"), "{line}: {ran}");
    }
    assert_eq!(user.read(".config/optimize/config.toml"), before);
    check!(user.types("config get auth.scope"), @"
    exit 5
    --- stdout
    --- stderr
    error: failed to get auth.scope: it is not set
    ");
    // A file that stops every other command can be corrected.
    user.configure("timeout = '2x'\n");
    assert_eq!(user.types("report list --collection c").code, Some(3));
    assert_eq!(user.types("config set timeout 2m").code, Some(0));
    assert_eq!(user.types("config get timeout").stdout, "2m\n");
    assert_eq!(User::new().types("config set timeout 30s").code, Some(0), "the file is made if there is none");
}

#[test]
fn words_of_other_programs_lead_to_the_command() {
    let user = User::new();
    for (word, command) in
        [("login", "optimize auth login"), ("version", "optimize --version"), ("whoami", "optimize auth status")]
    {
        let ran = user.types(word);
        assert!(ran.code == Some(2) && ran.stderr.contains(&format!("hint: run: {command}")), "{ran}");
    }
}

#[test]
fn a_tilde_in_a_configured_path_is_the_home_directory() {
    let server = Server::new();
    let user = User::of(&server).without("OPTIMIZE_CLIENT_ID").without("OPTIMIZE_CLIENT_SECRET");
    user.file("keys/secret", server.client_secret());
    user.configure(&format!(
        "token_cache = '~/tokens'\n[auth]\nclient_id = '{}'\nclient_secret = {{ file = '~/keys/secret' }}\n",
        server.client_id()
    ));
    assert_eq!(user.types("auth token").code, Some(0));
    assert!(user.path("tokens").is_dir() && !user.path(".config/optimize/~").exists());
    let user = user.with("OPTIMIZE_CA_FILE", "~/none.pem");
    assert!(user.types("auth token").stderr.contains("[HOME]/none.pem"));
}

#[test]
fn a_home_directory_that_does_not_exist_is_not_made() {
    let server = Server::new();
    let user = User::of(&server);
    let home = user.path("missing");
    let user = user.with("HOME", home.to_str().unwrap());
    assert_eq!(user.types("report list --collection claims").code, Some(0));
    let ran = user.types("config set timeout 1m");
    assert!(ran.code == Some(3) && ran.stderr.contains("hint: set HOME"), "{ran}");
    assert!(!home.exists());
}

#[test]
fn a_value_that_cannot_be_read_is_a_problem_of_its_profile_only() {
    let user = User::new();
    user.configure(
        "[profiles.a]\ntimeout = '1x'\n[profiles.b]\npreset = 'sass'\n[profiles.c]\nbase_url = 'https://x.example'",
    );
    let ran = user.types("config validate -o ndjson");
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(3), 4), "{ran}");
    assert!(ran.stdout.contains("2:11): expected a duration") && ran.stdout.contains("did you mean `saas`?"), "{ran}");
    assert_eq!(user.types("config profiles").code, Some(0));
    assert_eq!(user.types("--profile a auth list").code, Some(0));
    assert_eq!(user.types("--profile a config set timeout 30s").code, Some(0));
    assert!(!user.types("config validate -o ndjson").stdout.contains("duration"));
}
