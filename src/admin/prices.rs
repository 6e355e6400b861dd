//! `/api/v1/prices`: what calls cost at a time, a line a model.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::money::Factor;
use crate::pricing::{Layer, Listed, PriceBook, Since};

/// Which prices are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricesQuery {
    /// Those in force at this time.
    pub at: Timestamp,
    /// Of this list only.
    pub list: Option<String>,
    /// Of models whose names have this text in them, in either case.
    pub model: Option<String>,
}

impl PricesQuery {
    /// The lines that are asked for, by list and name.
    #[must_use]
    pub fn lines<'a>(&self, book: &'a PriceBook) -> Vec<Listed<'a>> {
        let text = self.model.as_ref().map(|text| text.to_lowercase());
        let mut lines = book.listing(self.at);
        lines.retain(|line| {
            let list = self.list.as_deref();
            let has = |text: &String| line.model.to_lowercase().contains(text);
            list.is_none_or(|list| list == line.list) && text.as_ref().is_none_or(has)
        });
        lines
    }

    /// The day in UTC whose prices are asked for.
    #[must_use]
    pub fn day(&self) -> Date {
        self.at.to_zoned(TimeZone::UTC).date()
    }
}

/// The answer: rates in the price's currency for a million tokens, or a million of the unit, exact
/// and as they are written; what they are multiplied by stands beside them.
#[must_use]
pub fn prices(book: &PriceBook, asked: &PricesQuery) -> Value {
    let lines = asked.lines(book);
    let lines: Vec<Value> = lines.iter().map(|line| price(line, asked.day())).collect();
    json!({"at": asked.at.to_string(), "prices": lines})
}

fn price(line: &Listed<'_>, day: Date) -> Value {
    let Listed {
        list,
        model,
        entry,
        times,
        seen_later,
        special,
    } = line;
    let rates = entry.terms.rates().into_iter().flat_map(|rates| {
        let written = rates.iter();
        written.map(|(kind, rate)| (kind.name().to_owned(), json!(rate)))
    });
    let (known, since) = match entry.since {
        Since::From(day) => ("from", day),
        Since::Seen(day) => ("seen", day),
    };
    json!({
        "list": list,
        "model": model,
        "price_id": entry.id(),
        "since": since.to_string(),
        "since_is": known,
        "read_on": entry.known_on(day).to_string(),
        "age_days": entry.age_days(day),
        "seen_later": seen_later,
        "currency": entry.currency,
        "free": entry.is_free(),
        "rates": rates.collect::<Map<String, Value>>(),
        "times": (line.times != Factor::ONE).then_some(times),
        "special": special,
        "layer": layer(entry.layer),
        "source": entry.source,
    })
}

/// Whose price it is, in a word.
#[must_use]
pub const fn layer(layer: Layer) -> &'static str {
    match layer {
        Layer::Catalogue => "catalogue",
        Layer::Overlay => "yours",
    }
}
