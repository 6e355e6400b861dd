//! Laws of bills, over made books and made calls.

use std::collections::BTreeMap;

use super::*;

const FLEX: fn(&mut Conditions) = |of| of.service_tier = Some("flex".into());
const BATCH: fn(&mut Conditions) = |of| of.service_tier = Some("batch".into());
const US: fn(&mut Conditions) = |of| of.region = Some("us".into());
const THINKING: fn(&mut Conditions) = |of| of.thinking = Some(true);
const LONG: fn(&mut Conditions) = |of| of.above_input_tokens = Some(LENGTHS[0]);
const LONGER: fn(&mut Conditions) = |of| of.above_input_tokens = Some(LENGTHS[1]);
const TALKATIVE: fn(&mut Conditions) = |of| of.above_output_tokens = Some(LENGTHS[0]);
const NIGHT: fn(&mut Conditions) = |of| {
    of.window = Some(Window {
        hours: Some("16:30-00:30".parse().unwrap()),
        weekdays: Vec::new(),
        zone: jiff::tz::TimeZone::UTC,
        billed_at: BilledAt::Start,
    });
};
/// What entries are for; each pair differs, and only one of them is of hours.
const WHOLE: [&[fn(&mut Conditions)]; 9] = [
    &[],
    &[LONG],
    &[LONGER],
    &[TALKATIVE],
    &[FLEX],
    &[US],
    &[FLEX, US],
    &[THINKING],
    &[NIGHT, LONG],
];
const TIMES: [&[fn(&mut Conditions)]; 6] = [&[], &[FLEX], &[BATCH], &[US], &[NIGHT], &[BATCH, US]];
const BEYOND: [&[fn(&mut Conditions)]; 3] = [&[LONG], &[LONGER], &[TALKATIVE]];
const LENGTHS: [u64; 2] = [100, 200];
const DAYS: [&str; 3] = ["seen 2026-01-01", "from 2026-02-01", "from 2026-03-01"];
const NAMES: [&str; 3] = ["m", "m*", "n"];
const INPUT: [LineKind; 3] = [LineKind::Input, LineKind::CacheRead, LineKind::CacheWrite];
const OUTPUT: [LineKind; 2] = [LineKind::Output, LineKind::Reasoning];

/// Layer, name, day and conditions: what tells the entries of a kind apart.
type Key = (bool, usize, usize, usize);
/// A rate for each kind, and whether it is in yuan.
type Card = ([u32; 5], bool);

fn keys(conditions: usize) -> impl Strategy<Value = Key> {
    (any::<bool>(), 0..NAMES.len(), 0..DAYS.len(), 0..conditions)
}

fn made((own, name, day, _): Key, conditions: &[fn(&mut Conditions)], terms: Terms) -> PriceEntry {
    let mut entry = entry(NAMES[name], DAYS[day], "");
    // Only the user has patterns.
    if own || is_pattern(NAMES[name]) {
        entry.layer = Layer::Overlay;
    }
    for set in conditions {
        set(&mut entry.conditions);
    }
    entry.terms = terms;
    entry
}

fn rates(kinds: &[LineKind], card: [u32; 5]) -> Rates {
    let rate = |pico: u32| crate::money::RatePerMtok::from_pico_per_token(i64::from(pico));
    let all = INPUT.into_iter().chain(OUTPUT).zip(card);
    let known = all.filter(|(kind, _)| kinds.contains(kind));
    known.map(|(kind, pico)| (kind, rate(pico))).collect()
}

fn with_currency(mut entry: PriceEntry, is_yuan: bool) -> PriceEntry {
    if is_yuan {
        entry.currency = "CNY".parse().unwrap();
    }
    entry
}

fn entries() -> impl Strategy<Value = Vec<PriceEntry>> {
    let card = || any::<Card>();
    let whole = proptest::collection::btree_map(keys(WHOLE.len()), card(), 1..16);
    let beyond = proptest::collection::btree_map(keys(BEYOND.len()), card(), 0..4);
    let times = proptest::collection::btree_map(keys(TIMES.len()), 1_u32..2_000_000, 0..10);
    let all = [INPUT.as_slice(), &OUTPUT].concat();
    (whole, beyond, times).prop_map(move |(whole, beyond, times)| {
        let whole = whole.into_iter().map(|(key, (card, yuan))| {
            let terms = Terms::Rates(rates(&all, card));
            with_currency(made(key, WHOLE[key.3], terms), yuan)
        });
        let beyond = beyond.into_iter().map(|(key, (card, yuan))| {
            let side: &[LineKind] = if key.3 < 2 { &INPUT } else { &OUTPUT };
            let terms = Terms::Beyond(rates(side, card));
            with_currency(made(key, BEYOND[key.3], terms), yuan)
        });
        let times = times.into_iter().map(|(key, millionths)| {
            let factor = format!("{millionths}/1000000").parse().unwrap();
            made(key, TIMES[key.3], Terms::Times(factor))
        });
        // `m*` of either layer is the same name.
        let mut known = BTreeMap::new();
        for entry in whole.chain(beyond).chain(times) {
            let is_own = entry.layer == Layer::Overlay;
            let kind = std::mem::discriminant(&entry.terms);
            known.insert(format!("{is_own}{kind:?}{}", entry.id()), entry);
        }
        known.into_values().collect()
    })
}

