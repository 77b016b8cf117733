//! Logs on standard error, asked for with `-v`.

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging our own crates: `-v` info, `-vv` debug, `-vvv` trace. Foreign crates are left out, since what they log
/// of requests is not known to be free of secrets.
pub(crate) fn start(verbosity: u8, color: bool) {
    let level = match verbosity {
        0 => return,
        1 => Level::INFO,
        2 => Level::DEBUG,
        _ => Level::TRACE,
    };
    let ours = ["optimize_auth", "optimize_api", "optimize_cli"].map(|target| (target, level));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(color);
    // A second start in one process, as in tests, keeps the first.
    let _ = tracing_subscriber::registry().with(Targets::new().with_targets(ours)).with(lines).try_init();
}
