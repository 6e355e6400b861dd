//! A disk that hangs: what is written or synced does not end. Traffic flows, what does not fit waits
//! in memory or passes and is counted, and when the disk is back nothing is lost.
//!
//! `stall.c`, preloaded, holds writes and syncs as long as a file is there.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::load;
use crate::preload::preloaded;
use crate::support::client::{Answer, Client};
use crate::support::rows::Rows;
use crate::support::tollgate::{Home, Tollgate};
use crate::support::totals::Totals;
use crate::support::upstream::Upstream;

/// Calls that can wait for the disk: in flight and backlog.
const PLACES: u64 = 60;
const WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(20);

/// A client's own thread writes where the disk was quick so far: one of them may be caught by it.
const CAUGHT_MAX: usize = 1;
const TOGETHER: u64 = 8;

struct Stage {
    home: Home,
    tollgate: Tollgate,
    upstream: Upstream,
    hangs: PathBuf,
    asked: u64,
    /// Calls whose answer has not come.
    waiting: JoinSet<(u64, Answer)>,
    answered: BTreeMap<String, u64>,
}

impl Stage {
    /// On a disk of which a part can hang.
    async fn set(part: &str) -> Self {
        let upstream = Upstream::start(load::answer).await;
        let home = Home::new(&format!(
            "[server]\ncalls_in_flight_max = {}\n[ledger]\nbacklog_max = {}\n{}",
            PLACES / 2,
            PLACES / 2,
            load::upstreams(&upstream)
        ));
        let hangs = home.config().with_file_name("hangs");
        let (name, libraries) = preloaded(&["stall.c"]);
        let environment = [
            (name, libraries.as_os_str()),
            ("STALL_PATH", OsStr::new(part)),
            ("STALL_WHILE", hangs.as_os_str()),
        ];
        Self {
            tollgate: home.serve_in(&environment).await,
            home,
            upstream,
            hangs,
            asked: 0,
            waiting: JoinSet::new(),
            answered: BTreeMap::new(),
        }
    }

    /// So many calls, all answered but for what a hanging disk may have caught.
    async fn calls(&mut self, calls: u64, caught: usize) {
        let last = self.asked + calls;
        let began = Instant::now();
        while self.asked < last || self.waiting.len() > caught {
            while self.asked < last && self.waiting.len() < usize::try_from(TOGETHER).unwrap() {
                let (number, traffic) = (self.asked, self.tollgate.traffic);
                self.asked += 1;
                self.waiting.spawn(async move {
                    let answer = Client::new(traffic).send(load::request(number)).await;
                    (number, answer.unwrap())
                });
            }
            let next = self.waiting.join_next();
            let next = tokio::time::timeout(WAIT.saturating_sub(began.elapsed()), next).await;
            let next = next.unwrap_or_else(|_| panic!("{} calls hang", self.waiting.len()));
            let (number, answer) = next.unwrap().unwrap();
            let id = answer.call_id().unwrap_or_else(|| panic!("{answer:?}"));
            self.answered.insert(id.to_owned(), number);
        }
    }

    /// The disk hangs while so many calls are answered, and is back.
    async fn hangs_for(&mut self, calls: u64) {
        self.caught_up().await;
        fs::write(&self.hangs, "").unwrap();
        self.calls(calls, CAUGHT_MAX).await;
        fs::remove_file(&self.hangs).unwrap();
        self.calls(0, 0).await;
    }

    /// Waits until nothing waits for the ledger any more.
    async fn caught_up(&self) {
        let pending = "tollgate_ledger_pending_records";
        let began = Instant::now();
        while self.tollgate.metric(pending).await > 0 {
            assert!(began.elapsed() < WAIT, "{}", self.tollgate.said());
            tokio::time::sleep(POLL).await;
        }
    }

    async fn unmetered(&self) -> u64 {
        self.tollgate.metric("tollgate_unmetered_calls_total").await
    }

