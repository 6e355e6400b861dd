//! From a vector's names to a function's arguments, and back.

use serde_json::{Value, json};

use super::{Answer, Fields, arm, calculators, decision, trace};
use crate::economics::band::{Deviation, band};
use crate::economics::breakeven::{Search, breakeven_requests_closed_form, breakeven_scale};
use crate::economics::evaluate::{
    Lone, Outcome, Policy, Profile, Terms, Window, best_hybrid, evaluate,
};
use crate::economics::forecast::{
    Prospect, breakeven_days, npv_savings, payback_months, required_growth,
};
use crate::economics::growth::growth_fit;
use crate::economics::hysteresis::{Day, Hysteresis, Rule};
use crate::economics::ownership::{Ownership, replica_hour_own};
use crate::economics::replicas::{Burst, Scaler, autoscale, need, need_burst};
use crate::economics::roofline::{Machine, roofline};
use crate::economics::work::{Coefficients, Conversion, Decode, TokenSums, work};

/// Reads a vector's inputs by name; a missing number is 0 where a default is natural.
pub(super) struct Inputs<'a>(pub(super) &'a Fields);

impl Inputs<'_> {
    pub(super) fn maybe(&self, name: &str) -> Option<f64> {
        self.0.get(name).and_then(Value::as_f64)
    }

    pub(super) fn number(&self, name: &str) -> f64 {
        self.maybe(name).unwrap_or_else(|| panic!("no {name}"))
    }

    pub(super) fn or(&self, name: &str, default: f64) -> f64 {
        self.maybe(name).unwrap_or(default)
    }

    pub(super) fn integer(&self, name: &str) -> Option<u32> {
        self.maybe(name).map(|n| format!("{n:.0}").parse().unwrap())
    }

    pub(super) fn list(&self, name: &str) -> Vec<f64> {
        let list = self.0.get(name).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .map(|n| n.as_f64().unwrap())
            .collect()
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.0
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("no {name}"))
    }

    pub(super) fn object(&self, name: &str) -> &Fields {
        self.0
            .get(name)
            .and_then(Value::as_object)
            .unwrap_or_else(|| panic!("no {name}"))
    }

    pub(super) fn coefficients(&self) -> Coefficients {
        let of = Inputs(self.object("coef"));
        let decode = of.maybe("c0").zip(of.maybe("t_w"));
        Coefficients {
            a: of.number("a"),
            b: of.number("b"),
            c: of.number("c"),
            d: of.or("d", 0.0),
            decode: decode.map(|(c0, weights_seconds)| Decode {
                c0,
                weights_seconds,
            }),
        }
    }

    pub(super) fn terms(&self) -> Terms {
        Terms {
            utilisation: self.number("utilisation_target"),
            usd_per_replica_hour: self.number("usd_per_replica_hour"),
            min_replicas: self.integer("min_replicas").unwrap_or(0),
            max_replicas: self.integer("max_replicas").unwrap_or(u32::MAX),
            qualifying_share: self.or("qualifying_share", 1.0),
            escalation: self.or("escalation", 0.0),
            ops_usd_per_month: self.or("ops_usd_per_month", 0.0),
            one_off_usd: self.or("one_off_usd", 0.0),
            amortisation_months: self.or("amortisation_months", 0.0),
            usd_per_call: self.or("usd_per_request", 0.0),
            burst: self.burst(),
        }
    }

    pub(super) fn burst(&self) -> Option<Burst> {
        self.maybe("ttft_slo_s").map(|ttft_slo_seconds| Burst {
            slot_seconds: self.or("slot_seconds", 10.0),
            ttft_slo_seconds,
        })
    }

    pub(super) fn policy(&self) -> Policy {
        let buckets = |name| usize::try_from(self.integer(name).unwrap()).unwrap();
        match self.text("policy") {
            "fixed" => Policy::Fixed {
                replicas: self.integer("k").unwrap(),
            },
            "peak" => Policy::Peak {
                quantile: self.or("peak_quantile", 1.0),
            },
            "auto" => Policy::Auto {
                warm_buckets: buckets("warm_buckets"),
                cool_buckets: buckets("cool_buckets"),
            },
            "serverless" => Policy::Serverless {
                idle_seconds: self.number("idle_seconds"),
            },
            "hybrid" => Policy::Hybrid,
            other => panic!("no policy {other}"),
        }
    }

    pub(super) fn prospect(&self, per: &str) -> Prospect {
        Prospect {
            steady_usd: self.or(&format!("steady_usd_{per}"), 0.0),
            api_usd: self.number(&format!("api_usd_{per}")),
            selfhost_usd: self.number(&format!("selfhost_usd_{per}")),
            api_decline: self.number("api_price_decline_year"),
            selfhost_decline: self.number("selfhost_price_decline_year"),
        }
    }

    fn lone(&self) -> Vec<Lone> {
        let both = self.list("lone_seconds").into_iter();
        let both = both.zip(self.list("longest_seconds"));
        both.map(|(seconds, longest_seconds)| Lone {
            seconds,
            longest_seconds,
        })
        .collect()
    }

    /// Runs `use_it` on the profile that the inputs spell out.
    pub(super) fn with_profile<T>(&self, use_it: impl FnOnce(Profile<'_>) -> T) -> T {
        use_it(Profile {
            bucket_seconds: self.number("bucket_seconds"),
            loads: &self.list("loads"),
            api_usd: &self.list("api_costs"),
            slot_work: &self.list("busiest_slot_work"),
            bucket_calls: &self.list("bucket_requests"),
            lone: &self.lone(),
            calls: self.or("requests", 0.0),
        })
    }
}

