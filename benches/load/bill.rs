//! What a provider bills: calls and tokens, counted where they arise.

use std::cell::Cell;

use serde::{Deserialize, Serialize};

/// A sum of calls that were answered to their last byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bill {
    pub(crate) calls: u64,
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
}

impl Bill {
    pub(crate) const fn tokens(&self) -> u64 {
        self.input_tokens + self.output_tokens
    }
}

/// The tokens of one call.
#[derive(Clone, Copy)]
pub(crate) struct Usage {
    pub(crate) input: u64,
    /// The part of the input that came from the provider's cache.
    pub(crate) cached: u64,
    pub(crate) output: u64,
}

impl Usage {
    /// Made up, and different from call to call: errors of two calls cannot cancel out.
    pub(crate) const fn of(serial: u64, request_bytes: u64, answer_pieces: u64) -> Self {
        let input = request_bytes / 4 + serial * 7919 % 101;
        Self {
            input,
            cached: if serial.is_multiple_of(3) {
                input / 2
            } else {
                0
            },
            output: answer_pieces + serial * 104_729 % 89,
        }
    }
}

/// The bill as it grows.
#[derive(Default)]
pub(crate) struct Till {
    bill: Cell<Bill>,
}

impl Till {
    /// Adds a call, once its answer is written.
    pub(crate) fn add(&self, usage: Usage) {
        let bill = self.bill.get();
        self.bill.set(Bill {
            calls: bill.calls + 1,
            input_tokens: bill.input_tokens + usage.input,
            output_tokens: bill.output_tokens + usage.output,
        });
    }

    pub(crate) const fn bill(&self) -> Bill {
        self.bill.get()
    }
}
