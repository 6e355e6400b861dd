//! `[fleet]`: whether this instance sees all of the traffic.

use super::section::Section;
use super::value::Value;

/// The instances that share the traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fleet {
    /// How many there are, this one included. With more than one, none of them sees all demand, and
    /// none gives a verdict.
    pub replicas: usize,
}

impl Default for Fleet {
    fn default() -> Self {
        Self { replicas: 1 }
    }
}

impl Fleet {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let replicas = section.read("replicas", Value::count);
        section.finish(&[]);
        Self {
            replicas: replicas.unwrap_or(Self::default().replicas),
        }
    }
}
