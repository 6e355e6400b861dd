//! The keys of rates: part, currency and unit in one name, such as `input_usd_per_mtok`.

use crate::call::LineKind;
use crate::money::{Currency, DecimalError, Pico, RatePerMtok};
use crate::pricing::Rates;

/// What is billed per million tokens, by the beginning of its key.
const PER_MTOK: [(&str, LineKind); 9] = [
    ("input", LineKind::Input),
    ("cache_read", LineKind::CacheRead),
    ("cache_write", LineKind::CacheWrite),
    ("cache_write_5m", LineKind::CacheWrite5m),
    ("cache_write_30m", LineKind::CacheWrite30m),
    ("cache_write_1h", LineKind::CacheWrite1h),
    ("cache_write_12h", LineKind::CacheWrite12h),
    ("output", LineKind::Output),
    ("reasoning", LineKind::Reasoning),
];
/// What is billed per thousand.
const PER_1K: [(&str, LineKind); 2] = [
    ("web_search", LineKind::WebSearch),
    ("request", LineKind::Request),
];

/// A rate's key, understood: `input_usd_per_mtok`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RateKey {
    pub(super) kind: LineKind,
    pub(super) currency: Currency,
    per_thousand: bool,
}

impl RateKey {
    /// Understands a key; `None` for all others.
    pub(super) fn parse(key: &str) -> Option<Self> {
        let (rest, per_thousand, names) = match key.strip_suffix("_per_mtok") {
            Some(rest) => (rest, false, PER_MTOK.as_slice()),
            None => (key.strip_suffix("_per_1k")?, true, PER_1K.as_slice()),
        };
        let (stem, code) = rest.rsplit_once('_')?;
        let (_, kind) = names.iter().find(|(name, _)| *name == stem)?;
        let lower = code.bytes().all(|b| b.is_ascii_lowercase());
        let currency = code.to_ascii_uppercase().parse().ok().filter(|_| lower)?;
        Some(Self {
            kind: *kind,
            currency,
            per_thousand,
        })
    }

    /// All keys in dollars, to be proposed for misspelt ones.
    pub(super) fn in_dollars() -> Vec<String> {
        let mtok = PER_MTOK
            .iter()
            .map(|(name, _)| format!("{name}_usd_per_mtok"));
        let thousand = PER_1K.iter().map(|(name, _)| format!("{name}_usd_per_1k"));
        mtok.chain(thousand).collect()
    }

    /// Reads the rate written under this key.
    pub(super) fn rate(self, text: &str) -> Result<RatePerMtok, DecimalError> {
        if self.per_thousand {
            RatePerMtok::from_per_thousand(text)
        } else {
            text.parse()
        }
    }

    /// The keys and texts of all rates of an entry.
    pub(super) fn written(rates: &Rates, currency: Currency) -> Vec<(String, String)> {
        let code = currency.code().to_ascii_lowercase();
        let mtok = PER_MTOK.iter().filter_map(|(name, kind)| {
            // The five-minute rate also stands in for the default lifetime; it is written once.
            let rate = Rates {
                cache_write_5m: None,
                ..*rates
            }
            .of(*kind);
            let rate = rate.or(rates
                .cache_write_5m
                .filter(|_| *kind == LineKind::CacheWrite5m))?;
            Some((format!("{name}_{code}_per_mtok"), rate.to_string()))
        });
        let thousand = PER_1K.iter().filter_map(|(name, kind)| {
            // Read as a thousandth of it, so the division leaves nothing over.
            let micro = i128::from(rates.of(*kind)?.pico_per_token()) / 1_000;
            let text = Pico(micro.saturating_mul(1_000_000)).to_string();
            Some((format!("{name}_{code}_per_1k"), text))
        });
        mtok.chain(thousand).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_part_currency_and_unit() {
        let key = |text| RateKey::parse(text).map(|k| (k.kind, k.currency.to_string()));
        for (text, expected) in [
            ("input_usd_per_mtok", Some((LineKind::Input, "USD"))),
            (
                "cache_write_5m_cny_per_mtok",
                Some((LineKind::CacheWrite5m, "CNY")),
            ),
            ("web_search_usd_per_1k", Some((LineKind::WebSearch, "USD"))),
            ("web_search_usd_per_mtok", None),
            ("input_USD_per_mtok", None),
            ("input_per_mtok", None),
            ("inptu_usd_per_mtok", None),
        ] {
            let expected = expected.map(|(kind, code)| (kind, code.to_owned()));
            assert_eq!(key(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut rates = Rates::default();
        for (i, (_, kind)) in PER_MTOK.iter().chain(&PER_1K).enumerate() {
            let text = format!("{i}.25");
            let thousand = PER_1K.iter().any(|(_, k)| k == kind);
            *rates.slot(*kind) = if thousand {
                RatePerMtok::from_per_thousand(&text).ok()
            } else {
                text.parse().ok()
            };
        }
        let mut read = Rates::default();
        for (key, text) in RateKey::written(&rates, Currency::USD) {
            let key = RateKey::parse(&key).unwrap();
            *read.slot(key.kind) = key.rate(&text).ok();
        }
        assert_eq!(read, rates);
    }
}
