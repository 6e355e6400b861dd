//! Waits until the verdict has looked at a minute. It looks every few seconds of real time.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::lanes::Lanes;
use crate::provider::Call;
use crate::support::tollgate::Tollgate;

/// Two busy cores take their time.
const WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(50);

/// The verdict over what was before a minute since 1970.
pub(crate) async fn looked(tollgate: &Tollgate, minute: i64) -> Value {
    let until = jiff::Timestamp::from_second(minute * 60).unwrap();
    let until = until.to_string();
    let began = Instant::now();
    loop {
        let answer = tollgate.ask_admin("/api/v1/breakeven").await.unwrap();
        let verdict: Value = serde_json::from_slice(&answer.body).unwrap();
        if verdict["until"] == *until {
            return verdict;
        }
        assert!(began.elapsed() < WAIT, "{until}: {}", tollgate.said());
        tokio::time::sleep(POLL).await;
    }
}

/// Sends the first call of a minute once all before it are recorded; the verdict over these.
pub(crate) async fn look(lanes: &mut Lanes<'_>, tollgate: &Tollgate, call: &Call) -> Value {
    lanes.settle().await;
    lanes.send(call).await;
    looked(tollgate, call.at_ms / 60_000).await
}
