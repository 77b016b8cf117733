//! Logs and warnings on standard error, as text or as JSON.

use std::fmt::Debug;
use std::io::{self, Write};

use clap::ValueEnum;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

use crate::env_vars::{Environment, LOG};
use crate::error::CliError;
use crate::printer::Printer;
use crate::text::{quoted, visible_json};

const OURS: [&str; 4] = ["optimize_auth", "optimize_api", "optimize_config", "optimize_cli"];

/// One line a request, which `-v` shows though libraries log it at debug.
const REQUESTS: [&str; 2] = ["optimize_auth::requests", "optimize_api::requests"];

/// The form of the lines on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object a line: log, remarks, warnings and the error at the end
    Json,
}

/// A further layer, for each span.
pub(crate) type SpanLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// How much is logged: what the flag says, or else the variable.
pub(crate) fn verbosity(flag: u8, environment: &Environment) -> Result<u8, CliError> {
    const LEVELS: [&str; 4] = ["warn", "info", "debug", "trace"];
    let Some(word) = environment.setting(LOG)?.filter(|_| flag == 0) else { return Ok(flag) };
    let level =
        LEVELS.iter().position(|level| level.eq_ignore_ascii_case(word)).and_then(|level| level.try_into().ok());
    level.ok_or_else(|| {
        let problem =
            format!("{LOG} (environment variable): expected warn, info, debug or trace, not {}", quoted(word));
        CliError::config(problem).stating()
    })
}

/// Starts logging our own crates: `-v` info, `-vv` debug, `-vvv` trace; without, warnings alone, as the program's own.
/// Foreign crates are left out, since what they log of requests is not known to be free of secrets. `spans` gets every span
/// of ours, however much is logged.
pub(crate) fn start(verbosity: u8, format: LogFormat, printer: Printer, spans: Option<SpanLayer>) {
    let level = match verbosity {
        0 => Level::WARN,
        1 => Level::INFO,
        2 => Level::DEBUG,
        _ => Level::TRACE,
    };
    let mut targets = Targets::new().with_targets(OURS.map(|target| (target, level)));
    if verbosity > 0 {
        targets = targets.with_targets(REQUESTS.map(|target| (target, Level::DEBUG.max(level))));
    }
    let ours = Targets::new().with_targets(OURS.map(|target| (target, Level::DEBUG)));
    let subscriber = tracing_subscriber::registry().with(spans.map(|layer| layer.with_filter(ours)));
    // A second start in one process, as in tests, keeps the first.
    let _ = subscriber.with(lines(verbosity, format, printer).with_filter(targets)).try_init();
}

fn lines<S: Subscriber + for<'a> LookupSpan<'a>>(
    verbosity: u8,
    format: LogFormat,
    printer: Printer,
) -> Box<dyn Layer<S> + Send + Sync> {
    // Without colours, so that whatever escape sequence is left in a line is not ours.
    let layer = tracing_subscriber::fmt::layer().with_writer(|| Visible).with_ansi(false);
    match format {
        _ if verbosity == 0 => Warnings(printer).boxed(),
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_current_span(false).boxed(),
    }
}

/// Standard error, for log lines: what a server or a file has chosen in them is made visible.
struct Visible;

impl Write for Visible {
    /// A log line arrives in one piece.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        io::stderr().write_all(visible_json(&String::from_utf8_lossy(line)).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Prints events as the warnings of a command.
struct Warnings(Printer);

impl<S: Subscriber> Layer<S> for Warnings {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        self.0.warning(&message.0);
    }
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
