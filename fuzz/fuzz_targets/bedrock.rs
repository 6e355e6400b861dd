//! Searches for bytes that break `halves::bedrock`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u16, &[u8])| tollgate_fuzz::halves::bedrock(input));
