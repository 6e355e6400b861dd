//! Carries news to people who have no Alertmanager: told once, kept until delivered, signed.
//!
//! What is worth a message is decided from ledger and verdict; a message is in the ledger before it
//! is first sent, and goes only when its receiver has taken it. Each has a stable key, and an id made
//! of it: delivered at least once, and recognisable. Time is an argument.

mod answer;
mod budget;
mod deliver;
mod fact;
mod format;
mod outbox;
mod receiver;
mod spike;
mod switched;
mod unpriced;
mod words;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tracing::{error, info};

use crate::ledger::{Ledger, LedgerError};
use crate::verdict::Report;

pub use answer::Answer;
pub use deliver::{Tested, test};
pub use outbox::{Count, Outcome};
pub use receiver::{Budget, Format, Hidden, Language, Receiver, Settings, Topic, is_webhook};

use fact::Fact;
use outbox::{Counts, Outbox};
use receiver::Linked;

/// The name under which the ledger keeps what is told and what waits.
const KEPT: &str = "alerts";
/// What amounts are scanned by: hours do not change within one.
const HOUR_SECONDS: i64 = 3_600;

/// Why alerts cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum AlertsError {
    /// There is no way to its webhook.
    #[error("no HTTP client can be made for the alerts to {receiver}")]
    Client {
        /// The receiver's name.
        receiver: String,
        /// What the client's maker said, without the address.
        #[source]
        source: reqwest::Error,
    },
    /// The ledger cannot say what was told.
    #[error("the alerts that were told cannot be read")]
    Ledger(#[from] LedgerError),
}

/// What was told, what waits to be delivered, and whom it goes to.
#[derive(Debug)]
pub struct Alerts {
    ledger: Arc<Ledger>,
    links: ArcSwap<Vec<Linked>>,
    budgets: ArcSwap<Vec<Budget>>,
    outbox: Mutex<Outbox>,
    counts: Mutex<Counts>,
    /// The hour, since 1970, whose spend was compared last.
    compared: Mutex<Option<i64>>,
    /// The outbox as the ledger has it. Held by who changes the outbox and waits for the disk; a
    /// scrape does not wait with it.
    kept: Mutex<Outbox>,
}

/// Receivers, each with a client of its own, and the budgets they hear of.
#[derive(Debug)]
pub struct Links {
    links: Vec<Linked>,
    budgets: Vec<Budget>,
}

impl Alerts {
    /// Takes up what an earlier process left undelivered.
    ///
    /// # Errors
    /// A receiver whose client cannot be made; a ledger that cannot be read.
    pub fn new(settings: &Settings, ledger: Arc<Ledger>) -> Result<Self, AlertsError> {
        let kept = ledger.kept(KEPT)?;
        let outbox = kept.map_or_else(Outbox::default, |text| {
            serde_json::from_str(&text).unwrap_or_else(|error| {
                error!(%error, "the alerts that were told cannot be read; they begin anew");
                Outbox::default()
            })
        });
        let Links { links, budgets } = Self::links(settings)?;
        let counts = Counts::of(&links);
        Ok(Self {
            ledger,
            links: ArcSwap::from_pointee(links),
            budgets: ArcSwap::from_pointee(budgets),
            kept: Mutex::new(outbox.clone()),
            outbox: Mutex::new(outbox),
            counts: Mutex::new(counts),
            compared: Mutex::new(None),
        })
    }

    /// The ways to receivers, to be taken over whole by [`Alerts::reload`].
    ///
    /// # Errors
    /// A receiver whose client cannot be made.
    pub fn links(settings: &Settings) -> Result<Links, AlertsError> {
        Ok(Links {
            links: Linked::all(settings)?,
            budgets: settings.budgets.clone(),
        })
    }

    /// Takes other receivers over. What waits for one that is gone is dropped at the next delivery.
    pub fn reload(&self, Links { links, budgets }: Links) {
        lock(&self.counts).preset(&links);
        self.links.store(Arc::new(links));
        self.budgets.store(Arc::new(budgets));
    }

