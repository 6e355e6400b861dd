//! The binary: see `tollgate::cli`.

use std::ops::ControlFlow;
use std::process::ExitCode;

use serde_json::Value;
use tollgate::call::CallRecord;
use tollgate::cli::{
    Addresses, Checked, DemoPlan, Failure, House, Options, Range, Running, Settings, TotalsQuery,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tollgate::cli::run(std::env::args_os(), &Unfurnished)
}

/// A house without rooms: until `app` stands here, only `mock` and the help can work.
struct Unfurnished;

/// Nothing runs in it.
enum Nothing {}

fn missing<T>() -> Result<T, Failure> {
    Err(Failure::work("this build has no proxy").remedy("`tollgate mock` works"))
}

impl Running for Nothing {
    fn addresses(&self) -> &Addresses {
        match *self {}
    }

    async fn stop(self) -> Result<(), Failure> {
        match self {}
    }
}

impl House for Unfurnished {
    type Running = Nothing;

    async fn serve(&self, _: &Options) -> Result<Nothing, Failure> {
        missing()
    }

    async fn demo(&self, _: DemoPlan) -> Result<Nothing, Failure> {
        missing()
    }

    fn check(&self, _: &Options) -> Result<Checked, Failure> {
        missing()
    }

    fn settings(&self, _: &Options) -> Result<Settings, Failure> {
        missing()
    }

    fn totals(&self, _: &Options, _: &TotalsQuery) -> Result<Value, Failure> {
        missing()
    }

    fn calls(
        &self,
        _: &Options,
        _: Range,
        _: &mut dyn FnMut(&CallRecord) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        missing()
    }

    fn breakeven(&self, _: &Options) -> Result<Value, Failure> {
        missing()
    }
}
