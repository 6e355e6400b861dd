//! How long a question takes, on a ledger of 90 million calls: `cargo bench --bench queries`.
//!
//! The ledger is made through the import of history, so its totals are what 90 million calls would
//! leave. Questions that the ledger is slow to answer are bugs; what reading costs the call path is
//! measured by the load rig: `cargo bench --bench load -- --readers`. Behind `--` the parts that are
//! wanted: `questions`, `groups`, `start`, `busy`, `reprice`.

#![expect(
    clippy::float_arithmetic,
    clippy::print_stdout,
    reason = "measurements are printed, and bill nobody"
)]

mod busy;
mod clock;
mod groups;
mod past;
mod questions;
mod reprice;
#[path = "../shared/mod.rs"]
#[allow(dead_code, reason = "each bench uses its part")]
mod shared;
mod start;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> anyhow::Result<()> {
    let only: Vec<String> = std::env::args().skip(1).collect();
    if let [word, name, dir] = only.as_slice()
        && word == busy::OPEN
    {
        return busy::open(name, dir.as_ref());
    }
    if let [word, dir] = only.as_slice()
        && word == reprice::AGAIN
    {
        return reprice::again(dir.as_ref());
    }
    let asked = |name: &str| {
        let mut named = only
            .iter()
            .filter(|only| !only.starts_with("--"))
            .peekable();
        named.peek().is_none() || named.any(|only| only == name)
    };
    if asked("questions") {
        questions::run()?;
    }
    if asked("groups") {
        groups::run()?;
    }
    if asked("start") {
        start::run()?;
    }
    if asked("busy") {
        busy::run()?;
    }
    if asked("reprice") {
        reprice::run()?;
    }
    Ok(())
}
