//! How an upstream's servers are measured, as it would be written.

use toml::Value;

use super::{duration, table, text, texts};
use crate::config::{MeasuredBy, OpenCost, Secret};
use crate::measured::{Engine, Workload};

pub(super) fn print(measured_by: &MeasuredBy) -> Value {
    let MeasuredBy {
        pages,
        every,
        timeout,
        token,
        opencost,
    } = measured_by;
    let of = |engine: Engine| {
        let own = pages.iter().filter(|page| page.engine == engine);
        let own: Vec<_> = own.map(|page| &page.url).collect();
        (!own.is_empty()).then(|| texts(&own))
    };
    let source = |secret: &Secret| text(secret.source());
    let pages = table([
        ("vllm", of(Engine::Vllm)),
        ("sglang", of(Engine::Sglang)),
        ("every", Some(duration(*every))),
        ("timeout", Some(duration(*timeout))),
        ("token", token.as_ref().map(source)),
    ]);
    let Some(OpenCost {
        url,
        token,
        workload,
    }) = opencost
    else {
        return pages;
    };
    let Workload {
        namespace,
        controller,
        label,
        share_idle,
    } = workload;
    let opencost = table([
        ("opencost", Some(text(url))),
        ("opencost_token", token.as_ref().map(source)),
        ("namespace", namespace.as_ref().map(text)),
        ("controller", controller.as_ref().map(text)),
        (
            "label",
            label
                .as_ref()
                .map(|(name, of)| text(&format!("{name}={of}"))),
        ),
        ("share_idle", Some(Value::Boolean(*share_idle))),
    ]);
    let tables = [pages, opencost].into_iter();
    let entries = tables
        .filter_map(|table| table.as_table().cloned())
        .flatten();
    Value::Table(entries.collect())
}
