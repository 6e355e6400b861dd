//! Whether the fleets that the library sizes would have served real traffic: calls one by one on
//! simulated inference servers, which know the data sheet and nothing of the library's formulas.
//!
//! `cargo test --test simulation -- --nocapture` prints what was found.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::print_stdout,
    reason = "a simulation of servers, all of it test"
)]

mod fleet;
mod machine;
mod replica;
mod sizing;
mod traffic;

use fleet::{Seen, serve};
use replica::Memory;
use sizing::{Demand, FIRST_TOKEN_LIMIT};
use traffic::{backlog, copied, shuffled, trace};

/// The traffic is copied until it asks for almost so many fully busy replicas.
const MEAN_LOAD: f64 = 7.95;
/// Lengths that throughput tables are published for: tokens in, tokens out.
const SHAPES: [(u64, u64); 10] = [
    (128, 128),
    (128, 2_048),
    (128, 4_096),
    (500, 2_000),
    (1_000, 1_000),
    (1_000, 2_000),
    (2_048, 128),
    (2_048, 2_048),
    (5_000, 500),
    (20_000, 2_000),
];

/// Part of the calls over the limit, for each rule in the order of [`Demand::fleets`].
fn late(name: &str) -> [f64; 6] {
    let hour = trace(name);
    let copies = MEAN_LOAD / Demand::of(&hour).mean();
    let calls = copied(&hour, copies);
    let demand = Demand::of(&calls);
    println!(
        "\n{name}: {} calls, mean load {:.2}",
        calls.len(),
        demand.mean()
    );
    println!("| fleet sized by | replicas | p99 first token | over 2 s | work | busy |");
    demand.fleets().map(|(rule, replicas)| {
        let seen = serve(&calls, replicas, Memory::Reserved);
        println!(
            "| {rule} | {replicas} | {:.2} s | {:.2} % | {:.2} h | {:.2} h |",
            seen.p99(),
            100.0 * seen.later_than(FIRST_TOKEN_LIMIT),
            demand.work() / 3_600.0,
            seen.busy / 3_600.0,
        );
        seen.later_than(FIRST_TOKEN_LIMIT)
    })
}

#[test]
fn a_conversation_is_served_by_its_busiest_minute_and_not_by_its_mean() {
    let [mean_full, _, mean, ten_minutes, minute, burst] = late("azure-2023-conv");
    assert!(mean_full > 0.5);
    assert!(mean > 0.1);
    assert!(ten_minutes < 0.02);
    assert!(minute <= 0.005);
    assert!(burst <= 0.005);
}

#[test]
fn bursts_of_code_calls_need_the_burst_bound() {
    let [mean_full, one_figure, mean, ten_minutes, minute, burst] = late("azure-2023-code");
    assert!(
        [mean_full, one_figure, mean, ten_minutes]
            .iter()
            .all(|late| *late > 0.5)
    );
    // The minute rule is not enough here: calls come in bursts of seconds.
    assert!(minute > 0.1);
    assert!(burst < 0.06 && burst < minute / 3.0);
}

/// One replica with calls of a trace in random order at a computed load.
fn alone(name: &str, load: f64) -> Seen {
    let calls = trace(name);
    let seconds = Demand::of(&calls).work() / calls.len() as f64;
    serve(&shuffled(&calls, load / seconds), 1, Memory::Reserved)
}

#[test]
fn a_replica_saturates_at_a_computed_load_of_nine_tenths_to_one() {
    for name in ["azure-2023-conv", "azure-2023-code"] {
        let work = Demand::of(&trace(name)).work();
        let full = work / alone(name, 1.5).busy;
        println!("\n{name}: saturates at a computed load of {full:.3}");
        assert!((0.9..=1.0).contains(&full), "{name}: {full}");
    }
}

#[test]
fn waiting_stays_short_at_the_target_load_and_not_near_saturation() {
    for name in ["azure-2023-conv", "azure-2023-code"] {
        let p99 = [0.5, 0.7, 0.85, 0.95].map(|load| {
            let seen = alone(name, load);
            println!(
                "{name}: load {load}: p99 first token {:.2} s, over 2 s {:.2} %",
                seen.p99(),
                100.0 * seen.later_than(FIRST_TOKEN_LIMIT)
            );
            seen.p99()
        });
        assert!(p99.is_sorted());
        assert!(p99[1] < 4.0, "at u = 0.7: {} s", p99[1]);
        assert!(p99[3] > 2.0 * p99[2], "near saturation: {} s", p99[3]);
    }
}

#[test]
fn work_is_that_of_a_server_with_a_full_memory_whatever_the_lengths() {
    println!("\n| in / out | computed load at saturation | with memory reserved |");
    for (input, output) in SHAPES {
        let calls = backlog(input, output);
        let work = Demand::of(&calls).work();
        let full = |memory| work / serve(&calls, 1, memory).busy;
        let (filled, reserved) = (full(Memory::Filled), full(Memory::Reserved));
        println!("| {input} / {output} | {filled:.3} | {reserved:.3} |");
        assert!((0.92..=1.0).contains(&filled), "{input}/{output}: {filled}");
        // Half of a memory reserved for answers is empty: the longer they are, the slower.
        assert!(
            (0.7..=filled + 0.001).contains(&reserved),
            "{input}/{output}: {reserved}"
        );
    }
}