/// Runs one function by its name.
pub(super) fn run(function: &str, inputs: &Fields) -> Answer {
    let of = Inputs(inputs);
    Answer::Got(match function {
        "work" => json!({ "replica_seconds": run_work(&of) }),
        "roofline" => run_roofline(&of),
        "replica_hour_own" => run_replica_hour_own(&of),
        "need" => {
            let u = of.number("utilisation");
            let needs: Vec<u32> = of.list("loads").iter().map(|load| need(*load, u)).collect();
            json!({ "replicas": needs })
        }
        "need_burst" => run_need_burst(&of),
        "autoscale" => run_autoscale(&of),
        "evaluate" => of.with_profile(|p| outcome(&evaluate(&p, &of.terms(), of.policy()))),
        "best_hybrid" => of.with_profile(|p| outcome(&best_hybrid(&p, &of.terms()))),
        "breakeven_scale" => run_breakeven_scale(&of),
        "breakeven_requests_closed_form" => json!({
            "requests_per_day": breakeven_requests_closed_form(
                of.number("fixed_usd_day"),
                of.number("api_usd_per_request"),
                of.number("selfhost_usd_per_request"),
            )
        }),
        "breakeven_days" => json!({ "days": breakeven_days(
            &of.prospect("day"), of.number("growth_per_day"), of.number("selfhost_fixed_share"),
        ) }),
        "required_growth" => {
            let (growth, factor) = required_growth(
                of.number("api_price_decline_year"),
                of.number("selfhost_price_decline_year"),
            );
            json!({ "growth_per_day": growth, "factor_per_year": factor })
        }
        "npv_savings" => json!({ "usd": npv_savings(
            &of.prospect("month"), of.integer("months").unwrap(), of.number("one_off_usd"),
        ) }),
        "payback_months" => json!({
            "months": payback_months(&of.prospect("month"), of.number("one_off_usd"))
        }),
        "growth_fit" => run_growth_fit(&of),
        "band" => run_band(&of),
        "alert" => run_alert(&of),
        "trace_sums" | "trace_evaluate" | "trace_need_burst" => {
            return trace::run(function, &of);
        }
        _ => match decision::run(function, &of).or_else(|| arm::run(function, &of)) {
            Some(got) => got,
            None => return calculators::run(function, &of),
        },
    })
}

/// The vector's names for an outcome.
pub(super) fn outcome(got: &Outcome) -> Value {
    json!({
        "api_usd": got.api_usd,
        "selfhost_usd": got.selfhost_usd,
        "savings_usd": got.savings_usd,
        "savings_ratio": got.savings_ratio,
        "replica_hours": got.replica_hours,
        "overflow_api_usd": got.overflow_api_usd,
        "utilisation": got.utilisation,
        "short_bucket_share": got.short_bucket_share,
        "k": got.replicas,
    })
}

fn run_work(of: &Inputs<'_>) -> Option<f64> {
    let conversion = Conversion {
        cached_work_saved: of.number("cached_work_saved"),
        ratio_in: of.number("ratio_in"),
        ratio_out: of.number("ratio_out"),
    };
    let sums = TokenSums {
        calls: of.number("n"),
        uncached_input: of.number("uncached_input"),
        cached_input: of.number("cached_input"),
        output: of.number("output"),
        output_by_input: of.number("sum_out_x_in"),
        output_squared: of.number("sum_out_sq"),
    };
    work(
        &of.coefficients(),
        &conversion,
        of.maybe("tpot_slo_s"),
        &sums,
    )
}

fn run_roofline(of: &Inputs<'_>) -> Value {
    let got = roofline(&Machine {
        total_params: of.number("total_params"),
        active_params: of.number("active_params"),
        kv_elements_per_token: of.number("kv_elements_per_token"),
        gpus: of.number("gpus"),
        memory_bytes: of.number("memory_bytes"),
        bandwidth: of.number("bandwidth"),
        flops: of.number("flops"),
        weight_bytes_per_param: of.number("weight_bytes_per_param"),
        kv_bytes_per_element: of.number("kv_bytes_per_element"),
        mfu: of.number("mfu"),
        mbu: of.number("mbu"),
        memory_fraction: of.number("memory_fraction"),
        engine_factor: of.number("engine_factor"),
    });
    let Some(got) = got else {
        return json!({ "fits": false });
    };
    let decode = got.coefficients.decode.unwrap();
    json!({
        "fits": true,
        "a": got.coefficients.a,
        "b": got.coefficients.b,
        "c": got.coefficients.c,
        "c0": decode.c0,
        "t_w": decode.weights_seconds,
        "weights_bytes": got.weights_bytes,
        "kv_memory_bytes": got.kv_memory_bytes,
    })
}

