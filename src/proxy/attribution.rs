//! Who a call is for: a configured header, a configured key, or the keyed hash of an unknown key.
//!
//! Keys are hashed when they are read and nothing but the hash is kept; neither a key nor a header's
//! value is ever logged.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use hmac::digest::Key;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use sha2::Sha256;

/// The longest tenant or dimension that is taken from a header.
const VALUE_BYTES_MAX: usize = 128;

/// Bytes of a key's hash in the name of a tenant nobody configured.
const KEY_NAME_BYTES: usize = 6;

/// Which headers say who a call is for, and what is known about their values.
#[derive(Clone, Debug)]
pub struct Attribution {
    /// Headers that name a tenant, first one first; never sent to an upstream.
    pub tenant_headers: Vec<HeaderName>,
    /// Dimensions of a call and the headers they come from; never sent to an upstream.
    pub dimensions: Vec<(String, HeaderName)>,
    /// Headers that hold the client's key, first one first; they pass unchanged, but where tollgate signs.
    pub key_headers: Vec<HeaderName>,
    /// Makes a key's hash.
    pub key_hasher: KeyHasher,
    /// Tenants by the hash of their key.
    pub tenants_by_key: HashMap<KeyHash, String>,
    /// Tenants by what a tenant header says; what is not here names itself.
    pub tenants_by_header: HashMap<String, String>,
}

impl Default for Attribution {
    fn default() -> Self {
        Self {
            tenant_headers: Vec::new(),
            dimensions: Vec::new(),
            key_headers: vec![
                header::AUTHORIZATION,
                HeaderName::from_static("x-api-key"),
                HeaderName::from_static("api-key"),
                HeaderName::from_static("x-goog-api-key"),
            ],
            key_hasher: KeyHasher::new(b""),
            tenants_by_key: HashMap::new(),
            tenants_by_header: HashMap::new(),
        }
    }
}

impl Attribution {
    /// The tenant of a call with these headers.
    #[must_use]
    pub fn tenant(&self, headers: &HeaderMap) -> Option<String> {
        self.by_header(headers).or_else(|| self.by_key(headers))
    }

    /// The tenant of a call that tollgate signs: a key that is known goes before a signature, which nobody
    /// checks there.
    pub(super) fn tenant_of_signed(&self, headers: &HeaderMap) -> Option<String> {
        let known = || self.tenant_of_key(headers).map(str::to_owned);
        let tenant = self.by_header(headers).or_else(known);
        tenant.or_else(|| self.by_key(headers))
    }

    /// The dimensions of a call with these headers; what is too long or not text is dropped.
    #[must_use]
    pub fn dimensions(&self, headers: &HeaderMap) -> BTreeMap<String, String> {
        self.dimensions
            .iter()
            .filter_map(|(name, header)| Some((name.clone(), label(headers.get(header)?)?.into())))
            .collect()
    }

    /// Whether the header speaks to us and not to the upstream.
    #[must_use]
    pub fn owns(&self, name: &HeaderName) -> bool {
        self.tenant_headers.contains(name)
            || self.dimensions.iter().any(|(_, header)| header == name)
    }

    fn by_header(&self, headers: &HeaderMap) -> Option<String> {
        let said = |name| headers.get(name).and_then(label);
        let value = self.tenant_headers.iter().find_map(said)?;
        Some(
            self.tenants_by_header
                .get(value)
                .map_or(value, String::as_str)
                .to_owned(),
        )
    }

    /// The configured tenant whose secret key a call has. Who only claims to have signed with a key has
    /// not shown it, and nobody checks that here.
    pub(super) fn tenant_of_key(&self, headers: &HeaderMap) -> Option<&str> {
        let values = self.key_headers.iter().filter_map(|name| headers.get(name));
        let shown = values.filter(|value| access_key(value.as_bytes().trim_ascii()).is_none());
        let mut keys = shown.filter_map(key).filter(|key| !is_key_id(key));
        let tenant = keys.find_map(|key| self.tenants_by_key.get(&self.key_hasher.hash(key)))?;
        Some(tenant)
    }

