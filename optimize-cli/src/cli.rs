//! The arguments: all commands, with their flags, examples and completions.

use clap::builder::styling::{AnsiColor, Styles};
use clap::{CommandFactory, Parser};

use crate::commands::Command;
use crate::flags::GlobalArgs;
use crate::{completion, examples, exit_code};

const TRY_IT: &str = "Try it without a server: optimize --sandbox report data orders-by-step";

/// Reports, dashboards and report data of Camunda Optimize.
#[derive(Debug, Parser)]
#[command(name = "optimize", version, styles = STYLES, max_term_width = 120)]
#[command(after_help = TRY_IT, after_long_help = format!("{}\n{TRY_IT}", exit_code::HELP))]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    /// Without one, the program prints where to begin.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// All commands, with their examples and what completes them.
pub(crate) fn command() -> clap::Command {
    completion::add_to(examples::add_to(Cli::command()))
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default())
    .placeholder(AnsiColor::Cyan.on_default());
