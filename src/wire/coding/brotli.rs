//! `br`: one stream of brotli (RFC 7932).

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::{CHUNK_BYTES, Fault, Memory, Out, Stage};

type State = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

/// The format's largest window, of which only what comes out is ever touched (servers use 0.5 to
/// 4 MiB), and what is there for tables.
const MEMORY: Memory = Memory {
    at_once: 250 * 1024,
    window: 16 * 1024 * 1024,
};

/// A body of one stream.
pub(super) struct Brotli {
    state: Box<State>,
    is_over: bool,
}

impl Default for Brotli {
    fn default() -> Self {
        let alloc = StandardAlloc::default;
        Self {
            // Strict: without the extension to windows of up to 1 GiB, which HTTP does not have.
            state: Box::new(BrotliState::new_strict(alloc(), alloc(), alloc())),
            is_over: false,
        }
    }
}

impl Stage for Brotli {
    fn memory(&self) -> Memory {
        MEMORY
    }

    fn feed(&mut self, mut bytes: &[u8], out: &mut Out<'_>) -> Result<(), Fault> {
        let mut chunk = [0; CHUNK_BYTES];
        while !self.is_over {
            let (result, taken, made) = self.step(bytes, &mut chunk);
            out(chunk.get(..made).unwrap_or_default())?;
            bytes = bytes.get(taken..).unwrap_or_default();
            match result {
                // A full chunk may have left something behind.
                BrotliResult::NeedsMoreInput if made < CHUNK_BYTES => return Ok(()),
                BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
                BrotliResult::ResultSuccess => self.is_over = true,
                BrotliResult::ResultFailure => return Err(Fault::Damaged),
            }
        }
        if bytes.is_empty() {
            Ok(())
        } else {
            Err(Fault::Damaged)
        }
    }
}

impl Brotli {
    /// One call of the decoder: what it says, the bytes it took, and those it made.
    fn step(&mut self, bytes: &[u8], chunk: &mut [u8]) -> (BrotliResult, usize, usize) {
        let (mut taken, mut made, mut total) = (0, 0, 0);
        let result = BrotliDecompressStream(
            &mut bytes.len(),
            &mut taken,
            bytes,
            &mut chunk.len(),
            &mut made,
            chunk,
            &mut total,
            &mut self.state,
        );
        (result, taken, made)
    }
}
