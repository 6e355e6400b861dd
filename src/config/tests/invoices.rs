//! Golden invoices: `tests/fixtures/invoices/*.toml`, each a call, by its own prices or the catalogue's,
//! and its bill to the pico-unit, reckoned by hand from the source it names.

use serde::Deserialize;

use super::*;
use crate::call::{CallRecord, Pricing};
use crate::money::Pico;
use crate::pricing::Priceable;

/// One bill.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Invoice {
    name: String,
    /// Who says that it is to be billed so.
    source: String,
    /// The price list.
    list: String,
    /// Own prices, as they stand in tollgate.toml; without any, the catalogue's hold.
    #[serde(default)]
    prices: String,
    /// What differs from a plain call.
    call: toml::Table,
    /// `kind quantity cost` in the currency of the bill.
    #[serde(default)]
    lines: Vec<String>,
    /// The sum in that currency, such as `0.5 CNY`; or why there is none.
    total: String,
    /// The sum in dollars, where that is another one.
    usd: Option<String>,
    price_id: Option<String>,
    #[serde(default)]
    flags: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    prices: String,
    invoice: Vec<Invoice>,
}

/// The record of a call that differs from a plain one in these fields.
fn record(call: &toml::Table) -> CallRecord {
    let mut json = serde_json::json!({
        "call_id": "00000000-0000-0000-0000-000000000000",
        "started_at": "2026-11-01T12:00:00Z",
        "upstream": "u", "role": "provider", "format": "openai", "operation": "chat",
        "capability": "8k", "stream": false, "end": "complete", "complete": true,
        "source": "reported", "pricing": "unpriced", "duration_ms": 1000,
    });
    let changes = serde_json::to_value(call).unwrap();
    for (key, value) in changes.as_object().unwrap() {
        assert!(CallRecord::COLUMNS.contains(&key.as_str()), "{key}");
        json[key] = value.clone();
    }
    serde_json::from_value(json).unwrap()
}

#[track_caller]
fn check(file: &str, shared: &str, invoice: &Invoice) {
    let about = format!("{file}: {} ({})", invoice.name, invoice.source);
    let own = format!("{shared}{}", invoice.prices);
    let config = load_text(&own).unwrap_or_else(|problems| panic!("{about}\n{problems}"));
    let mut record = record(&invoice.call);
    let priced = config.prices.price(&Priceable::of(&record, &invoice.list));
    priced.settle(&mut record);
    let lines = record.cost_lines.iter();
    let lines: Vec<String> = lines
        .map(|line| {
            let model = line.model.iter().map(|model| format!(" {model}"));
            let name = line.kind.name();
            format!("{name} {} {}", line.quantity, line.cost_native) + &model.collect::<String>()
        })
        .collect();
    let flags: Vec<&str> = record.flags.iter().map(|flag| flag.label()).collect();
    let total = match (record.pricing, record.cost_native, record.currency) {
        (Pricing::Priced, Some(cost), Some(currency)) => format!("{cost} {currency}"),
        (pricing, ..) => pricing.label().to_owned(),
    };
    assert_eq!(lines, invoice.lines, "{about}");
    assert_eq!(total, invoice.total, "{about}");
    assert_eq!(flags, invoice.flags, "{about}");
    if let Some(usd) = &invoice.usd {
        assert_eq!(record.cost_usd.unwrap().to_string(), *usd, "{about}");
    }
    if invoice.price_id.is_some() {
        assert_eq!(record.price_id, invoice.price_id, "{about}");
    }
    let sum = |of: fn(&crate::call::CostLine) -> Pico| record.cost_lines.iter().map(of).sum();
    let none = Pico::ZERO;
    assert_eq!(
        record.cost_native.unwrap_or(none),
        sum(|line| line.cost_native),
        "{about}"
    );
    assert_eq!(
        record.cost_usd.unwrap_or(none),
        sum(|line| line.cost_usd),
        "{about}"
    );
}

#[test]
fn every_golden_invoice_is_billed_to_the_pico_unit() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/invoices");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let file: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        for invoice in &file.invoice {
            check(&name, &file.prices, invoice);
            count += 1;
        }
    }
    assert!(count >= 232, "{count} invoices");
}
