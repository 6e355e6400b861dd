#![expect(
    clippy::float_arithmetic,
    reason = "hourly prices add up here, to a projection's price"
)]
//! What a replica costs: rented by the hour, reserved for a term, or owned.

use super::Checker;
use super::offer::offer;
use crate::economics::as_of::AsOf;
use crate::economics::catalogue::Catalogue;
use crate::economics::draft::{PlanDraft, ReservedDraft};
use crate::economics::ownership::{HOURS_PER_MONTH, HOURS_PER_YEAR, Ownership, replica_hour_own};
use crate::economics::plan::ReplicaPrice;

/// A price has a date.
const DATED: &str = "2026-05-22: a price has a date";

/// The price of a replica of `gpus` GPUs, by the one way of paying that is written.
pub(super) fn replica_price(
    c: &mut Checker,
    draft: &PlanDraft,
    gpus: u32,
    catalogue: &Catalogue,
) -> ReplicaPrice {
    let ways = [
        draft.offer.is_some(),
        draft.gpu_usd_per_hour.is_some(),
        draft.reserved.is_some(),
        draft.owned.is_some(),
    ];
    let key = ["offer", "gpu_usd_per_hour", "reserved", "owned"];
    let mut written = key.iter().zip(ways).filter(|(_, is)| *is);
    match (written.next(), written.next_back()) {
        (Some(_), None) => {}
        (None, _) => c.tell(
            "gpu_usd_per_hour",
            "is missing; such as 2.69, or offer = \"runpod/secure SXM\", or a table reserved or owned",
        ),
        (Some((first, _)), Some((key, _))) => {
            c.tell(key, format!("{first} is there too; keep one of them"));
        }
    }
    let host = c.amount("host_usd_per_hour", draft.host_usd_per_hour, 0.0);
    if draft.offer.is_some() {
        return with_host(offer(c, draft, gpus, catalogue), host);
    }
    let price = match (&draft.reserved, &draft.owned, draft.gpu_usd_per_hour) {
        (Some(reserved), _, _) => return with_host(self::reserved(c, reserved, gpus), host),
        (None, Some(owned), _) => self::owned(c, owned, draft.amortisation_months),
        (None, None, Some(gpu)) => rented(c, gpu, gpus),
        (None, None, None) => unpriced(),
    };
    let as_of = c.require("price_as_of", draft.price_as_of, DATED);
    let source = c.require("price_source", draft.price_source.clone(), "\"quote of …\"");
    with_host(
        ReplicaPrice {
            as_of,
            source,
            ..price
        },
        host,
    )
}

/// What else a replica costs an hour.
fn with_host(price: ReplicaPrice, usd_per_hour: f64) -> ReplicaPrice {
    ReplicaPrice {
        usd_per_hour: price.usd_per_hour + usd_per_hour,
        ..price
    }
}

pub(super) fn unpriced() -> ReplicaPrice {
    ReplicaPrice {
        usd_per_hour: 0.0,
        purchase_usd_per_hour: 0.0,
        up_front_usd: 0.0,
        term_months: None,
        as_of: AsOf::default(),
        source: String::new(),
    }
}

fn rented(c: &mut Checker, gpu_usd_per_hour: f64, gpus: u32) -> ReplicaPrice {
    let gpu = c.within("gpu_usd_per_hour", gpu_usd_per_hour, (0.0, 1e6));
    ReplicaPrice {
        usd_per_hour: f64::from(gpus) * gpu,
        ..unpriced()
    }
}

/// Money up front is spread over the hours of the term.
fn reserved(c: &mut Checker, draft: &ReservedDraft, gpus: u32) -> ReplicaPrice {
    let gpu = c.require("reserved.usd_per_gpu_hour", draft.usd_per_gpu_hour, "1.90");
    let gpu = c.within("reserved.usd_per_gpu_hour", gpu, (0.0, 1e6));
    let months = c.require("reserved.term_months", draft.term_months, "12");
    if draft.term_months == Some(0) {
        c.tell("reserved.term_months", "0 is no term; such as 12");
    }
    let up_front_usd = c.amount("reserved.up_front_usd", draft.up_front_usd, 0.0);
    let purchase_usd_per_hour = up_front_usd / (f64::from(months.max(1)) * HOURS_PER_MONTH);
    ReplicaPrice {
        usd_per_hour: f64::from(gpus) * gpu + purchase_usd_per_hour,
        purchase_usd_per_hour,
        up_front_usd,
        term_months: Some(months.max(1)),
        as_of: c.require("reserved.as_of", draft.as_of, DATED),
        source: c.require("reserved.source", draft.source.clone(), "\"offer of …\""),
    }
}

