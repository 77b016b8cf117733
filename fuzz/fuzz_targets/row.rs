//! A row of variables or events.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    optimize_cli::fuzzing::row(text);
});
