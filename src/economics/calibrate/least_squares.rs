#![expect(
    clippy::float_arithmetic,
    reason = "normal equations of three unknowns"
)]
//! Three coefficients, none below 0, that make each row as near to 1 as can be.
//!
//! With three unknowns the seven sets that may be above 0 are solved one by one, and the best
//! solution without a negative coefficient is kept: exact, and without iteration.

/// Three numbers: of input, of output, of context.
pub(super) type Sides = [f64; 3];

/// Which coefficients may be above 0.
const SETS: [[bool; 3]; 7] = [
    [true, true, true],
    [true, true, false],
    [true, false, true],
    [false, true, true],
    [true, false, false],
    [false, true, false],
    [false, false, true],
];

const IDENTITY: [Sides; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// How far the rows tell the three apart: 1 for sides that have nothing to do with each other, 0 for
/// sides of which one follows from the others. `None` if a side is 0 in all rows.
pub(super) fn determinant(rows: &[Sides]) -> Option<f64> {
    let (scaled, _) = scaled(rows)?;
    Some(det(&products(&scaled)))
}

/// The coefficients with the least Σ(row·coefficients - 1)².
pub(super) fn least(rows: &[Sides]) -> Sides {
    // A side that is 0 everywhere costs nothing.
    let Some((rows, lengths)) = scaled(rows) else {
        return [0.0; 3];
    };
    let products = products(&rows);
    let sums = rows
        .iter()
        .fold([0.0; 3], |sums, row| join(sums, *row, |sum, x| sum + x));
    let solved = SETS.iter().filter_map(|set| solve(&products, &sums, *set));
    let loss = |solution: &Sides| -> f64 {
        let misses = rows.iter().map(|row| dot(row, solution) - 1.0);
        misses.map(|miss| miss * miss).sum()
    };
    let best = solved.min_by(|one, other| loss(one).total_cmp(&loss(other)));
    join(best.unwrap_or_default(), lengths, |x, length| x / length)
}

/// The rows with each side brought to length 1, and the lengths; coefficients of seconds per token
/// squared and per token differ by a thousand times.
fn scaled(rows: &[Sides]) -> Option<(Vec<Sides>, Sides)> {
    let [[a, _, _], [_, b, _], [_, _, c]] = products(rows);
    let lengths = [a, b, c].map(f64::sqrt);
    let rows = rows
        .iter()
        .map(|row| join(*row, lengths, |x, length| x / length));
    let usable = lengths.iter().all(|length| *length > 0.0);
    usable.then(|| (rows.collect(), lengths))
}

fn join(one: Sides, other: Sides, with: impl Fn(f64, f64) -> f64) -> Sides {
    let ([one1, one2, one3], [other1, other2, other3]) = (one, other);
    [with(one1, other1), with(one2, other2), with(one3, other3)]
}

fn dot(one: &Sides, other: &Sides) -> f64 {
    one.iter().zip(other).map(|(x, y)| x * y).sum()
}

/// The products of all sides with each other, summed over the rows.
fn products(rows: &[Sides]) -> [Sides; 3] {
    let empty = [[0.0; 3]; 3];
    rows.iter().fold(empty, |[first, second, third], row| {
        let [a, b, c] = row.map(|x| row.map(|y| x * y));
        let add = |sum, x| join(sum, x, |sum, x| sum + x);
        [add(first, a), add(second, b), add(third, c)]
    })
}

/// The first row times the cross product of the others.
fn det([first, [a1, a2, a3], [b1, b2, b3]]: &[Sides; 3]) -> f64 {
    let cross = [a2 * b3 - a3 * b2, a3 * b1 - a1 * b3, a1 * b2 - a2 * b1];
    dot(first, &cross)
}

/// The normal equations of the sides in `set`, by Cramer's rule; `None` where a coefficient would be
/// below 0, or nothing tells them apart.
fn solve(products: &[Sides; 3], sums: &Sides, set: [bool; 3]) -> Option<Sides> {
    let mut matrix = IDENTITY;
    let mut sides = [0.0; 3];
    for (((row, side), (known, sum)), keep) in matrix
        .iter_mut()
        .zip(&mut sides)
        .zip(products.iter().zip(sums))
        .zip(set)
    {
        if !keep {
            continue;
        }
        *side = *sum;
        for ((cell, product), keep) in row.iter_mut().zip(known).zip(set) {
            if keep {
                *cell = *product;
            }
        }
    }
    let whole = det(&matrix);
    let [first, second, third] = matrix;
    // The matrix is its own mirror image, so that a row stands for the column of the rule.
    let solution = [
        det(&[sides, second, third]),
        det(&[first, sides, third]),
        det(&[first, second, sides]),
    ];
    let solution = solution.map(|part| part / whole);
    let fine = whole > 1e-9 && solution.iter().all(|x| *x >= 0.0);
    fine.then_some(solution)
}
