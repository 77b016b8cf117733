//! The checks that need nothing but the file.

use std::collections::BTreeSet;

use super::{Candidate, Problems};
use optimize_api::json_text::JsonText;

const KINDS: [&str; 4] = ["single_process_report", "single_decision_report", "combined_report", "dashboard"];
const LONGEST_DESCRIPTION: usize = 400;

/// What PowerShell's `ConvertTo-Json` writes for what lies deeper than its `-Depth`.
const CUT_OFF: [&str; 4] = ["\"@{", "\"System.Object[]\"", "\"System.Collections.", "\"System.Management.Automation."];

pub(super) fn check(candidates: &[Candidate<'_>], problems: &mut Problems) {
    let ids: BTreeSet<_> = candidates.iter().map(|candidate| candidate.id.as_str()).collect();
    for (place, candidate) in candidates.iter().enumerate() {
        for problem in members(candidate).into_iter().chain(system_entity(candidate)).chain(missing(candidate, &ids)) {
            problems.add(place, problem);
        }
        if candidates[..place].iter().any(|other| !other.id.is_empty() && other.id == candidate.id) {
            problems.add(place, "another definition in the file has the same id");
        }
    }
}

/// What may be refused by some releases.
pub(super) fn warnings(candidates: &[Candidate<'_>]) -> Vec<String> {
    let has_filter = |candidate: &&Candidate<'_>| {
        let filters = candidate.inside.member("availableFilters").and_then(JsonText::elements).unwrap_or_default();
        let mut kinds = filters.iter().filter_map(|filter| filter.member("type")?.string());
        candidate.is_dashboard() && kinds.any(|kind| kind.eq_ignore_ascii_case("variable"))
    };
    let filtered: Vec<_> = candidates.iter().filter(has_filter).map(Candidate::shown).collect();
    if filtered.is_empty() {
        return Vec::new();
    }
    let count = if filtered.len() == 1 { "1 dashboard".to_owned() } else { format!("{} dashboards", filtered.len()) };
    vec![format!(
        "{count} with a variable filter: Camunda 8.8 and 8.9 refuse these (camunda/camunda issue 55766): {}",
        filtered.join(", ")
    )]
}

/// Members that are missing or of another type.
fn members(candidate: &Candidate<'_>) -> Vec<String> {
    let inside = candidate.inside;
    let mut problems = Vec::new();
    if CUT_OFF.iter().any(|text| inside.json().contains(text)) {
        problems.push(
            "PowerShell has cut off what lies deep inside; write the file with ConvertTo-Json -Depth 100".to_owned(),
        );
    }
    match inside.member("exportEntityType") {
        None => problems.push("`exportEntityType` is missing".to_owned()),
        Some(_) if KINDS.contains(&candidate.kind.as_str()) => {}
        Some(kind) => problems.push(format!("`exportEntityType` is {}, which is not known", kind.json())),
    }
    for name in ["id", "name"] {
        problems.extend(wrong(inside, name, "a string", |value| value.is_text() && !value.is_empty()));
    }
    problems.extend(wrong(inside, "sourceIndexVersion", "a whole number", |value| value.json().parse::<i64>().is_ok()));
    let description = inside.member("description").filter(|value| value.json() != "null");
    if let Some(description) = description {
        let length = description.string().map(|text| text.encode_utf16().count());
        if length.is_none_or(|length| !(1..=LONGEST_DESCRIPTION).contains(&length)) {
            problems.push(format!("`description` must be null or have 1 to {LONGEST_DESCRIPTION} characters"));
        }
    }
    if candidate.is_dashboard() {
        // Older releases call the tiles of a dashboard reports.
        let tiles =
            if inside.member("tiles").is_none() && inside.member("reports").is_some() { "reports" } else { "tiles" };
        problems.extend([tiles, "availableFilters"].iter().filter_map(|name| array(inside, name)));
    } else {
        problems.extend(wrong(inside, "data", "an object", JsonText::is_object));
    }
    problems
}

fn array(inside: JsonText<'_>, name: &str) -> Option<String> {
    wrong(inside, name, "an array", |value| value.elements().is_some())
}

fn wrong<'a>(
    inside: JsonText<'a>,
    name: &str,
    wanted: &str,
    is_right: impl Fn(JsonText<'a>) -> bool,
) -> Option<String> {
    match inside.member(name) {
        None => Some(format!("`{name}` is missing")),
        Some(value) if is_right(value) => None,
        Some(value) if value.is_empty() => Some(format!("`{name}` is empty")),
        Some(value) => Some(format!("`{name}` is {}, not {wanted}", value.kind())),
    }
}

/// Entities that Optimize makes itself are refused.
fn system_entity(candidate: &Candidate<'_>) -> Option<String> {
    const FLAGS: [(&str, &str); 5] = [
        ("data.managementReport", "a management report"),
        ("data.instantPreviewReport", "an instant preview"),
        ("managementDashboard", "a management dashboard"),
        ("instantPreviewDashboard", "an instant preview"),
        ("isInstantPreviewDashboard", "an instant preview"),
    ];
    let is_set = |path: &str| candidate.inside.at(path).is_some_and(|value| value.json() == "true");
    let (_, what) = FLAGS.into_iter().find(|(path, _)| is_set(path))?;
    Some(format!("it is {what}, which cannot be imported"))
}

/// The parts of a combined report and the reports on a dashboard must be in the file. Tiles of other kinds have ids too,
/// but those are no reports'.
fn missing(candidate: &Candidate<'_>, ids: &BTreeSet<&str>) -> Vec<String> {
    let inside = candidate.inside;
    let is_report = |tile: &JsonText<'_>| match tile.member("type") {
        None => true,
        Some(kind) => {
            kind.json() == "null" || kind.string().is_some_and(|kind| kind.eq_ignore_ascii_case("optimize_report"))
        }
    };
    let tiles = inside.member("tiles").or(inside.member("reports")).and_then(JsonText::elements).unwrap_or_default();
    let parts = inside.at("data.reports").and_then(JsonText::elements).unwrap_or_default();
    let references = tiles.into_iter().filter(is_report).chain(parts);
    let references = references.filter_map(|reference| reference.member("id")?.string());
    let missing: BTreeSet<_> = references.filter(|id| !id.is_empty() && !ids.contains(id.as_str())).collect();
    missing.into_iter().map(|id| format!("it uses the report {id}, which is not in the file")).collect()
}
