//! Questions to the user, and what only a person may do.

use std::io::IsTerminal;

use super::App;
use crate::env_vars::{Environment, PLUGIN_NAME};
use crate::error::CliError;
use crate::output::check_columns;
use crate::prompt::Terminal;
use crate::text::visible;

impl App {
    /// Whether the user can be asked.
    pub(crate) fn is_interactive(&self) -> bool {
        !self.flags.no_input && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Fails if `--columns` names a column that is not one of `known`. For commands that change something before they
    /// have rows to print.
    pub(crate) fn check_columns(&self, known: &[&str]) -> Result<(), CliError> {
        if self.flags.columns_optional { Ok(()) } else { check_columns(&self.flags.columns, known) }
    }

    /// Asks whether to continue; `--yes` confirms.
    pub(crate) fn confirm(&self, question: &str) -> Result<(), CliError> {
        if self.flags.yes {
            return Ok(());
        }
        if !self.is_interactive() {
            let problem =
                format!("cannot ask \"{question}\": standard input or error is not a terminal, or --no-input is set");
            return Err(CliError::usage(problem).stating().with_hint("pass --yes if you are sure"));
        }
        if Terminal::open()?.agrees(question)? { Ok(()) } else { Err(CliError::declined()) }
    }

    /// Fails if a plugin calls: only the user may change this. A plugin can hide that it is one; see SECURITY.md.
    pub(crate) fn only_for_people(&self, action: &str) -> Result<(), CliError> {
        match plugin_that_asks(&self.environment) {
            Some(name) => {
                Err(CliError::untrusted(format!("{action}: the plugin {name} asks for it, and only a person may")))
            }
            None => Ok(()),
        }
    }
}

/// The plugin that has started this program.
pub(crate) fn plugin_that_asks(environment: &Environment) -> Option<String> {
    environment.raw(PLUGIN_NAME).map(|name| visible(&name.to_string_lossy()).into_owned())
}
