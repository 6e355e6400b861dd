//! An upstream whose requests tollgate signs.

use toml::Table;

use super::super::Sign;
use super::{text, texts, written};

/// The keys that say so.
pub(super) fn print(sign: &Sign) -> Table {
    let Sign {
        region,
        service,
        profile,
        admitted,
        // What `admitted` says.
        admits: _,
    } = sign;
    written([
        ("sign", Some(text(&"aws"))),
        ("sign_region", Some(text(region))),
        ("sign_service", Some(text(service))),
        ("sign_profile", profile.as_ref().map(text)),
        ("sign_for", Some(texts(admitted))),
    ])
}
