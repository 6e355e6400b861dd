//! Who pays for a call: most are billed by invoice.

use super::Flag;

/// How the cost of calls is paid. It is what they are worth by the price list either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Settled {
    /// By the provider's next invoice.
    #[default]
    Invoice,
    /// From a free quota: nobody pays.
    FreeQuota,
    /// From a pack that was bought before.
    Prepaid,
    /// By throughput reserved by the hour, which is paid whether calls are made or not.
    Reserved,
}

impl Settled {
    /// All that no invoice bills, for metrics preset to zero.
    pub const OTHERWISE: [Self; 3] = [Self::FreeQuota, Self::Prepaid, Self::Reserved];

    /// What the flags of a call say.
    #[must_use]
    pub fn of(flags: &[Flag]) -> Self {
        let said = |flag| flags.contains(&flag);
        if said(Flag::FreeQuota) {
            Self::FreeQuota
        } else if said(Flag::Prepaid) {
            Self::Prepaid
        } else if said(Flag::Reserved) {
            Self::Reserved
        } else {
            Self::Invoice
        }
    }

    /// The flag of a call that is paid so.
    #[must_use]
    pub const fn flag(self) -> Option<Flag> {
        match self {
            Self::Invoice => None,
            Self::FreeQuota => Some(Flag::FreeQuota),
            Self::Prepaid => Some(Flag::Prepaid),
            Self::Reserved => Some(Flag::Reserved),
        }
    }

    /// Writes who pays into flags, in place of what they said.
    pub fn put_into(flags: &mut Vec<Flag>, settled: Option<Flag>) {
        let payers = Self::OTHERWISE.map(Self::flag);
        flags.retain(|flag| !payers.contains(&Some(*flag)));
        flags.extend(settled);
    }

    /// The name used in labels and reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::FreeQuota => "free_quota",
            Self::Prepaid => "prepaid",
            Self::Reserved => "reserved",
        }
    }
}
