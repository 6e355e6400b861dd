//! The way out through a forward proxy: a tunnel by HTTP CONNECT, for every connection to an upstream.
//!
//! Plain `http` upstreams are tunnelled too: the proxy then sees where a call goes and changes nothing
//! in it. Names of upstreams are resolved by the proxy.

use std::error::Error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower_service::Service;

use super::error::root;

/// The longest head of a proxy's reply that is read.
const REPLY_BYTES_MAX: usize = 8 * 1024;

/// A forward proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct EgressProxy {
    address: Uri,
    /// What `Proxy-Authorization` says.
    authorization: Option<String>,
}

impl EgressProxy {
    /// A proxy at `http://host:port`, and the `user:password` it wants.
    #[must_use]
    pub fn new(address: Uri, credentials: Option<&str>) -> Self {
        let basic = |credentials: &str| format!("Basic {}", STANDARD.encode(credentials));
        Self {
            address,
            authorization: credentials.map(basic),
        }
    }

    /// What asks for a tunnel to the host and port of this URL.
    fn request(&self, upstream: &Uri) -> String {
        let is_plain = upstream.scheme_str() == Some("http");
        let port = upstream
            .port_u16()
            .unwrap_or(if is_plain { 80 } else { 443 });
        let place = format!("{}:{port}", upstream.host().unwrap_or_default());
        let authorization = self.authorization.as_ref();
        let authorization =
            authorization.map_or_else(String::new, |it| format!("Proxy-Authorization: {it}\r\n"));
        format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{authorization}\r\n")
    }
}

/// Why there is no tunnel. Whole sentences with the cause in them: a client reads only the last one.
#[derive(Debug)]
pub(super) struct EgressError {
    proxy: String,
    reason: Reason,
}

#[derive(Debug)]
enum Reason {
    Unreachable(Box<dyn Error + Send + Sync>),
    Io(io::Error),
    Closed,
    Refused(u16),
    NotHttp,
    TooLong,
}

impl fmt::Display for EgressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its egress proxy {} ", self.proxy)?;
        match &self.reason {
            Reason::Unreachable(error) => write!(f, "cannot be reached: {}", root(&**error)),
            Reason::Io(error) => write!(f, "broke off: {error}"),
            Reason::Closed => f.write_str("closed the connection before it answered"),
            // 401 is tinyproxy's word for a password that is wrong.
            Reason::Refused(status @ (401 | 407)) => {
                write!(f, "answered {status}: it wants other egress_credentials")
            }
            Reason::Refused(status) => write!(f, "answered {status} to CONNECT"),
            Reason::NotHttp => f.write_str("answered something that is not HTTP"),
            Reason::TooLong => write!(f, "answered a head of more than {REPLY_BYTES_MAX} bytes"),
        }
    }
}

impl Error for EgressError {}

/// Makes TCP connections to upstreams: straight, or through a tunnel.
#[derive(Clone)]
pub(super) struct Way {
    tcp: HttpConnector,
    proxy: Option<EgressProxy>,
}

impl Way {
    pub(super) const fn new(tcp: HttpConnector, proxy: Option<EgressProxy>) -> Self {
        Self { tcp, proxy }
    }
}

type Boxed = Box<dyn Error + Send + Sync>;
type Connecting = Pin<Box<dyn Future<Output = Result<TokioIo<TcpStream>, Boxed>> + Send>>;

impl Service<Uri> for Way {
    type Response = TokioIo<TcpStream>;
    type Error = Boxed;
    type Future = Connecting;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Boxed>> {
        self.tcp.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, upstream: Uri) -> Connecting {
        let Some(proxy) = self.proxy.clone() else {
            let connecting = self.tcp.call(upstream);
            return Box::pin(async move { connecting.await.map_err(Into::into) });
        };
        let connecting = self.tcp.call(proxy.address.clone());
        Box::pin(async move {
            let failed = |reason| EgressError {
                proxy: proxy
                    .address
                    .authority()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                reason,
            };
            let connected = connecting.await;
            let stream = connected.map_err(|error| failed(Reason::Unreachable(error.into())))?;
            let mut stream = stream.into_inner();
            let request = proxy.request(&upstream);
            let opened = open(&mut stream, &request).await;
            opened.map_err(failed)?;
            Ok(TokioIo::new(stream))
        })
    }
}

/// Asks for a tunnel, and waits until it is there.
async fn open(stream: &mut TcpStream, request: &str) -> Result<(), Reason> {
    let sent = stream.write_all(request.as_bytes()).await;
    sent.map_err(Reason::Io)?;
    let head = reply(stream).await?;
    match status(&head).ok_or(Reason::NotHttp)? {
        200..300 => Ok(()),
        status => Err(Reason::Refused(status)),
    }
}

/// The head of a reply, and no byte of what follows it: that is the upstream's.
async fn reply(stream: &mut TcpStream) -> Result<Vec<u8>, Reason> {
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while head.len() < REPLY_BYTES_MAX {
        let seen = stream.peek(&mut piece).await.map_err(Reason::Io)?;
        if seen == 0 {
            return Err(Reason::Closed);
        }
        let known = head.len();
        head.extend_from_slice(piece.get(..seen).unwrap_or_default());
        let end = memchr::memmem::find(&head, b"\r\n\r\n").map(|at| at.saturating_add(4));
        head.truncate(end.unwrap_or(head.len()));
        let taken = piece.get_mut(..head.len().saturating_sub(known));
        let taken = stream.read_exact(taken.unwrap_or_default()).await;
        taken.map_err(Reason::Io)?;
        if end.is_some() {
            return Ok(head);
        }
        if !head.starts_with(b"HTTP/") && !b"HTTP/".starts_with(&head) {
            return Err(Reason::NotHttp);
        }
    }
    Err(Reason::TooLong)
}

/// The status of `HTTP/1.1 200 …`.
fn status(head: &[u8]) -> Option<u16> {
    let rest = head.strip_prefix(b"HTTP/1.")?;
    let digits = rest.get(2..5).filter(|_| rest.get(1) == Some(&b' '))?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[track_caller]
    fn check(upstream: &'static str, place: &str) {
        let proxy = EgressProxy::new(Uri::from_static("http://p:1"), None);
        let request = proxy.request(&Uri::from_static(upstream));
        let expected = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n");
        assert_eq!(request, expected);
    }

    #[test]
    fn a_tunnel_is_to_the_port_of_the_scheme_unless_one_is_said() {
        check("https://api.openai.com/v1", "api.openai.com:443");
        check("http://vllm", "vllm:80");
        check("https://[::1]:8443", "[::1]:8443");
    }

    #[tokio::test]
    async fn what_follows_the_reply_is_left_in_the_stream() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut ours = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (mut theirs, _) = listener.accept().await.unwrap();
        let sent = b"HTTP/1.1 200 OK\r\nvia: p\r\n\r\nSETTINGS";
        theirs.write_all(sent).await.unwrap();
        drop(theirs);
        let head = reply(&mut ours).await.unwrap();
        assert_eq!(status(&head), Some(200));
        let mut rest = Vec::new();
        ours.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"SETTINGS");
    }
}
