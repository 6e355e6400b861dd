//! As much of HTTP/1.1 as both ends of the rig need: a head, and where a body ends.
//!
//! Written by hand because mock and client must cost less than any proxy between them.

use anyhow::{Context as _, Result, bail};
use bytes::{Buf as _, BytesMut};
use memchr::{memchr, memmem};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

const HEADERS_MAX: usize = 64;
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// What the rig reads of a request's or an answer's head.
pub(crate) struct Head {
    /// The status of an answer; 0 for a request.
    pub(crate) status: u16,
    /// The path of a request.
    pub(crate) path: String,
    /// Whether the connection can carry another call.
    pub(crate) keep_alive: bool,
    pub(crate) body: Body,
}

/// Reads more into `buffer`; false is the end of what the peer sends.
pub(crate) async fn fill(stream: &mut TcpStream, buffer: &mut BytesMut) -> Result<bool> {
    Ok(stream.read_buf(buffer).await? > 0)
}

/// Reads the head of a request; none when the client left between two calls.
pub(crate) async fn request_head(
    stream: &mut TcpStream,
    buffer: &mut BytesMut,
) -> Result<Option<Head>> {
    let mut read = |block: &[u8]| -> Result<Head> {
        let mut fields = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut request = httparse::Request::new(&mut fields);
        request.parse(block)?;
        let path = request.path.unwrap_or_default().to_owned();
        Ok(Head {
            status: 0,
            path,
            keep_alive: keeps(request.headers, request.version),
            body: Body::of(request.headers, Left::Bytes(0))?,
        })
    };
    head(stream, buffer, &mut read).await
}

/// Reads the head of an answer.
pub(crate) async fn answer_head(stream: &mut TcpStream, buffer: &mut BytesMut) -> Result<Head> {
    let mut read = |block: &[u8]| -> Result<Head> {
        let mut fields = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut answer = httparse::Response::new(&mut fields);
        answer.parse(block)?;
        Ok(Head {
            status: answer.code.unwrap_or(0),
            path: String::new(),
            keep_alive: keeps(answer.headers, answer.version),
            body: Body::of(answer.headers, Left::UntilClose)?,
        })
    };
    let head = head(stream, buffer, &mut read).await?;
    head.context("the connection was closed before the answer")
}

async fn head(
    stream: &mut TcpStream,
    buffer: &mut BytesMut,
    read: &mut impl FnMut(&[u8]) -> Result<Head>,
) -> Result<Option<Head>> {
    loop {
        if let Some(end) = memmem::find(buffer, b"\r\n\r\n") {
            let head = read(buffer.get(..end + 4).unwrap_or_default())?;
            buffer.advance(end + 4);
            return Ok(Some(head));
        }
        if buffer.len() > HEAD_BYTES_MAX {
            bail!("a head of more than {HEAD_BYTES_MAX} bytes");
        }
        if !fill(stream, buffer).await? {
            return Ok(None);
        }
    }
}

fn field<'a>(fields: &[httparse::Header<'a>], name: &str) -> Option<&'a str> {
    let field = fields
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case(name))?;
    std::str::from_utf8(field.value).ok()
}

fn keeps(fields: &[httparse::Header<'_>], version: Option<u8>) -> bool {
    let closes = field(fields, "connection").is_some_and(|value| value.contains("close"));
    version == Some(1) && !closes
}

/// A body as it is read: what is left of it.
pub(crate) struct Body {
    left: Left,
}

#[derive(Clone, Copy)]
enum Left {
    /// Bytes of a body whose length was told.
    Bytes(u64),
    /// A chunk's size comes next, after the line end of the chunk before.
    Size,
    /// Bytes of a chunk.
    Chunk(u64),
    /// Lines up to an empty one.
    Trailers,
    UntilClose,
    Nothing,
}

impl Body {
    fn of(fields: &[httparse::Header<'_>], otherwise: Left) -> Result<Self> {
        let chunked = field(fields, "transfer-encoding");
        let left = if chunked.is_some_and(|value| value.contains("chunked")) {
            Left::Size
        } else if let Some(length) = field(fields, "content-length") {
            Left::Bytes(length.trim().parse().context("content-length")?)
        } else {
            otherwise
        };
        Ok(Self { left })
    }

    /// Whether the body ends only with the connection.
    pub(crate) const fn ends_with_connection(&self) -> bool {
        matches!(self.left, Left::UntilClose)
    }

    /// Takes what is buffered and shows its data; true when the body is at its end.
    pub(crate) fn take(
        &mut self,
        buffer: &mut BytesMut,
        on_data: &mut impl FnMut(&[u8]),
    ) -> Result<bool> {
        loop {
            self.left = match self.left {
                Left::Nothing | Left::Bytes(0) => return Ok(true),
                Left::Bytes(_) | Left::Chunk(_) | Left::UntilClose if buffer.is_empty() => {
                    return Ok(false);
                }
                Left::Bytes(left) => Left::Bytes(left - data(buffer, left, on_data)),
                Left::Chunk(left) => match left - data(buffer, left, on_data) {
                    0 => Left::Size,
                    left => Left::Chunk(left),
                },
                Left::UntilClose => {
                    data(buffer, u64::MAX, on_data);
                    Left::UntilClose
                }
                Left::Size => match line(buffer) {
                    Some(line) if line.is_empty() => Left::Size,
                    Some(line) => chunk(&line)?,
                    None => return Ok(false),
                },
                Left::Trailers => match line(buffer) {
                    Some(line) if line.is_empty() => Left::Nothing,
                    Some(_) => Left::Trailers,
                    None => return Ok(false),
                },
            };
        }
    }
}

/// Shows at most `left` bytes and says how many those were.
fn data(buffer: &mut BytesMut, left: u64, on_data: &mut impl FnMut(&[u8])) -> u64 {
    let length = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
    on_data(buffer.get(..length).unwrap_or_default());
    buffer.advance(length);
    length as u64
}

fn line(buffer: &mut BytesMut) -> Option<String> {
    let end = memchr(b'\n', buffer)?;
    let line = String::from_utf8_lossy(buffer.get(..end)?)
        .trim()
        .to_owned();
    buffer.advance(end + 1);
    Some(line)
}

fn chunk(line: &str) -> Result<Left> {
    let size = line.split(';').next().unwrap_or_default().trim();
    let size = u64::from_str_radix(size, 16).with_context(|| format!("chunk size {line:?}"))?;
    Ok(match size {
        0 => Left::Trailers,
        size => Left::Chunk(size),
    })
}
