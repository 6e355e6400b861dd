//! The one key of all totals: `period | start | origin | role, settled | currency | names…`,
//! big-endian, so that the order of keys is the order of time.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::names::{ABSENT, NameKind, Names, OTHER};
use crate::call::{Role, Settled};
use crate::money::Currency;

/// Dimensions a call can carry.
pub const DIMENSIONS_MAX: usize = 4;
/// The length of a stored key.
const KEY_BYTES: usize = 24;
/// Stands for "no currency": calls without a known cost.
const NO_CURRENCY: [u8; 3] = *b"---";
/// The half of a byte that is the role.
const LOWER_HALF: u8 = 0x0f;
/// Seconds in an hour.
const HOUR_SECONDS: i64 = 3_600;
/// Seconds in a minute.
const MINUTE_SECONDS: i64 = 60;

/// The stretch of time a total covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// Everything since the ledger began.
    AllTime,
    /// A day of the reporting time zone.
    Day(Date),
    /// An hour of UTC, by its start.
    Hour(Timestamp),
    /// A minute of UTC, by its start; its groups are upstreams and models, of all tenants and
    /// dimensions.
    Minute(Timestamp),
}

/// Which kind of period is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// Days of the reporting time zone.
    Day,
    /// Hours of UTC.
    Hour,
    /// Minutes of UTC, which know upstreams and models, and neither tenants nor dimensions.
    Minute,
}

impl std::fmt::Display for Grain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Day => "days",
            Self::Hour => "hours",
            Self::Minute => "minutes",
        })
    }
}

/// Where a total comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Metered here.
    Live,
    /// Made history.
    Imported,
}

/// Whose calls a total sums.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Group {
    /// Where the figures come from.
    pub origin: Origin,
    /// What stands behind the upstream.
    pub role: Role,
    /// Who pays.
    pub settled: Settled,
    /// The currency of `cost_native`; `None` for calls without a known cost.
    pub currency: Option<Currency>,
    /// The configured name of where the calls went.
    pub upstream: Option<Arc<str>>,
    /// The model that names the calls.
    pub model: Option<Arc<str>>,
    /// Who pays inside the house.
    pub tenant: Option<Arc<str>>,
    /// Up to four `name=value`.
    pub dimensions: Vec<Arc<str>>,
}

impl Group {
    /// Whether the group belongs in a grand total. A gateway's calls are the same money a second
    /// time: they are kept, and shown only by themselves.
    #[must_use]
    pub fn in_total(&self) -> bool {
        self.role != Role::Gateway
    }
}

/// A stored key; orders as its bytes do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) span: Span,
    pub(super) ids: Ids,
}

/// A period as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    kind: u8,
    start: u32,
}

/// A group as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ids {
    origin: u8,
    /// The role in the lower half; who pays in the upper half, which is 0 for invoices: so the keys of
    /// the first release stay what they are.
    role: u8,
    currency: [u8; 3],
    pub(super) upstream: u16,
    pub(super) model: u16,
    pub(super) tenant: u16,
    pub(super) dimensions: [u16; DIMENSIONS_MAX],
}

impl Span {
    pub(super) const ALL_TIME: Self = Self {
        kind: b'a',
        start: 0,
    };

    /// Before every day.
    pub(super) const FIRST_DAY: Self = Self {
        kind: b'd',
        start: 0,
    };

    /// Before every hour, behind every day.
    pub(super) const FIRST_HOUR: Self = Self {
        kind: b'h',
        start: 0,
    };

    /// Before every minute, behind every hour.
    pub(super) const FIRST_MINUTE: Self = Self {
        kind: b'm',
        start: 0,
    };

    /// Behind everything.
    pub(super) const END: Self = Self {
        kind: b'n',
        start: 0,
    };

