//! The demand of a stream in a minute, stored; and in which minutes tollgate was up at all.

use std::sync::Arc;

use jiff::Timestamp;

use super::codec::{Reader, Writer};
use super::names::{NameKind, Names};
use crate::economics::{DemandMinute, DemandSums};
use crate::money::Pico;

/// The version of the stored forms.
pub(super) const VERSION: u8 = 1;
/// First byte of the key of a stream's minute.
pub(super) const STREAM: u8 = b's';
/// First byte of the key of an hour's beats.
const UP: u8 = b'u';
/// Minutes in an hour.
const HOUR_MINUTES: u32 = 60;

/// One stream in one minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamMinute {
    /// Whole minutes since 1970.
    pub minute: u32,
    /// The configured name of where the calls went.
    pub upstream: Arc<str>,
    /// Our own hosting served them: their cost is what an API would have taken.
    pub own: bool,
    /// The model that names them; `None` if nobody said.
    pub model: Option<Arc<str>>,
    /// The label of their capability class.
    pub capability: Arc<str>,
    /// The sums by slot of arrival.
    pub demand: DemandMinute,
}

/// The key of a stream's minute; orders as its bytes do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DemandKey {
    pub(super) minute: u32,
    /// Made history is kept apart, so that it can be written again without touching what is live.
    pub(super) imported: bool,
    /// So is what own hosting served: nobody was paid for it.
    pub(super) own: bool,
    pub(super) upstream: u16,
    pub(super) model: u16,
    pub(super) capability: u16,
}

impl DemandKey {
    /// The first possible key of a minute.
    pub(super) const fn first_of(minute: u32) -> Self {
        Self {
            minute,
            imported: false,
            own: false,
            upstream: 0,
            model: 0,
            capability: 0,
        }
    }

    pub(super) fn encode(self) -> Vec<u8> {
        let mut key = vec![STREAM];
        key.extend_from_slice(&self.minute.to_be_bytes());
        key.push(u8::from(self.imported) | u8::from(self.own) << 1);
        for id in [self.upstream, self.model, self.capability] {
            key.extend_from_slice(&id.to_be_bytes());
        }
        key
    }

    pub(super) fn decode(key: &[u8]) -> Option<Self> {
        let [STREAM, a, b, c, d, apart, u0, u1, m0, m1, c0, c1] =
            *<&[u8; 12]>::try_from(key).ok()?
        else {
            return None;
        };
        Some(Self {
            minute: u32::from_be_bytes([a, b, c, d]),
            imported: apart & 1 != 0,
            own: apart & 2 != 0,
            upstream: u16::from_be_bytes([u0, u1]),
            model: u16::from_be_bytes([m0, m1]),
            capability: u16::from_be_bytes([c0, c1]),
        })
    }

    /// The stored minute with its names.
    pub(super) fn named(self, demand: &DemandMinute, names: &Names) -> Option<StreamMinute> {
        Some(StreamMinute {
            minute: self.minute,
            upstream: names.name(NameKind::Upstream, self.upstream)?,
            own: self.own,
            model: names.name(NameKind::Model, self.model),
            capability: names.name(NameKind::Capability, self.capability)?,
            demand: *demand,
        })
    }
}

/// Whole minutes since 1970.
pub(super) fn minute_of(at: Timestamp) -> u32 {
    u32::try_from(at.as_second().div_euclid(60)).unwrap_or(0)
}

pub(super) fn encode(minute: &DemandMinute) -> Vec<u8> {
    let DemandMinute {
        slots,
        unpriced_calls,
        unpriced_tokens,
        unknown_calls,
        imported_calls,
    } = minute;
    let mut writer = Writer::new(VERSION);
    for count in [
        *unpriced_calls,
        *unpriced_tokens,
        *unknown_calls,
        *imported_calls,
    ] {
        writer.put(count);
    }
    for sums in slots {
        put_sums(&mut writer, sums);
    }
    writer.finish()
}

pub(super) fn decode(value: &[u8]) -> Option<DemandMinute> {
    let mut reader = Reader::of(value, VERSION)?;
    let mut minute = DemandMinute {
        unpriced_calls: reader.take_u64()?,
        unpriced_tokens: reader.take_u64()?,
        unknown_calls: reader.take_u64()?,
        imported_calls: reader.take_u64()?,
        ..DemandMinute::default()
    };
    for slot in &mut minute.slots {
        *slot = take_sums(&mut reader)?;
    }
    reader.rest().is_empty().then_some(minute)
}

/// An empty slot is a single zero, since its count of calls comes first.
pub(super) fn put_sums(writer: &mut Writer, sums: &DemandSums) {
    let DemandSums {
        calls,
        uncached_input,
        cached_input,
        output,
        output_by_input,
        output_squared,
        cost_usd,
        duration_ms,
    } = sums;
    writer.put(*calls);
    if *calls == 0 {
        return;
    }
    for count in [*uncached_input, *cached_input, *output, *duration_ms] {
        writer.put(count);
    }
    writer.put(*output_by_input);
    writer.put(*output_squared);
    writer.put_signed(cost_usd.0);
}

pub(super) fn take_sums(reader: &mut Reader<'_>) -> Option<DemandSums> {
    let calls = reader.take_u64()?;
    if calls == 0 {
        return Some(DemandSums::default());
    }
    let mut count = || reader.take_u64();
    let (uncached_input, cached_input, output, duration_ms) =
        (count()?, count()?, count()?, count()?);
    Some(DemandSums {
        calls,
        uncached_input,
        cached_input,
        output,
        output_by_input: reader.take()?,
        output_squared: reader.take()?,
        cost_usd: Pico(reader.take_signed()?),
        duration_ms,
    })
}

/// The key of the hour in which a minute lies, and the minute's bit.
pub(super) fn beat(minute: u32) -> (Vec<u8>, u64) {
    (beat_key(minute), 1 << (minute % HOUR_MINUTES))
}

/// The key of the hour in which a minute lies.
pub(super) fn beat_key(minute: u32) -> Vec<u8> {
    let mut key = vec![UP];
    key.extend_from_slice(&(minute / HOUR_MINUTES).to_be_bytes());
    key
}

pub(super) fn encode_beats(bits: u64) -> Vec<u8> {
    let mut writer = Writer::new(VERSION);
    writer.put(bits);
    writer.finish()
}

pub(super) fn decode_beats(value: &[u8]) -> Option<u64> {
    Reader::of(value, VERSION)?.take_u64()
}

/// The minutes of an hour's beats.
pub(super) fn minutes_of(key: &[u8], bits: u64) -> impl Iterator<Item = u32> {
    let hour = key
        .get(1..)
        .and_then(|hour| hour.try_into().ok())
        .map_or(0, u32::from_be_bytes);
    let first = hour.saturating_mul(HOUR_MINUTES);
    (0..HOUR_MINUTES)
        .filter(move |minute| bits >> minute & 1 == 1)
        .map(move |minute| first.saturating_add(minute))
}
