//! Which calls are to be priced again.

use jiff::Timestamp;

use super::answer::Refusal;
use super::query::{in_order, parameters};
use super::when::{Clock, bound};

/// Names in one question.
const NAMES_MAX: usize = 64;

/// The query of `POST /api/v1/reprice`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepriceQuery {
    /// What was written: who asks for the same while it runs is told how far it is.
    pub words: String,
    /// Calls that arrived from this moment on.
    pub since: Timestamp,
    /// Calls that arrived before this one; all, if it is absent.
    pub until: Option<Timestamp>,
    /// Only of these models.
    pub models: Vec<String>,
    /// Only of these upstreams.
    pub upstreams: Vec<String>,
    /// Whether to look only.
    pub dry_run: bool,
}

impl RepriceQuery {
    /// Reads `since`, `until`, `model` and `upstream` (comma lists), and `dry_run`.
    ///
    /// # Errors
    /// The first thing wrong, with what would do.
    pub fn read(query: Option<&str>, clock: &Clock) -> Result<Self, Refusal> {
        let known = ["since", "until", "model", "upstream", "dry_run"];
        let mut given = parameters(query, &known)?;
        let dry_run = match given.remove("dry_run").as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => {
                let message = format!("dry_run: {other:?} is not true or false");
                return Err(Refusal::query(
                    message,
                    "write dry_run=true, or leave it out",
                ));
            }
        };
        let words = given.iter().map(|(name, value)| format!("{name}={value}"));
        let words: Vec<String> = words.collect();
        let names = |text: Option<String>| {
            let text = text.unwrap_or_default();
            let names = text.split(',').filter(|name| !name.is_empty());
            names.take(NAMES_MAX).map(str::to_owned).collect()
        };
        let (models, upstreams) = (
            names(given.remove("model")),
            names(given.remove("upstream")),
        );
        let bound = |name, text: Option<String>| {
            let bound = text.map(|text| bound(name, &text, clock)).transpose();
            bound.map(|bound| bound.map(|bound| bound.at))
        };
        let since = bound("since", given.remove("since"))?.ok_or_else(|| {
            let message = "since: nobody said from when on".to_owned();
            Refusal::query(
                message,
                "name the first day, such as since=2026-11-01 or since=30d",
            )
        })?;
        let until = bound("until", given.remove("until"))?;
        in_order(Some(&since), until.as_ref())?;
        Ok(Self {
            words: words.join("&"),
            since,
            until,
            models,
            upstreams,
            dry_run,
        })
    }
}

impl Refusal {
    /// Other calls are being priced again.
    #[must_use]
    pub fn repricing(words: &str) -> Self {
        Self::new(
            http::StatusCode::CONFLICT,
            "repricing",
            format!("calls are being priced again already, for {words}"),
            "wait until that is done: GET /api/v1/reprice says how far it is",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::when::tests::clock;

    #[test]
    fn what_is_asked_for_is_read_and_the_rest_refused() {
        let read = |query| RepriceQuery::read(Some(query), &clock());
        let asked = read("since=30d&model=a%2Fb,c&upstream=openai&dry_run=true").unwrap();
        assert_eq!(
            (asked.models, asked.upstreams),
            (vec!["a/b".into(), "c".into()], vec!["openai".into()])
        );
        assert_eq!(asked.words, "model=a/b,c&since=30d&upstream=openai");
        assert!(asked.dry_run && asked.until.is_none());
        assert_eq!(asked.since.to_string(), "2026-10-22T16:00:00Z");
        for (query, says) in [
            ("", "from when on"),
            ("since=yesterday", "not a time"),
            ("since=1d&dry_run=yes", "dry_run"),
            ("since=2d&until=3d", "until"),
            ("since=2d&from=3d", "from"),
        ] {
            let refusal = read(query).unwrap_err();
            assert!(
                refusal.message.contains(says),
                "{query}: {}",
                refusal.message
            );
        }
    }
}