fn booked(prices: Vec<PriceEntry>) -> PriceBook {
    let fx = |from: &str, usd: &str| FxRate {
        layer: Layer::Catalogue,
        currency: "CNY".parse().unwrap(),
        usd: usd.parse().unwrap(),
        from: from.parse().unwrap(),
        source: "test".into(),
    };
    let fx = vec![
        fx("2026-01-01", "0.137"),
        fx("2026-02-15", "0.142857142857"),
    ];
    PriceBook::new(Settings { prices, fx }).unwrap()
}

/// A call by what it was and what it used.
#[derive(Clone, Debug)]
struct Made {
    model: &'static str,
    at: &'static str,
    used: [u64; 5],
    tier: Option<&'static str>,
    region: Option<&'static str>,
    thinking: Option<bool>,
}

impl Made {
    fn usage(&self) -> TokenUsage {
        let [fresh, read, write, shown, reasoning] = self.used;
        TokenUsage {
            cache_read: Some(read),
            cache_write: Some(write),
            reasoning: Some(reasoning),
            ..used(fresh + read + write, shown + reasoning)
        }
    }

    fn priced(&self, book: &PriceBook) -> Priced {
        let usage = self.usage();
        let at = self.at.parse().unwrap();
        book.price(&Priceable {
            at,
            ended_at: at,
            service_tier: self.tier,
            region: self.region,
            thinking: self.thinking,
            ..call(self.model, "2026-02-01", &usage)
        })
    }
}

fn calls() -> impl Strategy<Value = Made> {
    let at = proptest::sample::select(vec![
        "2025-12-31T12:00:00Z",
        "2026-01-31T18:00:00Z",
        "2026-02-20T12:00:00Z",
        "2026-03-01T00:10:00Z",
    ]);
    let model = proptest::sample::select(vec!["m", "m-2026-02-02", "m-mini", "n", "x"]);
    let tier = proptest::sample::select(vec![None, None, Some("flex"), Some("batch")]);
    let region = proptest::sample::select(vec![None, None, Some("us")]);
    let used = proptest::array::uniform5(prop_oneof![0_u64..120, 0_u64..1 << 24]);
    (model, at, used, tier, region, any::<Option<bool>>()).prop_map(
        |(model, at, used, tier, region, thinking)| Made {
            model,
            at,
            used,
            tier,
            region,
            thinking,
        },
    )
}

/// On which side of each length a call is.
fn lengths(made: &Made) -> Vec<bool> {
    let usage = made.usage();
    let sides = [usage.input, usage.output];
    let beyond = |length: &u64| sides.map(|used| used > Some(*length));
    LENGTHS.iter().flat_map(beyond).collect()
}

