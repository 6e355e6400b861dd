//! Streams cut off: the running count up to a cut against the count of the text up to there.

use fastrand::Rng;
use tollgate::tokens::{Encoding, StreamCounter, Tokenizer};

use crate::answer::Answer;
use crate::exchange::Exchange;
use crate::figures::{Figures, Rows};

/// How often each stream is cut.
const CUTS: usize = 10;

/// What came of the cuts.
#[derive(Default)]
pub(crate) struct Cut {
    pub(crate) streams: usize,
    /// The running count.
    pub(crate) running: Figures,
    /// The counts of the pieces, added up: what a simple counter would do.
    pub(crate) pieces: Figures,
}

/// Cuts every stream of text at ten random places.
pub(crate) fn cut(exchanges: &[Exchange]) -> Cut {
    let mut rng = Rng::with_seed(10);
    let mut cut = Cut::default();
    for exchange in exchanges.iter().filter(|exchange| exchange.streaming) {
        let answer = Answer::read(exchange).unwrap_or_default();
        if answer.pieces.len() < 2 {
            continue;
        }
        cut.streams += 1;
        let encoding = Encoding::for_model(&exchange.model);
        for _ in 0..CUTS {
            let seen = &answer.pieces[..rng.usize(1..=answer.pieces.len())];
            let mut counter = StreamCounter::new(encoding);
            for piece in seen {
                counter.push(piece);
            }
            let whole = independent(encoding, &seen.concat());
            cut.running.add(whole, counter.tokens());
            let alone = seen.iter().map(|piece| Tokenizer.count(encoding, piece));
            cut.pieces.add(whole, alone.sum());
        }
    }
    cut
}

/// By another crate, written apart from tollgate's engine.
fn independent(encoding: Encoding, text: &str) -> u64 {
    let tokens = match encoding {
        Encoding::O200k => bpe_openai::o200k_base().count(text),
        Encoding::Cl100k => bpe_openai::cl100k_base().count(text),
    };
    u64::try_from(tokens).unwrap()
}

impl Cut {
    pub(crate) fn table(&self) -> String {
        let mut rows = Rows::default();
        let name = |what: &str| format!("{} streams, {what}", self.streams);
        *rows.row(&name("running count")) = self.running.clone();
        *rows.row(&name("pieces counted alone")) = self.pieces.clone();
        rows.table("counted")
    }
}
