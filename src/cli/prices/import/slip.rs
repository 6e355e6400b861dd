//! A rate far from any price known: mostly a slip of units, and never a bargain.

use std::fmt;

use crate::call::LineKind;
use crate::money::RatePerMtok;
use crate::pricing::range::bounds;

/// A rate beyond the bounds of its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slip {
    /// Whether it is too much; else it is too little.
    too_high: bool,
    /// By how much it is off, if a thousand or a million makes it a usual one.
    times: Option<i64>,
}

/// What is wrong with a rate in dollars. Zero is a matter of its own.
pub(super) fn slip(kind: LineKind, rate: RatePerMtok) -> Option<Slip> {
    let (low, high) = bounds(kind);
    let usual = low.pico_per_token()..=high.pico_per_token();
    let pico = rate.pico_per_token();
    if pico == 0 || usual.contains(&pico) {
        return None;
    }
    let too_high = rate > high;
    let becomes_usual = |times: &i64| {
        let turned = if too_high {
            pico.checked_div(*times)
        } else {
            pico.checked_mul(*times)
        };
        turned.is_some_and(|pico| usual.contains(&pico))
    };
    Some(Slip {
        too_high,
        times: [1_000, 1_000_000].into_iter().find(becomes_usual),
    })
}

impl fmt::Display for Slip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.too_high { "high" } else { "low" };
        match (self.times, self.too_high) {
            (Some(1_000), _) => write!(f, "looks like a price per 1K: a thousand times too {way}"),
            (Some(_), true) => {
                f.write_str("looks like a price per million: a million times too high")
            }
            (Some(_), false) => {
                f.write_str("looks like a price per token: a million times too low")
            }
            (None, _) => write!(f, "is too {way} for any price known"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: LineKind, dollars: &str, says: Option<&str>) {
        let rate = if kind.is_tokens() {
            dollars.parse().unwrap()
        } else {
            RatePerMtok::from_cost_of(1, dollars).unwrap()
        };
        let slip = slip(kind, rate).map(|slip| slip.to_string());
        assert_eq!(slip.as_deref(), says, "{kind:?} {dollars}");
    }

    #[test]
    fn a_usual_price_is_no_slip_and_a_thousand_times_it_is_one() {
        let thousand = "looks like a price per 1K: a thousand times too";
        check(LineKind::Output, "600", None);
        check(LineKind::CacheRead, "0.0028", None);
        check(LineKind::Input, "0", None);
        check(LineKind::Input, "2500", Some(&format!("{thousand} high")));
        check(LineKind::Input, "0.0005", Some(&format!("{thousand} low")));
        let million = "looks like a price per million: a million times too high";
        check(LineKind::Input, "2500000", Some(million));
        check(LineKind::WebSearch, "0.01", None);
        check(LineKind::WebSearch, "10", Some(&format!("{thousand} high")));
    }
}
