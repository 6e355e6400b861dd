//! The `OpenMetrics` 1.0.0 form of a scrape, which the `prometheus` crate does not write.
//!
//! It differs from the text format in three ways: a counter's family is named without `_total`,
//! bounds are written as floats, and the end is marked so that a cut answer is noticed.

use std::fmt::{Display, Write};

use prometheus::proto::{Histogram, LabelPair, MetricFamily, MetricType};

/// Writes all families and the end mark.
pub(super) fn write(families: &[MetricFamily]) -> String {
    let mut out = String::new();
    for family in families {
        let kind = family.get_field_type();
        let name = family.name();
        let base = name
            .strip_suffix("_total")
            .filter(|_| kind == MetricType::COUNTER);
        let (base, word) = (base.unwrap_or(name), word(kind));
        line(
            &mut out,
            format_args!("# HELP {base} {}", Escaped(family.help())),
        );
        line(&mut out, format_args!("# TYPE {base} {word}"));
        for metric in family.get_metric() {
            let labels = metric.get_label();
            match kind {
                MetricType::COUNTER => {
                    let value = metric.get_counter().get_value();
                    line(
                        &mut out,
                        format_args!("{name}{} {value}", Labels(labels, None)),
                    );
                }
                MetricType::HISTOGRAM => histogram(&mut out, name, labels, metric.get_histogram()),
                MetricType::GAUGE | MetricType::SUMMARY | MetricType::UNTYPED => {
                    let value = metric.get_gauge().get_value();
                    line(
                        &mut out,
                        format_args!("{name}{} {value}", Labels(labels, None)),
                    );
                }
            }
        }
    }
    out.push_str("# EOF\n");
    out
}

const fn word(kind: MetricType) -> &'static str {
    match kind {
        MetricType::COUNTER => "counter",
        MetricType::HISTOGRAM => "histogram",
        MetricType::GAUGE => "gauge",
        MetricType::SUMMARY | MetricType::UNTYPED => "unknown",
    }
}

fn histogram(out: &mut String, name: &str, labels: &[LabelPair], observed: &Histogram) {
    for bucket in observed.get_bucket() {
        // `{:?}` keeps the point in `1.0`, as OpenMetrics asks for.
        let bound = format!("{:?}", bucket.upper_bound());
        let (labels, count) = (Labels(labels, Some(&bound)), bucket.cumulative_count());
        line(out, format_args!("{name}_bucket{labels} {count}"));
    }
    let count = observed.get_sample_count();
    line(
        out,
        format_args!("{name}_bucket{} {count}", Labels(labels, Some("+Inf"))),
    );
    let sum = observed.get_sample_sum();
    line(
        out,
        format_args!("{name}_sum{} {sum}", Labels(labels, None)),
    );
    line(
        out,
        format_args!("{name}_count{} {count}", Labels(labels, None)),
    );
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a `String` cannot fail.
    let _ = writeln!(out, "{text}");
}

/// The braces of a sample, with the bound of a bucket where there is one.
struct Labels<'a>(&'a [LabelPair], Option<&'a str>);

impl Display for Labels<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pairs = self.0.iter().map(|pair| (pair.name(), pair.value()));
        let mut before = "{";
        for (name, value) in pairs.chain(self.1.map(|bound| ("le", bound))) {
            write!(f, "{before}{name}=\"{}\"", Escaped(value))?;
            before = ",";
        }
        if before == "," {
            f.write_str("}")
        } else {
            Ok(())
        }
    }
}

/// A text with backslash, quote and line feed escaped.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in self.0.chars() {
            match c {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}
