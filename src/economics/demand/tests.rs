use super::*;

fn usage(input: u64, cached: u64, output: u64) -> TokenUsage {
    TokenUsage {
        input: Some(input),
        cache_read: Some(cached),
        output: Some(output),
        ..TokenUsage::default()
    }
}

fn call(usage: &TokenUsage, started_ms: i64) -> CallDemand<'_> {
    CallDemand {
        started_ms,
        duration_ms: 2_500,
        usage,
        side: &[],
        cost_usd: Some(Pico(7)),
        imported: false,
    }
}

#[test]
fn a_call_adds_its_eight_sums() {
    let mut minute = DemandMinute::default();
    minute.add(&call(&usage(1_000, 400, 30), 12_345));
    let expected = DemandSums {
        calls: 1,
        uncached_input: 600,
        cached_input: 400,
        output: 30,
        output_by_input: 30_000,
        output_squared: 900,
        cost_usd: Pico(7),
        duration_ms: 2_500,
    };
    assert_eq!(minute.total(), expected);
    assert_eq!(minute.slots[1], expected);
}

#[test]
fn side_inference_is_work_of_its_own_and_no_second_call() {
    let side = [SideUsage {
        kind: "compaction".into(),
        model: None,
        input_tokens: Some(10),
        cached_input_tokens: None,
        cache_write_tokens: None,
        output_tokens: Some(2),
    }];
    let own = usage(100, 0, 3);
    let mut minute = DemandMinute::default();
    minute.add(&CallDemand {
        side: &side,
        ..call(&own, 0)
    });
    let total = minute.total();
    assert_eq!(
        (total.calls, total.uncached_input, total.output),
        (1, 110, 5)
    );
    assert_eq!((total.output_by_input, total.output_squared), (320, 13));
}

#[test]
fn a_call_belongs_to_its_arrival_unless_that_bucket_has_closed() {
    let tokens = usage(1, 0, 1);
    let place = |started_ms, duration_ms| {
        CallDemand {
            duration_ms,
            ..call(&tokens, started_ms)
        }
        .place()
    };
    let at = |minute, slot, late| Place { minute, slot, late };
    assert_eq!(place(0, 0), at(0, 0, false));
    assert_eq!(place(59_999, 0), at(0, 5, false));
    assert_eq!(place(60_000, 0), at(1, 0, false));
    // The bucket of minute 0 closes at 60 s + 15 min.
    assert_eq!(place(0, 959_999), at(0, 0, false));
    assert_eq!(place(0, 960_000), at(16, 0, true));
    assert_eq!(place(-1, 0), at(-1, 5, false));
    assert!(place(0, u64::MAX).late);
}

#[test]
fn what_is_not_known_is_neither_work_nor_cost() {
    let tokens = usage(100, 0, 5);
    let nothing = TokenUsage::default();
    let mut minute = DemandMinute::default();
    minute.add(&CallDemand {
        cost_usd: None,
        ..call(&tokens, 0)
    });
    minute.add(&call(&nothing, 0));
    minute.add(&CallDemand {
        imported: true,
        cost_usd: None,
        ..call(&nothing, 0)
    });
    assert!(minute.total().is_empty());
    assert_eq!((minute.unpriced_calls, minute.unpriced_tokens), (1, 105));
    assert_eq!((minute.unknown_calls, minute.imported_calls), (2, 1));
}

#[test]
fn the_busiest_slot_weighs_output_twice_and_context_by_the_thousand() {
    let sums = |input, output, by_input, squared| DemandSums {
        uncached_input: input,
        output,
        output_by_input: by_input,
        output_squared: squared,
        ..DemandSums::default()
    };
    // Each is busier than the one before by the least possible amount.
    let ladder = [
        sums(10, 0, 0, 0),
        sums(10, 0, 0, 1),
        sums(10, 0, 1, 0),
        sums(11, 0, 0, 0),
        sums(0, 6, 0, 0),
    ];
    for pair in ladder.windows(2) {
        let mut minute = DemandMinute::default();
        minute.slots[1] = pair[0];
        minute.slots[4] = pair[1];
        assert_eq!(minute.busiest_slot(), pair[1]);
    }
    assert_eq!(
        DemandMinute::default().busiest_slot(),
        DemandSums::default()
    );
}

#[test]
fn the_largest_numbers_saturate() {
    let most = usage(u64::MAX, 0, u64::MAX);
    let mut minute = DemandMinute::default();
    for _ in 0..3 {
        minute.add(&CallDemand {
            cost_usd: Some(Pico(i128::MAX)),
            duration_ms: 0,
            ..call(&most, 0)
        });
    }
    let total = minute.total();
    assert_eq!(total.calls, 3);
    assert_eq!(total.uncached_input, u64::MAX);
    assert_eq!(total.output_squared, u128::MAX);
    assert_eq!(total.cost_usd, Pico(i128::MAX));
}

proptest::proptest! {
    #[test]
    fn the_order_of_calls_and_of_merges_does_not_matter(
        calls in proptest::collection::vec((0_u64..50_000, 0_u64..50_000, 0_u64..9_000, 0_i64..60_000), 1..20),
        cut in 0_usize..20,
    ) {
        let fill = |calls: &mut dyn Iterator<Item = &(u64, u64, u64, i64)>| {
            let mut minute = DemandMinute::default();
            for (input, cached, output, at) in calls {
                minute.add(&call(&usage(*input, *cached, *output), *at));
            }
            minute
        };
        let (first, rest) = calls.split_at(cut.min(calls.len()));
        let mut merged = fill(&mut rest.iter());
        merged.merge(&fill(&mut first.iter()));
        proptest::prop_assert_eq!(merged, fill(&mut calls.iter().rev()));
    }
}

#[test]
fn what_was_added_is_taken_off_again() {
    let (one, other) = (usage(1_000, 400, 30), usage(7, 0, 2));
    let mut minute = DemandMinute::default();
    minute.add(&call(&one, 12_345));
    let before = minute;
    let unpriced = CallDemand {
        cost_usd: None,
        ..call(&other, 40_000)
    };
    let nothing = TokenUsage::default();
    let unknown = CallDemand {
        imported: true,
        ..call(&nothing, 0)
    };
    let mut more = DemandMinute::default();
    for call in [call(&other, 12_000), unpriced, unknown] {
        minute.add(&call);
        more.add(&call);
    }
    minute.take_off(&more);
    assert_eq!(minute, before);
    minute.take_off(&before);
    assert_eq!(minute, DemandMinute::default());
}
