//! Facts about bills. Which price is chosen: `choice`; what holds for all: `properties`.

mod choice;
mod properties;
mod reserved;

use proptest::prelude::*;

use super::*;
use crate::call::LineKind;

const NO_UNITS: &Units = &Units::new();

/// An entry of list `v` in dollars: `rates` as `input read write 5m 1h output`, `-` for none.
pub(super) fn entry(name: &str, since: &str, rates: &str) -> PriceEntry {
    let (word, date) = since.split_once(' ').unwrap();
    let date = date.parse().unwrap();
    let kinds = [
        LineKind::Input,
        LineKind::CacheRead,
        LineKind::CacheWrite,
        LineKind::CacheWrite5m,
        LineKind::CacheWrite1h,
        LineKind::Output,
    ];
    let mut card = Rates::default();
    for (kind, rate) in kinds.into_iter().zip(rates.split(' ')) {
        if let Ok(rate) = rate.parse() {
            card.set(kind, rate);
        }
    }
    PriceEntry {
        layer: Layer::Catalogue,
        list: "v".into(),
        names: vec![name.into()],
        asked: false,
        since: match word {
            "from" => Since::From(date),
            _ => Since::Seen(date),
        },
        read: None,
        conditions: Conditions::default(),
        currency: Currency::USD,
        terms: Terms::Rates(card),
        free_units: vec!["web_fetch".into()],
        settlement: None,
        avoidable: crate::money::Avoidable::Now,
        source: "test".into(),
    }
}

fn book(prices: impl IntoIterator<Item = PriceEntry>) -> PriceBook {
    let prices = prices.into_iter().collect();
    PriceBook::new(Settings { prices, fx: vec![] }).unwrap()
}

fn used(input: u64, output: u64) -> TokenUsage {
    TokenUsage {
        input: Some(input),
        output: Some(output),
        ..TokenUsage::default()
    }
}

fn call<'a>(model: &'a str, at: &str, usage: &'a TokenUsage) -> Priceable<'a> {
    Priceable {
        upstream: None,
        list: "v",
        model: Some(model),
        asked: None,
        at: format!("{at}T12:00:00Z").parse().unwrap(),
        ended_at: format!("{at}T12:00:00Z").parse().unwrap(),
        hours_known: true,
        usage: Some(usage),
        side: &[],
        units: NO_UNITS,
        service_tier: None,
        speed: None,
        region: None,
        origins: Origins::default(),
        thinking: None,
    }
}

/// The bill as `kind quantity cost` lines.
fn bill(priced: &Priced) -> Vec<String> {
    let line = |l: &CostLine| format!("{:?} {} {}", l.kind, l.quantity, l.cost_usd);
    priced.lines.iter().map(line).collect()
}

#[test]
fn every_part_has_its_own_line() {
    let book = book([entry("m", "seen 2026-01-01", "3 0.3 - 3.75 6 15")]);
    let usage = TokenUsage {
        cache_read: Some(100),
        cache_write: Some(30),
        cache_write_5m: Some(10),
        cache_write_1h: Some(5),
        reasoning: Some(7),
        ..used(200, 9)
    };
    let priced = book.price(&call("m", "2026-02-01", &usage));
    assert_eq!(
        bill(&priced),
        [
            "Input 70 0.00021",
            "CacheRead 100 0.00003",
            "CacheWrite 15 0.00005625",
            "CacheWrite5m 10 0.0000375",
            "CacheWrite1h 5 0.00003",
            "Output 9 0.000135",
        ]
    );
    assert_eq!(priced.cost_usd.unwrap().to_string(), "0.00049875");
    assert_eq!(priced.pricing, Pricing::Priced);
}

#[test]
fn a_part_larger_than_its_whole_is_cut() {
    let book = book([entry("m", "seen 2026-01-01", "1 1 1 - - 1")]);
    let usage = TokenUsage {
        cache_read: Some(8),
        cache_write: Some(8),
        ..used(10, 0)
    };
    let priced = book.price(&call("m", "2026-02-01", &usage));
    assert_eq!(
        bill(&priced),
        ["CacheRead 8 0.000008", "CacheWrite 2 0.000002"]
    );
    assert_eq!(priced.flags, [Flag::NegativeClamped]);
}

