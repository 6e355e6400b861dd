//! The binary: see `tollgate::cli`.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    // A panic's own words may hold what it tripped over: a prompt, for one. Its place says enough.
    std::panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(ToString::to_string);
        tracing::error!(at, "panic");
    }));
    tollgate::cli::run(std::env::args_os(), &tollgate::cli::Tollgate)
}
