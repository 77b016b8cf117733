//! Standard error: remarks, warnings, errors.

use std::fmt;
use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::env_vars::{CLICOLOR_FORCE, Environment, GITHUB_ACTIONS, NO_COLOR, TERM};
use crate::error::CliError;
use crate::logging::LogFormat;
use crate::text::{visible, visible_json};

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set; elsewhere if `CLICOLOR_FORCE` is
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl fmt::Display for ColorChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_possible_value().map_or(Ok(()), |value| f.write_str(value.get_name()))
    }
}

/// Writes to standard error. What cannot be written there is lost, since there is no other place for it.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "streams and flags are independent of each other")]
pub(crate) struct Printer {
    pub(crate) quiet: bool,
    /// On standard error.
    pub(crate) color: bool,
    /// On standard output, for what else writes there.
    pub(crate) colors_stdout: bool,
    /// Whether standard error is a terminal that knows escape sequences.
    has_screen: bool,
    /// Whether each line is a JSON object.
    is_json: bool,
    /// Whether errors and warnings are annotations of a workflow run of GitHub.
    annotates: bool,
}

impl Printer {
    pub(crate) fn new(quiet: bool, choice: ColorChoice, format: LogFormat, environment: &Environment) -> Self {
        let is_json = format == LogFormat::Json;
        let is_set = |name| environment.raw(name).is_some_and(|value| !value.is_empty());
        let is_forced = is_set(CLICOLOR_FORCE) && environment.raw(CLICOLOR_FORCE).is_some_and(|value| value != "0");
        // A terminal of this name prints escape sequences.
        let is_dumb = environment.raw(TERM).is_some_and(|term| term == "dumb");
        let colors = |is_terminal: bool| match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => !is_set(NO_COLOR) && (is_forced || (is_terminal && !is_dumb)),
        };
        let has_screen = std::io::stderr().is_terminal();
        Self {
            quiet,
            color: colors(has_screen),
            colors_stdout: colors(std::io::stdout().is_terminal()),
            has_screen: has_screen && !is_dumb && !is_json,
            is_json,
            annotates: !is_json && environment.raw(GITHUB_ACTIONS).is_some_and(|value| value == "true"),
        }
    }

    /// Whether lines on standard error can be drawn again, as those of progress are.
    pub(crate) fn can_redraw(self) -> bool {
        self.has_screen && !self.quiet
    }

    /// Something nice to know; not printed with `--quiet`.
    pub(crate) fn remark(self, text: &str) {
        if !self.quiet {
            self.say(text);
        }
    }

    /// Something that a question is about, and so is printed with `--quiet` too.
    pub(crate) fn say(self, text: &str) {
        if self.is_json {
            return self.object("INFO", text, None);
        }
        self.line("", Style::new(), text);
    }

    /// Something to act upon.
    pub(crate) fn warning(self, text: &str) {
        if self.is_json {
            return self.object("WARN", text, None);
        }
        if self.annotates {
            return self.annotate("warning", text);
        }
        self.line("warning: ", AnsiColor::Yellow.on_default().bold(), text);
    }

    /// The end of a command that failed: for people, or as one JSON object for machines.
    pub(crate) fn error(self, error: &CliError, as_json: bool) {
        if self.is_json {
            return self.object("ERROR", &error.in_full(), Some(error.to_json()));
        }
        if as_json {
            return self.json(&json!({ "error": error.to_json() }));
        }
        if self.annotates {
            self.annotate("error", &error.in_full());
        } else {
            self.line("error: ", AnsiColor::Red.on_default().bold(), &error.in_full());
        }
        for detail in error.details() {
            self.line("  ", Style::new(), &detail);
        }
        if let Some(hint) = error.hint() {
            self.line("hint: ", AnsiColor::Cyan.on_default().bold(), &hint);
        }
    }

    /// A line as the log has it, and the error that it is about.
    fn object(self, level: &str, message: &str, error: Option<Value>) {
        let time = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        let mut object = json!({ "timestamp": time, "level": level, "message": message });
        if let Some(error) = error {
            object["error"] = error;
        }
        self.json(&object);
    }

    fn json(self, object: &Value) {
        let uncolored = Self { color: false, ..self };
        uncolored.write("", Style::new(), &visible_json(&object.to_string()));
    }

    /// A line that GitHub shows beside the run, and in its log as an error or a warning. A percent sign would begin an escape.
    fn annotate(self, kind: &str, text: &str) {
        self.write("", Style::new(), &format!("::{kind} title=optimize::{}", visible(text).replace('%', "%25")));
    }

    /// The one way of a text to standard error. Nothing in it can act on a terminal.
    fn line(self, label: &str, style: Style, text: &str) {
        self.write(label, style, &visible(text));
    }

    fn write(self, label: &str, style: Style, text: &str) {
        let mut stderr = std::io::stderr().lock();
        let _ = if self.color {
            writeln!(stderr, "{style}{label}{style:#}{text}")
        } else {
            writeln!(stderr, "{label}{text}")
        };
    }
}
