//! Compressed bodies say what they say uncompressed; damaged ones and bombs harm nobody.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::bytewise::cuts;
use super::recorded::records;
use super::*;
use crate::call::Flag;

use coded::Coded;

mod coded;
mod hostile;

/// A reader of coded pieces.
struct Watch {
    coding: Coding,
    reader: ResponseReader,
}

impl Watch {
    fn new(coded: Coded, sample: &Sample) -> Self {
        Self {
            coding: coded.coding(),
            reader: sample.reader(),
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        let Self { coding, reader } = self;
        coding.feed(bytes, &mut |piece| reader.feed(piece));
    }

    fn said(&self) -> Said {
        Said::of(&self.reader)
    }
}

/// What comes out of coded pieces, and what was odd.
fn decoded(coding: &mut Coding, pieces: &[&[u8]]) -> (Vec<u8>, Option<Flag>) {
    let mut out = Vec::new();
    for piece in pieces {
        coding.feed(piece, &mut |piece| out.extend_from_slice(piece));
    }
    (out, coding.oddity())
}

/// The events of a stream, or the whole of another body.
fn parts(sample: &Sample) -> Vec<&[u8]> {
    let mut rest = sample.body.as_slice();
    let mut parts = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\n\n") {
        let (part, after) = rest.split_at(end + 2);
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

/// After each part, coded and flushed, as much is known as after the plain part; and split anywhere
/// the whole says the same.
#[track_caller]
fn check_coded(sample: &Sample, coded: Coded) {
    let name = format!("{} in {coded:?}", sample.name);
    let parts = parts(sample);
    let pieces = coded.parts(&parts);
    let mut plain = sample.reader();
    let mut watch = Watch::new(coded, sample);
    for (index, piece) in pieces.iter().enumerate() {
        plain.feed(parts.get(index).copied().unwrap_or_default());
        watch.feed(piece);
        assert_eq!(watch.said(), Said::of(&plain), "{name}: part {index}");
    }
    assert_eq!(watch.coding.oddity(), None, "{name}");
    let whole = pieces.concat();
    let mut random = fastrand::Rng::with_seed(9);
    let mut watch = Watch::new(coded, sample);
    let mut rest = whole.as_slice();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(random.usize(1..=rest.len().min(300)));
        watch.feed(piece);
        rest = after;
    }
    assert_eq!(watch.said(), sample.said(), "{name}: split at random");
}

fn all_recorded() -> Vec<Sample> {
    [
        ("openai.chat.completions.jsonl", WireFormat::OpenAi),
        ("azure.chat.completions.jsonl", WireFormat::OpenAi),
        ("anthropic.messages.jsonl", WireFormat::Anthropic),
    ]
    .into_iter()
    .flat_map(|(ending, format)| {
        let records = records(ending);
        let samples: Vec<Sample> = records.iter().map(|record| record.sample(format)).collect();
        samples
    })
    .collect()
}

#[test]
fn a_flushed_event_is_read_when_its_bytes_have_come_whatever_its_coding() {
    for sample in all_fixtures() {
        for coded in Coded::ALL {
            check_coded(&sample, coded);
        }
    }
}

#[test]
fn recorded_bodies_say_the_same_in_every_coding() {
    let samples = all_recorded();
    for sample in &samples {
        for coded in Coded::ALL {
            check_coded(sample, coded);
        }
    }
    println!("{} bodies in {} codings", samples.len(), Coded::ALL.len());
}

#[test]
fn no_recorded_body_is_taken_for_a_bomb() {
    let mut largest = BTreeMap::new();
    let mut samples = all_recorded();
    // The longest can be made smallest, and the strongest compression takes its time.
    samples.sort_by_key(|sample| Reverse(sample.body.len()));
    for sample in samples.into_iter().take(100) {
        for coded in Coded::ALL {
            let small = coded.smallest(&sample.body);
            let ratio = sample.body.len() / small.len().max(1);
            let seen = largest.entry(format!("{coded:?}")).or_insert(0);
            *seen = ratio.max(*seen);
            let (out, oddity) = decoded(&mut coded.coding(), &[&small]);
            assert!(out == sample.body && oddity.is_none(), "{}", sample.name);
        }
    }
    println!("bytes that a byte stands for, at most: {largest:?}");
}

#[test]
fn a_coded_body_cut_anywhere_gives_out_its_beginning() {
    for sample in all_fixtures() {
        for coded in Coded::ALL {
            let whole = coded.parts(&parts(&sample)).concat();
            let mut single = coded.coding();
            let (mut out, mut fed) = (Vec::new(), 0);
            for cut in cuts(whole.len(), 20_000) {
                for byte in whole[fed..cut].chunks(1) {
                    single.feed(byte, &mut |piece| out.extend_from_slice(piece));
                }
                fed = cut;
                let (at_once, oddity) = decoded(&mut coded.coding(), &[&whole[..cut]]);
                let name = format!("{} in {coded:?} cut at {cut}", sample.name);
                assert_eq!(out, at_once, "{name}");
                assert!(sample.body.starts_with(&out) && oddity.is_none(), "{name}");
            }
        }
    }
}

#[test]
fn codings_are_known_by_their_names() {
    let check = |values: &[&str], expected: &str| {
        let coding = Coding::of(values.iter().map(|value| value.as_bytes()));
        let found = match coding {
            Coding::Identity => "identity",
            Coding::Coded(_) => "coded",
            Coding::Opaque => "opaque",
        };
        assert_eq!(found, expected, "{values:?}");
    };
    check(&[], "identity");
    check(&["", "identity", " Identity , "], "identity");
    check(&["gzip"], "coded");
    check(&["identity, GZIP"], "coded");
    check(&["deflate", "br"], "coded");
    check(&["gzip, zstd , br"], "opaque");
    check(&["compress"], "opaque");
    check(&["gzip;q=1"], "opaque");
    check(&["dcz"], "opaque");
    check(&["gzip, \u{fffd}"], "opaque");
}
