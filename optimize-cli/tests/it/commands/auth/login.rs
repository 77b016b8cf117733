use optimize_sandbox::Sandbox;

use crate::harness::{Server, Terminal, User, check, mode};

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
    answer(&mut terminal, "Set audience, scope or a CA file? [y/N]", "");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(0), "{screen}");
    assert!(!screen.contains("s3cr"), "{screen}");
    assert!(screen.contains("the server accepts the token"), "{screen}");
    assert!(
        screen.contains("saved the profile `default`") && screen.contains("next: optimize report list"),
        "{screen}"
    );
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
    answer(&mut terminal, "Set audience, scope or a CA file? [y/N]", "n");
    assert_eq!(terminal.end().0, Some(0));
    assert!(user.read(".config/optimize/config.toml").contains(&server.base_url()));
}

#[test]
fn after_a_failed_test_an_answer_is_changed_and_nothing_else_asked_again() {
    let server = Server::new();
    let user = User::new();
    let mut terminal = user.at_a_terminal("auth login --profile prod");
    answer(&mut terminal, "Number, 1 to 5", "5");
    // An answer that cannot be used is asked for again, alone.
    answer(&mut terminal, "Base URL", "optimize.example.com");
    terminal.expect("This cannot be used: ");
    answer(&mut terminal, "Base URL", &format!("{}/#/collections", server.base_url()));
    answer(&mut terminal, "Shared token (not shown)", "wrong");
    answer(&mut terminal, "Set audience, scope or a CA file? [y/N]", "");
    terminal.expect("the server returned 401");
    answer(&mut terminal, "Number, 1 to 4", "1");
    terminal.expect("Shared token: (not shown)");
    answer(&mut terminal, "Number, 1 to 3", "3");
    answer(&mut terminal, "Shared token (not shown)", &format!("Bearer {}", server.static_token()));
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(0), "{screen}");
    assert_eq!(user.read(".config/optimize/prod.secret"), format!("{}\n", server.static_token()));
    assert!(user.read(".config/optimize/config.toml").contains(&format!("base_url = \"{}\"", server.base_url())));
}

#[test]
fn what_does_not_work_is_saved_only_if_that_is_wanted() {
    for (choice, code, is_saved) in [("4", Some(130), false), ("3", Some(0), true)] {
        let server = Server::new();
        let user = User::new();
        let mut terminal = user.at_a_terminal("auth login --profile prod");
        answer(&mut terminal, "Number, 1 to 5", "5");
        answer(&mut terminal, "Base URL", &server.base_url());
        answer(&mut terminal, "Shared token (not shown)", "wrong");
        answer(&mut terminal, "Set audience, scope or a CA file? [y/N]", "");
        answer(&mut terminal, "Number, 1 to 4", choice);
        let ended = terminal.end();
        assert_eq!(ended.0, code, "{}", ended.1);
        assert_eq!(user.path(".config").exists(), is_saved, "{}", ended.1);
    }
}

#[test]
fn a_pasted_address_of_camunda_saas_answers_two_questions() {
    let user = User::new();
    let mut terminal = user.at_a_terminal("auth login --profile saas --timeout 1s");
    answer(&mut terminal, "Number, 1 to 5", "1");
    answer(
        &mut terminal,
        "Region such as bru-2, or the address",
        "https://bru-2.optimize.camunda.io/c-1/#/collections",
    );
    answer(&mut terminal, "Client id", "id");
    answer(&mut terminal, "Client secret (not shown)", "secret");
    answer(&mut terminal, "[y/N]", "y");
    answer(&mut terminal, "Audience (Enter: the usual one)", "my-optimize");
    answer(&mut terminal, "Scope (Enter: none)", "");
    answer(&mut terminal, "PEM file with the CA's certificate", "");
    answer(&mut terminal, "Number, 1 to 4", "3");
    assert_eq!(terminal.end().0, Some(0));
    let config = user.read(".config/optimize/config.toml");
    for line in ["preset = \"saas\"", "region = \"bru-2\"", "cluster_id = \"c-1\"", "audience = \"my-optimize\""] {
        assert!(config.contains(line), "{config}");
    }
    assert!(!config.contains("scope") && !config.contains("ca_file"), "{config}");
}

