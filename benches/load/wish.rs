//! What a call asks of the mock. It is said in the prompt: the one part of a call that every proxy
//! passes on, those that translate included. The name of the model stays free to be a real one.

use std::fmt;

use memchr::memmem;
use serde::{Deserialize, Serialize};

const OPENING: &[u8] = b"[[mock ";
const CLOSING: &[u8] = b"]]";

/// How the mock answers one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Wish {
    /// One JSON document of about so many bytes.
    Whole { bytes: usize },
    /// So many chunks. With a gap each chunk says when it was written; without one they follow
    /// each other as fast as they can, each in a write of its own.
    Stream { chunks: u64, gap_us: u64 },
    /// A chunk each gap, until the mock is told to release its streams.
    Held { gap_us: u64 },
}

impl Wish {
    /// Whether the client asks for a stream.
    pub(crate) const fn streams(self) -> bool {
        !matches!(self, Self::Whole { .. })
    }

    /// Reads the wish out of a call's body; without one the answer is short and whole.
    pub(crate) fn of(body: &[u8]) -> Self {
        said(body).unwrap_or(Self::Whole { bytes: 1024 })
    }
}

fn said(body: &[u8]) -> Option<Wish> {
    let from = memmem::find(body, OPENING)? + OPENING.len();
    let rest = body.get(from..)?;
    let text = std::str::from_utf8(rest.get(..memmem::find(rest, CLOSING)?)?).ok()?;
    let mut words = text.split_ascii_whitespace();
    let kind = words.next()?;
    let mut number = || words.next()?.parse::<u64>().ok();
    match kind {
        "whole" => Some(Wish::Whole {
            bytes: usize::try_from(number()?).ok()?,
        }),
        "stream" => Some(Wish::Stream {
            chunks: number()?,
            gap_us: number()?,
        }),
        "held" => Some(Wish::Held { gap_us: number()? }),
        _ => None,
    }
}

impl fmt::Display for Wish {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole { bytes } => write!(out, "[[mock whole {bytes}]]"),
            Self::Stream { chunks, gap_us } => write!(out, "[[mock stream {chunks} {gap_us}]]"),
            Self::Held { gap_us } => write!(out, "[[mock held {gap_us}]]"),
        }
    }
}
