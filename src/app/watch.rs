//! Looks at the files of the configuration: what has changed and then stays is taken over.
//!
//! By looking, not by being told: what the kernel tells of a file ends where a Kubernetes volume, NFS
//! or a bind mount begins.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::shared::Shared;
use crate::config::Files;

/// How often the files are looked at, and how long they have to stay as they are: what an editor has
/// half written is whole at the next look.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks until the end.
pub(super) async fn watch(shared: Arc<Shared>, stop: CancellationToken) {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    // After a look that took long, two in a row would see nothing stay.
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = Files::default();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = looks.tick() => {}
        }
        let shared = Arc::clone(&shared);
        let looked = tokio::task::spawn_blocking(move || look(&shared, &last)).await;
        last = looked.unwrap_or_else(|panic| {
            error!(%panic, "the files of the configuration could not be looked at");
            Files::default()
        });
    }
}

/// Has what has changed taken over; shows the files as they are now.
fn look(shared: &Shared, last: &Files) -> Files {
    let Some(read) = shared.watched() else {
        return Files::default();
    };
    let now = read.again();
    if let Some(file) = now.emptied().filter(|_| last.emptied().is_none()) {
        let file = file.display();
        warn!(%file, "the configuration is empty: the old one holds until something stands there");
    }
    if is_due(&read, last, &now) {
        for file in now.changed(&read) {
            info!(file = %file.display(), "the configuration has changed");
        }
        // Its problems are in the log; there is nobody to answer to.
        let _ = shared.reload();
    }
    now
}

/// Whether the files are other than when they were `read`, and as they were at the last look. What
/// was read and refused is not read again until it changes: its problems are said once. Nothing is
/// taken over beside a configuration that has become empty.
fn is_due(read: &Files, last: &Files, now: &Files) -> bool {
    now.emptied().is_none() && now != read && now == last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Overrides};

    #[test]
    fn a_file_is_read_again_once_it_has_changed_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tollgate.toml");
        let write = |text: &str| std::fs::write(&path, text).unwrap();
        let load = || match config::load(Some(&path), &Overrides::default()) {
            Ok(config) => config.files,
            Err(problems) => problems.files,
        };
        write("[server]\n");
        let (mut read, mut last) = (load(), Files::default());
        let mut look = || {
            let now = read.again();
            let due = is_due(&read, &last, &now);
            if due {
                read = load();
            }
            last = now;
            due
        };
        assert!(!look() && !look(), "nothing has changed");
        write("[server]\ndrai");
        assert!(!look(), "half written");
        write("[server]\ndrain = \"1s\"\n");
        assert!(!look(), "whole, and may still grow");
        assert!(look(), "stays");
        write("[serv");
        assert!(!look() && look(), "refused");
        assert!(!look() && !look(), "once");
        write("[server]\ndrain = \"1s\"\n");
        assert!(!look() && look(), "as before the bad one");
        write("");
        assert!(!look() && !look(), "being written, or the disk is full");
        write("[server]\ndrain = \"1s\"\n");
        assert!(!look() && !look(), "nothing has changed");
        std::fs::remove_file(&path).unwrap();
        assert!(!look() && look() && !look(), "gone");
        write("[server]\ndrain = \"1s\"\n");
        assert!(!look() && look() && !look(), "and back");
    }
}
