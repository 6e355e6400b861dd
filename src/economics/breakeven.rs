#![expect(
    clippy::float_arithmetic,
    reason = "break-even volumes are projections"
)]
//! From which volume on hosting is cheaper.
//!
//! The closed form knows no steps and no peaks; it is shown beside the capacity. The answer that
//! counts multiplies the whole profile, shape unchanged, and looks where the saving changes sign:
//! replicas come in steps, so it can do so several times.

use super::evaluate::{Policy, Terms, Window};

/// Steps of the geometric grid that is searched.
const GRID_STEPS: u32 = 400;
/// Bisections, in log scale, of the cell in which the sign changes.
const BISECTIONS: u32 = 60;

/// Calls a day at which one fixed daily cost is earned; `None` when hosted calls are not cheaper.
#[must_use]
pub fn breakeven_requests_closed_form(
    fixed_usd_day: f64,
    api_usd_per_call: f64,
    selfhost_usd_per_call: f64,
) -> Option<f64> {
    let gain = api_usd_per_call - selfhost_usd_per_call;
    (gain > 0.0).then(|| fixed_usd_day / gain)
}

/// The scales at which hosting starts to win.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BreakEven {
    /// The smallest scale at which hosting is not dearer.
    pub first: Option<f64>,
    /// The smallest scale from which on it is never dearer, up to the end of the range.
    pub robust: Option<f64>,
}

/// What is searched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Search {
    /// The smallest scale looked at, above 0.
    pub scale_low: f64,
    /// The largest scale looked at.
    pub scale_high: f64,
    /// Dollars a window, at scale 1, that another alternative already saves: hosting has to beat it.
    pub rival_savings_usd: f64,
}

/// The scales of volume at which hosting is not dearer than the API, or than its best rival.
#[must_use]
pub fn breakeven_scale(
    window: &Window<'_>,
    terms: &Terms,
    policy: Policy,
    search: Search,
) -> BreakEven {
    let scales = (search.scale_low, search.scale_high);
    let rivals = [search.rival_savings_usd];
    let [found] = breakeven_scales(window, terms, policy, rivals, scales);
    found
}

/// The same for several rivals, each with its savings at scale 1, between two scales: the grid is
/// evaluated once.
#[must_use]
pub fn breakeven_scales<const N: usize>(
    window: &Window<'_>,
    terms: &Terms,
    policy: Policy,
    rivals: [f64; N],
    (low, high): (f64, f64),
) -> [BreakEven; N] {
    let savings = |scale: f64| window.at_scale(scale, terms, policy).savings_usd;
    let step = (high / low).ln() / f64::from(GRID_STEPS);
    let at = |i: u32| low * (f64::from(i) * step).exp();
    let grid: Vec<(f64, f64)> = (0..=GRID_STEPS).map(|i| (at(i), savings(at(i)))).collect();
    rivals.map(|rival| {
        let wins = |scale: f64, savings: f64| savings >= scale * rival;
        let won: Vec<bool> = grid.iter().map(|(at, saved)| wins(*at, *saved)).collect();
        let beaten = |scale: f64| wins(scale, savings(scale));
        let crossing = |after: u32| refine(at(after), at(after.saturating_add(1)), &beaten);
        let position = |found: Option<usize>| found.and_then(|i| u32::try_from(i).ok());
        let first = position(won.iter().position(|won| *won));
        let last_loss = position(won.iter().rposition(|won| !won));
        BreakEven {
            first: first.map(|i| i.checked_sub(1).map_or(low, crossing)),
            robust: match last_loss {
                None => Some(low),
                Some(GRID_STEPS) => None,
                Some(i) => Some(crossing(i)),
            },
        }
    })
}

/// The scale at which `wins` becomes true between a loss and a win.
fn refine(mut loss: f64, mut win: f64, wins: &impl Fn(f64) -> bool) -> f64 {
    for _ in 0..BISECTIONS {
        let middle = (loss * win).sqrt();
        if wins(middle) {
            win = middle;
        } else {
            loss = middle;
        }
    }
    win
}
