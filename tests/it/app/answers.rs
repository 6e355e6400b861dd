//! What the rows say of answers that are not what their labels say, or not what anybody expects.

mod beside;
mod codings;
mod counts;
mod transcripts;
mod unknown;

use serde_json::Value;

use crate::support::house::{House, Running};
use crate::support::{Upstream, soon};

const JSON: &str = "content-type: application/json\r\n";
const EVENTS: &str = "content-type: text/event-stream\r\n";

/// Tollgate before one upstream that speaks both formats.
struct Stage {
    upstream: Upstream,
    tollgate: Running,
    /// What the upstream answers with.
    status: u16,
    calls: usize,
    _house: House,
}

impl Stage {
    async fn set() -> Self {
        let upstream = Upstream::bind().await;
        let url = upstream.url();
        let house = House::new(&format!(
            "[upstreams.openai]\nformat = \"openai\"\nbase_url = \"{url}\"\n\
             [upstreams.anthropic]\nformat = \"anthropic\"\nbase_url = \"{url}\"\n"
        ));
        let tollgate = house.start().await.unwrap();
        Self {
            upstream,
            tollgate,
            status: 200,
            calls: 0,
            _house: house,
        }
    }

    /// Plays one call; gives its row.
    async fn play(&mut self, path: &str, asked: &str, labels: &str, answer: &[u8]) -> Value {
        self.pass(path, asked, labels, answer).await;
        self.rows().await.last().unwrap().clone()
    }

    /// The rows of all calls so far.
    async fn rows(&self) -> Vec<Value> {
        self.tollgate.rows_once(self.calls).await
    }

    /// Plays one call; its client gets the answer as it was sent.
    async fn pass(&mut self, path: &str, asked: &str, labels: &str, answer: &[u8]) {
        let mut client = self.tollgate.connect().await;
        let length = asked.len();
        client
            .send(format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{asked}"
            ))
            .await;
        let mut server = self.upstream.accept().await;
        server.head().await;
        server.exactly(length).await;
        let length = answer.len();
        let head = format!(
            "HTTP/1.1 {} Said\r\n{labels}content-length: {length}\r\nconnection: close\r\n\r\n",
            self.status
        );
        server.send([head.as_bytes(), answer].concat()).await;
        client.head().await;
        assert_eq!(soon(client.rest()).await, answer, "{path}: {labels}");
        self.calls += 1;
    }
}
