//! A clock of the wall for the binary that stands until it is set.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::fs::FileExt;

use tempfile::NamedTempFile;

use crate::preload::preloaded;
use crate::support::tollgate::{Home, Tollgate};

/// 2026-03-02, a Monday, in minutes since 1970: the first minute of every replay.
pub(crate) const BEGIN: i64 = 20_514 * DAY;
/// Minutes in a day.
pub(crate) const DAY: i64 = 1_440;

pub(crate) struct Clock {
    file: NamedTempFile,
}

impl Clock {
    /// It stands at the beginning of a minute since 1970.
    pub(crate) fn at(minute: i64) -> Self {
        let clock = Self {
            file: NamedTempFile::new().unwrap(),
        };
        clock.set(minute);
        clock
    }

    /// Sets it to the beginning of a minute since 1970.
    pub(crate) fn set(&self, minute: i64) {
        self.set_ms(minute * 60_000);
    }

    /// Sets it to a moment, in milliseconds since 1970.
    pub(crate) fn set_ms(&self, ms: i64) {
        let file: &File = self.file.as_file();
        file.write_all_at(&(ms * 1_000_000).to_ne_bytes(), 0)
            .unwrap();
    }

    /// Starts `serve` by this clock.
    pub(crate) async fn serve(&self, home: &Home) -> Tollgate {
        let (name, libraries): (_, OsString) = preloaded(&["clock.c"]);
        let file = self.file.path().as_os_str();
        home.serve_in(&[(name, &libraries), ("CLOCK_FILE", file)])
            .await
    }
}
