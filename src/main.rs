//! The binary: see `tollgate::cli`.

fn main() {}
