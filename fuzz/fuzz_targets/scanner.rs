//! Searches for bytes that break `scanner`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u16, &[u8])| tollgate_fuzz::scanner::holds(input));
