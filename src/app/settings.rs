//! From the checked configuration to what each room wants to know.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use super::{AppError, paid, running};
use crate::admin::{Access, MetricsAccess, Token};
use crate::config::{self, Config, MetricsToken, Secret};
use crate::meter::{self, UpstreamFacts};
use crate::pricing::PriceBook;
use crate::proxy::{self, Attribution, EgressProxy, KeyHasher, UpstreamSettings};
use crate::recorder::Tokenizers;
use crate::sign;
use crate::wire::TextBudget;
use crate::{alerts, journal, ledger, metrics, verdict};

/// The journal's folder in the data directory.
pub(super) const JOURNAL_DIR: &str = "journal";
/// The ledger's folder in the data directory.
pub(super) const LEDGER_DIR: &str = "ledger";
/// The folder of the day files in the data directory.
pub(super) const CALLS_DIR: &str = "calls";
/// The folder of the totals' checkpoints in the data directory.
pub(super) const CHECKPOINTS_DIR: &str = "checkpoints";
/// The file in the data directory with which client keys are hashed.
pub(super) const KEY_SECRET_FILE: &str = "key-hash.secret";
/// Bytes of that secret.
const KEY_SECRET_BYTES: usize = 32;

pub(super) fn meter(config: &Config) -> meter::Settings {
    meter::Settings {
        places: places(config),
        ack_wait: config.ledger.ack_wait,
        strict_ack: config.ledger.strict_ack,
    }
}

/// Calls that may wait to be counted: each has a place; a few that are studied or looked at; and the
/// stop.
pub(super) fn jobs_max(config: &Config) -> usize {
    let others = meter::STUDIES_MAX + meter::LOOKS_MAX + 1;
    let most = Semaphore::MAX_PERMITS.saturating_sub(others);
    places(config).min(most).saturating_add(others)
}

/// How much text may be kept, and which reported calls are counted too.
pub(super) fn counting(config: &Config, queue: mpsc::Sender<meter::Job>) -> meter::Counting {
    meter::Counting {
        queue,
        budget: TextBudget::new(config.meter.text_bytes_max),
        studies: Arc::new(meter::Studies::new(config.meter.audit_share)),
        looks: Arc::new(Semaphore::new(meter::LOOKS_MAX)),
    }
}

/// By what the models are counted whose tokenizers the operator has.
pub(super) fn tokenizers(config: &Config) -> Tokenizers {
    let all = config.tokenizers.iter();
    let all = all.map(|own| (own.models.clone(), Arc::clone(&own.file)));
    Tokenizers::new(all.collect())
}

/// Records that may be unfinished at one time.
pub(super) fn places(config: &Config) -> usize {
    config
        .server
        .calls_in_flight_max
        .saturating_add(config.ledger.backlog_max)
}

pub(super) fn journal(config: &Config) -> journal::Settings {
    journal::Settings {
        segment_bytes_max: u64::try_from(config.ledger.segment_bytes_max).unwrap_or(u64::MAX),
        first_seq: ledger::next_seq(&config.server.data_dir.join(CALLS_DIR)),
        sync_interval: config.ledger.sync_interval,
        // Each place can have its Begin and its End in the queue, and some marks of calls that last.
        queue_max: places(config)
            .saturating_mul(2)
            .saturating_add(meter::MARKS_QUEUED_MAX),
        ..journal::Settings::in_dir(config.server.data_dir.join(JOURNAL_DIR))
    }
}

pub(super) fn ledger(config: &Config, durable: Option<journal::Durable>) -> ledger::Settings {
    ledger_in(config, &config.server.data_dir, durable)
}

/// The same in another data directory.
pub(super) fn ledger_in(
    config: &Config,
    data_dir: &Path,
    durable: Option<journal::Durable>,
) -> ledger::Settings {
    ledger::Settings {
        dir: data_dir.join(LEDGER_DIR),
        journal_dir: data_dir.join(JOURNAL_DIR),
        calls_dir: data_dir.join(CALLS_DIR),
        checkpoints_dir: data_dir.join(CHECKPOINTS_DIR),
        retention: retention(&config.ledger),
        timezone: config.reporting.timezone.clone(),
        sync: config.ledger.sync,
        durable,
    }
}

fn retention(kept: &config::Ledger) -> ledger::Retention {
    let days = |days: usize| u32::try_from(days).unwrap_or(u32::MAX);
    ledger::Retention {
        days: days(kept.retention_days),
        bytes: kept
            .retention_bytes
            .and_then(|bytes| u64::try_from(bytes).ok()),
        hours_days: days(kept.hours_retention_days),
        minutes_days: days(kept.minutes_retention_days),
    }
}

