//! The verdict over weeks, in minutes: the real binary by a clock that is set from outside, and real
//! traffic call by call through it.
//!
//! What the binary then says is held against pure functions of the same calls, and against `backtest`.

#[cfg(test)]
mod alerted;
#[cfg(test)]
mod clock;
#[cfg(test)]
mod earlier;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod hours;
#[cfg(test)]
mod idle;
#[cfg(test)]
mod lanes;
#[cfg(test)]
mod late;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod looks;
#[cfg(test)]
mod pencil;
#[cfg(test)]
#[path = "../torture/preload.rs"]
#[expect(dead_code, reason = "the torture tests use the rest of it")]
mod preload;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod record;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod scraped;
#[cfg(test)]
mod season;
#[cfg(test)]
#[path = "../acceptance/support/mod.rs"]
#[expect(dead_code, reason = "the acceptance tests use the rest of it")]
mod support;
#[cfg(test)]
mod weeks;
#[cfg(test)]
mod year;
