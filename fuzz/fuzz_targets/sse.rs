//! Searches for bytes that break `sse`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u16, &[u8])| tollgate_fuzz::sse::holds(input));
