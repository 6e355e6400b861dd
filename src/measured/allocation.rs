#![expect(
    clippy::float_arithmetic,
    reason = "a cluster's cost service estimates in floats"
)]
//! What `OpenCost`'s allocation API says a workload cost in an hour. Kubecost's is the same.
//!
//! The question asks for all workloads, apart by what selects ours, and ours is looked for in the
//! answer: filters are written in another language in each version, names are not.
//! <https://www.opencost.io/docs/integrations/api>

use std::collections::BTreeMap;

use serde::Deserialize;

use super::hours::start_of;

/// What selects a workload; at least one is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workload {
    /// The namespace it is in.
    pub namespace: Option<String>,
    /// The Deployment, `StatefulSet` or the like, by its name.
    pub controller: Option<String>,
    /// The name and the value of a label.
    pub label: Option<(String, String)>,
    /// Whether the cluster's idle cost is shared out to its workloads first.
    pub share_idle: bool,
}

/// What an hour cost, in the currency of the service, which is taken for dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// GPUs, CPUs, memory, disks and network.
    pub total_usd: f64,
    /// Of these, for GPUs.
    pub gpu_usd: f64,
}

/// Nothing costs more in an hour, dollars: what says so is damaged.
const USD_MAX: f64 = 1e9;

/// Why an answer says no cost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCost {
    /// It is not what the API answers.
    #[error("the answer is not an allocation, from line {line}, column {column} on")]
    Malformed {
        /// Where it ceases to be one, from 1.
        line: usize,
        /// The same.
        column: usize,
    },
    /// Nothing of the name ran, or the name is wrong.
    #[error("no allocation is of {0}: nothing of it ran then, or the cluster calls it otherwise")]
    NoWorkload(String),
    /// A row without its total.
    #[error("the allocation has no totalCost that could be one")]
    NoTotal,
}

/// Only the fields we act on.
#[derive(Deserialize)]
struct Answer {
    /// A set a step; null where nothing ran.
    #[serde(default)]
    data: Option<Vec<Option<BTreeMap<String, Row>>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    total_cost: Option<f64>,
    gpu_cost: Option<f64>,
}

impl Workload {
    /// The question about an hour since 1970, as pairs of a query.
    #[must_use]
    pub fn query(&self, hour: i64) -> Option<Vec<(&'static str, String)>> {
        let (from, until) = (start_of(hour)?, start_of(hour.checked_add(1)?)?);
        let mut query = vec![
            ("window", format!("{from},{until}")),
            ("aggregate", self.keys().join(",")),
            ("accumulate", "true".to_owned()),
        ];
        if self.share_idle {
            query.push(("shareIdle", "true".to_owned()));
        }
        Some(query)
    }

    fn keys(&self) -> Vec<String> {
        let label = self.label.as_ref();
        let keys = [
            self.namespace.as_ref().map(|_| "namespace".to_owned()),
            self.controller.as_ref().map(|_| "controller".to_owned()),
            label.map(|(name, _)| format!("label:{name}")),
        ];
        keys.into_iter().flatten().collect()
    }

    /// What it is called in answers, for people.
    #[must_use]
    pub fn name(&self) -> String {
        let label = self
            .label
            .as_ref()
            .map(|(name, value)| format!("{name}={value}"));
        let parts = [self.namespace.clone(), self.controller.clone(), label];
        parts.into_iter().flatten().collect::<Vec<_>>().join("/")
    }

