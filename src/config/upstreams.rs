//! `[upstreams.NAME]`: where calls are forwarded, and who bills them.

mod hosting;
mod lists;
mod measured_by;
mod regions;
mod sign;

use std::path::PathBuf;
use std::time::Duration;

use super::secret::Secret;
use super::section::Section;
use super::value::{Value, hint};
use crate::call::Role;
use crate::pricing::PricedAs;
use crate::proxy::{ClientGone, DrainLimits, Http2Mode, InjectUsage};
use crate::wire::WireFormat;

pub(super) use hosting::Known;
pub use hosting::{ReplicasFrom, RunsOn};
pub use measured_by::{MeasuredBy, OpenCost};
pub use sign::Sign;

/// One place to forward to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// The first path segment that leads here, and its label everywhere.
    pub name: String,
    /// What its answers look like.
    pub format: WireFormat,
    /// Scheme, host and path prefix, without a slash at the end.
    pub base_url: http::Uri,
    /// What stands behind it.
    pub role: Role,
    /// Whether its calls cost money by the token.
    pub billed: bool,
    /// Whose price list its calls are priced by.
    pub prices: String,
    /// Of own hosting: the API call whose price its calls are held against.
    pub would_cost_as: Option<PricedAs>,
    /// Of own hosting: the plan that says what it costs.
    pub runs_on: Option<RunsOn>,
    /// More certificates to trust, beside the system's.
    pub ca_file: Option<PathBuf>,
    /// The forward proxy to go through, `http://host:port`.
    pub egress_proxy: Option<http::Uri>,
    /// The `user:password` it wants.
    pub egress_credentials: Option<Secret>,
    /// Which HTTP versions to speak.
    pub http2: Http2Mode,
    /// For the connection to stand.
    pub connect_timeout: Option<Duration>,
    /// For the response headers to come, from the last bytes of the request on.
    pub response_header_timeout: Option<Duration>,
    /// Between two pieces of a body.
    pub idle_timeout: Option<Duration>,
    /// What becomes of a call whose client has left.
    pub client_gone: ClientGone,
    /// Whether it is asked for the usage of streams whose clients did not ask.
    pub inject_usage: InjectUsage,
    /// How the servers behind it are measured.
    pub measured_by: Option<MeasuredBy>,
    /// Whether tollgate signs its requests, and for whom.
    pub sign: Option<Sign>,
}

/// The wire formats by their names.
const FORMATS: [(&str, WireFormat); 9] = [
    (WireFormat::OpenAi.label(), WireFormat::OpenAi),
    (WireFormat::Anthropic.label(), WireFormat::Anthropic),
    (WireFormat::Ollama.label(), WireFormat::Ollama),
    (WireFormat::Cohere.label(), WireFormat::Cohere),
    (WireFormat::Bedrock.label(), WireFormat::Bedrock),
    (WireFormat::Gemini.label(), WireFormat::Gemini),
    (WireFormat::DashScope.label(), WireFormat::DashScope),
    (WireFormat::Voyage.label(), WireFormat::Voyage),
    (WireFormat::Served.label(), WireFormat::Served),
];

/// The versions of HTTP by their names.
const HTTP2: [(&str, Http2Mode); 3] = [
    (Http2Mode::Auto.label(), Http2Mode::Auto),
    (Http2Mode::Never.label(), Http2Mode::Never),
    (Http2Mode::Always.label(), Http2Mode::Always),
];

/// Whether an upstream is asked for usage, by name.
const INJECT_USAGE: [(&str, InjectUsage); 3] = [
    (InjectUsage::Auto.label(), InjectUsage::Auto),
    (InjectUsage::Always.label(), InjectUsage::Always),
    (InjectUsage::Never.label(), InjectUsage::Never),
];

/// Whether an answer is read on when its client has left.
const CLIENT_GONE: [(&str, bool); 2] = [("cancel", false), ("drain", true)];

/// Most answers are generated in this time, and are shorter.
const DRAIN_TIME_MAX: Duration = Duration::from_mins(1);
const DRAIN_BYTES_MAX: usize = 4 << 20;

/// The roles by their names.
const ROLES: [(&str, Role); 3] = [
    ("provider", Role::Provider),
    ("gateway", Role::Gateway),
    ("own", Role::Own),
];

/// Path segments that cannot name an upstream, because bare API paths begin with them.
const RESERVED_NAMES: [&str; 2] = ["v1", "v1beta"];

