//! Suggestions for misspelt names.

use crate::error::CliError;

/// Adds "did you mean" to `error` if one of `known` is close to `given`.
pub(crate) fn suggest<'a>(error: CliError, given: &str, known: impl IntoIterator<Item = &'a str>) -> CliError {
    let scored = known.into_iter().map(|name| (strsim::jaro_winkler(given, name), name));
    match scored.filter(|(score, _)| *score > 0.75).max_by(|(a, _), (b, _)| a.total_cmp(b)) {
        Some((_, name)) => error.with_hint(format!("did you mean `{name}`?")),
        None => error,
    }
}
