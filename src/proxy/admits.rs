//! For whom tollgate signs: its own credentials are spent, so not for everybody who reaches it.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::{HeaderMap, HeaderName, header};

use super::attribution::Attribution;

/// Who may call an upstream whose requests tollgate signs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admits {
    /// Whoever calls from an address in one of these.
    pub networks: Vec<Network>,
    /// Whoever calls with a configured key of one of these tenants.
    pub tenants: BTreeSet<String>,
}

impl Admits {
    /// Whether a call from this address, with these headers, is signed for.
    pub(super) fn admits(
        &self,
        peer: IpAddr,
        headers: &HeaderMap,
        attribution: &Attribution,
    ) -> bool {
        self.has_key(headers, attribution) || self.is_near(peer, headers)
    }

    fn has_key(&self, headers: &HeaderMap, attribution: &Attribution) -> bool {
        let tenant = attribution.tenant_of_key(headers);
        tenant.is_some_and(|tenant| self.tenants.contains(tenant))
    }

    /// A page in a browser calls from its user's address without being that user, and a proxy from its own
    /// without being whom it calls for.
    fn is_near(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        let peer = peer.to_canonical();
        let speaks_for_others = OTHERS.iter().any(|name| headers.contains_key(name));
        !speaks_for_others && self.networks.iter().any(|network| network.contains(peer))
    }
}

/// What shows that somebody else stands behind an address.
const OTHERS: [HeaderName; 7] = [
    header::ORIGIN,
    header::FORWARDED,
    header::VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-client-cert"),
    HeaderName::from_static("x-real-ip"),
];

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// This machine: `127.0.0.0/8` and `::1`.
    pub const LOOPBACK: [Self; 2] = [
        Self {
            address: IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 0)),
            bits: 8,
        },
        Self {
            address: IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
            bits: 128,
        },
    ];

    /// Whether everybody is in it.
    #[must_use]
    pub const fn is_everybody(&self) -> bool {
        self.bits == 0
    }

    fn contains(&self, peer: IpAddr) -> bool {
        let (ours, theirs, length) = match (self.address, peer) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                (u128::from(ours.to_bits()), u128::from(theirs.to_bits()), 32)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => (ours.to_bits(), theirs.to_bits(), 128),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
        };
        let others = length - self.bits;
        // Shifted by all of its bits a number would stay as it is.
        let same = |address: u128| address.checked_shr(others).unwrap_or(0);
        same(ours) == same(theirs)
    }
}

/// A text that is no network.
#[derive(Debug)]
pub struct NotANetwork;

impl FromStr for Network {
    type Err = NotANetwork;

    /// `10.0.0.0/8`, or one address.
    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let length = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(length), str::parse);
        let bits = bits.ok().filter(|bits| *bits <= length);
        Ok(Self {
            address,
            bits: bits.ok_or(NotANetwork)?,
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use http::{HeaderName, HeaderValue};

    use super::super::attribution::KeyHasher;
    use super::*;

    fn admits() -> Admits {
        let mut networks = Network::LOOPBACK.to_vec();
        networks.push("10.1.0.0/16".parse().unwrap());
        networks.push("2001:db8::/33".parse().unwrap());
        networks.push("192.0.2.7".parse().unwrap());
        Admits {
            networks,
            tenants: BTreeSet::from(["search".to_owned()]),
        }
    }

    #[track_caller]
    fn check(peer: &str, headers: &[(&'static str, &'static str)], expected: bool) {
        let hasher = KeyHasher::new(b"");
        let attribution = Attribution {
            tenant_headers: vec![HeaderName::from_static("x-tollgate-tenant")],
            tenants_by_key: HashMap::from([
                (hasher.hash(b"sk-search"), "search".to_owned()),
                (hasher.hash(b"sk-ads"), "ads".to_owned()),
                (hasher.hash(b"AKIDSEARCH"), "search".to_owned()),
                (hasher.hash(b"AKIAIOSFODNN7EXAMPLE"), "search".to_owned()),
            ]),
            key_hasher: hasher,
            ..Attribution::default()
        };
        let headers = headers.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        let found = admits().admits(peer.parse().unwrap(), &headers.collect(), &attribution);
        assert_eq!(found, expected, "{peer}");
    }

    #[test]
    fn who_calls_for_others_is_not_admitted_by_its_address() {
        for name in ["x-forwarded-for", "forwarded", "via", "x-real-ip", "origin"] {
            check("127.0.0.1", &[(name, "198.51.100.7")], false);
            check(
                "127.0.0.1",
                &[(name, "x"), ("x-api-key", "sk-search")],
                true,
            );
        }
    }

    #[test]
    fn any_key_that_is_shown_admits_and_an_id_of_amazons_does_not() {
        let bearer = ("authorization", "Bearer dummy");
        check("198.51.100.7", &[bearer, ("x-api-key", "sk-search")], true);
        check(
            "198.51.100.7",
            &[("x-api-key", "AKIAIOSFODNN7EXAMPLE")],
            false,
        );
    }

    #[test]
    fn an_address_is_admitted_by_its_network() {
        for near in [
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "::ffff:127.0.0.1",
            "10.1.255.255",
            "192.0.2.7",
            "2001:db8:7fff::1",
        ] {
            check(near, &[], true);
        }
        for far in [
            "10.2.0.0",
            "192.0.2.8",
            "::2",
            "2001:db8:8000::",
            "128.0.0.1",
        ] {
            check(far, &[], false);
        }
    }

    #[test]
    fn a_page_in_a_browser_is_not_its_user() {
        check("127.0.0.1", &[("origin", "http://localhost:3000")], false);
        let key = ("authorization", "Bearer sk-search");
        check("127.0.0.1", &[("origin", "http://a.example"), key], true);
    }

    #[test]
    fn a_key_of_a_tenant_admits_and_its_name_does_not() {
        check("192.0.2.1", &[("authorization", "Bearer sk-search")], true);
        check("192.0.2.1", &[("x-api-key", "sk-search")], true);
        check("192.0.2.1", &[("authorization", "Bearer sk-ads")], false);
        check("192.0.2.1", &[("authorization", "Bearer sk-other")], false);
        check("192.0.2.1", &[("x-tollgate-tenant", "search")], false);
        // The id of an access key is no secret, and nobody checked the signature.
        let signed = "AWS4-HMAC-SHA256 Credential=AKIDSEARCH/20261123/eu-west-1/bedrock/aws4_request, \
                      SignedHeaders=host, Signature=00";
        check("192.0.2.1", &[("authorization", signed)], false);
    }

    #[test]
    fn what_is_no_network_is_none() {
        for text in [
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "all",
            "",
            "10.0.0.0/x",
            "/8",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
        assert!("0.0.0.0/0".parse::<Network>().unwrap().is_everybody());
        check("::ffff:10.1.0.0", &[], true);
    }
}
