//! How data looks, whatever it is.

/// What was chosen, and what the screen can show.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) wraps: bool,
    /// Columns of the screen. `None` where the output does not go to one; then nothing is cut.
    pub(crate) width: Option<usize>,
    /// Whether there is colour.
    pub(crate) is_styled: bool,
    /// What stands before an id in the address of its page, if ids are to lead there.
    pub(crate) page: Option<String>,
}
