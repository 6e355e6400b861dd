//! Power cuts: what a run asked of its disk is recorded, and disks are built as a cut at any moment
//! could have left them: what was synced, and of the rest nothing, a torn beginning, or any half.
//!
//! Each image is started by the real binary: every call that was acknowledged before the last sync
//! window is there, none twice, and rows are totals. The same with the journal's syncs left out
//! shows loss, so the test can see it.
//!
//! One recording holds a crash, a restart on a later day, and the close of the day before, all under
//! load. `TOLLGATE_POWER_IMAGES` (16) and `TOLLGATE_POWER_SEED` (1) set another length and order.

mod check;
mod disk;
mod image;
mod record;
mod stage;

use std::collections::BTreeMap;

use tokio::task::JoinSet;

use self::check::Outcome;
use self::image::Image;
use self::stage::{Recording, Run};
use crate::setting;

/// Images made of one recording.
const OF_ONE: usize = 40;
/// Images looked at side by side.
const TOGETHER: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_power_cut_takes_nothing_but_the_last_sync_window() {
    let images = setting("TOLLGATE_POWER_IMAGES", 16_usize);
    let seed = setting("TOLLGATE_POWER_SEED", 1_u64);
    let (mut done, mut round) = (0, 0);
    let mut outcomes = Vec::new();
    while done < images {
        let part = OF_ONE.min(images - done);
        // With `strict_ack` nothing at all may be lost, and every other long round says so.
        let run = Run {
            strict: round % 2 == 1,
            drop: None,
        };
        outcomes.extend(tortured(run, part, seed + round).await);
        (done, round) = (done + part, round + 1);
    }
    tell("syncs as they are", &outcomes);
    let bad: Vec<&str> = outcomes
        .iter()
        .filter_map(|one| one.fault.as_deref())
        .collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_the_syncs_of_the_journal_the_loss_is_seen() {
    let run = Run {
        strict: false,
        drop: Some("/journal/"),
    };
    let outcomes = tortured(run, setting("TOLLGATE_POWER_IMAGES", 16) / 4, 1).await;
    tell("no sync of the journal", &outcomes);
    assert!(outcomes.iter().any(|one| one.fault.is_some()));
}

/// The database can be computed again from the journal and the checkpoints, so this costs time only.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_the_syncs_of_the_database_it_is_computed_again() {
    let run = Run {
        strict: false,
        drop: Some("/sled/"),
    };
    let outcomes = tortured(run, setting("TOLLGATE_POWER_IMAGES", 16) / 4, 2).await;
    tell("no sync of the database", &outcomes);
    let bad: Vec<&str> = outcomes
        .iter()
        .filter_map(|one| one.fault.as_deref())
        .collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// Records one run and looks at so many images of it.
async fn tortured(run: Run, images: usize, seed: u64) -> Vec<Outcome> {
    let recording = Recording::make(run).await;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut waiting = image::images(&recording, images, &mut random).into_iter();
    let mut running: JoinSet<Outcome> = JoinSet::new();
    let mut outcomes = Vec::new();
    loop {
        let free = TOGETHER - running.len();
        for image in waiting.by_ref().take(free) {
            running.spawn(looked_at(image));
        }
        match running.join_next().await {
            Some(outcome) => outcomes.push(outcome.unwrap()),
            None => return outcomes,
        }
    }
}

/// A start that fails is an outcome too.
async fn looked_at(image: Image) -> Outcome {
    let what = image.what.clone();
    let kind = image.kind;
    let mut alone = JoinSet::new();
    alone.spawn(check::check(image));
    let checked = alone.join_next().await.unwrap();
    checked.unwrap_or_else(|panic| Outcome::failed(kind, &what, &panic))
}

fn tell(how: &str, outcomes: &[Outcome]) {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for one in outcomes {
        *kinds.entry(one.kind.name()).or_default() += 1;
    }
    let count = |what: fn(&Outcome) -> bool| outcomes.iter().filter(|one| what(one)).count();
    let sum = |what: fn(&Outcome) -> usize| outcomes.iter().map(what).sum::<usize>();
    let window = outcomes.iter().map(|one| one.window).max();
    println!(
        "{how}: {} images {kinds:?}; {} with a fault; {} calls due, {} of them lost; \
         {} of {} calls of the open window kept, longest window {window:?}; \
         {} databases computed again, {} from a checkpoint, {} ran ahead of the journal",
        outcomes.len(),
        count(|one| one.fault.is_some()),
        sum(|one| one.due),
        sum(|one| one.lost),
        sum(|one| one.open_kept),
        sum(|one| one.open),
        count(|one| one.rebuilt.is_some()),
        count(|one| one.restored),
        count(|one| one.ran_ahead),
    );
    for one in outcomes {
        for said in one.rebuilt.iter().chain(&one.fault) {
            println!("  {said}");
        }
    }
}
