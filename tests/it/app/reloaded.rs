//! What a reload changes of a call in flight: nothing. The next one has the new price.

use serde_json::json;

use crate::support::house::{House, Running, check_row};
use crate::support::wire::Wire;
use crate::support::{Upstream, soon};

const ASKED: &str = r#"{"model":"m","messages":[]}"#;
const HEAD: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\n";
const ANSWER: &str =
    r#"{"model":"m","choices":[],"usage":{"prompt_tokens":1000000,"completion_tokens":0}}"#;

fn config(upstream: &Upstream, price: &str) -> String {
    let url = upstream.url();
    format!(
        "[server]\nwatch = false\n[upstreams.openai]\nbase_url = \"{url}\"\nformat = \"openai\"\n\
         [[prices]]\nlist = \"openai\"\nsource = \"test\"\noutput_usd_per_mtok = 0\n{price}\n"
    )
}

/// Begins a call; its answer is up to the upstream.
async fn begin(tollgate: &Running, upstream: &Upstream) -> (Wire, Wire) {
    let mut client = tollgate.connect().await;
    let length = ASKED.len();
    client
        .send(format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{ASKED}"
        ))
        .await;
    let mut server = upstream.accept().await;
    server.head().await;
    server.expect(ASKED).await;
    (client, server)
}

async fn end((mut client, mut server): (Wire, Wire)) {
    let length = ANSWER.len();
    let answer = format!("{HEAD}content-length: {length}\r\n\r\n{ANSWER}");
    server.send(answer).await;
    soon(client.rest()).await;
}

#[tokio::test]
async fn a_call_in_flight_keeps_the_price_it_began_with() {
    let upstream = Upstream::bind().await;
    let old = "match = \"m\"\nfrom = 2026-01-01\ninput_usd_per_mtok = 2";
    let house = House::new(&config(&upstream, old));
    let tollgate = house.start().await.unwrap();
    let new = [
        // The entry itself, against the rules of dated facts.
        "match = \"m\"\nfrom = 2026-01-01\ninput_usd_per_mtok = 3",
        // As it should be.
        "match = \"m\"\nfrom = 2026-02-01\ninput_usd_per_mtok = 4",
        "match = \"another\"\nfrom = 2026-01-01\ninput_usd_per_mtok = 5",
    ];
    for price in new {
        let call = begin(&tollgate, &upstream).await;
        house.configure(&config(&upstream, price));
        tollgate.0.reload().unwrap();
        end(call).await;
    }
    end(begin(&tollgate, &upstream).await).await;
    let rows = tollgate.rows_once(4).await;
    for (row, (id, usd)) in rows.iter().zip([
        (json!("openai/m@2026-01-01"), json!("2")),
        (json!("openai/m@2026-01-01"), json!("3")),
        (json!("openai/m@2026-02-01"), json!("4")),
        (json!(null), json!(null)),
    ]) {
        check_row("price", row, &json!({"price_id": id, "cost_usd": usd}));
    }
    tollgate.0.stop().await.unwrap();
}
