//! Decodes base64 that comes in pieces of any size.

/// So many bytes are decoded at a time.
const PIECE_BYTES: usize = 1024;

/// A text being decoded.
#[derive(Debug, Default)]
pub(super) struct Base64 {
    /// The bits of a byte that is not whole yet, and how many they are.
    bits: u32,
    len: u32,
    /// A byte came that is none of its digits.
    is_foreign: bool,
    /// The bytes of one piece; kept for its room.
    decoded: Vec<u8>,
}

impl Base64 {
    /// Begins a new text.
    pub(super) const fn restart(&mut self) {
        self.bits = 0;
        self.len = 0;
        self.is_foreign = false;
    }

    /// Whether what came is base64.
    pub(super) const fn is_sound(&self) -> bool {
        !self.is_foreign
    }

    /// Takes the inside of a JSON string, in which a slash may be escaped; hands over what it stands
    /// for.
    pub(super) fn feed(&mut self, text: &[u8], found: &mut impl FnMut(&[u8])) {
        for piece in text.chunks(PIECE_BYTES) {
            self.decoded.clear();
            for byte in piece {
                self.digit(*byte);
            }
            if !self.decoded.is_empty() {
                found(&self.decoded);
            }
        }
    }

    fn digit(&mut self, byte: u8) {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' | b'\\' => return,
            _ => {
                self.is_foreign = true;
                return;
            }
        };
        self.bits = (self.bits << 6) | u32::from(digit);
        self.len += 6;
        if self.len >= 8 {
            self.len -= 8;
            let [.., whole] = (self.bits >> self.len).to_be_bytes();
            self.decoded.push(whole);
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn any_bytes_are_decoded_in_any_pieces() {
        for len in 0..70_u8 {
            let bytes: Vec<u8> = (0..len).map(|n| !n.wrapping_mul(97)).collect();
            let text = STANDARD.encode(&bytes).replace('/', "\\/");
            for size in 1..=text.len().max(1) {
                let mut base64 = Base64::default();
                let mut decoded = Vec::new();
                for piece in text.as_bytes().chunks(size) {
                    base64.feed(piece, &mut |bytes| decoded.extend_from_slice(bytes));
                }
                assert_eq!((decoded, base64.is_sound()), (bytes.clone(), true));
            }
        }
    }

    #[test]
    fn what_is_no_base64_is_noticed_until_the_next_text() {
        let mut base64 = Base64::default();
        base64.feed(b"YQ-_", &mut |_| {});
        assert!(!base64.is_sound());
        base64.restart();
        base64.feed(b"YQ==", &mut |bytes| assert_eq!(bytes, b"a"));
        assert!(base64.is_sound());
    }
}
