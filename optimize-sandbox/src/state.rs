//! What a running sandbox knows.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::api::data_export::Cursors;
use crate::fault::Faults;
use crate::gate::Gate;
use crate::generation::Generation;
use crate::issuer::Issuer;
use crate::journal::Entry;
use crate::seed::Demo;

pub(crate) struct State {
    pub(crate) generation: Generation,
    pub(crate) context_path: String,
    pub(crate) demo: Demo,
    pub(crate) issuer: Issuer,
    pub(crate) gate: Gate,
    pub(crate) ready: std::sync::atomic::AtomicBool,
    faults: Mutex<Faults>,
    journal: Mutex<Vec<Entry>>,
    cursors: Mutex<Cursors>,
}

impl State {
    pub(crate) fn new(generation: Generation, context_path: String, demo: Demo, issuer: Issuer, gate: Gate) -> Self {
        Self {
            generation,
            context_path,
            demo,
            issuer,
            gate,
            ready: true.into(),
            faults: Mutex::default(),
            journal: Mutex::default(),
            cursors: Mutex::default(),
        }
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

    /// The time of day, in milliseconds since 1970.
    pub(crate) fn now() -> i64 {
        jiff::Timestamp::now().as_millisecond()
    }

    pub(crate) fn seconds(duration: Duration) -> i64 {
        i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
    }
}
