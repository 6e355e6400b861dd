//! The real binary: a home of its own for each test, started on free ports, killed when dropped.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::client::{Answer, Client, get};

const BINARY: &str = env!("CARGO_BIN_EXE_tollgate");
/// Of loopback, one that is free.
const ANY_PORT: &str = "127.0.0.1:0";
/// A start replays the journal first; two busy cores take their time.
const READY_WAIT: Duration = Duration::from_mins(5);
const STOP_WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(10);

/// A configuration file and a data directory.
pub(crate) struct Home {
    folder: TempDir,
    /// Where `serve` has its admin listener: on a port that is free, unless a test says on which.
    pub(crate) admin: String,
    /// A program, and its arguments, that runs all others.
    within: Vec<String>,
}

impl Home {
    pub(crate) fn new(config: &str) -> Self {
        let home = Self {
            folder: tempfile::tempdir().unwrap(),
            admin: ANY_PORT.to_owned(),
            within: Vec::new(),
        };
        home.write_config(config);
        home
    }

    pub(crate) fn write_config(&self, config: &str) {
        fs::write(self.config(), config).unwrap();
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("tollgate.toml")
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The journal as anybody can read it: its records are text.
    pub(crate) fn journal(&self) -> String {
        let mut text = String::new();
        for entry in fs::read_dir(self.data_dir().join("journal")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "frames") {
                text.push_str(&String::from_utf8_lossy(&fs::read(path).unwrap()));
            }
        }
        text
    }

    /// Runs a subcommand to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Starts `serve` and waits until it is ready.
    pub(crate) async fn serve(&self) -> Tollgate {
        self.serve_in(&[]).await
    }

    /// The same, in an environment with something more in it.
    pub(crate) async fn serve_in(&self, more: &[(&str, &OsStr)]) -> Tollgate {
        let mut command = self.served();
        command.envs(more.iter().copied());
        Self::start(command).await
    }

    /// The same as the first, in a process that lives on when a file grows beyond its limit.
    pub(crate) async fn serve_limited(&self) -> Tollgate {
        let served = self.served();
        let mut command = Command::new("sh");
        command
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
            .arg(served.get_program())
            .args(served.get_args());
        Self::start(command).await
    }

    fn served(&self) -> Command {
        self.command(&["serve", "--listen", ANY_PORT, "--admin", &self.admin])
    }

    async fn start(command: Command) -> Tollgate {
        let mut tollgate = Tollgate::spawned(command);
        let said = tollgate.said.clone();
        (tollgate.traffic, tollgate.admin) = said.addresses(&mut tollgate.child).await;
        tollgate.wait_ready().await;
        tollgate
    }

    /// Starts a subcommand and waits for nothing: its addresses are not known.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Tollgate {
        Tollgate::spawned(self.command(arguments))
    }

    /// From now on the binary is run by this program, which puts itself in its place.
    pub(crate) fn run_within(&mut self, program: Vec<String>) {
        self.within = program;
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut words = self.within.iter().map(String::as_str).chain([BINARY]);
        let mut command = Command::new(words.next().unwrap());
        command
            .args(words)
            .args(arguments)
            .arg("--config")
            .arg(self.config())
            .arg("--data-dir")
            .arg(self.data_dir())
            .stdin(Stdio::null());
        command
    }
}

/// A running `tollgate serve`.
pub(crate) struct Tollgate {
    child: Child,
    pub(crate) traffic: SocketAddr,
    pub(crate) admin: SocketAddr,
    said: Said,
}

impl Tollgate {
    fn spawned(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let said = Said::default();
        said.listen(child.stdout.take().unwrap());
        said.listen(child.stderr.take().unwrap());
        let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
        Self {
            child,
            traffic: unknown,
            admin: unknown,
            said,
        }
    }

    pub(crate) async fn ask_admin(&self, path: &str) -> Result<Answer, String> {
        Client::new(self.admin).send(get(path)).await
    }

    /// No file of the process grows beyond so many bytes; `None` takes the limit away.
    pub(crate) fn limit_files(&self, bytes: Option<u64>) {
        let pid = i32::try_from(self.child.id()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid);
        let limit = rustix::process::Rlimit {
            current: bytes,
            maximum: None,
        };
        rustix::process::prlimit(pid, rustix::process::Resource::Fsize, limit).unwrap();
    }

