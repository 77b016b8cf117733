//! How far a long export is, on a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

/// Shorter work shows none.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar that appears after half a second if standard error is a terminal and standard output does not go there too.
pub(crate) struct Progress {
    bar: ProgressBar,
    bytes: u64,
    begun: Option<Instant>,
}

impl Progress {
    pub(crate) fn new(quiet: bool, to_screen: bool) -> Self {
        let is_wanted = !quiet && !to_screen && std::io::stderr().is_terminal();
        Self { bar: ProgressBar::hidden(), bytes: 0, begun: is_wanted.then(Instant::now) }
    }

    /// `rows` more have come, with so many bytes, of `total` rows if that is known.
    pub(crate) fn advance(&mut self, rows: u64, bytes: u64, total: Option<u64>) {
        self.bar.inc(rows);
        self.bytes += bytes;
        self.bar.set_message(HumanBytes(self.bytes).to_string());
        if let Some(total) = total {
            self.bar.set_length(total);
        }
        if self.begun.is_some_and(|begun| begun.elapsed() > PATIENCE) {
            self.begun = None;
            let template = match self.bar.length() {
                Some(_) => "{wide_bar} {human_pos} of {human_len} rows, {msg}, {per_sec}, {eta} left",
                None => "{spinner} {human_pos} rows, {msg}, {per_sec}",
            };
            let style = ProgressStyle::with_template(template);
            self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    pub(crate) fn restart(&mut self) {
        self.bytes = 0;
        self.bar.set_position(0);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Something that is waited for: a spinner and a text, under the same conditions.
pub(crate) struct Waiting(ProgressBar);

impl Waiting {
    pub(crate) fn begin(what: String, quiet: bool) -> Self {
        if quiet || !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let spinner = ProgressBar::new_spinner();
        spinner.set_message(what);
        spinner.enable_steady_tick(Duration::from_millis(120));
        Self(spinner)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
