//! The exported rows, read as any program would read them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::tollgate::{Home, Tollgate};

/// A row is there when the ledger has applied the call; two busy cores take their time.
const WAIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(50);

/// The export, in its order.
pub(crate) struct Rows(Vec<Value>);

impl Rows {
    /// Asks the running process through the command line.
    pub(crate) fn while_running(home: &Home, tollgate: &Tollgate) -> Self {
        let admin = tollgate.admin.to_string();
        Self::export(home, &["--admin", &admin])
    }

    /// The rows of the running process, once there are `expected`; two looks later there must not
    /// be more.
    ///
    /// # Panics
    /// If there never are as many, or more.
    pub(crate) async fn settled(home: &Home, tollgate: &Tollgate, expected: usize) -> Self {
        let began = Instant::now();
        while Self::while_running(home, tollgate).len() < expected {
            assert!(
                began.elapsed() < WAIT,
                "a row is missing:\n{}",
                tollgate.said()
            );
            tokio::time::sleep(POLL).await;
        }
        tokio::time::sleep(2 * POLL).await;
        let rows = Self::while_running(home, tollgate);
        assert_eq!(rows.len(), expected, "one row for each call");
        rows
    }

    /// Reads the data directory, with no process running.
    pub(crate) fn at_rest(home: &Home) -> Self {
        Self::export(home, &[])
    }

    /// Exports with these arguments more.
    pub(crate) fn export(home: &Home, more: &[&str]) -> Self {
        let mut arguments = vec!["export", "calls", "--format", "jsonl"];
        arguments.extend(more);
        let output = home.run(&arguments);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "export failed: {complaint}");
        Self::parse(&String::from_utf8(output.stdout).unwrap())
    }

    pub(crate) fn parse(text: &str) -> Self {
        Self(
            text.lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect(),
        )
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Value> {
        self.0.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The rows by their id.
    ///
    /// # Panics
    /// If an id is there twice.
    pub(crate) fn by_id(&self) -> HashMap<&str, &Value> {
        let mut found = HashMap::new();
        for row in &self.0 {
            let id = row["call_id"].as_str().unwrap();
            let twice = found.insert(id, row);
            assert!(
                twice.is_none(),
                "call {id} has two rows:\n{row}\n{}",
                twice.unwrap()
            );
        }
        found
    }

    /// The sum of a token column; absent counts as nothing.
    pub(crate) fn tokens(&self, column: &str) -> u64 {
        self.0.iter().filter_map(|row| row[column].as_u64()).sum()
    }

    /// The sum of `cost_usd`, in picodollars.
    pub(crate) fn cost_pico(&self) -> i128 {
        let costs = self.0.iter().filter_map(|row| row["cost_usd"].as_str());
        costs.map(pico).sum()
    }
}

/// A decimal amount as an integer of its millionth of a millionth.
///
/// # Panics
/// If the text is no such amount.
pub(crate) fn pico(text: &str) -> i128 {
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or((1, text), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(fraction.len() <= 12, "{text} has more than twelve decimals");
    sign * format!("{whole}{fraction:0<12}").parse::<i128>().unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: i128) {
        assert_eq!(pico(text), expected);
    }

    #[test]
    fn amounts_are_read_exactly() {
        check("1", 1_000_000_000_000);
        check("0.0000025", 2_500_000);
        check("-12.000000000001", -12_000_000_000_001);
    }

    #[test]
    fn rows_are_summed_and_an_absent_count_is_nothing() {
        let rows = Rows::parse(
            "{\"call_id\":\"a\",\"output_tokens\":2,\"cost_usd\":\"0.1\"}\n{\"call_id\":\"b\"}\n",
        );
        assert_eq!((rows.len(), rows.tokens("output_tokens")), (2, 2));
        assert_eq!(rows.cost_pico(), 100_000_000_000);
        assert_eq!(rows.by_id().len(), 2);
    }

    #[test]
    #[should_panic(expected = "call a has two rows")]
    fn a_doubled_row_is_seen() {
        Rows::parse("{\"call_id\":\"a\"}\n{\"call_id\":\"a\"}\n").by_id();
    }
}
