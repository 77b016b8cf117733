//! Any bytes on their way to a terminal.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    optimize_cli::fuzzing::screen(bytes);
});
