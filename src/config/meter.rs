//! `[meter]`: how calls that nobody reports are counted.

use super::section::Section;
use super::value::Value;

/// How calls that nobody reports are counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Meter {
    /// Bytes of text that all calls together may keep for it.
    pub text_bytes_max: usize,
    /// The share of reported calls that are counted a second time.
    pub audit_share: f64,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            text_bytes_max: 256 << 20,
            audit_share: 0.01,
        }
    }
}

impl Meter {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let base = Self::default();
        let meter = Self {
            text_bytes_max: section
                .read("text_bytes_max", Value::bytes)
                .unwrap_or(base.text_bytes_max),
            audit_share: section
                .read("audit_share", share)
                .unwrap_or(base.audit_share),
        };
        section.finish(&[]);
        meter
    }
}

fn share(value: &Value<'_>) -> Option<f64> {
    let share = value.number()?;
    if (0.0..=1.0).contains(&share) {
        return Some(share);
    }
    value.is_not("a share from 0 to 1, such as 0.01")
}
