#![expect(
    clippy::float_arithmetic,
    reason = "a made season is volumes and prices"
)]
//! The state over 160 days of a real fortnight, again and again: `--nocapture` prints what it did,
//! `TOLLGATE_SEEDS=10` takes more noise than is fast.
//!
//! One minute in ten is observed, as the trace has one figure for ten minutes; what is asked of
//! coverage is a tenth as well. Everything else is what a closed day does in production.

mod season;

use super::made::seeds;
use season::{DAYS, Made, noise, real, season, volume};

/// Volume that passes break-even in 42 days and reaches seven times that.
fn growing(day: i64) -> f64 {
    0.5 * (real(day.max(0)) / 60.0).exp()
}

#[test]
fn noise_at_break_even_flips_the_sign_of_days_and_weeks_but_not_the_state() {
    let noisy = |seed| {
        let season = season(|day| volume(noise(seed, day)));
        // Counting signs takes as long as deciding days: one seed says enough.
        let flips = (seed == 1).then(|| (season.flips(1), season.flips(7)));
        (season.switches(false), season.switches(true), flips)
    };
    let seasons: Vec<_> = std::thread::scope(|scope| {
        let seeds: Vec<_> = seeds(3)
            .map(|seed| scope.spawn(move || noisy(seed)))
            .collect();
        seeds.into_iter().map(|seed| seed.join().unwrap()).collect()
    });
    println!("| from off | from on | sign flips of 1 day, of 7 days |");
    for (off, on, flips) in &seasons {
        println!("| {off:?} | {on:?} | {flips:?} |");
        assert_eq!(off, &[]);
        assert!(on.len() <= 1);
        assert!(flips.is_none_or(|(days, weeks)| days > 20 && weeks > 10));
    }
}

#[test]
fn growth_switches_it_on_once_and_decline_off_once() {
    for seed in seeds(1) {
        let grown = season(|day| volume(growing(day) * noise(seed, day)));
        let shrunk = season(|day| volume(growing(DAYS - day) * noise(seed, day)));
        let (grown, shrunk) = (grown.switches(false), shrunk.switches(true));
        println!("growth: {grown:?}; decline: {shrunk:?}");
        assert!(matches!(grown[..], [(42.., true)]));
        assert!(matches!(shrunk[..], [(_, false)]));
    }
}

#[test]
fn an_outage_neither_counts_nor_resets() {
    let seen_in = |days: std::ops::Range<i64>, seen: f64| {
        let season = season(|day| Made {
            seen: if days.contains(&day) { seen } else { 1.0 },
            ..volume(growing(day))
        });
        season.switches(false)
    };
    let whole = seen_in(0..0, 0.0);
    println!("growth without an outage: {whole:?}");
    let [(on, true)] = whole[..] else {
        panic!("{whole:?}");
    };
    let delay = |days: std::ops::Range<i64>, seen: f64| {
        let switches = seen_in(days.clone(), seen);
        println!("{seen} of the days {days:?} observed: {switches:?}");
        let [(late, true)] = switches[..] else {
            panic!("{switches:?}");
        };
        late - on
    };
    // On the second of the three days: it neither counts nor resets.
    assert_eq!(delay(on - 1..on, 0.8), 1);
    // A whole day down is the same; three are too much of a fortnight until they are nearly past.
    assert_eq!(delay(on - 1..on, 0.0), 1);
    assert!((3..=16).contains(&delay(on - 1..on + 2, 0.0)));
    // Long before and long after it says nothing.
    assert_eq!(delay(10..15, 0.0), 0);
    assert_eq!(delay(120..125, 0.0), 0);
}

#[test]
fn a_price_cut_switches_it_off_once_three_losing_days_later() {
    for seed in seeds(1) {
        let cut = season(|day| Made {
            price: if day < 80 { 1.0 } else { 0.5 },
            ..volume(3.0 * noise(seed, day))
        });
        let switches = cut.switches(true);
        println!("price cut on day 80: {switches:?}");
        assert_eq!(switches, [(cut.third_loss().unwrap(), false)]);
        assert!((82..94).contains(&switches[0].0));
    }
}
