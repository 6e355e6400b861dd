//! `tollgate ledger check | rebuild | compact | backup` on a real data directory, and an upgrade that
//! is refused.
//!
//! Verified by breaking it: a check that does not compare days calls a ledger whole that has lost rows.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::damage::{files, flip, home, written};
use crate::support::tollgate::Home;

const REPORT: [&str; 9] = [
    "report",
    "--since",
    "2025-03-01",
    "--until",
    "2025-03-06",
    "--by",
    "day,model",
    "--format",
    "json",
];

fn ledger(home: &Home, verb: &str, more: &[&str]) -> Output {
    let arguments: Vec<&str> = ["ledger", verb]
        .into_iter()
        .chain(more.iter().copied())
        .collect();
    home.run(&arguments)
}

#[track_caller]
fn said(output: &Output, code: i32) -> String {
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

fn report(home: &Home) -> String {
    let output = home.run(&REPORT);
    said(&output, 0);
    String::from_utf8(output.stdout).unwrap()
}

/// The bytes of all files but locks.
fn bytes(home: &Home) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = files(home)
        .into_iter()
        .filter(|path| Path::new(path).is_file() && !path.ends_with("lock"))
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    all.sort_unstable();
    all
}

#[test]
fn a_whole_ledger_is_fine_and_is_not_changed_by_the_look() {
    let home = home();
    let before = bytes(&home);
    let text = said(&ledger(&home, "check", &[]), 0);
    let root = home.data_dir().display().to_string();
    golden("ledger-check.txt", &text.replace(&root, "data"));
    assert!(bytes(&home) == before, "a check changes nothing");
}

#[test]
fn a_check_names_everything_that_is_damaged_and_changes_nothing() {
    let home = home();
    let data = home.data_dir();
    flip(&data.join("calls/2025-03-01.parquet"), 2);
    fs::remove_file(data.join("calls/2025-03-02.parquet")).unwrap();
    flip(&data.join("journal/00000000000000000101.frames"), 4);
    flip(&data.join("checkpoints/2025-03-01.totals"), 4);
    let before = bytes(&home);
    let text = said(&ledger(&home, "check", &[]), 1);
    let root = data.display().to_string();
    golden("ledger-check-damaged.txt", &text.replace(&root, "data"));
    assert!(bytes(&home) == before, "a check changes nothing");
}

#[test]
fn a_check_sees_totals_that_are_not_the_sums_of_the_rows() {
    let home = home();
    let data = home.data_dir();
    // A good database of a good ledger, but of another day.
    fs::remove_dir_all(data.join("ledger")).unwrap();
    fs::remove_file(data.join("journal/00000000000000000150.frames")).unwrap();
    report(&home);
    fs::copy(
        crate::damage::fixture("0.1.0").join("data/journal/00000000000000000150.frames"),
        data.join("journal/00000000000000000150.frames"),
    )
    .unwrap();
    // Not counted yet is no difference.
    said(&ledger(&home, "check", &[]), 0);
    fs::remove_file(data.join("journal/00000000000000000101.frames")).unwrap();
    let text = said(&ledger(&home, "check", &[]), 1);
    assert!(
        text.contains("2025-03-03: 24 calls in the totals"),
        "{text}"
    );
}

#[test]
fn a_damaged_database_is_not_touched_by_a_check() {
    let home = home();
    fs::write(home.data_dir().join("ledger/sled/db"), "").unwrap();
    let before = bytes(&home);
    let text = said(&ledger(&home, "check", &[]), 1);
    assert!(text.contains("had counted up to frame 192"), "{text}");
    assert!(bytes(&home) == before);
}

/// A day file that does not come back is an alarm at each start, until that is accepted.
#[tokio::test]
async fn what_was_accepted_is_named_and_no_alarm_and_what_is_lost_later_is_one_again() {
    let home = home();
    let data = home.data_dir();
    let text = said(&ledger(&home, "accept", &[]), 0);
    assert!(text.contains("nothing is missing"), "{text}");
    // Days are closed, so that what is lost later is a file too.
    let tollgate = home.serve().await;
    written(&data.join("checkpoints/2025-03-04.totals"), &tollgate);
    assert!(tollgate.terminate().success());
    let lose = |day: &str| fs::remove_file(data.join(format!("calls/{day}.parquet"))).unwrap();
    lose("2025-03-02");
    alarms(&home, 1).await;
    alarms(&home, 1).await;
    let text = said(&ledger(&home, "accept", &[]), 0);
    assert!(text.contains("2025-03-02: 24 calls without rows"), "{text}");
    alarms(&home, 0).await;
    let text = said(&ledger(&home, "check", &[]), 0);
    assert!(text.contains("fine but for what was accepted"), "{text}");
    assert!(text.contains("(accepted on "), "{text}");
    let text = said(&ledger(&home, "accept", &[]), 0);
    assert!(text.contains("nothing is missing"), "{text}");
    // Neither a lost database nor a copy forgets it.
    fs::remove_dir_all(data.join("ledger")).unwrap();
    alarms(&home, 0).await;
    let copy = Home::new("[ledger]\nretention_days = 36500\n");
    let to = copy.data_dir().display().to_string();
    said(&ledger(&home, "backup", &[&to]), 0);
    alarms(&copy, 0).await;
    lose("2025-03-03");
    said(&ledger(&home, "check", &[]), 1);
    alarms(&home, 1).await;
}

