//! Open files that are no concern of the programs we start.

/// Closes what the parent has left open, except standard input, output and error, for every program that is started from
/// now on. Our own files are closed for them anyway.
#[cfg(unix)]
pub(crate) fn keep_from_children() {
    close_fds::set_fds_cloexec_threadsafe(3, &[]);
}

#[cfg(not(unix))]
pub(crate) fn keep_from_children() {}
