//! A value of a file, read as what it should be; what it is not is told with what would do.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::DeValue;

use super::closest::closest;
use super::document::{Document, kind};
use super::problem::{Context, Problem};
use crate::economics::as_of::{AsOf, NotADate};
use crate::money::DecimalError;

/// A value at one place of a file.
pub(super) struct Value<'d> {
    pub(super) context: &'d Context<'d>,
    pub(super) document: &'d Document,
    /// Such as `server.listen` or `prices[0].from`.
    pub(super) key: String,
    pub(super) item: &'d Spanned<DeValue<'d>>,
}

impl<'d> Value<'d> {
    /// Tells what is wrong with it.
    pub(super) fn problem(&self, message: &str) {
        self.context.tell(Problem {
            file: self.document.name.clone(),
            line: Some(self.line()),
            key: self.key.clone(),
            message: message.to_owned(),
        });
    }

    /// Tells what it should be, showing what it is. Not for secrets.
    pub(super) fn is_not<T>(&self, expected: &str) -> Option<T> {
        let found = self.shown();
        self.problem(&format!("{found} is not {expected}"));
        None
    }

    /// What was written.
    pub(super) fn shown(&self) -> String {
        self.document.shown(self.item.span())
    }

    /// Where it was written.
    pub(super) fn line(&self) -> usize {
        self.document.line(self.item.span().start)
    }

