//! `[upstreams.NAME.measured_by]`: who says what an upstream of our own really does and costs.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Url;

use super::super::secret::Secret;
use super::super::section::Section;
use super::super::value::Value;
use super::{Upstream, base_url};
use crate::call::Role;
use crate::measured::{Engine, Page, SERVERS_MAX, Workload};

/// How the servers of an upstream, and of the others on its plan, are measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasuredBy {
    /// The servers' own pages.
    pub pages: Vec<Page>,
    /// From one round to the next.
    pub every: Duration,
    /// For one page.
    pub timeout: Duration,
    /// What the pages want to be asked with.
    pub token: Option<Secret>,
    /// The cost service of the cluster.
    pub opencost: Option<OpenCost>,
}

/// A cost service, and what of its answers is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCost {
    /// Its allocation endpoint.
    pub url: Url,
    /// What it wants to be asked with.
    pub token: Option<Secret>,
    /// What selects the servers' workload.
    pub workload: Workload,
}

/// As often as Prometheus reads a page by default.
const EVERY: Duration = Duration::from_mins(1);
/// More often, the pages would be most of the servers' small calls.
const EVERY_MIN: Duration = Duration::from_secs(1);
/// Two whole rounds must lie within an hour.
const EVERY_MAX: Duration = Duration::from_mins(15);
/// Where both engines have their page.
const PAGE: &str = "/metrics";
/// Where `OpenCost` has its allocations; Kubecost's are at `/model/allocation`.
const ALLOCATION: &str = "/allocation/compute";
/// For one page.
const TIMEOUT: Duration = Duration::from_secs(10);

impl MeasuredBy {
    /// The table, if it is written.
    pub(super) fn read(upstream: &mut Section<'_>, role: Role) -> Option<Self> {
        let mut section = upstream.value("measured_by")?.section();
        let s = &mut section;
        if role != Role::Own {
            s.problem("only servers of one's own are measured; add role = \"own\" to the upstream");
        }
        let mut pages = Vec::new();
        for engine in [Engine::Vllm, Engine::Sglang] {
            add_pages(s, engine, &mut pages);
        }
        if pages.len() > SERVERS_MAX {
            s.problem(&format!("at most {SERVERS_MAX} servers"));
        }
        let written = ["vllm", "sglang", "opencost"].map(|key| s.value(key).is_some());
        let read = Self {
            every: s.read("every", every).unwrap_or(EVERY),
            timeout: s.read("timeout", Value::duration).unwrap_or(TIMEOUT),
            token: s.read("token", Value::secret),
            opencost: OpenCost::read(s),
            pages,
        };
        if written == [false; 3] {
            s.problem(
                "says nobody; add vllm = [\"http://host:8000/metrics\"], sglang = […] or opencost = \
                 \"http://opencost:9003\"",
            );
        }
        section.finish(&[]);
        Some(read)
    }
}

/// Tells of a plan whose servers are named at two upstreams, of `sections`: all are compared with the calls
/// of all its upstreams, and stand beside all of its replicas.
pub(super) fn once_a_plan(all: &[Upstream], sections: &[(&str, Section<'_>)]) {
    let mut at: BTreeMap<&str, &str> = BTreeMap::new();
    for upstream in all.iter().filter(|it| it.measured_by.is_some()) {
        let Some(runs_on) = &upstream.runs_on else {
            continue;
        };
        let (plan, name) = (runs_on.plan.as_str(), upstream.name.as_str());
        let first = *at.entry(plan).or_insert(name);
        let here = sections.iter().find(|(it, _)| *it == name && first != name);
        if let Some((_, section)) = here {
            section.problem_at(
                "measured_by",
                &format!(
                    "the servers of {plan} are named at upstreams.{first}.measured_by; name all of them there"
                ),
            );
        }
    }
}

impl OpenCost {
    fn read(s: &mut Section<'_>) -> Option<Self> {
        let url = s.read("opencost", |value| address(value, "allocation", ALLOCATION));
        let token = s.read("opencost_token", Value::secret);
        let name = |value: &Value<'_>| value.text().map(str::to_owned);
        let workload = Workload {
            namespace: s.read("namespace", name),
            controller: s.read("controller", name),
            label: s.read("label", label),
            share_idle: s.read("share_idle", Value::boolean).unwrap_or(false),
        };
        let Workload {
            namespace,
            controller,
            label,
            share_idle,
        } = &workload;
        let selects = namespace.is_some() || controller.is_some() || label.is_some();
        match url {
            Some(_) if !selects => {
                s.problem_at(
                    "opencost",
                    "add what selects the servers: namespace, controller or label",
                );
                None
            }
            Some(url) => Some(Self {
                url,
                token,
                workload,
            }),
            None if selects || *share_idle || token.is_some() => {
                s.problem_at(
                    "opencost",
                    "is missing; add opencost = \"http://opencost:9003\"",
                );
                None
            }
            None => None,
        }
    }
}

/// Adds the pages of an engine, each once: the tokens of a page that is there twice would count twice.
fn add_pages(s: &mut Section<'_>, engine: Engine, pages: &mut Vec<Page>) {
    let Some(value) = s.value(engine.label()) else {
        return;
    };
    for (_, value) in value.texts() {
        let Some(url) = address(&value, "", PAGE) else {
            continue;
        };
        if pages.iter().any(|it| it.url == url) {
            value.problem(&format!(
                "the page {url} is named twice; name each server once"
            ));
        }
        pages.push(Page { engine, url });
    }
}

/// An address whose path ends in `has`; else `path` is put behind it.
fn address(value: &Value<'_>, has: &str, path: &str) -> Option<Url> {
    if value.text()?.contains('@') {
        value.problem("an address has no user or password in it; name where a token is in token");
        return None;
    }
    let text = base_url(value)?.to_string();
    let Ok(mut url) = Url::parse(text.trim_end_matches('/')) else {
        return value.is_not("an address, such as \"http://10.0.0.5:8000\"");
    };
    let written = url.path().trim_end_matches('/').to_owned();
    if written.is_empty() || !written.contains(has) {
        url.set_path(&format!("{written}{path}"));
    }
    Some(url)
}

fn every(value: &Value<'_>) -> Option<Duration> {
    let every = value.duration()?;
    if !(EVERY_MIN..=EVERY_MAX).contains(&every) {
        return value.is_not("from \"1s\" to \"15m\"");
    }
    Some(every)
}

/// `name=value`.
fn label(value: &Value<'_>) -> Option<(String, String)> {
    let pair = value.text()?.split_once('=');
    let pair = pair.filter(|(name, value)| !name.is_empty() && !value.is_empty());
    let Some((name, of)) = pair else {
        return value.is_not("a label and its value, such as \"app=vllm\"");
    };
    Some((name.to_owned(), of.to_owned()))
}