/// A bought machine is paid for as long as it lives, unless the owner wants the money back sooner.
/// Of the hourly price the straight-line part pays off the purchase; what capital costs runs on.
fn owned(c: &mut Checker, owned: &Ownership, amortisation_months: Option<u32>) -> ReplicaPrice {
    c.within("owned.capex_usd", owned.capex_usd, (0.0, 1e12));
    c.within("owned.life_years", owned.life_years, (0.1, 50.0));
    let years_usd = (owned.capex_usd - owned.residual_usd) / owned.life_years;
    ReplicaPrice {
        usd_per_hour: replica_hour_own(owned),
        purchase_usd_per_hour: years_usd / HOURS_PER_YEAR,
        up_front_usd: owned.capex_usd,
        term_months: Some(
            amortisation_months
                .unwrap_or_else(|| owned.life_months())
                .max(1),
        ),
        ..unpriced()
    }
}

#[cfg(test)]
mod tests {
    use crate::economics::examples::{checked, plan_draft};
    use crate::economics::ownership::Ownership;
    use crate::economics::{HostPlan, PlanDraft, PlanProblem};

    use super::*;

    /// A year at 1.90 a GPU.
    fn reserved(change: impl FnOnce(&mut PlanDraft)) -> Result<HostPlan, Vec<PlanProblem>> {
        let mut draft = plan_draft("llama-70b-2xh100");
        draft.offer = None;
        draft.reserved = Some(ReservedDraft {
            usd_per_gpu_hour: Some(1.9),
            term_months: Some(12),
            up_front_usd: None,
            as_of: Some(jiff::civil::date(2026, 9, 1).into()),
            source: Some("offer".into()),
        });
        change(&mut draft);
        checked(draft)
    }

    #[track_caller]
    fn refused(change: impl FnOnce(&mut PlanDraft), key: &str, says: &str) {
        let problems = reserved(change).unwrap_err();
        let [problem] = &problems[..] else {
            panic!("not one problem: {problems:?}");
        };
        assert_eq!(problem.key, key);
        assert!(problem.message.contains(says), "{problem}");
    }

    #[test]
    fn a_term_has_a_date_and_a_source_of_its_own() {
        let plan = reserved(|_| {}).unwrap();
        assert_eq!(plan.term_months(), 12);
        assert!((plan.price.usd_per_hour - 3.8).abs() < 1e-12);
        refused(
            |draft| draft.reserved.as_mut().unwrap().as_of = None,
            "reserved.as_of",
            "is missing",
        );
        refused(
            |draft| draft.reserved.as_mut().unwrap().term_months = Some(0),
            "reserved.term_months",
            "0 is no term",
        );
        refused(
            |draft| draft.reserved.as_mut().unwrap().usd_per_gpu_hour = None,
            "reserved.usd_per_gpu_hour",
            "is missing",
        );
    }

    #[test]
    fn a_replica_is_paid_in_one_way() {
        refused(
            |draft| draft.gpu_usd_per_hour = Some(2.0),
            "reserved",
            "gpu_usd_per_hour is there too",
        );
        refused(
            |draft| {
                draft.reserved = None;
                draft.price_as_of = Some(jiff::civil::date(2026, 9, 1).into());
                draft.price_source = Some("quote".into());
            },
            "gpu_usd_per_hour",
            "is missing",
        );
    }

    #[test]
    fn what_is_paid_until_a_term_ends_cannot_be_given_back_when_idle() {
        refused(
            |draft| draft.policy = Some("auto".into()),
            "policy",
            "paid for until their term ends",
        );
        refused(
            |draft| {
                draft.policy = Some("serverless".into());
                draft.min_replicas = None;
            },
            "policy",
            "serverless gives replicas back",
        );
        refused(
            |draft| {
                draft.policy = Some("auto".into());
                draft.reserved = None;
                draft.price_as_of = Some(jiff::civil::date(2026, 9, 1).into());
                draft.price_source = Some("bill".into());
                draft.owned = Some(Ownership {
                    capex_usd: 1e5,
                    residual_usd: 0.0,
                    life_years: 4.0,
                    maintenance_rate: 0.0,
                    kw: 0.0,
                    pue: 1.0,
                    usd_per_kwh: 0.0,
                    colo_usd_per_kw_month: 0.0,
                    cost_of_capital: 0.0,
                });
            },
            "policy",
            "auto gives replicas back",
        );
    }
}
