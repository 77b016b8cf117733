//! The arguments.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{ArgAction, Args, CommandFactory, Parser, ValueEnum};
use clap_complete::engine::{ArgValueCandidates, SubcommandCandidates};

use crate::commands::Command;
use crate::output::Format;
use crate::{completion, examples};

/// Reports, dashboards and report data of Camunda Optimize.
#[derive(Debug, Parser)]
#[command(name = "optimize", version, styles = STYLES, max_term_width = 120)]
#[command(after_help = "Try it without a server: optimize --sandbox report data orders-by-step")]
#[command(add = SubcommandCandidates::new(completion::plugins))]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    /// Without one, where to begin is told.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// All commands, with their examples.
pub(crate) fn command() -> clap::Command {
    examples::add_to(Cli::command())
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

/// The flags that every command takes, before or after its name.
#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "flags are independent of each other")]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// The profile of the configuration to use; `sandbox` is built in
    #[arg(long, global = true, value_name = "NAME", add = ArgValueCandidates::new(completion::profiles))]
    pub(crate) profile: Option<String>,
    /// A configuration file to read besides the user's own
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The base URL of Optimize: what comes before /api
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// Use an embedded server with demo data; no other setting is needed
    #[arg(long, global = true, conflicts_with_all = ["base_url", "profile", "client_secret_file", "token_file"])]
    pub(crate) sandbox: bool,
    /// Read the client secret from this file; - for standard input
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "token_file")]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// Use the token in this file; - for standard input
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// The output format; auto is a table on a terminal, else ndjson, or json for a single record
    #[arg(short, long, global = true, value_name = "FORMAT", ignore_case = true)]
    pub(crate) output: Option<Format>,
    /// The columns of a table or of CSV, comma-separated, in this order; of JSON the members. Variables as variable:NAME
    #[arg(long, global = true, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_default_value = true)]
    pub(crate) color: ColorChoice,
    /// Print no progress and no remarks
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Log to standard error; twice or thrice for more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// How long one request may take, its retries included, such as 30s or 2m [default: 60s]
    #[arg(long, global = true, value_name = "DURATION", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Never ask; fail where an answer would be needed
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// Answer yes to every question
    #[arg(short, long, global = true)]
    pub(crate) yes: bool,
}

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

/// A duration with its unit, longer than nothing.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let problem = || format!("expected a duration such as 30s or 2m, not {text:?}");
    let signed: jiff::SignedDuration = text.trim().parse().map_err(|_| problem())?;
    Duration::try_from(signed).ok().filter(|duration| !duration.is_zero()).ok_or_else(problem)
}
