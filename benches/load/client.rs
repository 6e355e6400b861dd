//! One connection of the load client, and the calls it makes on it one after another.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bytes::BytesMut;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};

use super::answer::filler;
use super::http1;
use super::wish::Wish;

/// What an answer that is no answer says about itself, at most.
const COMPLAINT_BYTES_MAX: usize = 200;

/// Connects from an address of its own, where one address has too few ports for all.
pub(crate) async fn connect(target: SocketAddr, source: Ipv4Addr) -> Result<Connection> {
    let socket = TcpSocket::new_v4()?;
    if source != Ipv4Addr::LOCALHOST {
        socket.bind(SocketAddr::V4(SocketAddrV4::new(source, 0)))?;
    }
    let stream = socket
        .connect(target)
        .await
        .with_context(|| format!("connect to {target}"))?;
    stream.set_nodelay(true)?;
    Ok(Connection {
        stream,
        buffer: BytesMut::with_capacity(16 * 1024),
        alive: true,
    })
}

/// A call as it goes over the wire.
pub(crate) fn call(target: SocketAddr, model: &str, wish: Wish, prompt_bytes: usize) -> Vec<u8> {
    let streaming = if wish.streams() {
        r#""stream":true,"stream_options":{"include_usage":true},"#
    } else {
        ""
    };
    let opening =
        format!(r#"{{"model":"{model}",{streaming}"messages":[{{"role":"user","content":"{wish} "#);
    let closing = r#""}]}"#;
    let text = prompt_bytes.saturating_sub(opening.len() + closing.len());
    let length = opening.len() + text + closing.len();
    let accept = if wish.streams() {
        "text/event-stream"
    } else {
        "application/json"
    };
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {target}\r\ncontent-type: application/json\r\naccept: {accept}\r\nauthorization: Bearer sk-load-0123456789abcdef\r\nuser-agent: tollgate-load\r\ncontent-length: {length}\r\n\r\n{opening}"
    );
    let mut call = head.into_bytes();
    filler(text).for_each(|text| call.extend_from_slice(text));
    call.extend_from_slice(closing.as_bytes());
    call
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) first_byte: Option<Instant>,
    pub(crate) bytes: usize,
}

/// One keep-alive connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: BytesMut,
    alive: bool,
}

impl Connection {
    /// Whether another call can be made.
    pub(crate) const fn alive(&self) -> bool {
        self.alive
    }

    /// Makes a call within a time; a connection that failed is not used again.
    pub(crate) async fn call_within(
        &mut self,
        limit: Duration,
        call: &[u8],
        on_data: &mut impl FnMut(&[u8]),
    ) -> Result<Answer> {
        let answered = tokio::time::timeout(limit, self.call(call, on_data)).await;
        let answered = answered.unwrap_or_else(|_| bail!("no answer within {limit:?}"));
        self.alive &= answered.is_ok();
        answered
    }

    /// Makes a call and shows the body's data as it comes.
    pub(crate) async fn call(
        &mut self,
        call: &[u8],
        on_data: &mut impl FnMut(&[u8]),
    ) -> Result<Answer> {
        self.stream.write_all(call).await?;
        let mut head = http1::answer_head(&mut self.stream, &mut self.buffer).await?;
        self.alive = head.keep_alive && !head.body.ends_with_connection();
        let mut answer = Answer {
            first_byte: None,
            bytes: 0,
        };
        let mut complaint = Vec::new();
        let mut look = |data: &[u8]| {
            answer.first_byte.get_or_insert_with(Instant::now);
            answer.bytes += data.len();
            if head.status == 200 {
                on_data(data);
            } else if complaint.len() < COMPLAINT_BYTES_MAX {
                complaint.extend_from_slice(data);
            }
        };
        while !head.body.take(&mut self.buffer, &mut look)? {
            if !http1::fill(&mut self.stream, &mut self.buffer).await? {
                if head.body.ends_with_connection() {
                    break;
                }
                bail!("the answer broke off after {} bytes", answer.bytes);
            }
        }
        if head.status != 200 {
            complaint.truncate(COMPLAINT_BYTES_MAX);
            bail!(
                "{}: {}",
                head.status,
                String::from_utf8_lossy(&complaint).trim()
            );
        }
        Ok(answer)
    }
}
