#![expect(clippy::float_arithmetic, reason = "parts of a week are estimates")]
//! How calls spread over a week: two real services, in a few hundred figures.

/// How the calls of a week spread over its minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The hours of a real service's week, the minutes of a real service's hour.
    Week,
    /// The same in every minute: no service is like that.
    Flat,
}

/// Calls in each hour of a week over their mean, in thousandths; the first day is the trace's first.
///
/// Alibaba Model Studio, model "m-large", all clients: mean of two weeks by hour of the week. From
/// alibaba/ServeGen, Apache-2.0 (Xiang et al., arXiv 2505.09999), `tests/fixtures/traces`.
const HOURS: [u16; 168] = [
    1023, 1276, 1252, 1133, 1129, 1213, 1360, 1137, 1018, 1199, 1455, 1493, 969, 1056, 1320, 1363,
    1547, 1702, 1495, 1660, 1471, 1298, 1677, 1679, 1498, 1598, 1587, 1624, 1275, 1127, 637, 592,
    691, 834, 1041, 1287, 1445, 1403, 1309, 1333, 1253, 937, 818, 887, 1000, 1019, 905, 854, 809,
    798, 795, 834, 848, 877, 830, 794, 801, 954, 1015, 1017, 905, 883, 990, 1056, 1111, 1031, 1366,
    1389, 1075, 1236, 1317, 1407, 1118, 667, 652, 596, 584, 570, 555, 578, 643, 742, 824, 951, 807,
    821, 917, 861, 964, 959, 833, 841, 919, 846, 772, 907, 936, 918, 1027, 722, 775, 736, 878, 875,
    837, 860, 992, 911, 828, 834, 852, 829, 919, 878, 875, 843, 1074, 778, 645, 609, 615, 647, 647,
    624, 578, 530, 591, 566, 586, 739, 812, 772, 669, 656, 683, 672, 665, 678, 693, 1016, 1015,
    1050, 1148, 896, 962, 1112, 938, 1016, 1166, 1127, 1123, 1179, 940, 747, 1181, 1311, 1177,
    1217, 1256, 1212, 1307, 1363, 1203, 1363, 1378, 1292, 1253, 1248,
];

/// Work in each minute of an hour over its mean, in thousandths: whole minutes of the trace.
///
/// Azure LLM inference, conversation, 2023, weighed by a 70B plan's seconds for each call. From
/// Azure/AzurePublicDataset, CC-BY-4.0 (Patel et al., "Splitwise", ISCA 2024), `tests/fixtures/traces`.
const MINUTES: [u16; 58] = [
    487, 770, 949, 1076, 1026, 962, 952, 846, 1075, 1032, 1051, 1021, 1126, 1039, 866, 905, 861,
    874, 1024, 1038, 1118, 1078, 1330, 1313, 1278, 1333, 1464, 1570, 1487, 1403, 1397, 1642, 1398,
    1027, 1009, 860, 912, 771, 882, 785, 810, 796, 1000, 1103, 1086, 1127, 1010, 821, 680, 765,
    754, 792, 685, 733, 702, 732, 691, 677,
];

/// The busiest of these minutes over their mean. A smaller or a batch service has higher peaks: its
/// code completion has 4.28.
pub const MINUTE_PEAK: f64 = 1.642;
/// The part of a minute's work in its busiest ten seconds, mean over the same minutes.
const BUSIEST_SLOT: f64 = 0.208;

/// How busy a minute of an hour is, in no unit, as in [`Shape::Week`].
#[must_use]
pub fn minute_weight(at: usize) -> u64 {
    integer(&MINUTES, at)
}

fn integer(table: &[u16], at: usize) -> u64 {
    let found = table.get(at % table.len().max(1)).copied();
    u64::from(found.unwrap_or(0))
}

impl Shape {
    /// All shapes.
    pub const ALL: [Self; 2] = [Self::Week, Self::Flat];

    /// The name used in flags and reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Flat => "flat",
        }
    }

    /// The same as an integer, in millionths of the mean: for what has to sum to what was there.
    #[must_use]
    pub fn weight(self, at: usize) -> u64 {
        match self {
            Self::Week => integer(&HOURS, at / 60).saturating_mul(integer(&MINUTES, at)),
            Self::Flat => 1_000_000,
        }
    }

    /// How busy a minute of the week is, in no unit: only ratios count.
    pub(super) fn minute(self, at: usize) -> f64 {
        match self {
            Self::Week => nth(&HOURS, at / 60) * nth(&MINUTES, at),
            Self::Flat => 1.0,
        }
    }

    /// The part of a minute's calls in its busiest slot.
    pub(super) fn busiest_slot(self) -> f64 {
        match self {
            Self::Week => BUSIEST_SLOT,
            Self::Flat => super::even_slot(),
        }
    }
}

/// A figure of a table that begins again at its end.
fn nth(table: &[u16], at: usize) -> f64 {
    table
        .iter()
        .cycle()
        .nth(at % table.len().max(1))
        .copied()
        .map_or(1.0, f64::from)
}
