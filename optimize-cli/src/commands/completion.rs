use clap::Args;

use crate::completion::{Shell, script};
use crate::error::CliError;
use crate::output::{Document, Outcome};

/// Print the completion script of a shell
///
/// Profiles, collections and plugins are completed too.
#[derive(Args, Debug)]
pub(crate) struct Completion {
    #[arg(value_enum)]
    shell: Shell,
}

impl Completion {
    pub(crate) fn run(self) -> Result<Outcome, CliError> {
        Ok(Outcome::Document(Document::new(script(self.shell)?, None)))
    }
}
