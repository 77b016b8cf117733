//! Suggestions for misspelt names.

use crate::error::CliError;

/// Hints "did you mean" if one of `known` is close to `given`; the hint of `error` comes after it.
pub(crate) fn suggest<'a>(error: CliError, given: &str, known: impl IntoIterator<Item = &'a str>) -> CliError {
    match best(given, known, 0.75) {
        Some(name) => {
            let further = error.hint().map(|hint| format!(" {hint}")).unwrap_or_default();
            error.with_hint(format!("did you mean `{name}`?{further}"))
        }
        None => error,
    }
}

/// The one of `known` that `given` is very close to.
pub(super) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    best(given, known, 0.9)
}

fn best<'a>(given: &str, known: impl IntoIterator<Item = &'a str>, least: f64) -> Option<&'a str> {
    let scored = known.into_iter().map(|name| (strsim::jaro_winkler(given, name), name));
    let (_, name) = scored.filter(|(score, _)| *score > least).max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    Some(name)
}
