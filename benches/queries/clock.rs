//! Times in milliseconds: the least, the middle and the most.

use std::time::{Duration, Instant};

/// Does it so often and prints what it took.
pub(crate) fn timed(
    name: &str,
    times: usize,
    mut work: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut took = Vec::new();
    for _ in 0..times {
        let began = Instant::now();
        work()?;
        took.push(began.elapsed());
    }
    println!("{name:<56} {}", spread(took));
    Ok(())
}

fn spread(mut took: Vec<Duration>) -> String {
    took.sort_unstable();
    let ms = |at: Option<&Duration>| at.map_or(0.0, Duration::as_secs_f64) * 1_000.0;
    let (least, most) = (ms(took.first()), ms(took.last()));
    let middle = ms(took.get(took.len() / 2));
    format!("{middle:>9.2} ms ({least:.2} to {most:.2})")
}
