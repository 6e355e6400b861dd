//! Imports into a real ledger: whole, stopped and begun again, and what a verdict makes of them.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use tempfile::TempDir;

use super::*;
use crate::app::anew::tests::{days_taken_over, two_days_are_counted};
use crate::app::demand;
use crate::config::Overrides;
use crate::economics::DemandHour;
use crate::ledger::tests::dying;
use crate::ledger::{Grain, Origin, Totals};
use crate::money::Currency;
use crate::verdict::{States, Verdict};

/// A host that costs next to nothing and takes everything.
const PLAN: &str = r#"
[plans.nearly-free]
replaces = ["gpt-4o-mini"]
serves = "32k+schema"
model = "llama-3.1-8b"
gpu = "H100-SXM"
gpus = 1
precision = "fp8"
throughput = { source = "published" }
gpu_usd_per_hour = 0.01
price_as_of = "2026-10-01"
price_source = "test"
policy = "hybrid"
min_replicas = 1
"#;
const DAY: SignedDuration = SignedDuration::from_hours(24);

struct Made {
    dir: TempDir,
    config: Config,
}

/// All that a ledger has of the past: by hour and day, and the demand of each hour.
type Whole = (
    BTreeMap<String, Totals>,
    BTreeMap<(u32, String), DemandHour>,
    usize,
);

impl Made {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("tollgate.toml");
        std::fs::write(&file, PLAN).unwrap();
        let overrides = Overrides {
            data_dir: Some(dir.path().join("data")),
            ..Overrides::default()
        };
        let config = crate::config::load(Some(&file), &overrides).unwrap();
        Self { dir, config }
    }

    fn import(&self, asked: &ImportAsked) -> Result<Imported, AppError> {
        run(&self.config, asked, &mut |_, _| {})
    }

    fn open(&self) -> Ledger {
        Ledger::open(settings::ledger(&self.config, None))
            .unwrap()
            .0
    }

    fn whole(&self) -> Whole {
        let ledger = self.open();
        let ever = midnight(60)..midnight(0);
        let mut totals = BTreeMap::new();
        for grain in [Grain::Hour, Grain::Day] {
            for of in ledger.rollups(grain, ever.clone()).unwrap() {
                let of = of.unwrap();
                assert_eq!(of.group.origin, Origin::Imported);
                totals.insert(format!("{:?} {:?}", of.period, of.group), of.totals);
            }
        }
        let hours = ledger.demand_hours(ever.clone()).unwrap();
        let demand = hours.map(Result::unwrap).map(|of| {
            let stream = format!("{} {:?} {}", of.upstream, of.model, of.capability);
            ((of.hour, stream), of.demand)
        });
        (
            totals,
            demand.collect(),
            ledger.minutes_up(ever).unwrap().len(),
        )
    }
}

/// Midnight of UTC so many days ago.
fn midnight(ago: i64) -> Timestamp {
    let day = now().as_second().div_euclid(86_400) - ago;
    Timestamp::from_second(day * 86_400).unwrap()
}

/// A day of one model.
fn row(ago: i64, model: &str, calls: u64) -> UsageRow {
    UsageRow {
        place: format!("bill.csv:{ago}"),
        range: midnight(ago)..midnight(ago) + DAY,
        upstream: "openai".into(),
        model: model.into(),
        calls,
        uncached_input: calls * 1_500,
        cached_input: calls * 500,
        output: calls * 300,
        cost: Some((Pico(i128::from(calls) * 9_000_000_000), Currency::USD)),
    }
}

fn asked(rows: Vec<UsageRow>) -> ImportAsked {
    ImportAsked {
        rows,
        costs: Vec::new(),
        credits: Vec::new(),
        shape: Shape::Even,
        replace: false,
        beside_metered: false,
        dry_run: false,
    }
}

/// Some days of two models. Of more than eight a stop leaves a part of what is written at once.
fn days(count: i64, calls: u64) -> Vec<UsageRow> {
    let days = (1..=count).rev();
    days.flat_map(|ago| ["gpt-4o", "gpt-4o-mini"].map(|model| row(ago, model, calls)))
        .collect()
}

/// Kills `first` before each of its writes; what is run `again` leaves what is `expected`.
fn check(before: Option<ImportAsked>, first: impl Fn() -> ImportAsked, expected: &Whole) {
    let base = Made::new();
    base.import(&before.unwrap_or_else(|| asked(Vec::new())))
        .unwrap();
    for writes in 0.. {
        let made = Made::new();
        let (from, to) = (base.dir.path().join("data"), made.dir.path().join("data"));
        dying::copy(&from, &to);
        let ledger = made.open();
        let died = dying::after(writes, || {
            let done = import(&made.config, &ledger, &first(), &mut |_, _| {});
            drop(done);
        });
        drop(ledger);
        made.import(&first()).unwrap();
        assert!(
            made.whole() == *expected,
            "other sums after {writes} writes"
        );
        if !died {
            assert!(writes > 7, "{writes} writes");
            return;
        }
    }
}