pub(super) fn metrics(config: &Config, models: Vec<(String, String)>) -> metrics::Settings {
    let upstreams = config.upstreams.iter();
    metrics::Settings {
        upstreams: upstreams
            .map(|upstream| (upstream.name.clone(), upstream.role))
            .collect(),
        models,
        tenants: config
            .tenants
            .iter()
            .map(|tenant| tenant.name.clone())
            .collect(),
        label_values_max: config.metrics.label_values_max,
    }
}

pub(super) fn verdict(config: &Config) -> verdict::Settings {
    verdict::Settings {
        plans: config.plans.plans.clone(),
        endpoints: config.plans.endpoints.clone(),
        optimised: config.plans.optimised.clone(),
        paid: paid::rules(config),
        tiers: paid::tiers(config),
        reserved: paid::reserved(config),
        // Demand of other instances is not read here.
        sees_all_traffic: config.fleet.replicas <= 1,
        running: running::running(config),
        timezone: config.reporting.timezone.clone(),
        ..verdict::Settings::default()
    }
}

/// Who is told of news, and of which budgets.
pub(crate) fn alerts(config: &Config) -> Result<alerts::Settings, AppError> {
    let receivers: Result<Vec<_>, _> = config.alerts.iter().map(receiver).collect();
    let budget = |tenant: &config::Tenant| {
        Some(alerts::Budget {
            tenant: tenant.name.clone(),
            usd: tenant.monthly_budget_usd?,
        })
    };
    Ok(alerts::Settings {
        receivers: receivers?,
        budgets: config.tenants.iter().filter_map(budget).collect(),
    })
}

fn receiver(alert: &config::Alert) -> Result<alerts::Receiver, AppError> {
    let extra_roots = alert.ca_file.as_deref().map(roots).transpose()?;
    let hidden = |secret: &Secret| alerts::Hidden(secret.expose().to_owned());
    Ok(alerts::Receiver {
        secret: alert.secret.as_ref().map(hidden),
        language: alert.language,
        on: alert.on.clone(),
        spike_ratio: alert.spike_ratio,
        spike_usd_min: alert.spike_usd_min,
        extra_roots: extra_roots
            .unwrap_or_default()
            .iter()
            .map(|der| der.to_vec())
            .collect(),
        egress_proxy: alert.egress_proxy.as_ref().map(hidden),
        ..alerts::Receiver::new(&alert.name, alert.webhook.expose(), alert.format)
    })
}

/// Who may use the admin listener, which really is at `bound`.
pub(super) fn access(config: &Config, bound: SocketAddr) -> Access {
    Access {
        is_loopback: bound.ip().is_loopback(),
        admin_token: config
            .server
            .admin_token
            .as_ref()
            .map(|token| Token::new(token.expose())),
        metrics: match &config.server.metrics_token {
            MetricsToken::Admin => MetricsAccess::AsAdmin,
            MetricsToken::Open => MetricsAccess::Open,
            MetricsToken::Own(token) => MetricsAccess::Token(Token::new(token.expose())),
        },
    }
}

pub(super) fn proxy(config: &Config) -> Result<proxy::Settings, AppError> {
    let upstreams: Result<Vec<_>, _> = config
        .upstreams
        .iter()
        .map(|upstream| self::upstream(upstream, &config.prices))
        .collect();
    let server = &config.server;
    Ok(proxy::Settings {
        calls_in_flight_max: server.calls_in_flight_max,
        on_ledger_failure: config.ledger.on_ledger_failure,
        client_stall: server.client_stall,
        header_read_timeout: server.header_timeout,
        header_bytes_max: server.header_bytes_max,
        drain: server.drain,
        inject_body_bytes_max: server.inject_body_bytes_max,
        upstreams: upstreams?,
        default_upstream: config.default_upstream.clone(),
        attribution: attribution(config)?,
    })
}

fn upstream(
    upstream: &config::Upstream,
    prices: &Arc<PriceBook>,
) -> Result<UpstreamSettings, AppError> {
    let facts = UpstreamFacts {
        name: upstream.name.clone(),
        format: upstream.format,
        role: upstream.role,
        billed: upstream.billed,
        price_list: upstream.prices.clone(),
        prices: Arc::clone(prices),
        would_cost_as: upstream.would_cost_as.clone(),
        region: upstream.region(),
    };
    let extra_roots = upstream
        .ca_file
        .as_deref()
        .map(roots)
        .transpose()?
        .unwrap_or_default();
    Ok(UpstreamSettings {
        sign: upstream
            .sign
            .as_ref()
            .map(|written| signs(upstream, written, &extra_roots)),
        connect_timeout: upstream.connect_timeout,
        response_header_timeout: upstream.response_header_timeout,
        idle_timeout: upstream.idle_timeout,
        client_gone: upstream.client_gone,
        extra_roots,
        http2: upstream.http2,
        inject_usage: upstream.inject_usage,
        egress: upstream.egress_proxy.as_ref().map(|address| {
            let credentials = upstream.egress_credentials.as_ref();
            EgressProxy::new(address.clone(), credentials.map(Secret::expose))
        }),
        ..UpstreamSettings::new(Arc::new(facts), upstream.base_url.clone())
    })
}