    /// The sum of a metric over its labels.
    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let text = self.ask_admin("/metrics").await.unwrap().text();
        let lines = text.lines().filter_map(|line| line.strip_prefix(name));
        let samples = lines.filter(|rest| rest.starts_with(['{', ' ']));
        let value = |rest: &str| rest.rsplit(' ').next().unwrap().parse::<u64>().unwrap();
        samples.map(value).sum()
    }

    /// How the process ended by itself, or by what it was told.
    pub(crate) fn ended(mut self) -> ExitStatus {
        self.wait()
    }

    /// `SIGKILL`: no line of the process runs after this.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// `SIGTERM`, and how the process ended.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        self.stopped()
    }

    /// The same, for who wants to hear what it said last.
    pub(crate) fn stopped(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait()
    }

    fn wait(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                began.elapsed() < STOP_WAIT,
                "still running:\n{}",
                self.said()
            );
            thread::sleep(POLL);
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.child.id());
        assert!(
            Command::new("sh")
                .args(["-c", &command])
                .status()
                .unwrap()
                .success()
        );
    }

    /// The most memory the process ever had, in bytes.
    pub(crate) fn memory_peak_bytes(&self) -> u64 {
        self.memory("VmHWM:")
    }

    /// A figure of the process's memory, in bytes.
    pub(crate) fn memory(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let found = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = found.and_then(|found| found.trim().strip_suffix(" kB"));
        kib.unwrap().parse::<u64>().unwrap() * 1024
    }

    /// Everything it printed so far.
    pub(crate) fn said(&self) -> String {
        self.said.text()
    }

    /// Waits until it has printed this: what it prints comes through a pipe.
    pub(crate) async fn says(&self, words: &str) {
        let began = Instant::now();
        while !self.said().contains(words) {
            assert!(began.elapsed() < STOP_WAIT, "{words}:\n{}", self.said());
            tokio::time::sleep(POLL).await;
        }
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    async fn wait_ready(&self) {
        let began = Instant::now();
        loop {
            let answer = self.ask_admin("/readyz").await;
            if answer.is_ok_and(|answer| answer.status == 200) {
                return;
            }
            assert!(began.elapsed() < READY_WAIT, "not ready:\n{}", self.said());
            tokio::time::sleep(POLL).await;
        }
    }
}

impl Drop for Tollgate {
    fn drop(&mut self) {
        // Already gone is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What the process printed, both streams together.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<String>>);

impl Said {
    fn listen(&self, pipe: impl Read + Send + 'static) {
        let said = self.clone();
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                let mut text = said.0.lock().unwrap();
                text.push_str(&line);
                text.push('\n');
            }
        });
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }

    async fn addresses(&self, child: &mut Child) -> (SocketAddr, SocketAddr) {
        let began = Instant::now();
        loop {
            let text = self.text();
            if let (Some(traffic), Some(admin)) =
                (address(&text, "traffic"), address(&text, "admin"))
            {
                return (traffic, admin);
            }
            let ended = child.try_wait().unwrap();
            let alive = ended.is_none() && began.elapsed() < READY_WAIT;
            assert!(alive, "no addresses printed ({ended:?}):\n{text}");
            tokio::time::sleep(POLL).await;
        }
    }
}

/// The address behind `http://` in the first line that begins with `word`.
fn address(text: &str, word: &str) -> Option<SocketAddr> {
    let mut lines = text
        .lines()
        .filter(|line| line.trim_start().starts_with(word));
    let url = |line: &str| {
        let (_, rest) = line.split_once("http://")?;
        let end = rest.find(|c: char| !c.is_ascii_digit() && !".:".contains(c));
        rest[..end.unwrap_or(rest.len())].parse().ok()
    };
    lines.find_map(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_addresses_are_found_in_what_is_printed() {
        let text = "tollgate 0.1.0\n  traffic  http://127.0.0.1:4141\n  admin    http://127.0.0.1:4142/ui/\n";
        assert_eq!(address(text, "traffic").unwrap().port(), 4141);
        assert_eq!(address(text, "admin").unwrap().port(), 4142);
        assert_eq!(address("INFO traffic is slow", "traffic"), None);
    }
}
