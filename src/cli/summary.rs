//! How the demo ends: spend, the meter against the providers' own bill, the verdict, what next.

use std::fmt::{self, Write as _};

use comfy_table::{CellAlignment, Table, presets};
use serde_json::Value;

use super::house::Addresses;
use super::numbers::{self, count};
use super::output;
use super::report::plain;
use super::totals::{Row, Sums, Totals};
use crate::demo::{Stats, Tokens};

/// What the meter's records say, summed here and not by the meter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Records.
    pub(super) calls: u64,
    /// Those whose provider said its usage, to the end.
    pub(super) told: Tokens,
    /// Those answered with an error.
    pub(super) refused: u64,
    /// The others: left by the client, or never told.
    pub(super) others: u64,
    /// Output tokens of these that were counted from their text.
    pub(super) counted_output: u64,
}

impl Seen {
    /// Adds one record.
    pub(super) fn add(&mut self, record: &Value) {
        let number = |name| record.get(name).and_then(Value::as_u64).unwrap_or(0);
        let says = |name| record.get(name).and_then(Value::as_str);
        self.calls += 1;
        let whole = record.get("complete").and_then(Value::as_bool) == Some(true);
        if number("status") >= 400 {
            self.refused += 1;
        } else if whole && says("source") == Some("reported") {
            self.told += Tokens {
                calls: 1,
                input: number("input_tokens"),
                cache_read: number("cache_read_tokens"),
                cache_write: number("cache_write_tokens"),
                output: number("output_tokens"),
            };
        } else {
            self.others += 1;
            self.counted_output += number("output_tokens");
        }
    }
}

/// Everything there is to say at the end.
#[derive(Debug)]
pub(super) struct Summary {
    /// Totals before the traffic: the imported history.
    pub(super) before: Totals,
    /// Totals after it.
    pub(super) after: Totals,
    /// What the providers billed.
    pub(super) bill: Stats,
    /// What the meter recorded.
    pub(super) seen: Seen,
    /// The verdict in words.
    pub(super) verdict: String,
    /// Where everything is.
    pub(super) addresses: Addresses,
    /// Whether it stays up.
    pub(super) keeps_running: bool,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (headline, details) = self
            .verdict
            .split_once("\n\n")
            .unwrap_or((&self.verdict, ""));
        section(f, "The verdict", headline)?;
        section(f, "The meter's error", &self.error())?;
        writeln!(f, "{}\n", indented(&self.comparison()))?;
        section(f, "Spend by model", &self.spend_words())?;
        writeln!(f, "{}\n", indented(&self.spend()))?;
        if !details.is_empty() {
            section(f, "The verdict, way by way", details)?;
        }
        self.next(f)
    }
}

impl Summary {
    /// The meter against the bill, in words.
    fn error(&self) -> String {
        let (bill, seen) = (self.bill.total(), self.seen);
        let tokens = |of: Tokens| of.input.saturating_add(of.output);
        // Input and output apart, so that one error cannot hide the other.
        let difference = (bill.told.input.abs_diff(seen.told.input))
            .saturating_add(bill.told.output.abs_diff(seen.told.output));
        let missed = bill.calls().abs_diff(seen.calls);
        let mut text = format!(
            "{} of {} tokens and {} of {} calls differ between the providers' own bill and the \
             meter's records.",
            count(difference),
            count(tokens(bill.told)),
            count(missed),
            count(bill.calls()),
        );
        let untold = bill.cut.calls + bill.untold.calls;
        if untold > 0 {
            let _ = write!(
                text,
                " {} of the calls ended before their usage was told, {} of them left by the client; \
                 the providers bill {} output tokens for them and tell nobody. The meter has {} \
                 such calls, counts {} from their text, and marks them counted or partial.",
                count(untold),
                count(bill.cut.calls),
                count(bill.cut.output + bill.untold.output),
                count(self.seen.others),
                count(self.seen.counted_output),
            );
        }
        text
    }

    /// What the columns of the spend are.
    fn spend_words(&self) -> String {
        let mut text = "Metered just now, and imported: made history that nobody metered. They \
                        are never one number."
            .to_owned();
        let unpriced = self.after.total.unpriced_calls;
        if unpriced > self.before.total.unpriced_calls {
            let _ = write!(
                text,
                " \"+ ?\" is the cost of {} calls whose usage nobody told: unknown, and not 0.",
                count(unpriced - self.before.total.unpriced_calls)
            );
        }
        if self.seen.refused > 0 {
            text.push_str(" Refused calls are free; no model answered them.");
        }
        text
    }

    /// Metered just now, and imported; never one number of both.
    fn spend(&self) -> Table {
        let live = self.after.clone().since(&self.before);
        let currency = &self.after.currency;
        let none = Sums::default();
        let mut table = headed(["model", "calls", "cost", "imported calls", "imported cost"]);
        let mut rows: Vec<(&Row, Sums)> = live
            .rows
            .iter()
            .map(|row| (row, self.imported(row)))
            .collect();
        rows.retain(|(row, imported)| row.sums != none || *imported != none);
        rows.sort_by_key(|(row, imported)| {
            std::cmp::Reverse(imported.cost_usd + row.sums.cost_usd)
        });
        let total = ("total", &live.total, &self.before.total);
        let named = rows
            .iter()
            .map(|(row, imported)| (row.key("model"), &row.sums, imported));
        for (model, live, imported) in named.chain([total]) {
            table.add_row([
                if model == "other" {
                    "refused".to_owned()
                } else {
                    plain(model)
                },
                count(live.calls),
                numbers::cost(live, currency),
                count(imported.calls),
                numbers::cost(imported, currency),
            ]);
        }
        table
    }

