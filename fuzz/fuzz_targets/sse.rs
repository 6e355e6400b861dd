//! The decoder finds the same in one piece as in two.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate::wire::{Piece, SseDecoder};

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

fuzz_target!(|input: (usize, &[u8])| {
    let (cut, bytes) = input;
    let (head, tail) = bytes.split_at(cut.min(bytes.len()));
    assert_eq!(found([head, tail]), found([bytes, b""]));
});
