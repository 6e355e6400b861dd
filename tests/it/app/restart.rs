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

/// Leaves in the journal what a process that was killed in the middle of a call leaves there.
fn leave_unfinished(house: &House, row: &Value) {
    let journal = Journal::<()>::open(
        journal::Settings::in_dir(house.data_dir().join("journal")),
        |_, ()| {},
    );
    let journal = journal.unwrap();
    let mut begun = row.clone();
    begun["call_id"] = json!("01910000-0000-7000-8000-000000000000");
    begun["end"] = json!("interrupted");
    begun["status"] = Value::Null;
    // A record leaves out what a row shows as absent.
    begun
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    let body = serde_json::to_vec(&begun).unwrap();
    journal.append(FrameKind::Begin, 0, body, None).unwrap();
    journal.close();
}

#[tokio::test]
async fn a_call_that_was_cut_off_by_a_crash_is_booked_once() {
    let upstream = Upstream::bind().await;
    let house = house(&upstream);
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

    leave_unfinished(&house, &whole[0]);
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