/// How long the dearest models may think before the first byte, and between two.
const SLOWEST_ANSWER: Duration = Duration::from_mins(15);

impl Upstream {
    fn new(name: &str, format: WireFormat, base_url: http::Uri) -> Self {
        Self {
            name: name.to_owned(),
            format,
            base_url,
            role: Role::Provider,
            billed: true,
            prices: name.to_owned(),
            would_cost_as: None,
            runs_on: None,
            ca_file: None,
            egress_proxy: None,
            egress_credentials: None,
            http2: Http2Mode::Auto,
            connect_timeout: Some(Duration::from_secs(10)),
            response_header_timeout: Some(SLOWEST_ANSWER),
            idle_timeout: Some(SLOWEST_ANSWER),
            client_gone: ClientGone::Cancel,
            inject_usage: InjectUsage::Auto,
            measured_by: None,
            sign: None,
        }
    }

    /// The upstreams where none is configured: the two APIs everybody calls.
    #[must_use]
    pub fn defaults() -> Vec<Self> {
        let url = http::Uri::from_static;
        vec![
            Self::new(
                "anthropic",
                WireFormat::Anthropic,
                url("https://api.anthropic.com"),
            ),
            Self::new("openai", WireFormat::OpenAi, url("https://api.openai.com")),
        ]
    }

    /// All upstreams of the file, by name; the defaults if it has none.
    pub(super) fn read_all(root: &mut Section<'_>, mut known: Known<'_>) -> Vec<Self> {
        let tenants = tenants(root);
        let sections = root.named("upstreams");
        if sections.is_empty() {
            return Self::defaults();
        }
        let read = |(name, section)| Self::read(name, section, &mut known, &tenants);
        let all: Vec<Self> = sections.into_iter().filter_map(read).collect();
        let sections = root.named("upstreams");
        known.finish(&sections);
        measured_by::once_a_plan(&all, &sections);
        all
    }

    fn read(
        name: &str,
        mut section: Section<'_>,
        known: &mut Known<'_>,
        tenants: &[(&str, bool)],
    ) -> Option<Self> {
        let book = known.book;
        check_name(name, &section);
        let s = &mut section;
        let format = s.require("format", "format = \"openai\"", |value| {
            value.choice(&FORMATS)
        });
        let url = "base_url = \"https://api.openai.com\"";
        let base_url = s.require("base_url", url, base_url);
        let base = Self::new(
            name,
            format.unwrap_or(WireFormat::OpenAi),
            http::Uri::default(),
        );
        let role = s.read("role", |value| value.choice(&ROLES));
        let role = role.unwrap_or(base.role);
        let (egress_proxy, egress_credentials) = egress(s);
        let (runs_on, would_cost_as) = known.read(s, role);
        let upstream = Self {
            base_url: base_url.clone().unwrap_or_default(),
            role,
            billed: s
                .read("billed", Value::boolean)
                .unwrap_or(role != Role::Own),
            prices: s
                .read("prices", |value| lists::named(value, book))
                .unwrap_or_else(|| lists::unnamed(name, base_url.as_ref(), book)),
            would_cost_as,
            runs_on,
            ca_file: s.read("ca_file", Value::path),
            egress_proxy,
            egress_credentials,
            http2: s
                .read("http2", |value| value.choice(&HTTP2))
                .unwrap_or(base.http2),
            connect_timeout: s
                .read("connect_timeout", Value::limit)
                .unwrap_or(base.connect_timeout),
            response_header_timeout: s
                .read("response_header_timeout", Value::limit)
                .unwrap_or(base.response_header_timeout),
            idle_timeout: s
                .read("idle_timeout", Value::limit)
                .unwrap_or(base.idle_timeout),
            client_gone: client_gone(s),
            inject_usage: s
                .read("inject_usage", |value| value.choice(&INJECT_USAGE))
                .unwrap_or(base.inject_usage),
            measured_by: MeasuredBy::read(s, role),
            sign: Sign::read(s, base_url.as_ref(), tenants),
            ..base
        };
        section.finish(&[]);
        format.and(base_url).map(|_| upstream)
    }
}

/// The tenants by their names, and whether each has keys.
fn tenants<'d>(root: &mut Section<'d>) -> Vec<(&'d str, bool)> {
    let tenants = root.named("tenants").into_iter();
    let has_keys = |mut tenant: Section<'_>| {
        let keys = tenant.value("keys");
        keys.is_some_and(|keys| !keys.items().is_empty())
    };
    tenants
        .map(|(name, tenant)| (name, has_keys(tenant)))
        .collect()
}

