//! What an append answers: nearly always that the frame is in the file, else something to wait for.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use super::JournalError;

/// Whether the frame is in the file (not yet synced). It can be dropped.
#[derive(Debug)]
pub enum Ack {
    /// Its write has been tried.
    Settled(Result<(), JournalError>),
    /// Somebody else writes it.
    Pending(Pending),
}

impl Ack {
    /// Waits on a thread of its own; panics inside an async runtime.
    pub fn wait(self) -> Result<(), JournalError> {
        match self {
            Self::Settled(answer) => answer,
            Self::Pending(Pending(told)) => {
                told.blocking_recv().unwrap_or(Err(JournalError::Closed))
            }
        }
    }
}

/// Ready once somebody else has tried to write the frame.
#[derive(Debug)]
pub struct Pending(oneshot::Receiver<Result<(), JournalError>>);

impl Pending {
    pub(super) const fn new(told: oneshot::Receiver<Result<(), JournalError>>) -> Self {
        Self(told)
    }
}

impl Future for Pending {
    type Output = Result<(), JournalError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(cx)
            .map(|answer| answer.unwrap_or(Err(JournalError::Closed)))
    }
}
