//! Why a command is not done: an exit code and a sentence with blanks, in both languages.

use std::path::Path;

use concordat_protocol::admin::{AdminError, ExitCode};

/// Why a command is not done. Its sentence is `error.<key>` in [`crate::text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) exit: ExitCode,
    pub(crate) key: &'static str,
    pub(crate) blanks: Vec<(String, String)>,
}

impl Failure {
    pub(crate) const fn new(exit: ExitCode, key: &'static str) -> Self {
        let blanks = Vec::new();
        Self { exit, key, blanks }
    }

    pub(crate) const fn usage(key: &'static str) -> Self {
        Self::new(ExitCode::Usage, key)
    }

    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.blanks.push((name.to_owned(), value.to_string()));
        self
    }

    /// What fills a blank; nothing where it is not filled.
    pub(crate) fn blank(&self, name: &str) -> &str {
        let mut blanks = self.blanks.iter();
        let found = blanks.find(|(blank, _)| blank == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn path(self, path: &Path) -> Self {
        self.with("path", path.display())
    }

    /// A value of the command line that is not what it should be.
    pub(crate) fn value(argument: &str, value: &str, cause: impl ToString) -> Self {
        let failure = Self::usage("bad-value").with("argument", argument);
        failure.with("value", value).with("cause", cause)
    }
}

impl From<AdminError> for Failure {
    // spec: ADM-6
    fn from(error: AdminError) -> Self {
        let blanks = error.details.into_iter();
        Self {
            exit: error.code.exit(),
            key: error.code.name(),
            blanks: blanks.map(|detail| (detail.name, detail.value)).collect(),
        }
    }
}

/// An error with all that lies under it, for a blank.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
