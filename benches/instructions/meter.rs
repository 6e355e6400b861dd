//! Whole calls through the meter: `Begin`, both bodies, `End`, on the thread of the client's path.
//!
//! No proxy, no socket and no ledger, so that the count is the same each time.

use anyhow::ensure;
use tokio::runtime::{Builder, Runtime};

use crate::shared::exchange::Exchange;
use crate::shared::house::House;

/// Runs so many calls; each must end as a priced record, or another way was measured.
pub(crate) fn run(exchange: &Exchange, calls: u64) -> anyhow::Result<()> {
    let house = House::open()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    under_measure(&runtime, &house, exchange, calls);
    let priced = house.close()?;
    ensure!(priced == calls, "{priced} of {calls} calls were priced");
    Ok(())
}

/// What is counted: callgrind finds it by its name.
#[inline(never)]
fn under_measure(runtime: &Runtime, house: &House, exchange: &Exchange, calls: u64) {
    runtime.block_on(async {
        for number in 0..calls {
            house.pass(exchange, number).await;
        }
    });
}
