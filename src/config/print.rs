//! The configuration as it is in force, as TOML that reads back to the same; no secret is in it.

mod measured_by;
mod prices;
mod sign;

pub use prices::written_prices;

use std::time::Duration;

use jiff::Timestamp;
use toml::{Table, Value};

use super::{
    Alert, Attribution, Catalogues, Config, Ledger, Meter, Metrics, MetricsToken, ReplicasFrom,
    Reporting, RunsOn, Server, Tenant, Tokenizer, Upstream,
};
use crate::proxy::ClientGone;

impl Config {
    /// What `check --print` shows: every value in force, secrets by their names only.
    #[must_use]
    pub fn print(&self) -> String {
        let mut root = Table::new();
        let mut put = |key: &str, value: Value| root.insert(key.to_owned(), value);
        put("server", server(&self.server));
        put("upstreams", named(&self.upstreams, |u| &u.name, upstream));
        if let Some(name) = &self.default_upstream {
            put("default_upstream", name.as_str().into());
        }
        put("attribution", attribution(&self.attribution));
        put("tenants", named(&self.tenants, |t| &t.name, tenant));
        put(
            "alerts",
            Value::Array(self.alerts.iter().map(alert).collect()),
        );
        put("ledger", ledger(&self.ledger));
        put("meter", meter(&self.meter));
        put(
            "tokenizers",
            named(&self.tokenizers, |t| &t.name, tokenizer),
        );
        put(
            "fleet",
            table([("replicas", Some(number(self.fleet.replicas)))]),
        );
        put("metrics", metrics(&self.metrics));
        reporting(&self.reporting, &mut put);
        put("catalogues", catalogues(&self.catalogues));
        put("prices", prices::own_prices(&self.prices));
        put("fx", prices::own_rates(&self.prices));
        put("reserved", prices::reserved(&self.prices));
        root.extend(self.plans.written.clone());
        root.retain(|_, value| !is_empty(value));
        // A table of texts, numbers and dates has a TOML form; nothing else is put in.
        toml::to_string(&root).unwrap_or_default()
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_table().is_some_and(Table::is_empty)
}

/// A table of the pairs that have a value.
fn table<const N: usize>(pairs: [(&str, Option<Value>); N]) -> Value {
    Value::Table(written(pairs))
}

fn written<const N: usize>(pairs: [(&str, Option<Value>); N]) -> Table {
    let pairs = pairs.into_iter();
    let written = pairs.filter_map(|(key, value)| Some((key.to_owned(), value?)));
    written.collect()
}

fn named<T>(items: &[T], name: fn(&T) -> &String, print: fn(&T) -> Value) -> Value {
    let entries = items.iter().map(|item| (name(item).clone(), print(item)));
    Value::Table(entries.collect())
}

fn text(value: &(impl ToString + ?Sized)) -> Value {
    Value::String(value.to_string())
}

fn texts<T: ToString>(values: &[T]) -> Value {
    let texts = values.iter().map(|value| Value::String(value.to_string()));
    Value::Array(texts.collect())
}

fn number(value: usize) -> Value {
    // Beyond i64 there is no such limit; shown as the largest.
    Value::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}

fn path(path: &std::path::Path) -> Value {
    Value::String(path.display().to_string())
}

fn duration(time: Duration) -> Value {
    let millis = time.as_millis();
    let units = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    let whole = units
        .into_iter()
        .find(|(_, unit)| millis.is_multiple_of(*unit));
    let (name, unit) = whole.unwrap_or(("ms", 1));
    let text = format!("{}{name}", millis / unit);
    Value::String(text)
}

fn limit(time: Option<Duration>) -> Value {
    time.map_or_else(|| text(&"0"), duration)
}

fn server(server: &Server) -> Value {
    let Server {
        listen,
        admin,
        data_dir,
        admin_token,
        metrics_token,
        calls_in_flight_max,
        header_timeout,
        header_bytes_max,
        client_stall,
        drain,
        inject_body_bytes_max,
        watch,
    } = server;
    let metrics = match metrics_token {
        MetricsToken::Admin => None,
        MetricsToken::Open => Some(text(&"none")),
        MetricsToken::Own(secret) => Some(text(&secret.source())),
    };
    table([
        ("listen", Some(text(listen))),
        ("admin", Some(text(admin))),
        ("data_dir", Some(path(data_dir))),
        (
            "admin_token",
            admin_token.as_ref().map(|s| text(&s.source())),
        ),
        ("metrics_token", metrics),
        ("calls_in_flight_max", Some(number(*calls_in_flight_max))),
        ("header_timeout", Some(limit(*header_timeout))),
        ("header_bytes_max", Some(number(*header_bytes_max))),
        ("client_stall", Some(limit(*client_stall))),
        ("drain", Some(duration(*drain))),
        (
            "inject_body_bytes_max",
            Some(number(*inject_body_bytes_max)),
        ),
        ("watch", Some(Value::Boolean(*watch))),
    ])
}

fn upstream(upstream: &Upstream) -> Value {
    let Upstream {
        name,
        format,
        base_url,
        role,
        billed,
        prices,
        would_cost_as,
        runs_on,
        ca_file,
        egress_proxy,
        egress_credentials,
        http2,
        connect_timeout,
        response_header_timeout,
        idle_timeout,
        client_gone,
        inject_usage,
        measured_by,
        sign,
    } = upstream;
    let (client_gone, drains) = match client_gone {
        ClientGone::Cancel => ("cancel", None),
        ClientGone::Drain(limits) => ("drain", Some(limits)),
    };
    let mut printed = written([
        ("format", Some(text(&format.label()))),
        (
            "base_url",
            Some(text(&base_url.to_string().trim_end_matches('/'))),
        ),
        ("role", Some(text(&role.label()))),
        ("billed", Some(Value::Boolean(*billed))),
        // The upstream's own name, or its host, needs no prices; written out it would.
        (
            "prices",
            (prices != name && base_url.host() != Some(prices.as_str()))
                .then(|| prices.as_str().into()),
        ),
        ("plan", runs_on.as_ref().map(|it| text(&it.plan))),
        ("replicas", runs_on.as_ref().and_then(replicas)),
        ("would_cost_as", would_cost_as.as_ref().map(text)),
        ("ca_file", ca_file.as_deref().map(path)),
        (
            "egress_proxy",
            egress_proxy
                .as_ref()
                .map(|url| text(&url.to_string().trim_end_matches('/'))),
        ),
        (
            "egress_credentials",
            egress_credentials.as_ref().map(|s| text(&s.source())),
        ),
        ("http2", Some(text(&http2.label()))),
        ("connect_timeout", Some(limit(*connect_timeout))),
        (
            "response_header_timeout",
            Some(limit(*response_header_timeout)),
        ),
        ("idle_timeout", Some(limit(*idle_timeout))),
        ("client_gone", Some(text(&client_gone))),
        ("drain_time_max", drains.map(|it| duration(it.time))),
        ("drain_bytes_max", drains.map(|it| number(it.bytes))),
        ("inject_usage", Some(text(&inject_usage.label()))),
        ("measured_by", measured_by.as_ref().map(measured_by::print)),
    ]);
    printed.extend(sign.as_ref().map(sign::print).unwrap_or_default());
    Value::Table(printed)
}

/// As many as always ran, or dated.
fn replicas(runs_on: &RunsOn) -> Option<Value> {
    let count = |at: &ReplicasFrom| Value::Integer(at.replicas.into());
    let dated = |at: &ReplicasFrom| {
        table([
            ("from", Some(text(&at.from))),
            ("replicas", Some(count(at))),
        ])
    };
    match runs_on.replicas.as_slice() {
        [] => None,
        [only] if only.from == Timestamp::MIN => Some(count(only)),
        all => Some(Value::Array(all.iter().map(dated).collect())),
    }
}

fn attribution(attribution: &Attribution) -> Value {
    let Attribution {
        tenant_headers,
        key_headers,
        key_hash_secret,
        dimensions,
    } = attribution;
    let dimension = |(name, header): (&String, &http::HeaderName)| {
        (name.clone(), Value::String(header.to_string()))
    };
    let secret = key_hash_secret.as_ref();
    table([
        ("tenant_headers", Some(texts(tenant_headers))),
        ("key_headers", Some(texts(key_headers))),
        ("key_hash_secret", secret.map(|s| text(&s.source()))),
        (
            "dimensions",
            Some(Value::Table(dimensions.iter().map(dimension).collect())),
        ),
    ])
}

fn tenant(tenant: &Tenant) -> Value {
    let Tenant {
        name: _,
        keys,
        header_values,
        monthly_budget_usd,
    } = tenant;
    let sources: Vec<&str> = keys.iter().map(super::Secret::source).collect();
    table([
        ("keys", Some(texts(&sources))),
        ("header_values", Some(texts(header_values))),
        ("monthly_budget_usd", monthly_budget_usd.as_ref().map(text)),
    ])
}

fn alert(alert: &Alert) -> Value {
    let Alert {
        name,
        webhook,
        format,
        secret,
        language,
        on,
        spike_ratio,
        spike_usd_min,
        ca_file,
        egress_proxy,
    } = alert;
    let on: Vec<&str> = on.iter().map(|topic| topic.label()).collect();
    let source = |secret: &super::Secret| text(secret.source());
    table([
        ("name", Some(text(name))),
        ("webhook", Some(source(webhook))),
        ("format", Some(text(format.label()))),
        ("secret", secret.as_ref().map(source)),
        ("language", Some(text(language.label()))),
        ("on", Some(texts(&on))),
        ("spike_ratio", Some(Value::Float(*spike_ratio))),
        ("spike_usd_min", Some(text(spike_usd_min))),
        ("ca_file", ca_file.as_deref().map(path)),
        ("egress_proxy", egress_proxy.as_ref().map(source)),
    ])
}

fn ledger(ledger: &Ledger) -> Value {
    let Ledger {
        on_ledger_failure,
        backlog_max,
        ack_wait,
        strict_ack,
        sync_interval,
        segment_bytes_max,
        retention_days,
        retention_bytes,
        hours_retention_days,
        minutes_retention_days,
        sync: _,
    } = ledger;
    table([
        ("on_ledger_failure", Some(text(&on_ledger_failure.label()))),
        ("backlog_max", Some(number(*backlog_max))),
        ("ack_wait", Some(duration(*ack_wait))),
        ("strict_ack", Some(Value::Boolean(*strict_ack))),
        ("sync_interval", Some(duration(*sync_interval))),
        ("segment_bytes_max", Some(number(*segment_bytes_max))),
        ("retention_days", Some(number(*retention_days))),
        ("retention_bytes", retention_bytes.map(number)),
        ("hours_retention_days", Some(number(*hours_retention_days))),
        (
            "minutes_retention_days",
            Some(number(*minutes_retention_days)),
        ),
    ])
}

fn tokenizer(tokenizer: &Tokenizer) -> Value {
    let Tokenizer {
        name: _,
        models,
        path: at,
        file: _,
    } = tokenizer;
    table([("match", Some(texts(models))), ("file", Some(path(at)))])
}

fn meter(meter: &Meter) -> Value {
    let Meter {
        text_bytes_max,
        audit_share,
    } = meter;
    table([
        ("text_bytes_max", Some(number(*text_bytes_max))),
        ("audit_share", Some(Value::Float(*audit_share))),
    ])
}

fn metrics(metrics: &Metrics) -> Value {
    let Metrics { label_values_max } = metrics;
    table([("label_values_max", Some(number(*label_values_max)))])
}

fn reporting(reporting: &Reporting, put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    let Reporting { currency, timezone } = reporting;
    put("reporting_currency", currency.code().into());
    put(
        "reporting_timezone",
        timezone.iana_name().unwrap_or("UTC").into(),
    );
}

fn catalogues(catalogues: &Catalogues) -> Value {
    let Catalogues {
        prices,
        plans,
        hardware,
        throughput,
    } = catalogues;
    table([
        ("prices", prices.as_deref().map(path)),
        ("plans", plans.as_deref().map(path)),
        ("hardware", hardware.as_deref().map(path)),
        ("throughput", throughput.as_deref().map(path)),
    ])
}
