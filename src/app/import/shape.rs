//! How busy the minutes of a day are, where only its sum is known.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::economics::spread::Slots;
use crate::economics::whatif;

/// How calls spread over the minutes of what was summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As on that weekday of a real service's week, by the reporting time zone; the minutes of a real
    /// service's hour.
    Week,
    /// Working hours: assumed, from no trace. The minutes of a real service's hour.
    Office,
    /// The same in every minute: no service is like that, so peaks are understated.
    Even,
}

/// How busy each hour of a working day is, in no unit.
const OFFICE: [u64; 24] = [
    1, 1, 1, 1, 1, 1, 2, 4, 8, 12, 12, 12, 9, 12, 12, 12, 12, 8, 4, 2, 2, 2, 1, 1,
];

impl Shape {
    /// The name used in flags and answers.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Office => "office",
            Self::Even => "even",
        }
    }

    /// How busy a minute is.
    pub(super) fn weight(self, minute: Timestamp, zone: &TimeZone) -> u64 {
        let at = zone.to_datetime(minute);
        let place = |number: i8| usize::try_from(number).unwrap_or(0);
        let (hour, minute) = (place(at.hour()), place(at.minute()));
        let day = place(at.weekday().to_monday_zero_offset());
        match self {
            Self::Week => whatif::Shape::Week.weight((day * 24 + hour) * 60 + minute),
            Self::Office => {
                let hour = OFFICE.get(hour).copied().unwrap_or(1);
                hour.saturating_mul(whatif::minute_weight(minute))
            }
            Self::Even => 1,
        }
    }

    pub(super) const fn slots(self) -> Slots {
        match self {
            Self::Week | Self::Office => Slots::BUSY,
            Self::Even => Slots::EVEN,
        }
    }
}
