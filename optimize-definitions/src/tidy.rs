//! What files can be checked for without a server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::entity::{Entity, Key};
use crate::error::Error;
use crate::files::{self, Files};
use crate::json::Json;
use crate::kind::Kind;
use crate::project::Project;

/// The longest name that newer servers take, in characters.
const LONGEST_NAME: usize = 80;
const LONGEST_DESCRIPTION: usize = 400;
/// The columns of a dashboard's grid.
const COLUMNS: i64 = 18;

/// Everything that is wrong with the files of a project, a sentence each, without asking a server.
pub fn check(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, directory) in project.directories() {
        let (read, unreadable) = Files::scan(&directory);
        problems.extend(unreadable.iter().map(ToString::to_string));
        problems.extend(self::problems(&name, &read, &directory));
        let untidy = read.untidy.iter().map(|path| {
            format!("{}: it is not in canonical form; run: optimize definitions fmt", shown(project.root(), path))
        });
        problems.extend(untidy);
    }
    problems
}

/// Writes every file in canonical form. Returns those that differ now.
pub fn format(project: &Project) -> Result<Vec<PathBuf>, Error> {
    let mut written = Vec::new();
    for (_, directory) in project.directories() {
        for kind in Kind::ALL {
            for path in files::of_kind(&directory, kind)? {
                let text = files::read(&path)?;
                let entity =
                    Entity::parse_lenient(&text).map_err(|error| error.at(path.display()))?.without_own_members();
                if files::write(&path, &entity.to_text())? {
                    written.push(path);
                }
            }
        }
    }
    Ok(written)
}

fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

/// What is wrong with the definitions of a collection.
pub(crate) fn problems(collection: &str, files: &Files, directory: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    let mut names: BTreeMap<(Kind, &str), &Key> = BTreeMap::new();
    let root = directory.parent().unwrap_or(directory);
    for (key, entity) in &files.entities {
        let mut add =
            |problem: String| problems.push(format!("{}: {problem}", shown(root, &files::path(directory, key))));
        if let Some(other) = names.insert((key.kind, entity.name()), key) {
            add(format!("name: {other} of {collection} has the same: {:?}", entity.name()));
        }
        if entity.name().trim().is_empty() {
            add("name: it is blank".to_owned());
        }
        let length = entity.name().encode_utf16().count();
        if length > LONGEST_NAME {
            add(format!("name: it has {length} characters, and newer servers take {LONGEST_NAME}"));
        }
        match entity.json().get("description") {
            None | Some(Json::Null) => {}
            Some(text) => {
                let length = text.as_str().map(|text| text.encode_utf16().count());
                if length.is_none_or(|length| !(1..=LONGEST_DESCRIPTION).contains(&length)) {
                    add(format!("description: it must be null or have 1 to {LONGEST_DESCRIPTION} characters"));
                }
            }
        }
        for slug in entity.references() {
            let report = Key { kind: Kind::Report, slug: slug.clone() };
            // A file that cannot be read is reported by itself.
            if !files.entities.contains_key(&report) && !files::path(directory, &report).exists() {
                add(format!("it uses the report {slug}, and there is no reports/{slug}.json"));
            }
        }
        for id in entity.foreign() {
            add(format!("it uses the report with the id {id}, which is in no file"));
        }
        for problem in shape(entity) {
            add(problem);
        }
    }
    problems
}

/// Members that the server requires, and tiles outside the grid.
fn shape(entity: &Entity) -> Vec<String> {
    let body = entity.json();
    let mut problems = Vec::new();
    if entity.kind() == Kind::Report {
        if body.get("data").and_then(Json::as_object).is_none() {
            problems.push("data: it is missing, or no object".to_owned());
        }
        return problems;
    }
    // Older releases call the tiles of a dashboard reports.
    let list = if body.get("tiles").is_none() && body.get("reports").is_some() { "reports" } else { "tiles" };
    for name in [list, "availableFilters"] {
        if body.get(name).and_then(Json::as_list).is_none() {
            problems.push(format!("{name}: it is missing, or no array"));
        }
    }
    for (index, tile) in body.get(list).and_then(Json::as_list).unwrap_or_default().iter().enumerate() {
        let number = |part: &str, name: &str| tile.get(part).and_then(|part| part.get(name)).and_then(Json::as_i64);
        if let (Some(x), Some(width)) = (number("position", "x"), number("dimensions", "width"))
            && (x < 0 || width < 1 || x + width > COLUMNS)
        {
            problems
                .push(format!("{list}[{index}]: it reaches from column {x} to {}, and there are {COLUMNS}", x + width));
        }
    }
    problems
}
