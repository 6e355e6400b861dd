//! Both ways of writing a record say the same, and it is read back as it was.

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::call::tests::full;
use crate::money::Pico;

#[track_caller]
fn check(value: &(impl Json + serde::Serialize)) {
    let mut written = Vec::new();
    value.write(&mut written);
    let serde = serde_json::to_string(value).unwrap();
    assert_eq!(String::from_utf8(written).unwrap(), serde);
}

fn times() -> impl Strategy<Value = Timestamp> {
    let seconds = prop_oneof![
        Timestamp::MIN.as_second()..Timestamp::MAX.as_second(),
        1_700_000_000..2_000_000_000_i64,
    ];
    let nanos = prop_oneof![
        Just(0),
        0..1_000_000_000_i32,
        (0..1_000).prop_map(|ms| ms * 1_000_000)
    ];
    (seconds, nanos).prop_map(|(seconds, nanos)| Timestamp::new(seconds, nanos).unwrap())
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[ -~]{0,40}", "[a-z\"\\\\\x00-\x1f]{0,9}"]
}

fn amounts() -> impl Strategy<Value = Pico> {
    let amount = prop_oneof![any::<i128>(), 0..1_000_000_000_000_000_i128];
    // What is below cannot be read: its magnitude has no positive twin.
    amount.prop_map(|amount| Pico(amount.max(-i128::MAX)))
}

proptest! {
    #[test]
    fn every_record_is_written_as_serde_does_and_read_back(
        (texts, counts) in (vec(texts(), 18), vec(any::<u64>(), 24)),
        present in vec(any::<bool>(), 75),
        (started_at, amounts, long) in (times(), vec(amounts(), 5), 0..4_usize),
    ) {
        let mut texts = texts.into_iter();
        let mut counts = counts.into_iter().cycle();
        let mut amounts = amounts.into_iter().cycle();
        let mut present = present.into_iter();
        let mut maybe = || present.next().unwrap().then_some(());
        let mut text = || texts.next().unwrap();
        let mut count = || counts.next().unwrap();
        let mut amount = || amounts.next().unwrap();
        let full = full();
        let line = CostLine {
            model: maybe().map(|()| text()),
            quantity: count(),
            times: full.cost_lines[0].times.filter(|_| maybe().is_some()),
            cost_native: amount(),
            cost_usd: amount(),
            ..full.cost_lines[0].clone()
        };
        let side = SideUsage {
            kind: text(),
            model: maybe().map(|()| text()),
            input_tokens: maybe().map(|()| count()),
            ..full.side[0].clone()
        };
        let record = CallRecord {
            call_id: CallId(uuid::Uuid::from_u64_pair(count(), count())),
            attempt_of: full.attempt_of.filter(|_| maybe().is_some()),
            started_at,
            upstream: text(),
            role: full.role,
            format: text().into(),
            operation: text().into(),
            model_requested: maybe().map(|()| text()),
            model: maybe().map(|()| text()),
            tenant: maybe().map(|()| text()),
            dimensions: (0..long).map(|at| (format!("{at}"), line.kind.name().into())).collect(),
            capability: text().into(),
            status: full.status.filter(|_| maybe().is_some()),
            stream: maybe().is_some(),
            end: full.end,
            complete: maybe().is_some(),
            source: full.source.filter(|_| maybe().is_some()),
            tokenizer: maybe().map(|()| text().into()),
            usage: TokenUsage {
                input: maybe().map(|()| count()),
                cache_read: maybe().map(|()| count()),
                cache_read_audio: maybe().map(|()| count()),
                cache_read_image: maybe().map(|()| count()),
                cache_write: maybe().map(|()| count()),
                cache_write_5m: maybe().map(|()| count()),
                cache_write_30m: maybe().map(|()| count()),
                cache_write_1h: maybe().map(|()| count()),
                cache_write_12h: maybe().map(|()| count()),
                output: maybe().map(|()| count()),
                reasoning: maybe().map(|()| count()),
                input_audio: maybe().map(|()| count()),
                output_audio: maybe().map(|()| count()),
                input_image: maybe().map(|()| count()),
                input_video: maybe().map(|()| count()),
                output_image: maybe().map(|()| count()),
                tool_prompt: maybe().map(|()| count()),
                accepted_prediction: maybe().map(|()| count()),
                rejected_prediction: maybe().map(|()| count()),
                billed_input: maybe().map(|()| count()),
                billed_output: maybe().map(|()| count()),
            },
            units: (0..long).map(|at| (format!("{at}\""), count())).collect(),
            side: vec![side; long],
            pricing: full.pricing,
            cost_native: maybe().map(|()| amount()),
            currency: full.currency.filter(|_| maybe().is_some()),
            cost_usd: maybe().map(|()| amount()),
            cost_lines: vec![line; long],
            price_id: maybe().map(|()| text()),
            would_cost_usd: maybe().map(|()| amount()),
            service_tier: maybe().map(|()| text()),
            speed: maybe().map(|()| text()),
            region: maybe().map(|()| text()),
            origins: Origins {
                service_tier: full.origins.service_tier.filter(|_| maybe().is_some()),
                speed: full.origins.speed.filter(|_| maybe().is_some()),
                region: full.origins.region.filter(|_| maybe().is_some()),
            },
            thinking: full.thinking.filter(|_| maybe().is_some()),
            finish_reason: maybe().map(|()| text()),
            response_id: maybe().map(|()| text()),
            request_id: maybe().map(|()| text()),
            ttft_ms: maybe().map(|()| count()),
            duration_ms: count(),
            flags: Flag::ALL.into_iter().take(long).collect(),
        };
        let mut written = Vec::new();
        record.write_json(&mut written);
        let serde = serde_json::to_string(&record).unwrap();
        prop_assert_eq!(std::str::from_utf8(&written).unwrap(), serde);
        prop_assert_eq!(serde_json::from_slice::<CallRecord>(&written).unwrap(), record);
    }
}

