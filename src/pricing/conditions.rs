//! Which calls a price is for.

use std::cmp::Ordering;

use super::Priceable;
use super::window::Window;
use crate::call::{Flag, Origin, Origins};
use crate::usage::TokenUsage;

/// Which calls a price is for; all that are set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Only calls with more input than this, caches included.
    pub above_input_tokens: Option<u64>,
    /// Only calls with more output than this, reasoning included.
    pub above_output_tokens: Option<u64>,
    /// Only calls of which this is known: whether the model was to think.
    pub thinking: Option<bool>,
    /// Only calls of these hours.
    pub window: Option<Window>,
    /// Only calls served at this tier, such as `flex`; none means the standard tier.
    pub service_tier: Option<String>,
    /// Only calls served at this speed, such as `fast`; none means the standard speed.
    pub speed: Option<String>,
    /// Only calls served in this region, such as `us`; none means wherever the provider likes.
    pub region: Option<String>,
}

impl Conditions {
    /// Which of two entries of one day is asked first: the one for certain hours, then the one for
    /// thinking, then the one for the longer input, then the one for the longer output.
    pub(super) fn before(&self, other: &Self) -> Ordering {
        let rank = |of: &Self| {
            let (window, thinking) = (of.window.is_some(), of.thinking.is_some());
            (
                window,
                thinking,
                of.above_input_tokens,
                of.above_output_tokens,
            )
        };
        rank(other).cmp(&rank(self))
    }

    /// Whether both are for the same calls but for their hours, and some hour is in both: nothing
    /// would say which of the two prices a call of that hour.
    pub(super) fn overlap(&self, other: &Self) -> bool {
        let (Some(one), Some(two)) = (&self.window, &other.window) else {
            return false;
        };
        let always = |of: &Self| Self {
            window: None,
            ..of.clone()
        };
        always(self) == always(other) && one.overlaps(two)
    }

    /// Whether a call that used so much fits, `served` aside from its lengths.
    pub(super) fn fit(&self, call: &Priceable<'_>, served: &Served<'_>) -> bool {
        self.served() == *served
            && self.thinking.is_none_or(|on| call.thinking == Some(on))
            && self
                .window
                .as_ref()
                .is_none_or(|window| call.hours_known && window.holds(call.at, call.ended_at))
    }

    /// Whether so many tokens are more than both lengths.
    pub(super) fn reached(&self, usage: &TokenUsage) -> bool {
        let above = |limit: Option<u64>, used: Option<u64>| {
            limit.is_none_or(|tokens| used.unwrap_or(0) > tokens)
        };
        above(self.above_input_tokens, usage.input) && above(self.above_output_tokens, usage.output)
    }

    pub(super) fn served(&self) -> Served<'_> {
        Served {
            tier: self.service_tier.as_deref(),
            speed: self.speed.as_deref(),
            region: self.region.as_deref(),
        }
    }
}

/// What the provider says of how it served a call; the standard way is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Served<'a> {
    tier: Option<&'a str>,
    speed: Option<&'a str>,
    region: Option<&'a str>,
}

/// What providers call the tier that list prices are for; `on_demand` is Groq's word, the last one what
/// is asked of Anthropic.
const STANDARD_TIERS: [&str; 6] = [
    "",
    "default",
    "standard",
    "on_demand",
    LEFT_OPEN,
    "standard_only",
];
/// Asks for whichever tier the account is served at.
const LEFT_OPEN: &str = "auto";
/// The same of speeds.
const STANDARD_SPEEDS: [&str; 2] = ["", "standard"];
/// The same of regions: Anthropic's `inference_geo` where no region was asked for.
const STANDARD_REGIONS: [&str; 3] = ["", "global", "not_available"];

/// Whether tier, speed and region are the entry's.
const SHARES: [[bool; 3]; 8] = [
    [true, true, true],
    [true, true, false],
    [true, false, true],
    [false, true, true],
    [true, false, false],
    [false, true, false],
    [false, false, true],
    [false, false, false],
];

impl<'a> Served<'a> {
    pub(super) fn of(call: &Priceable<'a>) -> Self {
        let special =
            |word: Option<&'a str>, standard: &[&str]| word.filter(|word| !standard.contains(word));
        Self {
            tier: special(call.service_tier, &STANDARD_TIERS),
            speed: special(call.speed, &STANDARD_SPEEDS),
            region: special(call.region, &STANDARD_REGIONS),
        }
    }

    /// What of it is only what was asked for, and may have been served otherwise.
    pub(super) fn assumed(self, call: &Priceable<'a>) -> impl Iterator<Item = Flag> {
        let asked = |origin: Option<Origin>| origin == Some(Origin::Request);
        let Origins {
            service_tier,
            speed,
            region,
        } = call.origins;
        let open = call.service_tier == Some(LEFT_OPEN);
        let tier = asked(service_tier) && (self.tier.is_some() || open);
        let speed = asked(speed) && self.speed.is_some();
        let region = asked(region) && self.region.is_some();
        let seen = [
            (Flag::TierAssumed, tier || speed),
            (Flag::RegionAssumed, region),
        ];
        seen.into_iter().filter_map(|(flag, is)| is.then_some(flag))
    }

    /// The same wherever it was served, if only where it was sent says that.
    pub(super) fn anywhere(self, call: &Priceable<'a>) -> Option<Self> {
        let is_inferred = matches!(call.origins.region, Some(Origin::Path | Origin::Upstream));
        (is_inferred && self.region.is_some()).then_some(Self {
            region: None,
            ..self
        })
    }

    pub(super) fn is_standard(self) -> bool {
        self == Self::default()
    }

    /// How an entry of its own and factors can share the ways in which it is special: the entry has as
    /// many as it can, the tier rather than the speed, the speed rather than the region.
    pub(super) fn shares(self) -> impl Iterator<Item = (Self, Self)> {
        let Self {
            tier,
            speed,
            region,
        } = self;
        let special = [tier, speed, region].map(|way| way.is_some());
        // Of what is not special there is nothing to share.
        let differs = move |own: &[bool; 3]| {
            let mut ways = own.iter().zip(special);
            ways.all(|(own, special)| *own || special)
        };
        SHARES.into_iter().filter(differs).map(move |[t, s, r]| {
            let part = |own: bool| Self {
                tier: tier.filter(|_| t == own),
                speed: speed.filter(|_| s == own),
                region: region.filter(|_| r == own),
            };
            (part(true), part(false))
        })
    }

    /// Each way in which it is special, alone.
    pub(super) fn each(self) -> impl Iterator<Item = Self> {
        let none = Self::default();
        let Self {
            tier,
            speed,
            region,
        } = self;
        [
            Self { tier, ..none },
            Self { speed, ..none },
            Self { region, ..none },
        ]
        .into_iter()
        .filter(|way| !way.is_standard())
    }
}
