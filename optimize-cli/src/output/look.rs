//! How data looks, whatever it is.

use super::row::Column;

/// What was chosen, and what the screen can show.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// The columns that were chosen; all if empty.
    pub(crate) columns: Vec<Column>,
    pub(crate) is_csv_safe: bool,
    pub(crate) wraps: bool,
    /// Of the screen.
    pub(crate) width: usize,
    /// Whether there is colour.
    pub(crate) is_styled: bool,
    /// What stands before an id in the address of its page, if ids are to lead there.
    pub(crate) page: Option<String>,
}
