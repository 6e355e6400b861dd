//! What may become the value of a label: few values, none of them chosen by a client.
//!
//! Every value stays in memory here and in Prometheus for as long as it is kept, so each set has a
//! bound; past it the value is `other` and is counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::call::{CallRecord, Pricing};

/// The value that stands for all that have no name here.
pub(super) const OTHER: &str = "other";
/// The value of what is absent: a listing has no model, an open proxy no tenant.
pub(super) const NONE: &str = "none";

/// The values seen so far, each set bounded.
#[derive(Debug)]
pub(super) struct Labels {
    values_max: usize,
    models: BTreeSet<Arc<str>>,
    tenants: BTreeSet<Arc<str>>,
    other: Arc<str>,
    none: Arc<str>,
    overflow: BTreeMap<&'static str, u64>,
}

/// The labels whose overflow is shown from the start.
const BOUNDED: [&str; 4] = ["upstream", "model", "tenant", "code"];

impl Labels {
    pub(super) fn new(values_max: usize) -> Self {
        Self {
            values_max,
            models: BTreeSet::new(),
            tenants: BTreeSet::new(),
            other: OTHER.into(),
            none: NONE.into(),
            overflow: BOUNDED.map(|label| (label, 0)).into(),
        }
    }

    /// How many values of one label are told apart.
    pub(super) const fn values_max(&self) -> usize {
        self.values_max
    }

    /// Counts one value that had to become `other`.
    pub(super) fn count_overflow(&mut self, label: &'static str) {
        let count = self.overflow.entry(label).or_default();
        *count = count.saturating_add(1);
    }

    pub(super) fn overflow(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.overflow.iter().map(|(label, count)| (*label, *count))
    }

    /// Makes a configured tenant a value of its own; past the bound it stays `other`.
    pub(super) fn add_tenant(&mut self, name: &str) {
        if self.tenants.len() < self.values_max {
            self.tenants.insert(name.into());
        }
    }

    /// All tenants there can be: the configured ones, `none` and `other`.
    pub(super) fn tenants(&self) -> Vec<Arc<str>> {
        let fixed = [Arc::clone(&self.none), Arc::clone(&self.other)];
        self.tenants.iter().cloned().chain(fixed).collect()
    }

    /// The label of a tenant: only configured names have one, a hashed key is `other`.
    pub(super) fn tenant(&self, name: Option<&str>) -> Arc<str> {
        let Some(name) = name else {
            return Arc::clone(&self.none);
        };
        self.tenants.get(name).unwrap_or(&self.other).clone()
    }

    /// The label of a model that configuration, the ledger or a provider names; past the bound
    /// `other`.
    pub(super) fn model(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.models.get(name) {
            return Arc::clone(known);
        }
        if self.models.len() >= self.values_max {
            return Arc::clone(&self.other);
        }
        let name: Arc<str> = name.into();
        self.models.insert(Arc::clone(&name));
        name
    }

    /// The label of a call's model.
    ///
    /// A name that only the client said is used when it is known already or has a price: anybody
    /// can ask for a model that does not exist, and each such name would live for ever.
    pub(super) fn model_of(&mut self, call: &CallRecord) -> Arc<str> {
        let Some(name) = call.model_name() else {
            return Arc::clone(&self.none);
        };
        if let Some(known) = self.models.get(name) {
            return Arc::clone(known);
        }
        let succeeded = call
            .status
            .is_some_and(|status| (200..300).contains(&status));
        let vouched = call.model.is_some() || call.pricing == Pricing::Priced;
        if !(succeeded && vouched) {
            return Arc::clone(&self.other);
        }
        if self.models.len() >= self.values_max {
            self.count_overflow("model");
        }
        self.model(name)
    }
}
