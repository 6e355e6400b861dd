//! The scanner finds the same in one piece as in two.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tollgate::wire::{Action, Paths, Scanner, Seen};

static PATHS: LazyLock<Paths<u8>> = LazyLock::new(|| {
    Paths::new([
        ("a", Action::Keep(0)),
        ("b.*.c", Action::Keep(1)),
        ("b", Action::Notice(2)),
        ("d", Action::Notice(3)),
    ])
});

fn found(pieces: [&[u8]; 2]) -> (Vec<(u8, Vec<u8>)>, bool, bool) {
    let mut scanner = Scanner::new(&*PATHS);
    let mut all = Vec::new();
    for piece in pieces {
        scanner.feed(piece, &mut |seen| {
            all.push(match seen {
                Seen::Value(field, raw) => (field, raw.to_vec()),
                Seen::Filled(field) | Seen::TooLong(field) => (field, Vec::new()),
            });
        });
    }
    (all, scanner.is_complete(), scanner.is_malformed())
}

fuzz_target!(|input: (usize, &[u8])| {
    let (cut, bytes) = input;
    let (head, tail) = bytes.split_at(cut.min(bytes.len()));
    assert_eq!(found([head, tail]), found([bytes, b""]));
});