    /// Before the first of a kind, and behind its last.
    pub(super) const fn all(grain: Grain) -> (Self, Self) {
        match grain {
            Grain::Day => (Self::FIRST_DAY, Self::FIRST_HOUR),
            Grain::Hour => (Self::FIRST_HOUR, Self::FIRST_MINUTE),
            Grain::Minute => (Self::FIRST_MINUTE, Self::END),
        }
    }

    /// The day as its digits: `20261122`.
    pub(super) fn day(date: Date) -> Self {
        let year = u32::try_from(date.year()).unwrap_or(0);
        let month = u32::from(date.month().unsigned_abs());
        let day = u32::from(date.day().unsigned_abs());
        Self {
            kind: b'd',
            start: year
                .saturating_mul(10_000)
                .saturating_add(month * 100 + day),
        }
    }

    /// Whole hours since 1970.
    pub(super) fn hour(at: Timestamp) -> Self {
        Self {
            kind: b'h',
            start: u32::try_from(at.as_second().div_euclid(HOUR_SECONDS)).unwrap_or(0),
        }
    }

    /// Whole minutes since 1970.
    pub(super) fn minute(at: Timestamp) -> Self {
        Self {
            kind: b'm',
            start: u32::try_from(at.as_second().div_euclid(MINUTE_SECONDS)).unwrap_or(0),
        }
    }

    /// Its start, in the digits of its kind.
    pub(super) const fn number(self) -> u32 {
        self.start
    }

    /// The span of its kind with this start.
    pub(super) const fn at(self, start: u32) -> Self {
        Self { start, ..self }
    }

    /// The span of its kind that begins so much earlier, in the unit of its kind.
    pub(super) const fn earlier(self, by: u32) -> Self {
        Self {
            kind: self.kind,
            start: self.start.saturating_sub(by),
        }
    }

    /// The span behind it, in the digits of its kind; enough for the end of a range.
    pub(super) const fn later(self) -> Self {
        Self {
            kind: self.kind,
            start: self.start.saturating_add(1),
        }
    }

    /// Behind every key of its kind.
    pub(super) const fn next_kind(self) -> [u8; 1] {
        [self.kind.saturating_add(1)]
    }

    pub(super) fn bytes(self) -> [u8; 5] {
        let [a, b, c, d] = self.start.to_be_bytes();
        [self.kind, a, b, c, d]
    }

    /// When an hour or a minute begins.
    pub(super) fn begin(self) -> Option<Timestamp> {
        match self.period()? {
            Period::Hour(at) | Period::Minute(at) => Some(at),
            Period::AllTime | Period::Day(_) => None,
        }
    }

    pub(super) fn period(self) -> Option<Period> {
        match self.kind {
            b'a' => Some(Period::AllTime),
            b'd' => {
                let year = i16::try_from(self.start / 10_000).ok()?;
                let month = i8::try_from(self.start / 100 % 100).ok()?;
                let day = i8::try_from(self.start % 100).ok()?;
                Some(Period::Day(Date::new(year, month, day).ok()?))
            }
            b'h' => self.begins(HOUR_SECONDS).map(Period::Hour),
            b'm' => self.begins(MINUTE_SECONDS).map(Period::Minute),
            _ => None,
        }
    }

    /// The moment it begins, if it counts in stretches of so many seconds.
    fn begins(self, seconds: i64) -> Option<Timestamp> {
        Timestamp::from_second(i64::from(self.start).saturating_mul(seconds)).ok()
    }
}

impl Ids {
    /// The ids of what is not a name; the names are filled in by the caller.
    pub(super) fn new(origin: Origin, role: Role, currency: Option<Currency>) -> Self {
        let code = currency.and_then(|code| <[u8; 3]>::try_from(code.code().as_bytes()).ok());
        Self {
            origin: match origin {
                Origin::Live => 0,
                Origin::Imported => 1,
            },
            role: match role {
                Role::Provider => 0,
                Role::Gateway => 1,
                Role::Own => 2,
            },
            currency: code.unwrap_or(NO_CURRENCY),
            upstream: 0,
            model: 0,
            tenant: 0,
            dimensions: [0; DIMENSIONS_MAX],
        }
    }

