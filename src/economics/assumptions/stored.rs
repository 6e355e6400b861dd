//! Ranges as they are stored: by the keys of a plans file, so that a later release can read them.

use std::collections::BTreeMap;

use super::{Assumptions, Parameter, Range};

/// Ranges by the keys of their parameters.
pub(super) type Ranges = BTreeMap<String, Range>;

impl From<Assumptions> for Ranges {
    fn from(assumptions: Assumptions) -> Self {
        let range = |parameter: Parameter| {
            let key = parameter.key().to_owned();
            (key, assumptions.range(parameter))
        };
        Parameter::ALL.map(range).into()
    }
}

impl TryFrom<Ranges> for Assumptions {
    type Error = String;

    fn try_from(stored: Ranges) -> Result<Self, String> {
        let mut all = Self([Range::certain(0.0); Parameter::ALL.len()]);
        for parameter in Parameter::ALL {
            let key = parameter.key();
            let range = stored.get(key).ok_or_else(|| format!("{key} is missing"))?;
            all = all.with(parameter, *range);
        }
        Ok(all)
    }
}
