//! Programs that are commands of this one: `optimize-NAME` is run by `optimize NAME`.

mod discovery;
mod launch;
mod managed;
mod manifest;

pub(crate) use discovery::{Found, find, find_all, is_name};
pub(crate) use launch::launch;
pub(crate) use managed::Managed;
pub(crate) use manifest::Manifests;
#[cfg(fuzzing)]
pub(crate) use manifest::check_manifest;
