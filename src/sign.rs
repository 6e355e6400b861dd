//! Signs requests for Amazon (`SigV4`) with credentials that are fetched and renewed off the calls' path.
//!
//! Where credentials come from and what is signed is the AWS SDK's own code; here is when they are
//! fetched, and how long a call waits for them. They are in no log, no error and no dump.

mod chain;
mod keeper;
mod links;
mod seal;

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use chain::Chain;
use keeper::{Keeper, Kept};

/// So long a call waits for the first credentials, which some sources give over the network.
pub const CREDENTIALS_WAIT_MAX: Duration = Duration::from_secs(5);

/// Says what time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// For whom is signed, and with whose credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// Such as `eu-central-1`.
    pub region: String,
    /// Such as `bedrock`.
    pub service: String,
    /// A profile of `~/.aws`; unless said, the SDK's own chain: environment, profile, web identity,
    /// container, instance.
    pub profile: Option<String>,
    /// Certificate authorities that whoever gives credentials may have too, beside the system's.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// The forward proxy that stands between here and the cloud.
    pub egress: Option<Egress>,
}

/// A forward proxy for what is asked by TLS; machine and container are asked without.
#[derive(Clone, PartialEq, Eq)]
pub struct Egress {
    /// `http://host:port`.
    pub address: String,
    /// The user and password it wants.
    pub credentials: Option<(String, String)>,
}

/// Why a request is not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// There are no credentials, or none that hold still; the log says why.
    #[error("there are no AWS credentials")]
    NoCredentials,
    /// The request has a header or a target that cannot be signed.
    #[error("the request cannot be signed")]
    Unsignable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Signs the requests of one upstream. Clones share the credentials; the last one ends their renewal.
#[derive(Clone)]
pub struct Signer(Arc<Inner>);

struct Inner {
    settings: Settings,
    clock: Clock,
    kept: watch::Receiver<Kept>,
    doubt: Arc<Notify>,
    _keeper: JoinSet<()>,
}

impl Signer {
    /// Begins to fetch credentials. To be called where tokio runs.
    ///
    /// # Errors
    /// An extra root that is no certificate, or a forward proxy whose address is none.
    pub fn start(settings: Settings, clock: Clock) -> reqwest::Result<Self> {
        let (sender, kept) = watch::channel(Kept::Coming);
        let doubt = Arc::<Notify>::default();
        let keeper = Keeper {
            source: Chain::new(&settings)?,
            clock: Arc::clone(&clock),
            kept: sender,
            doubt: Arc::clone(&doubt),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(keeper.keep());
        Ok(Self(Arc::new(Inner {
            settings,
            clock,
            kept,
            doubt,
            _keeper: tasks,
        })))
    }

    /// Whether it signs as these settings say.
    #[must_use]
    pub fn is_as(&self, settings: &Settings) -> bool {
        self.0.settings == *settings
    }

    /// Signs a request, whose target is the whole URL, and whose body has this SHA-256. Waits for
    /// credentials no longer than [`CREDENTIALS_WAIT_MAX`].
    ///
    /// # Errors
    /// No credentials by then, or a request that cannot be signed.
    pub async fn sign(&self, head: &mut Parts, body_sha256: &[u8; 32]) -> Result<(), SignError> {
        let Inner {
            settings,
            clock,
            kept,
            ..
        } = &*self.0;
        let mut kept = kept.clone();
        let settled = kept.wait_for(|kept| kept.is_settled(clock()));
        let settled = tokio::time::timeout(CREDENTIALS_WAIT_MAX, settled).await;
        let credentials = match settled {
            Ok(Ok(kept)) => kept.credentials(),
            Ok(Err(_)) | Err(_) => None,
        };
        let credentials = credentials.ok_or(SignError::NoCredentials)?;
        seal::sign(head, body_sha256, credentials, settings, clock())
    }

    /// What was signed was refused: the credentials may have been withdrawn, so they are fetched anew.
    pub fn was_refused(&self) {
        self.0.doubt.notify_one();
    }
}
