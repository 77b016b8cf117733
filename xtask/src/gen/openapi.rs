//! The description of the API as each server generation has it, from the one that has them all.

use serde_json::{Map, Value};

use crate::util::{Outcome, check_or_write, root};

const DESCRIPTION: &str = "docs/openapi.yaml";
const FOLDER: &str = "docs/openapi";

/// The generations, by the names of the sandbox, with their releases, and the status of an operation without an answer.
pub(crate) const GENERATIONS: [(&str, &str, &str); 4] =
    [("g2", "8.0 to 8.6", "204"), ("g2-8.7", "8.7", "204"), ("g3", "8.8 and 8.9", "200"), ("g4", "8.10", "200")];

/// The generations that have what exists since these releases, by `x-since`.
fn have(since: &str) -> &'static [&'static str] {
    match since {
        "8.7" => &["g2-8.7", "g3", "g4"],
        "8.10" | "8.10 in development" => &["g4"],
        // The oldest answers as Optimize for Camunda 7 too.
        "C7 3.0 alone" => &["g2"],
        _ => &["g2", "g2-8.7", "g3", "g4"],
    }
}

pub(super) fn run(check: bool) -> Outcome {
    let description = description()?;
    for (generation, releases, done) in GENERATIONS {
        let mut own = description.clone();
        own["info"]["version"] = releases.into();
        let paths = own["paths"].as_object_mut().ok_or("the description has no paths")?;
        for operations in paths.values_mut().filter_map(Value::as_object_mut) {
            operations
                .retain(|_, operation| have(operation["x-since"].as_str().unwrap_or_default()).contains(&generation));
            operations
                .values_mut()
                .filter_map(|operation| operation["responses"].as_object_mut())
                .for_each(|it| keep(it, done));
        }
        paths.retain(|_, operations| operations.as_object().is_some_and(|operations| !operations.is_empty()));
        let text = format!("{}\n", serde_json::to_string_pretty(&own)?);
        check_or_write(&root().join(FOLDER).join(format!("{generation}.json")), &text, !check, "cargo xtask gen")?;
    }
    Ok(())
}

/// Of two statuses for the same the one that this generation sends.
fn keep(responses: &mut Map<String, Value>, done: &str) {
    if responses.contains_key("200") && responses.contains_key("204") {
        responses.retain(|status, _| status == done || (status != "200" && status != "204"));
    }
}

/// The description of all generations.
pub(super) fn description() -> Outcome<Value> {
    Ok(serde_saphyr::from_str(&std::fs::read_to_string(root().join(DESCRIPTION))?)?)
}
