//! A compressed body gives out the same in one piece as in two; a damaged one the same beginning.

use tollgate::wire::Coding;

use super::cut::in_two;

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

/// Panics where it does not hold.
pub fn holds((name, cut, bytes): (u8, u16, &[u8])) {
    let name = NAMES[usize::from(name) % NAMES.len()];
    let (split, split_is_whole) = decoded(name, in_two(cut, bytes));
    let (at_once, one_is_whole) = decoded(name, [bytes, b""]);
    assert_eq!(split_is_whole, one_is_whole);
    if one_is_whole {
        assert_eq!(split, at_once);
    }
    let shorter = split.len().min(at_once.len());
    assert_eq!(split[..shorter], at_once[..shorter]);
}
