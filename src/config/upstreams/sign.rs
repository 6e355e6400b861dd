//! `sign` and what belongs to it: requests that tollgate signs with credentials of its own, and for
//! whom.

use std::collections::BTreeSet;

use super::super::section::Section;
use super::super::value::Value;
use crate::proxy::{Admits, Network};

/// An upstream whose requests tollgate signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// Such as `eu-central-1`.
    pub region: String,
    /// What the signatures are for: `bedrock`.
    pub service: String,
    /// A profile of `~/.aws`; else the AWS SDK's own chain.
    pub profile: Option<String>,
    /// For whom, as it is written.
    pub admitted: Vec<String>,
    /// The same, read.
    pub admits: Admits,
}

/// Who signs, by name.
const SIGNERS: [(&str, ()); 1] = [("aws", ())];

/// What requests to Bedrock are signed for.
const SERVICE: &str = "bedrock";

/// This machine's own callers.
const LOOPBACK: &str = "loopback";

/// What begins the name of a tenant.
const TENANT: &str = "tenant:";

impl Sign {
    /// The keys, if `sign` is among them.
    pub(super) fn read(
        section: &mut Section<'_>,
        base_url: Option<&http::Uri>,
        tenants: &[(&str, bool)],
    ) -> Option<Self> {
        let is_written = section.value("sign").is_some();
        section.read("sign", |value| value.choice(&SIGNERS));
        let host = base_url.and_then(http::Uri::host).unwrap_or_default();
        let region = section.read("sign_region", name);
        let region = region.or_else(|| region_of(host));
        let service = section.read("sign_service", name);
        let profile = section.read("sign_profile", name);
        let list = section.value("sign_for");
        let admitted: Vec<_> = list.iter().flat_map(Value::texts).collect();
        if !is_written {
            let alone = ["sign_region", "sign_service", "sign_profile", "sign_for"];
            for key in alone {
                if section.value(key).is_some() {
                    section.problem_at(key, "nothing is signed here; add sign = \"aws\"");
                }
            }
            return None;
        }
        if region.is_none() {
            section.problem_at(
                "sign_region",
                "is missing, and base_url does not say it; add a line such as sign_region = \
                 \"eu-central-1\"",
            );
        }
        Some(Self {
            region: region?,
            service: service.unwrap_or_else(|| SERVICE.to_owned()),
            profile,
            admits: admits(&admitted, tenants, list.is_some()),
            admitted: match list {
                Some(_) => admitted
                    .iter()
                    .map(|(text, _)| (*text).to_owned())
                    .collect(),
                None => vec![LOOPBACK.to_owned()],
            },
        })
    }
}

/// `bedrock-runtime.eu-central-1.amazonaws.com`, and the like of private links and of China.
pub(super) fn region_of(host: &str) -> Option<String> {
    let (before, _) = host.split_once(".amazonaws.com")?;
    let mut labels = before.rsplit('.').filter(|label| *label != "vpce");
    let region = labels.next()?;
    (region.split('-').count() >= 3 && region.ends_with(|c: char| c.is_ascii_digit()))
        .then(|| region.to_owned())
}

/// A name of a few plain letters.
fn name(value: &Value<'_>) -> Option<String> {
    let text = value.text()?;
    let is_name = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
    if is_name {
        Some(text.to_owned())
    } else {
        value.is_not("a name")
    }
}

fn admits(written: &[(&str, Value<'_>)], tenants: &[(&str, bool)], is_listed: bool) -> Admits {
    if !is_listed {
        return Admits {
            networks: Network::LOOPBACK.to_vec(),
            tenants: BTreeSet::new(),
        };
    }
    let mut admits = Admits::default();
    for (text, value) in written {
        if *text == LOOPBACK {
            admits.networks.extend(Network::LOOPBACK);
        } else if let Some(name) = text.strip_prefix(TENANT) {
            admits.tenants.extend(tenant(name, value, tenants));
        } else {
            admits.networks.extend(network(text, value));
        }
    }
    admits
}

/// A tenant who is known by a key: whoever only says a name may say any.
fn tenant(name: &str, value: &Value<'_>, tenants: &[(&str, bool)]) -> Option<String> {
    match tenants.iter().find(|(known, _)| *known == name) {
        Some((_, true)) => Some(name.to_owned()),
        Some((_, false)) => {
            value.problem(&format!(
                "tenant {name} has no keys to be known by; add keys to [tenants.{name}]"
            ));
            None
        }
        None => value.is_not(&format!("a tenant; add [tenants.{name}] with keys")),
    }
}

fn network(text: &str, value: &Value<'_>) -> Option<Network> {
    let Ok(network) = text.parse::<Network>() else {
        return value
            .is_not("one of \"loopback\", a network such as \"10.0.0.0/8\", and \"tenant:NAME\"");
    };
    if network.is_everybody() {
        value.problem(
            "signs for everybody who reaches tollgate, at your cost; name the networks of your \
             clients, or tenants with keys",
        );
        return None;
    }
    Some(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(host: &str, region: Option<&str>) {
        assert_eq!(region_of(host).as_deref(), region, "{host}");
    }

    #[test]
    fn the_host_says_the_region() {
        check(
            "bedrock-runtime.eu-central-1.amazonaws.com",
            Some("eu-central-1"),
        );
        check(
            "bedrock-runtime-fips.us-gov-west-1.amazonaws.com",
            Some("us-gov-west-1"),
        );
        check(
            "bedrock-runtime.cn-north-1.amazonaws.com.cn",
            Some("cn-north-1"),
        );
        check(
            "vpce-0a-b1.bedrock-runtime.us-east-1.vpce.amazonaws.com",
            Some("us-east-1"),
        );
        check("bedrock.amazonaws.com", None);
        check("gateway.example", None);
        check("127.0.0.1", None);
    }
}
