//! One round: a start, mixed load, a kill at a random moment, and the look at what is left.

use std::ffi::OsStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use super::books::{Books, Findings, Shared, tenant};
use super::clients::{Caller, load};
use crate::load;
use crate::preload::{Environment, preloaded};
use crate::setting;
use crate::support::rows::Rows;
use crate::support::tollgate::{Home, Tollgate};
use crate::support::totals::Totals;
use crate::support::upstream::Upstream;

const LONG_CALLS: u64 = 4;
/// A clock that goes on by a day every so many rounds closes days under load and under kills.
const ROUNDS_A_DAY: u32 = 4;
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How long a slow disk takes for each write to the journal.
const SLOW_MS: &str = "30";
/// Marks are written after five seconds; what a start books is in rows and totals in its own time.
const WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(50);

pub(super) struct Stage {
    home: Home,
    _upstream: Upstream,
    /// The books of the round that is open; the upstream outlives them.
    books: Shared,
    next: Arc<AtomicU64>,
    random: fastrand::Rng,
    rounds: u32,
    /// The running process, which has nothing in it but what was kept.
    tollgate: Option<Tollgate>,
    kept: Totals,
}

impl Stage {
    pub(super) async fn set(ack_wait: &str, rounds: u32) -> Self {
        let books = Shared::default();
        let current = Arc::clone(&books);
        let upstream = Upstream::start(move |request| {
            let books = Arc::clone(&current.lock().unwrap());
            books.answer(request)
        })
        .await;
        let home = Home::new(&format!(
            "[ledger]\nack_wait = \"{ack_wait}\"\nsegment_bytes_max = \"1MiB\"\n{}",
            load::upstreams(&upstream)
        ));
        Self {
            home,
            _upstream: upstream,
            books,
            next: Arc::default(),
            random: fastrand::Rng::with_seed(setting("TOLLGATE_KILL_SEED", 7)),
            rounds,
            tollgate: None,
            kept: Totals::default(),
        }
    }

    /// Serves on a disk that is slow or not, kills, starts again, and compares.
    pub(super) async fn round(&mut self, round: u32, slow: bool, long: bool) -> Findings {
        let shift = -DAY * i32::try_from((self.rounds - 1 - round) / ROUNDS_A_DAY).unwrap();
        let books = Arc::<Books>::default();
        *self.books.lock().unwrap() = Arc::clone(&books);
        drop(self.tollgate.take());
        let since = now() + shift;
        let tollgate = self.serve(shift, slow).await;
        let mut clients = load(&tollgate, &books, &self.next);
        if long {
            self.marked(&tollgate, &books, &mut clients).await;
        }
        let life = Duration::from_millis(self.random.u64(100..600));
        tokio::time::sleep(life).await;
        let killed = Instant::now();
        tollgate.kill();
        clients.join_all().await;
        let tollgate = self.serve(shift, false).await;
        let findings = self.compared(&tollgate, &books, since, killed).await;
        self.tollgate = Some(tollgate);
        findings
    }

    /// Looks until all agree, for what a start books comes in its own time; gives the last look.
    async fn compared(
        &mut self,
        tollgate: &Tollgate,
        books: &Books,
        since: Timestamp,
        killed: Instant,
    ) -> Findings {
        let began = Instant::now();
        loop {
            let admin = tollgate.admin.to_string();
            let since = since.to_string();
            let rows = Rows::export(&self.home, &["--admin", &admin, "--since", &since]);
            let kept = self.kept + Totals::of_rows(&rows);
            let totals = Totals::of_ledger(tollgate).await;
            let mut findings = books.compare(&rows, killed);
            // Rows and totals can both still lack what the start has not booked yet.
            let cut = rows.iter().filter(|row| row["end"] == "interrupted");
            let (booked, due) = (cut.count(), interrupted(&tollgate.said()));
            if booked != due {
                let fault = format!("{booked} interrupted calls are booked, {due} were told");
                findings.faults.push(fault);
            }
            if totals != kept {
                let fault = format!("totals {totals:?} of rows {kept:?}");
                findings.faults.push(fault);
            }
            // What is lost does not come back by waiting.
            let settled = totals == kept
                && booked == due
                && (findings.faults.is_empty() || findings.lost > 0);
            if settled || began.elapsed() > WAIT {
                self.kept = kept;
                return findings;
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Begins calls that last, and waits until each has its mark in the journal.
    async fn marked(&self, tollgate: &Tollgate, books: &Arc<Books>, clients: &mut JoinSet<()>) {
        let first = load::LONG + 13 * self.next.fetch_add(1, Ordering::Relaxed);
        let numbers: Vec<u64> = (0..LONG_CALLS).map(|place| first + 16 * place).collect();
        for number in numbers.clone() {
            let mut caller = Caller::new(tollgate, books);
            clients.spawn(async move { drop(caller.called(number).await) });
        }
        let began = Instant::now();
        let is_marked = |text: &str, number: &u64| {
            let begun_and_marked = format!("\"tenant\":\"{}\"", tenant(*number));
            text.matches(&begun_and_marked).count() >= 2
        };
        while !numbers
            .iter()
            .all(|number| is_marked(&self.home.journal(), number))
        {
            assert!(
                began.elapsed() < WAIT,
                "no marks written:\n{}",
                tollgate.said()
            );
            tokio::time::sleep(4 * POLL).await;
        }
    }

    async fn serve(&self, shift: SignedDuration, slow: bool) -> Tollgate {
        let mut environment: Environment = vec![
            preloaded(&["clock.c", "stall.c"]),
            ("CLOCK_SHIFT", shift.as_secs().to_string().into()),
        ];
        if slow {
            environment.push(("STALL_PATH", "/journal/".into()));
            environment.push(("STALL_MS", SLOW_MS.into()));
        }
        let environment: Vec<(&str, &OsStr)> = environment
            .iter()
            .map(|(name, value)| (*name, value.as_os_str()))
            .collect();
        self.home.serve_in(&environment).await
    }

    /// Ends the last process in peace; gives what it kept and where.
    pub(super) async fn strike(mut self) -> (Home, Totals) {
        let tollgate = self.tollgate.take().unwrap();
        assert_eq!(Totals::of_ledger(&tollgate).await, self.kept);
        assert!(tollgate.terminate().success());
        (self.home, self.kept)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the clock that the process is shifted from"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

/// How many calls a start said that it found without their end.
fn interrupted(said: &str) -> usize {
    let told = said
        .split_once(" interrupted=")
        .map_or("0", |(_, rest)| rest);
    let digits = told.split(|c: char| !c.is_ascii_digit()).next();
    digits.unwrap().parse().unwrap()
}