#[test]
fn an_import_that_is_killed_and_run_again_is_there_once_and_whole() {
    let made = Made::new();
    made.import(&asked(days(9, 30))).unwrap();
    check(None, || asked(days(9, 30)), &made.whole());
}

#[test]
fn figures_that_are_replaced_are_gone_wherever_that_was_stopped() {
    let made = Made::new();
    made.import(&asked(days(2, 40))).unwrap();
    let replaced = || ImportAsked {
        replace: true,
        ..asked(days(2, 40))
    };
    check(Some(asked(days(2, 30))), replaced, &made.whole());
}

#[test]
fn days_that_were_counted_are_counted_again_beside_what_is_imported_or_taken_back() {
    let made = Made::new();
    made.import(&asked(vec![row(1, "gpt-4o", 30)])).unwrap();
    two_days_are_counted(&made.config, &made.open());
    made.import(&asked(days(1, 30))).unwrap();
    assert_eq!(days_taken_over(&made.config, &made.open()), 0);
    two_days_are_counted(&made.config, &made.open());
    let other = || ImportAsked {
        replace: true,
        ..asked(days(1, 40))
    };
    let looked = ImportAsked {
        dry_run: true,
        ..other()
    };
    made.import(&looked).unwrap();
    assert_eq!(days_taken_over(&made.config, &made.open()), 2);
    made.import(&other()).unwrap();
    assert_eq!(days_taken_over(&made.config, &made.open()), 0);
    two_days_are_counted(&made.config, &made.open());
    let ledger = made.open();
    let week = midnight(7)..midnight(0);
    ledger.forget_imported("openai", "gpt-4o", week).unwrap();
    assert_eq!(days_taken_over(&made.config, &ledger), 0);
}

/// The same house, once a release or its user knows another price of gpt-4o.
fn another_price(made: &mut Made) {
    let file = made.dir.path().join("tollgate.toml");
    let price = "[[prices]]\nlist = \"openai\"\nmatch = \"gpt-4o\"\nfrom = 2026-01-01\n\
                 input_usd_per_mtok = 1\ncache_read_usd_per_mtok = 1\noutput_usd_per_mtok = 1\n\
                 source = \"contract\"\n";
    std::fs::write(&file, format!("{PLAN}{price}")).unwrap();
    let overrides = Overrides {
        data_dir: Some(made.dir.path().join("data")),
        ..Overrides::default()
    };
    made.config = crate::config::load(Some(&file), &overrides).unwrap();
}

#[test]
fn the_same_files_again_change_nothing_where_a_price_became_another() {
    let mut made = Made::new();
    let unbilled = || UsageRow {
        cost: None,
        ..row(3, "gpt-4o", 10)
    };
    let none = || UsageRow {
        calls: 0,
        uncached_input: 0,
        cached_input: 0,
        output: 0,
        ..row(4, "gpt-4o", 10)
    };
    made.import(&asked(vec![unbilled(), none()])).unwrap();
    let was = made.whole();
    another_price(&mut made);
    let again = made.import(&asked(vec![unbilled(), none()])).unwrap();
    assert_eq!((again.written, again.unchanged), (0, 2));
    assert_eq!(made.whole(), was);
    // Other tokens, or a bill, are other figures all the same.
    let more = UsageRow {
        output: 1,
        ..unbilled()
    };
    for other in [more, row(3, "gpt-4o", 10)] {
        let said = made.import(&asked(vec![other])).unwrap_err().to_string();
        assert!(said.contains("with other figures"), "{said}");
    }
}

#[test]
fn an_import_that_was_stopped_goes_on_where_a_price_became_another() {
    let unbilled = || {
        let rows = days(9, 30).into_iter();
        asked(rows.map(|row| UsageRow { cost: None, ..row }).collect())
    };
    for writes in 3..9 {
        let mut made = Made::new();
        let ledger = made.open();
        let died = dying::after(writes, || {
            drop(import(&made.config, &ledger, &unbilled(), &mut |_, _| {}));
        });
        assert!(died);
        drop(ledger);
        another_price(&mut made);
        let done = made.import(&unbilled()).unwrap();
        assert_eq!((done.written + done.unchanged, done.replaced), (18, 0));
        assert_eq!(made.import(&unbilled()).unwrap().unchanged, 18);
    }
}

#[test]
fn a_bill_that_the_catalogue_divides_otherwise_is_refused_by_that_name() {
    let mut made = Made::new();
    let billed = || {
        let unbilled = |model| UsageRow {
            cost: None,
            ..row(3, model, 10)
        };
        let all = UsageCost {
            place: "costs: 1".into(),
            range: midnight(3)..midnight(2),
            upstream: "openai".into(),
            model: None,
            cost: (Pico::from_units(7), Currency::USD),
        };
        ImportAsked {
            costs: vec![all],
            ..asked(vec![unbilled("gpt-4o"), unbilled("gpt-4o-mini")])
        }
    };
    made.import(&billed()).unwrap();
    assert_eq!(made.import(&billed()).unwrap().unchanged, 2);
    another_price(&mut made);
    let AppError::Import { remedy, .. } = made.import(&billed()).unwrap_err() else {
        panic!("not of the import");
    };
    assert!(remedy.contains("divided by what the catalogue"), "{remedy}");
}

