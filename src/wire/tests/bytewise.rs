//! Where a body is split or cut changes nothing: shown at every byte.

use super::*;

/// Cuts of a body: every one if that takes `work_max` byte steps at most, else as many, spread out.
/// `TOLLGATE_EXHAUSTIVE=1` takes every cut of every body.
pub(super) fn cuts(len: usize, work_max: usize) -> impl Iterator<Item = usize> {
    let exhaustive = std::env::var_os("TOLLGATE_EXHAUSTIVE").is_some();
    let step = if exhaustive {
        1
    } else {
        (len * len / 2 / work_max).max(1)
    };
    // A prime keeps the cuts from falling on the same place of every chunk.
    let step = if step > 1 { step * 7 / 6 + 1 } else { 1 };
    (0..=len).step_by(step)
}

/// Fed byte by byte, a reader says at each cut what a fresh one says of the whole prefix.
#[track_caller]
pub(super) fn check_every_cut(sample: &Sample, work_max: usize) {
    let mut single = sample.reader();
    let mut fed = 0;
    for cut in cuts(sample.body.len(), work_max) {
        for byte in sample.body[fed..cut].chunks(1) {
            single.feed(byte);
        }
        fed = cut;
        let whole = sample.said_after(&[&sample.body[..cut]]);
        assert_eq!(Said::of(&single), whole, "{} cut at {cut}", sample.name);
    }
}

/// What a reader calls final at a cut is what the whole body says, unless only the body's end tells
/// that nothing follows.
#[track_caller]
pub(super) fn check_what_is_final(sample: &Sample, work_max: usize) {
    let whole = sides(&mut sample.reader(), &sample.body);
    for cut in cuts(sample.body.len(), work_max) {
        let mut reader = sample.reader();
        let read = sides(&mut reader, &sample.body[..cut]);
        if reader.report().final_usage && !reader.is_endless() {
            assert_eq!(read, whole, "{} cut at {cut}", sample.name);
        }
    }
}

/// What was read and written. Headers of Bedrock's do not say for how long.
fn sides(reader: &mut ResponseReader, body: &[u8]) -> Option<[Option<u64>; 4]> {
    reader.feed(body);
    let usage = reader.report().usage?;
    Some([
        usage.input,
        usage.cache_read,
        usage.cache_write,
        usage.output,
    ])
}

/// Split into two frames anywhere, a body says the same as in one.
#[track_caller]
pub(super) fn check_every_split(sample: &Sample, work_max: usize) {
    let whole = sample.said();
    for cut in cuts(sample.body.len(), work_max) {
        let (head, tail) = sample.body.split_at(cut);
        assert_eq!(
            sample.said_after(&[head, tail]),
            whole,
            "{} split at {cut}",
            sample.name
        );
    }
}

#[test]
fn every_cut_of_a_fixture_says_what_its_prefix_says() {
    for sample in all_fixtures() {
        check_every_cut(&sample, usize::MAX);
    }
}

#[test]
fn what_is_final_in_a_cut_fixture_is_what_the_whole_says() {
    for sample in all_fixtures() {
        check_what_is_final(&sample, usize::MAX);
    }
}

#[test]
fn every_split_of_a_fixture_says_the_same() {
    for sample in all_fixtures() {
        check_every_split(&sample, usize::MAX);
    }
}

#[test]
fn every_byte_alone_says_the_same() {
    for sample in all_fixtures() {
        let single: Vec<&[u8]> = sample.body.chunks(1).collect();
        assert_eq!(sample.said_after(&single), sample.said(), "{}", sample.name);
    }
}
