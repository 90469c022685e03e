//! Every head that anyone has seen: no log may ever show two roots for one size.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use concordat_protocol::admin::StatusView;
use concordat_protocol::log::{Hash, Origin, TreeSize};

use super::Failure;

/// Heads by log and size, each with where it was seen first.
#[derive(Debug, Default)]
pub struct Heads(Mutex<BTreeMap<(Origin, TreeSize), (Hash, String)>>);

impl Heads {
    /// Takes one down.
    ///
    /// # Errors
    /// [`Failure`] when another root was seen for that size.
    pub fn see(
        &self,
        origin: &Origin,
        size: TreeSize,
        root: Hash,
        at: &str,
    ) -> Result<(), Failure> {
        let mut seen = self.seen();
        let (first, by) = seen
            .entry((origin.clone(), size))
            .or_insert_with(|| (root, at.to_owned()));
        match *first == root {
            true => Ok(()),
            false => Err(Failure::new(format!(
                "two roots for size {size} of {origin}: {first} seen at {by}, {root} at {at}"
            ))),
        }
    }

    /// Takes down what a node says of the logs that it holds.
    ///
    /// # Errors
    /// As [`Heads::see`].
    pub fn see_status(&self, status: &StatusView) -> Result<(), Failure> {
        let at = format!("{} (status)", status.member);
        let mut held = status.logs.iter();
        held.try_for_each(|log| self.see(&log.origin, log.size, log.root, &at))
    }

    /// Whether a log holds, as it is now, every head of it that was seen.
    ///
    /// # Errors
    /// [`Failure`] with the first head that has another root now, or none.
    pub fn are_kept(
        &self,
        root_at: impl Fn(&Origin, TreeSize) -> Option<Hash>,
    ) -> Result<(), Failure> {
        for ((origin, size), (root, by)) in self.seen().iter() {
            let kept = root_at(origin, *size);
            if kept != Some(*root) {
                return Err(Failure::new(format!(
                    "size {size} of {origin} has root {kept:?}, and {by} showed {root}"
                )));
            }
        }
        Ok(())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.seen().len()
    }

    /// Whether nothing was seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen().is_empty()
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<(Origin, TreeSize), (Hash, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_root_for_one_size_is_refused_and_names_both_places() {
        let heads = Heads::default();
        let origin: Origin = format!("test-{}/11230000000000000M/0", "0".repeat(64))
            .parse()
            .unwrap();
        let size = TreeSize::new(3).unwrap();
        let root = |byte| Hash::from_bytes([byte; 32]);
        heads.see(&origin, size, root(1), "a").unwrap();
        heads.see(&origin, size, root(1), "b").unwrap();
        let refused = heads.see(&origin, size, root(2), "c").unwrap_err();
        let words = refused.to_string();
        assert!(
            words.contains("seen at a") && words.ends_with("at c"),
            "{words}"
        );
        assert_eq!(heads.len(), 1);
        heads.are_kept(|_, _| Some(root(1))).unwrap();
        heads.are_kept(|_, _| None).unwrap_err();
    }
}