proptest! {
    #[test]
    fn lines_are_in_order_and_sum_to_the_total_in_both_currencies(
        entries in entries(),
        made in calls(),
    ) {
        let priced = made.priced(&booked(entries));
        let sum = |of: fn(&CostLine) -> Pico| priced.lines.iter().map(of).sum::<Pico>();
        let (native, usd) = (sum(|line| line.cost_native), sum(|line| line.cost_usd));
        prop_assert_eq!(priced.cost_native.unwrap_or_default(), native);
        prop_assert_eq!(priced.cost_usd.unwrap_or_default(), usd);
        prop_assert!(priced.lines.is_sorted_by_key(|line| line.kind));
        for line in &priced.lines {
            if priced.currency == Some(Currency::USD) {
                prop_assert_eq!(line.cost_usd, line.cost_native);
            }
            // Its share to the pico-unit: less than one off, either way.
            let share = line.cost_usd.0.checked_mul(native.0);
            let whole = line.cost_native.0.checked_mul(usd.0);
            // Bills of ten million dollars and more are past what the products can hold.
            if let (Some(share), Some(whole)) = (share, whole) {
                prop_assert!((share - whole).abs() < native.0.max(1));
            }
        }
    }

    #[test]
    fn the_order_of_entries_changes_no_bill(
        (entries, shuffled) in entries().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        calls in proptest::collection::vec(calls(), 8),
    ) {
        let (one, other) = (booked(entries), booked(shuffled));
        for made in calls {
            prop_assert_eq!(made.priced(&one), made.priced(&other));
        }
    }

    #[test]
    fn a_batch_costs_the_same_however_it_is_split(
        entries in entries(),
        calls in proptest::collection::vec(calls(), 1..12),
        sizes in proptest::collection::vec(1_usize..5, 12),
    ) {
        let book = booked(entries);
        let bills: Vec<Priced> = calls.iter().map(|made| made.priced(&book)).collect();
        let sum = |bills: &[Priced]| bills.iter().cloned().reduce(|mut sum, bill| {
            sum.add(bill);
            sum
        });
        let mut parts = Vec::new();
        let mut rest = bills.as_slice();
        for size in sizes {
            let (part, further) = rest.split_at(size.min(rest.len()));
            parts.extend(sum(part));
            rest = further;
        }
        let (whole, parted) = (sum(&bills).unwrap(), sum(&parts).unwrap());
        // Which flag of several reasons comes first may differ.
        prop_assert_eq!(Priced { flags: Vec::new(), ..parted }, Priced { flags: Vec::new(), ..whole.clone() });
        if whole.pricing == Pricing::Priced {
            let each = bills.iter().filter_map(|bill| bill.cost_usd).sum::<Pico>();
            prop_assert_eq!(whole.cost_usd, Some(each));
            let lines = whole.lines.iter().map(|line| line.cost_usd).sum::<Pico>();
            prop_assert_eq!(whole.cost_usd, Some(lines));
        }
    }

    /// Where a length is crossed the whole call has other rates, and may cost less. Rates that hold
    /// beyond a length only are the next law's.
    #[test]
    fn more_of_any_part_costs_no_less_within_a_length(
        entries in entries(),
        made in calls(),
        part in 0_usize..5,
        more in prop_oneof![1_u64..120, 1_u64..1 << 40],
    ) {
        let whole = |entry: &PriceEntry| !matches!(entry.terms, Terms::Beyond(_));
        let book = booked(entries.into_iter().filter(whole).collect());
        let mut longer = made.clone();
        longer.used[part] += more;
        let (less, much) = (made.priced(&book), longer.priced(&book));
        if lengths(&made) == lengths(&longer) {
            prop_assert_eq!(&less.price_id, &much.price_id);
            prop_assert!(less.cost_native <= much.cost_native);
            prop_assert!(less.cost_usd <= much.cost_usd);
        }
    }

    /// Whether the rates beyond a length hold for the whole call or for what is beyond.
    #[test]
    fn more_of_any_part_costs_no_less_where_rates_rise_with_the_length(
        cards in proptest::array::uniform3(proptest::array::uniform5(0_u32..1_000_000_000)),
        marginal in proptest::array::uniform2(any::<bool>()),
        of_output in any::<bool>(),
        made in calls(),
        part in 0_usize..5,
        more in prop_oneof![1_u64..120, 1_u64..1 << 40],
    ) {
        let all = [INPUT.as_slice(), &OUTPUT].concat();
        let side: &[LineKind] = if of_output { &OUTPUT } else { &INPUT };
        let mut card = [0_u32; 5];
        let mut prices = Vec::new();
        for (at, more) in cards.into_iter().enumerate() {
            card.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            // Above rates for what is beyond a length, rates for whole calls would leave those below.
            let beyond = marginal.iter().take(at).any(|it| *it);
            let terms = if beyond {
                Terms::Beyond(rates(side, card))
            } else {
                Terms::Rates(rates(&all, card))
            };
            let mut entry = entry("m", "seen 2026-01-01", "");
            entry.terms = terms;
            let length = at.checked_sub(1).map(|at| LENGTHS[at]);
            if of_output {
                entry.conditions.above_output_tokens = length;
            } else {
                entry.conditions.above_input_tokens = length;
            }
            prices.push(entry);
        }
        let book = booked(prices);
        let made = Made { model: "m", tier: None, region: None, ..made };
        let mut longer = made.clone();
        longer.used[part] += more;
        let (less, much) = (made.priced(&book), longer.priced(&book));
        prop_assert_eq!(much.pricing, Pricing::Priced);
        prop_assert!(less.cost_usd <= much.cost_usd, "{:?} {:?}", less, much);
    }
}
