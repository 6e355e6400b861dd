//! The proxy between a client and an upstream that the tests play by hand.

mod bodies;
mod egress;
mod ends;
mod headers;
mod http2;
mod inject;
mod ledger_behind;
mod limits;
mod marks;
mod refusals;
mod reload;
mod shutdown;
mod tls;
mod upgrade;
