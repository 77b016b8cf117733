//! Suggestions for misspelt names.

use crate::config::did_you_mean;
use crate::error::CliError;

/// Hints "did you mean" if one of `known` is close to `given`; the hint of `error` comes after it.
pub(crate) fn suggest<'a>(error: CliError, given: &str, known: impl IntoIterator<Item = &'a str>) -> CliError {
    match did_you_mean(given, known, error.hint().as_deref()) {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}
