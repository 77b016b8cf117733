//! Completion, manual pages, help, pagers, links: what makes typing pleasant.

use std::collections::BTreeMap;

use crate::harness::{Server, User, check};

/// The words of every command, the program itself among them.
pub(crate) fn commands(user: &User) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut open = vec![Vec::new()];
    while let Some(words) = open.pop() {
        let line: Vec<&str> = words.iter().map(String::as_str).chain(["-h"]).collect();
        let help = user.run(&line).stdout;
        let listed = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
        // Continued lines are indented further.
        for name in listed.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
            let name = name.split_whitespace().next().unwrap().to_owned();
            // It prints what `--help` prints.
            if name != "help" {
                open.push(words.iter().cloned().chain([name]).collect());
            }
        }
        found.push(words);
    }
    found.sort();
    found
}

/// The help of a command. Only the program's own help lists the flags that every command takes.
pub(crate) fn help(user: &User, words: &[String]) -> String {
    let line: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
    let ran = user.run(&line);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let (own, rest) = ran.stdout.split_once("Global options:\n").unwrap();
    let examples = rest.split_once("\nExample").map(|(_, examples)| format!("Example{examples}"));
    if words.is_empty() { ran.stdout.clone() } else { format!("{own}{}", examples.unwrap_or_default()) }
}

#[test]
fn the_help_of_every_command_is_as_it_was_read_last() {
    let user = User::new();
    let commands = commands(&user);
    assert!(commands.len() > 55, "{commands:?}");
    for words in commands {
        let text = help(&user, &words);
        let name = if words.is_empty() { "help".to_owned() } else { format!("help-{}", words.join("-")) };
        insta::with_settings!({ filters => crate::harness::filters(), prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, text);
        });
    }
}

#[test]
fn help_is_a_command_too() {
    let user = User::new();
    assert_eq!(user.types("help report data").stdout, user.types("report data --help").stdout);
    assert_eq!(user.types("help reprot").code, Some(2));
}

