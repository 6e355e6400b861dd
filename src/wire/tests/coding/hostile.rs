//! Bombs, damage and garbage.

use super::*;

const MEBIBYTE: usize = 1024 * 1024;

/// A whole answer with its usage, and then blanks without end.
fn bomb() -> Vec<u8> {
    let mut body = fixture("openai/unary.json").body;
    body.resize(64 * MEBIBYTE, b' ');
    body
}

#[test]
fn a_bomb_is_read_no_further_than_its_bytes_are_worth() {
    let body = bomb();
    let sample = fixture("openai/unary.json");
    for coded in [
        Coded::Gzip,
        Coded::Zlib,
        Coded::Brotli,
        Coded::Zstd,
        Coded::GzipInBrotli,
    ] {
        let small = coded.smallest(&body);
        let mut coding = coded.coding();
        let mut reader = sample.reader();
        let mut out = 0;
        for piece in small.chunks(1024) {
            coding.feed(piece, &mut |piece| {
                out += piece.len();
                reader.feed(piece);
            });
        }
        let worth = 8 * MEBIBYTE + 250 * small.len();
        assert!(out <= worth, "{coded:?}: {out} of {} bytes", small.len());
        assert_eq!(coding.oddity(), Some(Flag::Compressed), "{coded:?}");
        assert_eq!(reader.report(), &sample.said().report, "{coded:?}");
    }
}

#[test]
fn what_comes_between_two_codings_counts_as_well() {
    // 64 MiB of blanks are some bytes of brotli in brotli; what unpacks them is not asked to.
    let outer = Coded::Brotli.smallest(&Coded::Gzip.smallest(&vec![b' '; 64 * MEBIBYTE]));
    let mut coding = Coded::GzipInBrotli.coding();
    let (out, oddity) = decoded(&mut coding, &[&outer]);
    assert!(out.len() <= 8 * MEBIBYTE + 250 * outer.len());
    assert_eq!(oddity, Some(Flag::Compressed));
}

#[test]
fn what_is_not_of_its_coding_is_malformed() {
    // The others have no mark to begin with.
    for coded in [Coded::Gzip, Coded::Members, Coded::Zstd] {
        let (_, oddity) = decoded(&mut coded.coding(), &[b"{\"usage\":{\"prompt_tokens\":7}}"]);
        assert_eq!(oddity, Some(Flag::Malformed), "{coded:?}");
    }
}

#[test]
fn damage_is_never_more_than_a_flag() {
    let body = fixture("anthropic/stream.sse").body;
    for coded in Coded::ALL {
        let whole = coded.smallest(&body);
        let mut random = fastrand::Rng::with_seed(7);
        for round in 0..400 {
            let mut bytes = whole.clone();
            for _ in 0..=round % 4 {
                let at = random.usize(..bytes.len());
                bytes[at] ^= 1 << random.u8(..8);
            }
            let cut = random.usize(..=bytes.len());
            let (head, tail) = bytes.split_at(cut);
            let (in_two, odd_in_two) = decoded(&mut coded.coding(), &[head, tail]);
            let (at_once, odd_at_once) = decoded(&mut coded.coding(), &[&bytes]);
            assert_eq!(odd_in_two, odd_at_once, "{coded:?} round {round}");
            let shorter = in_two.len().min(at_once.len());
            assert_eq!(
                in_two[..shorter],
                at_once[..shorter],
                "{coded:?} round {round}"
            );
        }
    }
}

#[test]
fn a_checksum_that_does_not_hold_is_malformed_and_what_was_read_is_kept() {
    for coded in [Coded::Gzip, Coded::Members, Coded::Zlib] {
        let mut bytes = coded.smallest(b"{}");
        let last = bytes.len() - if matches!(coded, Coded::Zlib) { 1 } else { 5 };
        bytes[last] ^= 1;
        let said = decoded(&mut coded.coding(), &[&bytes]);
        assert_eq!(said, (b"{}".to_vec(), Some(Flag::Malformed)), "{coded:?}");
    }
}

#[test]
fn after_its_end_a_body_has_nothing_but_members_and_zeros() {
    let check = |coded: Coded, after: &[u8], oddity: Option<Flag>| {
        let mut bytes = coded.smallest(b"{}");
        bytes.extend_from_slice(after);
        let said = decoded(&mut coded.coding(), &[&bytes]);
        assert_eq!(said, (b"{}".to_vec(), oddity), "{coded:?}, then {after:?}");
    };
    check(Coded::Gzip, &[0; 9], None);
    check(Coded::Gzip, &Coded::Gzip.smallest(b""), None);
    check(Coded::Gzip, b"\0\x1f", Some(Flag::Malformed));
    check(Coded::Zstd, &Coded::Zstd.smallest(b""), None);
    for coded in Coded::ALL {
        check(coded, b"garbage", Some(Flag::Malformed));
    }
}

#[test]
fn a_window_larger_than_http_allows_is_not_opened() {
    // A frame's head that asks for a window of 16 MiB, and one of a single segment of 4 GiB.
    let zstd: [&[u8]; 2] = [
        b"\x28\xb5\x2f\xfd\x00\x70\x01\x00\x00",
        b"\x28\xb5\x2f\xfd\xa0\xff\xff\xff\xff\x01\x00\x00",
    ];
    for frame in zstd {
        let said = decoded(&mut Coded::Zstd.coding(), &[frame]);
        assert_eq!(said, (Vec::new(), Some(Flag::Malformed)));
    }
    // A stream that says it has the extension to large windows.
    let said = decoded(
        &mut Coded::Brotli.coding(),
        &[b"\x11\x1e\x00\x00\x00\x00\x00"],
    );
    assert_eq!(said, (Vec::new(), Some(Flag::Malformed)));
}
