//! Where bytes are cut in two.

/// Any cut lies within the bytes, so none is lost on cutting behind them.
pub fn in_two(cut: u16, bytes: &[u8]) -> [&[u8]; 2] {
    let (head, tail) = bytes.split_at(usize::from(cut) % (bytes.len() + 1));
    [head, tail]
}
