//! What a run of the tests is told by the environment.

use std::env;

/// The number that an environment variable gives, or the one given.
///
/// # Panics
/// When the variable holds something else, with its name and what it holds.
#[must_use]
pub fn number(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {text}"))
    })
}
