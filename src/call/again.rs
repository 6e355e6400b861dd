//! What the prices that are known now say of a call that was priced before.

use super::CallRecord;

/// What becomes of a call that is priced again.
#[derive(Clone, Debug, PartialEq)]
pub enum Again {
    /// Nobody bills it, or nobody did: no price says anything else.
    NotBilled,
    /// Results of a batch: each was priced by itself when it passed, and only their sum is kept. A
    /// price that goes by the length of a call cannot be asked with a sum.
    Summed,
    /// Its upstream is not configured any more, so nobody says whose prices hold.
    NoUpstream,
    /// The same bill, or none as before.
    Same,
    /// Another bill: the record with it.
    Changed(Box<CallRecord>),
}
