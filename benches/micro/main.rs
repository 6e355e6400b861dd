//! What each part of a call's way costs, alone: `cargo bench --bench micro [-- NAME]`.
//!
//! Times are of this machine and this moment; what must not grow unseen is counted in
//! `benches/instructions`. Tokens are not counted here yet: there is no room that does.

mod close;
mod journal;
mod ledger;
mod metrics;
#[path = "../shared/mod.rs"]
#[allow(dead_code, reason = "each bench uses its part")]
mod shared;
mod verdict;
mod wire;

use std::time::Duration;

use criterion::Criterion;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> anyhow::Result<()> {
    let criterion = Criterion::default().warm_up_time(Duration::from_secs(1));
    let mut criterion = criterion
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    wire::requests(&mut criterion);
    wire::answers(&mut criterion);
    wire::chunks(&mut criterion);
    wire::usage(&mut criterion)?;
    close::price(&mut criterion)?;
    close::close(&mut criterion)?;
    close::serialise(&mut criterion)?;
    journal::append(&mut criterion)?;
    ledger::apply(&mut criterion)?;
    metrics::render(&mut criterion)?;
    verdict::record(&mut criterion)?;
    verdict::pass(&mut criterion)?;
    verdict::largest(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}
