//! From the outbox to the receiver: kept, sent, signed, sent again, once.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::receiving::{Receiving, Reply};
use super::*;
use crate::alerts::outbox::{BACKOFF_MAX, PENDING_MAX};

const BUSY_FOR: SignedDuration = SignedDuration::from_secs(120);

fn times(alerts: &Alerts, wanted: Outcome) -> u64 {
    let counts = alerts.counts().into_iter();
    let wanted = counts.filter(|count| count.outcome == wanted);
    wanted.map(|count| count.times).sum()
}

/// One message that waits for a receiver of a format.
async fn waiting(format: Format, script: &[Reply]) -> (House, Arc<Alerts>, Receiving) {
    let receiving = Receiving::start(script).await;
    let mut house = House::new();
    house.unpriced(monday(), "new-model");
    let receiver = Receiver {
        secret: format.signs().then(|| Hidden("this is secret".to_owned())),
        ..Receiver::new("ops", &receiving.hook(), format)
    };
    let alerts = house.alerts(vec![receiver], vec![]);
    alerts.decide(monday(), &report(vec![]));
    assert_eq!(alerts.pending(), 1);
    (house, alerts, receiving)
}

/// What an answer makes of the message: the outcome, and whether it still waits.
#[track_caller]
fn became(alerts: &Alerts, outcome: Outcome, pending: usize) {
    assert_eq!(times(alerts, outcome), 1, "{:?}", alerts.counts());
    assert_eq!(alerts.pending(), pending);
}

#[tokio::test]
async fn news_is_delivered_once_and_not_told_again() {
    let (_house, alerts, receiving) = waiting(Format::Json, &[]).await;
    alerts.deliver(monday()).await;
    became(&alerts, Outcome::Delivered, 0);
    alerts.decide(monday() + hours(1), &report(vec![]));
    alerts.deliver(monday() + hours(1)).await;
    let got = receiving.got();
    assert_eq!(got.len(), 1);
    let body = got[0].json();
    assert_eq!(body["key"], "unpriced/openai/new-model/2026-11-23");
    assert_eq!(body["data"]["calls"], 1);
    assert_eq!(body["id"], got[0].header("x-tollgate-alert-id"));
    assert_eq!(body["at"], "2026-11-23T09:30:00Z");
}

