//! Files of the configuration that change under a running tollgate: however they are written, it runs
//! by what they say soon after, and what is wrong in them is said once.
//!
//! Verified by breaking it: a watch that does not know of secrets fails the first test; one that tries
//! again what it refused, the second; one that does not ask whether it should look, the third.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::client::{Client, post};
use crate::support::rows::Rows;
use crate::support::tollgate::{Home, Tollgate};
use crate::support::upstream::{Script, Upstream};

/// Files are looked at every second; two busy cores take their time.
const WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(20);
const CHAT: &str = r#"{"model":"m","messages":[]}"#;
const ANSWER: &str = r#"{"id":"c1","object":"chat.completion","model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"yes"}}],"usage":{"prompt_tokens":1000000,"completion_tokens":1,"total_tokens":1000001}}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_taken_over_however_they_are_changed() {
    let stage = Stage::set().await;
    stage.call("2").await;

    fs::write(stage.prices(), priced("3")).unwrap();
    stage.taken_over(1).await;
    stage.call("3").await;

    let new = stage.file("prices.new");
    fs::write(&new, priced("4")).unwrap();
    fs::rename(&new, stage.prices()).unwrap();
    stage.taken_over(2).await;
    stage.call("4").await;

    // As Kubernetes does: the names lead over a link to the folder of the day, which is swapped.
    stage.mounted("one", "5");
    fs::remove_file(stage.prices()).unwrap();
    symlink("..data/prices.toml", stage.prices()).unwrap();
    stage.taken_over(3).await;
    stage.call("5").await;
    stage.mounted("two", "6");
    stage.taken_over(4).await;
    stage.call("6").await;

    fs::write(stage.file("key"), "sk-2").unwrap();
    stage.taken_over(5).await;
    stage.call("6").await;

    let rows = Rows::settled(&stage.home, &stage.tollgate, 6).await;
    let of = |column: &str| -> Vec<Value> { rows.iter().map(|row| row[column].clone()).collect() };
    let whole = ["2", "3", "4", "5", "6", "6"];
    assert_eq!(of("cost_usd"), whole.map(Value::from));
    let tenants = of("tenant");
    let others: Vec<&Value> = tenants.iter().filter(|name| *name != "search").collect();
    assert_eq!(others.len(), 5, "{tenants:?}");
    assert_eq!(tenants.last().unwrap(), "search", "by the new key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_said_once_and_the_old_stays_until_it_is_right() {
    let (stage, other) = (Stage::set().await, Stage::set().await);
    fs::write(stage.prices(), priced("2,5")).unwrap();
    stage.refused(1).await;
    other.looks().await;
    stage.refused(1).await;
    let said = stage.tollgate.said();
    let place = "prices.toml: line 5: prices[0].input_usd_per_mtok: ";
    assert!(said.contains(place), "{said}");
    assert_eq!(stage.successful().await, 0);
    stage.call("2").await;

    // In another file meanwhile: both are said.
    let config = fs::read_to_string(stage.home.config()).unwrap();
    stage
        .home
        .write_config(&format!("watching = true\n{config}"));
    stage.refused(3).await;
    stage.home.write_config(&config);
    stage.refused(4).await;
    fs::remove_file(stage.prices()).unwrap();
    stage.refused(5).await;
    let said = stage.tollgate.said();
    assert!(said.contains("prices.toml: cannot be read: "), "{said}");
    fs::write(stage.prices(), priced("3")).unwrap();
    stage.taken_over(1).await;
    assert_eq!(stage.successful().await, 1);
    stage.call("3").await;
    stage.refused(5).await;
    let rows = Rows::settled(&stage.home, &stage.tollgate, 2).await;
    let costs: Vec<&Value> = rows.iter().map(|row| &row["cost_usd"]).collect();
    assert_eq!(costs, ["2", "3"]);

    let kept = "[ledger]\nretention_days = 30\n";
    let moved = config.replace("[ledger]\n", kept);
    stage.home.write_config(&moved);
    stage.taken_over(2).await;
    let said = stage.tollgate.said();
    let waits = |line: &&str| line.contains("this change takes effect at the next start");
    let keys: Vec<&str> = said.lines().filter(waits).collect();
    assert_eq!(keys.len(), 1, "{said}");
    assert!(keys[0].contains("key=\"ledger\""), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_watch_nothing_changes_until_it_is_told_to() {
    let (asleep, awake) = (Stage::set().await, Stage::set().await);
    let config = fs::read_to_string(asleep.home.config()).unwrap();
    let config = config.replace("[server]\n", "[server]\nwatch = false\n");
    asleep.home.write_config(&config);
    asleep.taken_over(1).await;
    fs::write(asleep.prices(), priced("7")).unwrap();
    awake.looks().await;
    asleep.taken_over(1).await;
    asleep.tollgate.signal("HUP");
    asleep.taken_over(2).await;
    asleep.call("7").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emptied_file_is_a_change_and_an_emptied_configuration_is_said_once() {
    let (stage, other) = (Stage::set().await, Stage::set().await);
    stage.call("2").await;
    fs::write(stage.prices(), "").unwrap();
    stage.taken_over(1).await;
    stage.call("nothing").await;
    let config = fs::read_to_string(stage.home.config()).unwrap();
    stage.home.write_config("");
    stage.until("the configuration is empty", 1).await;
    fs::write(stage.prices(), priced("3")).unwrap();
    other.looks().await;
    stage.until("the configuration is empty", 1).await;
    stage.taken_over(1).await;
    stage.call("nothing").await;
    stage.home.write_config(&config);
    stage.taken_over(2).await;
    stage.call("3").await;
    let rows = Rows::settled(&stage.home, &stage.tollgate, 4).await;
    let costs: Vec<Value> = rows.iter().map(|row| row["cost_usd"].clone()).collect();
    assert_eq!(costs, ["2".into(), Value::Null, Value::Null, "3".into()]);
}

/// A tollgate whose configuration is three files, and what it forwards to.
struct Stage {
    home: Home,
    tollgate: Tollgate,
    _upstream: Upstream,
}

impl Stage {
    async fn set() -> Self {
        let json = [("content-type", "application/json")];
        let upstream = Upstream::start(move |_| Script::unary(200, &json, ANSWER.as_bytes())).await;
        let home = Home::new(&format!(
            "[server]\n[ledger]\n[catalogues]\nprices = \"prices.toml\"\n\
             [tenants.search]\nkeys = [\"file:key\"]\n\
             [upstreams.openai]\nformat = \"openai\"\nbase_url = \"{}\"\n",
            upstream.base_url()
        ));
        let folder = home.config().parent().unwrap().to_owned();
        fs::write(folder.join("prices.toml"), priced("2")).unwrap();
        fs::write(folder.join("key"), "sk-1").unwrap();
        Self {
            tollgate: home.serve().await,
            home,
            _upstream: upstream,
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.config().parent().unwrap().join(name)
    }

    fn prices(&self) -> PathBuf {
        self.file("prices.toml")
    }

    /// Makes a folder with these prices and swaps the link `..data` to it.
    fn mounted(&self, folder: &str, rate: &str) {
        fs::create_dir(self.file(folder)).unwrap();
        fs::write(self.file(folder).join("prices.toml"), priced(rate)).unwrap();
        let link = self.file("..data_tmp");
        symlink(Path::new(folder), &link).unwrap();
        fs::rename(link, self.file("..data")).unwrap();
    }

    /// Makes a call of a million tokens, at that rate.
    async fn call(&self, usd: &str) {
        let mut request = post("/v1/chat/completions", CHAT);
        let key = "Bearer sk-2".parse().unwrap();
        request.headers_mut().insert("authorization", key);
        let answer = Client::new(self.tollgate.traffic).send(request).await;
        assert_eq!(answer.unwrap().text(), ANSWER, "at {usd}");
    }

    /// Takes as long as another tollgate's looks do, several times.
    async fn looks(&self) {
        for (times, rate) in [(1, "3"), (2, "4"), (3, "5")] {
            fs::write(self.prices(), priced(rate)).unwrap();
            self.taken_over(times).await;
        }
    }

    async fn successful(&self) -> u64 {
        let metric = "tollgate_config_last_reload_successful";
        self.tollgate.metric(metric).await
    }

    async fn taken_over(&self, times: usize) {
        self.until("configuration taken over", times).await;
    }

    async fn refused(&self, problems: usize) {
        self.until("configuration refused", problems).await;
    }

    /// Waits until the log has said it so often; it must never have more often.
    async fn until(&self, words: &str, times: usize) {
        let began = Instant::now();
        loop {
            let said = self.tollgate.said();
            let found = said.matches(words).count();
            assert!(found <= times, "{words} {found} times:\n{said}");
            if found == times {
                return;
            }
            assert!(
                began.elapsed() < WAIT,
                "{words} only {found} times:\n{said}"
            );
            tokio::time::sleep(POLL).await;
        }
    }
}

fn priced(rate: &str) -> String {
    let rate = if rate.contains(',') {
        format!("\"{rate}\"")
    } else {
        rate.to_owned()
    };
    format!(
        "[[prices]]\nlist = \"openai\"\nmatch = \"m\"\nfrom = 2026-01-01\n\
         input_usd_per_mtok = {rate}\n\
         output_usd_per_mtok = 0\nsource = \"test\"\n"
    )
}