#[test]
fn our_words_are_those_of_serde() {
    for word in Flag::ALL {
        check(&word);
    }
    for word in StreamEnd::ALL {
        check(&word);
    }
    for word in UsageSource::ALL {
        check(&word);
    }
    for word in [Role::Provider, Role::Gateway, Role::Own] {
        check(&word);
    }
    for word in [Pricing::Priced, Pricing::Unpriced, Pricing::Free] {
        check(&word);
    }
    for word in LineKind::ALL {
        check(&word);
    }
    for word in Origin::ALL {
        check(&word);
    }
}

#[test]
fn a_moment_is_written_as_serde_does() {
    for text in [
        "1970-01-01T00:00:00Z",
        "2026-11-22T15:17:01.123456789Z",
        "2026-11-22T15:17:01.1Z",
        "2026-01-02T03:04:05.000000001Z",
        "0000-01-01T00:00:00Z",
        "-000001-12-31T23:59:59.5Z",
    ] {
        check(&text.parse::<Timestamp>().unwrap());
    }
    check(&Timestamp::MIN);
    check(&Timestamp::MAX);
}

#[test]
fn what_json_escapes_is_escaped() {
    let controls: String = (0..=0x80_u8).map(char::from).collect();
    for text in [controls.as_str(), "", "plain", "\"", "模型 ü \u{2028}"] {
        check(&text.to_owned());
    }
    // Each alone, among neighbours of every kind, at every place of a word and of the rest.
    for byte in 0..=0x7f_u8 {
        for neighbour in ["a", " ", "\u{80}", "\u{7f}", "型"] {
            for at in 0..12 {
                let before = neighbour.repeat(at);
                let after = neighbour.repeat(11 - at);
                check(&format!("{before}{}{after}", char::from(byte)));
            }
        }
    }
}
