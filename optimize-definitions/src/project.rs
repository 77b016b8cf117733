//! The project file: which collections there are, by which ids in which environment, and what differs between environments.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::entity::Entity;
use crate::error::Error;
use crate::files;
use crate::json::Json;

/// The name of the project file.
pub const FILE: &str = "optimize.definitions.toml";

/// Where locks and journals are, beside the project file.
pub(crate) const STATE: &str = ".optimize";

/// Stands for no tenant in a rewrite rule, since TOML has no null.
const NO_TENANT: &str = "<none>";

/// A project: a directory with definitions as files.
#[derive(Clone, Debug)]
pub struct Project {
    root: PathBuf,
    content: Content,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Content {
    #[serde(default)]
    collections: BTreeMap<String, Collection>,
    /// By environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    env: BTreeMap<String, Environment>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rewrite: Vec<Rewrite>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Collection {
    /// The directory of its files; its name if absent.
    path: Option<PathBuf>,
    #[serde(default)]
    env: BTreeMap<String, Place>,
}

/// Where a collection is in an environment.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Place {
    id: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Environment {
    /// The profile with its server; the name of the environment if absent.
    profile: Option<String>,
}

/// What is written otherwise in an environment.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Rewrite {
    env: String,
    /// The key of a process or decision; all if absent.
    definition: Option<String>,
    /// Its key there.
    to: Option<String>,
    /// The tenants there; `<none>` is none.
    tenants: Option<Vec<String>>,
    /// The versions there, such as `latest`.
    versions: Option<Vec<String>>,
}

impl Project {
    /// The project in this directory, or in the nearest one above it.
    pub fn find(start: &Path) -> Result<Self, Error> {
        let start = std::path::absolute(start).unwrap_or_else(|_| start.to_owned());
        let root = start.ancestors().find(|directory| directory.join(FILE).is_file()).ok_or_else(|| {
            Error::input(format!("there is no {FILE} here or above"))
                .with_hint("begin with: optimize definitions init --collection ID")
        })?;
        Self::read(root)
    }

    fn read(root: &Path) -> Result<Self, Error> {
        let path = root.join(FILE);
        let text = files::read(&path)?;
        let content: Content =
            toml_edit::de::from_str(&text).map_err(|error| Error::input(format!("{}: {error}", path.display())))?;
        let project = Self { root: root.to_owned(), content };
        project.check().map_err(|error| error.at(path.display()))?;
        Ok(project)
    }

    /// Begins a project in this directory, with these collections by name, each with its id in the environment.
    pub fn init(
        root: &Path,
        environment: &str,
        profile: Option<&str>,
        collections: &[(String, String)],
    ) -> Result<Self, Error> {
        let path = root.join(FILE);
        if path.exists() {
            return Err(Error::input(format!("{} is there already", path.display())));
        }
        let place = |id: &String| BTreeMap::from([(environment.to_owned(), Place { id: id.clone() })]);
        let collections =
            collections.iter().map(|(name, id)| (name.clone(), Collection { path: None, env: place(id) }));
        let profile = profile.filter(|profile| *profile != environment).map(str::to_owned);
        let env = profile.map(|profile| (environment.to_owned(), Environment { profile: Some(profile) }));
        let content =
            Content { collections: collections.collect(), env: env.into_iter().collect(), rewrite: Vec::new() };
        let project = Self { root: root.to_owned(), content };
        project.check()?;
        let text = toml_edit::ser::to_string_pretty(&project.content)
            .map_err(|error| Error::input(format!("write {}: {error}", path.display())))?;
        files::write(&path, &text)?;
        // Locks are for everybody; what a run of this machine holds or has begun is not.
        files::write(&project.state(".gitignore"), "apply.*.lock\njournal.*.json\n")?;
        Ok(project)
    }

