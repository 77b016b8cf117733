//! The exit codes that scripts may rely on.

use std::process::ExitCode;

/// Declares the exit codes, each with its meaning as the help prints it.
macro_rules! exits {
    ($($name:ident = $code:literal, $about:literal;)*) => {
        /// How the program ended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Exit {
            $(#[doc = $about] $name = $code,)*
        }

        /// The codes and what they mean, for the help.
        pub(crate) const HELP: &str = concat!("Exit codes:\n", $("  ", $code, "  ", $about, "\n",)*);
    };
}

exits! {
    Done = 0, "done; a reader that closes the pipe counts as done";
    Unexpected = 1, "unexpected: an internal error; please report it. Of `definitions diff` and `drift`: something differs";
    Usage = 2, "usage: an unknown flag, a missing argument";
    Configuration = 3, "configuration or input: a bad setting, an unreadable file, a base URL that is not Optimize's";
    Authentication = 4, "authentication or permission: the token endpoint refuses, 401 after a new token, 403";
    NotFound = 5, "not found";
    Rejected = 6, "rejected by the server: another 4xx, 500";
    Unavailable = 7, "unavailable: no connection, a timeout, 429, 502, 503 or 504 after retries, not ready";
    Incomplete = 8, "incomplete: a page was lost, rows were refused, some of several ids failed";
    Interrupted = 130, "interrupted, or a declined question";
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