    /// Every call that was answered is a row that says what its upstream did, or was counted.
    async fn adds_up(self) {
        let metered = usize::try_from(self.asked - self.unmetered().await).unwrap();
        let rows = Rows::settled(&self.home, &self.tollgate, metered).await;
        for (id, row) in rows.by_id() {
            assert!(load::is_right(row, self.answered[id]), "{row}");
        }
        let Self {
            home,
            tollgate,
            upstream,
            ..
        } = self;
        assert_eq!(
            u64::try_from(upstream.take_seen().len()).unwrap(),
            self.asked
        );
        assert!(tollgate.terminate().success());
        let at_rest = Rows::at_rest(&home);
        assert_eq!(at_rest.len(), metered);
        let again = home.serve().await;
        assert_eq!(Totals::of_ledger(&again).await, Totals::of_rows(&at_rest));
    }
}

async fn check(part: &str) {
    let mut stage = Stage::set(part).await;
    stage.calls(PLACES, 0).await;
    for _ in 0..3 {
        stage.hangs_for(PLACES / 2).await;
        assert_eq!(stage.unmetered().await, 0, "they wait in memory");
    }
    stage.hangs_for(3 * PLACES).await;
    let unmetered = stage.unmetered().await;
    println!(
        "{part} hung under {} calls, {unmetered} passed unmetered",
        stage.asked
    );
    assert!(unmetered >= PLACES, "{unmetered}");
    stage.caught_up().await;
    stage.calls(PLACES / 2, 0).await;
    assert_eq!(stage.unmetered().await, unmetered, "as before");
    stage.adds_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_hangs_holds_up_no_traffic_and_loses_nothing() {
    check("/journal/").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_hangs_holds_up_no_traffic_and_loses_nothing() {
    check("/sled/").await;
}

/// Who asks for rows or hours is told what hangs, by the API and by the command line; who asks for what
/// is in memory is answered. When the disk is back all are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_from_a_disk_that_hangs_is_told_so() {
    let mut stage = Stage::set("/sled/").await;
    stage.calls(PLACES, 0).await;
    stage.caught_up().await;
    fs::write(&stage.hangs, "").unwrap();
    stage.calls(8, CAUGHT_MAX).await;
    let pending = "tollgate_ledger_pending_records";
    while stage.tollgate.metric(pending).await == 0 {
        tokio::time::sleep(POLL).await;
    }
    let hangs = "a write of the ledger's database has not ended for";
    let calls = "/api/v1/calls?limit=1";
    // Until the write has begun that hangs there is nothing to wait for.
    let refused = loop {
        let answer = stage.tollgate.ask_admin(calls).await.unwrap();
        if answer.status != 200 {
            break answer;
        }
    };
    assert_eq!(
        (refused.status.as_u16(), &refused.headers["retry-after"]),
        (503, &"5".parse().unwrap())
    );
    assert!(refused.text().contains(hangs), "{}", refused.text());
    let admin = stage.tollgate.admin.to_string();
    let run = |stage: &Stage, arguments: &[&str]| {
        stage.home.run(&[arguments, &["--admin", &admin]].concat())
    };
    let export = run(&stage, &["export", "calls"]);
    let said = String::from_utf8_lossy(&export.stderr).into_owned();
    assert!(!export.status.success() && said.contains(hangs), "{said}");
    for path in ["/metrics", "/readyz", "/api/v1/breakeven", "/api/v1/totals"] {
        let answer = stage.tollgate.ask_admin(path).await.unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
    let report = run(&stage, &["report", "--by", "hour"]);
    let said = String::from_utf8_lossy(&report.stderr).into_owned();
    println!("{:?}\n{said}", report.status);
    assert!(report.status.success() || said.contains(hangs), "{said}");
    fs::remove_file(&stage.hangs).unwrap();
    stage.calls(0, 0).await;
    stage.caught_up().await;
    assert_eq!(stage.tollgate.ask_admin(calls).await.unwrap().status, 200);
    assert!(run(&stage, &["report", "--by", "hour"]).status.success());
    stage.adds_up().await;
}
