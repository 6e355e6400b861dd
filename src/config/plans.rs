//! `[plans.NAME]`, `[endpoints.NAME]` and `[optimised.NAME]`: ways of hosting, services that sell
//! tokens, and ways to pay the same provider less.
//!
//! Here the file becomes drafts; what a plan must be is checked by `economics`, whose problems are
//! told at the key they are about.

mod drafts;
mod optimised;

use std::path::Path;

use super::document::Document;
use super::problem::Context;
use super::section::Section;
use crate::economics::{Arm, Catalogue, Endpoint, HostPlan, PlanDraft, PlanProblem};
use crate::pricing::PriceBook;
use optimised::Prices;
pub use optimised::token_rates;

/// The examples in the binary, their alerts off, and what problems call them.
const EMBEDDED: (&str, &str) = (
    "config/plans.toml (embedded)",
    include_str!("../../config/plans.toml"),
);

/// The tables of a plans file.
const TABLES: [&str; 3] = ["plans", "endpoints", "optimised"];

/// What the metered traffic is compared with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plans {
    /// Ways of hosting, by name.
    pub plans: Vec<HostPlan>,
    /// The same plans before they were checked, for who asks what if.
    pub drafts: Vec<PlanDraft>,
    /// Per-token alternatives, by name.
    pub endpoints: Vec<Endpoint>,
    /// Ways to pay the same provider less, by name.
    pub optimised: Vec<Arm>,
    /// The tables of the configuration file itself, as they are written there.
    pub(super) written: toml::Table,
}

impl Plans {
    /// What the configuration itself says and the file it names; without both, the examples.
    pub(super) fn read(
        root: &mut Section<'_>,
        path: Option<&Path>,
        rows: &Catalogue,
        book: Option<&PriceBook>,
    ) -> Self {
        let context = root.context;
        let mut plans = Self::default();
        let prices = |for_examples| Prices { book, for_examples };
        let own = plans.entries(root, rows, prices(false));
        if own {
            // Parsed before, with its places; here for `print` alone.
            let whole: toml::Table = root.document.text.parse().unwrap_or_default();
            let tables = whole.into_iter();
            plans.written = tables
                .filter(|(key, _)| TABLES.contains(&key.as_str()))
                .collect();
        }
        if path.is_some() || !own {
            plans.file(path, context, rows, prices(path.is_none()));
        }
        plans
    }

    /// What one file says, in place of what the configuration says or names.
    pub(super) fn of_file(
        root: &mut Section<'_>,
        path: &Path,
        rows: &Catalogue,
        book: Option<&PriceBook>,
    ) -> Self {
        let context = root.context;
        let for_examples = false;
        let prices = Prices { book, for_examples };
        // What is not used is checked all the same.
        Self::default().entries(root, rows, prices);
        let mut plans = Self::default();
        plans.file(Some(path), context, rows, prices);
        plans
    }

    fn file(
        &mut self,
        path: Option<&Path>,
        context: &Context<'_>,
        rows: &Catalogue,
        prices: Prices<'_>,
    ) {
        let Some(document) = Document::catalogue(path, EMBEDDED, context) else {
            return;
        };
        if let Some(table) = document.parse(context) {
            let mut root = Section::root(context, &document, table.get_ref());
            self.entries(&mut root, rows, prices);
            root.finish(&[]);
        }
    }

    /// Reads the entries of a file's root, if it has any; a name is used once.
    fn entries(&mut self, root: &mut Section<'_>, rows: &Catalogue, prices: Prices<'_>) -> bool {
        let [plans, endpoints, optimised] = TABLES.map(|table| root.named(table));
        let any = !plans.is_empty() || !endpoints.is_empty() || !optimised.is_empty();
        for (name, mut section) in plans {
            let draft = drafts::plan(name, &mut section);
            check_unique(
                &section,
                self.plans.iter().map(|plan| plan.name.as_str()),
                name,
            );
            let plan = checked(HostPlan::check(draft.clone(), rows), section);
            self.drafts.extend(plan.is_some().then_some(draft));
            self.plans.extend(plan);
        }
        for (name, mut section) in endpoints {
            let draft = drafts::endpoint(name, &mut section);
            check_unique(
                &section,
                self.endpoints.iter().map(|e| e.arm.name.as_str()),
                name,
            );
            self.endpoints
                .extend(checked(Endpoint::check(draft), section));
        }
        for (name, mut section) in optimised {
            let draft = optimised::draft(name, &mut section, prices);
            check_unique(
                &section,
                self.optimised.iter().map(|arm| arm.name.as_str()),
                name,
            );
            match draft {
                Some(draft) => self
                    .optimised
                    .extend(checked(Arm::check_optimised(draft), section)),
                None => section.finish(&[]),
            }
        }
        any
    }
}

fn check_unique<'n>(section: &Section<'_>, mut known: impl Iterator<Item = &'n str>, name: &str) {
    if known.any(|other| other == name) {
        section.problem("is in the other file too; keep one of them");
    }
}

/// The checked thing, or its problems, each at its key.
fn checked<T>(result: Result<T, Vec<PlanProblem>>, section: Section<'_>) -> Option<T> {
    let problems = result.as_ref().err().into_iter().flatten();
    for PlanProblem { key, message } in problems {
        section.problem_at(key, message);
    }
    section.finish(&[]);
    result.ok()
}
