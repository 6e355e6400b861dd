//! tollgate: the meter in front of your LLM bill.
//!
//! A reverse proxy that passes every byte of production LLM traffic untouched, counts the tokens of
//! every call, prices it exactly, keeps the totals through a crash, and says on the day it becomes
//! true that hosting the model yourself is cheaper. ARCHITECTURE.md shows the way of a call.

pub mod admin;
pub mod alerts;
pub mod app;
pub mod call;
pub mod cli;
pub mod config;
pub mod demo;
pub mod economics;
pub mod journal;
pub mod ledger;
pub mod measured;
pub mod meter;
pub mod metrics;
pub mod money;
pub mod pricing;
pub mod proxy;
pub mod recorder;
pub mod sign;
pub mod strip;
pub mod tee;
pub mod tokens;
pub mod usage;
pub mod verdict;
pub mod wire;
