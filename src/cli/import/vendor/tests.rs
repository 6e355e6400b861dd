//! What of a bucket becomes a row, and what is said of one that cannot.

use clap::Parser as _;

use super::*;

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    asked: ImportUsage,
}

fn rows(result: &str) -> Result<Vec<UsageRow>, Failure> {
    let page = format!(
        r#"{{"data": [{{"start_time": 1793491200, "end_time": 1793577600, "results": [{result}]}}]}}"#
    );
    let Line { asked } = Line::parse_from(["import", "usage.json"]);
    let mut into = Read::default();
    read("usage.json", page.as_bytes(), &asked, &mut into)?;
    Ok(into.rows)
}

#[test]
fn what_was_answered_counts_where_nothing_was_asked() {
    let of = |output: u64| {
        let result = format!(
            r#"{{"num_model_requests": 0, "input_tokens": 0, "output_tokens": {output}, "model": "m"}}"#
        );
        let rows = rows(&result).unwrap();
        rows.iter().map(|row| row.output).collect::<Vec<_>>()
    };
    assert_eq!(of(7), [7]);
    assert_eq!(of(0), [0; 0]);
}

#[test]
fn a_message_has_only_the_begin_of_what_a_file_says() {
    let long = "\"x\", ".repeat(10_000);
    let result = format!(r#"{{"num_model_requests": [{long}1], "model": "m"}}"#);
    let said = rows(&result).unwrap_err().to_string();
    assert!(said.contains("num_model_requests: found [\"x\""), "{said}");
    assert!(said.chars().count() < 300, "{}", said.len());
}
