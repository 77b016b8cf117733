//! How far a long export is, on a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

/// Shorter work shows none.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar that appears after half a second if standard error is a terminal and standard output does not go there too.
pub(crate) struct Progress {
    bar: ProgressBar,
    begun: Option<Instant>,
}

impl Progress {
    pub(crate) fn new(quiet: bool, to_screen: bool) -> Self {
        let is_wanted = !quiet && !to_screen && std::io::stderr().is_terminal();
        Self { bar: ProgressBar::hidden(), begun: is_wanted.then(Instant::now) }
    }

    /// `rows` more have come, of `total` if that is known.
    pub(crate) fn advance(&mut self, rows: u64, total: Option<u64>) {
        self.bar.inc(rows);
        if let Some(total) = total {
            self.bar.set_length(total);
        }
        if self.begun.is_some_and(|begun| begun.elapsed() > PATIENCE) {
            self.begun = None;
            let style = ProgressStyle::with_template("{wide_bar} {human_pos} of {human_len} rows, {eta} left");
            self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    pub(crate) fn restart(&self) {
        self.bar.set_position(0);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
