//! The binary: see `tollgate::cli`.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    tollgate::cli::run(std::env::args_os(), &tollgate::cli::Tollgate)
}
