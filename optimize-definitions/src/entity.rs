//! A report or dashboard in canonical form: without what differs from server to server.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::json::Json;
use crate::kind::Kind;

/// What identifies an entity in a file: its kind, and the name of its file without `.json`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Its kind.
    pub kind: Kind,
    /// The name of its file.
    pub slug: String,
}

impl Key {
    /// The path of its file below the directory of its collection, without `.json`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.kind.directory(), self.slug)
    }

    pub(crate) fn parse(path: &str) -> Option<Self> {
        let (directory, slug) = path.split_once('/')?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.directory() == directory)?;
        Some(Self { kind, slug: slug.to_owned() })
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.path())
    }
}

/// The member that stands for the id of a report in a file.
const REFERENCE: &str = "report";

/// The tiles of a dashboard; older releases call them reports.
const TILES: [&str; 2] = ["tiles", "reports"];

/// Members that each server, or each import, has its own of.
const OWN: [&str; 3] = ["id", "collectionId", "sourceIndexVersion"];

/// A report or dashboard in canonical form.
///
/// It has no id, no collection, no index version and no BPMN; reports that it uses are named by their files:
/// `{"report": "cost-per-instance"}`. Every other member is kept, with its spelling of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    body: Json,
}

/// An entity as a server exports it.
#[derive(Clone, Debug)]
pub(crate) struct Exported {
    pub(crate) id: String,
    pub(crate) index_version: Option<i64>,
    /// The BPMN of its process, and the key of that.
    pub(crate) xml: Option<(String, String)>,
    json: Json,
}

impl Exported {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let mut json = Json::parse(text)?;
        let text = |name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
        let id = text("id").filter(|id| !id.is_empty()).ok_or_else(|| Error::input("the definition has no id"))?;
        let index_version = json.get("sourceIndexVersion").and_then(Json::as_i64);
        let key = json.get("data").and_then(|data| data.get("definitions")?.as_list()?.first()?.get("key")?.as_str());
        let key = key.unwrap_or("process").to_owned();
        let configuration = json.get_mut("data").and_then(|data| data.get_mut("configuration"));
        let xml = configuration.and_then(|configuration| configuration.as_object_mut()?.remove("xml"));
        let xml = xml.and_then(|xml| Some((key, xml.as_str()?.to_owned())));
        Ok(Self { id, index_version, xml, json })
    }

    pub(crate) fn kind(&self) -> Kind {
        kind_of(&self.json)
    }

    pub(crate) fn name(&self) -> &str {
        self.json.get("name").and_then(Json::as_str).unwrap_or_default()
    }

    pub(crate) fn export_type(&self) -> &str {
        self.json.get("exportEntityType").and_then(Json::as_str).unwrap_or_default()
    }

    /// The ids of the reports that it uses.
    pub(crate) fn references(&self) -> BTreeSet<String> {
        referring(&self.json, "id")
    }

    /// The canonical form; `slug_of` names the files of reports by their ids. A report without a file keeps its id.
    pub(crate) fn canonical(&self, slug_of: impl Fn(&str) -> Option<String>) -> Entity {
        let mut body = self.json.clone();
        drop_own(&mut body);
        each_reference(&mut body, |item| {
            let slug = item.get("id").and_then(Json::as_str).and_then(&slug_of);
            if let (Some(slug), Some(members)) = (slug, item.as_object_mut()) {
                members.remove("id");
                members.insert(REFERENCE.to_owned(), Json::Text(slug));
            }
        });
        Entity { body }
    }
}

