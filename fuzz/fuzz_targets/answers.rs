//! Searches for bytes that break `answers`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u8, u8, u16, &[u8])| tollgate_fuzz::answers::holds(input));
