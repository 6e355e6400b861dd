//! One side of a comparison: the prices of a file, or the configured ones of a day.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::cli::Failure;
use crate::config;
use crate::pricing::{Conditions, Price, PriceBook};

/// Prices, and the time at which they are asked for.
pub(super) struct Side {
    /// What people call it.
    pub(super) name: String,
    pub(super) book: Arc<PriceBook>,
    pub(super) at: Timestamp,
}

impl Side {
    /// Reads `2026-08-01`, the configured prices of that day, or a file's prices at `at`.
    pub(super) fn read(
        text: &str,
        configured: &Arc<PriceBook>,
        at: Timestamp,
    ) -> Result<Self, Failure> {
        let name = text.to_owned();
        if let Ok(day) = text.parse::<Date>() {
            let book = Arc::clone(configured);
            let at = super::moment(Some(day));
            return Ok(Self { name, book, at });
        }
        let book = config::prices_of(Path::new(text)).map_err(|problems| {
            Failure::use_or_config(format!("the prices have problems\n{problems}"))
        })?;
        Ok(Self { name, book, at })
    }

    /// What prices calls of a kind, if they have a price.
    pub(super) fn quote<'a>(
        &'a self,
        name: (&'a str, &'a str),
        kind: &'a Conditions,
    ) -> Option<Price<'a>> {
        self.book.quote(name, self.at, kind).ok()
    }
}
