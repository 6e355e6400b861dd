//! What can be odd about a call.

use serde::{Deserialize, Serialize};

/// What is odd about a call; each is counted, none stops it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// The provider's own total is not input plus output.
    TotalMismatch,
    /// Cache reads and writes exceed the input they are part of.
    CacheOverlap,
    /// Cache lifetimes sum to less than the cache writes; the rest is at the default lifetime.
    TtlRemainder,
    /// The client left, or the upstream broke off, before the end.
    Aborted,
    /// An error came inside a 200 stream.
    ErrorInStream,
    /// A part was larger than its total and was cut to it.
    NegativeClamped,
    /// The response was not read, or not to its end: its content coding is not known here, or
    /// stands for more than is decoded.
    Compressed,
    /// A value at a named path was longer than the meter keeps.
    Truncated,
    /// The response was not the JSON its path promises.
    Malformed,
    /// A billed operation whose usage tollgate cannot read yet.
    UnreadOperation,
    /// The model has no price in the catalogue.
    NoPrice,
    /// The price has no rate for something that was used: a cache, a tier, a tool.
    NoRate,
    /// Priced by the earliest known entry although the call is older than its date.
    PriceSeenLater,
    /// The provider may bill a call whose answer never came.
    ProviderMayBill,
    /// Counted here, and more may be billed than could be counted: hidden reasoning, an image of
    /// unknown size.
    LowerBound,
    /// It should have been counted, and its text had no room.
    TextDropped,
    /// Made history, not metered here.
    Imported,
    /// The provider goes on with it by itself; whatever shows its usage later is billed for it.
    BilledLater,
    /// Billed for a response in the background: once, by the first answer that showed its usage.
    Background,
    /// Paid from a free quota; the cost is what it is worth.
    FreeQuota,
    /// Paid from a pack that was bought before; the cost is what it is worth.
    Prepaid,
    /// Served by throughput reserved by the hour; the cost is what it is worth.
    Reserved,
    /// The answer names no tier or speed: it is priced as it was asked for.
    TierAssumed,
    /// The answer names no region: it is priced in the one that was asked for or, where the one it was
    /// sent to has no price apart, as in any.
    RegionAssumed,
}

impl Flag {
    /// All flags, for metrics preset to zero.
    pub const ALL: [Self; 24] = [
        Self::TotalMismatch,
        Self::CacheOverlap,
        Self::TtlRemainder,
        Self::Aborted,
        Self::ErrorInStream,
        Self::NegativeClamped,
        Self::Compressed,
        Self::Truncated,
        Self::Malformed,
        Self::UnreadOperation,
        Self::NoPrice,
        Self::NoRate,
        Self::PriceSeenLater,
        Self::ProviderMayBill,
        Self::LowerBound,
        Self::TextDropped,
        Self::Imported,
        Self::BilledLater,
        Self::Background,
        Self::FreeQuota,
        Self::Prepaid,
        Self::Reserved,
        Self::TierAssumed,
        Self::RegionAssumed,
    ];

    /// The name used in labels, exports and reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::TotalMismatch => "total_mismatch",
            Self::CacheOverlap => "cache_overlap",
            Self::TtlRemainder => "ttl_remainder",
            Self::Aborted => "aborted",
            Self::ErrorInStream => "error_in_stream",
            Self::NegativeClamped => "negative_clamped",
            Self::Compressed => "compressed",
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::UnreadOperation => "unread_operation",
            Self::NoPrice => "no_price",
            Self::NoRate => "no_rate",
            Self::PriceSeenLater => "price_seen_later",
            Self::ProviderMayBill => "provider_may_bill",
            Self::LowerBound => "lower_bound",
            Self::TextDropped => "text_dropped",
            Self::Imported => "imported",
            Self::BilledLater => "billed_later",
            Self::Background => "background",
            Self::FreeQuota => "free_quota",
            Self::Prepaid => "prepaid",
            Self::Reserved => "reserved",
            Self::TierAssumed => "tier_assumed",
            Self::RegionAssumed => "region_assumed",
        }
    }
}
