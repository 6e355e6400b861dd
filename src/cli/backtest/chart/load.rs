#![expect(clippy::float_arithmetic, reason = "figures become places on a screen")]
//! The load of a plan against time, and the line of its fleet.

use super::{HEIGHT, columns, count, framed};
use crate::economics::HostPlan;
use crate::economics::backtest::{Traffic, fleet};
use crate::economics::project::Beat;

/// Eighths of a cell.
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The load of the minutes in replicas, each column the most of its minutes, and the fleet.
pub(in crate::cli::backtest) fn load(plan: &HostPlan, traffic: &Traffic, width: usize) -> String {
    let Some(beats) = fleet(plan, traffic) else {
        return String::new();
    };
    let per_column = beats.len().div_ceil(columns(width)).max(1);
    let most = |of: fn(&Beat) -> f64| -> Vec<f64> {
        let most = |part: &[Beat]| part.iter().map(of).fold(0.0, f64::max);
        beats.chunks(per_column).map(most).collect()
    };
    let (load, ready) = (most(|beat| beat.load), most(|beat| f64::from(beat.ready)));
    let top = load.iter().chain(&ready).copied().fold(0.0, f64::max);
    let height = |value: f64| value / top.max(f64::MIN_POSITIVE) * count(HEIGHT);
    let axis = "─".repeat(load.len());
    framed(&format!("{top:.1}"), "", &axis, |row| {
        let above = |value: &f64| height(*value) - count(row);
        let cells = load.iter().zip(&ready);
        cells
            .map(|(load, ready)| cell(above(load), above(ready)))
            .collect()
    })
}

/// A cell by how far bar and line rise above its lower edge: where no bar is, the line is seen.
fn cell(bar: f64, line: f64) -> char {
    let eighths = (bar.clamp(0.0, 1.0) * 8.0).ceil();
    if eighths <= 0.0 && line > 0.0 && line <= 1.0 {
        return '─';
    }
    let full = EIGHTHS.iter().enumerate();
    let mut full = full.filter(|(eighth, _)| count(*eighth) <= eighths);
    full.next_back().map_or(' ', |(_, block)| *block)
}
