//! The same exchanges, compressed as clients ask for it.

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::*;

/// An exchange's body in the coding that is its own, and that coding's name. Streams are flushed
/// after each event, as servers do.
fn coded(exchange: &Exchange) -> (&'static str, Vec<u8>) {
    let level = Compression::fast();
    let parts = events(exchange);
    match exchange.seed() / 2 % 4 {
        0 => {
            let mut encoder = GzEncoder::new(Vec::new(), level);
            write_all(&mut encoder, &parts);
            ("gzip", encoder.finish().unwrap())
        }
        1 => {
            let mut encoder = ZlibEncoder::new(Vec::new(), level);
            write_all(&mut encoder, &parts);
            ("deflate", encoder.finish().unwrap())
        }
        2 => {
            let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 4, 19);
            write_all(&mut encoder, &parts);
            ("br", encoder.into_inner())
        }
        _ => {
            let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
            write_all(&mut encoder, &parts);
            ("zstd", encoder.finish().unwrap())
        }
    }
}

fn write_all(encoder: &mut impl Write, parts: &[&[u8]]) {
    for part in parts {
        encoder.write_all(part).unwrap();
        encoder.flush().unwrap();
    }
}

/// The events of a stream; any other body is one part.
fn events(exchange: &Exchange) -> Vec<&[u8]> {
    let text = exchange.response_body.as_deref();
    match text.filter(|_| exchange.streaming) {
        Some(text) => text.split_inclusive("\n\n").map(str::as_bytes).collect(),
        None => vec![exchange.body()],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_compressed_exchange_passes_unchanged_and_is_read_as_recorded() {
    let Some(folder) = shared::recorded() else {
        return;
    };
    let mut exchanges = load(&folder);
    // Nothing is never compressed.
    exchanges.retain(|exchange| !exchange.body().is_empty());
    let stage = Stage::set(exchanges, |exchange| {
        let (name, body) = coded(exchange);
        exchange.script_of(&body, &[("content-encoding", name)])
    })
    .await;
    check(&stage, |exchange| coded(exchange).1).await;
}
