#![expect(
    clippy::float_arithmetic,
    reason = "what a cloud would charge is a projection, not a bill"
)]
//! What a stack in a cloud costs: an instance all day, functions and a gateway by the call.

/// A function that runs once a call and is billed by memory and time, as AWS Lambda bills.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Function {
    /// How long one call runs.
    pub seconds: f64,
    /// The memory it is given.
    pub memory_gb: f64,
    /// Dollars a gigabyte and second.
    pub usd_per_gb_second: f64,
    /// Dollars a call, beside time and memory.
    pub usd_per_call: f64,
}

/// Dollars for so many calls of a function:
/// seconds·memory·calls·`usd_per_gb_second` + calls·`usd_per_call`.
#[must_use]
pub fn lambda_cost(function: &Function, calls: f64) -> f64 {
    function.seconds * function.memory_gb * calls * function.usd_per_gb_second
        + calls * function.usd_per_call
}

/// An instance behind a function behind a gateway.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stack {
    /// The instance, used or idle.
    pub instance_usd_day: f64,
    /// What runs once a call.
    pub function: Function,
    /// The gateway, dollars a million calls.
    pub gateway_usd_per_million: f64,
}

/// Dollars a day for a stack that takes so many calls a day. It says nothing of whether the one
/// instance can carry them.
#[must_use]
pub fn aws_stack_day(stack: &Stack, calls: f64) -> f64 {
    stack.instance_usd_day
        + lambda_cost(&stack.function, calls)
        + calls * stack.gateway_usd_per_million / 1e6
}
