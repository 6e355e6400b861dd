//! The whole of tollgate in this process: the real `App` over a folder of its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tollgate::app::{App, AppError};
use tollgate::config::{self, Overrides};

use super::wire::Wire;
use super::{SOON, soon};

/// A configuration and a data directory, for one start or several.
pub(crate) struct House {
    dir: TempDir,
}

impl House {
    pub(crate) fn new(config: &str) -> Self {
        let house = Self {
            dir: TempDir::new().unwrap(),
        };
        house.configure(config);
        house
    }

    pub(crate) fn configure(&self, config: &str) {
        std::fs::write(self.dir.path().join("tollgate.toml"), config).unwrap();
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub(crate) async fn start(&self) -> Result<Running, AppError> {
        let file = self.dir.path().join("tollgate.toml");
        let free = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        let overrides = Overrides {
            listen: free,
            admin: free,
            data_dir: Some(self.data_dir()),
            plans: None,
        };
        let load = move || config::load(Some(&file), &overrides);
        Ok(Running(App::start(Box::new(load), |_| None).await?))
    }
}

/// A started house.
pub(crate) struct Running(pub(crate) App);

impl Running {
    /// A new connection of a client.
    pub(crate) async fn connect(&self) -> Wire {
        Wire::new(connect(self.0.traffic()).await)
    }

    /// Asks the admin listener for more than a connection holds, and reads none of it.
    pub(crate) async fn ask_and_stall(&self) -> Wire {
        let mut wire = Wire::new(connect(self.0.admin()).await);
        let ask = "GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n";
        soon(wire.send_until_it_stalls(ask.repeat(100).as_bytes())).await;
        wire
    }

    /// What the admin listener says at a path.
    pub(crate) async fn ask(&self, path: &str) -> String {
        let mut wire = Wire::new(connect(self.0.admin()).await);
        wire.send(format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        ))
        .await;
        let head = wire.head().await;
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        String::from_utf8(wire.rest().await).unwrap()
    }

    /// The rows so far, in the order of the journal.
    pub(crate) async fn rows(&self) -> Vec<Value> {
        let text = self.ask("/api/v1/calls").await;
        let lines = text.lines().filter(|line| line.starts_with('{'));
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The rows, once there are so many; a moment later there are not more.
    pub(crate) async fn rows_once(&self, expected: usize) -> Vec<Value> {
        let began = Instant::now();
        while self.rows().await.len() < expected {
            assert!(began.elapsed() < SOON, "row {expected} is missing");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        let rows = self.rows().await;
        assert_eq!(rows.len(), expected, "one row for each call");
        rows
    }
}

async fn connect(address: SocketAddr) -> TcpStream {
    let stream = soon(TcpStream::connect(address)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// The named columns of a row, and no others.
#[track_caller]
pub(crate) fn check_row(name: &str, row: &Value, expected: &Value) {
    for (column, value) in expected.as_object().unwrap() {
        assert_eq!(&row[column], value, "{name}: {column} of {row}");
    }
}
