//! The upstream: one thread that answers as OpenAI does and bills what it answered.
//!
//! Each target has a port of its own here, and so a bill of its own. `GET /__stats` shows the bill
//! of the port; `GET /__release` ends all held streams.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::BytesMut;
use memchr::memmem;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::LocalSet;

use super::answer::{self, Answer};
use super::beat::Beat;
use super::bill::{Till, Usage};
use super::http1;
use super::wish::Wish;

/// What a client says about a call stands at the head of its body; the rest is only counted.
const BODY_KEPT_BYTES: usize = 64 * 1024;
const PAUSE: Duration = Duration::from_millis(10);

/// Runs until it is ended.
pub(crate) fn run(ports: &[u16]) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let serials = Rc::new(Cell::new(0));
    let releases = Rc::new(watch::Sender::new(0));
    LocalSet::new().block_on(&runtime, async {
        let mut counters = Vec::new();
        for port in ports {
            let counter = Counter {
                till: Rc::default(),
                serials: Rc::clone(&serials),
                releases: Rc::clone(&releases),
            };
            let listener = TcpListener::bind(("127.0.0.1", *port)).await?;
            counters.push(tokio::task::spawn_local(accept(listener, counter)));
        }
        for counter in counters {
            counter.await??;
        }
        Ok(())
    })
}

/// Where the calls of one port are answered.
#[derive(Clone)]
struct Counter {
    till: Rc<Till>,
    /// The number of the next call, over all ports.
    serials: Rc<Cell<u64>>,
    releases: Rc<watch::Sender<u64>>,
}

async fn accept(listener: TcpListener, counter: Counter) -> Result<()> {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, until some are closed.
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        stream.set_nodelay(true)?;
        let counter = counter.clone();
        // A client that breaks off is billed nothing, and that is all there is to say.
        tokio::task::spawn_local(async move { counter.serve(stream).await.ok() });
    }
}

/// A call as the mock understands it.
struct Call {
    path: String,
    keep_alive: bool,
    body_bytes: u64,
    wish: Wish,
    model: String,
    wants_usage: bool,
}

impl Counter {
    async fn serve(&self, mut stream: TcpStream) -> Result<()> {
        let mut input = BytesMut::with_capacity(16 * 1024);
        let mut out = Vec::new();
        while let Some(call) = read(&mut stream, &mut input).await? {
            out.clear();
            match call.path.as_str() {
                "/__stats" => {
                    answer::plain(&mut out, &serde_json::to_string(&self.till.bill())?)?;
                    stream.write_all(&out).await?;
                }
                "/__release" => {
                    self.releases.send_modify(|release| *release += 1);
                    answer::plain(&mut out, "{}")?;
                    stream.write_all(&out).await?;
                }
                path if path.ends_with("/chat/completions") => {
                    self.answer(&mut stream, &mut out, &call).await?;
                }
                _ => {
                    answer::plain(&mut out, r#"{"object":"list","data":[]}"#)?;
                    stream.write_all(&out).await?;
                }
            }
            if !call.keep_alive {
                break;
            }
        }
        Ok(())
    }

    async fn answer(&self, stream: &mut TcpStream, out: &mut Vec<u8>, call: &Call) -> Result<()> {
        let serial = self.serials.get();
        self.serials.set(serial + 1);
        let pieces = match call.wish {
            Wish::Whole { bytes } => bytes as u64 / 4,
            Wish::Stream { chunks, .. } => chunks,
            Wish::Held { .. } => 1000,
        };
        let answer = Answer {
            serial,
            model: call.model.clone(),
            usage: Usage::of(serial, call.body_bytes, pieces),
        };
        match call.wish {
            Wish::Whole { bytes } => answer.whole(out, bytes)?,
            Wish::Stream { chunks, gap_us } => {
                answer.start(out)?;
                write(stream, out).await?;
                self.chunks(stream, out, &answer, (chunks, gap_us)).await?;
                answer.end(out, call.wants_usage)?;
            }
            Wish::Held { gap_us } => {
                answer.start(out)?;
                write(stream, out).await?;
                self.hold(stream, out, &answer, gap_us).await?;
                answer.end(out, call.wants_usage)?;
            }
        }
        write(stream, out).await?;
        self.till.add(answer.usage);
        Ok(())
    }

    async fn chunks(
        &self,
        stream: &mut TcpStream,
        out: &mut Vec<u8>,
        answer: &Answer,
        (chunks, gap_us): (u64, u64),
    ) -> Result<()> {
        if gap_us == 0 {
            for place in 0..chunks {
                answer.word(out, place)?;
                write(stream, out).await?;
                // The other streams have their turn, as at a real provider.
                tokio::task::yield_now().await;
            }
            return Ok(());
        }
        let mut beat = Beat::each(Duration::from_micros(gap_us))?;
        for _ in 0..chunks {
            beat.next().await?;
            answer.stamp(out)?;
            write(stream, out).await?;
        }
        Ok(())
    }

    async fn hold(
        &self,
        stream: &mut TcpStream,
        out: &mut Vec<u8>,
        answer: &Answer,
        gap_us: u64,
    ) -> Result<()> {
        let mut released = self.releases.subscribe();
        let mut beat = Beat::each(Duration::from_micros(gap_us))?;
        loop {
            tokio::select! {
                changed = released.changed() => return changed.context("the mock ended"),
                beats = beat.next() => {
                    beats?;
                    answer.stamp(out)?;
                    write(stream, out).await?;
                }
            }
        }
    }
}

/// Writes what is ready and makes room for the next.
async fn write(stream: &mut TcpStream, out: &mut Vec<u8>) -> Result<()> {
    stream.write_all(out).await?;
    out.clear();
    Ok(())
}

async fn read(stream: &mut TcpStream, input: &mut BytesMut) -> Result<Option<Call>> {
    let Some(mut head) = http1::request_head(stream, input).await? else {
        return Ok(None);
    };
    let mut kept = Vec::new();
    let mut body_bytes = 0;
    let mut keep = |data: &[u8]| {
        body_bytes += data.len() as u64;
        let room = BODY_KEPT_BYTES.saturating_sub(kept.len()).min(data.len());
        kept.extend_from_slice(data.get(..room).unwrap_or_default());
    };
    while !head.body.take(input, &mut keep)? {
        if !http1::fill(stream, input).await? {
            return Ok(None);
        }
    }
    Ok(Some(Call {
        path: head.path,
        keep_alive: head.keep_alive,
        body_bytes,
        wish: Wish::of(&kept),
        model: model(&kept).unwrap_or("gpt-4o-mini").to_owned(),
        wants_usage: value(&kept, b"\"include_usage\"")
            .is_some_and(|value| value.starts_with(b"true")),
    }))
}

fn model(body: &[u8]) -> Option<&str> {
    let value = value(body, b"\"model\"")?.strip_prefix(b"\"")?;
    let end = memchr::memchr(b'"', value)?;
    std::str::from_utf8(value.get(..end)?).ok()
}

/// What follows a key, found without reading the document: a quote inside a text is escaped.
fn value<'a>(body: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let after = body.get(memmem::find(body, key)? + key.len()..)?;
    Some(
        after
            .trim_ascii_start()
            .strip_prefix(b":")?
            .trim_ascii_start(),
    )
}
