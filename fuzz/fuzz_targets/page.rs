//! A page of report data.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = optimize_api::DataPage::from_json(&bytes.to_vec().into());
});
