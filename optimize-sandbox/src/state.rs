//! What a running sandbox knows.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use crate::authorization::Authorization;
use crate::clock::Clock;
use crate::cursors::Cursors;
use crate::fault::Faults;
use crate::issuer::Issuer;
use crate::journal::Entry;
use crate::lock::lock;
use crate::release::Release;
use crate::seed::Demo;
use crate::store::Store;

pub(crate) struct State {
    pub(crate) release: Release,
    pub(crate) context_path: String,
    pub(crate) demo: Demo,
    pub(crate) issuer: Issuer,
    pub(crate) authorization: Authorization,
    pub(crate) ready: std::sync::atomic::AtomicBool,
    pub(crate) clock: Clock,
    pub(crate) unpatched: bool,
    /// The largest body of an ingestion that servers before 8.8 take.
    pub(crate) ingestion_bytes: usize,
    /// The most ingestions at a time that servers before 8.8 take.
    pub(crate) ingestion_requests: usize,
    /// How long it takes until what was ingested is visible, in milliseconds.
    pub(crate) ingestion_delay: i64,
    ingestions: AtomicUsize,
    store: Mutex<Store>,
    faults: Mutex<Faults>,
    journal: Mutex<Vec<Entry>>,
    cursors: Mutex<Cursors>,
}

/// A request that is under way.
pub(crate) struct UnderWay<'a> {
    /// How many there were when it began, itself among them.
    pub(crate) count: usize,
    all: &'a AtomicUsize,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.all.fetch_sub(1, Ordering::Relaxed);
    }
}

impl State {
    pub(crate) fn new(
        release: Release,
        context_path: String,
        demo: Demo,
        issuer: Issuer,
        authorization: Authorization,
        clock: Clock,
    ) -> Self {
        let store = Store::new(&demo);
        Self {
            release,
            context_path,
            demo,
            issuer,
            authorization,
            ready: true.into(),
            clock,
            unpatched: false,
            ingestion_bytes: 10 << 20,
            ingestion_requests: 5,
            ingestion_delay: 0,
            ingestions: AtomicUsize::new(0),
            store: Mutex::new(store),
            faults: Mutex::default(),
            journal: Mutex::default(),
            cursors: Mutex::default(),
        }
    }

    /// Whether to respond as releases of 8.8 and 8.9 did at first.
    pub(crate) fn is_unpatched(&self) -> bool {
        self.unpatched && matches!(self.release, Release::V8_8 | Release::V8_9)
    }

    /// Counts a request to this path if it is an ingestion, for as long as the result lives.
    pub(crate) fn count_ingestion(&self, path: &str) -> Option<UnderWay<'_>> {
        let is_ingestion = path.strip_prefix(&self.context_path)?.starts_with("/api/ingestion/");
        is_ingestion
            .then(|| UnderWay { count: self.ingestions.fetch_add(1, Ordering::Relaxed) + 1, all: &self.ingestions })
    }

    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(crate) fn journal(&self) -> MutexGuard<'_, Vec<Entry>> {
        lock(&self.journal)
    }

    pub(crate) fn cursors(&self) -> MutexGuard<'_, Cursors> {
        lock(&self.cursors)
    }
}
