//! Who is told, how, and of what.

use std::fmt;
use std::time::Duration;

use reqwest::{Client, Proxy, Url};

use super::AlertsError;
use crate::money::Pico;

/// For one attempt, from its connection to the last byte of its answer.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// Today's spend over the usual, from which on it is a spike.
const SPIKE_RATIO: f64 = 2.0;
/// What today must be above the usual at least, in dollars: below, nobody wants to be woken.
const SPIKE_USD_MIN: i64 = 50;

/// What configuration says about alerts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Who is told.
    pub receivers: Vec<Receiver>,
    /// What tenants may spend.
    pub budgets: Vec<Budget>,
}

/// What a tenant may spend in a month of the reporting time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The tenant's name.
    pub tenant: String,
    /// Dollars.
    pub usd: Pico,
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(pub String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}

/// Where messages go.
#[derive(Clone, Debug, PartialEq)]
pub struct Receiver {
    /// Its name everywhere.
    pub name: String,
    /// Its address, which whoever knows it can write to.
    pub webhook: Hidden,
    /// What it understands.
    pub format: Format,
    /// What messages are signed with.
    pub secret: Option<Hidden>,
    /// What texts are written in.
    pub language: Language,
    /// What it is told of.
    pub on: Vec<Topic>,
    /// From how many times the usual spend on it is told of a spike.
    pub spike_ratio: f64,
    /// How many dollars above the usual a spike must be.
    pub spike_usd_min: Pico,
    /// More certificates to trust, in DER, beside the system's.
    pub extra_roots: Vec<Vec<u8>>,
    /// The forward proxy to go through.
    pub egress_proxy: Option<Hidden>,
    /// For one attempt.
    pub timeout: Duration,
}

impl Receiver {
    /// A receiver of everything, in English.
    #[must_use]
    pub fn new(name: &str, webhook: &str, format: Format) -> Self {
        Self {
            name: name.to_owned(),
            webhook: Hidden(webhook.to_owned()),
            format,
            secret: None,
            language: Language::English,
            on: Topic::ALL.to_vec(),
            spike_ratio: SPIKE_RATIO,
            spike_usd_min: Pico::from_units(SPIKE_USD_MIN),
            extra_roots: Vec::new(),
            egress_proxy: None,
            timeout: ATTEMPT_TIMEOUT,
        }
    }

    /// Whether it is told of a topic; a test has none and is told to everybody.
    pub(super) fn wants(&self, topic: Option<Topic>) -> bool {
        topic.is_none_or(|topic| self.on.contains(&topic))
    }
}

/// What the other side understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Everything as JSON, for programs.
    Json,
    /// Slack's incoming webhooks.
    Slack,
    /// A custom bot of Feishu or Lark.
    Feishu,
    /// A custom robot of `DingTalk`.
    DingTalk,
    /// A group robot of `WeCom`.
    WeCom,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Json,
        Self::Slack,
        Self::Feishu,
        Self::DingTalk,
        Self::WeCom,
    ];

    /// Its name in the configuration.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Slack => "slack",
            Self::Feishu => "feishu",
            Self::DingTalk => "dingtalk",
            Self::WeCom => "wecom",
        }
    }

    /// Whether its messages can be signed.
    #[must_use]
    pub const fn signs(self) -> bool {
        match self {
            Self::Json | Self::Feishu | Self::DingTalk => true,
            Self::Slack | Self::WeCom => false,
        }
    }
}

/// What texts are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Simplified Chinese.
    Chinese,
}

impl Language {
    /// Its name in the configuration.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }
}

/// What can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// A plan or an endpoint became cheaper, or is no longer.
    Verdict,
    /// A model has traffic and no price.
    Unpriced,
    /// A day costs far more than the same weekday usually does.
    SpendSpike,
    /// A tenant will spend more than its budget, or has.
    Budget,
}

impl Topic {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Verdict,
        Self::Unpriced,
        Self::SpendSpike,
        Self::Budget,
    ];

    /// Its name in the configuration and in keys.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Verdict => "verdict",
            Self::Unpriced => "unpriced",
            Self::SpendSpike => "spend_spike",
            Self::Budget => "budget",
        }
    }
}

/// Whether a text can be posted to.
#[must_use]
pub fn is_webhook(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// A receiver with the way to it.
#[derive(Debug)]
pub(super) struct Linked {
    pub(super) receiver: Receiver,
    pub(super) client: Client,
}

impl Linked {
    pub(super) fn all(settings: &Settings) -> Result<Vec<Self>, AlertsError> {
        settings.receivers.iter().map(Self::new).collect()
    }

    pub(super) fn new(receiver: &Receiver) -> Result<Self, AlertsError> {
        let client = client(receiver).map_err(|source| AlertsError::Client {
            receiver: receiver.name.clone(),
            source: source.without_url(),
        })?;
        Ok(Self {
            receiver: receiver.clone(),
            client,
        })
    }
}

fn client(receiver: &Receiver) -> reqwest::Result<Client> {
    // A second install is refused, which is as good: some provider is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificates = receiver.extra_roots.iter();
    let certificates: reqwest::Result<Vec<_>> = certificates
        .map(|der| reqwest::Certificate::from_der(der))
        .collect();
    let builder = Client::builder()
        // No proxy of the environment: who sees the address can write to it.
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(receiver.timeout)
        .user_agent(concat!("tollgate/", env!("CARGO_PKG_VERSION")))
        .tls_certs_merge(certificates?);
    match &receiver.egress_proxy {
        Some(proxy) => builder.proxy(Proxy::all(&proxy.0)?),
        None => builder,
    }
    .build()
}