#[test]
fn who_only_looks_leaves_no_folder_behind() {
    let made = Made::new();
    let looked = ImportAsked {
        dry_run: true,
        ..asked(days(9, 30))
    };
    let looked = made.import(&looked).unwrap();
    assert!(!made.dir.path().join("data").exists());
    let done = made.import(&asked(days(9, 30))).unwrap();
    assert_eq!(
        done,
        Imported {
            dry_run: false,
            ..looked
        }
    );
}

#[test]
fn more_models_than_have_names_are_refused_and_nothing_is_other() {
    let made = Made::new();
    let models = |range: Range<usize>| range.map(|at| row(2, &format!("m-{at}"), 1)).collect();
    let refused = |rows, dry_run| {
        let asked = ImportAsked {
            dry_run,
            ..asked(rows)
        };
        made.import(&asked).unwrap_err().to_string()
    };
    for dry_run in [true, false] {
        let said = refused(models(0..NAMES_MAX + 1), dry_run);
        assert!(said.contains("would be more"), "{said}");
    }
    // Names that are there already count, and take no second place.
    made.import(&asked(models(0..600))).unwrap();
    let said = refused(models(1..NAMES_MAX + 1), false);
    assert!(said.contains("would be more"), "{said}");
    let (totals, ..) = made.whole();
    assert!(totals.keys().all(|group| !group.contains("other")));
}

#[test]
fn a_bill_by_the_day_is_not_added_to_one_by_the_hour() {
    let bill = |place: &str, hours: Range<i64>, model: Option<&str>| UsageCost {
        place: place.into(),
        range: midnight(3) + SignedDuration::from_hours(hours.start)
            ..midnight(3) + SignedDuration::from_hours(hours.end),
        upstream: "openai".into(),
        model: model.map(str::to_owned),
        cost: (Pico::from_units(7), Currency::USD),
    };
    let unbilled = || UsageRow {
        cost: None,
        ..row(3, "gpt-4o", 10)
    };
    let import = |rows: Vec<UsageRow>, costs: Vec<UsageCost>| {
        let asked = ImportAsked {
            costs,
            ..asked(rows)
        };
        Made::new().import(&asked)
    };
    for (rows, costs, places) in [
        (
            vec![unbilled()],
            vec![bill("days: 1", 0..24, None), bill("hours: 5", 4..5, None)],
            ["days: 1", "hours: 5"],
        ),
        (
            vec![unbilled()],
            vec![
                bill("models: 1", 0..24, Some("gpt-4o")),
                bill("all: 1", 0..24, None),
            ],
            ["models: 1", "all: 1"],
        ),
        (
            vec![row(3, "gpt-4o", 10)],
            vec![bill("costs: 1", 0..24, None)],
            ["bill.csv:3", "costs: 1"],
        ),
        (
            vec![row(3, "gpt-4o", 10)],
            vec![bill("costs: 1", 9..10, Some("gpt-4o"))],
            ["bill.csv:3", "costs: 1"],
        ),
    ] {
        let said = import(rows, costs).unwrap_err().to_string();
        assert!(places.iter().all(|place| said.contains(place)), "{said}");
    }
    // The parts of one bucket are one bill, and another model's is another one.
    let parts = vec![
        bill("costs: 1", 0..24, Some("gpt-4o")),
        bill("costs: 1", 0..24, Some("gpt-4o")),
        bill("more: 1", 0..24, Some("o3")),
    ];
    let done = import(vec![unbilled()], parts).unwrap();
    assert_eq!(done.cost_usd, Pico::from_units(14));
    assert_eq!(done.cost_without_usage_usd, Pico::from_units(7));
}

/// The state of the plan after four closed days, on the demand that was imported; `metered` says that
/// it was seen here.
fn after_four_days(made: &Made, metered: bool) -> bool {
    let verdict = Verdict::new(settings::verdict(&made.config), States::default());
    let ledger = made.open();
    demand::kept(&ledger, now(), |kept, up| {
        let kept = kept.map(|(stream, minute, mut sums)| {
            sums.imported_calls = if metered { 0 } else { sums.imported_calls };
            (stream, minute, sums)
        });
        verdict.load(kept, up);
    })
    .unwrap();
    for ago in (1..=4).rev() {
        verdict.tick(midnight(ago) + DAY + SignedDuration::from_mins(16));
    }
    verdict.report().states[0].cheaper
}

#[test]
fn demand_that_would_switch_a_state_does_not_where_it_was_imported() {
    let made = Made::new();
    let rows = (1..=33).rev().map(|ago| row(ago, "gpt-4o-mini", 100_000));
    made.import(&asked(rows.collect())).unwrap();
    assert!(after_four_days(&made, true));
    assert!(!after_four_days(&made, false));
}
