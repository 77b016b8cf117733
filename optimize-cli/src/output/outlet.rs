//! Where rendered bytes go: to the target at once, or by way of a backlog.

use std::io::{self, Write};

use super::backlog::Backlog;
use super::target::Target;

/// The target of one output.
pub(super) enum Outlet {
    /// Writes wait for the target.
    Direct(Target),
    /// For rows that come from a server while they are read.
    Backlog(Backlog),
}

impl Outlet {
    pub(super) fn new(target: Target, is_stream: bool) -> io::Result<Self> {
        if is_stream { Backlog::start(target).map(Self::Backlog) } else { Ok(Self::Direct(target)) }
    }

    pub(super) async fn finish(self) -> io::Result<()> {
        match self {
            Self::Direct(target) => target.finish(),
            Self::Backlog(backlog) => backlog.finish().await,
        }
    }

    /// Gives a reader what was written so far.
    pub(super) async fn abandon(self) {
        if let Self::Backlog(backlog) = self {
            // There is an error to report already.
            let _ = backlog.finish().await;
        }
    }
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Direct(target) => target.write(bytes),
            Self::Backlog(backlog) => backlog.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Direct(target) => target.flush(),
            Self::Backlog(backlog) => backlog.flush(),
        }
    }
}
