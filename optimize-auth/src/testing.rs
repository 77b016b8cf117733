//! Checks for what other programs add to this crate. It needs the feature `test-util`.

pub mod stores;
