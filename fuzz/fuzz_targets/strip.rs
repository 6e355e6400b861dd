//! Searches for bytes that break `strip`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u16, &[u8])| tollgate_fuzz::strip::holds(input));
