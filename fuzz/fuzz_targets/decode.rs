//! Searches for bytes that break `decode`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u8, u16, &[u8])| tollgate_fuzz::decode::holds(input));
