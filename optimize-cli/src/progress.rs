//! How far a long export is, on a terminal.

use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use crate::printer::Printer;
use crate::text::visible;

/// Shorter work shows none.
const PATIENCE: Duration = Duration::from_millis(500);

/// How much there is, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Extent {
    Rows(u64),
    /// Of files that are read.
    Bytes(u64),
    Unknown,
}

/// A bar that appears after half a second if standard error is a terminal and standard output does not go there too.
pub(crate) struct Progress {
    bar: ProgressBar,
    rows: u64,
    bytes: u64,
    begun: Instant,
    /// Whether it may appear, and has not yet.
    is_due: bool,
}

impl Progress {
    pub(crate) fn new(printer: Printer, to_screen: bool) -> Self {
        let is_due = printer.can_redraw() && !to_screen;
        Self { bar: ProgressBar::hidden(), rows: 0, bytes: 0, begun: Instant::now(), is_due }
    }

    /// `rows` more are done, with so many bytes.
    pub(crate) fn advance(&mut self, rows: u64, bytes: u64, extent: Extent) {
        self.rows += rows;
        self.bytes += bytes;
        let of_all = match extent {
            Extent::Rows(all) => {
                self.bar.set_length(all);
                self.bar.set_position(self.rows);
                format!(" of {}", HumanCount(all))
            }
            Extent::Bytes(all) => {
                self.bar.set_length(all);
                self.bar.set_position(self.bytes);
                String::new()
            }
            Extent::Unknown => String::new(),
        };
        let (rows, elapsed) = (self.rows, self.begun.elapsed());
        let a_second = u64::try_from(u128::from(rows) * 1000 / elapsed.as_millis().max(1)).unwrap_or_default();
        let (rows, size, rate) = (HumanCount(rows), HumanBytes(self.bytes), HumanCount(a_second));
        self.bar.set_message(format!("{rows}{of_all} rows, {size}, {rate} rows/s"));
        if self.is_due && elapsed > PATIENCE {
            self.is_due = false;
            let template = match extent {
                Extent::Unknown => "{spinner} {msg}",
                Extent::Rows(_) | Extent::Bytes(_) => "{wide_bar} {msg}, {eta} left",
            };
            let style = ProgressStyle::with_template(template);
            self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// Takes the bar off the screen, before something else is printed there.
    pub(crate) fn clear(&mut self) {
        self.is_due = false;
        self.bar.finish_and_clear();
    }

    pub(crate) fn restart(&mut self) {
        (self.rows, self.bytes, self.begun) = (0, 0, Instant::now());
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
    pub(crate) fn begin(what: &str, printer: Printer) -> Self {
        if !printer.can_redraw() {
            return Self(ProgressBar::hidden());
        }
        let spinner = ProgressBar::new_spinner();
        spinner.set_message(visible(what).into_owned());
        spinner.enable_steady_tick(Duration::from_millis(120));
        Self(spinner)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