fn run_replica_hour_own(of: &Inputs<'_>) -> Value {
    let machine = Ownership {
        capex_usd: of.number("capex"),
        residual_usd: of.number("residual"),
        life_years: of.number("life_years"),
        maintenance_rate: of.number("maintenance_rate"),
        kw: of.number("kw"),
        pue: of.number("pue"),
        usd_per_kwh: of.number("usd_per_kwh"),
        colo_usd_per_kw_month: of.number("colo_usd_per_kw_month"),
        cost_of_capital: of.number("cost_of_capital"),
    };
    json!({ "usd_per_hour": replica_hour_own(&machine), "usd_per_year": machine.usd_per_year() })
}

fn run_need_burst(of: &Inputs<'_>) -> Value {
    let bucket_seconds = of.number("bucket_seconds");
    let slots = of.list("busiest_slot_work");
    let needs: Vec<u32> = of
        .list("bucket_work")
        .iter()
        .zip(slots)
        .map(|(work, slot)| {
            need_burst(
                work / bucket_seconds,
                slot,
                of.number("utilisation"),
                of.burst(),
            )
        })
        .collect();
    json!({ "replicas": needs })
}

fn run_autoscale(of: &Inputs<'_>) -> Value {
    let needed: Vec<u32> = of
        .list("needed")
        .iter()
        .map(|n| format!("{n:.0}").parse().unwrap())
        .collect();
    let Policy::Auto {
        warm_buckets,
        cool_buckets,
    } = Inputs(&with_policy(of.0)).policy()
    else {
        panic!("not a scaler")
    };
    let fleet = autoscale(
        &needed,
        Scaler {
            min: of.integer("min").unwrap(),
            max: of.integer("max").unwrap(),
            warm_buckets,
            cool_buckets,
        },
    );
    let billed: Vec<u32> = fleet.iter().map(|bucket| bucket.billed).collect();
    let ready: Vec<u32> = fleet.iter().map(|bucket| bucket.ready).collect();
    json!({ "billed": billed, "ready": ready, "billed_sum": billed.iter().sum::<u32>() })
}

/// The inputs of a bare scaler, read as those of its policy.
fn with_policy(inputs: &Fields) -> Fields {
    let mut inputs = inputs.clone();
    inputs.insert("policy".into(), "auto".into());
    inputs
}

fn run_breakeven_scale(of: &Inputs<'_>) -> Value {
    let search = Search {
        scale_low: of.number("scale_low"),
        scale_high: of.number("scale_high"),
        rival_savings_usd: 0.0,
    };
    let got = of.with_profile(|profile| {
        breakeven_scale(&Window::new(profile), &of.terms(), of.policy(), search)
    });
    json!({ "first": got.first, "robust": got.robust })
}

fn run_growth_fit(of: &Inputs<'_>) -> Value {
    growth_fit(&of.list("daily")).map_or(Value::Null, |got| {
        json!({
            "growth_per_day": got.per_day,
            "standard_error": got.standard_error,
            "lag1": got.lag1,
            "low80": got.low,
            "high80": got.high,
        })
    })
}

fn run_band(of: &Inputs<'_>) -> Value {
    let deviations: Vec<Deviation> = of
        .object("deviations")
        .values()
        .map(|pair| Deviation {
            parameter: "any",
            low_usd: pair[0].as_f64().unwrap(),
            high_usd: pair[1].as_f64().unwrap(),
        })
        .collect();
    let (pessimistic, optimistic) = band(of.number("expected_savings_usd"), &deviations);
    json!({ "pessimistic": pessimistic, "optimistic": optimistic })
}

fn run_alert(of: &Inputs<'_>) -> Value {
    let rule = Rule {
        enter_ratio: of.number("enter_ratio"),
        exit_ratio: of.number("exit_ratio"),
        pessimistic_ratio_min: of.number("pessimistic_min"),
        enter_days: of.integer("enter_days").unwrap(),
        exit_days: of.integer("exit_days").unwrap(),
        coverage_min: of.number("min_coverage"),
    };
    let mut state = Hysteresis::default();
    let mut cheaper = Vec::new();
    for day in of.0.get("daily").and_then(Value::as_array).unwrap() {
        let day = Inputs(day.as_object().unwrap());
        state = state.after(
            &Day {
                ratio: day.number("ratio"),
                pessimistic_ratio: day.number("pessimistic"),
                coverage: day.number("coverage"),
                may_enter: true,
            },
            &rule,
        );
        cheaper.push(state.cheaper);
    }
    json!({ "cheaper": cheaper })
}
