//! The scanner finds the same in one piece as in two.

use std::sync::LazyLock;

use tollgate::wire::{Action, Paths, Scanner, Seen};

use super::cut::in_two;

static PATHS: LazyLock<Paths<u8>> = LazyLock::new(|| {
    Paths::new([
        ("a", Action::Keep(0)),
        ("b.*.c", Action::Keep(1)),
        ("b", Action::Notice(2)),
        ("d", Action::Notice(3)),
        ("e", Action::Gather(4)),
    ])
});

fn found(pieces: [&[u8]; 2]) -> (Vec<(u8, Vec<u8>)>, bool, bool) {
    let mut scanner = Scanner::new(&*PATHS);
    let mut all = Vec::new();
    for piece in pieces {
        scanner.feed(piece, &mut |seen| {
            all.push(match seen {
                Seen::Value(field, raw) | Seen::Text(field, raw) => (field, raw.to_vec()),
                Seen::Filled(field) | Seen::TooLong(field) => (field, Vec::new()),
            });
        });
    }
    (all, scanner.is_complete(), scanner.is_malformed())
}

/// Panics where it does not hold.
pub fn holds((cut, bytes): (u16, &[u8])) {
    assert_eq!(found(in_two(cut, bytes)), found([bytes, b""]));
}
