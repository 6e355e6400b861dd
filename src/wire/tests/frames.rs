//! Binary event streams, written as lines of an event's name and its payload.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Crc;

/// The frames of a fixture: `!` begins an exception's name, and what a `chunk` has is wrapped.
pub(in crate::wire) fn framed(lines: &[u8]) -> Vec<u8> {
    let lines = str::from_utf8(lines).unwrap().lines();
    let frames = lines.map(|line| {
        let (name, payload) = line.split_once(' ').unwrap();
        match name.strip_prefix('!') {
            Some(name) => exception(name, payload),
            None if name == "chunk" => chunk(payload),
            None => event(name, payload),
        }
    });
    frames.collect::<Vec<_>>().concat()
}

/// An event.
pub(in crate::wire) fn event(name: &str, payload: &str) -> Vec<u8> {
    let headers = [
        (":event-type", name),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    frame(&headers, payload.as_bytes())
}

/// One of an invoked model.
pub(in crate::wire) fn chunk(inner: &str) -> Vec<u8> {
    let bytes = STANDARD.encode(inner);
    event("chunk", &format!(r#"{{"bytes":"{bytes}","p":"abcdef"}}"#))
}

/// What comes in place of an event.
pub(in crate::wire) fn exception(name: &str, payload: &str) -> Vec<u8> {
    let headers = [(":exception-type", name), (":message-type", "exception")];
    frame(&headers, payload.as_bytes())
}

/// A frame with its checksums.
pub(in crate::wire) fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(u8::try_from(name.len()).unwrap());
        head.extend_from_slice(name.as_bytes());
        head.push(7);
        head.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let mut frame = Vec::new();
    for length in [head.len() + payload.len() + 16, head.len()] {
        frame.extend_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
    }
    seal(&mut frame);
    frame.extend_from_slice(&head);
    frame.extend_from_slice(payload);
    seal(&mut frame);
    frame
}

fn seal(frame: &mut Vec<u8>) {
    let mut sum = Crc::new();
    sum.update(frame);
    frame.extend_from_slice(&sum.sum().to_be_bytes());
}
