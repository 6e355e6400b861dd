//! What can be told: the figures, and the key by which it is told once.

use std::fmt::Write as _;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::receiver::Topic;
use crate::economics::projection::AlternativeKind;
use crate::money::Pico;

/// Bytes of a key's hash that make its id.
const ID_BYTES: usize = 16;

/// Something worth a message.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fact {
    /// The state of a plan or an endpoint has switched.
    Switched(Switched),
    /// A model has traffic and no price.
    Unpriced {
        upstream: String,
        model: String,
        day: Date,
        calls: u64,
    },
    /// A day, or its part so far, costs far more than usual.
    Spike {
        day: Date,
        /// The end of what is compared; `None` for the whole day.
        until: Option<Timestamp>,
        spent: Pico,
        usual: Pico,
        /// How many earlier weeks the usual is the median of.
        weeks: usize,
    },
    /// A tenant will spend more than its budget, or has.
    Budget {
        tenant: String,
        /// The first of the month.
        month: Date,
        budget: Pico,
        so_far: Pico,
        /// What the month comes to at the pace of the last week; `None` once the budget is reached.
        projected: Option<Pico>,
    },
    /// Somebody wants to see whether messages arrive.
    Test { at: Timestamp },
}

/// What a plan or an endpoint became.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Switched {
    pub(super) kind: AlternativeKind,
    pub(super) name: String,
    /// Whether it is held to be cheaper now.
    pub(super) cheaper: bool,
    /// When it became cheaper.
    pub(super) since: Date,
    pub(super) figures: Option<Monthly>,
}

/// What the verdict stands on, scaled to a month, in dollars.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Monthly {
    pub(super) days: u16,
    pub(super) api_usd: f64,
    pub(super) cost_usd: f64,
    /// Pessimistic, expected and optimistic.
    pub(super) saving_usd: [f64; 3],
    /// Where a plan's throughput is known from.
    pub(super) throughput: Option<String>,
    /// What moves the saving most.
    pub(super) most_influence: Vec<&'static str>,
}

impl Fact {
    pub(super) const fn topic(&self) -> Option<Topic> {
        match self {
            Self::Switched(_) => Some(Topic::Verdict),
            Self::Unpriced { .. } => Some(Topic::Unpriced),
            Self::Spike { .. } => Some(Topic::SpendSpike),
            Self::Budget { .. } => Some(Topic::Budget),
            Self::Test { .. } => None,
        }
    }

    /// `kind/subject/period`: the same for the same news in every process.
    pub(super) fn key(&self) -> String {
        let topic = self.topic().map_or("test", Topic::label);
        match self {
            Self::Switched(Switched {
                kind,
                name,
                cheaper,
                since,
                ..
            }) => format!("{}{since}", Switched::keys(*kind, name, *cheaper)),
            Self::Unpriced {
                upstream,
                model,
                day,
                ..
            } => format!("{topic}/{upstream}/{model}/{day}"),
            Self::Spike { day, .. } => format!("{topic}/all/{day}"),
            Self::Budget {
                tenant,
                month,
                projected,
                ..
            } => {
                let what = if projected.is_some() {
                    "pace"
                } else {
                    "reached"
                };
                format!("{topic}/{tenant}/{what}/{month}")
            }
            Self::Test { at } => format!("{topic}/all/{at}"),
        }
    }

    /// The figures, for programs.
    pub(super) fn data(&self) -> Value {
        match self {
            Self::Switched(switched) => switched.data(),
            Self::Unpriced {
                upstream,
                model,
                day,
                calls,
            } => json!({"upstream": upstream, "model": model, "day": day, "calls": calls}),
            Self::Spike {
                day,
                until,
                spent,
                usual,
                weeks,
            } => json!({"day": day, "until": until, "spent_usd": spent, "usual_usd": usual,
                "weeks": weeks}),
            Self::Budget {
                tenant,
                month,
                budget,
                so_far,
                projected,
            } => json!({"tenant": tenant, "month": month, "budget_usd": budget,
                "so_far_usd": so_far, "projected_usd": projected}),
            Self::Test { .. } => json!({}),
        }
    }
}

impl Switched {
    /// What the keys of all switches of one kind begin with; the date follows.
    pub(super) fn keys(kind: AlternativeKind, name: &str, cheaper: bool) -> String {
        let (topic, kind) = (Topic::Verdict.label(), kind.label());
        let state = if cheaper { "on" } else { "off" };
        format!("{topic}/{kind}/{name}/{state}/")
    }

    fn data(&self) -> Value {
        let figures = self.figures.as_ref().map(|at| {
            let [pessimistic, expected, optimistic] = at.saving_usd;
            json!({
                "window_days": at.days,
                "api_usd_per_month": at.api_usd,
                "cost_usd_per_month": at.cost_usd,
                "saving_usd_per_month": {"pessimistic": pessimistic, "expected": expected,
                    "optimistic": optimistic},
                "throughput_source": at.throughput,
                "most_influence": at.most_influence,
            })
        });
        json!({"kind": self.kind.label(), "name": self.name, "cheaper": self.cheaper,
            "since": self.since, "figures": figures})
    }
}

/// What a receiver can recognise a message by when it comes twice.
pub(super) fn id(key: &str) -> String {
    let hash = Sha256::digest(key.as_bytes());
    hex(hash.iter().take(ID_BYTES))
}

/// Bytes in hexadecimal.
pub(super) fn hex<'a>(bytes: impl Iterator<Item = &'a u8>) -> String {
    bytes.fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// How long a key is remembered after it was last news: longer than any of them stays news, a month,
/// and the week that looks back behind it.
pub(super) const TOLD_KEPT: SignedDuration = SignedDuration::from_hours(40 * 24);