    /// The same group, paid so.
    pub(super) const fn settled(self, settled: Settled) -> Self {
        let payer: u8 = match settled {
            Settled::Invoice => 0,
            Settled::FreeQuota => 1,
            Settled::Prepaid => 2,
            Settled::Reserved => 3,
        };
        Self {
            role: (self.role & LOWER_HALF) | (payer << 4),
            ..self
        }
    }

    /// The same group, whatever it was paid in.
    pub(super) const fn of_any_currency(self) -> Self {
        Self {
            currency: NO_CURRENCY,
            ..self
        }
    }

    /// The same upstream and model, whoever paid.
    pub(super) const fn of_any_tenant(self) -> Self {
        Self {
            tenant: ABSENT,
            dimensions: [ABSENT; DIMENSIONS_MAX],
            ..self
        }
    }

    /// The same group, had no upstream accepted the names of its client yet.
    pub(super) fn of_no_names(self) -> Self {
        let unknown = |id| if id == ABSENT { ABSENT } else { OTHER };
        Self {
            model: unknown(self.model),
            tenant: unknown(self.tenant),
            dimensions: self.dimensions.map(unknown),
            ..self
        }
    }

    pub(super) fn is_imported(self) -> bool {
        self.origin == 1
    }

    /// The group with its names.
    pub(super) fn group(self, names: &Names) -> Option<Group> {
        let dimension = |id| names.name(NameKind::Dimension, id);
        Some(Group {
            origin: match self.origin {
                0 => Origin::Live,
                1 => Origin::Imported,
                _ => return None,
            },
            role: match self.role & LOWER_HALF {
                0 => Role::Provider,
                1 => Role::Gateway,
                2 => Role::Own,
                _ => return None,
            },
            settled: match self.role >> 4 {
                0 => Settled::Invoice,
                1 => Settled::FreeQuota,
                2 => Settled::Prepaid,
                3 => Settled::Reserved,
                _ => return None,
            },
            currency: std::str::from_utf8(&self.currency).ok()?.parse().ok(),
            upstream: names.name(NameKind::Upstream, self.upstream),
            model: names.name(NameKind::Model, self.model),
            tenant: names.name(NameKind::Tenant, self.tenant),
            dimensions: self.dimensions.into_iter().filter_map(dimension).collect(),
        })
    }
}

impl Key {
    /// Before every key of a span.
    pub(super) fn first_of(span: Span) -> Self {
        Self {
            span,
            ids: Ids {
                currency: [0; 3],
                ..Ids::new(Origin::Live, Role::Provider, None)
            },
        }
    }

    pub(super) fn encode(self) -> Vec<u8> {
        let Self { span, ids } = self;
        let mut key = Vec::with_capacity(KEY_BYTES);
        key.extend_from_slice(&span.bytes());
        key.extend_from_slice(&[ids.origin, ids.role]);
        key.extend_from_slice(&ids.currency);
        let names = [ids.upstream, ids.model, ids.tenant]
            .into_iter()
            .chain(ids.dimensions);
        for id in names {
            key.extend_from_slice(&id.to_be_bytes());
        }
        key
    }

    pub(super) fn decode(key: &[u8]) -> Option<Self> {
        let [kind, a, b, c, d, origin, role, c0, c1, c2, names @ ..] =
            *<&[u8; KEY_BYTES]>::try_from(key).ok()?;
        let mut ids = names.chunks_exact(2).filter_map(|id| id.try_into().ok());
        let mut next = || ids.next().map(u16::from_be_bytes);
        Some(Self {
            span: Span {
                kind,
                start: u32::from_be_bytes([a, b, c, d]),
            },
            ids: Ids {
                origin,
                role,
                currency: [c0, c1, c2],
                upstream: next()?,
                model: next()?,
                tenant: next()?,
                dimensions: [next()?, next()?, next()?, next()?],
            },
        })
    }
}
