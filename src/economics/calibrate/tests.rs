//! Facts about fits: all published tables again, and points nobody could fit.

use super::*;
use crate::economics::catalogue::Published;
use crate::economics::examples::CATALOGUE;

/// The published throughput of one replica.
fn table(row: &Published) -> Vec<Measured> {
    let text = include_str!("../../../tests/fixtures/throughput-published.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let replica = &row.replica;
    let name = [
        &replica.model,
        &replica.gpu,
        &replica.gpus.to_string(),
        &replica.precision,
    ];
    let rows = reader.records().map(Result::unwrap);
    // Other engines are measured too, at other loads.
    let rows = rows.filter(|cells| {
        &cells[7] == "tensorrt-llm" && name.iter().zip(cells).all(|(name, cell)| *name == cell)
    });
    rows.map(|cells| {
        let [input, output, per_second] = [4, 5, 6].map(|i| cells[i].parse::<f64>().unwrap());
        Measured::alike(input, output, output / per_second)
    })
    .collect()
}

#[track_caller]
fn near(ours: f64, theirs: f64, most: f64) {
    assert!((ours - theirs).abs() <= most, "{ours} {theirs}");
}

#[test]
fn every_published_fit_comes_out_again() {
    assert_eq!(CATALOGUE.published.len(), 13);
    for row in &CATALOGUE.published {
        let points = table(row);
        assert_eq!(points.len().to_string(), row.points.to_string());
        let fit = calibrate(&points).unwrap();
        for (ours, theirs) in [(fit.a, row.a), (fit.b, row.b), (fit.c, row.c)] {
            near(ours / theirs, 1.0, 1e-6);
        }
        // Written with three digits.
        for (ours, theirs) in [
            (fit.errors, row.fit),
            (fit.left_out, row.left_out),
            (fit.single_figure_errors, row.single_figure),
        ] {
            near(ours.mean, theirs.mean, 5.001e-4);
            near(ours.largest, theirs.largest, 5.001e-4);
        }
    }
}

/// Calls of some lengths on a machine with known coefficients.
fn made(lengths: &[(f64, f64)], [a, b, c]: Sides) -> Vec<Measured> {
    let seconds =
        |input, output| a * input + b * output + c * (output * input + output * output / 2.0);
    let point =
        |(input, output): &(f64, f64)| Measured::alike(*input, *output, seconds(*input, *output));
    lengths.iter().map(point).collect()
}

const CORNERS: [(f64, f64); 4] = [
    (128.0, 128.0),
    (128.0, 2_048.0),
    (2_048.0, 128.0),
    (2_048.0, 2_048.0),
];

#[test]
fn points_of_a_known_machine_give_it_back() {
    let fit = calibrate(&made(&CORNERS, [7e-5, 8e-5, 6e-8])).unwrap();
    near(fit.a, 7e-5, 1e-12);
    near(fit.b, 8e-5, 1e-12);
    near(fit.c, 6e-8, 1e-14);
    near(fit.left_out.largest, 0.0, 1e-6);
    // 2048 in and 2048 out are nearest to 1000 and 1000.
    let [.., nearest] = fit.points.as_slice() else {
        panic!("four points");
    };
    near(fit.single_figure, 4_096.0 / nearest.measured.seconds, 1e-9);
    assert!(fit.single_figure_errors.largest > 0.3);
}

#[test]
fn a_coefficient_that_would_be_below_zero_is_zero_and_the_others_make_up_for_it() {
    // The longer the context, the cheaper: no such machine.
    let mut points = made(&CORNERS, [7e-5, 8e-5, 0.0]);
    for point in points.iter_mut().filter(|point| point.context > 1e6) {
        point.seconds *= 0.9;
    }
    let fit = calibrate(&points).unwrap();
    assert!(fit.c == 0.0 && fit.a > 0.0 && fit.b > 0.0, "{fit:?}");
    // No step to a side of what is left makes it better.
    let loss = |a: f64, b: f64| -> f64 {
        let miss = |point: &Measured| (a * point.input + b * point.output) / point.seconds - 1.0;
        points.iter().map(|point| miss(point).powi(2)).sum()
    };
    let best = loss(fit.a, fit.b);
    for (a, b) in [(1.001, 1.0), (0.999, 1.0), (1.0, 1.001), (1.0, 0.999)] {
        assert!(loss(fit.a * a, fit.b * b) > best);
    }
}

#[test]
fn the_sums_of_a_run_are_those_of_its_calls() {
    let mean = Measured::of_totals(2, 2_000, 2_000, 500.0);
    assert_eq!(mean, Measured::alike(1_000.0, 1_000.0, 2.0));
    let exact = mean.with_lengths(&[(100, 100), (1_900, 1_900)]);
    // 100·100 + 100²/2 and 1900·1900 + 1900²/2, halved.
    near(exact.context, 2_715_000.0, 1e-6);
    assert_eq!(
        Measured {
            context: mean.context,
            ..exact
        },
        mean
    );
}

#[test]
fn calls_of_many_lengths_are_fitted_by_their_true_sums() {
    // Half of the calls 100 in and 100 out, half 1900 in and 1900 out: mean 1000 and 1000.
    let truth = [7e-5, 8e-5, 6e-8];
    let [short, long] = made(&[(100.0, 100.0), (1_900.0, 1_900.0)], truth)[..] else {
        panic!("two points");
    };
    let mixed = Measured {
        input: 1_000.0,
        output: 1_000.0,
        context: f64::midpoint(short.context, long.context),
        seconds: f64::midpoint(short.seconds, long.seconds),
    };
    let mut points = made(&CORNERS, truth);
    points.push(mixed);
    near(calibrate(&points).unwrap().errors.largest, 0.0, 1e-9);
    // Taken for equal calls, the same run is off.
    points.pop();
    points.push(Measured::alike(mixed.input, mixed.output, mixed.seconds));
    assert!(calibrate(&points).unwrap().errors.largest > 0.05);
}

#[test]
fn too_few_or_too_similar_points_are_no_fit() {
    let truth = [7e-5, 8e-5, 6e-8];
    let unfit = |lengths: &[(f64, f64)]| calibrate(&made(lengths, truth)).unwrap_err();
    assert_eq!(unfit(&CORNERS[..3]), Unfit::TooFew(3));
    for lengths in [
        [(1_000.0, 1_000.0); 4],
        [
            (1_000.0, 1_000.0),
            (1_010.0, 1_000.0),
            (1_000.0, 1_010.0),
            (1_020.0, 1_020.0),
        ],
        // Input and output never differ: which of them costs what, nothing says.
        [
            (100.0, 100.0),
            (200.0, 200.0),
            (400.0, 400.0),
            (800.0, 800.0),
        ],
        // One output length.
        [
            (512.0, 128.0),
            (1_024.0, 128.0),
            (2_048.0, 128.0),
            (4_096.0, 128.0),
        ],
        [(0.0, 100.0), (0.0, 200.0), (0.0, 400.0), (0.0, 800.0)],
    ] {
        assert_eq!(unfit(&lengths), Unfit::TooAlike, "{lengths:?}");
    }
}

#[test]
fn a_fit_that_is_off_says_so_and_widens_the_pessimistic_end_alone() {
    let truth = [7e-5, 8e-5, 6e-8];
    let off = |by: f64| {
        let mut points = made(&CORNERS, truth);
        points.push(made(&[(512.0, 512.0)], truth)[0]);
        for (place, point) in points.iter_mut().enumerate() {
            point.seconds *= if place % 2 == 0 { 1.0 + by } else { 1.0 - by };
        }
        calibrate(&points).unwrap()
    };
    let good = off(0.01);
    assert!(!good.is_poor() && good.work_multiplier().is_none());
    let bad = off(0.3);
    assert!(bad.is_poor(), "{:?}", bad.left_out);
    let range = bad.work_multiplier().unwrap();
    near(range.low, 1.0 + bad.left_out.mean, 1e-12);
    assert_eq!((range.expected, range.high), (1.0, 0.9));
}

#[test]
fn what_no_machine_does_is_no_fit() {
    let slow = calibrate(&made(&CORNERS, [7.0, 8.0, 6e-3])).unwrap_err();
    assert!(matches!(slow, Unfit::NoMachine(a, ..) if a > 6.9), "{slow}");
    let endless: Vec<Measured> = CORNERS
        .iter()
        .map(|(input, output)| Measured::alike(*input, *output, 1e300))
        .collect();
    calibrate(&endless).unwrap_err();
    let huge: Vec<Measured> = CORNERS
        .iter()
        .map(|(input, output)| Measured::alike(input * 1e200, output * 1e200, 1.0))
        .collect();
    calibrate(&huge).unwrap_err();
}
