//! The decoder finds the same in one piece as in two.

use tollgate::wire::{Piece, SseDecoder};

use super::cut::in_two;

fn found(pieces: [&[u8]; 2]) -> Vec<u8> {
    let mut decoder = SseDecoder::default();
    let mut all = Vec::new();
    for piece in pieces {
        decoder.feed(piece, &mut |found| match found {
            Piece::Data(data) => all.extend_from_slice(data),
            // No data has a bare CR, so these marks cannot be data.
            Piece::Done => all.extend_from_slice(b"\rdone"),
            Piece::End => all.extend_from_slice(b"\rend"),
        });
    }
    all
}

/// Panics where it does not hold.
pub fn holds((cut, bytes): (u16, &[u8])) {
    assert_eq!(found(in_two(cut, bytes)), found([bytes, b""]));
}