impl Entity {
    /// Reads a file.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let entity = Self::parse_lenient(text)?;
        match OWN.into_iter().find(|name| entity.body.get(name).is_some()) {
            Some(name) => Err(Error::input(format!("{name}: a definition in a file has no such member"))
                .with_hint("run: optimize definitions fmt")),
            None => Ok(entity),
        }
    }

    /// The same of a file that still has members of a server, as an export has.
    pub(crate) fn parse_lenient(text: &str) -> Result<Self, Error> {
        let mut body = Json::parse(text)?;
        let Some(members) = body.as_object_mut() else { return Err(Error::input("the file is not one JSON object")) };
        let text = |name: &str| members.get(name).and_then(Json::as_str).filter(|text| !text.is_empty());
        for name in ["exportEntityType", "name"] {
            if text(name).is_none() {
                return Err(Error::input(format!("{name}: it is missing, or no text")));
            }
        }
        Ok(Self { body })
    }

    /// The same entity without the members that each server has its own of.
    pub(crate) fn without_own_members(mut self) -> Self {
        drop_own(&mut self.body);
        self
    }

    /// The canonical text of its file.
    pub fn to_text(&self) -> String {
        self.body.to_text()
    }

    /// The SHA-256 of the canonical text, in hexadecimal digits.
    pub fn digest(&self) -> String {
        digest(self.to_text().as_bytes())
    }

    /// The content.
    pub fn json(&self) -> &Json {
        &self.body
    }

    /// Its name on the server.
    pub fn name(&self) -> &str {
        self.body.get("name").and_then(Json::as_str).unwrap_or_default()
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        kind_of(&self.body)
    }

    /// `exportEntityType`.
    pub(crate) fn export_type(&self) -> &str {
        self.body.get("exportEntityType").and_then(Json::as_str).unwrap_or_default()
    }

    /// The files of the reports that it uses.
    pub fn references(&self) -> BTreeSet<String> {
        referring(&self.body, REFERENCE)
    }

    /// The ids of reports that have no file.
    pub(crate) fn foreign(&self) -> BTreeSet<String> {
        referring(&self.body, "id")
    }

    /// `process` or `decision`, and an object with key, versions and tenants for each that it uses.
    pub(crate) fn definitions(&self) -> (&'static str, &[Json]) {
        let definitions = self.body.get("data").and_then(|data| data.get("definitions")?.as_list());
        (self.definition_kind(), definitions.unwrap_or_default())
    }

    fn definition_kind(&self) -> &'static str {
        if self.export_type().contains("decision") { "decision" } else { "process" }
    }

    /// The same, to change them.
    pub(crate) fn definitions_mut(&mut self) -> (&'static str, Option<&mut Vec<Json>>) {
        let kind = self.definition_kind();
        let definitions = self.body.get_mut("data").and_then(|data| data.get_mut("definitions"));
        (kind, definitions.and_then(Json::as_list_mut))
    }

    /// Whether it is a dashboard with a filter of a variable, which some releases refuse.
    pub(crate) fn variable_filters(&self) -> Vec<String> {
        let filters = self.body.get("availableFilters").and_then(Json::as_list).unwrap_or_default();
        let name = |filter: &Json| filter.get("data").and_then(|data| data.get("name")).map(Json::to_line);
        filters
            .iter()
            .filter(|filter| is_variable_filter(filter))
            .map(|filter| name(filter).unwrap_or_default())
            .collect()
    }

    /// The same without filters of variables.
    pub(crate) fn without_variable_filters(&self) -> Self {
        let mut body = self.body.clone();
        if let Some(filters) = body.get_mut("availableFilters").and_then(Json::as_list_mut) {
            filters.retain(|filter| !is_variable_filter(filter));
        }
        Self { body }
    }

    /// What is imported: with this id, and the ids of the reports that it uses.
    pub(crate) fn to_import(
        &self,
        id: &str,
        index_version: i64,
        ids: &BTreeMap<String, String>,
    ) -> Result<Json, Error> {
        let mut body = self.body.clone();
        let mut missing = None;
        each_reference(&mut body, |item| {
            let Some(slug) = item.get(REFERENCE).and_then(Json::as_str).map(str::to_owned) else { return };
            match (ids.get(&slug), item.as_object_mut()) {
                (Some(id), Some(members)) => {
                    members.remove(REFERENCE);
                    members.insert("id".to_owned(), Json::Text(id.clone()));
                }
                _ => missing = Some(slug),
            }
        });
        if let Some(slug) = missing {
            return Err(Error::input(format!("{}: it uses the report {slug}, which has no file", self.name())));
        }
        if let Some(members) = body.as_object_mut() {
            members.insert("id".to_owned(), Json::Text(id.to_owned()));
            members.insert("sourceIndexVersion".to_owned(), Json::Number(index_version.to_string()));
        }
        Ok(body)
    }
}

/// The SHA-256 in hexadecimal digits.
pub(crate) fn digest(bytes: &[u8]) -> String {
    let digits = Sha256::digest(bytes).iter().flat_map(|byte| [byte >> 4, byte & 15]).collect::<Vec<_>>();
    digits.iter().filter_map(|digit| char::from_digit(u32::from(*digit), 16)).collect()
}

fn kind_of(body: &Json) -> Kind {
    match body.get("exportEntityType").and_then(Json::as_str) {
        Some("dashboard") => Kind::Dashboard,
        _ => Kind::Report,
    }
}

fn drop_own(body: &mut Json) {
    if let Some(members) = body.as_object_mut() {
        members.retain(|name, _| !OWN.contains(&name.as_str()));
    }
}

fn is_variable_filter(filter: &Json) -> bool {
    filter.get("type").and_then(Json::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("variable"))
}

/// Whether a tile or a part of a combined report stands for a report.
fn is_report(item: &Json) -> bool {
    match item.get("type") {
        None | Some(Json::Null) => true,
        Some(kind) => kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("optimize_report")),
    }
}

/// What this member of each tile with a report, or each part of a combined report, says.
fn referring(body: &Json, member: &str) -> BTreeSet<String> {
    let lists = match kind_of(body) {
        Kind::Dashboard => TILES.map(|name| body.get(name)).to_vec(),
        Kind::Report => vec![body.get("data").and_then(|data| data.get("reports"))],
    };
    let items = lists.into_iter().flatten().filter_map(Json::as_list).flatten().filter(|item| is_report(item));
    let found = items.filter_map(|item| item.get(member).and_then(Json::as_str));
    found.filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

/// Calls `visit` for each tile with a report, and each part of a combined report.
fn each_reference(body: &mut Json, mut visit: impl FnMut(&mut Json)) {
    let is_dashboard = kind_of(body) == Kind::Dashboard;
    let lists: Vec<&mut Json> = match body {
        Json::Object(members) if is_dashboard => {
            members.iter_mut().filter(|(name, _)| TILES.contains(&name.as_str())).map(|(_, v)| v).collect()
        }
        body => body.get_mut("data").and_then(|data| data.get_mut("reports")).into_iter().collect(),
    };
    for item in lists.into_iter().filter_map(Json::as_list_mut).flatten() {
        if is_report(item) {
            visit(item);
        }
    }
}