#[tokio::test]
async fn a_message_that_waits_survives_the_process_and_keeps_its_id() {
    let (house, alerts, receiving) = waiting(Format::Json, &[Reply::Say(503, "down")]).await;
    alerts.deliver(monday()).await;
    became(&alerts, Outcome::Retried, 1);
    let receivers = vec![Receiver::new("ops", &receiving.hook(), Format::Json)];
    drop(alerts);
    let house = house.restart();
    let alerts = house.alerts(receivers, vec![]);
    assert_eq!(alerts.pending(), 1);
    alerts.decide(monday() + hours(2), &report(vec![]));
    alerts.deliver(monday() + hours(2)).await;
    became(&alerts, Outcome::Delivered, 0);
    let ids: Vec<String> = receiving
        .got()
        .iter()
        .map(|got| got.header("x-tollgate-alert-id").to_owned())
        .collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn what_was_told_is_not_news_to_the_next_process() {
    let (house, alerts, receiving) = waiting(Format::Json, &[]).await;
    alerts.deliver(monday()).await;
    drop(alerts);
    let house = house.restart();
    let receivers = vec![Receiver::new("ops", &receiving.hook(), Format::Json)];
    let alerts = house.alerts(receivers, vec![]);
    alerts.decide(monday(), &report(vec![]));
    assert_eq!(alerts.pending(), 0);
}

#[tokio::test]
async fn a_failure_is_tried_again_later_and_not_before() {
    let (_house, alerts, receiving) = waiting(Format::Json, &[Reply::Say(500, "oh")]).await;
    alerts.deliver(monday()).await;
    alerts.deliver(monday()).await;
    assert_eq!(receiving.got().len(), 1, "not in the same second");
    alerts
        .deliver(monday() + SignedDuration::from_secs(2))
        .await;
    became(&alerts, Outcome::Delivered, 0);
    assert_eq!(receiving.got().len(), 2);
}

#[tokio::test]
async fn a_receiver_that_is_busy_says_for_how_long() {
    let (_house, alerts, receiving) = waiting(Format::Json, &[Reply::Busy(429, "120")]).await;
    alerts.deliver(monday()).await;
    became(&alerts, Outcome::Retried, 1);
    alerts
        .deliver(monday() + BUSY_FOR - SignedDuration::from_secs(1))
        .await;
    assert_eq!(receiving.got().len(), 1);
    alerts.deliver(monday() + BUSY_FOR + BUSY_FOR / 4).await;
    assert_eq!(receiving.got().len(), 2);
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_given_up_on_for_now() {
    let receiving = Receiving::start(&[Reply::Silence]).await;
    let mut house = House::new();
    house.unpriced(monday(), "new-model");
    let receiver = Receiver {
        timeout: Duration::from_millis(20),
        ..Receiver::new("ops", &receiving.hook(), Format::Json)
    };
    let alerts = house.alerts(vec![receiver], vec![]);
    alerts.decide(monday(), &report(vec![]));
    alerts.deliver(monday()).await;
    became(&alerts, Outcome::Retried, 1);
}

#[tokio::test]
async fn a_no_is_asked_again_slowly_and_holds_nothing_else_up() {
    let (mut house, alerts, receiving) = waiting(Format::Json, &[Reply::Say(400, "bad")]).await;
    house.unpriced(monday(), "another");
    alerts.decide(monday(), &report(vec![]));
    for _ in 0..3 {
        alerts.deliver(monday()).await;
    }
    became(&alerts, Outcome::Refused, 1);
    assert_eq!(times(&alerts, Outcome::Delivered), 1);
    alerts
        .deliver(monday() + BACKOFF_MAX - SignedDuration::from_secs(1))
        .await;
    assert_eq!(receiving.got().len(), 2);
    alerts.deliver(monday() + BACKOFF_MAX * 2).await;
    assert_eq!(receiving.got().len(), 3);
}

#[tokio::test]
async fn after_three_days_a_message_is_given_up() {
    let (_house, alerts, _receiving) = waiting(Format::Json, &[Reply::Say(500, "")]).await;
    alerts.deliver(monday() + hours(72)).await;
    became(&alerts, Outcome::GivenUp, 0);
}

#[test]
fn too_many_messages_cost_the_oldest() {
    let mut house = House::new();
    let alerts = house.alerts(vec![receiver()], vec![]);
    let days = i64::try_from(PENDING_MAX / 20).unwrap() + 1;
    for day in 0..days {
        let at = monday() + hours(24 * day);
        for model in 0..20 {
            house.unpriced(at, &format!("model-{model}"));
        }
        alerts.decide(at, &report(vec![]));
    }
    let told = usize::try_from(days).unwrap() * 20;
    assert_eq!(alerts.pending(), PENDING_MAX);
    let dropped = u64::try_from(told - PENDING_MAX).unwrap();
    assert_eq!(times(&alerts, Outcome::Dropped), dropped);
    // By name; of equals the first by name went: 0, 1, 10, 11.
    assert_eq!(keys(&alerts)[0], "unpriced/openai/model-12/2026-11-23");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (_house, alerts, _receiving) = waiting(Format::Json, &[Reply::Say(302, "")]).await;
    alerts.deliver(monday()).await;
    became(&alerts, Outcome::Refused, 1);
}

#[tokio::test]
async fn what_waits_for_a_receiver_that_is_gone_is_dropped() {
    let (_house, alerts, receiving) = waiting(Format::Json, &[]).await;
    let other = Settings {
        receivers: vec![Receiver::new("new", &receiving.hook(), Format::Json)],
        budgets: vec![],
    };
    alerts.reload(Alerts::links(&other).unwrap());
    alerts.deliver(monday()).await;
    assert_eq!(alerts.pending(), 0);
    assert!(receiving.got().is_empty());
}

#[tokio::test]
async fn programs_can_verify_who_sent_it() {
    let (_house, alerts, receiving) = waiting(Format::Json, &[]).await;
    alerts.deliver(monday()).await;
    let got = &receiving.got()[0];
    let timestamp = got.header("x-tollgate-timestamp");
    assert_eq!(timestamp, monday().as_second().to_string());
    let mut mac = Hmac::<Sha256>::new_from_slice(b"this is secret").unwrap();
    mac.update(format!("{timestamp}.{}", got.body).as_bytes());
    let hex = fact::hex(mac.finalize().into_bytes().iter());
    assert_eq!(got.header("x-tollgate-signature"), format!("sha256={hex}"));
}

/// The text as the service gets it.
async fn body(format: Format, answer: &'static str) -> (Value, String, bool) {
    let (_house, alerts, receiving) = waiting(format, &[Reply::Say(200, answer)]).await;
    alerts.deliver(monday()).await;
    let got = &receiving.got()[0];
    assert!(got.header("content-type").starts_with("application/json"));
    let query = got.uri.query().unwrap().to_owned();
    (got.json(), query, alerts.pending() == 0)
}

const FEISHU_SIGN: &str = "K6Vd0W/qpCCrUF4ACjrL1pUcRNI+QhA1pIE0ANtHz9U=";
const DINGTALK_SIGN: &str = "3DeRf4vFXQkwlh8nfPcO1mfR%2BrqSN8OqsWWTonlrZCc%3D";
const TITLE: &str = "tollgate: new-model on openai has no price\n";

#[tokio::test]
async fn slack_gets_its_text() {
    let (body, query, taken) = body(Format::Slack, "ok").await;
    assert!(body["text"].as_str().unwrap().starts_with(TITLE));
    assert_eq!(body.as_object().unwrap().len(), 1);
    assert_eq!(query, "key=t0ken-part");
    assert!(taken);
}

/// The signatures were computed by the vendors' published samples, in Python, for this secret and
/// moment.
#[tokio::test]
async fn feishu_gets_its_text_and_its_signature() {
    let (body, _, taken) = body(Format::Feishu, r#"{"code":0,"msg":"success"}"#).await;
    assert_eq!(body["msg_type"], "text");
    assert!(body["content"]["text"].as_str().unwrap().starts_with(TITLE));
    assert_eq!(body["timestamp"], "1795426200");
    assert_eq!(body["sign"], FEISHU_SIGN);
    assert!(taken);
}

#[tokio::test]
async fn dingtalk_gets_its_text_and_its_signature() {
    let answer = r#"{"errcode":0,"errmsg":"ok"}"#;
    let (body, query, taken) = body(Format::DingTalk, answer).await;
    assert_eq!(body["msgtype"], "text");
    assert!(body["text"]["content"].as_str().unwrap().starts_with(TITLE));
    assert_eq!(
        query,
        format!("key=t0ken-part&timestamp=1795426200000&sign={DINGTALK_SIGN}")
    );
    assert!(taken);
}

#[tokio::test]
async fn wecom_gets_its_text() {
    let answer = r#"{"errcode":0,"errmsg":"ok"}"#;
    let (body, query, taken) = body(Format::WeCom, answer).await;
    let content = body["text"]["content"].as_str().unwrap();
    assert_eq!(
        body,
        json!({"msgtype": "text", "text": {"content": content}})
    );
    assert!(content.starts_with(TITLE));
    assert_eq!(query, "key=t0ken-part");
    assert!(taken);
}

#[tokio::test]
async fn a_no_inside_a_200_is_a_no() {
    for (format, answer, outcome) in [
        (Format::Slack, "invalid_payload", Outcome::Refused),
        (
            Format::Feishu,
            r#"{"code":19021,"msg":"sign match fail"}"#,
            Outcome::Refused,
        ),
        (
            Format::Feishu,
            r#"{"code":11232,"msg":"frequency limited"}"#,
            Outcome::Retried,
        ),
        (
            Format::DingTalk,
            r#"{"errcode":310000,"errmsg":"keywords"}"#,
            Outcome::Refused,
        ),
        (
            Format::DingTalk,
            r#"{"errcode":130101,"errmsg":"too fast"}"#,
            Outcome::Retried,
        ),
        (
            Format::WeCom,
            r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#,
            Outcome::Refused,
        ),
        (
            Format::WeCom,
            r#"{"errcode":45009,"errmsg":"freq out of limit"}"#,
            Outcome::Retried,
        ),
        (
            Format::WeCom,
            "<html>a proxy's page</html>",
            Outcome::Refused,
        ),
    ] {
        let (_house, alerts, _receiving) = waiting(format, &[Reply::Say(200, answer)]).await;
        alerts.deliver(monday()).await;
        assert_eq!(
            times(&alerts, outcome),
            1,
            "{answer}: {:?}",
            alerts.counts()
        );
        assert_eq!(alerts.pending(), 1, "{answer}");
    }
}

#[tokio::test]
async fn a_test_says_what_the_receiver_said_but_not_where_it_is() {
    let echo = "no such hook: T0/s3cret-part?key=t0ken-part";
    let receiving = Receiving::start(&[Reply::Say(404, echo)]).await;
    let settings = Settings {
        receivers: vec![Receiver::new("ops", &receiving.hook(), Format::Slack)],
        budgets: vec![],
    };
    assert!(
        test(&settings, Some("nobody"), monday())
            .await
            .unwrap()
            .is_empty()
    );
    let tested = test(&settings, None, monday()).await.unwrap();
    assert_eq!(tested[0].said, "404 no such hook: T0/…?key=…");
    assert!(matches!(tested[0].answer, Answer::Refused { .. }));
    let gone = Settings {
        receivers: vec![Receiver::new(
            "ops",
            "http://127.0.0.1:1/s3cret-part",
            Format::Slack,
        )],
        budgets: vec![],
    };
    let tested = test(&gone, Some("ops"), monday()).await.unwrap();
    assert!(matches!(tested[0].answer, Answer::Later { .. }));
    assert!(!tested[0].said.contains("s3cret"), "{}", tested[0].said);
    let shown = format!("{settings:?}{gone:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
}
