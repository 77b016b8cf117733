//! The flags that every command takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};

use crate::config::{Overrides, duration};
use crate::format::Format;
use crate::logging::LogFormat;
use crate::printer::ColorChoice;

/// They stand before or after the name of the command.
#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "flags are independent of each other")]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// The profile of the configuration to use; `sandbox` is built in
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Also read this configuration file
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Use the file of --config even if it is not trusted; see `optimize config trust`
    #[arg(long, global = true)]
    pub(crate) trust_config: bool,
    /// The base URL of Optimize, without /api
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
    /// Columns to print, separated by commas. Variables: variable:NAME; members of objects: counts.incidents
    #[arg(long, global = true, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// Accept columns that no row has
    #[arg(long, global = true, requires = "columns")]
    pub(crate) columns_optional: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_default_value = true)]
    pub(crate) color: ColorChoice,
    /// Print only results and errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Log what is done; -vv and -vvv log more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// The form of what is printed on standard error
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text", hide_default_value = true)]
    pub(crate) log_format: LogFormat,
    /// Write what the run did to this file, as JSON: requests, retries, bytes, rows, durations, exit code
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) summary: Option<PathBuf>,
    /// Add a line to this file for each request that changes something, as JSON
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) audit: Option<PathBuf>,
    /// The longest time for a request and its retries, such as 30s or 2m [default: 60s]
    #[arg(long, global = true, value_name = "DURATION", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Do not ask; fail instead
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// Answer yes to every question
    #[arg(short, long, global = true)]
    pub(crate) yes: bool,
}

impl GlobalArgs {
    /// The flags that are settings.
    pub(crate) fn overrides(&self) -> Overrides {
        Overrides {
            profile: self.profile.clone(),
            config: self.config.clone(),
            trust_config: self.trust_config,
            base_url: self.base_url.clone(),
            sandbox: self.sandbox,
            client_secret_file: self.client_secret_file.clone(),
            token_file: self.token_file.clone(),
            output: self.output.map(Format::name),
            timeout: self.timeout,
        }
    }
}
