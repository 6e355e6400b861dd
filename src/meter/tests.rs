//! A call that has to be counted leaves one record, whatever becomes of its count. What a reload
//! changes of calls in flight: `reloads`.

mod reloads;

use std::collections::BTreeMap;
use std::sync::mpsc as plain;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::*;
use crate::call::Flag;
use crate::tee::Observer;
use crate::wire::TextBudget;

const ASKED: &[u8] = br#"{"model":"gpt-4o","stream":true,"messages":[]}"#;
const DELTA: &[u8] =
    b"data: {\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"yes\"}}]}\n\n";
const USAGE: &[u8] = b"data: {\"model\":\"gpt-4o\",\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":1}}\n\n";
const DONE: &[u8] = b"data: [DONE]\n\n";

struct Stage {
    meter: Meter,
    /// Of the calls to come.
    prices: ArcSwap<PriceBook>,
    records: plain::Receiver<Box<CallRecord>>,
    jobs: mpsc::Receiver<Job>,
    budget: Arc<TextBudget>,
    dir: TempDir,
}

impl Stage {
    fn set(share: f64) -> Self {
        let dir = TempDir::new().unwrap();
        let (sender, records) = plain::sync_channel(8);
        let settings = crate::journal::Settings::in_dir(dir.path());
        let sink = move |_, entry| {
            if let Entry::Ended(call) = entry {
                sender.send(call.record).unwrap();
            }
        };
        let journal = Journal::open(settings, sink).unwrap();
        let (queue, jobs) = mpsc::channel(8);
        let budget = TextBudget::new(1 << 20);
        let counting = Counting {
            queue,
            budget: Arc::clone(&budget),
            studies: Arc::new(Studies::new(share)),
            looks: Arc::new(Semaphore::new(LOOKS_MAX)),
        };
        let settings = Settings {
            places: 8,
            ack_wait: Duration::from_millis(5),
            strict_ack: false,
        };
        let none = crate::pricing::Settings {
            prices: Vec::new(),
            fx: Vec::new(),
        };
        let prices = ArcSwap::from_pointee(PriceBook::new(none).unwrap());
        let confirm = Box::new(|_: &str, _, _| {});
        Self {
            meter: Meter::new(settings, journal, confirm, Some(counting)),
            prices,
            records,
            jobs,
            budget,
            dir,
        }
    }

    /// Passes a call; its answer is left where it ends.
    fn pass(&self, events: &[&[u8]]) {
        drop(self.answered(ASKED, "text/event-stream", events));
    }

    /// A call whose answer goes on.
    fn answered(
        &self,
        asked: &'static [u8],
        kind: &'static str,
        parts: &[&[u8]],
    ) -> ResponseObserver {
        self.answered_at("/v1/chat/completions", asked, kind, parts)
    }

    fn answered_at(
        &self,
        path: &str,
        asked: &'static [u8],
        kind: &'static str,
        parts: &[&[u8]],
    ) -> ResponseObserver {
        let call = self.begin(7, Method::POST, path);
        let mut request = call.request_observer();
        assert!(request.on_data(&Bytes::from_static(asked)).is_none());
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
        let mut answer = call.respond(StatusCode::OK, &headers);
        for part in parts {
            drop(answer.on_data(&Bytes::copy_from_slice(part)));
        }
        answer
    }

    /// What is looked at when so many seconds have passed.
    fn look(&mut self, after: u64) -> Option<Box<Look>> {
        self.meter.mark(Instant::now() + Duration::from_secs(after));
        match self.jobs.try_recv() {
            Ok(Job::Look(look)) => Some(look),
            Ok(Job::Count(_) | Job::Study(_) | Job::Stop) => panic!("no look"),
            Err(_) => None,
        }
    }

    fn begin(&self, number: u128, method: Method, path: &str) -> CallMeter {
        self.begin_at(Timestamp::UNIX_EPOCH, number, method, path)
    }

