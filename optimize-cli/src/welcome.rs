//! What the program prints without a command: where to begin.

use crate::config::Settings;
use crate::env_vars::Environment;
use crate::error::CliError;
use crate::flags::GlobalArgs;
use crate::output::print_line;

/// Prints the first commands to type, for a user with a server and for one without.
pub(crate) fn print(flags: &GlobalArgs, environment: &Environment) -> Result<(), CliError> {
    let settings = Settings::load(&flags.overrides(), environment, false)?;
    let text = match settings.base_url() {
        Ok(url) => format!(
            "Optimize at {url}\n\n\
             \u{20} optimize auth doctor                      check the connection step by step\n\
             \u{20} optimize report list --collection ID      list reports\n\
             \u{20} optimize report data ID                   print the data of one\n\n\
             optimize --help lists every command."
        ),
        Err(_) => "Nothing is configured yet.\n\n\
             \u{20} optimize --sandbox report data orders-by-step   try it without a server\n\
             \u{20} optimize auth login                             set up a server\n\n\
             optimize --help lists every command."
            .to_owned(),
    };
    print_line(&text)
}
