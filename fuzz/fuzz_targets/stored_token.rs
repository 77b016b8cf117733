//! A file of the token cache.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    optimize_auth::fuzzing::stored_token(bytes);
});
