//! Secrets: named in the configuration, kept elsewhere, never shown.

use std::fmt;

use super::value::Value;

/// A secret read from the environment or a file, with the name of where it was.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    source: String,
    value: String,
}

impl Secret {
    /// The secret itself. Never log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.value
    }

    /// Where it was read, such as `env:NAME`: safe to show.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Value<'_> {
    /// A secret, written as `env:NAME` or `file:PATH`. What is written is never repeated: it may
    /// be the secret itself.
    pub(super) fn secret(&self) -> Option<Secret> {
        let source = self.text()?;
        let found = match source.split_once(':') {
            Some(("env", name)) => (self.context.env)(name)
                .ok_or_else(|| format!("the environment has no variable {name}; set it")),
            Some(("file", name)) => {
                let path = self.document.resolve(name);
                self.context.reads(&path);
                std::fs::read_to_string(path)
                    .map_err(|error| format!("the file {name} cannot be read: {error}"))
            }
            _ => Err("a secret is not written here; write env:NAME or file:PATH".to_owned()),
        };
        let trimmed = found.map(|text| text.trim_end_matches(['\r', '\n']).to_owned());
        match trimmed {
            Ok(value) if !value.is_empty() => Some(Secret {
                source: source.to_owned(),
                value,
            }),
            Ok(_) => {
                self.problem(&format!("the secret at {source} is empty"));
                None
            }
            Err(message) => {
                self.problem(&message);
                None
            }
        }
    }
}

#[cfg(test)]
impl Secret {
    /// A secret for tests of other rooms' settings.
    pub(super) fn made(source: &str, value: &str) -> Self {
        Self {
            source: source.to_owned(),
            value: value.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let secret = Secret::made("env:T", "s3cret");
        assert_eq!(format!("{secret:?}"), "Secret");
    }
}
