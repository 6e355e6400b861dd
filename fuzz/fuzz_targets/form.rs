//! Searches for bytes that break `form`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u16, &[u8])| tollgate_fuzz::form::holds(input));
