//! What can be known of an import before it is sent: each check is one of the server's own.

mod file;
mod target;

use std::collections::BTreeMap;

use optimize_api::{Client, Definitions};
use serde_json::json;

use crate::app::App;
use crate::error::CliError;
use crate::json_text::JsonText;
use crate::output::{Data, Outcome, counted};
use target::Target;

/// A definition of the file, looked into without being decoded.
pub(super) struct Candidate<'a> {
    id: String,
    kind: String,
    name: String,
    inside: JsonText<'a>,
}

/// What is wrong, in the order in which it was found, with the places of the definitions that it is wrong with.
#[derive(Default)]
struct Problems {
    texts: Vec<(String, Vec<usize>)>,
}

impl Problems {
    fn add(&mut self, place: usize, text: impl Into<String>) {
        let text = text.into();
        match self.texts.iter_mut().find(|(known, _)| *known == text) {
            Some((_, places)) => places.push(place),
            None => self.texts.push((text, vec![place])),
        }
    }

    fn is_refused(&self, place: usize) -> bool {
        self.texts.iter().any(|(_, places)| places.contains(&place))
    }
}

/// A row for each problem with the definitions that have it. Only asks; changes nothing.
pub(super) async fn check(
    app: &App,
    client: &Client,
    definitions: &Definitions,
    collection: &str,
    is_strict: bool,
) -> Result<Outcome, CliError> {
    let parts: Vec<_> = definitions.iter().collect();
    let candidates: Vec<_> = parts.iter().filter_map(|part| candidate(part.json())).collect();
    let mut problems = Problems::default();
    file::check(&candidates, &mut problems);
    let target = Target::read(client, collection, &candidates).await?;
    target.check(&candidates, &mut problems);
    for warning in file::warnings(&candidates).into_iter().chain(target.warnings(&candidates)) {
        app.printer.warning(&warning);
    }
    for unchecked in &target.unchecked {
        app.printer.warning(unchecked);
    }
    let all = candidates.len();
    let refused = (0..all).filter(|place| problems.is_refused(*place)).count();
    if refused == 0 {
        app.printer.remark(&format!(
            "nothing was imported; the check found no problem in {}",
            counted(all as u64, "definition")
        ));
    }
    let good: Vec<_> = (0..all).filter(|place| !problems.is_refused(*place)).collect();
    let groups = problems.texts.into_iter().map(|(text, places)| (Some(text), places));
    let groups = groups.chain((!good.is_empty()).then_some((None, good)));
    let rows = groups.map(|(problem, places)| {
        let ids: Vec<_> = places.iter().map(|place| candidates[*place].shown()).collect();
        json!({ "count": ids.len(), "problem": problem, "ids": ids })
    });
    let mut data = Data::rows(rows);
    data.wraps = true;
    data.failure = match (refused, target.unchecked.len()) {
        (0, 0) => None,
        (0, unchecked) => is_strict.then(|| {
            CliError::incomplete(format!("check everything: {} left out", counted(unchecked as u64, "check")))
                .with_hint("the warnings name what was not checked")
        }),
        (refused, _) => Some(
            CliError::config(format!("{refused} of {all} definitions would be refused"))
                .stating()
                .with_hint("the server takes all definitions or none; nothing was imported"),
        ),
    };
    Ok(Outcome::Data(data))
}

fn candidate(json: &str) -> Option<Candidate<'_>> {
    let inside = JsonText::parse(json.as_bytes())?;
    let text = |name: &str| inside.member(name).and_then(JsonText::string).unwrap_or_default();
    Some(Candidate { id: text("id"), kind: text("exportEntityType"), name: text("name"), inside })
}

impl Candidate<'_> {
    /// What identifies it for people.
    fn shown(&self) -> String {
        if self.id.is_empty() { self.name.clone() } else { self.id.clone() }
    }

    fn is_dashboard(&self) -> bool {
        self.kind == "dashboard"
    }

    /// `process` or `decision`, if it is a single report.
    fn definition_type(&self) -> Option<&'static str> {
        match self.kind.as_str() {
            "single_process_report" => Some("process"),
            "single_decision_report" => Some("decision"),
            _ => None,
        }
    }

    /// The processes or decisions that a single report uses: key and tenants.
    fn used(&self) -> BTreeMap<String, Vec<Option<String>>> {
        let definitions = self.inside.at("data.definitions").and_then(JsonText::elements).unwrap_or_default();
        let used = definitions.into_iter().filter_map(|used| {
            let tenants = used.member("tenantIds").and_then(JsonText::elements);
            let tenants =
                tenants.map_or_else(|| vec![None], |tenants| tenants.into_iter().map(JsonText::string).collect());
            Some((used.member("key")?.string()?, tenants))
        });
        used.collect()
    }
}

/// Checks definitions as far as that needs no server.
#[cfg(fuzzing)]
pub(crate) fn check_definitions(bytes: &[u8]) {
    let Ok(definitions) = Definitions::from_json(bytes.to_vec()) else { return };
    let parts: Vec<_> = definitions.iter().collect();
    let candidates: Vec<_> = parts.iter().filter_map(|part| candidate(part.json())).collect();
    file::check(&candidates, &mut Problems::default());
    let _ = file::warnings(&candidates);
}
