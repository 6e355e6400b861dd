#![expect(clippy::float_arithmetic, reason = "load tests are made up here")]
//! Facts about load tests: what is read, what is left out, what is refused, and what people see.

use std::path::{Path, PathBuf};

use super::*;

fn fixture(name: &str) -> PathBuf {
    Path::new("tests/fixtures/vllm").join(name)
}

fn asked(files: &[PathBuf]) -> Calibrate {
    Calibrate {
        files: files.to_vec(),
        plan: "llama-70b-2xh100".to_owned(),
        format: CalibrateFormat::Text,
    }
}

/// `UPDATE_GOLDEN=1 cargo test --lib cli` writes them anew.
#[test]
fn a_fit_is_what_the_golden_files_show() {
    let calibration = calibration(&asked(&[fixture("append.jsonl"), fixture("detailed.json")]));
    let calibration = calibration.unwrap();
    let text = render::text(&calibration, "llama-70b-2xh100");
    crate::cli::golden("calibrate.txt", &text);
    let json = format!("{:#}\n", render::json(&calibration));
    crate::cli::golden("calibrate.json", &json);
}

#[test]
fn files_are_called_by_their_names_unless_two_have_the_same() {
    let files = |paths: [&str; 2]| names(&paths.map(PathBuf::from));
    assert_eq!(files(["a/x.json", "b/y.json"]), ["x.json", "y.json"]);
    assert_eq!(files(["a/x.json", "b/x.json"]), ["a/x.json", "b/x.json"]);
}

/// A result as it is written, with changes.
fn result(changes: &[(&str, serde_json::Value)]) -> String {
    let text = std::fs::read_to_string(fixture("append.jsonl")).unwrap();
    let mut run: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let fields = run.as_object_mut().unwrap();
    for (field, value) in changes {
        if value.is_null() {
            fields.remove(*field);
        } else {
            fields.insert((*field).to_owned(), value.clone());
        }
    }
    run.to_string()
}

#[track_caller]
fn refused(text: &str, says: &str) {
    let problems = vllm::runs("r.json", text.as_bytes()).unwrap_err();
    let [problem] = problems.as_slice() else {
        panic!("not one problem: {problems:?}");
    };
    assert!(problem.contains(says), "{problem}");
}

#[test]
fn results_that_say_too_little_or_failed_are_refused_with_what_would_do() {
    let null = serde_json::Value::Null;
    for field in [
        "date",
        "model_id",
        "num_prompts",
        "request_rate",
        "duration",
        "completed",
        "total_input_tokens",
        "total_output_tokens",
        "output_throughput",
    ] {
        refused(
            &result(&[(field, null.clone())]),
            &format!("r.json, run 1: {field} is missing"),
        );
    }
    refused(&result(&[("failed", 3.into())]), "3 of 1000 calls failed");
    let silent = [("failed", null), ("completed", 998.into())];
    let none = [("failed", 0.into()), ("completed", 0.into())];
    refused(&result(&none), "no call was completed, of 1000");
    refused(&result(&silent), "998 of 1000 calls were answered");
    refused(
        &result(&[("request_rate", "fast".into())]),
        "neither \"inf\" nor",
    );
    refused(&result(&[("date", "yesterday".into())]), "20260522-101500");
    refused(
        &result(&[("output_throughput", 0.into())]),
        "not above zero",
    );
    refused(
        &result(&[("total_output_tokens", 0.into())]),
        "nothing was generated",
    );
    let short = [
        ("input_lens", vec![1, 2].into()),
        ("output_lens", vec![1, 2].into()),
    ];
    refused(&result(&short), "2 and 2 entries for 1000");
    refused("", "has no run in it");
    refused("not json", "is not a result of vllm bench serve");
    refused(
        &format!("{}\n{{\"date\":", result(&[])),
        "r.json, run 2: is not a result",
    );
}

#[test]
fn runs_that_contradict_themselves_or_all_measure_are_refused() {
    let speed = |per_second: f64| [("output_throughput", per_second.into())];
    let truth = 128_000.0 / 23.913_657;
    vllm::runs("r.json", result(&speed(truth * 1.04)).as_bytes()).unwrap();
    for far in [1.06, 0.94] {
        refused(
            &result(&speed(truth * far)),
            "contradict each other: 128000 tokens",
        );
    }
    for field in [
        "num_prompts",
        "completed",
        "total_input_tokens",
        "total_output_tokens",
        "duration",
        "output_throughput",
    ] {
        let absurd = result(&[(field, 2_000_000_000_000_u64.into())]);
        refused(
            &absurd,
            &format!("{field} is 2000000000000, which no load test"),
        );
    }
    let lengths: Vec<u64> = std::iter::repeat_n(u64::MAX, 1_000).collect();
    let lengths = [
        ("input_lens", lengths.clone().into()),
        ("output_lens", lengths.into()),
    ];
    refused(
        &result(&lengths),
        "a length in input_lens or output_lens is 18446744073709551615",
    );
}

