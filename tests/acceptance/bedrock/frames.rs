//! Bedrock's binary events, made as its documentation says.

use flate2::Crc;

/// One event with its payload.
pub(super) fn event(name: &str, payload: &str) -> Vec<u8> {
    let mut headers = Vec::new();
    for (header, value) in [
        (":event-type", name),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ] {
        headers.push(u8::try_from(header.len()).unwrap());
        headers.extend_from_slice(header.as_bytes());
        // A text, whose length has two bytes.
        headers.push(7);
        headers.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let length = |bytes: usize| u32::try_from(bytes).unwrap().to_be_bytes();
    let mut frame = Vec::new();
    frame.extend(length(12 + headers.len() + payload.len() + 4));
    frame.extend(length(headers.len()));
    frame.extend(checksum(&frame));
    frame.extend(headers);
    frame.extend_from_slice(payload.as_bytes());
    frame.extend(checksum(&frame));
    frame
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum().to_be_bytes()
}
