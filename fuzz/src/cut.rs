//! Where bytes are cut.

/// Any cut lies within the bytes, so none is lost on cutting behind them.
pub fn in_two(cut: u16, bytes: &[u8]) -> [&[u8]; 2] {
    let (head, tail) = bytes.split_at(usize::from(cut) % (bytes.len() + 1));
    [head, tail]
}

/// In short pieces of one size, down to single bytes.
pub fn in_many(cut: u16, bytes: &[u8]) -> Vec<&[u8]> {
    bytes.chunks(1 + usize::from(cut % 13)).collect()
}
