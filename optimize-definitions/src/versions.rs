//! The index versions of a server: an import must come from the same ones.

use std::collections::{BTreeMap, BTreeSet};

use optimize_api::{Client, CollectionId};

use crate::kind::Kind;

/// How many other collections are looked into.
const MOST_COLLECTIONS: usize = 50;
/// How many definitions of each of them are exported.
const MOST_EXPORTED: usize = 20;

/// Looks for the versions of `wanted` kinds in other collections than these, where collections can be listed.
pub(crate) async fn look_elsewhere(
    client: &Client,
    but: &[&str],
    wanted: &BTreeSet<&str>,
    versions: &mut BTreeMap<String, i64>,
) {
    let is_known = |versions: &BTreeMap<String, i64>| wanted.iter().all(|kind| versions.contains_key(*kind));
    if is_known(versions) {
        return;
    }
    // Servers before 8.7 cannot list them.
    let Ok(collections) = client.collections().list().await else { return };
    let others = collections.iter().map(CollectionId::as_str).filter(|id| !but.contains(id));
    for other in others.take(MOST_COLLECTIONS) {
        if is_known(versions) {
            return;
        }
        for kind in Kind::ALL {
            // One that cannot be listed or exported may be private.
            let Ok(mut ids) = kind.list(client, other).await else { continue };
            ids.truncate(MOST_EXPORTED);
            let Ok(definitions) = kind.export(client, &ids).await else { continue };
            for known in definitions.iter() {
                if let Some(version) = known.source_index_version {
                    versions.entry(known.kind.as_str().to_owned()).or_insert(version);
                }
            }
        }
    }
}
