//! Torture of the durable path: kills, power cuts at any write, and restarts under load.
//!
//! A short form of each runs with all other tests; the variables that each file names set longer
//! ones. Each part is also run with its guard removed, to prove that it can see loss.

#[cfg(test)]
mod kill;
#[cfg(test)]
mod load;
#[cfg(test)]
mod money;
#[cfg(test)]
mod power;
#[cfg(test)]
mod preload;
#[cfg(test)]
mod rolling;
#[cfg(test)]
mod soak;
#[cfg(test)]
mod stall;
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
