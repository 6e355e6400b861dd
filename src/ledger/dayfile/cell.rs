//! One value of a column: its Parquet type, and the way there and back without loss.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};
use uuid::Uuid;

use crate::call::{CallId, Flag, LineKind, Origin, Pricing, Role, StreamEnd};
use crate::money::{Currency, Factor, Pico, RatePerMtok};
use crate::usage::UsageSource;

/// A value as Parquet holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Raw<'a> {
    Bool(bool),
    Int(i64),
    Bytes(Cow<'a, [u8]>),
}

impl Raw<'_> {
    fn int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Bool(_) | Self::Bytes(_) => None,
        }
    }

    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Bool(_) | Self::Int(_) => None,
        }
    }

    fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes()?).ok()
    }
}

/// What can stand in a column.
pub(super) trait Cell: Sized {
    /// The physical type and the annotation, as a Parquet schema writes them.
    const TYPE: (&'static str, &'static str);

    /// The value for the file; `None` if the type cannot hold it.
    fn raw(&self) -> Option<Raw<'_>>;

    /// The value from the file.
    fn of(raw: &Raw<'_>) -> Option<Self>;
}

const TEXT: (&str, &str) = ("binary", "(STRING)");

impl Cell for bool {
    const TYPE: (&'static str, &'static str) = ("boolean", "");

    fn raw(&self) -> Option<Raw<'_>> {
        Some(Raw::Bool(*self))
    }

    fn of(raw: &Raw<'_>) -> Option<Self> {
        match raw {
            Raw::Bool(value) => Some(*value),
            Raw::Int(_) | Raw::Bytes(_) => None,
        }
    }
}

impl Cell for u16 {
    const TYPE: (&'static str, &'static str) = ("int32", "(INTEGER(16,false))");

    fn raw(&self) -> Option<Raw<'_>> {
        Some(Raw::Int(i64::from(*self)))
    }

    fn of(raw: &Raw<'_>) -> Option<Self> {
        raw.int()?.try_into().ok()
    }
}

impl Cell for u64 {
    const TYPE: (&'static str, &'static str) = ("int64", "(INTEGER(64,false))");

    fn raw(&self) -> Option<Raw<'_>> {
        Some(Raw::Int(self.cast_signed()))
    }

    fn of(raw: &Raw<'_>) -> Option<Self> {
        raw.int().map(i64::cast_unsigned)
    }
}

/// Nanoseconds of UTC: what the clock gives, so that nothing is rounded.
impl Cell for Timestamp {
    const TYPE: (&'static str, &'static str) = ("int64", "(TIMESTAMP(NANOS,true))");

    fn raw(&self) -> Option<Raw<'_>> {
        self.as_nanosecond().try_into().ok().map(Raw::Int)
    }

    fn of(raw: &Raw<'_>) -> Option<Self> {
        Self::from_nanosecond(raw.int()?.into()).ok()
    }
}

impl Cell for CallId {
    const TYPE: (&'static str, &'static str) = ("fixed_len_byte_array(16)", "(UUID)");

    fn raw(&self) -> Option<Raw<'_>> {
        Some(Raw::Bytes(Cow::Borrowed(self.0.as_bytes())))
    }

    fn of(raw: &Raw<'_>) -> Option<Self> {
        Uuid::from_slice(raw.bytes()?).ok().map(Self)
    }
}

/// Pico-units are the twelfth digit behind the point.
impl Cell for Pico {
    const TYPE: (&'static str, &'static str) = ("fixed_len_byte_array(16)", "(DECIMAL(38,12))");

    fn raw(&self) -> Option<Raw<'_>> {
        Some(Raw::Bytes(Cow::Owned(self.0.to_be_bytes().to_vec())))
    }

    fn of(raw: &Raw<'_>) -> Option<Self> {
        let bytes = raw.bytes()?.try_into().ok()?;
        Some(Self(i128::from_be_bytes(bytes)))
    }
}

/// Pico-units a token are millionths of a unit per million tokens.
impl Cell for RatePerMtok {
    const TYPE: (&'static str, &'static str) = ("int64", "(DECIMAL(18,6))");

    fn raw(&self) -> Option<Raw<'_>> {
        Some(Raw::Int(self.pico_per_token()))
    }

    fn of(raw: &Raw<'_>) -> Option<Self> {
        raw.int().map(Self::from_pico_per_token)
    }
}

/// As it is written in prices: `0.5`, `1/3`.
impl Cell for Factor {
    const TYPE: (&'static str, &'static str) = TEXT;

    fn raw(&self) -> Option<Raw<'_>> {
        Some(Raw::Bytes(Cow::Owned(self.to_string().into_bytes())))
    }

    fn of(raw: &Raw<'_>) -> Option<Self> {
        Self::from_record(raw.text()?).ok()
    }
}

impl Cell for String {
    const TYPE: (&'static str, &'static str) = TEXT;

    fn raw(&self) -> Option<Raw<'_>> {
        Some(Raw::Bytes(Cow::Borrowed(self.as_bytes())))
    }

    fn of(raw: &Raw<'_>) -> Option<Self> {
        raw.text().map(str::to_owned)
    }
}

impl Cell for Cow<'static, str> {
    const TYPE: (&'static str, &'static str) = TEXT;

    fn raw(&self) -> Option<Raw<'_>> {
        Some(Raw::Bytes(Cow::Borrowed(self.as_bytes())))
    }

    fn of(raw: &Raw<'_>) -> Option<Self> {
        raw.text().map(|text| Self::Owned(text.to_owned()))
    }
}

impl Cell for Currency {
    const TYPE: (&'static str, &'static str) = TEXT;

    fn raw(&self) -> Option<Raw<'_>> {
        Some(Raw::Bytes(Cow::Borrowed(self.as_bytes())))
    }

    fn of(raw: &Raw<'_>) -> Option<Self> {
        raw.text()?.parse().ok()
    }
}

/// Our own words, as a record writes them.
macro_rules! words {
    ($($kind:ty: $word:ident),+ $(,)?) => {
        $(impl Cell for $kind {
            const TYPE: (&'static str, &'static str) = TEXT;

            fn raw(&self) -> Option<Raw<'_>> {
                Some(Raw::Bytes(Cow::Borrowed(self.$word().as_bytes())))
            }

            fn of(raw: &Raw<'_>) -> Option<Self> {
                let word: StrDeserializer<'_, Error> = raw.text()?.into_deserializer();
                Self::deserialize(word).ok()
            }
        })+
    };
}
words!(
    Flag: label,
    LineKind: name,
    Origin: label,
    Pricing: label,
    Role: label,
    StreamEnd: label,
    UsageSource: label,
);
