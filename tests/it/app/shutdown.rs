//! How a process ends while somebody is still there.

use serde_json::json;
use tollgate::app::App;

use crate::support::house::{House, Running, check_row};
use crate::support::wire::Wire;
use crate::support::{Upstream, soon};

const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const POST: &str = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}";

struct Stage {
    upstream: Upstream,
    house: House,
    tollgate: Running,
}

impl Stage {
    async fn set(drain: &str) -> Self {
        let upstream = Upstream::bind().await;
        let url = upstream.url();
        let house = House::new(&format!(
            "[server]\ndrain = \"{drain}\"\n\
             [upstreams.openai]\nbase_url = \"{url}\"\nformat = \"openai\"\n"
        ));
        let tollgate = house.start().await.unwrap();
        Self {
            upstream,
            house,
            tollgate,
        }
    }

    /// A call whose answer has begun.
    async fn answered(&self) -> (Wire, Wire) {
        let mut client = self.tollgate.connect().await;
        client.send(POST).await;
        let mut server = self.upstream.accept().await;
        server.head().await;
        server.send(CHUNKED).await;
        client.head().await;
        (client, server)
    }
}

/// The call was ours to cut: its client is still there.
async fn check_interrupted(house: &House) {
    let tollgate = house.start().await.unwrap();
    let rows = tollgate.rows_once(1).await;
    check_row(
        "cut",
        &rows[0],
        &json!({"end": "interrupted", "status": 200, "source": "unknown", "complete": false}),
    );
}

#[tokio::test]
async fn what_the_drain_limit_cuts_was_interrupted() {
    let stage = Stage::set("50ms").await;
    let (mut client, _server) = stage.answered().await;
    soon(stage.tollgate.0.stop()).await.unwrap();
    client.rest().await;
    check_interrupted(&stage.house).await;
}

#[tokio::test]
async fn what_a_second_signal_cuts_was_interrupted() {
    let stage = Stage::set("10m").await;
    let (_client, _server) = stage.answered().await;
    let again = App::shutdown(&stage.tollgate.0);
    let (stopped, ()) = tokio::join!(soon(stage.tollgate.0.stop()), async {
        tokio::task::yield_now().await;
        again.signal();
    });
    stopped.unwrap();
    check_interrupted(&stage.house).await;
}

#[tokio::test]
async fn an_admin_client_that_does_not_read_holds_nothing_up() {
    let stage = Stage::set("10m").await;
    let mut asking = stage.tollgate.ask_and_stall().await;
    soon(stage.tollgate.0.stop()).await.unwrap();
    asking.rest().await;
}
