//! The description of the API as each release of Camunda has it, from the one that has them all.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::util::{Outcome, root};

const DESCRIPTION: &str = "docs/openapi.yaml";

/// The releases, by the names of the sandbox, with their releases, and the status of an operation without a response.
pub(crate) const RELEASES: [(&str, &str, &str); 4] =
    [("8.6", "8.0 to 8.6", "204"), ("8.7", "8.7", "204"), ("8.8", "8.8 and 8.9", "200"), ("8.10", "8.10", "200")];

/// The releases that have what exists since these releases, by `x-since`.
fn have(since: &str) -> &'static [&'static str] {
    match since {
        "8.7" => &["8.7", "8.8", "8.10"],
        "8.10" | "8.10 in development" => &["8.10"],
        // The oldest responds as Optimize for Camunda 7 too.
        "C7 3.0 alone" => &["8.6"],
        _ => &["8.6", "8.7", "8.8", "8.10"],
    }
}

/// Writes the description of each release into a directory.
pub(crate) fn write(directory: &Path) -> Outcome {
    fs::create_dir_all(directory)?;
    let description = description()?;
    for (release, releases, done) in RELEASES {
        let mut own = description.clone();
        own["info"]["version"] = releases.into();
        let paths = own["paths"].as_object_mut().ok_or("the description has no paths")?;
        for operations in paths.values_mut().filter_map(Value::as_object_mut) {
            operations
                .retain(|_, operation| have(operation["x-since"].as_str().unwrap_or_default()).contains(&release));
            operations
                .values_mut()
                .filter_map(|operation| operation["responses"].as_object_mut())
                .for_each(|it| keep(it, done));
        }
        paths.retain(|_, operations| operations.as_object().is_some_and(|operations| !operations.is_empty()));
        let text = format!("{}\n", serde_json::to_string_pretty(&own)?);
        fs::write(directory.join(format!("{release}.json")), text)?;
    }
    Ok(())
}

/// Of two statuses for the same the one that this release sends.
fn keep(responses: &mut Map<String, Value>, done: &str) {
    if responses.contains_key("200") && responses.contains_key("204") {
        responses.retain(|status, _| status == done || (status != "200" && status != "204"));
    }
}

/// The description of all releases.
pub(super) fn description() -> Outcome<Value> {
    Ok(serde_saphyr::from_str(&fs::read_to_string(root().join(DESCRIPTION))?)?)
}
