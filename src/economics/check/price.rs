#![expect(
    clippy::float_arithmetic,
    reason = "hourly prices add up here, to a projection's price"
)]
//! What a replica costs: rented by the hour, reserved for a term, or owned.

use super::Checker;
use super::offer::offer;
use super::owned::owned;
use crate::economics::as_of::AsOf;
use crate::economics::catalogue::Catalogue;
use crate::economics::draft::{PlanDraft, ReservedDraft};
use crate::economics::ownership::HOURS_PER_MONTH;
use crate::economics::plan::ReplicaPrice;

/// More for an hour of a GPU is a slip of the pen.
const USD_PER_GPU_HOUR_MAX: f64 = 1e6;
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
        (None, Some(machine), _) => owned(c, machine, draft.amortisation_months),
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
        owed_usd_per_hour: 0.0,
        up_front_usd: 0.0,
        term_months: None,
        as_of: AsOf::default(),
        source: String::new(),
    }
}

fn rented(c: &mut Checker, gpu_usd_per_hour: f64, gpus: u32) -> ReplicaPrice {
    let gpu = c.above_zero("gpu_usd_per_hour", gpu_usd_per_hour, USD_PER_GPU_HOUR_MAX);
    ReplicaPrice {
        usd_per_hour: f64::from(gpus) * gpu,
        ..unpriced()
    }
}

/// Money up front is spread over the hours of the term.
fn reserved(c: &mut Checker, draft: &ReservedDraft, gpus: u32) -> ReplicaPrice {
    let gpu = c.require("reserved.usd_per_gpu_hour", draft.usd_per_gpu_hour, "1.90");
    let months = c.require("reserved.term_months", draft.term_months, "12");
    match draft.term_months {
        Some(0) => c.tell("reserved.term_months", "0 is no term; such as 12"),
        Some(months) => c.within_decade("reserved.term_months", months),
        None => {}
    }
    let up_front_usd = c.amount("reserved.up_front_usd", draft.up_front_usd, 0.0);
    let key = "reserved.usd_per_gpu_hour";
    match draft.usd_per_gpu_hour {
        // What is paid up front as a whole costs nothing an hour.
        Some(usd) if up_front_usd <= 0.0 => c.above_zero(key, usd, USD_PER_GPU_HOUR_MAX),
        _ => c.within(key, gpu, (0.0, USD_PER_GPU_HOUR_MAX)),
    };
    let purchase_usd_per_hour = up_front_usd / (f64::from(months.max(1)) * HOURS_PER_MONTH);
    let usd_per_hour = f64::from(gpus) * gpu + purchase_usd_per_hour;
    ReplicaPrice {
        usd_per_hour,
        purchase_usd_per_hour,
        owed_usd_per_hour: usd_per_hour,
        up_front_usd,
        term_months: Some(months.max(1)),
        as_of: c.require("reserved.as_of", draft.as_of, DATED),
        source: c.require("reserved.source", draft.source.clone(), "\"offer of …\""),
    }
}

#[cfg(test)]
mod tests {
    use crate::economics::examples::{checked, plan_draft};
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
    fn nothing_is_had_for_nothing_or_for_longer_than_ten_years() {
        let of = |change: fn(&mut ReservedDraft)| {
            move |draft: &mut PlanDraft| change(draft.reserved.as_mut().unwrap())
        };
        let key = "reserved.usd_per_gpu_hour";
        let free = of(|draft| draft.usd_per_gpu_hour = Some(0.0));
        refused(free, key, "0 is not above 0");
        let up_front = of(|draft| {
            draft.usd_per_gpu_hour = Some(0.0);
            draft.up_front_usd = Some(30_000.0);
        });
        assert!(reserved(up_front).unwrap().price.usd_per_hour > 3.0);
        let long = of(|draft| draft.term_months = Some(121));
        refused(long, "reserved.term_months", "at most 120");
        reserved(of(|draft| draft.term_months = Some(120))).unwrap();
        let rented = |draft: &mut PlanDraft| {
            draft.reserved = None;
            draft.gpu_usd_per_hour = Some(0.0);
            draft.price_as_of = Some(jiff::civil::date(2026, 9, 1).into());
            draft.price_source = Some("quote".into());
        };
        refused(rented, "gpu_usd_per_hour", "0 is not above 0");
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
    }
}
