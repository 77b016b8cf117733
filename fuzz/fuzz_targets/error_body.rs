//! The body of a failed request, that may repeat the token.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &[u8])| {
    optimize_api::fuzzing::error_body(input.0, input.1, "Q7canaryX9vK2mP4");
});
