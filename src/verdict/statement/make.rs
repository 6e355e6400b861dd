//! From a switch and its demand to a statement, and from demand of another source to the same figures.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::gather::Gathered;
use super::{ApiPrice, Counted, Days, DemandSeal, FORMAT, Scored, Side, Statement};
use crate::economics::hysteresis::{Day, Hysteresis};
use crate::economics::plan::Moved;
use crate::economics::projection::AlternativeKind;
use crate::economics::{Arm, AsOf, HostPlan};
use crate::verdict::hosting;
use crate::verdict::news::Switch;
use crate::verdict::pass::{Judged, judge, score};
use crate::verdict::report::{day_of, number_of};
use crate::verdict::settings::Settings;

/// What stands beside the demand: what calls were priced by, and what plans refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// How old the prices of the covered models were.
    pub api_prices: Vec<ApiPrice>,
    /// SHA-256 of all prices.
    pub prices_sha256: String,
    /// SHA-256 of the rows that plans refer to.
    pub catalogue_sha256: String,
    /// The last pass that priced calls again; 0 for none.
    pub priced_again: u64,
}

/// The figures of a statement, computed again.
#[derive(Clone, Debug, PartialEq)]
pub struct Recomputed {
    /// What the demand comes to.
    pub demand: DemandSeal,
    /// The figures.
    pub figures: Value,
    /// Where prices come from, by the statement's own settings.
    pub stands_on: Value,
    /// The counted days; `None` for one whose windows begin before the demand, or without enough
    /// evidence.
    pub counted: Vec<Option<Counted>>,
    /// Whether these days make the state switch as stated.
    pub switches: bool,
}

impl Gathered {
    fn judged(&self, day: Date) -> Option<Judged> {
        let (settings, day) = (&self.settings, number_of(day));
        if self.kind == AlternativeKind::Api {
            return hosting::judge(settings, (&self.hosted, &self.seen), self.at, day);
        }
        judge(
            settings,
            (&self.kept, &self.seen),
            (self.kind, self.at),
            day,
        )
    }

    /// The statement of a switch; `None` where nothing can be judged.
    #[must_use]
    pub fn statement(&self, switch: &Switch, beside: Beside) -> Option<Statement> {
        let decided = day_of(switch.day);
        let figures = self.judged(decided)?.figures;
        let back = |days: i64| day_of(switch.day.saturating_sub(days));
        Some(Statement {
            statement: FORMAT,
            tollgate: env!("CARGO_PKG_VERSION").to_owned(),
            kind: switch.kind.label().to_owned(),
            name: switch.name.clone(),
            decided,
            from: switch.from,
            to: switch.to,
            changed: switch.changed.clone(),
            window: Days {
                first: back(13),
                last: decided,
            },
            before: Days {
                first: back(27),
                last: back(14),
            },
            counted: switch.counted.clone(),
            figures,
            stands_on: stands_on(&self.settings, (self.kind, self.at), decided),
            demand: self.seal.clone(),
            settings: serde_json::to_value(&*self.settings).unwrap_or_default(),
            api_prices: beside.api_prices,
            prices_sha256: beside.prices_sha256,
            catalogue_sha256: beside.catalogue_sha256,
            priced_again: beside.priced_again,
        })
    }

    /// Everything of a statement that follows from demand and settings, from this demand.
    #[must_use]
    pub fn recomputed(&self, statement: &Statement) -> Option<Recomputed> {
        let again = |stated: &Counted| {
            let judged = self.holds(stated.day).then(|| self.judged(stated.day))?;
            Some(Counted::of(number_of(stated.day), judged?.day.as_ref()?))
        };
        let counted: Vec<_> = statement.counted.iter().map(again).collect();
        Some(Recomputed {
            demand: self.seal.clone(),
            figures: self.judged(statement.decided)?.figures,
            stands_on: stands_on(&self.settings, (self.kind, self.at), statement.decided),
            switches: self.switches(statement, &counted),
            counted,
        })
    }

    /// Whether the rule, over these days, leads from the other side to the stated one.
    fn switches(&self, statement: &Statement, counted: &[Option<Counted>]) -> bool {
        let cheaper = statement.to == Side::On;
        if counted.is_empty() {
            // The settings alone: nothing in the kept days carries it.
            return !cheaper && !statement.changed.is_empty();
        }
        let mut state = Hysteresis {
            cheaper: !cheaper,
            days: 0,
        };
        for (day, stated) in counted.iter().zip(&statement.counted) {
            // What cannot be computed again is taken as stated, and said beside.
            let Counted {
                ratio,
                pessimistic_ratio,
                coverage,
                may_enter,
                ..
            } = day.unwrap_or(*stated);
            let day = Day {
                ratio,
                pessimistic_ratio,
                coverage,
                may_enter,
            };
            state = state.after(&day, &self.settings.rule);
        }
        state.cheaper == cheaper
    }

    /// What one day cost on the API and would have cost this way, the replicas chosen on the fortnight
    /// before it.
    #[must_use]
    pub fn scored(&self, day: Date) -> Option<Scored> {
        let (settings, day) = (&self.settings, number_of(day));
        if self.kind == AlternativeKind::Api {
            return hosting::score(settings, (&self.hosted, &self.seen), self.at, day);
        }
        score(
            settings,
            (&self.kept, &self.seen),
            (self.kind, self.at),
            day,
        )
    }
}

/// Where each price and the throughput come from, how old they are on a day, and who moved what.
fn stands_on(settings: &Settings, (kind, at): (AlternativeKind, usize), day: Date) -> Value {
    let source = |what: String, source: &str, as_of: AsOf| {
        let age = number_of(day).saturating_sub(number_of(as_of.earliest()));
        json!({ "what": what, "source": source, "as_of": as_of.to_string(), "age_days": age })
    };
    let plan = match kind {
        AlternativeKind::Selfhost => settings.plans.get(at),
        AlternativeKind::Api => settings.running.get(at).map(|running| &running.plan),
        AlternativeKind::Endpoint | AlternativeKind::Optimised | AlternativeKind::Stay => None,
    };
    let mut sources = Vec::new();
    if let Some(plan) = plan {
        let HostPlan {
            price, throughput, ..
        } = plan;
        let speed = format!("throughput ({})", throughput.source.label());
        sources.push(source(
            "price of a machine's hour".into(),
            &price.source,
            price.as_of,
        ));
        sources.push(source(speed, &throughput.cite, throughput.as_of));
    }
    let arms = settings.endpoints.iter().map(|it| &it.arm);
    let price = |arm: &Arm| {
        source(
            format!("price of {}", arm.name),
            &arm.source,
            arm.as_of.into(),
        )
    };
    sources.extend(arms.chain(&settings.optimised).map(price));
    json!({
        "sources": sources,
        "throughput_source": plan.map(|plan| plan.throughput.source.label()),
        "moved": plan.map_or(Value::Array(Vec::new()), moved),
        "nobodys_measurement": plan.map(|plan| plan.assumed.iter().map(|it| it.key()).collect::<Vec<_>>()),
    })
}

/// The defaults that were moved in favour of hosting, and who answers for it.
fn moved(plan: &HostPlan) -> Value {
    let one = |Moved { parameter, default }: &Moved| {
        json!({
            "parameter": parameter.key(),
            "default": [default.low, default.expected, default.high],
            "basis": plan.basis.as_ref().map(|basis| &basis.basis),
            "by": plan.basis.as_ref().map(|basis| &basis.by),
            "date": plan.basis.as_ref().map(|basis| basis.date.to_string()),
        })
    };
    plan.moved.iter().map(one).collect()
}
