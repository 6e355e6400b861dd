//! The checksum under a statement, and what is found of one that was touched.

use sha2::{Digest, Sha256};

use super::{FORMAT, Statement};

/// What stands before the checksum: the last value of the file.
const LAST: &str = ",\n  \"sha256\": \"";
/// What stands behind it.
const END: &str = "\"\n}\n";

/// Why a file is no statement, or no longer one.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// It has no checksum at its end, or something behind it.
    #[error("it has no checksum as its last value: not a whole statement")]
    Unsealed,
    /// Its bytes are not those that were sealed.
    #[error(
        "it was changed since it was written: its bytes have checksum {is}, it states {stated}"
    )]
    Changed {
        /// What it states.
        stated: String,
        /// What its bytes come to.
        is: String,
    },
    /// It is of a form that this release does not read.
    #[error("it is a statement of form {found}, this version reads {FORMAT}")]
    Form {
        /// The form found.
        found: u32,
    },
    /// It is JSON of something else.
    #[error("it is not a statement")]
    Unreadable(#[from] serde_json::Error),
}

/// The form of any statement.
#[derive(serde::Deserialize)]
struct Form {
    statement: u32,
}

/// The statement as its file has it, and its checksum.
///
/// # Errors
/// A value that has no JSON form.
pub fn sealed(statement: &Statement) -> Result<(String, String), serde_json::Error> {
    let whole = serde_json::to_string_pretty(statement)?;
    let body = whole.trim_end_matches('}').trim_end();
    let sum = sum(body);
    Ok((format!("{body}{LAST}{sum}{END}"), sum))
}

/// Reads a file, and gives its checksum beside.
///
/// # Errors
/// It is not whole, not what was written, or of another form.
pub fn opened(text: &str) -> Result<(Statement, String), Broken> {
    let (body, rest) = text.rsplit_once(LAST).ok_or(Broken::Unsealed)?;
    let stated = rest.strip_suffix(END).ok_or(Broken::Unsealed)?;
    let is = sum(body);
    if is != stated {
        let stated = stated.to_owned();
        return Err(Broken::Changed { stated, is });
    }
    let form: Form = serde_json::from_str(text)?;
    if form.statement != FORMAT {
        let found = form.statement;
        return Err(Broken::Form { found });
    }
    Ok((serde_json::from_str(text)?, is))
}

/// SHA-256 in hexadecimal digits.
fn sum(text: &str) -> String {
    super::hex(&Sha256::digest(text.as_bytes()))
}
