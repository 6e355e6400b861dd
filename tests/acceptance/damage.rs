//! Damage to a real data directory, met by the real binary: totals stay right, nothing damaged is
//! deleted, and it is said, in the log and as a metric.
//!
//! The directory is the small ledger of an earlier release: two days in files, two in the journal.
//!
//! Verified by breaking it: without the mending of segments, or the note of what is gone, the days
//! behind a flipped byte are not closed; a damaged last day file that stays where it is stops them too;
//! without the comparison with `state.json` a truncated or emptied database is not noticed as one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::rows::Rows;
use crate::support::tollgate::{Home, Tollgate};
use crate::support::totals::Totals;

/// The rows of the fixture are old.
const CONFIG: &str = "[ledger]\nretention_days = 36500\n";
const CALLS: usize = 96;
const WAIT: Duration = Duration::from_mins(5);

/// The folder of a release's ledger.
pub(crate) fn fixture(version: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fixtures.join(format!("ledger-{version}"))
}

/// A home whose data directory is a copy of the fixture.
pub(crate) fn home() -> Home {
    let home = Home::new(CONFIG);
    copy(&fixture("0.1.0").join("data"), &home.data_dir());
    home
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// What the damage may cost, and how it must be seen.
struct Expected {
    /// The label of the metric; none: nothing is lost, and nobody is called.
    part: Option<&'static str>,
    /// A word of the ERROR line.
    said: &'static str,
    /// In the name of what was put aside, if anything was.
    kept: Option<&'static str>,
    /// Rows that are gone; `None`: an export says that it cannot be whole.
    lost: Option<usize>,
}

/// A damaged database, which costs nothing.
const REBUILT: Expected = Expected {
    part: Some("database"),
    said: "computed again from the last checkpoint",
    kept: Some("ledger/sled.damaged-20"),
    lost: Some(0),
};

/// Damages a copy, starts on it, and looks.
async fn check(damage: impl FnOnce(&Path), expected: Expected) {
    let home = home();
    let whole = expected_totals();
    damage(&home.data_dir());
    let tollgate = home.serve().await;
    closed(&home, &tollgate);
    let said = tollgate.said();
    assert_eq!(Totals::of_ledger(&tollgate).await, whole, "{said}");
    for part in ["database", "journal", "day_file", "checkpoint"] {
        let times = found(&tollgate, part).await;
        assert_eq!(times > 0, expected.part == Some(part), "{part}:\n{said}");
    }
    if expected.part.is_some() {
        let error = said
            .lines()
            .find(|line| line.contains("ERROR") && line.contains(expected.said));
        assert!(
            error.is_some(),
            "no ERROR with {:?}:\n{said}",
            expected.said
        );
    }
    if let Some(kept) = expected.kept {
        assert!(
            files(&home).iter().any(|path| path.contains(kept)),
            "{:?}",
            files(&home)
        );
    }
    assert!(tollgate.terminate().success());
    if let Some(lost) = expected.lost {
        assert_eq!(Rows::at_rest(&home).len(), CALLS - lost);
    } else {
        let export = home.run(&["export", "calls"]);
        assert!(
            !export.status.success(),
            "rows are gone, and nobody was told"
        );
        assert!(String::from_utf8_lossy(&export.stderr).contains("bring it back from a backup"));
    }
    again(&home, whole).await;
}

/// How often a part was found damaged.
async fn found(tollgate: &Tollgate, part: &str) -> u64 {
    let name = format!("tollgate_ledger_damage_total{{part=\"{part}\"}}");
    tollgate.metric(&name).await
}

/// The next start has the same totals, and has put aside nothing more.
async fn again(home: &Home, whole: Totals) {
    let kept = |home: &Home| {
        files(home)
            .iter()
            .filter(|path| path.contains(".damaged-"))
            .count()
    };
    let before = kept(home);
    let tollgate = home.serve().await;
    assert_eq!(Totals::of_ledger(&tollgate).await, whole);
    assert_eq!(kept(home), before, "{}", tollgate.said());
}

/// Waits until all four days have their files, or were given up.
fn closed(home: &Home, tollgate: &Tollgate) {
    written(&home.data_dir().join("calls/2025-03-04.parquet"), tollgate);
}

pub(crate) fn written(path: &Path, tollgate: &Tollgate) {
    let began = Instant::now();
    while !path.exists() {
        assert!(began.elapsed() < WAIT, "{path:?}:\n{}", tollgate.said());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The totals that the release reported. Calls through a gateway are rows and in no total.
fn expected_totals() -> Totals {
    let text = fs::read(fixture("0.1.0").join("report.json")).unwrap();
    Totals::parse(&serde_json::from_slice(&text).unwrap())
}

/// The sum of the rows that the release exported.
fn expected_rows() -> Totals {
    let text = fs::read_to_string(fixture("0.1.0").join("calls.jsonl")).unwrap();
    Totals::of_rows(&Rows::parse(&text))
}

/// All paths below the data directory.
pub(crate) fn files(home: &Home) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![home.data_dir()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            found.push(path.display().to_string());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found
}

fn cut(path: &Path, eighths: u64) {
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(file.metadata().unwrap().len() * eighths / 8)
        .unwrap();
}

/// Flips one bit so many eighths into the file.
pub(crate) fn flip(path: &Path, eighths: usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.len() * eighths / 8;
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// Flips one bit in the record of a call that has ended, in the middle of a segment.
fn flip_record(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let key = b"\"input_tokens\"";
    let mut places = (bytes.len() / 2..).take_while(|at| at + key.len() < bytes.len());
    let at = places.find(|at| bytes[*at..].starts_with(key)).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

const SECOND: &str = "journal/00000000000000000101.frames";

#[tokio::test]
async fn a_truncated_or_emptied_database_is_computed_again() {
    for eighths in [4, 0] {
        check(|data| cut(&data.join("ledger/sled/db"), eighths), REBUILT).await;
    }
    check(
        |data| fs::remove_dir_all(data.join("ledger/sled")).unwrap(),
        Expected {
            kept: None,
            ..REBUILT
        },
    )
    .await;
}

/// A bit may lie where nothing is: then nothing is found, and the totals are right all the same.
#[tokio::test]
async fn a_damaged_database_never_gives_wrong_totals() {
    let whole = expected_totals();
    for damage in 0..10 {
        let home = home();
        match damage {
            0 => cut(&home.data_dir().join("ledger/sled/db"), 7),
            1 => cut(&home.data_dir().join("ledger/sled/conf"), 4),
            eighth => flip(&home.data_dir().join("ledger/sled/db"), eighth - 2),
        }
        let tollgate = home.serve().await;
        assert_eq!(Totals::of_ledger(&tollgate).await, whole, "damage {damage}");
        closed(&home, &tollgate);
        assert!(tollgate.terminate().success());
        assert_eq!(
            Totals::of_rows(&Rows::at_rest(&home)),
            expected_rows(),
            "damage {damage}"
        );
    }
}

#[tokio::test]
async fn an_unfinished_snapshot_and_a_torn_tail_are_no_damage() {
    let quiet = || Expected {
        part: None,
        said: "",
        kept: None,
        lost: Some(0),
    };
    check(
        |data| {
            fs::write(
                data.join("ledger/sled/snap.0000000000000001.generating"),
                "half",
            )
            .unwrap();
        },
        quiet(),
    )
    .await;
    check(
        |data| {
            let last = data.join("journal/00000000000000000150.frames");
            let mut bytes = fs::read(&last).unwrap();
            let torn = bytes[..70].to_vec();
            bytes.extend(torn);
            fs::write(last, bytes).unwrap();
        },
        quiet(),
    )
    .await;
}

#[tokio::test]
async fn a_flipped_byte_in_the_journal_costs_one_row() {
    let lost = Expected {
        part: Some("journal"),
        said: "cannot be read, all others are",
        kept: Some("journal/00000000000000000101.frames.damaged-20"),
        lost: Some(1),
    };
    check(|data| flip_record(&data.join(SECOND)), lost).await;
    let at_the_end = Expected {
        part: Some("journal"),
        said: "cannot be read, all others are",
        kept: Some("journal/00000000000000000150.frames.damaged-20"),
        lost: Some(1),
    };
    check(
        |data| flip_record(&data.join("journal/00000000000000000150.frames")),
        at_the_end,
    )
    .await;
}

#[tokio::test]
async fn a_missing_segment_costs_its_rows_and_no_later_day() {
    let lost = Expected {
        part: Some("journal"),
        said: "the journal has a hole",
        kept: None,
        lost: Some(24),
    };
    check(|data| fs::remove_file(data.join(SECOND)).unwrap(), lost).await;
}

#[tokio::test]
async fn a_missing_last_segment_costs_its_rows_and_counts_nothing_twice() {
    let lost = Expected {
        part: Some("journal"),
        said: "rows that were counted are gone",
        kept: None,
        lost: Some(22),
    };
    check(
        |data| fs::remove_file(data.join("journal/00000000000000000150.frames")).unwrap(),
        lost,
    )
    .await;
}

/// What the running tollgate says of missing rows: an export, a report, and the API.
async fn told(home: &Home, tollgate: &Tollgate, since: &str) -> [String; 3] {
    let admin = tollgate.admin.to_string();
    let run = |arguments: &[&str]| {
        home.run(&[arguments, &["--since", since, "--admin", &admin]].concat())
    };
    let export = run(&["export", "calls"]);
    let report = run(&["report", "--format", "json"]);
    assert!(report.status.success());
    let totals: Value = serde_json::from_slice(&report.stdout).unwrap();
    let stderr =
        |output: &std::process::Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let in_report = stderr(&report);
    for gap in totals["missing_rows"].as_array().unwrap() {
        assert!(in_report.contains(gap.as_str().unwrap()), "{in_report}");
    }
    let page = format!("/api/v1/calls?limit=1&since={since}");
    let page = tollgate.ask_admin(&page).await.unwrap();
    let headers = page.headers.get_all("x-missing-rows").into_iter();
    let headers: Vec<_> = headers.map(|it| it.to_str().unwrap()).collect();
    [
        stderr(&export),
        totals["missing_rows"].to_string(),
        headers.join("\n"),
    ]
}

#[tokio::test]
async fn a_running_tollgate_says_which_rows_are_missing() {
    let home = home();
    let tollgate = home.serve().await;
    for told in told(&home, &tollgate, "2025-03-01").await {
        assert!(
            !told.contains("missing") && !told.contains("gone"),
            "{told}"
        );
    }
    assert!(tollgate.terminate().success());

    fs::remove_file(home.data_dir().join("calls/2025-03-01.parquet")).unwrap();
    let tollgate = home.serve().await;
    let [export, report, _] = told(&home, &tollgate, "2025-03-01").await;
    for told in [export, report] {
        assert!(
            told.contains("calls of 2025-03-01 and before are missing"),
            "{told}"
        );
    }
    for told in told(&home, &tollgate, "2025-03-03").await {
        assert!(!told.contains("2025-03-01"), "later days are whole: {told}");
    }
}

#[tokio::test]
async fn a_running_tollgate_says_which_frames_are_gone() {
    let home = home();
    fs::remove_file(home.data_dir().join(SECOND)).unwrap();
    let tollgate = home.serve().await;
    closed(&home, &tollgate);
    for told in told(&home, &tollgate, "2025-03-01").await {
        assert!(
            told.contains("frames 101 to 149 of the journal are gone"),
            "{told}"
        );
    }
}

/// Days that are over and cannot be written: their checkpoint has no place.
#[tokio::test]
async fn a_day_that_cannot_be_closed_is_a_metric_until_it_can() {
    let home = home();
    let folder = home.data_dir().join("checkpoints");
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "in the way").unwrap();
    let tollgate = home.serve().await;
    says_closed(&tollgate, 0).await;
    assert!(tollgate.terminate().success());
    fs::remove_file(&folder).unwrap();
    let tollgate = home.serve().await;
    written(&folder.join("2025-03-04.totals"), &tollgate);
    says_closed(&tollgate, 1).await;
}

async fn says_closed(tollgate: &Tollgate, successful: u64) {
    let began = Instant::now();
    let name = "tollgate_ledger_last_close_successful";
    while tollgate.metric(name).await != successful {
        assert!(began.elapsed() < WAIT, "{}", tollgate.said());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_damaged_day_file_keeps_its_totals_and_its_days_are_named() {
    let gone = |said, kept| Expected {
        part: Some("day_file"),
        said,
        kept,
        lost: None,
    };
    let [first, second] = ["calls/2025-03-01.parquet", "calls/2025-03-02.parquet"];
    check(
        |data| fs::remove_file(data.join(first)).unwrap(),
        gone("2025-03-01", None),
    )
    .await;
    check(
        |data| cut(&data.join(first), 4),
        gone("2025-03-01.parquet", None),
    )
    .await;
    check(
        |data| cut(&data.join(second), 4),
        gone(
            "2025-03-02.parquet",
            Some("calls/2025-03-02.parquet.damaged-20"),
        ),
    )
    .await;
    check(
        |data| fs::remove_file(data.join(second)).unwrap(),
        gone("2025-03-02", None),
    )
    .await;
}

#[tokio::test]
async fn a_damaged_checkpoint_makes_way_for_the_one_before_it() {
    let home = home();
    flip(&home.data_dir().join("checkpoints/2025-03-02.totals"), 4);
    cut(&home.data_dir().join("ledger/sled/db"), 0);
    let tollgate = home.serve().await;
    let said = tollgate.said();
    assert_eq!(
        Totals::of_ledger(&tollgate).await,
        expected_totals(),
        "{said}"
    );
    for part in ["database", "checkpoint"] {
        let times = found(&tollgate, part).await;
        assert_eq!(times, 1, "{said}");
    }
    assert!(said.contains("2025-03-01.totals"), "{said}");
}

/// What a later release must read of a ledger of this one.
#[test]
fn a_ledger_of_an_earlier_release_has_its_rows_and_totals() {
    let home = home();
    let rows = home.run(&["export", "calls"]);
    let report = home.run(&[
        "report",
        "--since",
        "2025-03-01",
        "--until",
        "2025-03-06",
        "--by",
        "day,model,tenant",
        "--format",
        "json",
    ]);
    let golden = fixture("0.1.0");
    let (calls, totals) = (golden.join("calls.jsonl"), golden.join("report.json"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() && !calls.exists() {
        fs::write(&calls, &rows.stdout).unwrap();
        fs::write(&totals, &report.stdout).unwrap();
    }
    let parse = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
    says(&parse(&report.stdout), &parse(&fs::read(totals).unwrap()));
    let rows = String::from_utf8(rows.stdout).unwrap();
    let calls = fs::read_to_string(calls).unwrap();
    assert_eq!(rows.lines().count(), CALLS);
    for (row, golden) in rows.lines().zip(calls.lines()) {
        says(&parse(row.as_bytes()), &parse(golden.as_bytes()));
    }
}

/// A later release may say more, and nothing else.
#[track_caller]
fn says(now: &Value, then: &Value) {
    match (now, then) {
        (Value::Object(now), Value::Object(then)) => {
            for (key, then) in then {
                says(&now[key], then);
            }
        }
        (Value::Array(now), Value::Array(then)) => {
            assert_eq!(now.len(), then.len());
            now.iter().zip(then).for_each(|(now, then)| says(now, then));
        }
        (now, then) => assert_eq!(now, then),
    }
}

/// A report opens the ledger as a start does: what it cannot read yet must not be counted again later.
#[tokio::test]
async fn a_report_on_a_damaged_journal_makes_no_call_count_twice() {
    let home = home();
    flip_record(&home.data_dir().join("journal/00000000000000000150.frames"));
    assert!(home.run(&["report"]).status.success());
    let tollgate = home.serve().await;
    assert_eq!(Totals::of_ledger(&tollgate).await, expected_totals());
}

/// Nobody has asked for their rows, and no day is closed: it is seen all the same.
#[tokio::test]
async fn a_file_that_is_deleted_while_tollgate_runs_is_damage_by_itself() {
    let home = home();
    let tollgate = home.serve().await;
    written(
        &home.data_dir().join("checkpoints/2025-03-04.totals"),
        &tollgate,
    );
    let whole = expected_totals();
    for (part, path) in [
        ("day_file", "calls/2025-03-01.parquet"),
        ("journal", "journal/00000000000000000150.frames"),
    ] {
        fs::remove_file(home.data_dir().join(path)).unwrap();
        let began = Instant::now();
        while found(&tollgate, part).await == 0 {
            assert!(began.elapsed() < WAIT, "{}", tollgate.said());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(found(&tollgate, part).await, 1);
    }
    let [export, report, api] = told(&home, &tollgate, "2025-03-01").await;
    for told in [export, report] {
        assert!(
            told.contains("calls of 2025-03-01 and before are missing"),
            "{told}"
        );
    }
    assert_eq!(Totals::of_ledger(&tollgate).await, whole);
    drop(api);
}