#[test]
fn the_name_alone_prints_where_to_begin() {
    let user = User::new();
    check!(user.types(""), @"
    exit 0
    --- stdout
    Nothing is configured yet.

      optimize --sandbox report data orders-by-step   try it without a server
      optimize auth login                             set up a server

    optimize --help lists every command.
    --- stderr
    ");
    let user = user.with("OPTIMIZE_BASE_URL", "https://optimize.example.com");
    check!(user.types("").stdout, @"
    Optimize at https://optimize.example.com/

      optimize auth doctor                      check the connection step by step
      optimize report list --collection ID      list reports
      optimize report data ID                   print the data of one

    optimize --help lists every command.
    ");
}

/// What bash offers for a line, whose last word is being typed.
fn offered(user: &User, line: &str) -> Vec<String> {
    let directory = std::path::Path::new(env!("CARGO_BIN_EXE_optimize")).parent().unwrap();
    let script = format!(
        "source <(optimize completion bash)\nCOMP_WORDS=({line})\nCOMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))\nCOMP_TYPE=9\n\
         _clap_complete_optimize optimize \"${{COMP_WORDS[COMP_CWORD]}}\" 2>/dev/null\nprintf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let mut bash = std::process::Command::new("bash");
    bash.args(["--norc", "-c", &script]).env_clear().envs(user.environment());
    bash.env("PATH", format!("{}:{}:/usr/bin:/bin", directory.display(), user.path("bin").display()));
    let output = bash.current_dir(user.path("")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|word| word.trim_end().to_owned()).collect()
}

#[cfg(unix)]
#[test]
fn bash_completes_commands_profiles_collections_and_plugins() {
    let server = Server::new();
    let user = User::of(&server);
    user.configure("[profiles.prod]\nbase_url = 'https://x'\n[profiles.production]\n[profiles.test]");
    user.script("bin/optimize-repair", "exit");
    assert_eq!(offered(&user, "optimize rep"), ["repair", "report"]);
    assert_eq!(offered(&user, "optimize --profile pro"), ["prod", "production"]);
    assert_eq!(offered(&user, "optimize report data x --outp"), ["--output"]);
    assert_eq!(offered(&user, "optimize -o nd"), ["ndjson"]);
    assert_eq!(offered(&user, "optimize report list --collection ''"), ["claims", "invoices", "orders", "returns"]);
    assert_eq!(offered(&user, "optimize --sandbox dashboard ls --collection inv"), ["invoices"]);
    let nobody = User::new();
    assert_eq!(offered(&nobody, "optimize report list --collection ''"), [""], "nothing, and no error");
}

#[test]
fn every_shell_has_a_script() {
    let user = User::new();
    user.configure("this is not TOML");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = user.types(&format!("completion {shell}"));
        assert!(ran.code == Some(0) && ran.stdout.contains("optimize"), "{shell}: {ran}");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let user = User::new();
    assert!(user.types("man").stdout.contains(".TH optimize 1"));
    std::fs::create_dir(user.path("man")).unwrap();
    assert_eq!(user.types("man --dir man").code, Some(0));
    let pages = std::fs::read_dir(user.path("man")).unwrap().count();
    assert_eq!(pages, commands(&user).len());
    assert!(user.read("man/optimize-report-data.1").contains("Examples"));
    assert_eq!(user.types("man --dir nowhere").code, Some(3));
}

#[test]
fn columns_are_chosen_in_every_format() {
    let user = User::of_a_server();
    let line = "report data claims-raw --limit 1 --columns inputVariable:amount,decisionDefinitionKey,none --columns-optional -o";
    let rows: BTreeMap<_, _> = ["table", "csv", "ndjson", "json"]
        .map(|format| (format, user.types(&format!("{line} {format}")).stdout))
        .into();
    let blocks: Vec<_> = rows.iter().map(|(format, text)| format!("{format}:\n{text}")).collect();
    check!(blocks.join("\n"), @r#"
    csv:
    inputVariable:amount,decisionDefinitionKey,none
    24372.5,assess-claim,

    json:
    [
    {"inputVariable:amount":24372.5,"decisionDefinitionKey":"assess-claim"}
    ]

    ndjson:
    {"inputVariable:amount":24372.5,"decisionDefinitionKey":"assess-claim"}

    table:
    inputVariable:amount  decisionDefinitionKey  none
    24372.5               assess-claim
    "#);
}

#[cfg(unix)]
#[test]
fn wide_letters_take_two_columns_and_a_narrow_screen_is_not_left() {
    let user = User::of_a_server();
    for name in ["カンバン", "Depot"] {
        user.run(&["collection", "create", name, "--owner", "見本"]);
    }
    let ids: Vec<_> =
        user.types("collection ls").stdout.lines().map(|line| line.split('"').nth(3).unwrap().to_owned()).collect();
    let record = user.run(&["collection", "get", &ids[0], "-o", "table", "--columns", "name,owner"]).stdout;
    check!(record, @"
    name   カンバン
    owner  見本
    ");
    let mut terminal = user.at_a_terminal("report data orders-by-step");
    terminal.expect("receiveOrder");
    let (_, screen) = terminal.end();
    assert!(screen.lines().all(|line| line.chars().count() <= 130), "{screen}");
    let narrow = format!(
        "cols=20; stty cols $cols; {} --color never report data claims-raw --limit 2",
        env!("CARGO_BIN_EXE_optimize")
    );
    let (_, screen) = user.shell_at_a_terminal(&narrow).end();
    // What was seen are bytes.
    let screen = String::from_utf8(screen.chars().map(|byte| u8::try_from(byte).unwrap()).collect()).unwrap();
    let widest =
        screen.lines().filter(|line| !line.contains("columns shown")).map(|line| line.trim_end().chars().count()).max();
    assert!(widest <= Some(20), "{screen}");
}

#[cfg(unix)]
#[test]
fn a_long_table_goes_to_the_pager_and_nothing_else_does() {
    let user = User::of_a_server().with("TERM", "xterm");
    let pager = user.script("pager", "echo \"paged by $LESS\"; head -n 2; exec cat > /dev/null");
    let user = user.with("PAGER", pager.to_str().unwrap());
    let (code, screen) = user.at_a_terminal("report list --collection claims").end();
    assert!(code == Some(0) && screen.contains("paged by FRX") && screen.contains("claims-by-month"), "{screen}");
    assert!(!screen.contains("claims-raw"), "{screen}");
    for line in ["report list --collection claims -o ndjson", "report list --collection claims | cat"] {
        let (_, screen) = user.at_a_terminal(line).end();
        assert!(!screen.contains("paged") && screen.contains("claims-raw"), "{line}: {screen}");
    }
    // One who leaves early has seen enough.
    let impatient = user.script("impatient", "exit 0");
    let user = user.with("OPTIMIZE_PAGER", impatient.to_str().unwrap());
    assert_eq!(user.at_a_terminal("report data orders-raw").end().0, Some(0));
}

#[cfg(unix)]
#[test]
fn ids_lead_to_their_pages_where_the_terminal_has_links() {
    let server = Server::new();
    let user = User::of(&server).with("FORCE_HYPERLINK", "1");
    let link = format!("\u{1b}]8;;{}/#/report/claims-raw\u{1b}\\claims-raw\u{1b}]8;;\u{1b}\\", server.base_url());
    let (_, screen) = user.at_a_terminal("report list --collection claims").end();
    assert!(screen.contains(&link), "{screen:?}");
    for line in ["--color never report list --collection claims", "report list --collection claims -o table | cat"] {
        let (_, screen) = user.at_a_terminal(line).end();
        assert!(!screen.contains("\u{1b}]8"), "{line}: {screen:?}");
    }
}

#[test]
fn colour_is_used_when_it_is_wanted() {
    let user = User::of_a_server();
    let heading = |user: &User, line: &str| user.types(line).stdout.lines().next().unwrap().to_owned();
    let (plain, bold) = ("id", "\u{1b}[1mid\u{1b}[0m");
    let line = "collection ls -o table";
    assert_eq!(heading(&user, line), plain);
    assert_eq!(heading(&user, &format!("{line} --color always")), bold);
    let user = user.with("CLICOLOR_FORCE", "1");
    assert_eq!(heading(&user, line), bold);
    assert_eq!(heading(&user, &format!("{line} --color never")), plain);
    assert_eq!(heading(&user.with("NO_COLOR", "1"), line), plain);
}

#[test]
fn plugins_are_listed_below_the_help() {
    let user = User::new();
    user.script("bin/optimize-collect", "exit");
    let directory = user.path("bin");
    let user = user.with("PATH", directory.to_str().unwrap());
    assert!(user.types("--help").stdout.ends_with("\nPlugins: collect\n"));
    assert!(!user.types("report --help").stdout.contains("Plugins:"));
}
