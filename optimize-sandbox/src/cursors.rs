//! The cursors of report data.

use std::collections::HashMap;

/// The open scrolls. Each request moves a scroll on, whether or not its response arrives; the cursor's text never changes.
#[derive(Debug, Default)]
pub(crate) struct Cursors {
    pub(crate) open: HashMap<String, Scroll>,
    opened: u64,
}

#[derive(Debug)]
pub(crate) struct Scroll {
    pub(crate) report: String,
    pub(crate) position: u64,
    pub(crate) page_size: u64,
    pub(crate) lapses: i64,
}

impl Cursors {
    pub(crate) fn open(&mut self, scroll: Scroll) -> String {
        self.opened += 1;
        // Real cursors are base64 text with characters that must be encoded in a query.
        let cursor = format!("scroll+{:06}/==", self.opened);
        self.open.insert(cursor.clone(), scroll);
        cursor
    }
}
