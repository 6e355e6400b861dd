//! The report of usage is taken out, and of all other bytes none: however the stream is cut.

use super::bytewise::cuts;
use super::recorded::recorded_streams;
use super::*;

const FIRST: &str = "data: {\"id\":\"c\",\"choices\":[],\"prompt_filter_results\":[{}]}\n\n";
const TEXT: &str = "data: {\"id\":\"c\",\"choices\":[{\"delta\":{\"content\":\"hi\"}}],\"usage\":null,\"obfuscation\":\"x\"}\n\n";
const USAGE: &str = "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1},\"obfuscation\":\"aB\"}\n\n";
const MODERATION: &str =
    "data: {\"id\":\"c\",\"choices\":[],\"moderation\":{\"flagged\":false},\"usage\":null}\n\n";
const DONE: &str = "data: [DONE]\n\n";

/// What goes on of a stream that comes in these pieces.
fn sieved(pieces: &[&[u8]]) -> Vec<u8> {
    let mut sieve = UsageSieve::default();
    let mut out = Vec::new();
    for piece in pieces {
        match sieve.feed(piece) {
            Some(passed) => out.extend(passed),
            None => out.extend_from_slice(piece),
        }
    }
    out.extend(sieve.finish());
    out
}

/// The stream in one piece, byte by byte, and cut once at each of `cuts`.
#[track_caller]
fn check_cut(stream: &[u8], expected: &[u8], cuts: impl Iterator<Item = usize>) {
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(shown(&sieved(&[stream])), shown(expected));
    let single: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(shown(&sieved(&single)), shown(expected), "byte by byte");
    for cut in cuts {
        let (head, tail) = stream.split_at(cut);
        assert_eq!(
            shown(&sieved(&[head, tail])),
            shown(expected),
            "cut at {cut}"
        );
    }
}

/// With every line ending: what goes on of these pieces of text.
#[track_caller]
fn check(stream: &[&str], expected: &[&str]) {
    for end in ["\n", "\r\n", "\r"] {
        let with = |texts: &[&str]| texts.concat().replace('\n', end).into_bytes();
        let (stream, expected) = (with(stream), with(expected));
        check_cut(&stream, &expected, 0..=stream.len());
    }
}

#[test]
fn the_event_with_usage_and_no_choices_goes() {
    check(&[TEXT, USAGE, DONE], &[TEXT, DONE]);
    check(&[USAGE], &[]);
    check(&[USAGE, USAGE, TEXT], &[TEXT]);
}

#[test]
fn other_events_without_choices_stay() {
    check(&[FIRST, TEXT, DONE], &[FIRST, TEXT, DONE]);
    check(
        &[FIRST, TEXT, USAGE, MODERATION, DONE],
        &[FIRST, TEXT, MODERATION, DONE],
    );
    for stays in [
        "data: {\"usage\":{}}\n\n",
        "data: {\"choices\":null,\"usage\":{}}\n\n",
        "data: {\"choices\":[],\"usage\":7}\n\n",
        "data: {\"choices\":[],\"usage\":{},\"error\":{\"message\":\"late\"}}\n\n",
        "data: {\"choices\":[],\"usage\":{},\"choices\":[{}]}\n\n",
        "data: {\"choices\":[],\"usage\":{}}}\n\n",
        "data: [{\"choices\":[],\"usage\":{}}]\n\n",
        "event: ping\n\n",
        "id: 7\n\n",
        "data\n\n",
        "{\"choices\":[],\"usage\":{}}\n\n",
    ] {
        check(&[TEXT, stays, DONE], &[TEXT, stays, DONE]);
    }
}

#[test]
fn usage_beside_a_choice_stays() {
    let last =
        "data: {\"choices\":[{\"finish_reason\":\"stop\"}],\"usage\":{\"total_tokens\":1}}\n\n";
    let first = "data: {\"usage\":{\"total_tokens\":1},\"choices\":[{}]}\n\n";
    check(&[last, first, DONE], &[last, first, DONE]);
}

