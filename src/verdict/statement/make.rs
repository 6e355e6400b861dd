//! From a switch and its demand to a statement.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::gather::Gathered;
use super::{ApiPrice, Days, FORMAT, Scored, Statement};
use crate::economics::plan::Moved;
use crate::economics::projection::AlternativeKind;
use crate::economics::{Arm, AsOf, HostPlan};
use crate::verdict::hosting;
use crate::verdict::news::Switch;
use crate::verdict::pass::{Judged, judge, score};
use crate::verdict::report::{day_of, number_of};
use crate::verdict::settings::Settings;

/// What stands beside the demand: what calls were priced by, and what plans refer to.
#[derive(Clone, Debug, PartialEq)]
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

impl Gathered {
    pub(super) fn judged(&self, day: Date) -> Option<Judged> {
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
        let [before, window] = windows(decided);
        Some(Statement {
            statement: FORMAT,
            tollgate: env!("CARGO_PKG_VERSION").to_owned(),
            kind: switch.kind.label().to_owned(),
            name: switch.name.clone(),
            decided,
            from: switch.from,
            to: switch.to,
            changed: switch.changed.clone(),
            window,
            before,
            counted: switch.counted.clone(),
            figures,
            stands_on: stands_on(&self.settings, (self.kind, self.at), decided),
            servers: switch.servers.clone(),
            demand: self.seal.clone(),
            settings: serde_json::to_value(&*self.settings).unwrap_or_default(),
            api_prices: beside.api_prices,
            prices_sha256: beside.prices_sha256,
            catalogue_sha256: beside.catalogue_sha256,
            priced_again: beside.priced_again,
        })
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

/// The fortnight that replicas are chosen on, and the one that ends with a day, of which the figures are.
pub(super) fn windows(day: Date) -> [Days; 2] {
    let back = |days: i64| day_of(number_of(day).saturating_sub(days));
    [(27, 14), (13, 0)].map(|(first, last)| Days {
        first: back(first),
        last: back(last),
    })
}

/// Where each price and the throughput come from, how old they are on a day, and who moved what.
pub(super) fn stands_on(
    settings: &Settings,
    (kind, at): (AlternativeKind, usize),
    day: Date,
) -> Value {
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