    /// What selects it, by the keys of `measured_by`.
    fn selected(&self) -> String {
        let Self {
            namespace,
            controller,
            label,
            share_idle: _,
        } = self;
        let label = label
            .as_ref()
            .map(|(name, value)| format!("label {name}={value}"));
        let parts = [
            namespace.as_ref().map(|name| format!("namespace {name}")),
            controller.as_ref().map(|name| format!("controller {name}")),
            label,
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// Whether a row of the answer is its: `llm/deployment:vllm/app=vllm`, or without kind and key.
    fn is(&self, row: &str) -> bool {
        let mut parts = row.split('/');
        let mut part = |is: &dyn Fn(&str) -> bool| parts.next().is_some_and(is);
        let namespace = self.namespace.as_deref();
        let controller = self.controller.as_deref();
        let label = self.label.as_ref();
        namespace.is_none_or(|name| part(&|it| it == name))
            && controller.is_none_or(|name| part(&|it| behind(it, ':') == name))
            && label.is_none_or(|(_, value)| part(&|it| behind(it, '=') == value))
            && parts.next().is_none()
    }

    /// Its cost, from the answer's body.
    ///
    /// # Errors
    /// An answer that is none, or says nothing of it.
    pub fn cost(&self, body: &[u8]) -> Result<Cost, NoCost> {
        // Its own words would repeat what a stranger wrote.
        let malformed = |error: serde_json::Error| NoCost::Malformed {
            line: error.line(),
            column: error.column(),
        };
        let answer: Answer = serde_json::from_slice(body).map_err(malformed)?;
        let sets = answer.data.into_iter().flatten().flatten();
        let rows = sets.flatten().filter(|(name, _)| self.is(name));
        let mut cost: Option<Cost> = None;
        for (_, row) in rows {
            let total = row.total_cost.filter(|usd| is_cost(*usd));
            let sum = cost.get_or_insert_default();
            sum.total_usd += total.ok_or(NoCost::NoTotal)?;
            sum.gpu_usd += row.gpu_cost.filter(|usd| is_cost(*usd)).unwrap_or(0.0);
        }
        let cost = cost.ok_or_else(|| NoCost::NoWorkload(self.selected()))?;
        Some(cost)
            .filter(|cost| is_cost(cost.total_usd))
            .ok_or(NoCost::NoTotal)
    }
}

fn is_cost(usd: f64) -> bool {
    (0.0..=USD_MAX).contains(&usd)
}

/// What stands behind the first separator, or all of it.
fn behind(text: &str, separator: char) -> &str {
    text.split_once(separator).map_or(text, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload() -> Workload {
        Workload {
            namespace: Some("llm".to_owned()),
            controller: Some("vllm".to_owned()),
            label: Some(("app".to_owned(), "chat".to_owned())),
            share_idle: true,
        }
    }

    #[test]
    fn an_hour_is_asked_for_apart_by_what_selects() {
        let query = workload().query(495_000).unwrap();
        let expected = [
            ("window", "2026-06-21T00:00:00Z,2026-06-21T01:00:00Z"),
            ("aggregate", "namespace,controller,label:app"),
            ("accumulate", "true"),
            ("shareIdle", "true"),
        ];
        let query: Vec<_> = query
            .iter()
            .map(|(key, value)| (*key, value.as_str()))
            .collect();
        assert_eq!(query, expected);
    }

    #[test]
    fn ours_is_found_as_each_version_writes_its_name() {
        let ours = workload();
        assert!(ours.is("llm/deployment:vllm/chat") && ours.is("llm/vllm/app=chat"));
        for other in [
            "llm/vllm",
            "llm/vllm/chat/x",
            "llm/vllm/image",
            "dev/vllm/chat",
            "",
        ] {
            assert!(!ours.is(other), "{other}");
        }
        let namespace = Workload {
            namespace: Some("llm".to_owned()),
            ..Workload::default()
        };
        assert!(namespace.is("llm") && !namespace.is("__idle__"));
    }

    #[track_caller]
    fn check(body: &str, expected: Result<(f64, f64), &str>) {
        let namespace = Workload {
            namespace: Some("llm".to_owned()),
            ..Workload::default()
        };
        let found = namespace.cost(body.as_bytes());
        let found = found.map(|cost| (cost.total_usd, cost.gpu_usd));
        assert_eq!(
            found.map_err(|error| error.to_string()),
            expected.map_err(str::to_owned)
        );
    }

    #[test]
    fn the_cost_is_the_sum_of_its_rows() {
        let row =
            |total: &str| format!("{{\"name\":\"llm\",\"minutes\":60,\"gpuCost\":5.0,{total}}}");
        let whole = row("\"totalCost\":5.5");
        check(
            &format!("{{\"code\":200,\"data\":[{{\"llm\":{whole},\"kube-system\":{whole}}}]}}"),
            Ok((5.5, 5.0)),
        );
        check(
            &format!("{{\"data\":[{{\"llm\":{whole}}},null,{{\"llm\":{whole}}}]}}"),
            Ok((11.0, 10.0)),
        );
        let much = row("\"totalCost\":6e8");
        check(
            &format!("{{\"data\":[{{\"llm\":{much}}},{{\"llm\":{much}}}]}}"),
            Err("the allocation has no totalCost that could be one"),
        );
        let bare = row("\"ramCost\":0.5");
        check(
            &format!("{{\"data\":[{{\"llm\":{bare}}}]}}"),
            Err("the allocation has no totalCost that could be one"),
        );
    }

    #[test]
    fn a_cost_that_cannot_be_is_none() {
        for total in ["-1", "1e300", "null", "2e9"] {
            let body = format!("{{\"data\":[{{\"llm\":{{\"totalCost\":{total}}}}}]}}");
            check(
                &body,
                Err("the allocation has no totalCost that could be one"),
            );
        }
    }

    #[test]
    fn an_answer_without_ours_says_so() {
        for body in [
            "{}",
            "{\"data\":null}",
            "{\"data\":[null]}",
            "{\"data\":[{\"dev\":{}}]}",
        ] {
            check(
                body,
                Err(
                    "no allocation is of namespace llm: nothing of it ran then, or the cluster calls it otherwise",
                ),
            );
        }
        let found = workload().cost(b"{}").unwrap_err().to_string();
        let ours = "no allocation is of namespace llm, controller vllm, label app=chat:";
        assert!(found.starts_with(ours), "{found}");
        let found = Workload::default().cost(b"<html>");
        assert!(matches!(found, Err(NoCost::Malformed { .. })));
    }
}
