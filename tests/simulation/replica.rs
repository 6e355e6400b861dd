//! One inference server, step by step: continuous batching with chunked prefill.
//!
//! Every step writes one token of each running call and reads in prompts, first come, first served,
//! up to a bound of tokens. Calls are let in while the KV cache has room. Running calls are kept by
//! the step in which they end: a step costs the same however many they are.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::machine::{Machine, Step};

/// Tokens in one step at most, as servers are set by default.
const STEP_TOKENS: u64 = 2_048;

/// One call: seconds since the start of the trace, and tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) arrival: f64,
    pub(crate) input: u64,
    pub(crate) output: u64,
}

/// How much of the KV cache a call is promised when it is let in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Memory {
    /// All it will ever hold: nothing is ever thrown out, and much stays empty if answers are long.
    Reserved,
    /// What it holds on average: the cache is full, and the rare eviction that follows is left out.
    Filled,
}

impl Memory {
    fn promise(self, call: &Call) -> u64 {
        match self {
            Self::Reserved => call.input + call.output,
            Self::Filled => call.input + call.output / 2,
        }
    }
}

/// A running call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Running {
    /// The step after which it has ended.
    ends: u64,
    /// Tokens of context it holds then.
    context: u64,
    promised: u64,
}

/// A call whose prompt is not read to its end.
#[derive(Debug)]
struct Prompt {
    call: Call,
    done: u64,
}

/// A server and what it holds.
#[derive(Debug)]
pub(crate) struct Replica {
    machine: Machine,
    memory: Memory,
    /// The end of the last step, seconds.
    now: f64,
    steps: u64,
    busy: f64,
    waiting: VecDeque<Call>,
    prompts: VecDeque<Prompt>,
    /// The first to end on top.
    running: BinaryHeap<Reverse<Running>>,
    /// Tokens of context of all running calls.
    context: u64,
    /// Tokens of KV cache promised to calls that were let in.
    promised: u64,
    /// First-token times of the calls served, seconds.
    first_tokens: Vec<f64>,
}

impl Replica {
    pub(crate) fn new(machine: Machine, memory: Memory) -> Self {
        Self {
            machine,
            memory,
            now: 0.0,
            steps: 0,
            busy: 0.0,
            waiting: VecDeque::new(),
            prompts: VecDeque::new(),
            running: BinaryHeap::new(),
            context: 0,
            promised: 0,
            first_tokens: Vec::new(),
        }
    }

    /// Calls that wait or run.
    pub(crate) fn calls(&self) -> usize {
        self.waiting.len() + self.prompts.len() + self.running.len()
    }

    pub(crate) fn add(&mut self, call: Call) {
        if self.calls() == 0 {
            self.now = self.now.max(call.arrival);
        }
        self.waiting.push_back(call);
    }

    /// Makes steps until one ends at `time` or later, or nothing is left to do.
    pub(crate) fn run_until(&mut self, time: f64) {
        while self.now < time && self.calls() > 0 {
            self.step();
        }
    }

    /// Seconds in which a step was under way.
    pub(crate) fn busy(&self) -> f64 {
        self.busy
    }

    pub(crate) fn first_tokens(&self) -> &[f64] {
        &self.first_tokens
    }

    /// Lets calls in, in their order, while their KV cache fits.
    fn admit(&mut self) {
        while let Some(call) = self.waiting.front() {
            let tokens = self.memory.promise(call);
            if self.promised > 0 && self.promised + tokens > self.machine.kv_tokens {
                break;
            }
            self.promised += tokens;
            self.prompts.extend(
                self.waiting
                    .pop_front()
                    .map(|call| Prompt { call, done: 0 }),
            );
        }
    }

    fn step(&mut self) {
        self.admit();
        let running = self.running.len() as u64;
        let (read, looked_back, begun) = self.read_prompts(STEP_TOKENS.saturating_sub(running));
        let seconds = self.machine.seconds(Step {
            tokens: (running + read) as f64,
            context: (self.context + looked_back) as f64,
        });
        self.now += seconds;
        self.busy += seconds;
        self.steps += 1;
        self.context += running;
        for call in begun {
            self.first_tokens.push(self.now - call.arrival);
            self.context += call.input + 1;
            self.running.push(Reverse(Running {
                ends: self.steps + call.output.saturating_sub(1),
                context: call.input + call.output.max(1),
                promised: self.memory.promise(&call),
            }));
        }
        self.end_calls();
    }

    /// Reads prompts, up to `budget` tokens: tokens read, tokens of context looked back on, and the
    /// calls whose prompt is through.
    fn read_prompts(&mut self, mut budget: u64) -> (u64, u64, Vec<Call>) {
        let (mut read, mut looked_back, mut begun) = (0, 0, Vec::new());
        while let Some(prompt) = self.prompts.front_mut() {
            let chunk = budget.min(prompt.call.input - prompt.done);
            looked_back += prompt.done;
            prompt.done += chunk;
            read += chunk;
            budget -= chunk;
            if prompt.done < prompt.call.input || (budget == 0 && chunk == 0) {
                break;
            }
            begun.extend(self.prompts.pop_front().map(|prompt| prompt.call));
        }
        (read, looked_back, begun)
    }

    fn end_calls(&mut self) {
        while let Some(Reverse(call)) = self.running.peek().copied() {
            if call.ends > self.steps {
                break;
            }
            self.running.pop();
            self.context -= call.context;
            self.promised -= call.promised;
        }
    }
}
