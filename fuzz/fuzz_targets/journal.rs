//! A journal of an ingestion.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    optimize_cli::fuzzing::journal(bytes);
});
