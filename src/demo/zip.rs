//! Answers in gzip, for clients that ask for it, as the official SDKs do.

use std::io::Write;
use std::mem;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, header};

/// Compresses one answer, piece by piece.
#[derive(Debug)]
pub(super) struct Zip(GzEncoder<Vec<u8>>);

impl Zip {
    /// One for a client with these headers, if it asks.
    pub(super) fn asked(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(header::ACCEPT_ENCODING).into_iter();
        let mut codings = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        let asked = codings.any(|coding| coding.trim() == "gzip");
        asked.then(|| Self(GzEncoder::new(Vec::new(), Compression::fast())))
    }

    /// A piece that can be read when it has come: a stream's client waits for each event.
    pub(super) fn piece(&mut self, bytes: &[u8]) -> Bytes {
        // Nothing that is written to memory fails.
        let _ = self.0.write_all(bytes).and_then(|()| self.0.flush());
        mem::take(self.0.get_mut()).into()
    }

    /// What ends the answer.
    pub(super) fn end(self) -> Bytes {
        self.0.finish().unwrap_or_default().into()
    }
}
