//! Facts about the made week, and where its figures come from.

use super::*;

fn question(shape: Shape) -> Question {
    Question {
        calls_per_day: 100_000.0,
        call: TokenVolume {
            input: 1_500.0,
            cached_input: 500.0,
            output: 400.0,
        },
        price: ListPrice {
            input_usd_per_mtok: 2.5,
            cached_usd_per_mtok: 1.25,
            output_usd_per_mtok: 10.0,
        },
        shape,
    }
}

fn near(got: f64, expected: f64) {
    assert!((got / expected - 1.0).abs() < 1e-9, "{got}, not {expected}");
}

#[test]
fn a_made_week_has_the_calls_and_the_money_that_were_asked_for() {
    for shape in Shape::ALL {
        let week = question(shape).week();
        assert_eq!(week.len(), 10_080);
        let mut all = Bucket::default();
        for bucket in &week {
            all.merge(bucket);
        }
        near(all.total.calls, 700_000.0);
        near(all.total.tokens(), 700_000.0 * 2_400.0);
        near(all.total.output_by_input, 700_000.0 * 400.0 * 2_000.0);
        near(all.total.output_squared, 700_000.0 * 160_000.0);
        // 1,500 at 2.50, 500 at 1.25 and 400 at 10 dollars a million.
        near(all.api_usd, 700_000.0 * 0.008_375);
        near(all.duration_seconds, 700_000.0 * 400.0 * 0.05);
    }
}

#[test]
fn the_week_has_peaks_and_flat_has_none() {
    let peak = |shape| {
        let week = question(shape).week();
        let calls = week.iter().map(|bucket| bucket.total.calls);
        calls.fold(0.0, f64::max) / (700_000.0 / 10_080.0)
    };
    near(peak(Shape::Flat), 1.0);
    // The busiest hour is 1.70 times the mean; the busiest minute in it up to 1.64 times that.
    assert!(
        (2.5..2.85).contains(&peak(Shape::Week)),
        "{}",
        peak(Shape::Week)
    );
}

/// The rows of a trace, as numbers.
fn rows(name: &str) -> Vec<Vec<f64>> {
    let path = format!(
        "{}/tests/fixtures/traces/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).unwrap();
    let row = |line: &str| {
        line.split(',')
            .map(|field| field.parse().unwrap())
            .collect()
    };
    text.lines().skip(1).map(row).collect()
}

#[test]
fn the_hours_are_those_of_the_trace() {
    let mut hours = vec![0.0; 168];
    for (i, row) in rows("servegen-m-large-14d-10min.csv").iter().enumerate() {
        hours[i / 6 % 168] += row[1] / 12.0;
    }
    let mean: f64 = hours.iter().sum::<f64>() / 168.0;
    for (at, hour) in hours.iter().enumerate() {
        let ours = Shape::Week.minute(at * 60) / Shape::Week.minute(at * 60 % 58);
        let first = hours[0] / mean;
        assert!(
            (ours * first - hour / mean).abs() < 0.003,
            "hour {at}: {ours}"
        );
    }
}

#[test]
fn the_minutes_are_those_of_the_trace() {
    let mut minutes = vec![0.0; 58];
    for row in rows("azure-2023-conv.csv") {
        let (input, output) = (row[1], row[2]);
        let work = 6.86e-5 * input + 7.1e-5 * output + 6.84e-8 * output * (input + output / 2.0);
        let at = format!("{:.0}", (row[0] / 60_000.0).floor())
            .parse::<usize>()
            .unwrap();
        if let Some(minute) = minutes.get_mut(at) {
            *minute += work;
        }
    }
    let mean: f64 = minutes.iter().sum::<f64>() / 58.0;
    let first = Shape::Week.minute(0) / (minutes[0] / mean);
    for (at, minute) in minutes.iter().enumerate() {
        let ours = Shape::Week.minute(at) / first;
        assert!(
            (ours / (minute / mean) - 1.0).abs() < 0.003,
            "minute {at}: {ours}"
        );
    }
    let peak = minutes.iter().copied().fold(0.0, f64::max) / mean;
    assert!((peak - MINUTE_PEAK).abs() < 0.001, "{peak}");
}