#[test]
fn an_event_goes_with_all_its_lines_and_comments_before_it_stay() {
    let named = format!("event: chunk\nid: 4\n{USAGE}");
    check(&[TEXT, &named, DONE], &[TEXT, DONE]);
    check(&[": a\n", USAGE, ": b\n\n", DONE], &[": a\n: b\n\n", DONE]);
    check(
        &["data: {\"choices\":[],\ndata: \"usage\":{}}\n\n", DONE],
        &[DONE],
    );
    check(&["\n\n", USAGE, "\n", DONE], &["\n\n\n", DONE]);
}

#[test]
fn a_stream_that_breaks_off_gives_what_is_held() {
    let whole = USAGE.trim_end();
    for cut in 0..whole.len() {
        let begun = &USAGE[..cut];
        check(&[TEXT, begun], &[TEXT, begun]);
    }
    check(&[TEXT, whole], &[TEXT]);
    check(&[TEXT, whole, "\n"], &[TEXT]);
}

#[test]
fn an_event_goes_on_as_soon_as_it_has_a_choice() {
    let mut sieve = UsageSieve::default();
    let (head, tail) = TEXT.split_once("[{").unwrap();
    assert_eq!(sieve.feed(head.as_bytes()), Some(Vec::new()));
    assert_eq!(sieve.held_bytes(), head.len());
    assert_eq!(sieve.feed(b"[ "), Some(Vec::new()));
    assert_eq!(sieve.feed(b"{"), Some(format!("{head}[ {{").into_bytes()));
    assert_eq!(sieve.feed(tail.as_bytes()), None, "nothing is copied");
    assert_eq!(sieve.feed(b"data: [DONE]"), None, "before its line ends");
    assert_eq!(sieve.feed(b"\n\n: still here"), None);
    assert_eq!(sieve.held_bytes(), 0);
}

#[test]
fn an_event_that_is_too_long_goes_on_and_is_told() {
    let filler = "x".repeat(HELD_BYTES_MAX - 100);
    let long = format!("data: {{\"choices\":[],\"x\":\"{filler}");
    let mut sieve = UsageSieve::default();
    assert_eq!(sieve.feed(long.as_bytes()), Some(Vec::new()));
    assert!(!sieve.was_too_long());
    let rest = [b'x'; 100];
    let expected = [long.as_bytes(), &rest].concat();
    assert_eq!(sieve.feed(&rest), Some(expected));
    assert!(sieve.was_too_long());
    assert!(!sieve.was_too_long(), "once");
    assert_eq!(sieve.feed(b"\"}\n\n"), None);
    assert_eq!(sieve.feed(USAGE.as_bytes()), Some(Vec::new()));
}

/// An independent reading: whole events, each parsed alone.
fn without_reports(stream: &str) -> String {
    let events = stream.split_inclusive("\n\n");
    let stays = |event: &&str| {
        let data = event.trim_end().strip_prefix("data: ").unwrap_or_default();
        let read: serde_json::Value = serde_json::from_str(data).unwrap_or_default();
        !(read["choices"].as_array().is_some_and(Vec::is_empty) && read["usage"].is_object())
    };
    events.filter(stays).collect()
}

#[test]
fn a_recorded_stream_loses_its_report_and_nothing_else() {
    let (mut streams, mut reports) = (0, 0);
    for stream in recorded_streams() {
        if stream.contains('\r') {
            continue;
        }
        let expected = without_reports(&stream);
        let few = cuts(stream.len(), 20_000);
        check_cut(stream.as_bytes(), expected.as_bytes(), few);
        streams += 1;
        reports += u32::from(expected.len() < stream.len());
    }
    println!("{streams} streams, {reports} with a report");
    assert!(streams == 0 || reports > 20, "{reports} reports");
}
