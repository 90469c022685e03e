//! A wrapper that keeps values out of logs.
//!
//! Out of scope: wiping memory, encryption. The value is there, it just never prints by accident.

use std::fmt;

/// A value that neither `Debug` nor `Display` shows, whatever the build or the log level.
///
/// It deliberately has no `Serialize`: a structured log would be one more way out.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Redacted<T>(T);

impl<T> Redacted<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value. Each call is a place to review.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Unwraps the value.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SHOWN)
    }
}

impl<T> fmt::Display for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SHOWN)
    }
}

impl<T> From<T> for Redacted<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

// spec: ID-35
const SHOWN: &str = "[redacted]";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redacted_hides_the_value_in_every_format() {
        let secret = Redacted::new("91110108551385082Q");
        // spec: ID-35
        assert_eq!(
            format!("{secret} {secret:?} {secret:#?}"),
            "[redacted] [redacted] [redacted]"
        );
        assert_eq!(format!("{:?}", Some(&secret)), "Some([redacted])");
        assert_eq!(*secret.expose(), "91110108551385082Q");
    }
}