#[test]
fn every_question_has_a_flag_so_no_terminal_is_needed() {
    let server = Server::new();
    let user = User::new();
    user.file("secret.txt", &format!("{}\n", server.client_secret()));
    let line = format!(
        "auth login --profile ci --preset oauth --base-url {}/api --token-url {} --client-id {} --client-secret-file secret.txt",
        server.base_url(),
        server.token_url(),
        server.client_id()
    );
    let ran = user.types(&line);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stderr.contains("saved the profile `ci`"), "{ran}");
    assert_eq!(user.types("auth status --check").code, Some(0));
    // It is not replaced unasked, and a flag that cannot be used is named.
    let again = user.types(&line);
    assert!(again.code == Some(2) && again.stderr.contains("--replace"), "{again}");
    let wrong = user.types(&format!("{line} --replace --token-url http://login.example.com/token"));
    assert_eq!(wrong.code, Some(2), "{wrong}");
    let wrong = user.types(&line.replace(&server.token_url(), "nowhere").replace("--profile ci", "--profile two"));
    assert!(wrong.code == Some(2) && wrong.stderr.contains("error: --token-url: "), "{wrong}");
    let failing = line.replace("--profile ci", "--profile three").replace("secret.txt", "other.txt");
    user.file("other.txt", "wrong");
    assert_eq!(user.types(&failing).code, Some(4));
    assert!(!user.read(".config/optimize/config.toml").contains("three"));
    assert_eq!(user.types(&format!("{failing} --save-anyway")).code, Some(0));
    assert!(user.read(".config/optimize/config.toml").contains("three"));
}

#[test]
fn a_profile_is_switched_to_and_listed() {
    let user = User::new();
    user.configure("default_profile = 'a'\n[profiles.a]\nbase_url = 'http://localhost:1'\n[profiles.b]\nbase_url = 'http://localhost:2'\n");
    assert_eq!(user.types("auth switch b").code, Some(0));
    check!(user.types("auth list --columns profile,current"), @r#"
    exit 0
    --- stdout
    {"profile":"a","current":false}
    {"profile":"b","current":true}
    {"profile":"sandbox","current":false}
    --- stderr
    "#);
    let status = user.types("auth status --columns profile,base_url");
    assert_eq!(status.stdout, "{\"profile\":\"b\",\"base_url\":\"http://localhost:2/\"}\n");
    check!(user.types("config use bb"), @"
    exit 3
    --- stdout
    --- stderr
    error: failed to switch to the profile `bb`: it is not in your configuration
    hint: did you mean `b`? optimize auth login sets one up
    ");
    let mut terminal = user.at_a_terminal("auth switch");
    answer(&mut terminal, "Number, 1 to 3", "1");
    assert_eq!(terminal.end().0, Some(0));
    assert_eq!(user.types("config get base_url").stdout, "http://localhost:1/\n".replace("1/", "1"));
}

#[test]
fn a_prompt_ends_at_once_when_it_is_interrupted() {
    let user = User::new();
    let mut terminal = user.at_a_terminal("auth login");
    terminal.expect("Name of the profile");
    terminal.say_raw("\u{3}");
    assert_eq!(terminal.end().0, Some(130));
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
    check!(User::new().types("auth login"), @r#"
    exit 2
    --- stdout
    --- stderr
    error: cannot ask "Where is Optimize?": standard input or error is not a terminal, or --no-input is set
    hint: pass --preset PRESET
    "#);
    check!(User::new().types("auth login --preset saas --region bru-2 --cluster-id c --client-id i"), @r#"
    exit 2
    --- stdout
    --- stderr
    error: cannot ask "Client secret": standard input or error is not a terminal, or --no-input is set
    hint: pass --client-secret-file FILE
    "#);
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
