//! What is said when a command cannot do its work, and the exit code that goes with it.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

/// Why a command ends without having done its work: one or two lines, and what to do about it.
#[derive(Debug)]
pub struct Failure {
    message: String,
    cause: Option<anyhow::Error>,
    remedy: Option<String>,
    code: u8,
}

impl Failure {
    /// The work itself failed: exit code 1.
    #[must_use]
    pub fn work(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            cause: None,
            remedy: None,
            code: 1,
        }
    }

    /// What was asked for cannot be done as asked, or the configuration is wrong: exit code 2.
    #[must_use]
    pub fn use_or_config(message: impl Into<String>) -> Self {
        Self {
            code: 2,
            ..Self::work(message)
        }
    }

    /// The error behind it; its own sources are printed with it.
    #[must_use]
    pub fn because(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.cause = Some(anyhow::Error::new(cause));
        self
    }

    /// What to do about it, as an instruction.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// The code the process ends with.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tollgate: {}", self.message)?;
        if let Some(cause) = &self.cause {
            write!(f, ": {cause:#}")?;
        }
        if let Some(remedy) = &self.remedy {
            write!(f, "\n  {remedy}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_why_and_what_to_do() {
        let failure = Failure::work("cannot listen on 127.0.0.1:4141")
            .because(std::io::Error::other("address in use"))
            .remedy("stop the other process, or choose another address with --listen");
        assert_eq!(
            failure.to_string(),
            "tollgate: cannot listen on 127.0.0.1:4141: address in use\n  \
             stop the other process, or choose another address with --listen"
        );
    }
}
