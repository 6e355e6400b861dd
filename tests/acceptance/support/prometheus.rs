//! Prometheus and Alertmanager by the configurations that people get, each on a free port, in a folder
//! of its own, ended by its id.

use std::env;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::client::{Client, get};

const READY_WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(50);
/// A server that a test does without.
pub(crate) const NOBODY: SocketAddr = SocketAddr::new(
    std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
    9, // The port of `discard`, on which nobody listens.
);

/// Whether these programs are here; where somebody counts on them they must be.
pub(crate) fn are_installed(programs: &[&str]) -> bool {
    let is_here = |program: &&str| Command::new(program).arg("--version").output().is_ok();
    let missing: Vec<_> = programs.iter().filter(|it| !is_here(it)).collect();
    let promised = env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(
        missing.is_empty() || !promised,
        "{missing:?} must be installed: scripts/test does"
    );
    if !missing.is_empty() {
        println!("skipped: {missing:?} are not installed");
    }
    missing.is_empty()
}

pub(crate) fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A configuration of the repository with some texts of it replaced; each must be there.
pub(crate) fn with(path: &str, replaced: &[(&str, &str)]) -> String {
    let mut text = fs::read_to_string(in_repository(path)).unwrap();
    for (from, to) in replaced {
        assert!(text.contains(from), "{path} has no {from:?}");
        text = text.replace(from, to);
    }
    text
}

/// A program that listens and says when it is ready.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    folder: TempDir,
}

impl Server {
    /// Starts a program of the Prometheus family by these files, `config.yml` among them, and waits
    /// until it is ready. `data` is the flag that names the folder of its data.
    pub(crate) async fn start(
        program: &str,
        files: &[(&str, &str)],
        data: &str,
        more: &[&str],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for (name, text) in files {
            fs::write(path(name), text).unwrap();
        }
        let address = free_port();
        let child = Command::new(program)
            .arg(format!("--config.file={}", path("config.yml").display()))
            .arg(format!("{data}={}", path("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(path("log")).unwrap())
            .spawn()
            .unwrap();
        let server = Self {
            child,
            address,
            folder,
        };
        server.wait_ready().await;
        server
    }

    async fn wait_ready(&self) {
        let began = Instant::now();
        loop {
            let answer = Client::new(self.address).send(get("/-/ready")).await;
            if answer.is_ok_and(|answer| answer.status == 200) {
                return;
            }
            let is_late = began.elapsed() > READY_WAIT;
            assert!(!is_late, "it is not ready:\n{}", self.log());
            tokio::time::sleep(POLL).await;
        }
    }

    /// What it wrote.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) struct Prometheus {
    server: Server,
}

impl Prometheus {
    /// By config/prometheus.yml, but that it scrapes and evaluates four times a second, and keeps a
    /// verdict firing for seconds.
    pub(crate) async fn start(tollgate: SocketAddr, alertmanager: SocketAddr) -> Self {
        // Longer than a start, and shorter than a test.
        let kept = [("keep_firing_for: 15m", "keep_firing_for: 10s")];
        let rules = with("config/alerts/tollgate.rules.yml", &kept);
        let config = with(
            "config/prometheus.yml",
            &[
                ("_interval: 15s", "_interval: 250ms"),
                ("alerts/*.rules.yml", "rules.yml"),
                ("alertmanager:9093", &alertmanager.to_string()),
                ("tollgate:4142", &tollgate.to_string()),
                ("/run/secrets/metrics_token", "token"),
            ],
        );
        // A tollgate without a token takes any.
        let token = ("token", "any");
        let files = [("config.yml", &*config), ("rules.yml", &*rules), token];
        let data = "--storage.tsdb.path";
        Self {
            server: Server::start("prometheus", &files, data, &[]).await,
        }
    }

    /// The series that a query finds now.
    pub(crate) async fn query(&self, expression: &str) -> Vec<Value> {
        self.query_at(expression, &tollgate::app::now().to_string())
            .await
    }

    /// The same at a time.
    pub(crate) async fn query_at(&self, expression: &str, time: &str) -> Vec<Value> {
        let (expression, time) = (encoded(expression), encoded(time));
        let path = format!("/api/v1/query?query={expression}&time={time}");
        let answer = self.ask(&path).await;
        assert_eq!(answer["status"], "success", "{answer}");
        answer["data"]["result"].as_array().unwrap().clone()
    }

    /// The rules that could not be evaluated, with why.
    pub(crate) async fn faulty_rules(&self) -> Vec<String> {
        let answer = self.ask("/api/v1/rules").await;
        let groups = answer["data"]["groups"].as_array().unwrap();
        let rules = groups
            .iter()
            .flat_map(|group| group["rules"].as_array().unwrap());
        let faulty = rules.filter(|rule| rule["health"] == "err");
        faulty.map(ToString::to_string).collect()
    }

    async fn ask(&self, path: &str) -> Value {
        let mut client = Client::new(self.server.address);
        let answer = client.send(get(path)).await.unwrap();
        serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{}", answer.text()))
    }
}

/// A port nobody listens on now.
pub(crate) fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

/// Percent-encoded for a query.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}
