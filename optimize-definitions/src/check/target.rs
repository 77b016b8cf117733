//! The checks that need the server: what the target collection has, and the index versions of the server.

use std::collections::{BTreeMap, BTreeSet};

use optimize_api::{Client, Error};

use super::{Candidate, Problems};
use crate::error::Error as Failure;
use crate::kind::Kind;
use crate::scope::Scope;
use crate::versions;

/// What is known of the target.
pub(super) struct Target {
    collection: String,
    scope: Scope,
    /// Index versions by kind.
    versions: BTreeMap<String, i64>,
    /// The names that the collection has, with their kinds.
    names: BTreeSet<(bool, String)>,
    /// What could not be checked, each a sentence.
    pub(super) unchecked: Vec<String>,
}

impl Target {
    pub(super) async fn read(client: &Client, collection: &str, candidates: &[Candidate<'_>]) -> Result<Self, Failure> {
        let mut target = Self {
            collection: collection.to_owned(),
            scope: Scope::read(client, collection).await?,
            versions: BTreeMap::new(),
            names: BTreeSet::new(),
            unchecked: Vec::new(),
        };
        target.unchecked.extend(match &target.scope {
            Scope::Known(_) => None,
            Scope::Unknown(why) => Some(why.clone()),
        });
        target.read_entities(client).await?;
        let wanted: BTreeSet<_> = candidates.iter().map(|candidate| candidate.kind.as_str()).collect();
        versions::look_elsewhere(client, &[collection], &wanted, &mut target.versions).await;
        let unknown: Vec<_> = wanted.iter().filter(|kind| !target.versions.contains_key(**kind)).copied().collect();
        if !unknown.is_empty() {
            target.unchecked.push(format!(
                "the index versions of {} are not checked: no collection has one to compare with",
                unknown.join(", ")
            ));
        }
        Ok(target)
    }

    pub(super) fn check(&self, candidates: &[Candidate<'_>], problems: &mut Problems) {
        for (place, candidate) in candidates.iter().enumerate() {
            let version = candidate.inside.member("sourceIndexVersion").and_then(|version| version.json().parse().ok());
            if let (Some(found), Some(wanted)) = (version, self.versions.get(&candidate.kind).copied())
                && found != wanted
            {
                let found: i64 = found;
                problems.add(place, format!("its sourceIndexVersion is {found}, that of the server is {wanted}"));
            }
            for problem in self.outside_of_scope(candidate) {
                problems.add(place, problem);
            }
        }
    }

    /// Names that exist already: an import never replaces anything.
    pub(super) fn warnings(&self, candidates: &[Candidate<'_>]) -> Option<String> {
        let is_known =
            |candidate: &&Candidate<'_>| self.names.contains(&(candidate.is_dashboard(), candidate.name.clone()));
        let names: BTreeSet<_> = candidates.iter().filter(is_known).map(|candidate| candidate.name.as_str()).collect();
        (!names.is_empty()).then(|| {
            format!(
                "the collection {} has these names already, and the import makes second ones: {}",
                self.collection,
                names.into_iter().collect::<Vec<_>>().join(", ")
            )
        })
    }

    fn outside_of_scope(&self, candidate: &Candidate<'_>) -> Vec<String> {
        let (Scope::Known(_), Some(kind)) = (&self.scope, candidate.definition_type()) else { return Vec::new() };
        let used = candidate.used();
        let problems = used.iter().flat_map(|(key, tenants)| match self.scope.tenants(kind, key) {
            None => vec![format!("the scope of the collection does not have the {kind} {key}")],
            Some(known) => {
                let missing = tenants.iter().filter(|tenant| !known.contains(tenant));
                let sentence = |tenant: &Option<String>| {
                    let tenant =
                        tenant.as_ref().map_or("no tenant (null)".to_owned(), |name| format!("the tenant {name}"));
                    format!("the scope of the collection has the {kind} {key}, but not for {tenant}")
                };
                missing.map(sentence).collect()
            }
        });
        problems.collect()
    }

    /// Notes names and versions of what the collection lists.
    async fn read_entities(&mut self, client: &Client) -> Result<(), Failure> {
        for kind in Kind::ALL {
            let ids = kind.list(client, &self.collection).await?;
            if ids.is_empty() {
                continue;
            }
            match kind.export(client, &ids).await {
                Ok(definitions) => {
                    for known in definitions.iter() {
                        let kind = known.kind.as_str().to_owned();
                        self.names.insert((kind == "dashboard", known.name));
                        if let Some(version) = known.source_index_version {
                            self.versions.insert(kind, version);
                        }
                    }
                }
                Err(error) => self.unchecked.push(not_checked("what the collection has", &error)),
            }
        }
        Ok(())
    }
}

fn not_checked(what: &str, error: &Error) -> String {
    format!("{what} could not be checked: {error}")
}
