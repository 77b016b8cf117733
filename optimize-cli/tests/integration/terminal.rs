//! A person at a terminal: the tutorial of the README, completion in the shells people use, interruption.

use std::cell::Cell;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use optimize_sandbox::{Fault, FaultRule, Sandbox};
use tempfile::TempDir;

use crate::harness::Server;
use crate::variable;

/// A screen of 100 by 30 with a shell, and a home directory of its own.
struct Screen {
    home: TempDir,
    runs: Cell<u32>,
}

/// How the shell asks for the next command; nothing else on the screen looks like it.
const PROMPT: &str = "ready>";

impl Screen {
    /// `None` where no terminal was set up for this.
    fn start(shell: &str) -> Option<Self> {
        variable("OPTIMIZE_TEST_TERMINAL")?;
        let screen = Self { home: TempDir::new().unwrap(), runs: Cell::new(0) };
        let binaries = Path::new(env!("CARGO_BIN_EXE_optimize")).parent().unwrap();
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", binaries.display());
        let home = screen.home.path().to_str().unwrap();
        let arguments = ["new-session", "-d", "-c", home, "-x", "100", "-y", "30", "env", "-i"];
        let variables = [format!("HOME={home}"), format!("PATH={path}"), format!("PS1={PROMPT} ")];
        let fixed = ["TERM=screen-256color", "LANG=C.UTF-8", "FORCE_HYPERLINK=0", "SHELL=/bin/sh"];
        let mut command = screen.tmux(&arguments);
        command.args(variables).args(fixed).args(shell.split(' '));
        assert!(command.status().unwrap().success());
        Some(screen)
    }

    fn tmux(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.arg("-f").arg("/dev/null").arg("-S").arg(self.home.path().join("tmux")).args(arguments);
        command.stdin(Stdio::null());
        command
    }

    fn press(&self, keys: &[&str]) {
        assert!(self.tmux(&[&["send-keys"], keys].concat()).status().unwrap().success());
    }

    fn type_text(&self, text: &str) {
        assert!(self.tmux(&["send-keys", "-l", text]).status().unwrap().success());
    }

