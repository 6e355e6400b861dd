//! What rates can be: bounds by part, to tell slips of units from prices.
//!
//! Nothing outside of them is wrong for that; whoever reads a price from elsewhere says it.

use std::fmt;

use super::conditions::Conditions;
use super::entry::{PriceEntry, Terms};
use super::rates::Rates;
use crate::call::LineKind;
use crate::money::{Currency, PICO_PER_UNIT, Pico, RatePerMtok};

/// The lowest and the highest rate of a part, in dollars for a million tokens, or of one unit.
///
/// Published prices of 2020 to 2026, about a decade of room on both sides: text from 0.01 (small
/// embedding models) to 150 in and 600 out (o1-pro); cache reads are a tenth to a quarter of that;
/// audio from 0.3 (Gemini) to 200 (gpt-4o-realtime), images out up to 120; searches 2.5 to 50 a
/// thousand, images 0.002 to 0.4, seconds of audio from 0.02 an hour, of video up to 0.75, 4 to 300
/// dollars a million characters, pages 0.5 to 50 a thousand.
#[must_use]
pub const fn bounds(kind: LineKind) -> (RatePerMtok, RatePerMtok) {
    // In pico-dollars for one: a millionth of a dollar for a million is one of them.
    let (low, high) = match kind {
        LineKind::Input
        | LineKind::InputImage
        | LineKind::InputVideo
        | LineKind::CacheWrite
        | LineKind::CacheWrite5m
        | LineKind::CacheWrite30m
        | LineKind::CacheWrite1h
        | LineKind::CacheWrite12h => (1_000, 1_000_000_000),
        LineKind::Output | LineKind::Reasoning => (1_000, 5_000_000_000),
        LineKind::CacheRead | LineKind::CacheReadAudio | LineKind::CacheReadImage => {
            (100, 500_000_000)
        }
        LineKind::InputAudio => (10_000, 1_000_000_000),
        LineKind::OutputAudio | LineKind::OutputImage => (100_000, 2_000_000_000),
        LineKind::WebSearch | LineKind::XSearch => (500_000_000, PICO_OF_ONE),
        LineKind::WebFetch | LineKind::FileSearch | LineKind::SearchUnits => {
            (100_000_000, PICO_OF_ONE)
        }
        LineKind::CodeInterpreter | LineKind::Images => (100_000_000, 10 * PICO_OF_ONE),
        LineKind::AudioSeconds => (1_000_000, PICO_OF_ONE / 10),
        LineKind::VideoSeconds => (1_000_000_000, 10 * PICO_OF_ONE),
        LineKind::Characters => (100_000, PICO_OF_ONE / 100),
        LineKind::Pages | LineKind::Request => (10_000_000, PICO_OF_ONE),
    };
    (
        RatePerMtok::from_pico_per_token(low),
        RatePerMtok::from_pico_per_token(high),
    )
}

/// A dollar for one.
const PICO_OF_ONE: i64 = 1_000_000_000_000;

/// What is odd about a price without being wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// Nobody sells a part at such a rate: another unit was meant.
    OutOfBounds {
        /// The part.
        kind: LineKind,
        /// What stands there.
        rate: RatePerMtok,
        /// In this currency.
        currency: Currency,
    },
    /// Reading from the cache costs more than reading afresh.
    ReadAboveInput,
    /// What is written costs less than what is read.
    OutputBelowInput,
    /// A tier that vendors sell at a discount costs more than the standard one.
    DearTier {
        /// The part that does; none for a factor, which is about all of them.
        kind: Option<LineKind>,
    },
    /// Far from what the list's other models cost: the middle half of them lies between these, in
    /// dollars.
    OffTheList {
        /// The part.
        kind: LineKind,
        /// What it costs in dollars.
        usd: Pico,
        /// The lower quarter ends here.
        low: Pico,
        /// The upper quarter begins here.
        high: Pico,
    },
    /// A hundred times the price that was in force before, or a hundredth.
    Leap {
        /// The part.
        kind: LineKind,
        /// What stood there before.
        from: RatePerMtok,
        /// What stands there.
        to: RatePerMtok,
    },
}

