//! Batches under way, in an order in which an older value never arrives after a newer one.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use tokio::sync::watch;

/// The ids of the batches under way.
#[derive(Default)]
pub(super) struct InFlight {
    hasher: RandomState,
    /// By the hash of an id, the latest batch that holds it. Two ids with one hash only make a batch wait in vain.
    latest: HashMap<u64, watch::Receiver<()>>,
}

/// A batch's place behind those that it must not overtake.
pub(super) struct Turn {
    before: Vec<watch::Receiver<()>>,
    /// Dropped when the batch is done, which those behind it wait for.
    done: watch::Sender<()>,
}

impl InFlight {
    /// The place of a batch with these ids.
    pub(super) fn enter<'a>(&mut self, ids: impl Iterator<Item = &'a str>) -> Turn {
        let (done, is_done) = watch::channel(());
        self.latest.retain(|_, earlier| earlier.has_changed().is_ok());
        let mut before: Vec<watch::Receiver<()>> = Vec::new();
        for id in ids {
            let id = self.hasher.hash_one(id);
            if let Some(earlier) = self.latest.insert(id, is_done.clone())
                && !earlier.same_channel(&is_done)
                && !before.iter().any(|known| known.same_channel(&earlier))
            {
                before.push(earlier);
            }
        }
        Turn { before, done }
    }
}

impl Turn {
    /// Waits for the batches before; what is returned is to be dropped when this one is done.
    pub(super) async fn wait(self) -> watch::Sender<()> {
        for mut earlier in self.before {
            // It never changes; it ends.
            while earlier.changed().await.is_ok() {}
        }
        self.done
    }
}