    /// What was there of a row before.
    fn imported(&self, row: &Row) -> Sums {
        let before = self
            .before
            .rows
            .iter()
            .find(|before| before.keys == row.keys);
        before.map_or_else(Sums::default, |before| before.sums)
    }

    /// Both counts of what the providers told.
    fn comparison(&self) -> Table {
        let (bill, seen) = (self.bill.total(), self.seen);
        let mut table = headed(["", "providers", "meter", "error"]);
        let rows = [
            ("calls, all", bill.calls(), seen.calls),
            (
                "calls whose usage was told",
                bill.told.calls,
                seen.told.calls,
            ),
            ("  input tokens", bill.told.input, seen.told.input),
            (
                "  of these cache reads",
                bill.told.cache_read,
                seen.told.cache_read,
            ),
            (
                "  of these cache writes",
                bill.told.cache_write,
                seen.told.cache_write,
            ),
            ("  output tokens", bill.told.output, seen.told.output),
            ("calls refused, not billed", bill.refused, seen.refused),
        ];
        for (name, billed, metered) in rows {
            let error = i128::from(metered) - i128::from(billed);
            let error = if error == 0 {
                "0".to_owned()
            } else {
                format!("{error:+}")
            };
            table.add_row([name.to_owned(), count(billed), count(metered), error]);
        }
        table
    }

    fn next(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Addresses {
            listen,
            admin,
            data_dir,
            ..
        } = &self.addresses;
        if self.keeps_running {
            writeln!(f, "Look around: http://{admin}/metrics")?;
            writeln!(f, "  curl http://{admin}/api/v1/breakeven")?;
            writeln!(f, "  tollgate report --admin {admin} --by tenant,model")?;
            writeln!(f, "  export OPENAI_BASE_URL=http://{listen}/v1")
        } else {
            writeln!(
                f,
                "It ran at http://{listen} (traffic) and http://{admin} (admin),"
            )?;
            writeln!(f, "with its ledger in {}.", data_dir.display())?;
            writeln!(
                f,
                "Next: tollgate demo --keep-running    to look around in it"
            )?;
            writeln!(
                f,
                "      tollgate                        to meter your own traffic:"
            )?;
            writeln!(f, "      export OPENAI_BASE_URL=http://127.0.0.1:4141/v1")
        }
    }
}

/// A heading with words under it.
fn section(f: &mut fmt::Formatter<'_>, heading: &str, words: &str) -> fmt::Result {
    writeln!(f, "{heading}\n")?;
    writeln!(f, "{}", output::wrapped(words, "  "))
}

/// A table whose first column is words and whose others are numbers.
fn headed<const N: usize>(headings: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(headings);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn indented(table: &Table) -> String {
    let lines: Vec<String> = table
        .lines()
        .map(|line| format!(" {}", line.trim_end()))
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::demo::ModelTally;

    const TOLD: Tokens = Tokens {
        calls: 700,
        input: 1_234_567,
        cache_read: 300_032,
        cache_write: 4_096,
        output: 180_001,
    };

    fn totals(calls: u64, cost: &str) -> Totals {
        Totals::read(serde_json::json!({
            "currency": "USD", "timezone": "UTC", "by": ["model"],
            "total": {"calls": calls, "cost_usd": cost},
            "rows": [{"model": "gpt-4o-2024-08-06", "calls": calls, "cost_usd": cost}],
        }))
        .unwrap()
    }

    fn summary(seen: Seen) -> Summary {
        let cut = Tokens {
            calls: 9,
            output: 120,
            ..Tokens::default()
        };
        let tally = ModelTally {
            told: TOLD,
            cut,
            refused: 7,
            ..ModelTally::default()
        };
        Summary {
            before: totals(90_000_000, "130123.25"),
            after: totals(90_000_716, "130127.481"),
            bill: Stats {
                models: BTreeMap::from([("gpt-4o-2024-08-06".into(), tally)]),
            },
            seen,
            verdict: "Hosting llama-70b would have saved $1,234 a month.\n".into(),
            addresses: Addresses {
                listen: "127.0.0.1:40001".parse().unwrap(),
                admin: "127.0.0.1:40002".parse().unwrap(),
                data_dir: "/tmp/tollgate-demo".into(),
                admin_token: None,
            },
            keeps_running: false,
        }
    }

    #[test]
    fn the_end_of_the_demo_is_what_the_golden_file_shows() {
        let seen = Seen {
            calls: 716,
            told: TOLD,
            refused: 7,
            others: 9,
            counted_output: 1_980,
        };
        crate::cli::golden("report-demo.txt", &summary(seen).to_string());
    }

    #[test]
    fn an_error_of_the_meter_is_shown_with_its_sign() {
        let told = Tokens {
            output: 180_000,
            ..TOLD
        };
        let shown = summary(Seen {
            calls: 717,
            told,
            refused: 7,
            others: 10,
            counted_output: 0,
        })
        .to_string();
        assert!(
            shown.contains(" -1\n") && shown.contains(" +1\n"),
            "{shown}"
        );
    }

    #[test]
    fn a_record_counts_on_one_side() {
        let record = |status, complete, source: &str| {
            serde_json::json!({"status": status, "complete": complete, "source": source,
                "input_tokens": 10, "cache_read_tokens": null, "output_tokens": 3})
        };
        let mut seen = Seen::default();
        for record in [
            record(200, true, "reported"),
            record(200, false, "partial"),
            record(200, true, "unknown"),
            record(429, true, "free"),
        ] {
            seen.add(&record);
        }
        let told = Tokens {
            calls: 1,
            input: 10,
            output: 3,
            ..Tokens::default()
        };
        assert_eq!(
            seen,
            Seen {
                calls: 4,
                told,
                refused: 1,
                others: 2,
                counted_output: 6,
            }
        );
    }
}
