//! Width and height of an image that a request carries in itself, from its header alone.

/// The most of an image that is looked at, in bytes: a JPEG may have a profile and a thumbnail
/// before its size.
const HEADER_BYTES_MAX: usize = 512 << 10;

/// Width and height of the image in a `data:` URL, in pixels. `None` for any other URL, an unknown
/// format and a broken header.
pub(super) fn of_data_url(url: &str) -> Option<(u32, u32)> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    head.ends_with(";base64").then(|| of_base64(data))?
}

/// Width and height of an image in base64, in pixels.
pub(super) fn of_base64(data: &str) -> Option<(u32, u32)> {
    let mut bytes = Bytes(decoded(data));
    match [bytes.one()?, bytes.one()?] {
        [0x89, b'P'] => png(bytes),
        [0xFF, 0xD8] => jpeg(bytes),
        [b'G', b'I'] => gif(bytes),
        [b'R', b'I'] => webp(bytes),
        _ => None,
    }
}

/// The bytes of base64 text, one by one, until its end or the bound.
fn decoded(data: &str) -> impl Iterator<Item = u8> {
    let mut sextets = data.bytes().map_while(sextet);
    let (mut bits, mut held) = (0_u32, 0_u32);
    let next = move || {
        while held < 8 {
            bits = bits << 6 | u32::from(sextets.next()?);
            held += 6;
        }
        held -= 8;
        let [.., byte] = (bits >> held).to_be_bytes();
        Some(byte)
    };
    std::iter::from_fn(next).take(HEADER_BYTES_MAX)
}

/// The six bits of one character, of either alphabet.
fn sextet(character: u8) -> Option<u8> {
    Some(match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

/// Reads numbers from a stream of bytes.
struct Bytes<I>(I);

impl<I: Iterator<Item = u8>> Bytes<I> {
    fn one(&mut self) -> Option<u8> {
        self.0.next()
    }

    fn skip(&mut self, bytes: usize) -> Option<()> {
        (0..bytes).try_for_each(|_| self.one().map(|_| ()))
    }

    /// The next number of `bytes` bytes, the highest first.
    fn high_first(&mut self, bytes: usize) -> Option<u32> {
        (0..bytes).try_fold(0, |sum, _| Some(sum << 8 | u32::from(self.one()?)))
    }

    /// The next number of `bytes` bytes, the lowest first.
    fn low_first(&mut self, bytes: u32) -> Option<u32> {
        (0..bytes).try_fold(0, |sum, at| Some(sum | u32::from(self.one()?) << (8 * at)))
    }
}

fn png(mut bytes: Bytes<impl Iterator<Item = u8>>) -> Option<(u32, u32)> {
    // The signature, then the first chunk's length and name.
    bytes.skip(6 + 8)?;
    Some((bytes.high_first(4)?, bytes.high_first(4)?))
}

fn gif(mut bytes: Bytes<impl Iterator<Item = u8>>) -> Option<(u32, u32)> {
    bytes.skip(4)?;
    Some((bytes.low_first(2)?, bytes.low_first(2)?))
}

fn jpeg(mut bytes: Bytes<impl Iterator<Item = u8>>) -> Option<(u32, u32)> {
    loop {
        while bytes.one()? != 0xFF {}
        let mut marker = 0xFF;
        while marker == 0xFF {
            marker = bytes.one()?;
        }
        match marker {
            // A frame's start, but for three that share its range.
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                bytes.skip(3)?;
                let height = bytes.high_first(2)?;
                return Some((bytes.high_first(2)?, height));
            }
            // These have no length.
            0x00 | 0x01 | 0xD0..=0xD8 => {}
            _ => {
                let length = usize::try_from(bytes.high_first(2)?).ok()?;
                bytes.skip(length.checked_sub(2)?)?;
            }
        }
    }
}

fn webp(mut bytes: Bytes<impl Iterator<Item = u8>>) -> Option<(u32, u32)> {
    bytes.skip(10)?;
    let kind = [bytes.one()?, bytes.one()?, bytes.one()?, bytes.one()?];
    // The chunk's length.
    bytes.skip(4)?;
    match &kind {
        b"VP8 " => {
            bytes.skip(6)?;
            Some((bytes.low_first(2)? & 0x3FFF, bytes.low_first(2)? & 0x3FFF))
        }
        b"VP8L" => {
            bytes.skip(1)?;
            let bits = bytes.low_first(4)?;
            Some(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
        }
        b"VP8X" => {
            bytes.skip(4)?;
            Some((bytes.low_first(3)? + 1, bytes.low_first(3)? + 1))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(data: &str, expected: Option<(u32, u32)>) {
        assert_eq!(of_data_url(data), expected);
    }

    #[test]
    fn a_png_says_its_size_at_once() {
        check(
            "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAASwAAACWCAYAAABk",
            Some((300, 150)),
        );
    }

    #[test]
    fn a_gif_says_its_size_at_once() {
        check("data:image/gif;base64,R0lGODlhLAGWAPAA", Some((300, 150)));
    }

    #[test]
    fn a_jpeg_says_its_size_behind_its_profile() {
        // FFD8, APP0 of 16, APP1 of 4, SOF2: 150 high, 300 wide.
        check(
            "data:image/jpeg;base64,/9j/4AAQAAAAAAAAAAAAAAAAAAD/4QAEAAD/wgARCACWASwD",
            Some((300, 150)),
        );
    }

    #[test]
    fn each_kind_of_webp_says_its_size() {
        check(
            "data:image/webp;base64,UklGRgAAAABXRUJQVlA4IAAAAAAAAACdASosAZYA",
            Some((300, 150)),
        );
        check(
            "data:image/webp;base64,UklGRgAAAABXRUJQVlA4TAAAAAAvK0ElAA==",
            Some((300, 150)),
        );
        check(
            "data:image/webp;base64,UklGRgAAAABXRUJQVlA4WAAAAAAAAAAAKwEAlQAA",
            Some((300, 150)),
        );
    }

    #[test]
    fn a_remote_or_broken_image_has_no_size() {
        check("https://example.com/a.png", None);
        check("data:image/png;base64,iVBORw0KGgo", None);
        check("data:image/png;base64,ELIDED12345", None);
        check("data:image/png,raw", None);
        check(
            &format!("data:image/jpeg;base64,/9j{}", "/".repeat(3 << 20)),
            None,
        );
    }
}
