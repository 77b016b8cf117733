//! No core dumps: they would hold the secrets of the run.

/// Keeps this process from dumping core, and others of the same user from reading its memory and environment.
///
/// Where that is forbidden, or on other systems, the program runs without it: it is one more wall, not the only one.
#[cfg(target_os = "linux")]
pub(crate) fn disable() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn disable() {}