    fn begin_at(
        &self,
        started_at: Timestamp,
        number: u128,
        method: Method,
        path: &str,
    ) -> CallMeter {
        let upstream = UpstreamFacts {
            name: "openai".to_owned(),
            format: WireFormat::OpenAi,
            role: Role::Provider,
            billed: true,
            price_list: "openai".to_owned(),
            prices: self.prices.load_full(),
            would_cost_as: None,
            region: None,
        };
        let arrival = Arrival {
            call_id: CallId(uuid::Uuid::from_u128(number)),
            started_at,
            upstream: Arc::new(upstream),
            method,
            path: path.to_owned(),
            tenant: None,
            dimensions: BTreeMap::new(),
        };
        self.meter.begin(arrival).unwrap()
    }

    fn uncounted(&mut self) -> Uncounted {
        match self.jobs.try_recv() {
            Ok(Job::Count(call)) => call,
            Ok(Job::Look(_) | Job::Study(_) | Job::Stop) | Err(_) => {
                panic!("nothing is to be counted")
            }
        }
    }

    /// The one record.
    fn record(self) -> CallRecord {
        let budget = Arc::clone(&self.budget);
        drop(self.jobs);
        let record = self.records.recv().unwrap();
        assert!(self.records.try_recv().is_err(), "two records");
        assert_eq!(budget.held(), 0, "text is still kept");
        *record
    }
}

fn whole(tokens: u64) -> Count {
    let is_floor = false;
    Count { tokens, is_floor }
}

#[test]
fn what_was_counted_is_what_the_record_says() {
    let mut stage = Stage::set(0.0);
    stage.pass(&[DELTA, DONE]);
    let call = stage.uncounted();
    let texts = call.texts().unwrap();
    assert_eq!(texts.request.as_ref().unwrap().body().unwrap(), ASKED);
    assert_eq!(texts.spoken.as_ref().unwrap().choices()[0].text, "yes");
    let (input, output) = (Some(whole(3)), Some(whole(1)));
    call.close(Counts {
        input,
        output,
        tokenizer: Some("o200k_base".into()),
        ..Counts::default()
    });
    let record = stage.record();
    assert_eq!((record.end, record.complete), (StreamEnd::Complete, true));
    assert_eq!(record.source, Some(UsageSource::Counted));
    assert_eq!(record.tokenizer.as_deref(), Some("o200k_base"));
    assert_eq!(
        (record.usage.input, record.usage.output),
        (Some(3), Some(1))
    );
}

#[test]
fn a_side_of_which_a_part_was_counted_is_not_claimed() {
    let mut stage = Stage::set(0.0);
    stage.pass(&[DELTA, DONE]);
    let (input, is_floor) = (Some(whole(3)), true);
    let output = Some(Count {
        tokens: 1,
        is_floor,
    });
    stage.uncounted().close(Counts {
        input,
        output,
        ..Counts::default()
    });
    let record = stage.record();
    assert_eq!(record.source, Some(UsageSource::Unknown));
    assert_eq!((record.usage.input, record.usage.output), (Some(3), None));
    assert!(record.flags.contains(&Flag::LowerBound), "{record:?}");
}

#[test]
fn a_count_that_is_given_up_leaves_the_call_unknown() {
    let mut stage = Stage::set(0.0);
    stage.pass(&[DELTA]);
    drop(stage.uncounted());
    let record = stage.record();
    assert_eq!(record.source, Some(UsageSource::Unknown));
    assert_eq!(record.end, StreamEnd::ClientGone);
}

#[test]
fn where_nobody_counts_any_more_the_call_ends_at_once() {
    let mut stage = Stage::set(0.0);
    stage.jobs.close();
    stage.pass(&[DELTA, DONE]);
    assert_eq!(stage.record().source, Some(UsageSource::Unknown));
}

