//! What a plugin says of itself.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    optimize_cli::fuzzing::plugin_manifest(bytes);
});