    fn check(&self) -> Result<(), Error> {
        let mut paths = BTreeSet::new();
        for (name, collection) in &self.content.collections {
            let path = collection.path.clone().unwrap_or_else(|| name.into());
            let climbs = path.components().any(|part| !matches!(part, std::path::Component::Normal(_)));
            if climbs || path.as_os_str().is_empty() {
                return Err(Error::input(format!("collections.{name}.path: it must lead into the project")));
            }
            if !paths.insert(path.clone()) {
                return Err(Error::input(format!(
                    "collections.{name}.path: {} is the directory of another collection too",
                    path.display()
                )));
            }
        }
        let known: BTreeSet<_> = self.environments().into_iter().collect();
        match self.content.rewrite.iter().find(|rule| !known.contains(&rule.env)) {
            Some(rule) => Err(Error::input(format!("rewrite: the environment {} has no collection", rule.env))),
            None => Ok(()),
        }
    }

    /// The directory of the project file.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The environments that a collection has an id in.
    pub fn environments(&self) -> Vec<String> {
        let names: BTreeSet<_> =
            self.content.collections.values().flat_map(|collection| collection.env.keys().cloned()).collect();
        names.into_iter().collect()
    }

    /// The profile of an environment: the one that the project names, or one of the same name.
    pub fn profile<'a>(&'a self, environment: &'a str) -> &'a str {
        self.content.env.get(environment).and_then(|env| env.profile.as_deref()).unwrap_or(environment)
    }

    /// The collections of an environment: name, id, directory.
    pub(crate) fn collections(&self, environment: &str) -> Result<Vec<(String, String, PathBuf)>, Error> {
        let of = |(name, collection): (&String, &Collection)| {
            let place = collection.env.get(environment)?;
            Some((name.clone(), place.id.clone(), self.directory(name, collection)))
        };
        let found: Vec<_> = self.content.collections.iter().filter_map(of).collect();
        if found.is_empty() {
            let known = self.environments().join(", ");
            return Err(Error::input(format!("the environment {environment} has no collection in {FILE}"))
                .with_hint(format!("it has those of: {known}; add [collections.NAME.env.{environment}] with its id")));
        }
        Ok(found)
    }

    /// The directories of all collections, by name.
    pub(crate) fn directories(&self) -> Vec<(String, PathBuf)> {
        let all = self.content.collections.iter();
        all.map(|(name, collection)| (name.clone(), self.directory(name, collection))).collect()
    }

    fn directory(&self, name: &str, collection: &Collection) -> PathBuf {
        self.root.join(collection.path.as_deref().unwrap_or(Path::new(name)))
    }

    pub(crate) fn state(&self, name: &str) -> PathBuf {
        self.root.join(STATE).join(name)
    }

    /// Whether definitions are written otherwise in this environment.
    pub(crate) fn rewrites(&self, environment: &str) -> bool {
        self.content.rewrite.iter().any(|rule| rule.env == environment)
    }

    /// The definition as it is to be in an environment.
    pub(crate) fn rewritten(&self, entity: &Entity, environment: &str) -> Entity {
        let mut entity = entity.clone();
        let rules: Vec<_> = self.content.rewrite.iter().filter(|rule| rule.env == environment).collect();
        if let (_, Some(definitions)) = entity.definitions_mut() {
            for definition in definitions {
                let key = definition.get("key").and_then(Json::as_str).map(str::to_owned);
                let Some(members) = definition.as_object_mut() else { continue };
                for rule in rules.iter().filter(|rule| rule.definition.is_none() || rule.definition == key) {
                    if let Some(to) = &rule.to {
                        members.insert("key".to_owned(), Json::Text(to.clone()));
                    }
                    if let Some(versions) = &rule.versions {
                        let versions = versions.iter().cloned().map(Json::Text).collect();
                        members.insert("versions".to_owned(), Json::List(versions));
                    }
                    if let Some(tenants) = &rule.tenants {
                        let tenant =
                            |name: &String| if name == NO_TENANT { Json::Null } else { Json::Text(name.clone()) };
                        members.insert("tenantIds".to_owned(), Json::List(tenants.iter().map(tenant).collect()));
                    }
                }
            }
        }
        entity
    }
}
