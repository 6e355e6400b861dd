//! What every acceptance test needs: the process, an upstream that does as it is told, a client,
//! and the exported rows.

pub(crate) mod before;
pub(crate) mod client;
pub(crate) mod http1;
pub(crate) mod prometheus;
pub(crate) mod rows;
pub(crate) mod shared;
pub(crate) mod tollgate;
pub(crate) mod totals;
pub(crate) mod upstream;
