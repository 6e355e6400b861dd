//! Searches for bytes that break `halves::anthropic`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u16, &[u8])| tollgate_fuzz::halves::anthropic(input));
