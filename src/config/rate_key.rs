//! The keys of rates: part, currency and unit in one name, such as `input_usd_per_mtok`.

use crate::call::LineKind;
use crate::money::{Currency, DecimalError, Pico, RatePerMtok};
use crate::pricing::Rates;

/// What a rate is for: so many tokens, calls, images, seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Per {
    /// A million tokens.
    Mtok,
    /// So many of a unit, by the end of the key.
    Units(u32),
}

/// The ends of keys of what is billed by number.
const UNITS: [(&str, u32); 3] = [
    ("_per_1k", 1_000),
    ("_per_unit", 1),
    ("_per_million", 1_000_000),
];
/// Further ends for what is billed by the second.
const SECONDS: [(&str, u32); 2] = [("_per_minute", 60), ("_per_hour", 3_600)];

/// A rate's key, understood: `input_usd_per_mtok`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RateKey {
    pub(super) kind: LineKind,
    pub(super) currency: Currency,
    per: Per,
}

impl RateKey {
    /// Understands a key; `None` for all others.
    pub(super) fn parse(key: &str) -> Option<Self> {
        let in_units = UNITS
            .iter()
            .chain(&SECONDS)
            .find_map(|(end, units)| Some((key.strip_suffix(end)?, Per::Units(*units))));
        let in_tokens = || Some((key.strip_suffix("_per_mtok")?, Per::Mtok));
        let (rest, per) = in_units.or_else(in_tokens)?;
        let (stem, code) = rest.rsplit_once('_')?;
        let kind = LineKind::named(stem)?;
        let seconds = SECONDS.iter().any(|(end, _)| key.ends_with(end));
        let fits =
            kind.is_tokens() == (per == Per::Mtok) && (!seconds || stem.ends_with("_seconds"));
        let lower = code.bytes().all(|b| b.is_ascii_lowercase());
        let currency = code.to_ascii_uppercase().parse().ok().filter(|_| lower)?;
        fits.then_some(Self {
            kind,
            currency,
            per,
        })
    }

    /// All keys in dollars, to be proposed for misspelt ones.
    pub(super) fn in_dollars() -> Vec<String> {
        LineKind::ALL
            .into_iter()
            .map(|kind| key(kind, "usd"))
            .collect()
    }

    /// Reads the rate written under this key.
    pub(super) fn rate(self, text: &str) -> Result<RatePerMtok, DecimalError> {
        match self.per {
            Per::Mtok => text.parse(),
            Per::Units(units) => RatePerMtok::from_cost_of(units, text),
        }
    }

    /// The keys and texts of all rates of an entry.
    pub(super) fn written(rates: &Rates, currency: Currency) -> Vec<(String, String)> {
        let code = currency.code().to_ascii_lowercase();
        let text = |kind: LineKind, rate: RatePerMtok| {
            if kind.is_tokens() {
                rate.to_string()
            } else {
                let thousand = i128::from(rate.pico_per_token()).saturating_mul(1_000);
                Pico(thousand).to_string()
            }
        };
        let written = rates.iter();
        written
            .map(|(kind, rate)| (key(kind, &code), text(kind, rate)))
            .collect()
    }
}

/// The key a rate is shown under.
fn key(kind: LineKind, code: &str) -> String {
    let per = if kind.is_tokens() { "mtok" } else { "1k" };
    format!("{}_{code}_per_{per}", kind.name())
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
            (
                "input_audio_usd_per_mtok",
                Some((LineKind::InputAudio, "USD")),
            ),
            ("web_search_usd_per_1k", Some((LineKind::WebSearch, "USD"))),
            ("images_usd_per_unit", Some((LineKind::Images, "USD"))),
            (
                "audio_seconds_usd_per_minute",
                Some((LineKind::AudioSeconds, "USD")),
            ),
            (
                "characters_usd_per_million",
                Some((LineKind::Characters, "USD")),
            ),
            ("characters_usd_per_minute", None),
            ("web_search_usd_per_mtok", None),
            ("input_usd_per_1k", None),
            ("input_USD_per_mtok", None),
            ("input_per_mtok", None),
            ("inptu_usd_per_mtok", None),
        ] {
            let expected = expected.map(|(kind, code)| (kind, code.to_owned()));
            assert_eq!(key(text), expected, "{text}");
        }
    }

    #[test]
    fn a_rate_is_for_one_of_its_unit() {
        let pico = |key: &str, text: &str| {
            let rate = RateKey::parse(key).unwrap().rate(text);
            rate.map(RatePerMtok::pico_per_token)
        };
        assert_eq!(pico("input_usd_per_mtok", "2.5"), Ok(2_500_000));
        assert_eq!(pico("web_search_usd_per_1k", "10"), Ok(10_000_000_000));
        assert_eq!(pico("images_usd_per_unit", "0.04"), Ok(40_000_000_000));
        assert_eq!(
            pico("audio_seconds_usd_per_minute", "0.006"),
            Ok(100_000_000)
        );
        assert_eq!(pico("characters_usd_per_million", "15"), Ok(15_000_000));
        assert_eq!(
            pico("images_usd_per_unit", "-1"),
            Err(DecimalError::Negative)
        );
    }

    #[test]
    fn what_is_written_is_read_back() {
        let rates: Rates = LineKind::ALL
            .into_iter()
            .zip(1..)
            .map(|(kind, i)| (kind, RatePerMtok::from_pico_per_token(i * 250_001)))
            .collect();
        let written = RateKey::written(&rates, Currency::USD);
        let read: Rates = written
            .into_iter()
            .map(|(key, text)| {
                let key = RateKey::parse(&key).unwrap();
                (key.kind, key.rate(&text).unwrap())
            })
            .collect();
        assert_eq!(read, rates);
    }
}
