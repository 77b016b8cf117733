//! Suggestions for misspelt names.

use optimize_auth::nearest;

use crate::error::CliError;

/// Hints "did you mean" if one of `known` is close to `given`; the hint of `error` comes after it.
pub(crate) fn suggest<'a>(error: CliError, given: &str, known: impl IntoIterator<Item = &'a str>) -> CliError {
    match nearest(given, known) {
        Some(name) => {
            let further = error.hint().map(|hint| format!(" {hint}")).unwrap_or_default();
            error.with_hint(format!("did you mean `{name}`?{further}"))
        }
        None => error,
    }
}
