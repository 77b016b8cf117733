//! Exported definitions, as an import checks them.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    optimize_cli::fuzzing::definitions(bytes);
});
