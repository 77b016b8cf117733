use std::path::PathBuf;

use clap::Args;

use crate::app::App;
use crate::error::CliError;
use crate::output::{Document, Outcome};

/// Print the manual page, or write the pages of all commands to a directory
#[derive(Args, Debug)]
pub(crate) struct ManPages {
    /// The directory; it must exist
    #[arg(long, value_name = "DIRECTORY")]
    dir: Option<PathBuf>,
}

impl ManPages {
    pub(crate) fn run(self, app: &App) -> Result<Outcome, CliError> {
        let command = (app.commands)();
        if let Some(dir) = self.dir {
            let failed = |error| CliError::io(format!("write manual pages to {}", dir.display()), error);
            clap_mangen::generate_to(command, &dir).map_err(failed)?;
            return Ok(Outcome::Done);
        }
        let mut page = Vec::new();
        let failed = |error| CliError::io("write the manual page", error);
        clap_mangen::Man::new(command).render(&mut page).map_err(failed)?;
        Ok(Outcome::Document(Document::new(page, None)))
    }
}