impl PriceEntry {
    /// What is odd about the price by itself; `usd_per_unit` is what its currency is worth.
    #[must_use]
    pub fn oddities(&self, usd_per_unit: Pico) -> Vec<Oddity> {
        let mut odd = Vec::new();
        if let Terms::Times(factor) = self.terms
            && is_cheaper_tier(&self.conditions)
            && factor.of(Pico(PICO_PER_UNIT)) > Pico(PICO_PER_UNIT)
        {
            odd.push(Oddity::DearTier { kind: None });
        }
        let Some(rates) = self.terms.rates() else {
            return odd;
        };
        let currency = self.currency;
        for (kind, rate) in rates.iter().filter(|(_, rate)| *rate != FREE) {
            let (low, high) = bounds(kind);
            let dollars = rate_in_usd(rate, usd_per_unit);
            if dollars < million(low) || dollars > million(high) {
                odd.push(Oddity::OutOfBounds {
                    kind,
                    rate,
                    currency,
                });
            }
        }
        let of = |kind| rates.written(kind).filter(|rate| *rate != FREE);
        let (input, output) = (of(LineKind::Input), of(LineKind::Output));
        if input.is_some() && of(LineKind::CacheRead) > input {
            odd.push(Oddity::ReadAboveInput);
        }
        if output.is_some() && output < input {
            odd.push(Oddity::OutputBelowInput);
        }
        odd
    }

    /// What is odd beside the standard price of the same calls.
    #[must_use]
    pub fn oddity_beside(&self, standard: &Rates) -> Option<Oddity> {
        let rates = self
            .terms
            .rates()
            .filter(|_| is_cheaper_tier(&self.conditions))?;
        let dearer = |(kind, rate): &(LineKind, RatePerMtok)| {
            standard.of(*kind).is_some_and(|standard| *rate > standard)
        };
        let (kind, _) = rates.iter().find(dearer)?;
        Some(Oddity::DearTier { kind: Some(kind) })
    }

    /// What is odd after the price that was in force before.
    #[must_use]
    pub fn oddity_after(&self, before: &Rates) -> Option<Oddity> {
        let rates = self.terms.rates()?;
        rates.iter().find_map(|(kind, to)| {
            let from = before
                .written(kind)
                .filter(|from| *from != FREE && to != FREE)?;
            let far = |less: RatePerMtok, more: RatePerMtok| less.cost(FAR) <= more.cost(1);
            (far(from, to) || far(to, from)).then_some(Oddity::Leap { kind, from, to })
        })
    }
}

/// So many times off is no change of price and no other model: it is another unit.
const FAR: u64 = 100;

const FREE: RatePerMtok = RatePerMtok::from_pico_per_token(0);

/// Tiers that wait, for less money.
fn is_cheaper_tier(conditions: &Conditions) -> bool {
    matches!(conditions.service_tier.as_deref(), Some("batch" | "flex"))
}

/// The rate for a million of it in dollars.
#[must_use]
pub fn rate_in_usd(rate: RatePerMtok, usd_per_unit: Pico) -> Pico {
    million(rate).scaled(usd_per_unit.0, PICO_PER_UNIT)
}

fn million(rate: RatePerMtok) -> Pico {
    rate.cost(1_000_000)
}

/// What one list costs for a part: enough to tell what is far from it.
#[derive(Clone, Debug)]
pub struct Spread {
    /// In dollars for a million, lowest first.
    sorted: Vec<Pico>,
}

/// Fewer rates say nothing about another one.
const SPREAD_RATES_MIN: usize = 8;

impl Spread {
    /// The spread of rates in dollars for a million.
    #[must_use]
    pub fn of(mut rates: Vec<Pico>) -> Self {
        rates.sort_unstable();
        Self { sorted: rates }
    }

