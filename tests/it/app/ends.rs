//! However a call ends, one row says what happened.

mod table;

use std::net::TcpListener;

use serde_json::Value;

use crate::support::house::{House, Running, check_row};
use crate::support::wire::Wire;
use crate::support::{Upstream, soon};

/// What the upstream does once it has the request.
enum Then {
    /// Answers and closes; the client reads it all.
    Close(String),
    /// Answers and breaks off.
    Reset(String),
    /// Answers; the client leaves when it has read as much.
    ClientLeaves(String),
    /// Says nothing: a limit of ours ends it.
    Silence(String),
    /// Is not there at all.
    Down,
}

struct Stage {
    upstream: Upstream,
    tollgate: Running,
    calls: usize,
    _house: House,
}

impl Stage {
    async fn set() -> Self {
        let upstream = Upstream::bind().await;
        let url = upstream.url();
        let down = TcpListener::bind("127.0.0.1:0").unwrap();
        let nobody = down.local_addr().unwrap();
        let hasty = "response_header_timeout = \"150ms\"\nidle_timeout = \"150ms\"";
        let house = House::new(&format!(
            "[upstreams.openai]\nformat = \"openai\"\nbase_url = \"{url}\"\n\
             [upstreams.messages]\nformat = \"anthropic\"\nprices = \"anthropic\"\nbase_url = \"{url}\"\n\
             [upstreams.hasty]\nformat = \"openai\"\nprices = \"openai\"\nbase_url = \"{url}\"\n{hasty}\n\
             [upstreams.hasty-messages]\nformat = \"anthropic\"\nprices = \"anthropic\"\nbase_url = \"{url}\"\n{hasty}\n\
             [upstreams.down]\nformat = \"openai\"\nprices = \"openai\"\nbase_url = \"http://{nobody}\"\n",
        ));
        let tollgate = house.start().await.unwrap();
        Self {
            upstream,
            tollgate,
            calls: 0,
            _house: house,
        }
    }

    /// Plays one call; gives its row.
    async fn play(&mut self, asked: &str, then: Then) -> Value {
        let mut client = self.tollgate.connect().await;
        let body = r#"{"model":"gpt-4o","stream":true}"#;
        let body = if asked.starts_with("POST") { body } else { "" };
        let length = body.len();
        client
            .send(format!(
                "{asked} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            ))
            .await;
        self.answer(client, then).await;
        self.calls += 1;
        let rows = self.tollgate.rows_once(self.calls).await;
        rows.last().unwrap().clone()
    }

    async fn answer(&self, mut client: Wire, then: Then) {
        if matches!(then, Then::Down) {
            return assert!(client.head().await.starts_with("HTTP/1.1 502"));
        }
        let mut server = self.upstream.accept().await;
        server.head().await;
        match then {
            Then::Close(text) => {
                server.send(&text).await;
                drop(server);
                client.rest().await;
            }
            Then::Reset(text) => {
                server.send(&text).await;
                client.head().await;
                client.line().await;
                server.reset();
                client.rest().await;
            }
            Then::ClientLeaves(text) => {
                if !text.is_empty() {
                    server.send(&text).await;
                    client.head().await;
                    client.line().await;
                }
                drop(client);
                soon(server.rest()).await;
            }
            Then::Silence(text) => {
                server.send(&text).await;
                client.rest().await;
            }
            Then::Down => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_row_says_how_a_call_ended() {
    let mut stage = Stage::set().await;
    for (name, asked, then, expected) in table::ends() {
        let row = stage.play(asked, then).await;
        check_row(name, &row, &expected);
    }
    let text = stage.tollgate.ask("/metrics").await;
    let calls = stage.calls;
    for expected in [
        "tollgate_calls_in_flight{upstream=\"openai\"} 0".to_owned(),
        format!("tollgate_overhead_seconds_count{{stage=\"request\"}} {calls}"),
    ] {
        assert!(text.contains(&expected), "{expected} is not in\n{text}");
    }
    let confirmed = "tollgate_overhead_seconds_count{stage=\"confirm\"} ";
    assert!(!text.contains(&format!("{confirmed}0\n")), "nobody waited");
}
