//! Any bytes as a configuration file, with a secret somewhere in it: no panic, and no output with the secret.

#![no_main]

use libfuzzer_sys::fuzz_target;

const SECRET: &str = "Q7canaryX9vK2mP4";

fuzz_target!(|input: (usize, &str)| {
    let (place, text) = input;
    let place = (0..=text.len()).rev().find(|end| *end <= place % (text.len() + 1) && text.is_char_boundary(*end));
    let (before, after) = text.split_at(place.unwrap_or_default());
    let printed = optimize_cli::check_configuration(&format!("{before}auth.client_secret = '{SECRET}'{after}"));
    assert!(!printed.contains(SECRET), "{printed}");
});
