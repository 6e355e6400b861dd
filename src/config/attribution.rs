//! `[attribution]` and `[tenants.NAME]`: who pays inside the house.

use std::collections::{BTreeMap, HashSet};

use http::HeaderName;
use http::header::AUTHORIZATION;

use super::secret::Secret;
use super::section::Section;
use super::value::Value;
use crate::money::Pico;

/// Dimensions a call can carry beside its tenant: each multiplies the roll-ups.
pub const DIMENSIONS_MAX: usize = 4;

/// Names that records and metrics use themselves.
const TAKEN_NAMES: [&str; 23] = [
    "upstream",
    "model",
    "tenant",
    "kind",
    "operation",
    "code",
    // What totals are told apart by, and what they say.
    "month",
    "day",
    "hour",
    "minute",
    "others",
    "in_total",
    "calls",
    "imported_calls",
    "unpriced_calls",
    "unknown_calls",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cost_usd",
    "imported_cost_usd",
];

/// What in a request says who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribution {
    /// Headers that name the tenant, tried in order; stripped before the upstream.
    pub tenant_headers: Vec<HeaderName>,
    /// Headers with the client's key, tried in order; passed on.
    pub key_headers: Vec<HeaderName>,
    /// What keys are hashed with; absent, a secret in the data directory.
    pub key_hash_secret: Option<Secret>,
    /// Named dimensions and the headers that hold them; stripped before the upstream.
    pub dimensions: BTreeMap<String, HeaderName>,
}

/// Somebody who pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its label everywhere.
    pub name: String,
    /// The client keys that are its own; hashed at load, never kept.
    pub keys: Vec<Secret>,
    /// Values of a tenant header that mean it, beside its name.
    pub header_values: Vec<String>,
    /// Dollars it may spend in a month before somebody is told; nobody is stopped by it.
    pub monthly_budget_usd: Option<Pico>,
}

impl Default for Attribution {
    fn default() -> Self {
        let header = HeaderName::from_static;
        Self {
            tenant_headers: vec![header("x-tollgate-tenant")],
            key_headers: vec![
                AUTHORIZATION,
                header("x-api-key"),
                header("api-key"),
                header("x-goog-api-key"),
            ],
            key_hash_secret: None,
            dimensions: BTreeMap::new(),
        }
    }
}

impl Attribution {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let base = Self::default();
        let s = &mut section;
        let attribution = Self {
            tenant_headers: s
                .value("tenant_headers")
                .map(|v| headers(&v))
                .unwrap_or(base.tenant_headers),
            key_headers: s
                .value("key_headers")
                .map(|v| headers(&v))
                .unwrap_or(base.key_headers),
            key_hash_secret: s.read("key_hash_secret", Value::secret),
            dimensions: dimensions(s),
        };
        attribution.check(&section);
        section.finish(&[]);
        attribution
    }

    /// A header that is stripped for one purpose cannot serve another.
    fn check(&self, section: &Section<'_>) {
        let all = self.tenant_headers.iter().chain(self.dimensions.values());
        let mut seen: HashSet<&HeaderName> = self.key_headers.iter().collect();
        for header in all {
            if !seen.insert(header) {
                section.problem(&format!(
                    "the header {header} is given two meanings; keep one"
                ));
            }
        }
    }
}

impl Tenant {
    /// All tenants, by name; a key or header value of two of them is a problem.
    pub(super) fn read_all(root: &mut Section<'_>) -> Vec<Self> {
        let mut owners = Owners::default();
        let read = |(name, section)| Self::read(name, section, &mut owners);
        root.named("tenants").into_iter().map(read).collect()
    }

    fn read(name: &str, mut section: Section<'_>, owners: &mut Owners) -> Self {
        if name.is_empty() || name == "other" || name.starts_with("key-") {
            section.problem("this name is kept for calls of no configured tenant; choose another");
        }
        let mut keys = Vec::new();
        for value in section.value("keys").iter().flat_map(Value::items) {
            let Some(key) = value.secret() else { continue };
            if !owners.keys.insert(key.expose().to_owned()) {
                value.problem("this key is a tenant's already; keep it in one place");
            }
            keys.push(key);
        }
        if !owners.values.insert(name.to_owned()) {
            section.problem("this name is a header value of another tenant");
        }
        let mut header_values = Vec::new();
        for (text, value) in section.value("header_values").iter().flat_map(Value::texts) {
            if text != name && !owners.values.insert(text.to_owned()) {
                value.is_not::<()>("free: a tenant has it already; keep it in one place");
            }
            header_values.push(text.to_owned());
        }
        let monthly_budget_usd = section.read("monthly_budget_usd", dollars);
        section.finish(&[]);
        Self {
            name: name.to_owned(),
            keys,
            header_values,
            monthly_budget_usd,
        }
    }
}

/// An amount above zero.
pub(super) fn dollars(value: &Value<'_>) -> Option<Pico> {
    let amount: Pico = value.decimal(str::parse)?;
    if amount <= Pico::ZERO {
        return value.is_not("above zero");
    }
    Some(amount)
}

/// What already means a tenant.
#[derive(Default)]
struct Owners {
    keys: HashSet<String>,
    values: HashSet<String>,
}

fn header(value: &Value<'_>) -> Option<HeaderName> {
    let name = value.text()?.parse().ok();
    name.or_else(|| value.is_not("a header name, such as \"x-team\""))
}

fn headers(value: &Value<'_>) -> Vec<HeaderName> {
    value.items().iter().filter_map(header).collect()
}

fn dimensions(section: &mut Section<'_>) -> BTreeMap<String, HeaderName> {
    let pairs = section.pairs("dimensions");
    if pairs.len() > DIMENSIONS_MAX {
        let message = format!("at most {DIMENSIONS_MAX} dimensions, not {}", pairs.len());
        section.problem(&message);
    }
    let mut dimensions = BTreeMap::new();
    for (name, value) in pairs {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if TAKEN_NAMES.contains(&name) {
            value.problem("this name is in every record already; choose another");
        } else if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) {
            value.problem("a dimension's name is lower-case letters, digits and '_'");
        }
        if let Some(header) = header(&value) {
            dimensions.insert(name.to_owned(), header);
        }
    }
    dimensions
}