/// What is used but has no rate makes the call unpriced.
#[track_caller]
fn check_unpriced(change: impl FnOnce(&mut TokenUsage, &mut Priceable<'_>), flag: Option<Flag>) {
    let book = book([entry("m", "seen 2026-01-01", "1 - - - - 1")]);
    let mut usage = used(10, 10);
    let none = TokenUsage::default();
    let mut call = call("m", "2026-02-01", &none);
    change(&mut usage, &mut call);
    if call.usage.is_some() {
        call.usage = Some(&usage);
    }
    let priced = book.price(&call);
    assert_eq!(priced.pricing, Pricing::Unpriced);
    assert_eq!(priced.flags.first().copied(), flag);
    assert_eq!((priced.cost_usd, priced.lines.len()), (None, 0));
}

#[test]
fn nothing_is_priced_without_its_own_rate() {
    let rate = Some(Flag::NoRate);
    check_unpriced(|usage, _| usage.cache_read = Some(1), rate);
    check_unpriced(|usage, _| usage.cache_write = Some(1), rate);
    check_unpriced(|usage, _| usage.cache_write_1h = Some(1), rate);
    check_unpriced(|usage, _| usage.input_audio = Some(1), rate);
    check_unpriced(|usage, _| usage.output_audio = Some(1), rate);
    check_unpriced(|usage, _| usage.output_image = Some(1), rate);
    check_unpriced(|_, call| call.service_tier = Some("flex"), rate);
    check_unpriced(|_, call| call.speed = Some("fast"), rate);
    check_unpriced(|_, call| call.region = Some("us"), rate);
    check_unpriced(|_, call| call.list = "w", Some(Flag::NoPrice));
    check_unpriced(|_, call| call.model = None, Some(Flag::NoPrice));
    check_unpriced(|_, call| call.usage = None, None);
    check_unpriced(|usage, _| usage.input = None, None);
    let web_search = Units::from([("web_search".to_owned(), 1)]);
    let book = book([entry("m", "seen 2026-01-01", "1 - - - - 1")]);
    let usage = used(1, 1);
    let with = Priceable {
        units: &web_search,
        ..call("m", "2026-02-01", &usage)
    };
    assert_eq!(book.price(&with).flags, [Flag::NoRate]);
}

#[test]
fn zero_of_something_needs_no_rate() {
    let book = book([entry("m", "seen 2026-01-01", "1 - - - - 1")]);
    let usage = TokenUsage {
        cache_read: Some(0),
        cache_write: Some(0),
        input_audio: Some(0),
        ..used(1, 1)
    };
    let units = Units::from([
        ("web_search".to_owned(), 0),
        ("unheard_of".to_owned(), 0),
        ("web_fetch".to_owned(), 3),
    ]);
    for tier in ["default", "standard", "auto", "on_demand"] {
        let call = Priceable {
            units: &units,
            service_tier: Some(tier),
            region: Some("not_available"),
            ..call("m", "2026-02-01", &usage)
        };
        assert_eq!(book.price(&call).pricing, Pricing::Priced);
    }
}

#[test]
fn a_tier_has_the_price_written_for_it() {
    let mut flex = entry("m", "seen 2026-01-01", "0.5 - - - - 0.5");
    flex.conditions.service_tier = Some("flex".into());
    let book = book([entry("m", "seen 2026-01-01", "1 - - - - 1"), flex]);
    let usage = used(1, 0);
    let call = Priceable {
        service_tier: Some("flex"),
        ..call("m", "2026-02-01", &usage)
    };
    assert_eq!(book.price(&call).price_id.unwrap(), "v/m@2026-01-01+flex");
}

#[test]
fn side_inference_is_billed_at_its_own_model() {
    let book = book([
        entry("m", "seen 2026-01-01", "1 - - - - 1"),
        entry("big", "seen 2026-01-01", "10 - - - - 20"),
    ]);
    let side = |model: Option<&str>| SideUsage {
        kind: "advisor_message".into(),
        model: model.map(str::to_owned),
        input_tokens: Some(2),
        cached_input_tokens: None,
        cache_write_tokens: None,
        output_tokens: Some(3),
    };
    let usage = used(1, 0);
    let sides = [side(Some("big-2026-01-01")), side(None)];
    let with = Priceable {
        side: &sides,
        ..call("m", "2026-02-01", &usage)
    };
    let priced = book.price(&with);
    let models: Vec<_> = priced
        .lines
        .iter()
        .map(|line| line.model.as_deref())
        .collect();
    let big = Some("big-2026-01-01");
    assert_eq!(models, [None, big, big, None, None]);
    assert_eq!(priced.cost_usd.unwrap().to_string(), "0.000086");
    let sides = [side(Some("unheard-of"))];
    let with = Priceable {
        side: &sides,
        ..with
    };
    assert_eq!(book.price(&with).flags, [Flag::NoPrice]);
}

#[test]
fn a_declared_free_model_is_free_even_without_usage() {
    let free = PriceEntry {
        terms: Terms::Free,
        ..entry("m", "seen 2026-01-01", "")
    };
    let book = book([free]);
    let (none, some) = (TokenUsage::default(), used(1, 1));
    for usage in [None, Some(&some)] {
        let call = Priceable {
            usage,
            ..call("m", "2026-02-01", &none)
        };
        assert_eq!(book.price(&call).pricing, Pricing::Free);
    }
}

#[test]
fn another_currency_is_converted_once_and_its_lines_sum_to_the_dollars() {
    let currency: Currency = "CNY".parse().unwrap();
    let yuan = PriceEntry {
        currency,
        ..entry("m", "seen 2026-01-01", "1 - - - - 2")
    };
    let fx = |from: &str, usd: &str| FxRate {
        layer: Layer::Catalogue,
        currency,
        usd: usd.parse().unwrap(),
        from: from.parse().unwrap(),
        source: "test".into(),
    };
    let settings = |fx| Settings {
        prices: vec![yuan.clone()],
        fx,
    };
    assert_eq!(
        PriceBook::new(settings(vec![])).err(),
        Some(vec![BookProblem::NoFxRate { entry: 0, currency }])
    );
    let rates = vec![fx("2026-01-01", "0.142857142857"), fx("2026-06-01", "0.5")];
    let book = PriceBook::new(settings(rates)).unwrap();
    let usage = used(1, 1);
    let priced = book.price(&call("m", "2026-02-01", &usage));
    assert_eq!(priced.cost_native, Some(Pico(3_000_000)));
    assert_eq!(priced.cost_usd, Some(Pico(428_571)));
    assert_eq!(
        priced.lines.iter().map(|line| line.cost_usd).sum::<Pico>(),
        Pico(428_571)
    );
    let priced = book.price(&call("m", "2026-06-01", &usage));
    assert_eq!(priced.cost_usd, Some(Pico(1_500_000)));
}

fn count() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![
        Just(None),
        (0_u64..50).prop_map(Some),
        (0_u64..1 << 40).prop_map(Some)
    ]
}

