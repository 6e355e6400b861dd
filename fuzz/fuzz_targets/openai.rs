//! Searches for bytes that break `halves::openai`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u16, &[u8])| tollgate_fuzz::halves::openai(input));