#[test]
fn a_reported_call_is_counted_by_nobody() {
    let mut stage = Stage::set(0.0);
    stage.pass(&[DELTA, USAGE, DONE]);
    assert!(stage.jobs.try_recv().is_err());
    assert_eq!(stage.record().source, Some(UsageSource::Reported));
}

#[test]
fn an_input_that_is_left_out_is_counted_and_the_output_stays_as_reported() {
    let mut stage = Stage::set(0.0);
    let last: &[u8] = b"{\"model\":\"gpt-4o\",\"done\":true,\"eval_count\":1}\n";
    let says: &[u8] = b"{\"message\":{\"content\":\"yes\"},\"done\":false}\n";
    let kind = "application/x-ndjson";
    drop(stage.answered_at("/api/chat", ASKED, kind, &[says, last]));
    let call = stage.uncounted();
    let texts = call.texts().unwrap();
    assert!(texts.request.is_some() && texts.spoken.is_none());
    call.close(Counts {
        input: Some(whole(3)),
        ..Counts::default()
    });
    let record = stage.record();
    assert_eq!(record.source, Some(UsageSource::Partial));
    assert_eq!(
        (record.usage.input, record.usage.output),
        (Some(3), Some(1))
    );
}

#[test]
fn a_model_is_studied_until_it_is_known() {
    let mut stage = Stage::set(f64::MIN_POSITIVE);
    let studies = Arc::clone(&stage.meter.0.counting.as_ref().unwrap().studies);
    stage.pass(&[DELTA, USAGE, DONE]);
    let Ok(Job::Study(lesson)) = stage.jobs.try_recv() else {
        panic!("not studied");
    };
    assert_eq!(
        (lesson.model.as_str(), lesson.usage.output),
        ("gpt-4o", Some(1))
    );
    assert_eq!(
        lesson.texts.spoken.as_ref().unwrap().choices()[0].text,
        "yes"
    );
    drop(lesson);
    studies.know("gpt-4o");
    stage.pass(&[DELTA, USAGE, DONE]);
    assert!(stage.jobs.try_recv().is_err());
    assert_eq!(stage.budget.held(), 0);
}

#[test]
fn a_call_that_lasts_leaves_what_was_counted_at_the_last_look() {
    let mut stage = Stage::set(0.0);
    let mut answer = stage.answered(ASKED, "text/event-stream", &[DELTA]);
    assert!(stage.look(4).is_none(), "too young");
    let look = stage.look(6).unwrap();
    assert_eq!(
        look.texts().spoken.as_ref().unwrap().choices()[0].text,
        "yes"
    );
    let counts = |input, output| Counts {
        input,
        output: Some(whole(output)),
        ..Counts::default()
    };
    look.keep(counts(Some(whole(3)), 1));
    let leaves = |stage: &Stage| {
        let open = stage.meter.0.open.any().unwrap();
        open.leaves(CallRecord::clone).unwrap()
    };
    let left = leaves(&stage);
    assert_eq!(
        (left.end, left.source),
        (StreamEnd::Interrupted, Some(UsageSource::Counted))
    );
    assert_eq!((left.usage.input, left.usage.output), (Some(3), Some(1)));
    drop(answer.on_data(&Bytes::from_static(DELTA)));
    assert!(stage.look(11).is_none(), "not yet twice as old");
    let look = stage.look(13).unwrap();
    assert_eq!(
        look.texts().spoken.as_ref().unwrap().choices()[0].text,
        "yesyes"
    );
    assert_eq!(look.input(), Some(whole(3)));
    look.keep(counts(None, 2));
    let left = leaves(&stage);
    assert_eq!((left.usage.input, left.usage.output), (Some(3), Some(2)));
    // What it leaves is of no account once it ends.
    let late = stage.look(30).unwrap();
    drop(answer);
    let call = stage.uncounted();
    late.keep(counts(None, 9));
    call.close(counts(Some(whole(3)), 4));
    let record = stage.record();
    assert_eq!(
        (record.end, record.usage.output),
        (StreamEnd::ClientGone, Some(4))
    );
}