    /// What is on the screen, without the empty lines below.
    fn seen(&self) -> String {
        let output = self.tmux(&["capture-pane", "-p"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    #[expect(clippy::disallowed_methods, reason = "a person waits by the clock")]
    fn wait_for(&self, what: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let seen = self.seen();
            if what(&seen) {
                return seen;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "the screen stays:\n{seen}");
            sleep(Duration::from_millis(50));
        }
    }

    /// Types a command on an empty screen and waits for the next prompt.
    fn run(&self, command: &str) -> String {
        self.wait_for(|seen| seen.ends_with(PROMPT));
        // The end of this one differs from the end of the one before.
        let number = self.runs.get() + 1;
        self.runs.set(number);
        let end = format!("{number}: code ");
        self.type_text(&format!("clear; {command}; echo \"{end}$?\""));
        self.press(&["Enter"]);
        let seen = self.wait_for(|seen| seen.ends_with(PROMPT) && seen.contains(&end));
        seen.trim_end_matches(PROMPT).trim_end().replace(&end, "code ")
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Nobody looks at it any more.
        let _ = self.tmux(&["kill-server"]).status();
    }
}

#[test]
fn the_tutorial_of_the_readme_is_walked() {
    let Some(screen) = Screen::start("bash --norc --noprofile") else { return };
    insta::assert_snapshot!(screen.run("optimize"), @"
    Nothing is configured yet.

      optimize --sandbox report data orders-by-step   try it without a server
      optimize auth login                             set up a server

    optimize --help lists every command.
    code 0
    ");
    insta::assert_snapshot!(screen.run("optimize --sandbox report data orders-by-step"), @"
    key             value   label
    receiveOrder    1350.0  Receive order
    checkStock      3294.0  Check stock
    chargePayment   1111.0  Charge payment
    packGoods               Pack goods
    shipGoods       1151.0  Ship goods
    notifyCustomer  4282.0  Notify customer
    code 0
    ");
    insta::assert_snapshot!(screen.run("optimize --sandbox report list --collection claims"), @"
    id
    claims-by-month
    claims-by-month-and-risk
    claims-by-risk
    claims-count
    claims-raw
    code 0
    ");
    insta::assert_snapshot!(screen.run("optimize --sandbox report data orders-raw -f orders.csv && head -c 60 orders.csv"), @"
    wrote 25000 rows to orders.csv
    processDefinitionKey,processDefinitionId,processInstanceId,ccode 0
    ");
    insta::assert_snapshot!(screen.run("optimize --sandbox report dat"), @"
    error: unrecognized subcommand 'dat'

      tip: a similar subcommand exists: 'data'

    Usage: optimize report [OPTIONS] <COMMAND>

    For more information, try '--help'.
    code 2
    ");
    insta::assert_snapshot!(screen.run("optimize report list --collection x"), @"
    error: no base URL is set
    hint: pass --base-url URL, set OPTIMIZE_BASE_URL, or try the embedded server with --sandbox
    code 3
    ");
    insta::assert_snapshot!(screen.run("optimize --sandbox report data orders-raw -o ndjson | head -1 | cut -c1-60"), @r#"
    {"processDefinitionKey":"order-process","processDefinitionId
    code 0
    "#);
}

#[test]
fn a_long_table_is_paged_by_less() {
    let Some(screen) = Screen::start("bash --norc --noprofile") else { return };
    screen.wait_for(|seen| seen.ends_with(PROMPT));
    screen.type_text("optimize --sandbox report data orders-raw; echo code $?");
    screen.press(&["Enter"]);
    let seen = screen.wait_for(|seen| seen.ends_with(':'));
    assert!(seen.contains("processDefinitionKey"), "{seen}");
    screen.press(&["C-c"]);
    // less forgets keys that come while it deals with the interruption.
    screen.wait_for(|seen| {
        let is_on_first_page = seen.contains("processDefinitionKey");
        if is_on_first_page {
            screen.press(&["Space"]);
        }
        seen.ends_with(':') && !is_on_first_page
    });
    screen.press(&["q"]);
    screen.wait_for(|seen| seen.contains("code 0"));
}

#[test]
fn long_work_shows_how_far_it_is() {
    let Some(screen) = Screen::start("bash --norc --noprofile") else { return };
    let line = "amount,Double,1021.50,instance,invoice";
    screen.run(&format!(
        "(echo name,type,value,processInstanceId,processDefinitionKey; yes {line} | head -300000) > v.csv"
    ));
    screen.type_text("clear; optimize --sandbox variable ingest v.csv; echo code $?");
    screen.press(&["Enter"]);
    let seen = screen.wait_for(|seen| seen.contains(" rows/s, "));
    assert!(seen.contains("iB, ") && seen.ends_with(" left"), "{seen}");
    let seen = screen.wait_for(|seen| seen.contains("code 0"));
    assert!(seen.contains("accepted  300000") && !seen.contains("rows/s"), "{seen}");
}

#[test]
fn an_interruption_at_a_prompt_ends_the_command_and_the_terminal_shows_what_is_typed_again() {
    let Some(screen) = Screen::start("bash --norc --noprofile") else { return };
    screen.wait_for(|seen| seen.ends_with(PROMPT));
    screen.type_text("optimize auth login; echo code $?");
    screen.press(&["Enter"]);
    screen.wait_for(|seen| seen.ends_with("Name of the profile [default]:"));
    screen.press(&["C-c"]);
    screen.wait_for(|seen| seen.contains("code 130"));
    screen.type_text("echo visible");
    screen.wait_for(|seen| seen.contains("echo visible"));
}

/// Types a line, asks for its completion, and waits until the screen holds `wanted`.
fn completes(screen: &Screen, line: &str, wanted: &str) {
    screen.press(&["C-u"]);
    screen.type_text(line);
    screen.press(&["Tab"]);
    screen.wait_for(|seen| seen.contains(wanted));
}

fn check_completions(screen: &Screen) {
    completions(screen);
    check_hostile_text(screen);
}

fn completions(screen: &Screen) {
    completes(screen, "optimize process-def", "optimize process-definition");
    completes(screen, "optimize --profile prod", "optimize --profile production");
    completes(screen, "optimize --sandbox report list --collection inv", "--collection invoices");
    completes(screen, "optimize repai", "optimize repair");
}

/// What is there to be completed: a profile and a plugin.
fn furnish(screen: &Screen) {
    let home = screen.home.path();
    std::fs::create_dir_all(home.join(".config/optimize")).unwrap();
    std::fs::write(home.join(".config/optimize/config.toml"), "[profiles.production]\n").unwrap();
    let plugin = home.join("optimize-repair");
    std::fs::write(&plugin, "#!/bin/sh\n").unwrap();
    let mut install = Command::new(env!("CARGO_BIN_EXE_optimize"));
    install.args(["plugin", "install"]).arg(&plugin).env_clear().env("HOME", home).stdout(Stdio::null());
    assert!(install.status().unwrap().success());
    std::fs::remove_file(plugin).unwrap();
}

/// Ids that a shell would obey, and one that it would not.
const IDS: &str = r#"[{"id":"$(touch PWNED)"},{"id":"`touch PWNED`"},{"id":"x;touch PWNED"},{"id":"*"},{"id":"-rf"},
    {"id":"new\nline"},{"id":"\u001b[2J"},{"id":"good.one"}]"#;

/// A server whose collections have such ids: a tab and ENTER run nothing, and neither does a command that a hint offers.
fn check_hostile_text(screen: &Screen) {
    let fault = Fault::response(200, "application/json", IDS);
    let rule = FaultRule::new("/api/public/collection", fault).times(u32::MAX);
    let server = Server::start(Sandbox::builder().fault(rule));
    let home = screen.home.path();
    let configuration = format!("base_url = '{}'\nauth.token = '{}'\n", server.base_url(), server.static_token());
    let path = home.join(".config/optimize/config.toml");
    std::fs::write(&path, configuration).unwrap();
    crate::harness::set_mode(&path, 0o600);
    screen.press(&["C-u"]);
    screen.type_text("clear");
    screen.press(&["Enter"]);
    completes(screen, "optimize report list --collection ", "--collection good.one");
    screen.press(&["Enter"]);
    let directory = home.join("$(touch PWNED)");
    std::fs::create_dir(&directory).unwrap();
    std::fs::write(directory.join("p.toml"), "base_url = 'https://evil.example'").unwrap();
    screen.wait_for(|seen| seen.ends_with(PROMPT));
    screen.type_text("clear; optimize --config '$(touch PWNED)/p.toml' ready");
    screen.press(&["Enter"]);
    screen.wait_for(|seen| seen.contains("optimize config trust '$(touch PWNED)/p.toml'"));
    // As the hint has it.
    screen.type_text("clear; optimize config trust '$(touch PWNED)/p.toml' --yes");
    screen.press(&["Enter"]);
    screen.wait_for(|seen| seen.contains("is trusted until it changes"));
    assert!(!home.join("PWNED").exists());
}

#[test]
fn bash_completes() {
    let Some(screen) = Screen::start("bash --norc --noprofile") else { return };
    furnish(&screen);
    screen.run("source <(optimize completion bash)");
    check_completions(&screen);
}

#[test]
fn zsh_completes() {
    let Some(screen) = Screen::start("zsh -f") else { return };
    furnish(&screen);
    screen.run("autoload -U compinit && compinit -u -D && source <(optimize completion zsh)");
    check_completions(&screen);
}

#[test]
fn fish_completes() {
    let Some(screen) = Screen::start("fish --no-config") else { return };
    furnish(&screen);
    sleep(Duration::from_millis(500));
    screen.type_text(&format!("function fish_prompt; echo '{PROMPT} '; end; clear"));
    screen.press(&["Enter"]);
    screen.wait_for(|seen| seen == PROMPT);
    screen.type_text("optimize completion fish | source");
    screen.press(&["Enter"]);
    screen.wait_for(|seen| seen.ends_with(PROMPT));
    check_completions(&screen);
}
