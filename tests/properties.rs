//! What `fuzz/` searches for at length is tried here on broken fixtures, the same in every run.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy takes helpers of integration tests for no tests"
)]

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use tollgate::wire::WireFormat;

#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "the fuzz targets reach it")]
mod properties;

use properties::{
    answers, decode, form, frames, measured, scanner, sse, strip, tokens, usage_request,
};

/// How often each fixture is broken.
const ROUNDS: u64 = 100;

/// The same where counting the tokens of a fixture takes longer than reading it.
const COUNTED_ROUNDS: u64 = 5;

/// Every fixture, and streams and requests whose usage has to be asked for.
fn fixtures() -> Vec<Vec<u8>> {
    let files: Vec<Vec<u8>> = WireFormat::ALL.into_iter().flat_map(fixtures_of).collect();
    assert!(files.len() >= 100, "the fixtures are missing");
    let short = SHORT.map(|text| text.as_bytes().to_vec());
    files.into_iter().chain(short).collect()
}

fn fixtures_of(format: WireFormat) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let files = fs::read_dir(folder.join(format.label())).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

const SHORT: [&str; 6] = [
    "data: {\"choices\":[],\"usage\":{}}\n\n: c\r\n\r\ndata: {\"choices\":[{}]}\r\n\r\n",
    "event: x\rdata: {\"choices\":[],\rdata: \"usage\":{}}\r\rdata: [DONE]\r\r",
    "{\"stream\":true,\"stream_options\":{\"include_usage\":false}}",
    "{\"model\":\"m\",\"stream\":true,\"stream_options\":null}",
    "{\"stream_options\":{ },\"stream\":true}",
    "{\"stream_options\":{\"include_obfuscation\":false},\"stream\":true}",
];

/// Takes bytes out, puts others in, and says some twice.
fn broken(mut bytes: Vec<u8>, random: &mut fastrand::Rng) -> Vec<u8> {
    for _ in 0..random.usize(0..4) {
        let begin = random.usize(0..=bytes.len());
        let end = random.usize(begin..=bytes.len().min(begin + 40));
        let piece = bytes[begin..end].to_vec();
        match random.u8(0..4) {
            0 => drop(bytes.drain(begin..end)),
            1 => bytes.insert(begin, random.u8(..)),
            2 => bytes.insert(begin, *random.choice(b"{}[]\",:\\\r\n").unwrap()),
            _ => drop(bytes.splice(begin..begin, piece)),
        }
    }
    bytes
}

#[track_caller]
fn check(property: impl Fn(u8, u16, &[u8])) {
    check_often(ROUNDS, property);
}

#[track_caller]
fn check_often(rounds: u64, property: impl Fn(u8, u16, &[u8])) {
    let mut random = fastrand::Rng::with_seed(7);
    for fixture in fixtures() {
        for _ in 0..rounds {
            let bytes = broken(fixture.clone(), &mut random);
            property(random.u8(..), random.u16(..), &bytes);
        }
    }
}

#[test]
fn answers_and_requests_say_the_same_in_any_pieces() {
    let mut random = fastrand::Rng::with_seed(7);
    for format in WireFormat::ALL {
        let asked = (0..).zip(answers::ASKED);
        let own: Vec<u8> = asked
            .filter_map(|(place, (own, _))| (own == format).then_some(place))
            .collect();
        for fixture in fixtures_of(format) {
            for _ in 0..ROUNDS {
                let bytes = broken(fixture.clone(), &mut random);
                let asked = *random.choice(&own).unwrap();
                answers::holds((asked, random.u8(..), random.u16(..), &bytes));
            }
        }
    }
}

#[test]
fn a_binary_stream_says_the_same_in_any_pieces_and_ends_with_a_frame() {
    let mut random = fastrand::Rng::with_seed(7);
    for fixture in fixtures_of(WireFormat::Bedrock) {
        for _ in 0..ROUNDS {
            let lines = broken(fixture.clone(), &mut random);
            frames::holds((random.u16(..), random.u16(..), &lines));
        }
    }
}

#[test]
fn the_scanner_and_the_event_decoder_find_the_same_in_two_pieces() {
    check(|_, cut, bytes| scanner::holds((cut, bytes)));
    check(|_, cut, bytes| sse::holds((cut, bytes)));
}

#[test]
fn a_stream_loses_its_reports_of_usage_and_no_other_byte() {
    check(|_, cut, bytes| strip::holds((cut, bytes)));
}

#[test]
fn a_request_that_asks_for_its_usage_differs_in_nothing_else() {
    check(|_, _, bytes| usage_request::holds(bytes));
}

/// Runs without a boundary, and what a boundary depends on.
const RUNS: [&str; 8] = [
    "a",
    " ",
    "\u{3000}",
    "Aa",
    "/",
    "\r\n",
    "ſ's'LL ",
    "漢\u{301}🤷\u{200d}",
];

#[test]
fn a_text_comes_to_as_many_tokens_in_two_pieces() {
    check_often(COUNTED_ROUNDS, |_, cut, bytes| tokens::holds((cut, bytes)));
    for run in RUNS {
        for bytes in [1, 3_000, 40_000] {
            let text = run.repeat(bytes / run.len() + 1);
            for cut in [0, 1, 2_999, 16_385, u16::MAX] {
                tokens::holds((cut, text.as_bytes()));
            }
        }
    }
}

/// Pages of servers, and what a cost service answers.
const PAGES: [&str; 3] = [
    "# TYPE vllm:prompt_tokens_total counter\nvllm:prompt_tokens_total{model_name=\"a}b\"} 1e3\n\
     vllm:generation_tokens_total 2.0 1395066363000\nvllm:kv_cache_usage_perc 0.5\n\
     process_start_time_seconds 1.7e9\n",
    "sglang:prompt_tokens_total{a=\"\\\"\"} 4\nsglang_generation_tokens_total 7\n\
     sglang:cached_tokens_total{s=\"d\"} 3\nsglang:token_usage NaN\n",
    "{\"code\":200,\"data\":[{\"llm\":{\"totalCost\":1.5,\"gpuCost\":1}}]}",
];

#[test]
fn a_page_of_a_server_is_read_or_named_whatever_it_is() {
    let mut random = fastrand::Rng::with_seed(7);
    for page in PAGES {
        for _ in 0..ROUNDS {
            measured::holds(&broken(page.as_bytes().to_vec(), &mut random));
        }
    }
}

#[test]
fn a_form_names_its_model_behind_any_file() {
    check(|_, cut, bytes| form::holds((cut, bytes)));
}

#[test]
fn compressed_bytes_whole_or_damaged_give_out_the_same_in_two_pieces() {
    let mut random = fastrand::Rng::with_seed(7);
    for fixture in fixtures() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&fixture).unwrap();
        let zstd = zstd::encode_all(&*fixture, 0).unwrap();
        for (name, coded) in [(0, gzip.finish().unwrap()), (3, zstd)] {
            decode::holds((name, random.u16(..), &coded));
            let bytes = broken(coded, &mut random);
            decode::holds((name, random.u16(..), &bytes));
        }
    }
}
