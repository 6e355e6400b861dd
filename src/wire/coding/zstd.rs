//! `zstd`: frames in a row (RFC 8878), with the window that RFC 9659 allows in HTTP.

use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use super::{CHUNK_BYTES, Fault, Memory, Out, Stage};

/// The largest window, as a power of two: 8 MiB. RFC 9659 has every server keep to it.
const WINDOW_LOG_MAX: u32 = 23;

/// The window, of which only what comes out is ever touched, and what is there for tables and blocks.
const MEMORY: Memory = Memory {
    at_once: 250 * 1024,
    window: 1 << WINDOW_LOG_MAX,
};

/// A body of frames.
pub(super) struct Zstd(Decoder<'static>);

impl Zstd {
    /// None where there is no memory for it.
    pub(super) fn new() -> Option<Self> {
        let mut decoder = Decoder::new().ok()?;
        let window = DParameter::WindowLogMax(WINDOW_LOG_MAX);
        decoder.set_parameter(window).ok()?;
        Some(Self(decoder))
    }
}

impl Stage for Zstd {
    fn memory(&self) -> Memory {
        MEMORY
    }

    fn feed(&mut self, mut bytes: &[u8], out: &mut Out<'_>) -> Result<(), Fault> {
        let mut chunk = [0; CHUNK_BYTES];
        let mut is_full = false;
        while is_full || !bytes.is_empty() {
            let mut input = InBuffer::around(bytes);
            let mut output = OutBuffer::around(chunk.as_mut_slice());
            let result = self.0.run(&mut input, &mut output);
            let (taken, made) = (input.pos(), output.pos());
            out(chunk.get(..made).unwrap_or_default())?;
            result.map_err(|_| Fault::Damaged)?;
            bytes = bytes.get(taken..).unwrap_or_default();
            // A full chunk may have left something behind.
            is_full = made == CHUNK_BYTES;
        }
        Ok(())
    }
}
