//! Dates, paybacks and trends, against cash books and made series.

use proptest::prelude::*;

use super::CENT;
use crate::economics::forecast::{Prospect, breakeven_days, npv_savings, payback_months};
use crate::economics::growth::growth_fit;
use crate::economics::ownership::{Ownership, replica_hour_own};

fn prospect() -> impl Strategy<Value = Prospect> {
    (1.0_f64..1e5, 1.0_f64..1e5, 0.0_f64..0.9, 0.0_f64..0.9).prop_map(
        |(api_usd, selfhost_usd, api_decline, selfhost_decline)| Prospect {
            api_usd,
            selfhost_usd,
            steady_usd: 0.0,
            api_decline,
            selfhost_decline,
        },
    )
}

/// Savings of the first months by the sum of a geometric series.
fn saved(prospect: &Prospect, months: u32) -> f64 {
    let sum = |usd: f64, decline: f64| {
        let month = (1.0 - decline).powf(1.0 / 12.0);
        if decline > 0.0 {
            usd * (1.0 - month.powi(months.try_into().unwrap())) / (1.0 - month)
        } else {
            usd * f64::from(months)
        }
    };
    sum(prospect.api_usd, prospect.api_decline)
        - sum(prospect.selfhost_usd, prospect.selfhost_decline)
        - prospect.steady_usd * f64::from(months)
}

proptest! {
    /// With all own cost fixed both sides are exponential: logarithms give the day.
    #[test]
    fn the_break_even_day_of_fixed_own_cost_is_the_closed_form(prospect in prospect(), growth in -0.01_f64..0.02) {
        let fall = |decline: f64| (1.0 - decline).ln() / 365.0;
        let faster = growth + fall(prospect.api_decline) - fall(prospect.selfhost_decline);
        let day = (prospect.selfhost_usd / prospect.api_usd).ln() / faster;
        let expected = if prospect.api_usd >= prospect.selfhost_usd {
            Some(0.0)
        } else {
            (faster > 0.0 && day <= 3_650.0).then_some(day)
        };
        let found = breakeven_days(&prospect, growth, 1.0);
        prop_assert_eq!(found.is_some(), expected.is_some(), "{:?} {:?}", found, expected);
        if let (Some(found), Some(expected)) = (found, expected) {
            prop_assert!((found - expected).abs() < 1e-6 * (1.0 + expected));
        }
    }

    /// Looked for with a pencil on every tenth of a day.
    #[test]
    fn no_earlier_day_breaks_even(prospect in prospect(), growth in -0.01_f64..0.02, fixed in 0.0_f64..1.0) {
        let gap = |day: f64| {
            let (api, own) = (prospect.api_usd.ln(), prospect.selfhost_usd.ln());
            let years = day / 365.0;
            let api = api + growth * day + years * (1.0 - prospect.api_decline).ln();
            let volume = fixed + (1.0 - fixed) * (growth * day).exp();
            api - own - volume.ln() - years * (1.0 - prospect.selfhost_decline).ln()
        };
        match breakeven_days(&prospect, growth, fixed) {
            Some(0.0) => prop_assert!(gap(0.0) >= -1e-9),
            Some(day) => {
                prop_assert!(gap(day).abs() < 1e-6);
                let tenths = (0..36_500).map(|tenth| f64::from(tenth) / 10.0);
                prop_assert!(tenths.take_while(|at| *at < day - 1.0).all(|at| gap(at) < 0.0));
            }
            None => prop_assert!((0..=3_650).map(f64::from).all(|at| gap(at) < 1e-9)),
        }
    }

    #[test]
    fn net_value_and_payback_are_those_of_the_summed_series(prospect in prospect(), steady in 0.0_f64..1e4, one_off in 1.0_f64..1e6) {
        let prospect = Prospect { steady_usd: steady, ..prospect };
        let near = |got: f64, expected: f64| (got - expected).abs() < CENT * (1.0 + one_off + expected.abs());
        for months in [0, 1, 12, 37, 120] {
            prop_assert!(near(npv_savings(&prospect, months, one_off), saved(&prospect, months) - one_off));
        }
        let first = (1..=120).find(|months| saved(&prospect, *months) >= one_off);
        let payback = payback_months(&prospect, one_off);
        prop_assert_eq!(payback.is_some(), first.is_some());
        if let (Some(payback), Some(first)) = (payback, first) {
            let (before, after) = (saved(&prospect, first - 1), saved(&prospect, first));
            let inside = payback - f64::from(first - 1);
            prop_assert!((0.0..=1.0).contains(&inside));
            prop_assert!(near(before + inside * (after - before), one_off));
        }
    }

    /// A loan over the price: interest every month, the year's rate at its end. What is left to pay
    /// at the end is what the machine still sells for.
    #[test]
    fn the_hours_of_a_bought_machine_pay_its_loan_month_by_month(capex in 1e3_f64..1e6, left in 0.0_f64..0.5, years in 1_u32..9, interest in 0.0_f64..0.2, kw in 0.0_f64..20.0) {
        let machine = Ownership {
            capex_usd: capex,
            residual_usd: left * capex,
            life_years: f64::from(years),
            maintenance_rate: 0.03,
            kw,
            pue: 1.3,
            usd_per_kwh: 0.12,
            colo_usd_per_kw_month: 150.0,
            cost_of_capital: interest,
        };
        let a_year = replica_hour_own(&machine) * 8_760.0;
        let (mut owed, month) = (capex, (1.0 + interest).powf(1.0 / 12.0));
        for _ in 0..years {
            for _ in 0..12 {
                owed *= month;
            }
            let power = kw * 1.3 * 0.12 * 24.0 * 365.0;
            owed -= a_year - 0.03 * capex - power - kw * 150.0 * 12.0;
        }
        prop_assert!((owed - machine.residual_usd).abs() < 1e-6 * capex, "{owed}");
    }

    #[test]
    fn an_exponential_with_levels_a_weekday_is_found_exactly(growth in -0.05_f64..0.05, levels in prop::collection::vec(0.1_f64..10.0, 7), days in 14_u32..60) {
        let level = |day: u32| levels[usize::try_from(day % 7).unwrap()];
        let daily: Vec<f64> = (0..days).map(|day| 1e6 * level(day) * (growth * f64::from(day)).exp()).collect();
        let fit = growth_fit(&daily).unwrap();
        prop_assert!((fit.per_day - growth).abs() < 1e-9);
        prop_assert!(fit.high - fit.low < 1e-9);
    }
}

