//! Keeps credentials that hold: fetched at the start, and anew before they end.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, watch};

use super::Clock;

/// A source that has not answered by then is asked again.
const FETCH_TIME_MAX: Duration = Duration::from_secs(30);
/// Credentials that end are renewed so long before, or when half of their time is over.
const RENEWED_BEFORE: SignedDuration = SignedDuration::from_mins(10);
/// Those that do not say when they end are read again, for somebody may have replaced them.
const READ_AGAIN: SignedDuration = SignedDuration::from_mins(5);
/// Between two fetches, whatever is said; doubled at each that fails.
const PAUSE_MIN: SignedDuration = SignedDuration::from_secs(1);
const PAUSE_MAX: SignedDuration = SignedDuration::from_mins(1);
/// Between two fetches for credentials that were refused.
const DOUBT_PAUSE: SignedDuration = SignedDuration::from_secs(10);
/// How often the clock is looked at: it goes on while the machine sleeps, timers do not.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Gives credentials, or says in words without a secret why not.
pub(super) trait Source: Send + Sync + 'static {
    fn fetch(&self) -> impl Future<Output = Result<Credentials, String>> + Send;
}

/// What there is by now.
#[derive(Clone, Debug)]
pub(super) enum Kept {
    /// Nothing yet.
    Coming,
    Are(Credentials),
    /// Those there were have ended, or there never were any, and the last fetch failed.
    Failed,
}

impl Kept {
    /// Whether there is nothing to wait for.
    pub(super) fn is_settled(&self, now: Timestamp) -> bool {
        match self {
            Self::Coming => false,
            Self::Are(credentials) => end(credentials).is_none_or(|end| now < end),
            Self::Failed => true,
        }
    }

    pub(super) fn credentials(&self) -> Option<Credentials> {
        match self {
            Self::Are(credentials) => Some(credentials.clone()),
            Self::Coming | Self::Failed => None,
        }
    }
}

/// The task that keeps them, until nobody asks any more.
pub(super) struct Keeper<S> {
    pub(super) source: S,
    pub(super) clock: Clock,
    pub(super) kept: watch::Sender<Kept>,
    /// Told when what was signed with them is refused.
    pub(super) doubt: Arc<Notify>,
}

impl<S: Source> Keeper<S> {
    pub(super) async fn keep(self) {
        let mut failures = 0;
        loop {
            let fetched = tokio::time::timeout(FETCH_TIME_MAX, self.source.fetch()).await;
            let fetched = fetched.unwrap_or_else(|_| Err("no answer in time".to_owned()));
            let at = (self.clock)();
            let pause = match fetched {
                Ok(credentials) => {
                    failures = 0;
                    self.take(credentials, at)
                }
                Err(why) => {
                    failures += 1;
                    self.miss(&why, at, failures)
                }
            };
            self.wait(at, pause).await;
        }
    }

    /// Takes new ones over; gives how long to leave them.
    fn take(&self, credentials: Credentials, at: Timestamp) -> SignedDuration {
        let end = end(&credentials);
        let is_new = match &*self.kept.borrow() {
            Kept::Are(before) => *before != credentials,
            Kept::Coming | Kept::Failed => true,
        };
        if is_new {
            let until = end.map(|end| end.to_string());
            tracing::info!(until, "AWS credentials were fetched");
        }
        self.kept.send_replace(Kept::Are(credentials));
        end.map_or(READ_AGAIN, |end| {
            let left = at.duration_until(end);
            (left - RENEWED_BEFORE.min(left / 2)).max(PAUSE_MIN)
        })
    }

    /// There are none; gives how long to wait for the next try.
    fn miss(&self, why: &str, at: Timestamp, failures: u32) -> SignedDuration {
        tracing::warn!(why, "AWS credentials cannot be fetched");
        self.kept.send_if_modified(|kept| {
            let holds = matches!(kept, Kept::Are(_)) && kept.is_settled(at);
            if !holds {
                *kept = Kept::Failed;
            }
            !holds
        });
        let doubled = PAUSE_MIN.checked_mul(1 << failures.saturating_sub(1).min(6));
        doubled.map_or(PAUSE_MAX, |pause| pause.min(PAUSE_MAX))
    }

    /// Waits so long from a moment on, by the clock; less where they are in doubt.
    async fn wait(&self, from: Timestamp, mut pause: SignedDuration) {
        loop {
            let left = pause - from.duration_until((self.clock)());
            let Ok(left) = Duration::try_from(left) else {
                return;
            };
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left.min(LOOK_EVERY)) => {}
                () = self.doubt.notified() => pause = pause.min(DOUBT_PAUSE),
            }
        }
    }
}