proptest! {
    #[test]
    fn lines_sum_to_the_total_and_hold_each_token_once(
        (input, output) in (0_u64..1 << 40, 0_u64..1 << 40),
        counts in proptest::array::uniform8(count()),
        reasoning_rate in proptest::bool::ANY,
    ) {
        let [read, write, m5, m30, h1, h12, reasoning, tool] = counts;
        let usage = TokenUsage {
            cache_read: read,
            cache_write: write,
            cache_write_5m: m5,
            cache_write_30m: m30,
            cache_write_1h: h1,
            cache_write_12h: h12,
            reasoning,
            tool_prompt: tool,
            ..used(input, output)
        };
        let mut priced = entry("m", "seen 2026-01-01", "3 0.3 4.1 3.75 6 15");
        if let Terms::Rates(rates) = &mut priced.terms {
            let (input, write) = ("3".parse().unwrap(), "4.1".parse().unwrap());
            rates.set(LineKind::CacheWrite30m, write);
            rates.set(LineKind::CacheWrite12h, write);
            if reasoning_rate {
                rates.set(LineKind::Reasoning, input);
            }
        }
        let priced = book([priced]).price(&call("m", "2026-02-01", &usage));
        let total: Pico = priced.lines.iter().map(|line| line.cost_usd).sum();
        prop_assert_eq!(Some(total), priced.cost_usd);
        prop_assert_eq!(priced.cost_usd, priced.cost_native);
        let is_output = |kind| matches!(kind, LineKind::Output | LineKind::Reasoning);
        let (out, inn): (Vec<_>, Vec<_>) =
            priced.lines.iter().partition(|line| is_output(line.kind));
        prop_assert_eq!(inn.iter().map(|line| line.quantity).sum::<u64>(), input);
        prop_assert_eq!(out.iter().map(|line| line.quantity).sum::<u64>(), output);
        prop_assert!(priced.lines.iter().all(|line| line.rate.cost(line.quantity) == line.cost_usd));
    }
}
