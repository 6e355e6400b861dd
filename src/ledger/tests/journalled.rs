//! Rows for the tests of other rooms, which know no journal.

use std::path::Path;

use crate::call::CallRecord;
use crate::journal::{FrameKind, Journal, Settings};

/// Writes records into the journal of a folder, as ended calls: there pricing again finds its rows.
pub(crate) fn journalled<'c>(dir: &Path, calls: impl IntoIterator<Item = &'c CallRecord>) {
    let journal = super::once_free(|| Journal::open(Settings::in_dir(dir), |_, ()| {}).ok());
    for call in calls {
        let body = serde_json::to_vec(call).unwrap();
        let ack = journal.append(FrameKind::End, 0, body, None);
        ack.unwrap().wait().unwrap();
    }
    journal.close();
}
