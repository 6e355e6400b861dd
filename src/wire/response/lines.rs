//! Reads a body of lines, each the result of one call of a batch. Any file may come down the same
//! path; its first line says whether it is one of these.

use std::sync::Arc;

use memchr::memchr;

use super::super::findings::{Findings, Report};
use super::super::kept::TextBudget;
use super::super::scanner::Scanner;
use super::super::spoken::Spoken;
use super::{Body, Format};
use crate::call::Flag;

/// The tier a batch's calls are priced at. Where `OpenAI` names one in their answers, it is that of
/// the same call made alone.
pub(in super::super) const BATCH_TIER: &str = "batch";

/// What a line of results makes of its values.
pub(in super::super) trait Line: Format + Default {
    /// Whether the line that is over is one.
    fn is_result(&self) -> bool;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the end of a line's value.
    Open,
    /// Behind it.
    Told,
    /// No results.
    Foreign,
}

/// The lines of one body.
#[derive(Debug)]
pub(super) struct Lines<R: Line> {
    state: State,
    is_first: bool,
    scanner: Scanner<R::Field>,
    reader: R,
    line: Findings,
    /// What was read and not yet taken.
    results: Vec<Report>,
    /// Of the whole body: only that it ends behind a line.
    findings: Findings,
}

impl<R: Line> Body for Lines<R> {
    fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.state != State::Foreign {
            let end = memchr(b'\n', bytes);
            let (piece, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            self.piece(piece, end.is_some());
            bytes = rest.get(1..).unwrap_or_default();
        }
        let is_within = self.state == State::Open && !self.scanner.is_blank();
        self.findings.report.final_usage = !is_within;
    }

    fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Its lines are no stream, whatever was asked.
    fn expect_stream(&mut self) {}

    /// Nothing in it is to be counted.
    fn keep_text(&mut self, _: &Arc<TextBudget>) {}

    fn take_text(&mut self) -> Option<Box<Spoken>> {
        None
    }

    fn is_endless(&self) -> bool {
        true
    }

    fn take_results(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.results)
    }

    #[cfg(test)]
    fn results(&self) -> &[Report] {
        &self.results
    }
}

impl<R: Line> Lines<R> {
    pub(super) fn new() -> Self {
        let mut findings = Findings::default();
        findings.report.final_usage = true;
        Self {
            state: State::Open,
            is_first: true,
            scanner: Scanner::new(R::paths()),
            reader: R::default(),
            line: Findings::default(),
            results: Vec::new(),
            findings,
        }
    }

    fn piece(&mut self, piece: &[u8], is_last: bool) {
        if self.state == State::Open {
            let Self {
                scanner,
                reader,
                line,
                ..
            } = self;
            scanner.feed(piece, &mut |seen| reader.see(seen, line));
            if scanner.is_complete() {
                self.value_ended();
            } else if scanner.is_malformed() || (is_last && !scanner.is_blank()) {
                self.broken();
            }
        }
        if is_last && self.state != State::Foreign {
            self.state = State::Open;
            self.scanner.reset();
        }
    }

    fn value_ended(&mut self) {
        self.reader.end_text(&mut self.line);
        let reader = std::mem::take(&mut self.reader);
        let line = std::mem::take(&mut self.line);
        if reader.is_result() {
            self.told(line.report);
        } else if self.is_first {
            self.state = State::Foreign;
        } else {
            self.state = State::Told;
        }
    }

    /// Behind a result another one is expected, whatever stands there.
    fn broken(&mut self) {
        self.reader = R::default();
        let mut line = std::mem::take(&mut self.line);
        if self.is_first {
            self.state = State::Foreign;
            return;
        }
        line.flag(Flag::Malformed);
        self.told(Report {
            flags: line.report.flags,
            ..Report::default()
        });
    }

    fn told(&mut self, result: Report) {
        self.is_first = false;
        self.state = State::Told;
        self.results.push(result);
    }
}
