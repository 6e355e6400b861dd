//! Made traffic in a real ledger, for tests: 60 calls a minute of 2,000 tokens in and 500 out, half a
//! cent each, to one model.

use std::ops::Range;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::settings;
use crate::config::{Config, Overrides};
use crate::economics::{CallDemand, DemandMinute};
use crate::ledger::{History, ImportedMinute, Ledger, Minutes};
use crate::money::Pico;
use crate::usage::TokenUsage;

/// A ledger with the traffic of some stretches, in a folder of its own.
pub(super) struct Made {
    pub(super) ledger: Ledger,
    pub(super) config: Config,
    dir: TempDir,
}

impl Made {
    /// Every minute of the stretches is seen and has the same calls; `imported` says which of its 60.
    pub(super) fn new(
        text: &str,
        stretches: Vec<Range<Timestamp>>,
        imported: fn(i64) -> bool,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = config(dir.path(), text);
        let (ledger, _) = Ledger::open(settings::ledger(&config, None)).unwrap();
        let demand = minute(imported);
        let minutes = stretches.clone().into_iter().flat_map(move |stretch| {
            let next = |at: &Timestamp| Some(*at + SignedDuration::from_mins(1));
            let all = std::iter::successors(Some(stretch.start), next);
            let all = all.take_while(move |at| *at < stretch.end);
            all.map(move |start| ImportedMinute {
                start,
                upstream: "openai".into(),
                model: "gpt-4o-2024-08-06".into(),
                capability: "8k".into(),
                demand,
            })
        });
        let history = History {
            hours: Vec::new(),
            minutes: Minutes::new(minutes),
            up: stretches,
        };
        ledger.import(history).unwrap();
        Self {
            ledger,
            config,
            dir,
        }
    }

    /// The configuration by another text.
    pub(super) fn config_of(&self, text: &str) -> Config {
        config(self.dir.path(), text)
    }
}

fn config(dir: &Path, text: &str) -> Config {
    let file = dir.join("tollgate.toml");
    std::fs::write(&file, text).unwrap();
    let overrides = Overrides {
        data_dir: Some(dir.join("data")),
        ..Overrides::default()
    };
    crate::config::load(Some(&file), &overrides).unwrap()
}

fn minute(imported: fn(i64) -> bool) -> DemandMinute {
    let usage = TokenUsage {
        input: Some(2_000),
        output: Some(500),
        ..TokenUsage::default()
    };
    let mut minute = DemandMinute::default();
    for second in 0..60 {
        minute.add(&CallDemand {
            started_ms: second * 1_000,
            duration_ms: 5_000,
            usage: &usage,
            side: &[],
            cost_usd: Some(Pico(5_000_000_000)),
            imported: imported(second),
        });
    }
    minute
}
