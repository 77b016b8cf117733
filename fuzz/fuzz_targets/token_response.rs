//! A response of a token endpoint, of any status, that may repeat the client secret.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, &[u8])| {
    optimize_auth::fuzzing::token_response(input.0, input.1, "Q7canaryX9vK2mP4");
});
