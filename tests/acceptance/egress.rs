//! Calls through a real forward proxy, tinyproxy, which wants a user and a password.
//!
//! Verified by breaking it: without `Proxy-Authorization` no call gets through, and a secret that is
//! kept from before the reload is refused.

use std::env;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::client::{Client, post};
use crate::support::rows::Rows;
use crate::support::tollgate::Home;
use crate::support::upstream::{Script, Upstream};

const READY_WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(20);
const CHAT: &str = r#"{"model":"gpt-4o","messages":[]}"#;
const ANSWER: &str = r#"{"id":"c1","object":"chat.completion","model":"gpt-4o-2024-08-06","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":1,"total_tokens":8}}"#;

/// Whether the package is here; why not, where nobody counts on it.
fn is_installed() -> bool {
    let found = Command::new("tinyproxy").arg("-v").output().is_ok();
    let promised = env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(
        found || !promised,
        "install the package tinyproxy-bin: scripts/test does"
    );
    if !found {
        println!("skipped: the package tinyproxy-bin is not installed");
    }
    found
}

/// A running proxy; dropped, it stops.
struct Tinyproxy {
    child: Child,
    address: SocketAddr,
}

impl Tinyproxy {
    async fn start(folder: &Path) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let config = folder.join("tinyproxy.conf");
        let settings = format!(
            "Port {}\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 60\nMaxClients 20\n\
             BasicAuth us hunter2\n",
            address.port()
        );
        fs::write(&config, settings).unwrap();
        let child = Command::new("tinyproxy")
            .arg("-d")
            .arg("-c")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let proxy = Self { child, address };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(began.elapsed() < READY_WAIT, "tinyproxy does not listen");
            tokio::time::sleep(POLL).await;
        }
        proxy
    }
}

impl Drop for Tinyproxy {
    fn drop(&mut self) {
        // Already gone is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_proxy_lets_calls_through_once_it_gets_its_password() {
    if !is_installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let proxy = Tinyproxy::start(folder.path()).await;
    let json = [("content-type", "application/json")];
    let upstream = Upstream::start(move |_| Script::unary(200, &json, ANSWER.as_bytes())).await;
    let secret = folder.path().join("secret");
    fs::write(&secret, "us:wrong").unwrap();
    let home = Home::new(&format!(
        "[upstreams.openai]\nformat = \"openai\"\nbase_url = \"{}\"\n\
         egress_proxy = \"http://{}\"\negress_credentials = \"file:{}\"\n",
        upstream.base_url(),
        proxy.address,
        secret.display(),
    ));
    let tollgate = home.serve().await;
    let mut client = Client::new(tollgate.traffic);
    let call = || post("/v1/chat/completions", CHAT);

    let refused = client.send(call()).await.unwrap();
    let text = refused.text();
    assert_eq!(refused.status, 502, "{text}");
    let told = format!(
        "upstream openai cannot be reached (its egress proxy {} answered 401: ",
        proxy.address
    );
    assert!(text.contains(&told) && !text.contains("wrong"), "{text}");

    fs::write(&secret, "us:hunter2\n").unwrap();
    let mut admin = Client::new(tollgate.admin);
    let reloaded = admin.send(post("/-/reload", "")).await.unwrap();
    assert_eq!(reloaded.status, 200, "{}", reloaded.text());
    for _ in 0..3 {
        let answer = client.send(call()).await.unwrap();
        assert_eq!(answer.text(), ANSWER);
    }
    let seen = upstream.take_seen();
    assert_eq!(seen.len(), 3);
    let asked = seen
        .iter()
        .all(|request| request.header("proxy-authorization").is_none());
    assert!(asked, "the credentials are the proxy's alone");

    let rows = Rows::settled(&home, &tollgate, 4).await;
    let sources: Vec<_> = rows.iter().map(|row| row["source"].clone()).collect();
    assert_eq!(sources.iter().filter(|it| *it == "reported").count(), 3);
    assert_eq!(sources.iter().filter(|it| it.is_null()).count(), 1);
    let said = tollgate.said();
    assert!(
        !said.contains("hunter2") && !said.contains("us:wrong"),
        "{said}"
    );
}
