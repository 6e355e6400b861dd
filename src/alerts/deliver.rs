//! The way out: one attempt at a time for each receiver, and what is noted of it.

use std::sync::Arc;

use jiff::Timestamp;
use reqwest::{Response, Url};
use tracing::{error, info, warn};

use super::answer::Answer;
use super::fact::Fact;
use super::format::Post;
use super::outbox::{Message, Outcome};
use super::receiver::{Linked, Settings};
use super::{Alerts, AlertsError, lock};

/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 4_096;
/// Characters of it that are shown.
const SHOWN_MAX: usize = 300;
/// Parts of an address shorter than this give nothing away.
const TELLING_MIN: usize = 6;

impl Alerts {
    /// Tries the oldest message of each receiver that may be tried now. Call it every second.
    pub async fn deliver(self: &Arc<Self>, now: Timestamp) {
        let due = lock(&self.outbox).due(now);
        let links = self.links.load_full();
        for message in due {
            let to = |link: &&Linked| link.receiver.name == message.receiver;
            let Some(link) = links.iter().find(to) else {
                self.blocking(Self::let_go).await;
                continue;
            };
            let answer = attempt(link, &message, now).await;
            self.blocking(move |alerts| alerts.note(&message, &answer, now))
                .await;
        }
    }

    /// Does what waits for the disk: never on an event loop.
    async fn blocking(self: &Arc<Self>, work: impl FnOnce(&Self) + Send + 'static) {
        let alerts = Arc::clone(self);
        if tokio::task::spawn_blocking(move || work(&alerts))
            .await
            .is_err()
        {
            error!("noting an alert's delivery panicked; it may be sent again");
        }
    }

    /// Drops what waits for receivers that the configuration no longer has.
    fn let_go(&self) {
        let links = self.links.load();
        match self.change(|outbox| outbox.keep_only(&links)) {
            Ok(dropped) if dropped.is_empty() => {}
            Ok(dropped) => warn!(
                messages = dropped.len(),
                "alerts to receivers that are no longer configured were dropped"
            ),
            Err(error) => self.not_kept(&error),
        }
    }

    fn note(&self, message: &Message, answer: &Answer, now: Timestamp) {
        let mut kept = lock(&self.kept);
        let mut after = lock(&self.outbox).clone();
        let noted = after.note(message, answer, now);
        let written = self.keep(&mut kept, &after);
        // In memory in any case: else it would be sent again at once. The next decision writes it.
        *lock(&self.outbox) = after;
        drop(kept);
        if let Err(error) = written {
            self.not_kept(&error);
        }
        lock(&self.counts).add(&message.receiver, noted.outcome);
        let (receiver, key) = (&message.receiver, &message.key);
        match (noted.outcome, answer) {
            (Outcome::Delivered, _) => info!(receiver, key, "an alert was delivered"),
            (Outcome::Dropped, _) => {}
            (Outcome::GivenUp, _) => error!(receiver, key, "an alert was given up after 72 hours"),
            (_, Answer::Refused { why }) if !noted.again => {
                error!(
                    receiver,
                    key, why, "an alert was refused; it is tried once an hour"
                );
            }
            (_, Answer::Later { why, .. }) => {
                warn!(receiver, key, why, "an alert could not be delivered yet");
            }
            (_, Answer::Refused { .. } | Answer::Delivered) => {}
        }
    }

    #[expect(clippy::unused_self, reason = "said of these alerts, beside `note`")]
    fn not_kept(&self, error: &crate::ledger::LedgerError) {
        let error: &dyn std::error::Error = error;
        error!(
            error,
            "an alert's delivery could not be noted yet; a restart before that sends it again"
        );
    }
}

/// What a test message came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tested {
    /// The receiver's name.
    pub receiver: String,
    /// What it answered.
    pub answer: Answer,
    /// Its words.
    pub said: String,
}

/// Sends one made message now, to the receiver of a name or to all, and says what came of it.
///
/// # Errors
/// A receiver whose client cannot be made.
pub async fn test(
    settings: &Settings,
    name: Option<&str>,
    now: Timestamp,
) -> Result<Vec<Tested>, AlertsError> {
    let mut tested = Vec::new();
    let all = settings.receivers.iter();
    for receiver in all.filter(|of| name.is_none_or(|name| of.name == name)) {
        let link = Linked::new(receiver)?;
        let message = Message::new(receiver, &Fact::Test { at: now }, now);
        let (answer, said) = ask(&link, &message, now).await;
        tested.push(Tested {
            receiver: receiver.name.clone(),
            answer,
            said,
        });
    }
    Ok(tested)
}

async fn attempt(link: &Linked, message: &Message, now: Timestamp) -> Answer {
    ask(link, message, now).await.0
}

/// Posts a message; the answer, and its words.
async fn ask(link: &Linked, message: &Message, now: Timestamp) -> (Answer, String) {
    let receiver = &link.receiver;
    let Post {
        query,
        headers,
        body,
    } = Post::new(receiver, message, now);
    let Ok(mut url) = Url::parse(&receiver.webhook.0) else {
        let why = "the webhook is no address".to_owned();
        return (Answer::Refused { why: why.clone() }, why);
    };
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    let mut request = link.client.post(url).body(body);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    match request.send().await {
        Ok(response) => heard(link, response).await,
        Err(error) => unheard(&error.without_url()),
    }
}

async fn heard(link: &Linked, mut response: Response) -> (Answer, String) {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    while body.len() < ANSWER_BYTES_MAX {
        match response.chunk().await {
            Ok(Some(part)) => body.extend_from_slice(&part),
            Ok(None) => break,
            // Broken off: whether it was taken is not known, so it is sent again.
            Err(error) => return unheard(&error.without_url()),
        }
    }
    let words = shown(&String::from_utf8_lossy(&body), link);
    let mut answer = Answer::of(
        link.receiver.format,
        status,
        &headers,
        &String::from_utf8_lossy(&body),
    );
    if let Answer::Later { why, .. } | Answer::Refused { why } = &mut answer {
        *why = format!("{}: {words}", status.as_u16());
    }
    (answer, format!("{} {words}", status.as_u16()))
}

fn unheard(error: &reqwest::Error) -> (Answer, String) {
    let mut why = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        why = format!("{why}: {cause}");
        source = cause.source();
    }
    (Answer::unreached(why.clone()), why)
}

/// The words of an answer, without what of the address may be in them.
fn shown(text: &str, link: &Linked) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut text: String = text.trim().chars().map(plain).collect();
    let url = Url::parse(&link.receiver.webhook.0).ok();
    let mut telling = vec![link.receiver.webhook.0.clone()];
    telling.extend(link.receiver.secret.iter().map(|secret| secret.0.clone()));
    if let Some(url) = &url {
        telling.extend(url.path_segments().into_iter().flatten().map(str::to_owned));
        telling.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
        telling.extend(url.password().map(str::to_owned));
    }
    for part in telling.iter().filter(|part| part.len() >= TELLING_MIN) {
        text = text.replace(part.as_str(), "…");
    }
    text.chars().take(SHOWN_MAX).collect()
}