    /// The headers that hold a client's key.
    pub(super) fn holds_key(&self, name: &HeaderName) -> bool {
        self.key_headers.contains(name)
    }

    fn by_key(&self, headers: &HeaderMap) -> Option<String> {
        let key = self
            .key_headers
            .iter()
            .find_map(|name| key(headers.get(name)?))?;
        let hash = self.key_hasher.hash(key);
        Some(
            self.tenants_by_key
                .get(&hash)
                .cloned()
                .unwrap_or_else(|| hash.tenant()),
        )
    }
}

/// Makes the keyed hash (HMAC-SHA256) of a client's key.
#[derive(Clone)]
pub struct KeyHasher(Hmac<Sha256>);

impl KeyHasher {
    /// A hasher with its secret; hashes of two secrets have nothing in common.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        // HMAC takes a secret of any length: the fallback is never used.
        Self(
            Hmac::new_from_slice(secret)
                .unwrap_or_else(|_| Hmac::new(&Key::<Hmac<Sha256>>::default())),
        )
    }

    /// The hash of a key, without the scheme (`Bearer`) before it.
    #[must_use]
    pub fn hash(&self, key: &[u8]) -> KeyHash {
        let mut mac = self.0.clone();
        mac.update(key);
        KeyHash(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHasher")
    }
}

/// What is kept of a client's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// The name of a tenant whose key nobody configured.
    #[must_use]
    pub fn tenant(&self) -> String {
        let mut name = String::with_capacity("key-".len() + 2 * KEY_NAME_BYTES);
        name.push_str("key-");
        for byte in self.0.iter().take(KEY_NAME_BYTES) {
            let digits = [byte >> 4, byte & 15].map(u32::from);
            name.extend(
                digits
                    .into_iter()
                    .filter_map(|digit| char::from_digit(digit, 16)),
            );
        }
        name
    }
}

/// Whether it is the id of an access key of Amazon's, which each signature shows.
fn is_key_id(key: &[u8]) -> bool {
    key.len() == 20 && (key.starts_with(b"AKIA") || key.starts_with(b"ASIA"))
}

/// The key in a header: what follows `Bearer`, the access key of a signature, or the whole value.
fn key(value: &HeaderValue) -> Option<&[u8]> {
    let value = value.as_bytes().trim_ascii();
    let named = bearer(value).or_else(|| access_key(value));
    let key = named.unwrap_or(value);
    (!key.is_empty()).then_some(key)
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = value.split_at_checked("bearer".len())?;
    let is_bearer =
        scheme.eq_ignore_ascii_case(b"bearer") && key.first().is_none_or(u8::is_ascii_whitespace);
    is_bearer.then(|| key.trim_ascii_start())
}

/// Who signed, in a signature of Amazon's: the rest of it is another one in each call
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html>).
fn access_key(value: &[u8]) -> Option<&[u8]> {
    let signed = str::from_utf8(value.strip_prefix(b"AWS4-")?).ok()?;
    let (_, credential) = signed.split_once("Credential=")?;
    let (access_key, _) = credential.split_once('/')?;
    Some(access_key.as_bytes())
}

