//! How prices fell, how they may go on falling, and what small models in front of a large one save.

use super::{Claim, PRINTED, ROUNDED, Verdict, change, times, usd};
use crate::economics::forecast::required_growth;
use crate::economics::price::price_change;
use crate::economics::routing::{Routing, routing_mix};

pub(super) const CLAIMS: &[Claim] = &[
    Claim {
        says: "From GPT-4 to GPT-4o, input fell by 83 %",
        claimed: change(-0.83),
        holds: || price_change(0.03, 0.005).map(change),
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "$0.03 to $0.005 per 1K",
    },
    Claim {
        says: "From GPT-4 to GPT-4o, output fell by 75 %",
        claimed: change(-0.75),
        holds: || price_change(0.06, 0.015).map(change),
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "$0.06 to $0.015",
    },
    Claim {
        says: "GLM-3 Turbo fell by 80 %",
        claimed: change(-0.8),
        holds: || price_change(5.0, 1.0).map(change),
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "5 to 1 CNY per million tokens",
    },
    Claim {
        says: "OpenAI's small embeddings fell by 80 %",
        claimed: change(-0.8),
        holds: || price_change(0.000_1, 0.000_02).map(change),
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "$0.0001 to $0.00002 per 1K",
    },
    Claim {
        says: "gpt-3.5-turbo-0125: input fell by 50 %",
        claimed: change(-0.5),
        holds: || price_change(0.001, 0.000_5).map(change),
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "$0.001 to $0.0005 per 1K",
    },
    Claim {
        says: "gpt-3.5-turbo-0125: output fell by 25 %",
        claimed: change(-0.25),
        holds: || price_change(0.002, 0.001_5).map(change),
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "$0.002 to $0.0015",
    },
    Claim {
        says: "Doubao is 99.3 % cheaper than the industry",
        claimed: change(-0.993),
        holds: || price_change(0.12, 0.000_8).map(change),
        within: PRINTED,
        otherwise: Verdict::Off,
        because: "0.0008 against 0.12 CNY per 1K",
    },
    Claim {
        says: "Prices fall by 50 % a year",
        claimed: change(-0.5),
        holds: || Some(volume_to_stand_still(0.5)),
        within: PRINTED,
        otherwise: Verdict::Assumed,
        because: "a scenario: the volume has to grow so much in a year for hosting to stay as good \
                  as it is",
    },
    Claim {
        says: "Prices fall by 75 % a year",
        claimed: change(-0.75),
        holds: || Some(volume_to_stand_still(0.75)),
        within: PRINTED,
        otherwise: Verdict::Assumed,
        because: "",
    },
    Claim {
        says: "Small models together give a large one's results at a small one's price",
        claimed: usd(ROUTED.small_usd_per_call, "a call"),
        holds: || Some(usd(routing_mix(&ROUTED, 0.7), "a call")),
        within: ROUNDED,
        otherwise: Verdict::CountsTooLittle,
        because: "with 70 % of calls on small ones, a tenth of them repeated, and a router at \
                  $0.0002; the large one takes $0.13",
    },
];

const ROUTED: Routing = Routing {
    big_usd_per_call: 0.13,
    small_usd_per_call: 0.003,
    router_usd_per_call: 0.000_2,
    escalation: 0.1,
};

fn volume_to_stand_still(decline: f64) -> super::Amount {
    let (_, factor_per_year) = required_growth(decline, 0.0);
    times(factor_per_year, "the volume")
}
