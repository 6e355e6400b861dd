//! A chat completion and its request, whole and cut in two.
#![no_main]

mod halves;

use libfuzzer_sys::fuzz_target;
use tollgate::wire::WireFormat;

fuzz_target!(|input: (usize, &[u8])| {
    halves::agree(WireFormat::OpenAi, "/v1/chat/completions", input);
});
