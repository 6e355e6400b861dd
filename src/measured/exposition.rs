//! The samples of a page in the text format of Prometheus or `OpenMetrics`: names and values, labels
//! skipped. The page is a stranger's: what is no sample is passed over, and nothing is kept of it.

/// One line of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample<'p> {
    /// The name before the labels.
    pub(super) name: &'p str,
    /// Finite.
    pub(super) value: f64,
}

/// Every sample with a finite value, in the order of the page.
pub(super) fn samples(page: &[u8]) -> impl Iterator<Item = Sample<'_>> {
    let lines = page.split(|byte| *byte == b'\n');
    lines.filter_map(|line| sample(std::str::from_utf8(line).ok()?.trim()))
}

/// `name{labels} value [timestamp] [# exemplar]`.
fn sample(line: &str) -> Option<Sample<'_>> {
    if line.starts_with('#') {
        return None;
    }
    let (name, rest) = line.split_at(line.find(['{', ' ', '\t'])?);
    let rest = match rest.strip_prefix('{') {
        Some(labels) => behind_labels(labels)?,
        None => rest,
    };
    let value: f64 = rest.split_whitespace().next()?.parse().ok()?;
    let is_sample = !name.is_empty() && value.is_finite();
    is_sample.then_some(Sample { name, value })
}

/// What follows the closing brace; one in a quoted value closes nothing.
fn behind_labels(labels: &str) -> Option<&str> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in labels.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '}' if !quoted => return labels.get(at..)?.strip_prefix('}'),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(page: &str, expected: &[(&str, f64)]) {
        let found: Vec<_> = samples(page.as_bytes())
            .map(|it| (it.name, it.value))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_sample_is_a_name_and_a_number_whatever_its_labels_say() {
        check("up 1", &[("up", 1.0)]);
        check(
            "a:b_total{x=\"1\"} 9.4e+06\r\n",
            &[("a:b_total", 9_400_000.0)],
        );
        check(
            "a{x=\"}\\\"} 7\",y=\"\\\\\"} 2 1395066363000",
            &[("a", 2.0)],
        );
        check("a{} 3 # {id=\"1\"} 0.5 1.0\n# EOF", &[("a", 3.0)]);
        check("a\t-1\nb 2", &[("a", -1.0), ("b", 2.0)]);
    }

    #[test]
    fn what_is_no_sample_is_passed_over() {
        let none: &[(&str, f64)] = &[];
        check("# HELP a text\n# TYPE a counter\n\n", none);
        check(
            "a NaN\na +Inf\na -Inf\na x\na{ 1\na{x=\"} 1\na\n{x=\"1\"} 1",
            none,
        );
        check("<!doctype html><p class=\"x\">busy</p>", none);
        assert_eq!(samples(b"\xff\xfe 1\nok 1").count(), 1);
    }
}
