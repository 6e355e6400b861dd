//! The settings with the edits written over them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::config::{Config, token_rates};
use crate::economics::arm::ArmPrice;
use crate::economics::assumptions::{Assumptions, Group};
use crate::economics::catalogue::nearest;
use crate::economics::edits::Edits;
use crate::economics::plan::ThroughputSource;
use crate::economics::{Arm, Endpoint, HostPlan, PlanDraft, PlanProblem};
use crate::pricing::Imagined;
use crate::usage::{Capability, TokenUsage};
use crate::verdict::Settings;

/// Tokens of a call by which a price of the book is found: short, so below every price for long ones.
const SHORT_TOKENS: u64 = 1_000;

/// The price of a model that nobody uses yet.
pub(super) struct ApiPrice<'c> {
    /// `list/model`.
    pub(super) name: String,
    pub(super) quote: Imagined<'c>,
}

/// The settings as someone asks for them; arms that are new take all `models`, unless `replaces` says
/// which.
pub(super) fn settings<'c>(
    config: &'c Config,
    mut settings: Settings,
    edits: &Edits,
    models: &BTreeSet<String>,
    now: Timestamp,
) -> Result<(Settings, Option<ApiPrice<'c>>), Vec<PlanProblem>> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let drafts = &config.plans.drafts;
    known(edits, drafts)?;
    let one = |problem| vec![problem];
    for (plan, draft) in settings.plans.iter_mut().zip(drafts) {
        if edits.is_for(&plan.name) {
            *plan = edited(draft.clone(), config, edits, today)?;
        }
    }
    if edits.plans.is_empty() {
        for endpoint in &mut settings.endpoints {
            let assumptions = edits.of_arm(endpoint.arm.assumptions).map_err(one)?;
            endpoint.arm.assumptions = assumptions;
        }
    }
    let replaces: Vec<String> = models.iter().cloned().collect();
    if let Some(model) = &edits.host_model {
        let draft = PlanDraft {
            replaces: replaces.clone(),
            ..edits.new_plan(model)
        };
        settings.plans.push(new_plan(&draft, config, edits, today)?);
    }
    let api = edits.api_model.as_deref();
    let api = api.map(|model| price(config, model, now)).transpose()?;
    if let Some(price) = &api {
        let endpoint = endpoint(price, replaces, edits).map_err(one)?;
        settings.endpoints.push(endpoint);
    }
    Ok((settings, api))
}

/// Whether there are the plans that are named.
fn known(edits: &Edits, drafts: &[PlanDraft]) -> Result<(), Vec<PlanProblem>> {
    let names = || drafts.iter().map(|draft| draft.name.clone());
    let unknown = |name: &&String| names().all(|known| known != **name);
    let Some(name) = edits.plans.iter().find(unknown) else {
        return Ok(());
    };
    Err(vec![missing("plan", name, "plan", names())])
}

/// A plan of the file with the edits.
fn edited(
    mut draft: PlanDraft,
    config: &Config,
    edits: &Edits,
    today: Date,
) -> Result<HostPlan, Vec<PlanProblem>> {
    edits.of_plan(&mut draft, today).map_err(|it| vec![it])?;
    let name = draft.name.clone();
    HostPlan::check(draft, &config.rows).map_err(|problems| {
        let of_plan = |problem: PlanProblem| PlanProblem {
            key: format!("{} of plan {name}", problem.key),
            ..problem
        };
        problems.into_iter().map(of_plan).collect()
    })
}

/// A plan that no file has: by published throughput, or, where there is none, by the roofline.
fn new_plan(
    draft: &PlanDraft,
    config: &Config,
    edits: &Edits,
    today: Date,
) -> Result<HostPlan, Vec<PlanProblem>> {
    let with = |source: ThroughputSource| {
        let mut draft = draft.clone();
        draft.throughput.source = Some(source.label().to_owned());
        edited(draft, config, edits, today)
    };
    with(ThroughputSource::Published).or_else(|problems| {
        let is_throughput = |problem: &PlanProblem| problem.key.starts_with("throughput");
        if problems.iter().all(is_throughput) {
            with(ThroughputSource::Roofline)
        } else {
            Err(problems)
        }
    })
}

/// The price of a model, named as its list has it or `list/model`.
fn price<'c>(
    config: &'c Config,
    asked: &str,
    now: Timestamp,
) -> Result<ApiPrice<'c>, Vec<PlanProblem>> {
    let usage = TokenUsage {
        input: Some(SHORT_TOKENS),
        output: Some(SHORT_TOKENS),
        ..TokenUsage::default()
    };
    let lists = config.prices.lists();
    let of = |list: &str, model: &str| {
        let quote = config.prices.imagined((list, model), now, &usage)?;
        let name = format!("{list}/{model}");
        Some(ApiPrice { name, quote })
    };
    let named = asked
        .split_once('/')
        .and_then(|(list, model)| of(list, model));
    let found = named.or_else(|| lists.iter().find_map(|list| of(list, asked)));
    found.ok_or_else(|| {
        let listed = config.prices.listing(now).into_iter();
        let listed = listed.map(|line| format!("{}/{}", line.list, line.model));
        vec![missing(
            "api_model",
            asked,
            "price in dollars of a model",
            listed,
        )]
    })
}

fn endpoint(
    price: &ApiPrice<'_>,
    models: Vec<String>,
    edits: &Edits,
) -> Result<Endpoint, PlanProblem> {
    let mut draft = PlanDraft {
        replaces: models,
        ..PlanDraft::default()
    };
    edits.of_plan(&mut draft, Date::default())?;
    let defaults = Assumptions::defaults(ThroughputSource::Measured, false);
    let arm = Arm {
        name: price.name.clone(),
        replaces: draft.replaces,
        // Whether it can do what the calls ask for is for who asks to know.
        serves: Capability::MOST,
        price: ArmPrice::Tokens {
            model: price.name.clone(),
            rates: token_rates(&price.quote),
        },
        router_usd_per_call: 0.0,
        as_of: price.quote.entry.read_on(),
        source: price.quote.entry.source.clone(),
        assumptions: edits.of_arm(defaults)?,
        moved: Vec::new(),
        basis: None,
        assumed: Group::Quality.members().to_vec(),
    };
    Ok(Endpoint {
        arm,
        min_saving_usd_per_month: 0.0,
        alert: false,
    })
}

/// There is no such thing, and what is most like it.
fn missing(key: &str, name: &str, what: &str, known: impl Iterator<Item = String>) -> PlanProblem {
    let alike = nearest(name, known);
    let alike = if alike.is_empty() {
        String::new()
    } else {
        format!("; did you mean {}?", alike.join(" or "))
    };
    PlanProblem {
        key: key.to_owned(),
        message: format!("there is no {what} {name:?}{alike}"),
    }
}
