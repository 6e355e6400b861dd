//! Searches for bytes that break `usage_request`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tollgate_fuzz::usage_request::holds(input));
