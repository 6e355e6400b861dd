//! The scanner over requests, answers and chunks, by the byte; and whole answers to their usage.

use std::hint::black_box;

use anyhow::ensure;
use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput};
use http::Method;
use tollgate::wire::{Endpoint, RequestScanner, ResponseReader, WireFormat, endpoint};

use crate::shared::bodies::{self, Chunks};

const SIZES: [(&str, usize); 3] = [("1KB", 1 << 10), ("20KB", 20 << 10), ("1MB", 1 << 20)];
/// Chunks of a streamed answer.
const CHUNKS: usize = 300;
const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

pub(crate) fn requests(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scan_request");
    for format in bodies::FORMATS {
        for (name, bytes) in SIZES {
            let body = bodies::request(format, bytes, false);
            group.throughput(throughput(&body));
            group.bench_function(BenchmarkId::new(format.label(), name), |bencher| {
                bencher.iter(|| {
                    let mut scanner = RequestScanner::new(format);
                    scanner.feed(black_box(&body));
                    black_box(scanner.facts().model.is_some())
                });
            });
        }
    }
}

pub(crate) fn answers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scan_answer");
    for format in bodies::FORMATS {
        for (name, bytes) in SIZES {
            let body = bodies::answer(format, bytes);
            group.throughput(throughput(&body));
            group.bench_function(BenchmarkId::new(format.label(), name), |bencher| {
                bencher.iter(|| read(format, JSON, [black_box(&body)]).ended());
            });
        }
    }
}

/// One chunk after the other, in the middle of a stream.
pub(crate) fn chunks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scan_chunk");
    for format in bodies::FORMATS {
        for (name, kind) in [("alike", Chunks::Alike), ("unlike", Chunks::Unlike)] {
            let stream = bodies::stream(format, CHUNKS, kind);
            let (head, chunks) = stream.split_at(bodies::events_before_text(format));
            let chunks = chunks.get(..CHUNKS).unwrap_or_default();
            let mut reader = read(format, EVENTS, head);
            let mut next = chunks.iter().cycle();
            let bytes = chunks.iter().map(Bytes::len).sum::<usize>() / CHUNKS;
            group.throughput(Throughput::Bytes(u64::try_from(bytes).unwrap_or_default()));
            group.bench_function(BenchmarkId::new(format.label(), name), |bencher| {
                bencher.iter(|| next.next().map(|chunk| reader.feed(black_box(chunk))));
            });
        }
    }
}

pub(crate) fn usage(criterion: &mut Criterion) -> anyhow::Result<()> {
    let mut group = criterion.benchmark_group("usage");
    for format in bodies::FORMATS {
        let unary = vec![bodies::answer(format, 1 << 10)];
        let stream = bodies::stream(format, CHUNKS, Chunks::Alike);
        for (name, kind, body) in [("unary", JSON, unary), ("stream", EVENTS, stream)] {
            let report = read(format, kind, &body).report().clone();
            ensure!(report.final_usage, "no usage in the {format} {name}");
            group.throughput(Throughput::Elements(u64::try_from(body.len())?));
            group.bench_function(BenchmarkId::new(format.label(), name), |bencher| {
                bencher.iter(|| read(format, kind, black_box(&body)).report().usage);
            });
        }
    }
    Ok(())
}

fn read<'a>(
    format: WireFormat,
    kind: &str,
    body: impl IntoIterator<Item = &'a Bytes>,
) -> ResponseReader {
    let mut reader = ResponseReader::new(chat(format), Some(kind));
    for piece in body {
        reader.feed(piece);
    }
    reader
}

fn chat(format: WireFormat) -> Endpoint {
    endpoint(format, &Method::POST, bodies::path(format))
}

fn throughput(body: &Bytes) -> Throughput {
    Throughput::Bytes(u64::try_from(body.len()).unwrap_or(u64::MAX))
}