    /// A text.
    pub(super) fn text(&self) -> Option<&'d str> {
        let item = self.item.get_ref();
        item.as_str().or_else(|| {
            let found = kind(item);
            self.problem(&format!("must be a text in quotes, not {found}"));
            None
        })
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self) -> Option<bool> {
        let value = self.item.get_ref().as_bool();
        value.or_else(|| self.is_not("true or false"))
    }

    /// A whole number above zero.
    pub(super) fn count(&self) -> Option<usize> {
        let number = self.item.get_ref().as_integer();
        number
            .and_then(|number| usize::from_str_radix(number.as_str(), number.radix()).ok())
            .filter(|number| *number > 0)
            .or_else(|| self.is_not("a whole number above zero"))
    }

    /// A whole number, zero included.
    pub(super) fn whole(&self) -> Option<u32> {
        let number = self.item.get_ref().as_integer();
        number
            .and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok())
            .or_else(|| self.is_not("a whole number"))
    }

    /// A number of a projection. Money is never read so: see [`Value::decimal`].
    pub(super) fn number(&self) -> Option<f64> {
        let text = match self.item.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str()),
            DeValue::Float(number) => Some(number.as_str()),
            DeValue::Integer(_)
            | DeValue::String(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => None,
        };
        let number = text.and_then(|text| text.parse().ok());
        let finite = number.filter(|number: &f64| number.is_finite());
        finite.or_else(|| self.is_not("a number, such as 0.7"))
    }

    /// A number of bytes: `65536` or `"64MiB"`.
    pub(super) fn bytes(&self) -> Option<usize> {
        let Some(text) = self.item.get_ref().as_str() else {
            return self.count();
        };
        let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
        let scaled = units.into_iter().find_map(|(unit, factor)| {
            let number: usize = text.strip_suffix(unit)?.trim_end().parse().ok()?;
            number.checked_mul(factor).filter(|bytes| *bytes > 0)
        });
        scaled.or_else(|| self.is_not("a size, such as \"64MiB\" or 65536"))
    }

    /// A time above zero: `"300s"`.
    pub(super) fn duration(&self) -> Option<Duration> {
        self.as_duration()
            .filter(|time| !time.is_zero())
            .or_else(|| self.is_not("a time above zero, such as \"15m\", \"300s\" or \"20ms\""))
    }

    /// A time limit: `"15m"`, and `"0"` for none.
    #[expect(
        clippy::option_option,
        reason = "outer: readable at all; inner: the limit is on"
    )]
    pub(super) fn limit(&self) -> Option<Option<Duration>> {
        self.as_duration()
            .map(|time| (!time.is_zero()).then_some(time))
            .or_else(|| self.is_not("a time, such as \"15m\" or \"300s\", or \"0\" for no limit"))
    }

    fn as_duration(&self) -> Option<Duration> {
        let text = self.item.get_ref().as_str()?;
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let number: u64 = digits.parse().ok()?;
        match text.strip_prefix(digits)? {
            "ms" => Some(Duration::from_millis(number)),
            "s" => Some(Duration::from_secs(number)),
            "m" => number.checked_mul(60).map(Duration::from_secs),
            "h" => number.checked_mul(3_600).map(Duration::from_secs),
            "" if number == 0 => Some(Duration::ZERO),
            _ => None,
        }
    }

    /// A decimal number, in quotes or not, read through the text it was written as.
    pub(super) fn decimal<T>(
        &self,
        parse: impl FnOnce(&str) -> Result<T, DecimalError>,
    ) -> Option<T> {
        let text = match self.item.get_ref() {
            DeValue::String(text) => text.as_ref(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            DeValue::Integer(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => return self.is_not("a decimal number, such as 2.50"),
        };
        let tell = |error| {
            let found = self.shown();
            self.problem(&format!("{found} is {error}"));
        };
        parse(text).map_err(tell).ok()
    }

    /// A day: `2026-01-31`, in quotes or not.
    pub(super) fn day(&self) -> Option<Date> {
        let written = match self.item.get_ref() {
            DeValue::Datetime(day) => day.to_string().parse().ok(),
            DeValue::String(day) => day.parse().ok(),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => None,
        };
        // A day, not a moment: `2026-01-31T00:00:00` would be read as one and lose its time.
        let plain = written.filter(|day: &Date| self.shown().trim_matches('"') == day.to_string());
        plain.or_else(|| self.is_not("a day, such as 2026-01-31"))
    }

    /// A date as well as it is known: `2026-01-31`, `"2026-01"` or `"2026"`.
    pub(super) fn as_of(&self) -> Option<AsOf> {
        let written = match self.item.get_ref() {
            DeValue::Datetime(day) => day.to_string().parse(),
            DeValue::String(date) => date.parse(),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => Err(NotADate),
        };
        let tell = |error| {
            let found = self.shown();
            self.problem(&format!("{found} is {error}"));
        };
        written.map_err(tell).ok()
    }

    /// An address to listen on.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        let address = self.text()?.parse().ok();
        address.or_else(|| self.is_not("an address and port, such as \"127.0.0.1:4141\""))
    }

    /// A path, relative to the file it is written in. What is there belongs to the configuration.
    pub(super) fn path(&self) -> Option<PathBuf> {
        let text = self.text()?;
        if text.is_empty() {
            return self.is_not("a path");
        }
        let path = self.document.resolve(text);
        self.context.reads(&path);
        Some(path)
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        let found = choices.iter().find(|(word, _)| *word == text);
        found.map(|(_, choice)| *choice).or_else(|| {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            self.is_not(&format!(
                "one of {}{}",
                words.join(", "),
                hint(text, &words)
            ))
        })
    }

    /// The items of a list; anything else is told.
    pub(super) fn items(&self) -> Vec<Value<'d>> {
        let Some(items) = self.item.get_ref().as_array() else {
            let found = kind(self.item.get_ref());
            self.problem(&format!("must be a list, not {found}"));
            return Vec::new();
        };
        let item = |(i, item)| Value {
            context: self.context,
            document: self.document,
            key: format!("{}[{i}]", self.key),
            item,
        };
        items.iter().enumerate().map(item).collect()
    }

    /// A list of texts, or one text.
    pub(super) fn texts(&self) -> Vec<(&'d str, Value<'d>)> {
        let items = match self.item.get_ref().as_str() {
            Some(_) => vec![Value {
                key: self.key.clone(),
                ..*self
            }],
            None => self.items(),
        };
        items
            .into_iter()
            .filter_map(|item| Some((item.text()?, item)))
            .collect()
    }
}

/// "; did you mean …?" where a known word is close.
pub(super) fn hint(word: &str, known: &[&str]) -> String {
    closest(word, known.iter().copied())
        .map(|near| format!("; did you mean {near}?"))
        .unwrap_or_default()
}
