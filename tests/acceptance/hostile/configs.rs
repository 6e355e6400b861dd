//! Configurations that mean nothing: every problem at once, exit 2; on reload the old one stays.

use http::Request;

use super::{Stage, config, good_answer};
use crate::support::client::{Body, Client, post, whole};
use crate::support::tollgate::Home;

/// Bad in six ways, each on a line of its own.
const BAD: &str = r#"[server]
lissten = "127.0.0.1:4141"
calls_in_flight_max = "many"

[upstreams.openai]
format = "opnai"
base_url = "https://api.openai.com"

[[prices]]
match = "gpt-4o"
upstream = "openai"
input_usd_per_mtok = "2,50"
output_usd_per_mtok = 0.1234567
"#;

/// What has to be said of it: the line, and the key.
const PROBLEMS: [(u32, &str); 6] = [
    (2, "server.lissten"),
    (3, "server.calls_in_flight_max"),
    (6, "upstreams.openai.format"),
    (9, "prices[0]"),
    (12, "prices[0].input_usd_per_mtok"),
    (13, "prices[0].output_usd_per_mtok"),
];

/// Every problem is named with file, line and key, and says something of it.
#[track_caller]
fn check_problems(said: &str) {
    for (line, key) in PROBLEMS {
        let begin = format!("tollgate.toml: line {line}: {key}");
        let named = said.lines().find_map(|text| text.split_once(&begin));
        let (_, message) = named.unwrap_or_else(|| panic!("no {begin:?} in:\n{said}"));
        assert!(message.len() > 15, "no remedy: {message:?}");
    }
}

#[test]
fn a_bad_configuration_ends_with_2_and_all_its_problems() {
    let home = Home::new(BAD);
    for command in ["check", "serve"] {
        let output = home.run(&[command]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{command}: {said}");
        check_problems(&said);
    }
}

#[test]
fn what_is_not_toml_ends_with_2_and_its_line() {
    let output = Home::new("[server\nlisten = 1\n").run(&["check"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("tollgate.toml: line 1"), "{said}");
}

#[tokio::test]
async fn a_bad_reload_keeps_the_old_configuration() {
    let mut stage = Stage::set(|_| good_answer()).await;
    let url = stage.upstream.base_url();
    stage.home.write_config(BAD);
    let (status, said) = reload(&stage).await;
    assert_eq!(status, 422, "{said}");
    check_problems(&said);
    let metrics = stage.tollgate.ask_admin("/metrics").await.unwrap().text();
    assert!(
        metrics.contains("tollgate_config_last_reload_successful 0"),
        "{metrics}"
    );
    let answer = stage
        .send(post("/v1/chat/completions", "{}"))
        .await
        .unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());

    stage
        .home
        .write_config(&config(&url).replace("upstreams.openai", "upstreams.second"));
    assert_eq!(reload(&stage).await.0, 200);
    let answer = stage
        .send(post("/second/v1/chat/completions", "{}"))
        .await
        .unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(stage.tollgate.is_running());
}

async fn reload(stage: &Stage) -> (u16, String) {
    let request: Request<Body> = Request::post("/-/reload").body(whole("")).unwrap();
    let mut client = Client::new(stage.tollgate.admin);
    let answer = client.send(request).await.unwrap();
    (answer.status.as_u16(), answer.text())
}
