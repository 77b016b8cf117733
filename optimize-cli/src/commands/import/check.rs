//! What can be known of an import before it is sent: each check is one of the server's own.

use std::collections::{BTreeMap, BTreeSet};

use optimize_api::{Client, Definition, DefinitionKind, Definitions, Error, ErrorKind};
use serde_json::{Value, json};

use crate::app::App;
use crate::commands::entities::Kind;
use crate::error::CliError;
use crate::output::{Data, Outcome};

/// A row a definition with what the server would have against it. Only asks; changes nothing.
pub(super) async fn check(
    app: &App,
    client: &Client,
    definitions: &Definitions,
    collection: &str,
) -> Result<Outcome, CliError> {
    let all: Vec<_> = definitions.iter().collect();
    let ids: BTreeSet<_> = all.iter().map(|definition| definition.id.as_str()).collect();
    let versions = versions(app, client, collection).await?;
    let scope = scope(app, client, collection).await?;
    let mut count = 0;
    let mut rows = Vec::new();
    for (place, definition) in all.iter().enumerate() {
        let inside: Value = serde_json::from_str(definition.json()).unwrap_or_default();
        let mut problems = Vec::new();
        problems.extend(form(definition, &all[..place]));
        problems.extend(missing_references(&inside, &ids));
        problems.extend(version_problem(definition, &versions));
        if let Some(scope) = &scope {
            problems.extend(outside_of_scope(&inside, scope));
        }
        count += usize::from(!problems.is_empty());
        rows.push(json!({
            "id": definition.id, "exportEntityType": definition.kind.as_str(), "name": definition.name,
            "problem": (!problems.is_empty()).then(|| problems.join("; ")),
        }));
    }
    if count == 0 {
        app.printer.remark(&format!("nothing was imported; {} definitions would be", all.len()));
    }
    let mut data = Data::rows(rows.into_iter());
    data.wraps = true;
    data.failure = (count > 0).then(|| {
        CliError::config(format!("pass the check: {count} of {} definitions would be refused", all.len()))
            .with_hint("the server takes all definitions or none; nothing was imported")
    });
    Ok(Outcome::Data(data))
}

fn form(definition: &Definition, before: &[Definition]) -> Option<String> {
    if definition.id.is_empty() {
        return Some("it has no id".to_owned());
    }
    if let DefinitionKind::Other(word) = &definition.kind {
        return Some(format!("its exportEntityType {word:?} is not known"));
    }
    let is_double = before.iter().any(|other| other.id == definition.id);
    is_double.then(|| "another definition has the same id".to_owned())
}

/// The parts of a combined report and the reports on a dashboard must be in the file. Tiles of other kinds have ids too,
/// but those are no reports'.
fn missing_references(inside: &Value, ids: &BTreeSet<&str>) -> Option<String> {
    let is_report = |tile: &&Value| matches!(tile["type"].as_str(), None | Some("optimize_report"));
    let tiles = inside["tiles"].as_array().or(inside["reports"].as_array()).into_iter().flatten().filter(is_report);
    let parts = inside["data"]["reports"].as_array().into_iter().flatten();
    let missing: Vec<_> = tiles
        .chain(parts)
        .filter_map(|reference| reference["id"].as_str())
        .filter(|id| !id.is_empty() && !ids.contains(id))
        .collect();
    (!missing.is_empty()).then(|| format!("it refers to reports that are not in the file: {}", missing.join(", ")))
}

/// The index versions of the server, as far as the collection has something of a kind to tell.
async fn versions(app: &App, client: &Client, collection: &str) -> Result<BTreeMap<String, i64>, CliError> {
    let mut versions = BTreeMap::new();
    for kind in [Kind::Report, Kind::Dashboard] {
        let ids = kind.list(client, collection).await?;
        if ids.is_empty() {
            continue;
        }
        match kind.export(client, &ids).await {
            Ok(definitions) => versions.extend(
                definitions
                    .iter()
                    .filter_map(|known| Some((known.kind.as_str().to_owned(), known.source_index_version?))),
            ),
            Err(error) => remark_unchecked(app, "the versions", &error),
        }
    }
    if versions.is_empty() {
        app.printer.warning("versions are not checked: the collection has nothing to compare with");
    }
    Ok(versions)
}

fn version_problem(definition: &Definition, versions: &BTreeMap<String, i64>) -> Option<String> {
    let wanted = versions.get(definition.kind.as_str())?;
    match definition.source_index_version {
        None => Some("it has no sourceIndexVersion".to_owned()),
        Some(version) if version != *wanted => {
            Some(format!("its sourceIndexVersion is {version}, the server's {wanted}"))
        }
        Some(_) => None,
    }
}

/// The definitions that the collection may use, as `type:key`; `None` if the server does not tell.
async fn scope(app: &App, client: &Client, collection: &str) -> Result<Option<BTreeSet<String>>, CliError> {
    match client.collections().get(&collection.into()).await {
        Ok(collection) => {
            let inside: Value = serde_json::from_str(collection.json()).unwrap_or_default();
            let Some(entries) = inside["data"]["scope"].as_array() else {
                app.printer.warning("the scope is not checked: the server does not tell it");
                return Ok(None);
            };
            let name = |entry: &Value| {
                Some(format!("{}:{}", entry["definitionType"].as_str()?, entry["definitionKey"].as_str()?))
            };
            Ok(Some(entries.iter().filter_map(name).collect()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Err(error.into()),
        // Before 8.7 there is no such operation.
        Err(error) if matches!(error.kind(), ErrorKind::Rejected | ErrorKind::Misconfigured) => {
            remark_unchecked(app, "the scope", &error);
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn outside_of_scope(inside: &Value, scope: &BTreeSet<String>) -> Option<String> {
    let kind = match inside["exportEntityType"].as_str()? {
        "single_process_report" => "process",
        "single_decision_report" => "decision",
        _ => return None,
    };
    let keys = inside["data"]["definitions"].as_array()?.iter().filter_map(|definition| definition["key"].as_str());
    let missing: Vec<_> = keys.map(|key| format!("{kind}:{key}")).filter(|name| !scope.contains(name)).collect();
    (!missing.is_empty()).then(|| format!("the scope of the collection lacks {}", missing.join(", ")))
}

fn remark_unchecked(app: &App, what: &str, error: &Error) {
    app.printer.warning(&format!("{what} could not be checked: failed to {error}"));
}

/// Checks definitions as far as that needs no server.
#[cfg(fuzzing)]
pub(crate) fn check_definitions(bytes: &[u8]) {
    let Ok(definitions) = Definitions::from_json(bytes.to_vec()) else { return };
    let all: Vec<_> = definitions.iter().collect();
    let ids: BTreeSet<_> = all.iter().map(|definition| definition.id.as_str()).collect();
    for (place, definition) in all.iter().enumerate() {
        let inside: Value = serde_json::from_str(definition.json()).unwrap_or_default();
        let _ = form(definition, &all[..place]);
        let _ = missing_references(&inside, &ids);
    }
}
