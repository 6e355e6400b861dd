//! The streams that were seen: who takes them, and by which price of the API they are billed.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::report::Report;

/// What bills a stream, and when it was last known to hold. The oldest comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiPrice {
    /// The day it was read at its source.
    pub as_of: Date,
    /// Such as `openai/gpt-4o`.
    pub name: String,
}

/// A model of an upstream, and who takes any of its calls, by their place in the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamView {
    /// The configured name of the upstream.
    pub upstream: String,
    /// The model, as its provider names it.
    pub model: String,
    /// Plans.
    pub plans: BTreeSet<usize>,
    /// Endpoints.
    pub endpoints: BTreeSet<usize>,
    /// Ways to pay less.
    pub optimised: BTreeSet<usize>,
    /// Its price; absent until someone who knows prices says it, and where there is none.
    pub price: Option<ApiPrice>,
}

impl Report {
    /// The same report, each stream with the price that `price` knows of it.
    #[must_use]
    pub fn priced(&self, price: impl Fn(&StreamView) -> Option<ApiPrice>) -> Self {
        let mut report = self.clone();
        for stream in &mut report.streams {
            stream.price = price(stream);
        }
        report
    }

    /// The prices of the streams that are `taken`, each once, the oldest first.
    #[must_use]
    pub fn api_prices_of(&self, taken: impl Fn(&StreamView) -> bool) -> BTreeSet<&ApiPrice> {
        let streams = self.streams.iter().filter(|stream| taken(stream));
        streams.filter_map(|stream| stream.price.as_ref()).collect()
    }
}