/// Starts, and says how much damage to day files that is; reports and exports name what is missing.
async fn alarms(home: &Home, expected: u64) {
    let tollgate = home.serve().await;
    let damage = "tollgate_ledger_damage_total{part=\"day_file\"}";
    assert_eq!(
        tollgate.metric(damage).await,
        expected,
        "{}",
        tollgate.said()
    );
    let totals = tollgate.ask_admin("/api/v1/totals").await.unwrap().text();
    let totals: serde_json::Value = serde_json::from_str(&totals).unwrap();
    let missing = totals["missing_rows"].to_string();
    assert!(missing.contains("2025-03-02"), "{missing}");
    assert_eq!(missing.contains("accepted on"), expected == 0, "{missing}");
    let admin = tollgate.admin.to_string();
    let report = home.run(&["report", "--since", "2025-03-01", "--admin", &admin]);
    assert!(said(&report, 0).contains("2025-03-02"));
    assert!(tollgate.terminate().success());
}

#[test]
fn a_rebuilt_ledger_has_the_same_totals_and_the_old_database_is_kept() {
    let home = home();
    let before = report(&home);
    let text = said(&ledger(&home, "rebuild", &[]), 0);
    assert!(text.contains("checkpoints/2025-03-02.totals"), "{text}");
    assert!(
        files(&home)
            .iter()
            .any(|path| path.contains("sled.damaged-20"))
    );
    assert_eq!(report(&home), before);
    said(&ledger(&home, "check", &[]), 0);
}

#[test]
fn a_compacted_ledger_has_the_same_totals() {
    let home = home();
    let before = report(&home);
    let text = said(&ledger(&home, "compact", &[]), 0);
    assert!(text.contains("the database takes"), "{text}");
    assert_eq!(report(&home), before);
    said(&ledger(&home, "check", &[]), 0);
    assert!(!files(&home).iter().any(|path| path.contains("sled.")));
}

#[tokio::test]
async fn a_backup_is_a_ledger_of_its_own() {
    let home = home();
    assert!(
        home.serve().await.terminate().success(),
        "its first start makes the secret"
    );
    let other = Home::new("[ledger]\nretention_days = 36500\n");
    let to = other.data_dir().display().to_string();
    let text = said(&ledger(&home, "backup", &[&to]), 0);
    assert!(text.contains("96 calls, the same totals"), "{text}");
    assert!(other.data_dir().join("key-hash.secret").exists());
    said(&ledger(&other, "check", &[]), 0);
    assert_eq!(report(&other), report(&home));
    // A start on the copy closes days; the original does not notice.
    let before = bytes(&home);
    assert!(other.serve().await.terminate().success());
    assert_eq!(report(&other), report(&home));
    let changed = bytes(&home)
        .into_iter()
        .zip(before)
        .filter(|(now, then)| now != then && !now.0.contains("/ledger/"));
    assert_eq!(changed.count(), 0);
    let text = said(&ledger(&home, "backup", &[&to]), 1);
    assert!(text.contains("is not empty"), "{text}");
}

#[tokio::test]
async fn a_ledger_in_use_or_not_there_is_refused_with_what_to_do() {
    let home = home();
    let tollgate = home.serve().await;
    let to = home.data_dir().join("copy").display().to_string();
    for (verb, more) in [
        ("check", None),
        ("accept", None),
        ("rebuild", None),
        ("compact", None),
        ("backup", Some(to.as_str())),
    ] {
        let more: Vec<&str> = more.into_iter().collect();
        let text = said(&ledger(&home, verb, &more), 1);
        assert!(
            text.contains("is in use") && text.contains("stop it"),
            "{verb}: {text}"
        );
    }
    drop(tollgate);
    let nobody = Home::new("");
    let text = said(&ledger(&nobody, "check", &[]), 1);
    assert!(text.contains("there is no ledger in"), "{text}");
}

#[test]
fn a_newer_schema_is_refused_with_the_way_back_and_nothing_is_changed() {
    let home = home();
    let dir = home.data_dir().join("ledger/sled");
    let database = sled::Config::new().path(&dir).open().unwrap();
    let meta = database.open_tree("meta").unwrap();
    meta.insert("schema", &[9_u8]).unwrap();
    database.flush().unwrap();
    drop((meta, database));
    for arguments in [
        vec!["report"],
        vec!["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"],
    ] {
        let text = said(&home.run(&arguments), 1);
        assert!(text.contains("schema 9, this version reads 2"), "{text}");
        assert!(text.contains("start the release that wrote it"), "{text}");
    }
    assert!(!files(&home).iter().any(|path| path.contains("damaged")));
}

#[track_caller]
fn golden(name: &str, shown: &str) {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, shown).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == shown, "UPDATE_GOLDEN=1 writes {path}:\n{shown}");
}