/// When they end, if they say.
fn end(credentials: &Credentials) -> Option<Timestamp> {
    Timestamp::try_from(credentials.expiry()?).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;
    use std::time::SystemTime;

    use tokio::task::JoinSet;
    use tokio::time::{Instant, advance};

    use super::*;

    const START: i64 = 1_790_000_000;

    /// Gives what it was told to, one after the other, and notes when.
    struct Told {
        answers: Mutex<VecDeque<Credentials>>,
        asked: Arc<Mutex<Vec<u64>>>,
        began: Instant,
    }

    impl Source for Told {
        async fn fetch(&self) -> Result<Credentials, String> {
            self.asked
                .lock()
                .unwrap()
                .push(self.began.elapsed().as_secs());
            let next = self.answers.lock().unwrap().pop_front();
            next.ok_or_else(|| "no more".to_owned())
        }
    }

    /// Credentials that end so many seconds after the start.
    fn ends(after: Option<i64>) -> Credentials {
        let end =
            after.map(|after| SystemTime::from(Timestamp::from_second(START + after).unwrap()));
        let (id, secret) = ("AKIDTEST", "s3cret");
        Credentials::new(id, secret, Some("t0ken".into()), end, "test")
    }

    struct Kitchen {
        asked: Arc<Mutex<Vec<u64>>>,
        kept: watch::Receiver<Kept>,
        doubt: Arc<Notify>,
        _tasks: JoinSet<()>,
    }

    async fn start(answers: Vec<Credentials>) -> Kitchen {
        let began = Instant::now();
        let clock: Clock = Arc::new(move || {
            let passed = SignedDuration::try_from(began.elapsed()).unwrap();
            Timestamp::from_second(START).unwrap() + passed
        });
        let asked = Arc::<Mutex<Vec<u64>>>::default();
        let doubt = Arc::<Notify>::default();
        let (sender, kept) = watch::channel(Kept::Coming);
        let keeper = Keeper {
            source: Told {
                answers: Mutex::new(answers.into()),
                asked: Arc::clone(&asked),
                began,
            },
            clock,
            kept: sender,
            doubt: Arc::clone(&doubt),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(keeper.keep());
        // The first fetch is at the start.
        settle().await;
        Kitchen {
            asked,
            kept,
            doubt,
            _tasks: tasks,
        }
    }

    /// Lets the other task come to its next wait.
    async fn settle() {
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
    }

    impl Kitchen {
        async fn after(&self, seconds: u64) -> Vec<u64> {
            for _ in 0..seconds {
                advance(Duration::from_secs(1)).await;
                settle().await;
            }
            self.asked.lock().unwrap().clone()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn credentials_are_renewed_before_they_end() {
        // An hour, and then a minute.
        let kitchen = start(vec![
            ends(Some(3_600)),
            ends(Some(3_060)),
            ends(Some(9_000)),
        ])
        .await;
        assert_eq!(kitchen.after(2_999).await, [0]);
        assert_eq!(kitchen.after(1).await, [0, 3_000]);
        assert_eq!(kitchen.after(30).await, [0, 3_000, 3_030]);
    }

    #[tokio::test(start_paused = true)]
    async fn those_without_an_end_are_read_again() {
        let kitchen = start(vec![ends(None), ends(None)]).await;
        assert_eq!(kitchen.after(299).await, [0]);
        assert_eq!(kitchen.after(1).await, [0, 300]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fetch_that_fails_is_tried_again_and_what_holds_is_kept() {
        let kitchen = start(vec![ends(Some(20))]).await;
        assert_eq!(kitchen.after(14).await, [0, 10, 11, 13]);
        assert!(matches!(*kitchen.kept.borrow(), Kept::Are(_)));
        // The next one fails when they have ended.
        assert_eq!(kitchen.after(11).await.last(), Some(&25));
        assert!(matches!(*kitchen.kept.borrow(), Kept::Failed));
        let asked = kitchen.after(600).await;
        let [.., before, last] = asked.as_slice() else {
            panic!("{asked:?}")
        };
        assert_eq!(last - before, 60);
    }

    #[tokio::test(start_paused = true)]
    async fn doubted_ones_are_fetched_anew_but_not_at_each_doubt() {
        let kitchen = start(vec![ends(None), ends(None), ends(None)]).await;
        kitchen.after(5).await;
        for _ in 0..5 {
            kitchen.doubt.notify_one();
            kitchen.after(1).await;
        }
        assert_eq!(kitchen.after(10).await, [0, 10]);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_of_them_is_shown() {
        let kitchen = start(vec![ends(None)]).await;
        kitchen.after(1).await;
        let shown = format!("{:?}", *kitchen.kept.borrow());
        assert!(
            !shown.contains("s3cret") && !shown.contains("t0ken"),
            "{shown}"
        );
    }
}
