//! What a server does to a body: each part is compressed and flushed, so that it can be read at once.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use crate::wire::Coding;

/// A coding, and how hard it tries.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Coded {
    Gzip,
    /// Everything a head may have, and a member for each part.
    Members,
    Zlib,
    RawDeflate,
    Brotli,
    Zstd,
    GzipInBrotli,
}

impl Coded {
    pub(crate) const ALL: [Self; 7] = [
        Self::Gzip,
        Self::Members,
        Self::Zlib,
        Self::RawDeflate,
        Self::Brotli,
        Self::Zstd,
        Self::GzipInBrotli,
    ];

    pub(crate) fn coding(self) -> Coding {
        let label = match self {
            Self::Gzip => "gzip",
            Self::Members => "X-GZip",
            Self::Zlib | Self::RawDeflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::GzipInBrotli => "gzip, br",
        };
        Coding::of([label.as_bytes()].into_iter())
    }

    /// As a server does it that has to be fast: what each part becomes, and the end.
    pub(crate) fn parts(self, parts: &[&[u8]]) -> Vec<Vec<u8>> {
        self.encode(parts, Compression::fast().level())
    }

    /// In one part, as small as can be.
    pub(crate) fn smallest(self, body: &[u8]) -> Vec<u8> {
        self.encode(&[body], Compression::best().level()).concat()
    }

    fn encode(self, parts: &[&[u8]], level: u32) -> Vec<Vec<u8>> {
        let flate = Compression::new(level);
        let sink = Sink::default();
        let into = sink.clone();
        let encoder: Box<dyn Write> = match self {
            Self::Gzip => Box::new(GzEncoder::new(into, flate)),
            Self::Members => return parts.iter().map(|part| member(part)).collect(),
            Self::Zlib => Box::new(ZlibEncoder::new(into, flate)),
            Self::RawDeflate => Box::new(DeflateEncoder::new(into, flate)),
            Self::Brotli => Box::new(brotli::CompressorWriter::new(into, 4096, level, 22)),
            Self::Zstd => {
                let level = i32::try_from(level * 2).unwrap();
                Box::new(zstd::Encoder::new(into, level).unwrap().auto_finish())
            }
            Self::GzipInBrotli => {
                let inner = Self::Gzip.encode(parts, level);
                let inner: Vec<&[u8]> = inner.iter().map(Vec::as_slice).collect();
                return Self::Brotli.encode(&inner, level);
            }
        };
        sink.flushed(encoder, parts)
    }
}

/// One member of gzip with extra field, name, comment and a checksum of the head.
fn member(body: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x1f\x8b\x08\x1e\0\0\0\0\0\x03\x03\0\0ab".to_vec();
    bytes.extend_from_slice(b"answer.sse\0of a model\0");
    let mut check = flate2::Crc::new();
    check.update(&bytes);
    bytes.extend_from_slice(&check.sum().to_le_bytes()[..2]);
    let mut encoder = DeflateEncoder::new(bytes, Compression::fast());
    encoder.write_all(body).unwrap();
    let mut bytes = encoder.finish().unwrap();
    let mut check = flate2::Crc::new();
    check.update(body);
    bytes.extend_from_slice(&check.sum().to_le_bytes());
    bytes.extend_from_slice(&check.amount().to_le_bytes());
    bytes
}

/// What an encoder has written.
#[derive(Clone, Default)]
struct Sink(Rc<RefCell<Vec<u8>>>);

impl Sink {
    fn flushed(&self, mut encoder: Box<dyn Write>, parts: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut coded: Vec<Vec<u8>> = Vec::new();
        for part in parts {
            encoder.write_all(part).unwrap();
            encoder.flush().unwrap();
            coded.push(self.0.take());
        }
        drop(encoder);
        coded.push(self.0.take());
        coded
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
