//! Integers as LEB128 varints, signed ones zigzag, behind one version byte.

/// Room for a value as it is usually written: a total; a busy minute makes its own.
const VALUE_BYTES_USUAL: usize = 64;

/// The bit of a byte that is not the last of its number.
const MORE: u8 = 0x80;
/// Bytes of a number that surely fits a machine word.
const SHORT_BYTES: usize = 9;

/// Writes a value: the version byte, then numbers.
#[derive(Debug)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new(version: u8) -> Self {
        let mut value = Vec::with_capacity(VALUE_BYTES_USUAL);
        value.push(version);
        Self(value)
    }

    pub(super) fn put(&mut self, number: impl Into<u128>) {
        let mut rest: u128 = number.into();
        // Nearly all fit a machine word, and a commit writes thousands of them.
        let mut short = loop {
            if let Ok(short) = u64::try_from(rest) {
                break short;
            }
            self.0.push(low_bits(rest) | MORE);
            rest >>= 7;
        };
        while short >= u64::from(MORE) {
            self.0.push(low_bits(short.into()) | MORE);
            short >>= 7;
        }
        self.0.push(low_bits(short.into()));
    }

    pub(super) fn put_signed(&mut self, number: i128) {
        // Zigzag: small magnitudes stay short, whatever their sign.
        self.put((number.cast_unsigned() << 1) ^ (number >> 127).cast_unsigned());
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads what [`Writer`] wrote; every step says `None` at the first byte that does not fit.
#[derive(Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The reader and the version it stands behind.
    pub(super) fn new(value: &'a [u8]) -> Option<(u8, Self)> {
        let (version, rest) = value.split_first()?;
        Some((*version, Self(rest)))
    }

    /// The reader of a value of one version; another one is not guessed at.
    pub(super) fn of(value: &'a [u8], version: u8) -> Option<Self> {
        let (found, reader) = Self::new(value)?;
        (found == version).then_some(reader)
    }

    pub(super) fn take(&mut self) -> Option<u128> {
        let mut number = 0_u128;
        for shift in (0..128).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            let part = u128::from(byte & !MORE);
            // The 19th byte holds the last two bits.
            if shift == 126 && part > 3 {
                return None;
            }
            number |= part << shift;
            if byte & MORE == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn take_u64(&mut self) -> Option<u64> {
        match self.take_short() {
            Some(short) => Some(short),
            None => self.take()?.try_into().ok(),
        }
    }

    pub(super) fn take_signed(&mut self) -> Option<i128> {
        let zigzag = match self.take_short() {
            Some(short) => u128::from(short),
            None => self.take()?,
        };
        let sign = (zigzag & 1).cast_signed();
        Some((zigzag >> 1).cast_signed() ^ -sign)
    }

    /// A number of few bytes, as nearly all are: a start and a report read millions of them. Nothing
    /// is taken of a longer one.
    fn take_short(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for (at, byte) in self.0.iter().take(SHORT_BYTES).enumerate() {
            number |= u64::from(byte & !MORE) << (7 * at);
            if byte & MORE == 0 {
                self.0 = self.0.get(at.saturating_add(1)..)?;
                return Some(number);
            }
        }
        None
    }

    /// The bytes not read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }
}

/// The last seven bits of a number.
fn low_bits(number: u128) -> u8 {
    u8::try_from(number & 0x7f).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(unsigned: u128, signed: i128) {
        let mut writer = Writer::new(1);
        writer.put(unsigned);
        writer.put_signed(signed);
        let value = writer.finish();
        let mut reader = Reader::of(&value, 1).unwrap();
        assert_eq!(reader.take(), Some(unsigned));
        assert_eq!(reader.take_signed(), Some(signed));
        assert!(reader.rest().is_empty());
        let mut reader = Reader::of(&value, 1).unwrap();
        assert_eq!(reader.take_u64(), u64::try_from(unsigned).ok());
        assert_eq!(reader.take_signed(), Some(signed));
        for cut in 0..value.len() {
            let whole = Reader::of(&value[..cut], 1)
                .and_then(|mut reader| reader.take().and_then(|_| reader.take_signed()));
            assert_eq!(whole, None, "cut at {cut}");
        }
    }

    #[test]
    fn the_ends_of_the_range_are_read_back() {
        check(0, 0);
        check(u128::MAX, i128::MIN);
        check(u128::from(u64::MAX), i128::MAX);
        check(127, -1);
        check(128, -64);
        // Where a number begins to need another byte, or more than a machine word.
        for bits in 1..127 {
            check((1 << bits) - 1, -(1 << (bits - 1)));
            check(1 << bits, 1 << (bits - 1));
        }
    }

    #[test]
    fn small_numbers_are_short_and_too_long_ones_are_refused() {
        let mut writer = Writer::new(1);
        writer.put_signed(-64);
        assert_eq!(writer.finish().len(), 2);
        assert_eq!(Reader(&[0xff; 19]).take(), None);
        assert!(Reader::of(&[2, 0], 1).is_none());
    }

    proptest! {
        #[test]
        fn any_number_is_read_back(unsigned: u128, signed: i128) {
            check(unsigned, signed);
        }
    }
}