    /// Decides what is news, and keeps it for delivery: call it once a minute. It reads the ledger and
    /// waits for the disk.
    pub fn decide(&self, now: Timestamp, report: &Report) {
        let links = self.links.load();
        if links.is_empty() {
            return;
        }
        let seen = self.seen(now);
        let mut told = Vec::new();
        let kept = self.change(|outbox| {
            for link in links.iter() {
                let receiver = &link.receiver;
                let switched = switched::facts(report, outbox.told(&receiver.name));
                let facts = switched.into_iter().chain(seen.facts_for(receiver));
                for fact in facts.filter(|fact| receiver.wants(fact.topic())) {
                    let key = fact.key();
                    if outbox.tell(receiver, &fact, now) {
                        told.push((receiver.name.clone(), key));
                    }
                }
            }
            outbox.make_room()
        });
        match kept {
            Ok(dropped) => {
                for (receiver, key) in told {
                    info!(receiver, key, "an alert waits to be delivered");
                }
                self.count_dropped(&dropped);
            }
            // Nothing is told that is not kept: it is news again at the next minute.
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                error!(error, "alerts could not be kept, and wait to be told");
            }
        }
    }

    /// How many messages wait to be delivered.
    #[must_use]
    pub fn pending(&self) -> usize {
        lock(&self.outbox).pending.len()
    }

    /// What became of messages since the start, by receiver: attempts, and messages given up.
    #[must_use]
    pub fn counts(&self) -> Vec<Count> {
        lock(&self.counts).all()
    }

    /// What the ledger says at one moment; what it does not say is no news now.
    fn seen(&self, now: Timestamp) -> Seen {
        let unread = |what: &'static str| {
            move |error: LedgerError| {
                let error: &dyn std::error::Error = &error;
                error!(error, what, "what is worth an alert cannot be read");
            }
        };
        let budgets = self.budgets.load();
        let hour = now.as_second().div_euclid(HOUR_SECONDS);
        let mut compared = lock(&self.compared);
        let spent = if *compared == Some(hour) {
            Vec::new()
        } else {
            let read = spike::compared(&self.ledger, now).map_err(unread("spend"));
            *compared = read.is_ok().then_some(hour);
            read.unwrap_or_default()
        };
        Seen {
            unpriced: unpriced::facts(&self.ledger, now)
                .map_err(unread("unpriced"))
                .unwrap_or_default(),
            budget: budget::facts(&self.ledger, &budgets, now)
                .map_err(unread("budget"))
                .unwrap_or_default(),
            spent,
        }
    }

    /// Changes the outbox once the ledger has the change, and what it could not take before.
    fn change<T>(&self, change: impl FnOnce(&mut Outbox) -> T) -> Result<T, LedgerError> {
        let mut kept = lock(&self.kept);
        let mut after = lock(&self.outbox).clone();
        let made = change(&mut after);
        self.keep(&mut kept, &after)?;
        *lock(&self.outbox) = after;
        Ok(made)
    }

    /// Writes what is not kept yet.
    fn keep(&self, kept: &mut Outbox, outbox: &Outbox) -> Result<(), LedgerError> {
        if kept == outbox {
            return Ok(());
        }
        // A map of texts, numbers and moments has a JSON form.
        let text = serde_json::to_string(outbox).unwrap_or_default();
        self.ledger.keep(KEPT, &text)?;
        outbox.clone_into(kept);
        Ok(())
    }

    fn count_dropped(&self, receivers: &[String]) {
        for receiver in receivers {
            error!(receiver, "too many alerts wait: the oldest was dropped");
            lock(&self.counts).add(receiver, Outcome::Dropped);
        }
    }
}

/// What the ledger says at one moment, for whoever wants to hear of it.
struct Seen {
    unpriced: Vec<Fact>,
    budget: Vec<Fact>,
    spent: Vec<spike::Compared>,
}

impl Seen {
    fn facts_for<'a>(&'a self, receiver: &'a Receiver) -> impl Iterator<Item = Fact> + 'a {
        let spikes = self.spent.iter();
        let spikes =
            spikes.filter_map(|spent| spent.fact(receiver.spike_ratio, receiver.spike_usd_min));
        let known = self.unpriced.iter().chain(&self.budget).cloned();
        known.chain(spikes)
    }
}

/// What is behind these locks is whole whatever happened to the thread that held them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
