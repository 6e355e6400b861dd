//! `demo`: providers, proxy and clients in one process, watched while they run, then compared.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::admin::{Admin, Page};
use super::args::Demo;
use super::breakeven;
use super::house::{Addresses, DemoPlan, House, Options, Range, Running, TotalsQuery};
use super::live::Live;
use super::serve::{Signals, stopped};
use super::summary::{Seen, Summary};
use super::totals::Totals;
use super::{Failure, output};
use crate::demo::{
    HistorySettings, MockSettings, MockUpstream, Serves, Stats, Traffic, TrafficCounts,
    TrafficSettings,
};

/// How much past the verdict gets to stand on: two of its windows and a bit.
const HISTORY_DAYS: u32 = 30;

/// Calls a second in life; times the speed.
const CALLS_PER_SECOND: u32 = 3;

/// The most that is made, whatever the speed.
const CALLS_PER_SECOND_MAX: u32 = 150;

/// Calls of a thousand that the providers refuse, as in life.
const REFUSED_PER_MILLE: u32 = 10;

/// How often the live table is drawn.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How long the ledger may take to have every call once traffic has stopped.
const LEDGER_WAIT: Duration = Duration::from_secs(5);

/// Any free port of this machine.
const FREE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Runs the demo. Told to end, it lets the last calls end; told once more, it ends at once.
pub(super) async fn run<H: House>(
    house: &H,
    options: Options,
    demo: &Demo,
    quiet: bool,
) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let told = CancellationToken::new();
    let twice = async {
        signals.told_to_end().await;
        output::note(
            quiet,
            "ending: calls under way may finish; once more ends at once",
        );
        told.cancel();
        signals.told_to_end().await;
    };
    tokio::select! {
        ended = shown(house, options, demo, &told, quiet) => ended,
        () = twice => Err(Failure::work("ended at once")),
    }
}

/// From the start to the curtain.
async fn shown<H: House>(
    house: &H,
    options: Options,
    demo: &Demo,
    told: &CancellationToken,
    quiet: bool,
) -> Result<(), Failure> {
    let providers = Providers::start(demo).await?;
    output::note(
        quiet,
        "two mock providers are up; making 30 days of history ...",
    );
    let running = tokio::select! {
        biased;
        () = told.cancelled() => return Err(Failure::work("ended before the traffic began")),
        running = house.demo(plan(options, demo, &providers)) => running?,
    };
    let stage = Stage::set(running.addresses().clone())?;
    // What fails is said at once; what else is lost was made for the demo.
    act(&stage, demo, &providers, told, quiet).await?;
    stopped(running, quiet).await
}

/// What happens on the stage, from the first call to the curtain.
async fn act(
    stage: &Stage,
    demo: &Demo,
    providers: &Providers,
    told: &CancellationToken,
    quiet: bool,
) -> Result<(), Failure> {
    output::print(stage.play(demo, providers, told, quiet).await?)?;
    if demo.keep_running && !told.is_cancelled() {
        let traffic = stage.traffic(demo);
        output::note(quiet, "still running, with traffic; Ctrl-C ends it");
        told.cancelled().await;
        traffic.stop().await;
    }
    Ok(())
}

/// The two mock providers.
struct Providers {
    openai: MockUpstream,
    anthropic: MockUpstream,
}

impl Providers {
    async fn start(demo: &Demo) -> Result<Self, Failure> {
        let failed = |error| Failure::work("cannot start a mock provider").because(error);
        let settings = |serves| MockSettings {
            listen: FREE,
            serves,
            seed: demo.seed,
            speed: demo.speed,
            refused_per_mille: REFUSED_PER_MILLE,
            now: super::now,
        };
        Ok(Self {
            openai: MockUpstream::start(settings(Serves::OpenAi))
                .await
                .map_err(failed)?,
            anthropic: MockUpstream::start(settings(Serves::Anthropic))
                .await
                .map_err(failed)?,
        })
    }

    /// What both billed.
    fn stats(&self) -> Stats {
        self.openai.stats().and(self.anthropic.stats())
    }
}

fn plan(options: Options, demo: &Demo, providers: &Providers) -> DemoPlan {
    DemoPlan {
        options,
        openai: format!("http://{}", providers.openai.address()),
        anthropic: format!("http://{}", providers.anthropic.address()),
        history: HistorySettings {
            seed: demo.seed,
            until: super::now(),
            days: HISTORY_DAYS,
        },
    }
}

/// Where the demo plays.
struct Stage {
    addresses: Addresses,
    admin: Admin,
    since: Timestamp,
}

impl Stage {
    fn set(addresses: Addresses) -> Result<Self, Failure> {
        let admin = Admin::at(addresses.admin, addresses.admin_token.clone())?;
        Ok(Self {
            addresses,
            admin,
            since: super::now(),
        })
    }

