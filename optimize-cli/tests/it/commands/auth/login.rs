use optimize_sandbox::Sandbox;

use crate::harness::{Server, Terminal, User, mode};

fn answer(terminal: &mut Terminal, question: &str, answer: &str) {
    terminal.expect(question);
    terminal.say(answer);
}

#[test]
fn a_profile_is_set_up_tested_and_saved_and_its_secret_is_never_shown() {
    let server = Server::start(Sandbox::builder().client_secret("s3cr+t&%\""));
    let user = User::new();
    user.configure("# my own remark\n[profiles.other]\nbase_url = 'http://localhost:1'\n");
    let mut terminal = user.at_a_terminal("auth login");
    answer(&mut terminal, "Name of the profile", "");
    answer(&mut terminal, "Number, 1 to 5", "4");
    answer(&mut terminal, "Base URL", &server.base_url());
    answer(&mut terminal, "Token URL", &server.token_url());
    answer(&mut terminal, "Client id", server.client_id());
    answer(&mut terminal, "Client secret (not shown)", server.client_secret());
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(0), "{screen}");
    assert!(!screen.contains("s3cr"), "{screen}");
    assert!(screen.contains("the server accepts the token; saved the profile `default`"), "{screen}");
    let config = user.read(".config/optimize/config.toml");
    assert!(config.contains("# my own remark") && config.contains("[profiles.other]"), "{config}");
    assert!(config.contains("default_profile = \"default\"") && !config.contains("s3cr"), "{config}");
    assert_eq!(user.read(".config/optimize/default.secret"), "s3cr+t&%\"\n");
    for file in ["config.toml", "default.secret"] {
        assert_eq!(mode(&user.path(&format!(".config/optimize/{file}"))), 0o600);
    }
    let ran = user.types("auth status --check -o json");
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.contains("\"profile\":\"default\"") && ran.stdout.contains("\"accepted\":true"), "{ran}");
}

#[test]
fn a_profile_that_exists_is_replaced_only_after_a_question() {
    let server = Server::new();
    let user = User::new();
    let before = "[profiles.prod]\nbase_url = 'http://localhost:1'\n";
    user.configure(before);
    let mut terminal = user.at_a_terminal("auth login --profile prod");
    answer(&mut terminal, "The profile `prod` exists. Replace it and its secret? [y/N]", "n");
    assert_eq!(terminal.end().0, Some(130));
    assert_eq!(user.read(".config/optimize/config.toml"), before);
    let mut terminal = user.at_a_terminal("auth login --profile prod --replace");
    answer(&mut terminal, "Number, 1 to 5", "5");
    answer(&mut terminal, "Base URL", &server.base_url());
    answer(&mut terminal, "Shared token (not shown)", server.static_token());
    assert_eq!(terminal.end().0, Some(0));
    assert!(user.read(".config/optimize/config.toml").contains(&server.base_url()));
}

#[test]
fn what_does_not_work_is_not_saved() {
    let server = Server::new();
    let user = User::new();
    let mut terminal = user.at_a_terminal("auth login --profile prod");
    answer(&mut terminal, "Number, 1 to 5", "5");
    answer(&mut terminal, "Base URL", &server.base_url());
    answer(&mut terminal, "Shared token (not shown)", "wrong");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(4), "{screen}");
    assert!(!user.path(".config").exists(), "{screen}");
}

#[test]
fn interrupting_a_hidden_question_gives_the_terminal_back() {
    let user = User::new();
    let mut terminal = user.at_a_terminal("auth login --profile prod");
    answer(&mut terminal, "Number, 1 to 5", "5");
    answer(&mut terminal, "Base URL", "http://localhost:1");
    terminal.expect("Shared token (not shown)");
    terminal.say_raw("\u{3}");
    terminal.expect("echo is on");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(130), "{screen}");
}

#[test]
fn a_name_that_leads_elsewhere_is_refused() {
    let user = User::new();
    for name in ["../x", "a/b", "sandbox"] {
        let (code, screen) = user.at_a_terminal(&format!("auth login --profile {name}")).end();
        assert!(matches!(code, Some(2 | 3)), "{name}: {screen}");
    }
}

#[test]
fn without_a_terminal_nothing_is_asked() {
    let ran = User::new().types("auth login");
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(ran.stderr.contains("is no terminal"), "{ran}");
}

#[cfg(unix)]
#[test]
fn a_profile_with_a_helper_is_logged_in_by_the_helper() {
    let user = User::new();
    let helper = user.script(
        "helper",
        "echo '{\"optimize-credential\":{\"v\":[1],\"name\":\"h\",\"caps\":[\"get\",\"login\"]}}'\nread -r request\n\
         echo \"$request\" > \"$HOME/request\"\necho '{\"v\":1,\"id\":\"1\",\"ok\":{\"kind\":\"done\"}}'",
    );
    user.configure(&format!(
        "base_url = 'http://localhost:1'\nauth.command = ['{}']\nauth.interactive = 'if-tty'\n",
        helper.display()
    ));
    let (code, screen) = user.at_a_terminal("auth login").end();
    assert_eq!(code, Some(0), "{screen}");
    let request = user.read("request");
    assert!(request.contains("\"op\":\"login\"") && request.contains("\"interactive\":true"), "{request}");
}
