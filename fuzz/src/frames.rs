//! A binary stream of events says the same in whatever pieces it comes, and nothing that is final
//! before its frame is over; its bytes at random are `answers`' business.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Crc;
use tollgate::wire::WireFormat;

use super::answers::{agreed, said};
use super::cut::in_two;

const ASKED: &str = "/model/m/converse-stream";

/// Panics where it does not hold. Each line is an event's name and its payload, as in the fixtures;
/// `flip` is the bit that is damaged, if there is one so far.
pub fn holds((cut, flip, lines): (u16, u16, &[u8])) {
    let (bedrock, frames) = (WireFormat::Bedrock, frames(lines));
    let mut stream = frames.concat();
    agreed(bedrock, ASKED, None, (cut, &stream));
    whole_frames_alone_are_final(cut, &frames);
    if let Some(byte) = stream.get_mut(usize::from(flip / 8)) {
        *byte ^= 1 << (flip % 8);
        agreed(bedrock, ASKED, None, (cut, &stream));
    }
}

/// Within a frame the stream is no nearer to its end than before it.
fn whole_frames_alone_are_final(cut: u16, frames: &[Vec<u8>]) {
    let stream = frames.concat();
    let [head, _] = in_two(cut, &stream);
    let mut before = 0;
    for frame in frames {
        if before + frame.len() > head.len() {
            break;
        }
        before += frame.len();
    }
    let after = |bytes| {
        let said = said(WireFormat::Bedrock, ASKED, None, &[bytes]);
        (said.report.final_usage, said.ended)
    };
    // A first frame that has not begun is no stream yet.
    if before > 0 {
        assert_eq!(after(head), after(&head[..before]));
    } else {
        assert_eq!(after(head), (false, false));
    }
}

/// The frames of lines: `!` begins an exception's name, and what a `chunk` has is wrapped.
fn frames(lines: &[u8]) -> Vec<Vec<u8>> {
    let lines = lines.split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty());
    lines.map(frame_of).collect()
}

fn frame_of(line: &[u8]) -> Vec<u8> {
    let space = line.iter().position(|byte| *byte == b' ');
    let (name, payload) = line.split_at(space.unwrap_or(0));
    let name = &name[..name.len().min(255)];
    match name {
        [b'!', name @ ..] => frame(
            &[(":exception-type", name), (":message-type", b"exception")],
            payload,
        ),
        b"chunk" => {
            let wrapped = format!(r#"{{"bytes":"{}"}}"#, STANDARD.encode(payload));
            frame(&event(name), wrapped.as_bytes())
        }
        // Without headers it is an event too.
        b"" => frame(&[], payload),
        _ => frame(&event(name), payload),
    }
}

fn event(name: &[u8]) -> [(&str, &[u8]); 2] {
    [(":event-type", name), (":message-type", b"event")]
}

/// A frame with its checksums.
fn frame(headers: &[(&str, &[u8])], payload: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(u8::try_from(name.len()).unwrap());
        head.extend_from_slice(name.as_bytes());
        head.push(7);
        head.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        head.extend_from_slice(value);
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
