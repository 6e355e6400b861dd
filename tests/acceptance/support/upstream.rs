//! An upstream that does exactly what its script says: sends these bytes, waits, keeps the
//! connection, closes it or resets it.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::http1::{self, Request};

/// What the upstream does after it has read one request.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) steps: Vec<Step>,
    pub(crate) then: Then,
}

/// One thing to do; each `Send` is a write of its own.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Send(Vec<u8>),
    Wait(Duration),
    /// Notes when it came so far.
    Note(Moments),
}

/// When a script came to its notes.
pub(crate) type Moments = Arc<Mutex<Vec<Instant>>>;

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    Keep,
    Close,
    Reset,
}

impl Script {
    /// A whole answer with its length, in one write.
    pub(crate) fn unary(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let length = body.len().to_string();
        let mut headers = headers.to_vec();
        headers.push(("content-length", &length));
        let mut bytes = http1::head(status, &headers);
        bytes.extend_from_slice(body);
        Self {
            steps: vec![Step::Send(bytes)],
            then: Then::Keep,
        }
    }

    /// A chunked answer, a write for each part.
    pub(crate) fn chunked(status: u16, headers: &[(&str, &str)], parts: &[&[u8]]) -> Self {
        let mut script = Self::unended(status, headers, parts);
        script.steps.push(Step::Send(http1::LAST_CHUNK.to_vec()));
        script
    }

    /// The same without the closing chunk.
    pub(crate) fn unended(status: u16, headers: &[(&str, &str)], parts: &[&[u8]]) -> Self {
        let mut headers = headers.to_vec();
        headers.push(("transfer-encoding", "chunked"));
        let mut steps = vec![Step::Send(http1::head(status, &headers))];
        steps.extend(parts.iter().map(|part| Step::Send(http1::chunk(part))));
        Self {
            steps,
            then: Then::Keep,
        }
    }

    pub(crate) fn then(mut self, then: Then) -> Self {
        self.then = then;
        self
    }

    /// The same with a note of the moment before each part that is sent.
    pub(crate) fn noted(mut self, moments: &Moments) -> Self {
        let mut steps = Vec::new();
        for step in self.steps.drain(..) {
            if matches!(step, Step::Send(_)) {
                steps.push(Step::Note(Arc::clone(moments)));
            }
            steps.push(step);
        }
        Self { steps, ..self }
    }

    /// The same with a wait before each step but the first.
    pub(crate) fn paced(mut self, pause: Duration) -> Self {
        let mut steps = Vec::new();
        for step in self.steps.drain(..) {
            if !steps.is_empty() {
                steps.push(Step::Wait(pause));
            }
            steps.push(step);
        }
        Self { steps, ..self }
    }
}

/// The running upstream; dropped, it stops.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
    _accepting: JoinSet<()>,
}

type Play = Arc<dyn Fn(&Request) -> Script + Send + Sync>;

impl Upstream {
    /// Listens on a free port and answers every request by `play`.
    pub(crate) async fn start(play: impl Fn(&Request) -> Script + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, Arc::new(play), Arc::clone(&seen)));
        Self {
            address,
            seen,
            _accepting: accepting,
        }
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests read so far, in order of their ends.
    pub(crate) fn take_seen(&self) -> Vec<Request> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

async fn accept(listener: TcpListener, play: Play, seen: Arc<Mutex<Vec<Request>>>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                let (play, seen) = (Arc::clone(&play), Arc::clone(&seen));
                connections.spawn(async move {
                    // A peer that leaves is part of many scripts.
                    drop(serve(stream, &play, &seen).await);
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, play: &Play, seen: &Mutex<Vec<Request>>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    while let Some(request) = http1::read_request(&mut stream).await? {
        let script = play(&request);
        seen.lock().unwrap().push(request);
        for step in script.steps {
            match step {
                Step::Send(bytes) => stream.get_mut().write_all(&bytes).await?,
                Step::Wait(pause) => tokio::time::sleep(pause).await,
                Step::Note(moments) => moments.lock().unwrap().push(Instant::now()),
            }
        }
        match script.then {
            Then::Keep => {}
            Then::Close => break,
            Then::Reset => {
                stream.get_ref().set_zero_linger()?;
                break;
            }
        }
    }
    Ok(())
}