const WHOLE: &[u8] = br#"{"model":"gpt-4o","messages":[]}"#;

#[test]
fn of_a_whole_answer_nothing_is_kept_until_its_server_leaves_out_the_usage() {
    let mut stage = Stage::set(0.0);
    let body = br#"{"model":"gpt-4o","choices":[{"index":0,"message":{"content":"yes"}}]}"#;
    for kept in [None, Some("yes")] {
        let answer = stage.answered(WHOLE, "application/json", &[body]);
        drop(answer.on_end(StreamEnd::Complete));
        let call = stage.uncounted();
        let spoken = call.texts().unwrap().spoken.as_ref();
        let text = spoken.map(|spoken| spoken.choices()[0].text.clone());
        assert_eq!(text.as_deref(), kept);
        assert_eq!(
            call.texts()
                .unwrap()
                .request
                .as_ref()
                .unwrap()
                .body()
                .unwrap(),
            WHOLE
        );
        drop(call);
        stage.records.recv().unwrap();
    }
    assert_eq!(stage.budget.held(), 0);
}

/// The first call of a model teaches, however it is answered.
#[test]
fn a_whole_answer_of_a_new_model_is_studied() {
    let mut stage = Stage::set(f64::MIN_POSITIVE);
    let body = br#"{"model":"gpt-4o-2024-08-06","choices":[{"index":0,"message":{"content":"yes"}}],"usage":{"prompt_tokens":7,"completion_tokens":1}}"#;
    let answer = stage.answered(WHOLE, "application/json", &[body]);
    drop(answer.on_end(StreamEnd::Complete));
    let Ok(Job::Study(lesson)) = stage.jobs.try_recv() else {
        panic!("not studied");
    };
    assert_eq!(lesson.asked_model.as_deref(), Some("gpt-4o"));
    assert_eq!(
        lesson.texts.spoken.as_ref().unwrap().choices()[0].text,
        "yes"
    );
}

const RESPONSE: &[u8] = br#"{"id":"resp_1","status":"completed","background":true,"model":"gpt-4o","usage":{"input_tokens":7,"output_tokens":1}}"#;

/// Two look-ups of one response last, and the process dies: it is billed by what one of them leaves,
/// or by one of their ends, and not by both.
#[test]
fn what_look_ups_leave_bills_a_response_once() {
    let stage = Stage::set(0.0);
    let look_up = |number| {
        let call = stage.begin(number, Method::GET, "/v1/responses/resp_1");
        let mut answer = call.respond(StatusCode::OK, &HeaderMap::new());
        assert!(answer.on_data(&Bytes::from_static(RESPONSE)).is_none());
        answer
    };
    let lasting = [1, 2].map(look_up);
    stage.meter.mark(Instant::now() + MARK_EVERY);
    let marks = || -> Vec<CallRecord> {
        let frames = crate::journal::frames(stage.dir.path(), 1).unwrap();
        let frames = frames.map(|frame| frame.unwrap());
        let marks = frames.filter(|frame| frame.kind == crate::journal::FrameKind::Facts);
        marks
            .map(|frame| serde_json::from_slice(&frame.body).unwrap())
            .collect()
    };
    let mut left = marks();
    while left.len() < 2 {
        std::thread::yield_now();
        left = marks();
    }
    assert_eq!(left.len(), 2);
    for answer in lasting {
        drop(answer.on_end(StreamEnd::Complete));
    }
    let ended = [(); 2].map(|()| *stage.records.recv().unwrap());
    let billed = |records: &[CallRecord]| -> Vec<CallId> {
        let billed = records.iter().filter(|record| record.source.is_some());
        billed.map(|record| record.call_id).collect()
    };
    assert_eq!(billed(&left).len(), 1);
    assert_eq!(billed(&ended), billed(&left));
}