/// The four lengths of which every second took so much longer, and every other less.
fn uneven(by: f64) -> Calibration {
    let lengths = [
        (128, 128),
        (128, 2_048),
        (2_048, 128),
        (2_048, 2_048),
        (512, 512),
    ];
    let runs = lengths.iter().enumerate().map(|(place, (input, output))| {
        let (i, o) = (f64::from(*input), f64::from(*output));
        let off = if place % 2 == 0 { 1.0 + by } else { 1.0 - by };
        let seconds = off * (7.0 * i + 8.0 * o + 0.006 * (o * i + o * o / 2.0)) / 100.0;
        result(&[
            ("total_input_tokens", (1_000 * input).into()),
            ("total_output_tokens", (1_000 * output).into()),
            ("duration", seconds.into()),
            ("output_throughput", (1_000.0 * o / seconds).into()),
        ])
    });
    let runs: Vec<String> = runs.collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jsonl");
    std::fs::write(&path, runs.join("\n")).unwrap();
    calibration(&asked(&[path])).unwrap()
}

#[test]
fn a_bad_fit_is_told_first_and_makes_a_wide_range() {
    let bad = uneven(0.3);
    let text = render::text(&bad, "mine");
    assert!(text.starts_with("WARNING: "), "{text}");
    let json = render::json(&bad);
    assert_eq!(json["poor_fit"], true);
    let low = json["work_multiplier"][0].as_f64().unwrap();
    assert!((low - 1.0 - json["left_out_error"]["mean"].as_f64().unwrap()).abs() < 1e-12);
    let range = format!("work_multiplier = [{low:.2}, 1.0, 0.9]\n\n[plans.mine.throughput]\n");
    assert!(text.contains(&range), "{text}");
    let good = uneven(0.01);
    let text = render::text(&good, "mine");
    assert!(
        !text.contains("WARNING") && !text.contains("work_multiplier"),
        "{text}"
    );
    let json = render::json(&good);
    assert_eq!(
        (&json["poor_fit"], &json["work_multiplier"]),
        (&false.into(), &().into())
    );
}

/// What a run is left out for, if it is.
fn left_out(changes: &[(&str, serde_json::Value)]) -> Option<String> {
    let lines = [result(&[]), result(changes)].join("\n");
    let runs = vllm::runs("r.json", lines.as_bytes()).unwrap();
    let (_, left_out) = at_full_load(runs);
    left_out.first().map(render::left_out)
}

#[test]
fn a_run_during_which_the_machine_had_time_left_is_left_out() {
    // 1000 calls in 100 s, of 128 tokens.
    let at = |rate: f64| {
        left_out(&[
            ("request_rate", rate.into()),
            ("duration", 100.into()),
            ("output_throughput", 1_280.into()),
        ])
    };
    assert!(at(10.5).unwrap().contains("10.00 of 10.50"));
    assert_eq!(at(10.6), None, "the machine fell behind");
    let rising = ("ramp_up_strategy", "linear".into());
    assert!(left_out(&[rising]).unwrap().contains("rose"));
    let limited = ("max_concurrency", 8.into());
    let [slow, long] = [
        ("output_throughput", 100.into()),
        ("duration", 1_280.into()),
    ];
    assert!(
        left_out(&[limited.clone(), slow.clone(), long.clone()])
            .unwrap()
            .contains("8 calls at once reached 100")
    );
    assert_eq!(left_out(&[limited]), None, "as fast as without the limit");
    assert_eq!(
        left_out(&[slow, long]),
        None,
        "a slow run without a limit is an error to be seen"
    );
}

#[test]
fn points_that_make_no_fit_say_which_runs_to_make() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jsonl");
    let of = |text: String| {
        std::fs::write(&path, text).unwrap();
        calibration(&asked(std::slice::from_ref(&path)))
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    let few = of([result(&[]), result(&[("request_rate", 1.into())])].join("\n"));
    assert!(few.contains("1 of the 4 points at full load"), "{few}");
    assert!(
        few.contains("run 2: ") && few.contains("--random-input-len"),
        "{few}"
    );
    let alike = of([result(&[]), result(&[]), result(&[]), result(&[])].join("\n"));
    assert!(alike.contains("too alike"), "{alike}");
    let two = of([result(&[]), result(&[("model_id", "other".into())])].join("\n"));
    assert!(two.contains("one model on one machine"), "{two}");
    std::fs::remove_file(&path).unwrap();
    let gone = calibration(&asked(&[path]))
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert!(gone.contains("cannot be read"), "{gone}");
}