    /// Traffic for as long as asked, then the summary.
    async fn play(
        &self,
        demo: &Demo,
        providers: &Providers,
        told: &CancellationToken,
        quiet: bool,
    ) -> Result<Summary, Failure> {
        let before = self.totals().await?;
        let live = Live::start(quiet, demo.duration);
        let traffic = self.traffic(demo);
        tokio::select! {
            watched = self.watch(demo.duration, &before, &live, &traffic) => watched?,
            () = told.cancelled() => {}
        }
        live.say("letting the last calls end ...");
        let sent = traffic.stop().await;
        let (bill, seen) = self.settled(providers, sent).await?;
        live.end();
        Ok(Summary {
            before,
            after: self.totals().await?,
            bill,
            seen,
            verdict: self.verdict().await?,
            addresses: self.addresses.clone(),
            keeps_running: demo.keep_running && !told.is_cancelled(),
        })
    }

    fn traffic(&self, demo: &Demo) -> Traffic {
        let base = format!("http://{}", self.addresses.listen);
        Traffic::start(TrafficSettings {
            openai: base.clone(),
            anthropic: base,
            seed: demo.seed,
            calls_per_second: (CALLS_PER_SECOND * demo.speed).min(CALLS_PER_SECOND_MAX),
            // Each is reported all the same: tollgate asks in its client's place.
            without_usage_per_mille: 250,
            ..TrafficSettings::default()
        })
    }

    /// Shows the totals until time is up.
    async fn watch(
        &self,
        time: Duration,
        before: &Totals,
        live: &Live,
        traffic: &Traffic,
    ) -> Result<(), Failure> {
        let begun = Instant::now();
        loop {
            let left = time.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            tokio::time::sleep(left.min(LOOK_EVERY)).await;
            live.show(
                begun.elapsed(),
                &self.totals().await?.since(before),
                traffic.counts(),
            );
        }
    }

    async fn totals(&self) -> Result<Totals, Failure> {
        let query = TotalsQuery {
            by: vec!["model".to_owned()],
            ..TotalsQuery::default()
        };
        let answer = self
            .admin
            .totals(&query)
            .await?
            .ok_or_else(|| self.gone())?;
        Totals::read(answer)
    }

    async fn verdict(&self) -> Result<String, Failure> {
        let verdict = self
            .admin
            .json("/api/v1/breakeven")
            .await?
            .ok_or_else(|| self.gone())?;
        Ok(breakeven::words(&verdict))
    }

    /// Both counts, as soon as they have every call that was sent; as they are when time is up.
    ///
    /// A provider learns that a client left only when it writes next, so its bill may be the later.
    async fn settled(
        &self,
        providers: &Providers,
        sent: TrafficCounts,
    ) -> Result<(Stats, Seen), Failure> {
        let begun = Instant::now();
        loop {
            let (bill, seen) = (providers.stats(), self.records().await?);
            let billed = bill.total().calls();
            let whole = billed == seen.calls && billed.saturating_add(sent.failed) >= sent.sent;
            if whole || begun.elapsed() > LEDGER_WAIT {
                return Ok((bill, seen));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Reads every record since the begin, as `export` does.
    async fn records(&self) -> Result<Seen, Failure> {
        let range = Range {
            since: Some(self.since),
            until: None,
        };
        let mut seen = Seen::default();
        let mut after = None;
        loop {
            let Page { lines, next, .. } = self
                .admin
                .calls(range, after)
                .await?
                .ok_or_else(|| self.gone())?;
            lines
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok())
                .for_each(|record| seen.add(&record));
            if next.is_none() {
                return Ok(seen);
            }
            after = next;
        }
    }

    fn gone(&self) -> Failure {
        Failure::work(format!("{} no longer answers", self.admin.base()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tests::small_house::SmallHouse;

    const DEMO: Demo = Demo {
        duration: Duration::from_secs(2),
        speed: 20,
        seed: 3,
        keep_running: false,
    };

    #[tokio::test]
    async fn it_ends_with_both_counts_and_they_agree() {
        let providers = Providers::start(&DEMO).await.unwrap();
        let house = SmallHouse { admin: FREE };
        let rooms = house
            .demo(plan(Options::default(), &DEMO, &providers))
            .await
            .unwrap();
        let stage = Stage::set(rooms.addresses().clone()).unwrap();
        let told = CancellationToken::new();
        let summary = stage.play(&DEMO, &providers, &told, true).await.unwrap();
        let (bill, seen) = (summary.bill.total(), summary.seen);
        assert!(seen.calls > 0, "{seen:?}");
        assert_eq!(
            (seen.calls, seen.told, seen.refused),
            (bill.calls(), bill.told, bill.refused)
        );
        assert_eq!(seen.others, bill.cut.calls + bill.untold.calls);
        assert_eq!(summary.verdict, "Stay.\n");
        assert!(summary.after.total.calls > summary.before.total.calls);
    }

    #[tokio::test]
    async fn told_while_it_plays_it_sums_up_and_does_not_go_on() {
        let demo = Demo {
            duration: Duration::from_hours(1),
            keep_running: true,
            ..DEMO
        };
        let providers = Providers::start(&demo).await.unwrap();
        let house = SmallHouse { admin: FREE };
        let rooms = house
            .demo(plan(Options::default(), &demo, &providers))
            .await
            .unwrap();
        let stage = Stage::set(rooms.addresses().clone()).unwrap();
        let told = CancellationToken::new();
        told.cancel();
        let summary = stage.play(&demo, &providers, &told, true).await.unwrap();
        assert!(!summary.keeps_running);
    }
}
