//! As much HTTP/1.1 as a scripted upstream speaks: it reads a request whole and says any bytes back.
//!
//! Written by hand because a library would refuse to lie about a length or to stop in mid-chunk.

use std::io;

use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// A request body longer than this is kept as length and digest only.
const BODY_KEPT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// One request as the upstream got it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

/// A body that was read to its end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    pub(crate) length: u64,
    pub(crate) sha256: [u8; 32],
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Reads the next request; `None` when the peer closed before one began.
pub(crate) async fn read_request(
    stream: &mut (impl AsyncBufRead + Unpin),
) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next(), words.next());
    let mut request = Request {
        method: method.unwrap_or_default(),
        target: target.unwrap_or_default(),
        ..Request::default()
    };
    while let Some(header) = read_header(stream).await? {
        request.headers.push(header);
    }
    request.body = read_body(stream, &request).await?;
    Ok(Some(request))
}

async fn read_header(
    stream: &mut (impl AsyncBufRead + Unpin),
) -> io::Result<Option<(String, String)>> {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line).await?;
    let line = String::from_utf8_lossy(&line);
    let header = line.trim_end().split_once(':');
    Ok(header.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())))
}

async fn read_body(
    stream: &mut (impl AsyncBufRead + Unpin),
    request: &Request,
) -> io::Result<Body> {
    let mut sink = Sink::default();
    if request.header("transfer-encoding") == Some("chunked") {
        while sink.read_chunk(stream).await? {}
    } else if let Some(length) = request.header("content-length") {
        let length = length.parse().map_err(|_| io::ErrorKind::InvalidData)?;
        sink.read_exactly(stream, length).await?;
    }
    Ok(sink.finish())
}

#[derive(Default)]
struct Sink {
    bytes: Vec<u8>,
    length: u64,
    digest: Sha256,
}

impl Sink {
    /// Reads one chunk; false after the last one.
    async fn read_chunk(&mut self, stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<bool> {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let size = u64::from_str_radix(line.trim(), 16).map_err(|_| io::ErrorKind::InvalidData)?;
        self.read_exactly(stream, size).await?;
        stream.read_line(&mut line).await?;
        Ok(size > 0)
    }

    async fn read_exactly(
        &mut self,
        stream: &mut (impl AsyncBufRead + Unpin),
        mut left: u64,
    ) -> io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        while left > 0 {
            let wanted = usize::try_from(left)
                .unwrap_or(usize::MAX)
                .min(buffer.len());
            stream.read_exact(&mut buffer[..wanted]).await?;
            self.take(&buffer[..wanted]);
            left -= u64::try_from(wanted).unwrap_or(left);
        }
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.length += u64::try_from(bytes.len()).unwrap();
        if self.bytes.len() + bytes.len() <= BODY_KEPT_BYTES_MAX {
            self.bytes.extend_from_slice(bytes);
        }
    }

    fn finish(self) -> Body {
        Body {
            bytes: self.bytes,
            length: self.length,
            sha256: self.digest.finalize().into(),
        }
    }
}

/// The head of an answer, with the blank line.
pub(crate) fn head(status: u16, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} Whatever\r\n");
    for (name, value) in headers {
        text.push_str(name);
        text.push_str(": ");
        text.push_str(value);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// One chunk of a chunked body.
pub(crate) fn chunk(data: &[u8]) -> Vec<u8> {
    let mut framed = format!("{:x}\r\n", data.len()).into_bytes();
    framed.extend_from_slice(data);
    framed.extend_from_slice(b"\r\n");
    framed
}

/// The end of a chunked body.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &'static [u8], expected: Option<(&str, &[u8])>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let request = runtime.block_on(read_request(&mut &*bytes)).unwrap();
        let found = request.map(|request| (request.target, request.body.bytes));
        let found = found
            .as_ref()
            .map(|(target, body)| (target.as_str(), body.as_slice()));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_request_with_a_length_is_read_whole() {
        check(
            b"POST /v1/x?y=1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET",
            Some(("/v1/x?y=1", b"abc")),
        );
    }

    #[test]
    fn a_chunked_request_is_put_together() {
        check(
            b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
            Some(("/a", b"abc")),
        );
    }

    #[test]
    fn a_request_without_a_body_ends_with_its_head() {
        check(b"GET /a HTTP/1.1\r\nHost: b\r\n\r\n", Some(("/a", b"")));
    }

    #[test]
    fn a_closed_connection_has_no_request() {
        check(b"", None);
    }
}