/// Who gives the credentials is reached by the way that leads to the upstream.
fn signs(
    upstream: &config::Upstream,
    written: &config::Sign,
    extra_roots: &[rustls_pki_types::CertificateDer<'static>],
) -> proxy::Sign {
    let credentials = upstream.egress_credentials.as_ref();
    let credentials = credentials.and_then(|it| it.expose().split_once(':'));
    let egress = upstream.egress_proxy.as_ref();
    proxy::Sign {
        by: sign::Settings {
            region: written.region.clone(),
            service: written.service.clone(),
            profile: written.profile.clone(),
            extra_roots: extra_roots.to_vec(),
            egress: egress.map(|address| sign::Egress {
                address: address.to_string(),
                credentials: credentials.map(|(user, word)| (user.to_owned(), word.to_owned())),
            }),
        },
        admits: written.admits.clone(),
    }
}

pub(super) fn roots(
    path: &Path,
) -> Result<Vec<rustls_pki_types::CertificateDer<'static>>, AppError> {
    let failed = |reason: String| AppError::CaFile {
        path: path.to_owned(),
        reason,
    };
    let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    let roots = proxy::roots_from_pem(&pem).map_err(|error| failed(error.to_string()))?;
    if roots.is_empty() {
        return Err(failed("there is no certificate in it".to_owned()));
    }
    Ok(roots)
}

fn attribution(config: &Config) -> Result<Attribution, AppError> {
    let attribution = &config.attribution;
    let key_hasher = match &attribution.key_hash_secret {
        Some(secret) => KeyHasher::new(secret.expose().as_bytes()),
        None => KeyHasher::new(&own_secret(&config.server.data_dir)?),
    };
    let mut tenants_by_key = HashMap::new();
    let mut tenants_by_header = HashMap::new();
    for tenant in &config.tenants {
        for key in &tenant.keys {
            tenants_by_key.insert(
                key_hasher.hash(key.expose().as_bytes()),
                tenant.name.clone(),
            );
        }
        for value in &tenant.header_values {
            tenants_by_header.insert(value.clone(), tenant.name.clone());
        }
    }
    let dimensions = attribution.dimensions.iter();
    Ok(Attribution {
        tenant_headers: attribution.tenant_headers.clone(),
        dimensions: dimensions
            .map(|(name, header)| (name.clone(), header.clone()))
            .collect(),
        key_headers: attribution.key_headers.clone(),
        key_hasher,
        tenants_by_key,
        tenants_by_header,
    })
}

/// What is said of a file that is not what was written there.
const NOT_A_SECRET: &str = "it is not the secret that was written here; put that back, or remove \
                            the file and have the tenants of unknown keys named anew";

/// The secret that client keys are hashed with: made once, kept beside the ledger, for us alone.
fn own_secret(data_dir: &Path) -> Result<Vec<u8>, AppError> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let path = data_dir.join(KEY_SECRET_FILE);
    let failed = |source| AppError::DataDir {
        path: path.clone(),
        source,
    };
    match std::fs::read(&path) {
        Ok(secret) if secret.len() == KEY_SECRET_BYTES => return Ok(secret),
        // Another one would name every tenant anew without a word.
        Ok(_) => return Err(failed(std::io::Error::other(NOT_A_SECRET))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let mut secret = [0_u8; KEY_SECRET_BYTES];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random
        .fill(&mut secret)
        .map_err(|_| failed(std::io::Error::other("no randomness")))?;
    // Whole or not at all: what a crash leaves half written must not be taken for the secret.
    let new = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    let opened = options.write(true).create(true).truncate(true).mode(0o600);
    opened
        .open(&new)
        .and_then(|mut file| {
            file.write_all(&secret)?;
            file.sync_all()?;
            std::fs::rename(&new, &path)?;
            std::fs::File::open(data_dir)?.sync_all()
        })
        .map_err(failed)?;
    Ok(secret.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_comes_with_the_prices_that_its_list_is_in() {
        let folder = tempfile::tempdir().unwrap();
        let overrides = config::Overrides {
            data_dir: Some(folder.path().to_owned()),
            ..config::Overrides::default()
        };
        let config = config::load(None, &overrides).unwrap();
        let settings = proxy(&config).unwrap();
        for upstream in &settings.upstreams {
            assert!(Arc::ptr_eq(&upstream.facts.prices, &config.prices));
        }
        assert!(!settings.upstreams.is_empty());
    }
}
