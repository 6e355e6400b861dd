//! A message as each receiver wants it: body, headers, address, signature.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::Key;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

use super::fact::hex;
use super::outbox::Message;
use super::receiver::{Format, Receiver};

/// Bytes of a text: the least any of the services takes, which is `WeCom`'s 2,048, less a margin.
const TEXT_BYTES_MAX: usize = 2_000;

/// What is posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Post {
    /// Added to the address.
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl Post {
    pub(super) fn new(receiver: &Receiver, message: &Message, now: Timestamp) -> Self {
        let secret = receiver.secret.as_ref().map(|secret| secret.0.as_str());
        let mut post = Self {
            query: Vec::new(),
            headers: vec![
                ("content-type", "application/json; charset=utf-8".to_owned()),
                ("x-tollgate-alert-id", message.id()),
            ],
            body: String::new(),
        };
        match receiver.format {
            Format::Json => post.body = everything(message).to_string(),
            Format::Slack => post.body = json!({"text": escaped(&text(message))}).to_string(),
            Format::Feishu => post.body = feishu(message, secret, now).to_string(),
            Format::DingTalk | Format::WeCom => {
                let content = text(message);
                post.body = json!({"msgtype": "text", "text": {"content": content}}).to_string();
            }
        }
        match (receiver.format, secret) {
            (Format::Json, Some(secret)) => post.sign(secret, now),
            (Format::DingTalk, Some(secret)) => post.sign_dingtalk(secret, now),
            _ => {}
        }
        post
    }

    /// As Stripe and GitHub do it: HMAC-SHA256, in hexadecimal, of `timestamp.body`.
    fn sign(&mut self, secret: &str, now: Timestamp) {
        let timestamp = now.as_second().to_string();
        let signed = hmac(
            secret.as_bytes(),
            format!("{timestamp}.{}", self.body).as_bytes(),
        );
        let hex = hex(signed.iter());
        self.headers.push(("x-tollgate-timestamp", timestamp));
        self.headers
            .push(("x-tollgate-signature", format!("sha256={hex}")));
    }

    /// As `DingTalk` documents it: `timestamp\nsecret` under the secret, with milliseconds, in the query.
    fn sign_dingtalk(&mut self, secret: &str, now: Timestamp) {
        let timestamp = now.as_millisecond().to_string();
        let signed = hmac(
            secret.as_bytes(),
            format!("{timestamp}\n{secret}").as_bytes(),
        );
        self.query = vec![("timestamp", timestamp), ("sign", STANDARD.encode(signed))];
    }
}

fn everything(message: &Message) -> Value {
    json!({
        "id": message.id(),
        "key": message.key,
        "topic": message.topic,
        "at": message.at,
        "title": message.title,
        "text": message.text,
        "data": message.data,
    })
}

/// As Feishu documents it: nothing under `timestamp\nsecret`, with seconds, in the body.
fn feishu(message: &Message, secret: Option<&str>, now: Timestamp) -> Value {
    let content = json!({"text": text(message)});
    let Some(secret) = secret else {
        return json!({"msg_type": "text", "content": content});
    };
    let timestamp = now.as_second().to_string();
    let sign = STANDARD.encode(hmac(format!("{timestamp}\n{secret}").as_bytes(), b""));
    json!({"timestamp": timestamp, "sign": sign, "msg_type": "text", "content": content})
}

/// Title and text, cut where the services would.
fn text(message: &Message) -> String {
    let mut text = format!("{}\n{}", message.title, message.text);
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    text
}

/// Slack takes these three for its own markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    // HMAC takes a key of any length: the fallback is never used.
    let mut mac: Hmac<Sha256> =
        Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Key::<Hmac<Sha256>>::default()));
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}
