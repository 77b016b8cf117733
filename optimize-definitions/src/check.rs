//! What can be known of an import before it is sent: each check is one of the server's own.

mod file;
mod target;

use std::collections::BTreeMap;

use optimize_api::{Client, Definitions};

use crate::error::Error;
use optimize_api::json_text::JsonText;
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

/// What was found before an import.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checked {
    /// Each problem, with the ids or names of the definitions that have it.
    pub problems: Vec<(String, Vec<String>)>,
    /// The ids or names of those without a problem.
    pub good: Vec<String>,
    /// What may go wrong, each a sentence.
    pub warnings: Vec<String>,
    /// What could not be checked, each a sentence.
    pub unchecked: Vec<String>,
    /// How many definitions the server would refuse.
    pub refused: usize,
}

/// Checks definitions before they are imported into a collection: by the file alone, and against what is there. It only
/// asks; nothing changes.
pub async fn check(client: &Client, definitions: &Definitions, collection: &str) -> Result<Checked, Error> {
    let parts: Vec<_> = definitions.iter().collect();
    let candidates: Vec<_> = parts.iter().filter_map(|part| candidate(part.json())).collect();
    let mut problems = Problems::default();
    file::check(&candidates, &mut problems);
    let target = Target::read(client, collection, &candidates).await?;
    target.check(&candidates, &mut problems);
    let warnings = file::warnings(&candidates).into_iter().chain(target.warnings(&candidates)).collect();
    let shown = |place: &usize| candidates[*place].shown();
    let good: Vec<_> =
        (0..candidates.len()).filter(|place| !problems.is_refused(*place)).map(|place| shown(&place)).collect();
    let refused = candidates.len() - good.len();
    let problems = problems.texts.iter().map(|(text, places)| (text.clone(), places.iter().map(shown).collect()));
    Ok(Checked { problems: problems.collect(), good, warnings, unchecked: target.unchecked, refused })
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
pub fn check_definitions(bytes: &[u8]) {
    let Ok(definitions) = Definitions::from_json(bytes.to_vec()) else { return };
    let parts: Vec<_> = definitions.iter().collect();
    let candidates: Vec<_> = parts.iter().filter_map(|part| candidate(part.json())).collect();
    file::check(&candidates, &mut Problems::default());
    let _ = file::warnings(&candidates);
}