/// Whether an answer is read on that nobody waits for, and how far.
fn client_gone(section: &mut Section<'_>) -> ClientGone {
    let drains = section.read("client_gone", |value| value.choice(&CLIENT_GONE));
    let time = section.read("drain_time_max", Value::duration);
    let bytes = section.read("drain_bytes_max", Value::bytes);
    match drains {
        Some(true) => ClientGone::Drain(DrainLimits {
            time: time.unwrap_or(DRAIN_TIME_MAX),
            bytes: bytes.unwrap_or(DRAIN_BYTES_MAX),
        }),
        Some(false) | None => ClientGone::Cancel,
    }
}

/// The upstream that serves a bare `/v1/…`: the named one, else `openai`, else the only one.
pub(super) fn default_upstream(root: &mut Section<'_>, upstreams: &[Upstream]) -> Option<String> {
    // By what is written: an upstream with a problem of its own is still meant.
    let written = root.named("upstreams").into_iter().map(|(name, _)| name);
    let mut names: Vec<&str> = written.collect();
    if names.is_empty() {
        names = upstreams.iter().map(|u| u.name.as_str()).collect();
    }
    let chosen = root.read("default_upstream", |value| {
        let name = value.text()?;
        if names.contains(&name) {
            return Some(name.to_owned());
        }
        let known = names.join(", ");
        let hint = hint(name, &names);
        value.is_not(&format!("an upstream; there are {known}{hint}"))
    });
    let unnamed = || match names.as_slice() {
        [only] => Some((*only).to_owned()),
        many => many.contains(&"openai").then(|| "openai".to_owned()),
    };
    chosen.or_else(unnamed)
}

/// An upstream is named by one plain path segment.
fn check_name(name: &str, section: &Section<'_>) {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    if name.is_empty() || !name.chars().all(plain) || name.starts_with('.') {
        section.problem(
            "an upstream's name is the first part of its path; write it in lower-case letters, \
             digits, '-', '_' and '.'",
        );
    } else if RESERVED_NAMES.contains(&name) {
        section.problem("this name begins the paths of the default upstream; choose another");
    }
}

/// `https://host[:port][/prefix]`; anything with a password in it is not repeated.
fn base_url(value: &Value<'_>) -> Option<http::Uri> {
    let text = value.text()?;
    let expected = "a base address, such as \"https://api.openai.com\"";
    if text.contains('@') {
        value.problem("a base address has no user or password in it; clients send their own keys");
        return None;
    }
    let trimmed = text.trim_end_matches('/');
    let url = trimmed.parse::<http::Uri>().ok().filter(|url| {
        let host = url.host().is_some_and(|host| !host.is_empty());
        matches!(url.scheme_str(), Some("http" | "https")) && host && url.query().is_none()
    });
    url.filter(|_| !text.contains('#'))
        .or_else(|| value.is_not(expected))
}

/// The way out, and what it costs to be let through.
fn egress(section: &mut Section<'_>) -> (Option<http::Uri>, Option<Secret>) {
    let mut is_written = false;
    let proxy = section.read("egress_proxy", |value| {
        is_written = true;
        egress_proxy(value)
    });
    let credentials = section.read("egress_credentials", |value| {
        let secret = value.secret()?;
        if !is_written {
            value.problem("there is no egress_proxy to send them to");
            return None;
        }
        if !secret.expose().contains(':') {
            let source = secret.source();
            value.problem(&format!("the secret at {source} is not user:password"));
            return None;
        }
        Some(secret)
    });
    (proxy, credentials)
}

/// `http://host[:port]`; anything with a password in it is not repeated.
fn egress_proxy(value: &Value<'_>) -> Option<http::Uri> {
    let text = value.text()?;
    if text.contains('@') {
        value.problem(
            "a proxy's address has no user or password in it; name where they are in \
             egress_credentials",
        );
        return None;
    }
    let url = text.parse::<http::Uri>().ok().filter(|url| {
        let host = url.host().is_some_and(|host| !host.is_empty());
        let bare = url.path_and_query().is_none_or(|path| path.as_str() == "/");
        url.scheme_str() == Some("http") && host && bare
    });
    url.or_else(|| value.is_not("a forward proxy's address, such as \"http://proxy:3128\""))
}
