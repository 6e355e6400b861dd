//! A disk that takes nothing more: traffic goes on, what could not be metered is counted, and when
//! there is room again calls are metered again, without a restart: totals, rows, and what the
//! upstream saw less what passed unmetered are the same number.
//!
//! The disk is full by a limit on the size of files; and by a small file system that really is full,
//! in a user namespace, or mounted by root, or told to be skipped where neither is allowed.
//!
//! Verified by breaking it: a journal that lets go of what the disk refused fails those that limit it.

use std::fs;
use std::io::{BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::damage::{copy, fixture};
use crate::support::client::{Answer, Client, post};
use crate::support::rows::Rows;
use crate::support::tollgate::{Home, Tollgate};
use crate::support::totals::Totals;
use crate::support::upstream::{Script, Upstream};

const WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(20);
/// Calls that can wait for the disk: in flight and backlog.
const PLACES: usize = 40;
const USAGE: &[u8] = br#"{"id":"c1","model":"gpt-4o-2024-08-06","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"yes"}}],"usage":{"prompt_tokens":7,"completion_tokens":1,"total_tokens":8}}"#;

struct Stage {
    home: Home,
    tollgate: Tollgate,
    upstream: Upstream,
    answered: usize,
}

impl Stage {
    async fn set(more: &str) -> Self {
        let (home, upstream) = Self::build(more).await;
        Self {
            tollgate: home.serve_limited().await,
            home,
            upstream,
            answered: 0,
        }
    }

    async fn build(more: &str) -> (Home, Upstream) {
        let json = &[("content-type", "application/json")];
        let upstream = Upstream::start(move |_| Script::unary(200, json, USAGE)).await;
        let home = Home::new(&format!(
            "[server]\ncalls_in_flight_max = {}\n\
             [upstreams.openai]\nformat = \"openai\"\nbase_url = \"{}\"\n\
             [ledger]\nbacklog_max = {}\n{more}\n",
            PLACES / 2,
            upstream.base_url(),
            PLACES / 2,
        ));
        (home, upstream)
    }

    async fn call(&mut self) -> Answer {
        let mut request = post("/v1/chat/completions", "{\"model\":\"gpt-4o\"}");
        // Each with a name of its own, so that the ledger has something to write.
        let tenant = format!("t{}", self.answered).parse().unwrap();
        request.headers_mut().insert("x-tollgate-tenant", tenant);
        let answer = Client::new(self.tollgate.traffic).send(request).await;
        let answer = answer.unwrap();
        if answer.status == 200 {
            assert_eq!(answer.body, USAGE);
            self.answered += 1;
        }
        answer
    }

    async fn unmetered(&self) -> usize {
        let unmetered = self.tollgate.metric("tollgate_unmetered_calls_total").await;
        usize::try_from(unmetered).unwrap()
    }

    /// So many calls; gives how many of them passed unmetered.
    async fn calls(&mut self, number: usize) -> usize {
        let before = self.unmetered().await;
        for _ in 0..number {
            assert_eq!(self.call().await.status, 200);
        }
        self.unmetered().await - before
    }

    /// Waits until nothing waits for the ledger any more.
    async fn caught_up(&self) {
        let began = Instant::now();
        while self
            .tollgate
            .metric("tollgate_ledger_pending_records")
            .await
            > 0
        {
            assert!(began.elapsed() < WAIT, "{}", self.tollgate.said());
            tokio::time::sleep(POLL).await;
        }
    }

    /// Calls until every place is taken, and then some; that is as many as pass unmetered.
    async fn is_full(&mut self) {
        let unmetered = self.calls(2 * PLACES).await;
        self.says(503).await;
        assert_eq!(unmetered, PLACES, "{}", self.tollgate.said());
    }

    /// There is room again: by itself it is as before.
    async fn recovers(&mut self) {
        self.caught_up().await;
        self.says(200).await;
        assert_eq!(self.calls(5).await, 0);
        self.caught_up().await;
    }

    /// Waits for an answer of `/readyz`.
    async fn says(&self, ready: u16) {
        let began = Instant::now();
        while self.ready().await != ready {
            assert!(began.elapsed() < WAIT, "{}", self.tollgate.said());
            tokio::time::sleep(POLL).await;
        }
    }

    async fn ready(&self) -> u16 {
        self.tollgate
            .ask_admin("/readyz")
            .await
            .unwrap()
            .status
            .as_u16()
    }

    /// Every call that was answered is a row, once, or was counted as unmetered.
    async fn adds_up(self) {
        let unmetered = self.unmetered().await;
        let metered = self.answered - unmetered;
        let rows = Rows::settled(&self.home, &self.tollgate, metered).await;
        assert_eq!(rows.by_id().len(), metered);
        assert_eq!(
            Totals::of_ledger(&self.tollgate).await,
            Totals::of_rows(&rows)
        );
        assert_eq!(self.upstream.take_seen().len(), self.answered);
        assert!(rows.iter().all(|row| row["input_tokens"] == 7));
        let calls = self.tollgate.metric("tollgate_calls_total").await;
        assert_eq!(usize::try_from(calls).unwrap(), metered);
        let Self { home, tollgate, .. } = self;
        assert!(tollgate.terminate().success());
        let at_rest = Rows::at_rest(&home);
        assert_eq!(Totals::of_rows(&at_rest), Totals::of_rows(&rows));
    }
}

/// The length of the journal; where that is one file, its next frame does not fit below it.
fn journal_bytes(home: &Home) -> u64 {
    let files = fs::read_dir(home.data_dir().join("journal")).unwrap();
    let lengths = files.map(|file| file.unwrap().metadata().unwrap().len());
    lengths.sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_cannot_grow_lets_calls_pass_and_goes_on_when_it_can() {
    let mut stage = Stage::set("").await;
    for _ in 0..2 {
        stage.recovers().await;
        stage.tollgate.limit_files(Some(journal_bytes(&stage.home)));
        stage.is_full().await;
        stage.tollgate.limit_files(None);
    }
    stage.recovers().await;
    stage.adds_up().await;
}

/// The limit stops the ledger's database, which only ever grows here, and not the journal: on a
/// machine that is busy enough, all that can wait comes to it in one write, and in one file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_cannot_be_written_catches_up_when_it_can() {
    const LIMIT: u64 = 64 * 1024;
    let mut stage = Stage::set("segment_bytes_max = \"4KiB\"").await;
    let database = stage.home.data_dir().join("ledger/sled/db");
    while fs::metadata(&database).unwrap().len() <= LIMIT {
        assert_eq!(stage.calls(PLACES).await, 0);
        stage.caught_up().await;
    }
    for _ in 0..5 {
        let before = journal_bytes(&stage.home);
        stage.tollgate.limit_files(Some(LIMIT));
        stage.is_full().await;
        stage.tollgate.limit_files(None);
        stage.recovers().await;
        assert!(journal_bytes(&stage.home) < before + LIMIT);
    }
    let errors = stage.tollgate.metric("tollgate_ledger_errors_total").await;
    assert!(errors >= 5, "{errors} failures were counted");
    stage.recovers().await;
    stage.adds_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_that_is_wanted_calls_are_refused_until_there_is_room() {
    let mut stage = Stage::set("on_ledger_failure = \"refuse\"").await;
    stage.recovers().await;
    stage.tollgate.limit_files(Some(journal_bytes(&stage.home)));
    stage.is_refused().await;
    stage.tollgate.limit_files(None);
    let began = Instant::now();
    while stage.call().await.status != 200 {
        assert!(began.elapsed() < WAIT, "{}", stage.tollgate.said());
        tokio::time::sleep(POLL).await;
    }
    assert_eq!(stage.unmetered().await, 0);
    stage.adds_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_on_a_full_disk_says_what_it_could_not_keep() {
    let mut stage = Stage::set("").await;
    stage.recovers().await;
    stage.tollgate.limit_files(Some(journal_bytes(&stage.home)));
    assert_eq!(stage.calls(3).await, 0, "they wait in memory");
    let Stage { home, tollgate, .. } = stage;
    assert_eq!(tollgate.terminate().code(), Some(1));
    let again = home.serve().await;
    assert_eq!(Rows::settled(&home, &again, 5).await.len(), 5);
}

/// A small file system of its own, in namespaces that a process holds: that needs no root, and
/// nothing is left behind. Or none, where neither is allowed.
struct Mounted {
    holder: Child,
    folder: PathBuf,
}

impl Mounted {
    fn on(home: &mut Home) -> Option<Self> {
        let folder = home.data_dir();
        fs::create_dir_all(&folder).unwrap();
        for spaces in [&["-rm"][..], &["-m"]] {
            let mount = "mount -t tmpfs -o size=4m tmpfs \"$0\" && echo mounted && exec cat";
            let holder = Command::new("unshare")
                .args(spaces)
                .args(["sh", "-c", mount])
                .arg(&folder)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn();
            let Ok(mut holder) = holder else { continue };
            let mut said = String::new();
            let out = BufReader::new(holder.stdout.take().unwrap());
            out.take(8).read_to_string(&mut said).unwrap();
            // However it goes, it ends with this.
            let pid = holder.id();
            let folder = format!("/proc/{pid}/root{}", folder.display()).into();
            let mounted = Self { holder, folder };
            if said == "mounted\n" {
                let user = (spaces == ["-rm"]).then_some("-U");
                let enter = ["nsenter", "--preserve-credentials", "-m"].into_iter();
                let enter = enter.chain(user).map(str::to_owned);
                home.run_within(enter.chain([format!("-t{pid}")]).collect());
                return Some(mounted);
            }
        }
        println!("skipped: no file system can be mounted here; the limit on files is tested");
        None
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let ballast = self.folder.join("ballast");
        let mut file = fs::File::create(ballast).unwrap();
        while file.write(&[0; 4096]).is_ok_and(|taken| taken > 0) {}
    }

    fn free(&self) {
        fs::remove_file(self.folder.join("ballast")).unwrap();
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        drop(self.holder.kill());
        drop(self.holder.wait());
    }
}

impl Stage {
    /// On a small file system, where one can be mounted.
    async fn small(more: &str) -> Option<(Self, Mounted)> {
        let (mut home, upstream) = Self::build(more).await;
        let mounted = Mounted::on(&mut home)?;
        let stage = Self {
            tollgate: home.serve().await,
            home,
            upstream,
            answered: 0,
        };
        Some((stage, mounted))
    }

    /// Calls until one is refused because the ledger is behind.
    async fn is_refused(&mut self) {
        let began = Instant::now();
        let refused = loop {
            let answer = self.call().await;
            if answer.status == 503 {
                break answer;
            }
            assert!(began.elapsed() < WAIT);
        };
        assert_eq!(refused.headers["x-tollgate-error"], "ledger_behind");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_system_that_is_full_is_waited_for() {
    let Some((mut stage, mounted)) = Stage::small("").await else {
        return;
    };
    for _ in 0..3 {
        stage.recovers().await;
        mounted.fill();
        // What the last block of the journal still holds is taken first.
        while stage.calls(PLACES).await < PLACES {}
        stage.says(503).await;
        mounted.free();
    }
    stage.recovers().await;
    stage.adds_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_file_system_that_is_full_calls_are_refused_where_that_is_wanted() {
    let Some((mut stage, mounted)) = Stage::small("on_ledger_failure = \"refuse\"").await else {
        return;
    };
    for _ in 0..2 {
        stage.recovers().await;
        mounted.fill();
        stage.is_refused().await;
        mounted.free();
        stage.recovers().await;
    }
    assert_eq!(stage.unmetered().await, 0);
    stage.adds_up().await;
}

/// Every write of a start wants room: what is kept too long goes before.
#[tokio::test]
async fn a_start_on_a_full_disk_makes_room_by_what_takes_too_much() {
    const YEARS: &str = "[ledger]\nretention_days = 36500\n";
    let mut home = Home::new(YEARS);
    let Some(mounted) = Mounted::on(&mut home) else {
        return;
    };
    copy(&fixture("0.1.0").join("data"), &mounted.folder);
    let tollgate = home.serve().await;
    let began = Instant::now();
    while !mounted
        .folder
        .join("checkpoints/2025-03-04.totals")
        .exists()
    {
        assert!(began.elapsed() < WAIT, "{}", tollgate.said());
        tokio::time::sleep(POLL).await;
    }
    let expected = Totals::of_ledger(&tollgate).await;
    assert!(tollgate.terminate().success());
    mounted.fill();
    home.write_config(&format!("{YEARS}retention_bytes = \"1KiB\"\n"));
    let tollgate = home.serve().await;
    assert_eq!(Totals::of_ledger(&tollgate).await, expected);
    let files = fs::read_dir(mounted.folder.join("calls")).unwrap();
    let mut files: Vec<_> = files.map(|it| it.unwrap().file_name()).collect();
    files.retain(|name| name.to_string_lossy().ends_with(".parquet"));
    assert_eq!(files, ["2025-03-04.parquet"]);
    assert_eq!(tollgate.metric("tollgate_ledger_damage_total").await, 0);
}