/// How often the 80 % range holds the truth, over made series of so many days whose noise resembles
/// its neighbour's by so much.
fn covered(days: u32, alike: f64) -> f64 {
    const SERIES: u32 = 2_000;
    let mut random = fastrand::Rng::with_seed(7);
    let mut normal = move || {
        let (radius, angle) = (1.0 - random.f64(), std::f64::consts::TAU * random.f64());
        (-2.0 * radius.ln()).sqrt() * angle.cos()
    };
    let growth = 0.004;
    let holds = (0..SERIES).filter(|_| {
        let mut noise = normal();
        let daily: Vec<f64> = (0..days)
            .map(|day| {
                noise = alike * noise + (1.0 - alike * alike).sqrt() * normal();
                let week = f64::from(day % 7) * 0.1;
                (10.0 + week + growth * f64::from(day) + 0.15 * noise).exp()
            })
            .collect();
        let fit = growth_fit(&daily).unwrap();
        (fit.low..=fit.high).contains(&growth)
    });
    f64::from(u32::try_from(holds.count()).unwrap()) / f64::from(SERIES)
}

/// Exactly so when one day says nothing about the next. Where it does, few days do not show how
/// much: a fortnight's range is too narrow then.
#[test]
fn the_range_of_growth_holds_the_truth_four_times_out_of_five() {
    println!("| days | noise 0 | 0.3 | 0.6 like its neighbour's |");
    for (days, least) in [(14, 0.55), (28, 0.68), (56, 0.73), (112, 0.75)] {
        let [white, some, much] = [0.0, 0.3, 0.6].map(|alike| covered(days, alike));
        println!("| {days} | {white:.3} | {some:.3} | {much:.3} |");
        assert!((0.77..0.83).contains(&white), "{days}: {white}");
        assert!(least < much && much < some && some < white);
    }
}
