//! A compressed body gives out the same in one piece as in two; a damaged one the same beginning.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate::wire::Coding;

const NAMES: [&str; 5] = ["gzip", "deflate", "br", "zstd", "gzip, br"];

/// What comes out, and whether all of it was read.
fn decoded(name: &str, pieces: [&[u8]; 2]) -> (Vec<u8>, bool) {
    let mut coding = Coding::of([name.as_bytes()].into_iter());
    let mut all = Vec::new();
    for piece in pieces {
        coding.feed(piece, &mut |piece| all.extend_from_slice(piece));
    }
    (all, coding.oddity().is_none())
}

fuzz_target!(|input: (usize, usize, &[u8])| {
    let (name, cut, bytes) = input;
    let name = NAMES[name % NAMES.len()];
    let (head, tail) = bytes.split_at(cut.min(bytes.len()));
    let (in_two, two_is_whole) = decoded(name, [head, tail]);
    let (at_once, one_is_whole) = decoded(name, [bytes, b""]);
    assert_eq!(two_is_whole, one_is_whole);
    if one_is_whole {
        assert_eq!(in_two, at_once);
    }
    let shorter = in_two.len().min(at_once.len());
    assert_eq!(in_two[..shorter], at_once[..shorter]);
});
