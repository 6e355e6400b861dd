//! Searches for bytes that break `tokens`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u16, &[u8])| tollgate_fuzz::tokens::holds(input));
