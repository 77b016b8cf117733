//! Suggestions for misspelt names.

use optimize_auth::nearest;

use crate::error::Error;

/// Hints "did you mean" if one of `known` is close to `given`; the hint of `error` comes after it.
pub(crate) fn suggest<'a>(error: Error, given: &str, known: impl IntoIterator<Item = &'a str>) -> Error {
    match did_you_mean(given, known, error.hint()) {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

/// The hint that one of `known` is meant, followed by another one.
pub fn did_you_mean<'a>(
    given: &str,
    known: impl IntoIterator<Item = &'a str>,
    further: Option<&str>,
) -> Option<String> {
    let further = further.map(|hint| format!(" {hint}")).unwrap_or_default();
    nearest(given, known).map(|name| format!("did you mean `{name}`?{further}"))
}
