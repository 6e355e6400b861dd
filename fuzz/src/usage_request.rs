//! A request that is made to ask for its usage is the same JSON but for that key, and asks once.

use serde_json::{Value, json};
use tollgate::wire::{Edit, UsageRequest};

fn applied(body: &[u8], Edit { replaced, text }: &Edit) -> Vec<u8> {
    [
        &body[..replaced.start],
        text.as_bytes(),
        &body[replaced.end..],
    ]
    .concat()
}

/// Panics where it does not hold.
pub fn holds(body: &[u8]) {
    let read: Option<Value> = serde_json::from_slice(body).ok();
    match (UsageRequest::of(body), read) {
        (UsageRequest::Missing(edit), read) => {
            let was = &body[edit.replaced.clone()];
            assert!([&b""[..], b"null", b"false"].contains(&was));
            let asks = applied(body, &edit);
            assert_eq!(UsageRequest::of(&asks), UsageRequest::Needless);
            // Deeper or larger than `Value` goes, a body is edited all the same.
            if let Some(mut meant) = read {
                assert_eq!(meant["stream"], true);
                if meant["stream_options"].is_null() {
                    meant["stream_options"] = json!({});
                }
                meant["stream_options"]["include_usage"] = json!(true);
                let asks: Value = serde_json::from_slice(&asks).unwrap();
                assert_eq!(asks, meant);
            }
        }
        (UsageRequest::Needless, Some(read)) => {
            let asked = &read["stream_options"]["include_usage"];
            assert!(read["stream"] != true || *asked == true);
        }
        (UsageRequest::Needless, None) | (UsageRequest::InDoubt, _) => {}
    }
}