/// A header's value as a name: text, not empty, not long, nothing invisible in it.
fn label(value: &HeaderValue) -> Option<&str> {
    let text = std::str::from_utf8(value.as_bytes()).ok()?.trim();
    let fits = !text.is_empty() && text.len() <= VALUE_BYTES_MAX;
    (fits && !text.chars().any(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"a secret of this installation";

    fn attribution() -> Attribution {
        let key_hasher = KeyHasher::new(SECRET);
        Attribution {
            tenant_headers: vec![HeaderName::from_static("x-tenant")],
            dimensions: vec![("team".into(), HeaderName::from_static("x-team"))],
            tenants_by_key: HashMap::from([(key_hasher.hash(b"sk-search"), "search".to_owned())]),
            tenants_by_header: HashMap::from([("7".to_owned(), "seven".to_owned())]),
            key_hasher,
            ..Attribution::default()
        }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
                (HeaderName::from_static(name), value)
            })
            .collect()
    }

    #[track_caller]
    fn check(pairs: &[(&'static str, &str)], tenant: Option<&str>) {
        assert_eq!(attribution().tenant(&headers(pairs)).as_deref(), tenant);
    }

    #[test]
    fn a_configured_header_comes_first() {
        check(
            &[("x-tenant", "ads"), ("authorization", "Bearer sk-search")],
            Some("ads"),
        );
        check(&[("x-tenant", "7")], Some("seven"));
    }

    #[test]
    fn a_configured_key_names_its_tenant_in_any_header() {
        check(&[("authorization", "Bearer sk-search")], Some("search"));
        check(&[("authorization", "bearer  sk-search")], Some("search"));
        check(&[("x-api-key", "sk-search")], Some("search"));
        check(&[("api-key", "sk-search")], Some("search"));
        assert_eq!(
            key(&HeaderValue::from_static("bearer-of-a-key")).unwrap(),
            b"bearer-of-a-key"
        );
    }

    #[test]
    fn a_signed_call_is_its_access_keys_whatever_the_signature() {
        for signature in ["51a3", "ff07"] {
            let signed = format!(
                "AWS4-HMAC-SHA256 Credential=sk-search/20261123/us-east-1/bedrock/aws4_request, \
                 SignedHeaders=host;x-amz-date, Signature={signature}"
            );
            check(&[("authorization", &signed)], Some("search"));
        }
        let odd = "AWS4-HMAC-SHA256 Credential=/, Signature=51a3";
        check(&[("authorization", odd)], None);
    }

    #[test]
    fn a_key_that_is_known_goes_before_a_signature_that_nobody_checks() {
        let signed = "AWS4-HMAC-SHA256 Credential=sk-ads/20261123/us-east-1/bedrock/aws4_request";
        let headers = headers(&[("authorization", signed), ("x-api-key", "sk-search")]);
        let tenant = attribution().tenant_of_signed(&headers);
        assert_eq!(tenant.as_deref(), Some("search"));
    }

    #[test]
    fn googles_key_is_a_key() {
        check(&[("x-goog-api-key", "sk-search")], Some("search"));
    }

    #[test]
    fn an_unknown_key_is_named_by_its_keyed_hash() {
        // printf %s sk-unknown | openssl dgst -sha256 -hmac "a secret of this installation"
        check(
            &[("authorization", "Bearer sk-unknown")],
            Some("key-c70e6df6748c"),
        );
        let other = KeyHasher::new(b"another secret")
            .hash(b"sk-unknown")
            .tenant();
        assert_ne!(other, "key-c70e6df6748c");
    }

    #[test]
    fn no_key_is_no_tenant() {
        check(&[], None);
        check(&[("authorization", "Bearer ")], None);
        check(&[("authorization", "")], None);
    }

    #[test]
    fn a_value_that_is_long_or_not_text_is_no_name() {
        let long = "x".repeat(VALUE_BYTES_MAX + 1);
        check(
            &[("x-tenant", &long), ("x-api-key", "sk-search")],
            Some("search"),
        );
        let mut bad = HeaderMap::new();
        bad.insert("x-team", HeaderValue::from_bytes(b"\xff\xfe").unwrap());
        assert!(attribution().dimensions(&bad).is_empty());
        bad.insert(
            "x-team",
            HeaderValue::from_bytes("\u{7f51}\u{7edc}".as_bytes()).unwrap(),
        );
        assert_eq!(attribution().dimensions(&bad)["team"], "\u{7f51}\u{7edc}");
    }

    #[test]
    fn only_configured_headers_are_ours() {
        assert!(attribution().owns(&HeaderName::from_static("x-tenant")));
        assert!(attribution().owns(&HeaderName::from_static("x-team")));
        assert!(!attribution().owns(&header::AUTHORIZATION));
    }

    #[test]
    fn a_hasher_does_not_show_its_secret() {
        assert_eq!(format!("{:?}", KeyHasher::new(SECRET)), "KeyHasher");
    }
}
