//! A Prometheus of our own: a free port, a folder of its own, ended by its id.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::series;
use crate::support::client::{Client, get};

const READY_WAIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

pub(super) struct Prometheus {
    child: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl Prometheus {
    /// Scrapes `target` every second and evaluates `rules`.
    pub(super) async fn start(target: SocketAddr, rules: &[PathBuf]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rules: Vec<String> = rules
            .iter()
            .map(|rule| format!("  - {}\n", rule.display()))
            .collect();
        let config = format!(
            "global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\n\
             rule_files:\n{}scrape_configs:\n  - job_name: tollgate\n    static_configs:\n      \
             - targets: [\"{target}\"]\n",
            rules.concat()
        );
        fs::write(folder.path().join("prometheus.yml"), config).unwrap();
        let address = free_port();
        let child = Command::new("prometheus")
            .arg("--config.file=prometheus.yml")
            .arg("--storage.tsdb.path=data")
            .arg(format!("--web.listen-address={address}"))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let prometheus = Self {
            child,
            address,
            folder,
        };
        prometheus.wait_ready().await;
        prometheus
    }

    /// The series an instant query finds now.
    pub(super) async fn query(&self, expression: &str) -> Vec<Value> {
        series(
            &self
                .ask(&format!("/api/v1/query?query={}", encoded(expression)))
                .await,
        )
    }

    /// The rules that could not be evaluated, with why.
    pub(super) async fn faulty_rules(&self) -> Vec<String> {
        let answer = self.ask("/api/v1/rules").await;
        let groups = answer["data"]["groups"].as_array().unwrap();
        let rules = groups
            .iter()
            .flat_map(|group| group["rules"].as_array().unwrap());
        let faulty = rules.filter(|rule| rule["health"] == "err");
        faulty.map(ToString::to_string).collect()
    }

    async fn ask(&self, path: &str) -> Value {
        let answer = Client::new(self.address).send(get(path)).await.unwrap();
        serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{}", answer.text()))
    }

    async fn wait_ready(&self) {
        let began = Instant::now();
        loop {
            let answer = Client::new(self.address).send(get("/-/ready")).await;
            if answer.is_ok_and(|answer| answer.status == 200) {
                return;
            }
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap();
            assert!(
                began.elapsed() < READY_WAIT,
                "Prometheus is not ready:\n{log}"
            );
            tokio::time::sleep(POLL).await;
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A port nobody listens on now.
fn free_port() -> SocketAddr {
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
