//! Names as small numbers, so that a key is short and a hostile client cannot fill the ledger.
//!
//! What a client can choose (model, tenant, dimensions) becomes a name only once an upstream has
//! answered it with a 2xx; until then, and beyond the bound, it is `other`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::codec::{Reader, Writer};

/// Names of one kind; beyond it a new one is `other`.
pub const NAMES_MAX: usize = 10_000;
/// A longer name is `other`.
pub const NAME_BYTES_MAX: usize = 256;

/// The number of what has no name.
pub(super) const ABSENT: u16 = 0;
/// The number of what is not told apart.
pub(super) const OTHER: u16 = 1;
/// The number of the first name of a kind.
const FIRST: u16 = 2;
/// What [`OTHER`] is called.
const OTHER_NAME: &str = "other";
/// The version of the stored form.
const VERSION: u8 = 1;

/// What a name is for; each kind is numbered on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum NameKind {
    Upstream,
    Model,
    Tenant,
    /// `name=value`, so that the meaning of a stored key does not depend on the configuration.
    Dimension,
    Capability,
}

impl NameKind {
    const ALL: [Self; 5] = [
        Self::Upstream,
        Self::Model,
        Self::Tenant,
        Self::Dimension,
        Self::Capability,
    ];

    const fn byte(self) -> u8 {
        match self {
            Self::Upstream => 1,
            Self::Model => 2,
            Self::Tenant => 3,
            Self::Dimension => 4,
            Self::Capability => 5,
        }
    }
}

/// A name with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) kind: NameKind,
    pub(super) id: u16,
    pub(super) name: Arc<str>,
}

impl Named {
    /// The stored form: `kind | id` → the name.
    pub(super) fn encode(&self) -> (Vec<u8>, Vec<u8>) {
        let [high, low] = self.id.to_be_bytes();
        let mut value = Writer::new(VERSION).finish();
        value.extend_from_slice(self.name.as_bytes());
        (vec![self.kind.byte(), high, low], value)
    }

    pub(super) fn decode(key: &[u8], value: &[u8]) -> Option<Self> {
        let [kind, high, low] = *<&[u8; 3]>::try_from(key).ok()?;
        let name = std::str::from_utf8(Reader::of(value, VERSION)?.rest()).ok()?;
        Some(Self {
            kind: NameKind::ALL
                .into_iter()
                .find(|known| known.byte() == kind)?,
            id: u16::from_be_bytes([high, low]),
            name: name.into(),
        })
    }
}

/// All names known, both ways.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    upstreams: Kind,
    models: Kind,
    tenants: Kind,
    dimensions: Kind,
    capabilities: Kind,
}

/// The names of one kind; numbers have no holes. A tree and no hash: most kinds have few names, and
/// what a client chooses cannot make it slow.
#[derive(Clone, Debug, Default)]
struct Kind {
    ids: BTreeMap<Arc<str>, u16>,
    names: Vec<Arc<str>>,
}

impl Names {
    /// The number of a name that is known.
    pub(super) fn find(&self, kind: NameKind, name: &str) -> Option<u16> {
        self.of(kind).ids.get(name).copied()
    }

    /// The number of the next new name of a kind but `ahead`; `other` at the bound.
    pub(super) fn next_id(&self, kind: NameKind, ahead: usize) -> u16 {
        match self.of(kind).names.len().checked_add(ahead) {
            Some(place) if place < NAMES_MAX => id_at(place),
            _ => OTHER,
        }
    }

    /// Adds a name under the next number of its kind. False: that is not its number.
    #[must_use]
    pub(super) fn insert(&mut self, named: Named) -> bool {
        let kind = self.of_mut(named.kind);
        if named.id != id_at(kind.names.len()) {
            return false;
        }
        kind.names.push(Arc::clone(&named.name));
        kind.ids.insert(named.name, named.id);
        true
    }

    /// The name of a number; `None` for what has none.
    pub(super) fn name(&self, kind: NameKind, id: u16) -> Option<Arc<str>> {
        let place = match id {
            ABSENT => return None,
            OTHER => None,
            _ => Some(usize::from(id - FIRST)),
        };
        let known = |place: usize| self.of(kind).names.get(place);
        Some(
            place
                .and_then(known)
                .map_or_else(|| OTHER_NAME.into(), Arc::clone),
        )
    }

    /// The names of a kind, in order of their numbers.
    pub(super) fn all(&self, kind: NameKind) -> &[Arc<str>] {
        &self.of(kind).names
    }

    const fn of(&self, kind: NameKind) -> &Kind {
        match kind {
            NameKind::Upstream => &self.upstreams,
            NameKind::Model => &self.models,
            NameKind::Tenant => &self.tenants,
            NameKind::Dimension => &self.dimensions,
            NameKind::Capability => &self.capabilities,
        }
    }

    const fn of_mut(&mut self, kind: NameKind) -> &mut Kind {
        match kind {
            NameKind::Upstream => &mut self.upstreams,
            NameKind::Model => &mut self.models,
            NameKind::Tenant => &mut self.tenants,
            NameKind::Dimension => &mut self.dimensions,
            NameKind::Capability => &mut self.capabilities,
        }
    }
}

/// The number of the name at a place in its kind.
fn id_at(place: usize) -> u16 {
    u16::try_from(place)
        .ok()
        .and_then(|place| place.checked_add(FIRST))
        .unwrap_or(OTHER)
}
