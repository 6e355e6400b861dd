//! What one process began, the next one finishes: once.

use serde_json::{Value, json};
use tollgate::journal::{self, FrameKind, Journal};

use crate::support::house::{House, check_row};
use crate::support::{Upstream, soon};

const GET: &str = "GET /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

fn house(upstream: &Upstream) -> House {
    let url = upstream.url();
    House::new(&format!(
        "[upstreams.openai]\nbase_url = \"{url}\"\nformat = \"openai\"\n"
    ))
}

/// The rows as a process that has just started shows them.
async fn rows(house: &House, expected: usize) -> Vec<Value> {
    let tollgate = house.start().await.unwrap();
    let rows = tollgate.rows_once(expected).await;
    tollgate.0.stop().await.unwrap();
    rows
}

/// Leaves in the journal what a process that was killed in the middle of a call leaves there: a
/// frame of each kind, and what the call's record said then.
fn leave(house: &House, row: &Value, frames: &[(FrameKind, Value)]) {
    let journal = Journal::<()>::open(
        journal::Settings::in_dir(house.data_dir().join("journal")),
        |_, ()| {},
    );
    let journal = journal.unwrap();
    for (kind, said) in frames {
        let mut record = row.clone();
        let record = record.as_object_mut().unwrap();
        record.extend(said.as_object().unwrap().clone());
        // A record leaves out what a row shows as absent.
        record.retain(|_, value| !value.is_null());
        let body = serde_json::to_vec(&record).unwrap();
        journal.append(*kind, 0, body, None).unwrap();
    }
    journal.close();
}

/// What the begin of an unfinished call says.
fn begun(call_id: &str) -> Value {
    json!({"call_id": call_id, "end": "interrupted", "status": null})
}

/// A house with one call that came to its end, and its row.
async fn house_with_a_call(upstream: &Upstream) -> (House, Value) {
    let house = house(upstream);
    let tollgate = house.start().await.unwrap();
    let mut client = tollgate.connect().await;
    client.send(GET).await;
    let mut server = upstream.accept().await;
    server.head().await;
    server.send(OK).await;
    soon(client.rest()).await;
    let whole = tollgate.rows_once(1).await;
    tollgate.0.stop().await.unwrap();
    assert_eq!(rows(&house, 1).await, whole);
    (house, whole[0].clone())
}

const FIRST: &str = "01910000-0000-7000-8000-000000000000";
const SECOND: &str = "01910000-0000-7000-8000-000000000001";

#[tokio::test]
async fn a_call_that_was_cut_off_by_a_crash_is_booked_once() {
    let upstream = Upstream::bind().await;
    let (house, whole) = house_with_a_call(&upstream).await;
    leave(&house, &whole, &[(FrameKind::Begin, begun(FIRST))]);
    for _ in 0..3 {
        let rows = rows(&house, 2).await;
        check_row(
            "whole",
            &rows[0],
            &json!({"end": "complete", "status": 200}),
        );
        check_row(
            "unfinished",
            &rows[1],
            &json!({"end": "interrupted", "status": null}),
        );
    }
}

#[tokio::test]
async fn what_was_known_last_of_an_unfinished_call_is_booked() {
    let upstream = Upstream::bind().await;
    let (house, whole) = house_with_a_call(&upstream).await;
    let known = |call_id: &str, output: u64| {
        json!({"call_id": call_id, "end": "interrupted", "source": "partial",
            "input_tokens": 25, "output_tokens": output})
    };
    let late = json!({"end": "interrupted", "output_tokens": 99});
    leave(
        &house,
        &whole,
        &[
            (FrameKind::Begin, begun(FIRST)),
            (FrameKind::Begin, begun(SECOND)),
            (FrameKind::Facts, known(FIRST, 1)),
            (FrameKind::Facts, known(SECOND, 1)),
            (FrameKind::Progress, known(FIRST, 7)),
            (FrameKind::Progress, known(FIRST, 9)),
            // Of a call that has ended.
            (FrameKind::Progress, late),
        ],
    );
    for _ in 0..2 {
        let rows = rows(&house, 3).await;
        assert_eq!(rows[0], whole);
        for (row, call_id, output) in [(&rows[1], FIRST, 9), (&rows[2], SECOND, 1)] {
            check_row(call_id, row, &known(call_id, output));
        }
    }
}
