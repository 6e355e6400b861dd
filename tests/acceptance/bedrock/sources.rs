//! Where credentials come from: a profile, a web identity, a machine's role; and renewed before they end.
//!
//! Verified by breaking it: renewed when they have ended, a machine's credentials are late, and with
//! the SDK's chain in its place no profile is taken.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::client::{Client, post};
use crate::support::upstream::{Script, Upstream};

use super::signature::{Key, now};
use super::signs::{ANSWER, CONVERSE, checks, home, serve};

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const XML: &[(&str, &str)] = &[("content-type", "text/xml")];

/// So long a machine's credentials hold here.
const LIFE: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_that_is_named_is_taken_before_the_environment() {
    let key = Key::new("AKIDPROFILE", None);
    let upstream = checks(key.clone()).await;
    let home = home(&upstream, "sign_profile = \"metering\"\n");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    let Key { id, secret, .. } = &key;
    let text = format!(
        "[default]\naws_access_key_id = AKIDNOT\naws_secret_access_key = not\n\
         [metering]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n"
    );
    fs::write(&file, text).unwrap();
    let variables = [
        ("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap()),
        ("AWS_ACCESS_KEY_ID", "AKIDENV"),
        ("AWS_SECRET_ACCESS_KEY", "not"),
    ];
    let tollgate = serve(&home, &variables).await;
    let answer = Client::new(tollgate.traffic)
        .send(post(CONVERSE, "{}"))
        .await
        .unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_web_identity_is_changed_for_a_role() {
    let key = Key::new("ASIAROLE", Some("role-t0ken"));
    let upstream = checks(key.clone()).await;
    let Key { id, secret, .. } = key;
    let end = now() + Duration::from_hours(1);
    let end = end.strftime("%Y-%m-%dT%H:%M:%SZ");
    let text = format!(
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{id}</AccessKeyId>\
         <SecretAccessKey>{secret}</SecretAccessKey><SessionToken>role-t0ken</SessionToken>\
         <Expiration>{end}</Expiration></Credentials>\
         <AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn><AssumedRoleId>A:s</AssumedRoleId>\
         </AssumedRoleUser></AssumeRoleWithWebIdentityResult>\
         <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>\
         </AssumeRoleWithWebIdentityResponse>"
    );
    let sts = Upstream::start(move |_| Script::unary(200, XML, text.as_bytes())).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, "web-t0ken").unwrap();
    let home = home(&upstream, "");
    let variables = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file.to_str().unwrap()),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/r"),
        ("AWS_ENDPOINT_URL_STS", &sts.base_url()),
        ("TOLLGATE_LOG_LEVEL", "trace"),
    ];
    let tollgate = serve(&home, &variables).await;
    let answer = Client::new(tollgate.traffic)
        .send(post(CONVERSE, "{}"))
        .await
        .unwrap();
    assert_eq!(answer.status, 200, "{}\n{}", answer.text(), tollgate.said());
    let asked = sts.take_seen().remove(0);
    let asked = String::from_utf8(asked.body.bytes).unwrap();
    assert!(asked.contains("WebIdentityToken=web-t0ken"), "{asked}");
    let said = tollgate.said();
    let secrets = [&secret, "role-t0ken", "web-t0ken"];
    assert_eq!(secrets.map(|it| said.contains(it)), [false; 3], "{said}");
}

/// When a machine's own service was asked for its key: each time it is another one.
type Asked = Arc<Mutex<Vec<Instant>>>;

fn machines(number: usize) -> Key {
    Key::new(&format!("ASIA{number}"), Some("m-t0ken"))
}

async fn machine() -> (Upstream, Asked) {
    let asked = Asked::default();
    let given = Arc::clone(&asked);
    let upstream = Upstream::start(move |request| {
        let ttl = ("x-aws-ec2-metadata-token-ttl-seconds", "21600");
        match request.target.trim_end_matches('/') {
            "/latest/api/token" => Script::unary(200, &[ttl], b"session"),
            "/latest/meta-data/iam/security-credentials" => Script::unary(200, &[], b"role"),
            "/latest/meta-data/iam/security-credentials/role" => {
                let mut given = given.lock().unwrap();
                given.push(Instant::now());
                let key = machines(given.len());
                let end = now() + LIFE;
                let body = json!({"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": key.id,
                    "SecretAccessKey": key.secret, "Token": key.token,
                    "LastUpdated": "2026-11-23T00:00:00Z",
                    "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()});
                Script::unary(200, JSON, body.to_string().as_bytes())
            }
            _ => Script::unary(404, &[], b""),
        }
    })
    .await;
    (upstream, asked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machines_role_is_renewed_before_it_ends() {
    let (machine, asked) = machine().await;
    let given = Arc::clone(&asked);
    // Amazon takes a key until it has ended; here only the last three, which is the same.
    let upstream = Upstream::start(move |request| {
        let last = given.lock().unwrap().len();
        let near = (last.saturating_sub(2)..=last).map(machines);
        let faults: Vec<_> = near.map(|key| key.fault(request)).collect();
        if faults.contains(&None) {
            Script::unary(200, JSON, ANSWER)
        } else {
            Script::unary(403, JSON, format!("{faults:?}").as_bytes())
        }
    })
    .await;
    let home = home(&upstream, "");
    let url = machine.base_url();
    let variables = [
        ("AWS_EC2_METADATA_DISABLED", "false"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", url.as_str()),
    ];
    let tollgate = serve(&home, &variables).await;
    let mut client = Client::new(tollgate.traffic);
    for _ in 0..20 {
        let answer = client.send(post(CONVERSE, "{}")).await.unwrap();
        assert_eq!(answer.status, 200, "{}\n{}", answer.text(), tollgate.said());
        tokio::time::sleep(LIFE / 10).await;
    }
    let asked = asked.lock().unwrap();
    assert!(asked.len() >= 3, "{asked:?}");
    let in_time = asked.windows(2).all(|two| two[1] - two[0] < LIFE);
    assert!(in_time, "{asked:?}");
}
