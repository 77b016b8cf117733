//! What a credential helper and its host write to each other.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    optimize_auth::fuzzing::helper_message(bytes);
});
