//! The exit codes that scripts may rely on.

use std::process::ExitCode;

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Done = 0,
    /// A defect of ours.
    Unexpected = 1,
    Usage = 2,
    /// Configuration or input that cannot be used, including a base URL that is not Optimize's.
    Configuration = 3,
    /// No token, or one without permission.
    Authentication = 4,
    NotFound = 5,
    Rejected = 6,
    Unavailable = 7,
    /// Something was done, but not all.
    Incomplete = 8,
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
