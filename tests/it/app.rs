//! The whole of tollgate between a scripted upstream and a client: what its rows say.

mod abandoned;
mod answers;
mod background;
mod batches;
mod counted;
mod ends;
mod reloaded;
mod restart;
mod shutdown;
