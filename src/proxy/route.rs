//! Which upstream a path leads to.

use std::collections::HashMap;
use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{Method, Uri};

use super::Clock;
use super::admission::Counters;
use super::error::ProxyError;
use super::settings::Settings;
use super::upstream::{SettingsError, Upstream};
use crate::wire::{self, WireFormat};

/// The upstreams, by name and for bare paths.
pub(super) struct Routes {
    by_name: HashMap<String, Arc<Upstream>>,
    default: Option<Arc<Upstream>>,
    /// All upstreams by what they speak, in their order.
    native: Vec<(WireFormat, Arc<Upstream>)>,
}

/// Where a call goes.
pub(super) struct Route {
    pub(super) upstream: Arc<Upstream>,
    /// The path as the upstream sees it, byte for byte the client's after the upstream's own.
    pub(super) path: PathAndQuery,
}

impl Routes {
    /// The routes of `settings`; upstreams that are in `old` keep their connections.
    pub(super) fn new(
        settings: &Settings,
        old: Option<&Self>,
        counters: &dyn Counters,
        clock: &Clock,
    ) -> Result<Self, SettingsError> {
        let mut by_name = HashMap::new();
        let mut native: Vec<(WireFormat, Arc<Upstream>)> = Vec::new();
        for upstream in &settings.upstreams {
            let name = &upstream.facts.name;
            let old = old.and_then(|old| old.by_name.get(name)).map(Arc::as_ref);
            let upstream = Upstream::new(upstream.clone(), old, counters, clock)?;
            let upstream = Arc::new(upstream);
            native.push((upstream.facts().format, Arc::clone(&upstream)));
            by_name.insert(name.clone(), upstream);
        }
        let default = settings.default_upstream.as_ref().map(|name| {
            let upstream = by_name.get(name).map(Arc::clone);
            upstream.ok_or_else(|| SettingsError::UnknownUpstream { name: name.clone() })
        });
        Ok(Self {
            default: default.transpose()?,
            by_name,
            native,
        })
    }

    /// Where a request goes.
    pub(super) fn resolve(&self, method: &Method, target: &Uri) -> Result<Route, ProxyError> {
        if *method == Method::CONNECT {
            return Err(ProxyError::ConnectRefused);
        }
        let bad = || ProxyError::BadTarget {
            target: target.to_string(),
        };
        let whole = target
            .path_and_query()
            .filter(|whole| whole.path().starts_with('/'));
        let whole = whole.ok_or_else(bad)?;
        if let Some((upstream, rest)) = self.by_first_segment(whole) {
            let path = upstream.path_of_rest(rest).map_err(|_| bad())?;
            return Ok(Route {
                upstream: Arc::clone(upstream),
                path,
            });
        }
        let upstream = self
            .of_bare_path(whole.path())
            .ok_or_else(|| self.no_route(whole))?;
        let path = upstream.path(whole).map_err(|_| bad())?;
        Ok(Route {
            upstream: Arc::clone(upstream),
            path,
        })
    }

    /// In whose shape to answer a call that leads to no upstream, or whose upstream is not known.
    pub(super) fn api_of(&self, target: &Uri) -> WireFormat {
        let named = target
            .path_and_query()
            .and_then(|whole| self.by_first_segment(whole))
            .map(|(upstream, _)| upstream.facts().format);
        let path = target.path();
        // Of what else is asked the path tells.
        let shape = || {
            let asked = || wire::endpoint(WireFormat::OpenAi, &Method::POST, path).format;
            native_of(path).unwrap_or_else(asked)
        };
        named.unwrap_or_else(shape)
    }

    fn by_first_segment<'a>(&self, whole: &'a PathAndQuery) -> Option<(&Arc<Upstream>, &'a str)> {
        let name = whole.path().strip_prefix('/')?.split('/').next()?;
        let upstream = self.by_name.get(name)?;
        Some((upstream, whole.as_str().get(1 + name.len()..)?))
    }

    fn of_bare_path(&self, path: &str) -> Option<&Arc<Upstream>> {
        let format = native_of(path);
        let native = self.native.iter();
        let mut native = native.filter(|(known, _)| Some(*known) == format);
        match (native.next(), native.next()) {
            (None, _) => self.default.as_ref(),
            // Another region has other models, and another bill: which one is meant has to be said.
            (Some(_), Some(_)) if format == Some(WireFormat::Bedrock) => None,
            (Some((_, first)), _) => Some(first),
        }
    }

    fn no_route(&self, whole: &PathAndQuery) -> ProxyError {
        let mut known: Vec<_> = self
            .by_name
            .keys()
            .map(|name| format!("/{name}/"))
            .collect();
        known.sort();
        let known = if known.is_empty() {
            "none is configured".into()
        } else {
            known.join(", ")
        };
        ProxyError::NoRoute {
            path: whole.path().to_owned(),
            known,
        }
    }
}

/// The format whose own a bare path is; none where it is `OpenAI`'s, or anybody's.
fn native_of(path: &str) -> Option<WireFormat> {
    let under = |name: &&str| {
        path.strip_prefix(*name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if ["/v1/messages", "/v1/complete"].iter().any(under) {
        return Some(WireFormat::Anthropic);
    }
    if GOOGLE_PATHS.iter().any(under) {
        return Some(WireFormat::Gemini);
    }
    // A gateway may have other paths under this one.
    let asked = || wire::endpoint(WireFormat::OpenAi, &Method::POST, path).format;
    let is_bedrock = under(&"/model") && asked() == WireFormat::Bedrock;
    is_bedrock.then_some(WireFormat::Bedrock)
}

/// Where the paths of the Gemini API and of Vertex AI begin.
const GOOGLE_PATHS: [&str; 5] = [
    "/v1beta",
    "/v1beta1",
    "/upload/v1beta",
    "/v1/projects",
    "/v1/publishers",
];
