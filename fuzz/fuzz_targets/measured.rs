//! Searches for pages of servers that break their reading.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tollgate_fuzz::measured::holds(bytes));
