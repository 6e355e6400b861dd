//! A round: every server that is due is asked, a few at one time, and all answers are booked together.

use std::sync::Arc;

use jiff::Timestamp;
use reqwest::Client;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::fetch::{Bearer, FetchError};
use super::reading::Reading;
use super::round::Metered;
use super::{Measured, Page, Settings, fetch};

/// Pages that are fetched at one time: at most so many times 8 MiB are held.
const FETCHES_AT_ONE_TIME_MAX: usize = 8;

/// One page to fetch.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) settings: Settings,
    pub(super) server: usize,
    pub(super) client: Client,
    pub(super) page: Page,
}

/// What came of it; why nothing did.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) settings: Settings,
    pub(super) server: usize,
    pub(super) result: Result<Reading, String>,
}

/// What came of a round, to be booked.
#[derive(Debug)]
pub struct Round {
    at: Timestamp,
    begun: Vec<Settings>,
    answers: Vec<Answer>,
}

impl Measured {
    /// Asks every server that is due. Call it every second; not twice at one time.
    pub async fn ask(&self, now: Timestamp) -> Round {
        let mut jobs = Vec::new();
        let mut begun = Vec::new();
        for watch in self.watches().iter_mut().filter(|it| it.is_due(now)) {
            jobs.extend(watch.begin(now));
            begun.push(watch.settings.clone());
        }
        Round {
            at: now,
            begun,
            answers: all(jobs).await,
        }
    }

    /// Compares what was answered with what `metered` says now of the upstreams that these servers work
    /// for. That is asked outside of the lock, and may take its time.
    pub fn book(&self, round: &Round, metered: impl Fn(&str) -> Metered) {
        for settings in &round.begun {
            let each = settings.upstreams.iter().map(|upstream| metered(upstream));
            let metered = each.fold(Metered::default(), Metered::plus);
            let mut watches = self.watches();
            // A reload meanwhile may have made the answers those of others.
            let Some(watch) = watches.iter_mut().find(|it| it.settings == *settings) else {
                continue;
            };
            let own = round.answers.iter().filter(|it| it.settings == *settings);
            watch.book(round.at, own, metered);
        }
    }
}

async fn all(jobs: Vec<Job>) -> Vec<Answer> {
    let turns = Arc::new(Semaphore::new(FETCHES_AT_ONE_TIME_MAX));
    let mut fetches = JoinSet::new();
    for job in jobs {
        let turns = Arc::clone(&turns);
        fetches.spawn(async move {
            let _turn = turns.acquire_owned().await;
            job.run().await
        });
    }
    let mut answers = Vec::new();
    while let Some(done) = fetches.join_next().await {
        // One that panicked is one without an answer.
        answers.extend(done.ok());
    }
    answers
}

impl Job {
    async fn run(self) -> Answer {
        let Self {
            settings,
            server,
            client,
            page,
        } = self;
        let token = Bearer {
            key: "token",
            token: settings.token.as_ref(),
        };
        let body = fetch::get(&client, page.url, token, settings.timeout).await;
        let result = match body {
            Ok(body) => Reading::of(page.engine, &body).map_err(|missing| missing.to_string()),
            Err(error @ FetchError::NoPage) => Err(format!("{error}: {}", page.engine.has_page())),
            Err(error) => Err(error.to_string()),
        };
        Answer {
            settings,
            server,
            result,
        }
    }
}
