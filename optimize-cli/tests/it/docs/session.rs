//! The shell lines of a page, typed one after another.

use std::fmt::Write as _;

use regex::Regex;

use super::world::World;

/// Stand around what a line prints, and are printed by nothing else.
const BEGIN: char = '\u{1e}';
const END: char = '\u{1f}';

/// A line with what it is said to print.
struct Line {
    command: String,
    output: String,
}

#[derive(Default)]
pub(super) struct Session {
    script: String,
    lines: Vec<Line>,
}

impl Session {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Shell that must succeed.
    pub(super) fn prepare(&mut self, shell: &str) {
        self.step(shell, "");
    }

    pub(super) fn file(&mut self, name: &str, text: &str) {
        let mode = if text.starts_with("#!") { "755" } else { "600" };
        self.prepare(&format!(
            "mkdir -p \"$(dirname {name})\" && cat > {name} <<'END OF FILE' && chmod {mode} {name}\n{text}END OF FILE"
        ));
    }

    /// The lines of a block, and of each whether its output is compared.
    pub(super) fn lines(&mut self, block: &str) -> Result<Vec<bool>, String> {
        let mut lines: Vec<Line> = Vec::new();
        for text in block.lines() {
            match (text.strip_prefix("$ "), text.strip_prefix("> "), lines.last_mut()) {
                (Some(command), ..) => lines.push(Line { command: command.to_owned(), output: String::new() }),
                (_, Some(more), Some(line)) if line.output.is_empty() => {
                    line.command.push('\n');
                    line.command.push_str(more);
                }
                (.., Some(line)) => {
                    line.output.push_str(text);
                    line.output.push('\n');
                }
                _ => return Err(format!("a block of the shell begins without `$ `:\n{block}")),
            }
        }
        let are_compared = lines.iter().map(|line| !line.output.is_empty()).collect();
        for line in lines {
            self.step(&line.command, &line.output);
        }
        Ok(are_compared)
    }

    fn step(&mut self, command: &str, output: &str) {
        let number = self.lines.len();
        // In braces, so that variables and the working directory stay for the next one.
        writeln!(
            self.script,
            "printf '{BEGIN}{number}{BEGIN}'\n{{ {command}\n}} < /dev/null\nprintf '{END}%d{END}' $?"
        )
        .unwrap();
        self.lines.push(Line { command: command.to_owned(), output: output.to_owned() });
    }

    /// What went otherwise than the page says.
    pub(super) fn run(&self, world: &World) -> Vec<String> {
        let script =
            format!("stty cols 110; stty -onlcr\n{}\nkill $(jobs -p) 2> /dev/null\n", World::as_run(&self.script));
        let screen = world.run(&script);
        let mut complaints = Vec::new();
        for (number, line) in self.lines.iter().enumerate() {
            let begin = format!("{BEGIN}{number}{BEGIN}");
            let shown = screen.split_once(&begin).and_then(|(_, rest)| rest.split_once(END));
            let Some((shown, rest)) = shown else {
                complaints.push(format!("it never came to: {}\n{screen}", line.command));
                break;
            };
            let code = rest.split_once(END).map_or("", |(code, _)| code);
            let shown = world.as_told(shown);
            let fails = line.output.lines().any(|line| line.starts_with("error:"));
            if (code != "0") != fails {
                complaints.push(format!("exit code {code} of: {}\n{shown}", line.command));
            } else if !line.output.is_empty() && !pattern(&line.output).is_match(&trimmed(&shown)) {
                complaints.push(format!("{} prints\n{}\ninstead of\n{}", line.command, trimmed(&shown), line.output));
            }
        }
        complaints
    }
}

/// Output without what nobody sees.
fn trimmed(output: &str) -> String {
    let lines: Vec<_> = output.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// Matches output as written on a page, in which `…` may be anything.
fn pattern(expected: &str) -> Regex {
    let any = regex::escape(&trimmed(expected)).replace("\n…", "(?:\n.*)?").replace('…', ".*");
    Regex::new(&format!("(?s)^{any}$")).unwrap()
}
