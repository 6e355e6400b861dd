//! Searches for events that break `frames`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u16, u16, &[u8])| tollgate_fuzz::frames::holds(input));
