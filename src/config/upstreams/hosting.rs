//! What own hosting runs on, and the API call that its calls are held against.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::lists;
use crate::call::Role;
use crate::config::section::Section;
use crate::config::value::{Value, hint};
use crate::economics::HostPlan;
use crate::pricing::{PriceBook, Priceable, PricedAs};
use crate::usage::TokenUsage;

/// Changes of the number of replicas that are written for one plan: one a day for a year.
const CHANGES_MAX: usize = 366;

/// The plan that an upstream runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunsOn {
    /// Its name.
    pub plan: String,
    /// How many replicas run, oldest first; empty where that is not written here.
    pub replicas: Vec<ReplicasFrom>,
}

/// How many replicas run, from when on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicasFrom {
    /// The first moment; the earliest there is where no day is written.
    pub from: Timestamp,
    /// How many.
    pub replicas: u32,
}

/// What hosting is checked against.
pub(in crate::config) struct Known<'a> {
    pub(in crate::config) book: Option<&'a PriceBook>,
    pub(in crate::config) plans: &'a [HostPlan],
    /// Plans of the configuration itself: one that has problems of its own is still meant.
    pub(in crate::config) meant: Vec<&'a str>,
    /// Days begin here.
    pub(in crate::config) zone: &'a TimeZone,
    /// Where the replicas of a plan are written already.
    pub(in crate::config) written: BTreeMap<String, (String, Vec<ReplicasFrom>)>,
    /// Plans whose replicas must be written at one of their upstreams, each at the first that names it.
    pub(in crate::config) wanting: BTreeMap<String, String>,
    /// Plans whose replicas are written somewhere, well or not.
    pub(in crate::config) stated: BTreeSet<String>,
}

impl Known<'_> {
    /// `plan`, `replicas` and `would_cost_as` of an upstream.
    pub(super) fn read(
        &mut self,
        s: &mut Section<'_>,
        role: Role,
    ) -> (Option<RunsOn>, Option<PricedAs>) {
        let book = self.book;
        let (plan, instead) = (s.value("plan"), s.value("would_cost_as"));
        let replicas = s.value("replicas");
        for value in [&plan, &instead, &replicas].into_iter().flatten() {
            if role != Role::Own {
                value.problem("is about own hosting; add role = \"own\", or remove it");
            }
        }
        let would_cost_as = instead.as_ref().and_then(|value| priced_as(value, book));
        let Some(plan) = plan else {
            if let Some(replicas) = replicas {
                replicas.problem("are of a plan; add plan = \"NAME\", which says what one costs");
            }
            return (None, would_cost_as);
        };
        if instead.is_none() {
            s.problem_at(
                "would_cost_as",
                "is missing: what a plan saves is the API price of the same tokens; such as \
                 would_cost_as = \"openai/gpt-4o-mini\"",
            );
        }
        let runs_on = self.runs_on(s, &plan, replicas.as_ref());
        (runs_on, would_cost_as)
    }

    /// Tells of plans whose replicas no upstream has said, once all are read.
    pub(super) fn finish(&self, upstreams: &[(&str, Section<'_>)]) {
        let missing = self.wanting.iter();
        for (_, at) in missing.filter(|(plan, _)| !self.stated.contains(*plan)) {
            for (_, section) in upstreams.iter().filter(|(_, section)| section.path == *at) {
                let none =
                    "is missing: the plan has no replica that always runs; such as replicas = 1";
                section.problem_at("replicas", none);
            }
        }
    }

    fn runs_on(
        &mut self,
        s: &Section<'_>,
        plan: &Value<'_>,
        replicas: Option<&Value<'_>>,
    ) -> Option<RunsOn> {
        let name = plan.text()?;
        let Some(known) = self.plans.iter().find(|known| known.name == name) else {
            if self.meant.contains(&name) {
                return None;
            }
            let names: Vec<&str> = self.plans.iter().map(|plan| plan.name.as_str()).collect();
            let all = names.join(", ");
            let near = hint(name, &names);
            return plan.is_not(&format!("the name of a plan; there are {all}{near}"));
        };
        let Some(value) = replicas else {
            if known.replicas_at_least() == 0 {
                let here = || s.path.clone();
                self.wanting.entry(name.to_owned()).or_insert_with(here);
            }
            let replicas = Vec::new();
            let plan = name.to_owned();
            return Some(RunsOn { plan, replicas });
        };
        self.stated.insert(name.to_owned());
        let replicas = dated(value, self.zone)?;
        let here = (s.path.clone(), replicas.clone());
        let (elsewhere, said) = self.written.entry(name.to_owned()).or_insert(here);
        if *said != replicas {
            value.problem(&format!(
                "the replicas of {name} are others at {elsewhere}; write them once"
            ));
        }
        let plan = name.to_owned();
        Some(RunsOn { plan, replicas })
    }
}

/// `2`, or `[{ from = 2026-10-01, replicas = 2 }]`, the oldest first.
fn dated(value: &Value<'_>, zone: &TimeZone) -> Option<Vec<ReplicasFrom>> {
    if value.item.get_ref().is_integer() {
        let from = Timestamp::MIN;
        let replicas = value.whole()?;
        return Some(vec![ReplicasFrom { from, replicas }]);
    }
    let items = value.items();
    if items.is_empty() || items.len() > CHANGES_MAX {
        return value.is_not(&format!(
            "a number, or 1 to {CHANGES_MAX} of {{ from, replicas }}"
        ));
    }
    let mut all: Vec<ReplicasFrom> = Vec::new();
    for item in items {
        let mut s = item.section();
        let from = s.require("from", "from = 2026-10-01", |day| day.moment(zone));
        let replicas = s.require("replicas", "replicas = 2", Value::whole);
        s.finish(&[]);
        let (from, replicas) = (from?, replicas?);
        if all.last().is_some_and(|last| last.from >= from) {
            item.problem("begins no later than the one before; write them oldest first");
            return None;
        }
        all.push(ReplicasFrom { from, replicas });
    }
    Some(all)
}

/// `list/model`, which must have a price.
fn priced_as(value: &Value<'_>, book: Option<&PriceBook>) -> Option<PricedAs> {
    let Some((list, model)) = value.text()?.split_once('/') else {
        return value.is_not("a price list and a model, such as \"openai/gpt-4o-mini\"");
    };
    let as_priced = PricedAs {
        list: list.to_owned(),
        model: model.to_owned(),
    };
    let Some(book) = book else {
        return Some(as_priced);
    };
    if !book.has_list(list) {
        return lists::is_no_list(value, list, book);
    }
    // Embeddings have no rate of output: what is asked is a price of input.
    let usage = TokenUsage {
        input: Some(1),
        output: Some(0),
        ..TokenUsage::default()
    };
    let call = Priceable::imagined((list, model), Timestamp::MAX, &usage);
    if book.price(&call).cost_usd.is_none() {
        let entries = book.entries().iter().filter(|entry| entry.list == list);
        let names: Vec<&str> = entries
            .flat_map(|entry| &entry.names)
            .map(String::as_str)
            .collect();
        let near = hint(model, &names);
        return value.is_not(&format!(
            "a model with a price in dollars in the list {list}{near}"
        ));
    }
    Some(as_priced)
}
