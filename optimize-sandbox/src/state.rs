//! What a running sandbox knows.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::Clock;
use crate::cursors::Cursors;
use crate::fault::Faults;
use crate::gate::Gate;
use crate::generation::Generation;
use crate::issuer::Issuer;
use crate::journal::Entry;
use crate::seed::Demo;
use crate::world::World;

pub(crate) struct State {
    pub(crate) generation: Generation,
    pub(crate) context_path: String,
    pub(crate) demo: Demo,
    pub(crate) issuer: Issuer,
    pub(crate) gate: Gate,
    pub(crate) ready: std::sync::atomic::AtomicBool,
    pub(crate) clock: Clock,
    pub(crate) before_fixes: bool,
    /// The largest body of an ingestion that servers before 8.8 take.
    pub(crate) ingestion_bytes: usize,
    /// The most ingestions at a time that servers before 8.8 take.
    pub(crate) ingestion_requests: usize,
    /// How long it takes until what was ingested is visible, in milliseconds.
    pub(crate) ingestion_delay: i64,
    ingestions: AtomicUsize,
    world: Mutex<World>,
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
        generation: Generation,
        context_path: String,
        demo: Demo,
        issuer: Issuer,
        gate: Gate,
        clock: Clock,
    ) -> Self {
        let world = World::new(&demo);
        Self {
            generation,
            context_path,
            demo,
            issuer,
            gate,
            ready: true.into(),
            clock,
            before_fixes: false,
            ingestion_bytes: 10 << 20,
            ingestion_requests: 5,
            ingestion_delay: 0,
            ingestions: AtomicUsize::new(0),
            world: Mutex::new(world),
            faults: Mutex::default(),
            journal: Mutex::default(),
            cursors: Mutex::default(),
        }
    }

    /// Whether to answer as releases of the third generation did at first.
    pub(crate) fn is_before_fixes(&self) -> bool {
        self.before_fixes && matches!(self.generation, Generation::G3 | Generation::G3Late)
    }

    /// Counts a request to this path if it is an ingestion, for as long as the result lives.
    pub(crate) fn count_ingestion(&self, path: &str) -> Option<UnderWay<'_>> {
        let is_ingestion = path.strip_prefix(&self.context_path)?.starts_with("/api/ingestion/");
        is_ingestion
            .then(|| UnderWay { count: self.ingestions.fetch_add(1, Ordering::Relaxed) + 1, all: &self.ingestions })
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn journal(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn cursors(&self) -> MutexGuard<'_, Cursors> {
        self.cursors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
