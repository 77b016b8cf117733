//! What a running sandbox knows.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::api::data_export::Cursors;
use crate::clock::Clock;
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
    pub(crate) clock: Clock,
    faults: Mutex<Faults>,
    journal: Mutex<Vec<Entry>>,
    cursors: Mutex<Cursors>,
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
        Self {
            generation,
            context_path,
            demo,
            issuer,
            gate,
            ready: true.into(),
            clock,
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
}
