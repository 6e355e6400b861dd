//! Torture of the durable path: power cuts at any write, and restarts under load.
//!
//! A short form of each runs with all other tests; `TOLLGATE_POWER_IMAGES`, `TOLLGATE_POWER_SEED` and
//! `TOLLGATE_RESTART_ROUNDS` set longer ones. The kill -9 loop is with the acceptance tests.

#[cfg(test)]
mod load;
#[cfg(test)]
mod money;
#[cfg(test)]
mod power;
#[cfg(test)]
mod rolling;
#[cfg(test)]
#[path = "../acceptance/support/mod.rs"]
#[expect(dead_code, reason = "the acceptance tests use the rest of it")]
mod support;

/// A number from the environment, or its default.
#[cfg(test)]
fn setting<T: std::str::FromStr>(name: &str, default: T) -> T {
    let set = std::env::var(name).ok();
    set.and_then(|text| text.parse().ok()).unwrap_or(default)
}