    /// Whether a rate is a hundred times off the middle half of them.
    #[must_use]
    pub fn oddity(&self, kind: LineKind, usd: Pico) -> Option<Oddity> {
        let count = self.sorted.len();
        let quarter =
            |quarters: usize| self.sorted.get(count.saturating_mul(quarters) / 4).copied();
        let (low, high) = (quarter(1)?, quarter(3)?);
        let far = |less: Pico, more: Pico| Pico(less.0.saturating_mul(FAR.into())) < more;
        let is_odd = count >= SPREAD_RATES_MIN && (far(usd, low) || far(high, usd));
        is_odd.then_some(Oddity::OffTheList {
            kind,
            usd,
            low,
            high,
        })
    }
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfBounds {
                kind,
                rate,
                currency,
            } => {
                let (low, high) = bounds(*kind);
                let name = kind.name();
                write!(
                    f,
                    "{name} is {rate} {currency} a million; known prices lie between {low} and \
                     {high} USD: was another unit meant?"
                )
            }
            Self::ReadAboveInput => f.write_str("cache_read is above input"),
            Self::OutputBelowInput => f.write_str("output is below input"),
            Self::DearTier { kind: Some(kind) } => {
                write!(f, "{} is dearer than at the standard tier", kind.name())
            }
            Self::DearTier { kind: None } => f.write_str("is dearer than the standard tier"),
            Self::OffTheList {
                kind,
                usd,
                low,
                high,
            } => write!(
                f,
                "{} is {usd} USD a million, and half of the list lies between {low} and {high}: \
                 was it meant for a thousand?",
                kind.name()
            ),
            Self::Leap { kind, from, to } => write!(
                f,
                "{} was {from} before and is {to}: was another unit meant?",
                kind.name()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Factor;
    use crate::pricing::tests::entry;

    const ONE_DOLLAR: Pico = Pico(PICO_PER_UNIT);

    /// What is odd of `input read write 5m 1h output`.
    #[track_caller]
    fn check(rates: &str, expected: &[&str]) {
        let odd = entry("m", "from 2026-01-01", rates).oddities(ONE_DOLLAR);
        let odd: Vec<String> = odd.iter().map(Oddity::to_string).collect();
        assert_eq!(odd.len(), expected.len(), "{odd:?}");
        for (odd, expected) in odd.iter().zip(expected) {
            assert!(odd.starts_with(expected), "{odd}");
        }
    }

    #[test]
    fn known_prices_are_not_odd() {
        // o1-pro, gpt-5-nano, an embedding model, claude-haiku-4-5, a free input.
        check("150 - - - - 600", &[]);
        check("0.05 0.005 - - - 0.4", &[]);
        check("0.01 - - - - -", &[]);
        check("1 0.1 - 1.25 2 5", &[]);
        check("0 - - - - 5", &[]);
    }

    #[test]
    fn another_unit_and_parts_the_wrong_way_round_are_odd() {
        check(
            "0.000002 - - - - 0.00001",
            &["input is 0.000002 USD", "output is 0.00001"],
        );
        check("2500 - - - - 10000", &["input is 2500", "output is 10000"]);
        check("1 1.5 - - - 2", &["cache_read is above input"]);
        check("3 - - - - 1", &["output is below input"]);
    }

    #[test]
    fn a_rate_in_another_currency_is_held_against_dollars() {
        let price = entry("m", "from 2026-01-01", "1500 - - - - 2000");
        assert_eq!(price.oddities(ONE_DOLLAR).len(), 1);
        assert_eq!(price.oddities(ONE_DOLLAR.scaled(14, 100)).len(), 0);
    }

    #[test]
    fn a_list_says_what_is_far_from_it() {
        let rates = ["0.05", "0.2", "0.5", "1", "2.5", "2.5", "5", "30"];
        let rates = rates.map(|rate| rate.parse::<Pico>().unwrap());
        let spread = Spread::of(rates.to_vec());
        let odd = |usd: &str| {
            spread
                .oddity(LineKind::Input, usd.parse().unwrap())
                .is_some()
        };
        assert!(!odd("0.05") && !odd("75") && !odd("0.005"));
        assert!(odd("0.0025") && odd("2500"));
        let few = Spread::of(rates[..7].to_vec());
        assert!(few.oddity(LineKind::Input, Pico(1)).is_none());
    }

    #[test]
    fn a_hundred_times_the_price_before_is_a_leap() {
        let after = |rates: &str| {
            let before = entry("m", "from 2026-01-01", "2.5 - - - - 10");
            let price = entry("m", "from 2026-06-01", rates);
            price.oddity_after(before.terms.rates().unwrap())
        };
        assert_eq!(after("0.03 - - - - 0.2"), None);
        assert!(after("0.025 - - - - 10").is_some());
        assert!(after("2.5 - - - - 1000").is_some());
    }

    #[test]
    fn a_tier_that_waits_is_not_dearer() {
        let mut batch = entry("m", "from 2026-01-01", "2.5 - - - - 10");
        batch.conditions.service_tier = Some("batch".into());
        let standard = |rates: &str| entry("m", "from 2026-01-01", rates);
        let beside = |rates: &str| batch.oddity_beside(standard(rates).terms.rates().unwrap());
        assert_eq!(beside("5 - - - - 20"), None);
        assert_eq!(
            beside("2 - - - - 20"),
            Some(Oddity::DearTier {
                kind: Some(LineKind::Input)
            })
        );
        let factor = |times: &str| {
            let terms = Terms::Times(times.parse::<Factor>().unwrap());
            PriceEntry {
                terms,
                ..batch.clone()
            }
            .oddities(ONE_DOLLAR)
            .len()
        };
        assert_eq!((factor("0.5"), factor("2")), (0, 1));
    }
}
