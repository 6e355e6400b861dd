//! The answers of `OpenAI`'s other operations and their requests, whole and cut in two.
#![no_main]

mod halves;

use libfuzzer_sys::fuzz_target;
use tollgate::wire::WireFormat;

const PATHS: [&str; 6] = [
    "/v1/completions",
    "/v1/embeddings",
    "/v1/responses",
    "/v1/images/generations",
    "/v1/audio/transcriptions",
    "/v1/audio/speech",
];

fuzz_target!(|input: (usize, usize, &[u8])| {
    let (operation, cut, bytes) = input;
    let path = PATHS[operation % PATHS.len()];
    halves::agree(WireFormat::OpenAi, path, (cut, bytes));
});
