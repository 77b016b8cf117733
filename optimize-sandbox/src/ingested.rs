//! Ingested data, which is accepted at once and visible later.

use std::collections::BTreeMap;

use serde_json::Value;

/// What was ingested, by its ids.
#[derive(Debug, Default)]
pub(crate) struct Ingested(BTreeMap<String, Versions>);

/// An element and the time from when it is visible; before that, the one that was there.
#[derive(Debug)]
struct Versions {
    latest: (i64, Value),
    before: Option<Value>,
}

impl Ingested {
    /// Takes elements in, visible from then on.
    pub(crate) fn keep(&mut self, elements: Vec<Value>, from: i64) {
        for element in elements {
            let id = element["id"].as_str().unwrap_or_default().to_owned();
            let before = self.0.remove(&id).map(|versions| versions.latest.1);
            self.0.insert(id, Versions { latest: (from, element), before });
        }
    }

    /// Of several with one id the last that is visible.
    pub(crate) fn visible(&self, now: i64) -> Vec<Value> {
        let visible = |versions: &Versions| {
            let (from, latest) = &versions.latest;
            if *from <= now { Some(latest.clone()) } else { versions.before.clone() }
        };
        self.0.values().filter_map(visible).collect()
    }
}
