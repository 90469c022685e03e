//! Objections that an act names, in as many acts as they take: one statement holds several hundred.

use concordat_protocol::codec;
use concordat_protocol::effect::{Effect, SuspensionKind};
use concordat_protocol::limits::STATEMENT_BYTES_MAX;
use concordat_protocol::statement::{Ground, StatementRef};

/// What the heads of a longer list and of the payload around it may take more.
const HEADS_BYTES: usize = 16;

/// An act names more than one statement holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{named} objections are named, and one statement holds {fit} of them")]
pub(super) struct TooManyNamed {
    named: usize,
    fit: usize,
}

/// The objections on which something is to be said.
pub(super) enum Named {
    /// Whatever is open: said in several acts where that is much.
    Open(Vec<StatementRef>),
    /// These and no others, in one act.
    Each(Vec<StatementRef>),
}

impl Named {
    /// All of them, in the order in which they are named.
    pub(super) fn all(&self) -> &[StatementRef] {
        match self {
            Self::Open(named) | Self::Each(named) => named,
        }
    }

    /// What each act names, ascending; `bytes` are those of an act that names the first alone.
    // spec: ADM-160, ADM-161
    pub(super) fn parts(self, bytes: usize) -> Result<Vec<Vec<StatementRef>>, TooManyNamed> {
        let mut parts: Vec<Vec<StatementRef>> = Vec::new();
        let (first, named) = (self.all().first().map_or(0, size), self.all().len());
        let empty = (bytes + HEADS_BYTES).saturating_sub(first);
        let mut taken = usize::MAX;
        for one in self.all() {
            taken = taken.saturating_add(size(one));
            match parts.last_mut() {
                Some(part) if taken <= STATEMENT_BYTES_MAX => part.push(one.clone()),
                Some(_) | None => {
                    parts.push(vec![one.clone()]);
                    taken = empty + size(one);
                }
            }
        }
        if let (Self::Each(_), [part, _, ..]) = (&self, parts.as_slice()) {
            let fit = part.len();
            return Err(TooManyNamed { named, fit });
        }
        for part in &mut parts {
            part.sort_unstable();
        }
        Ok(parts)
    }
}

fn size(reference: &StatementRef) -> usize {
    codec::encode(reference).map_or(STATEMENT_BYTES_MAX, |bytes| bytes.len())
}

/// The open objections, those of one log and ground together: what is closed together is alike again.
pub(super) fn open(effect: &Effect) -> Vec<StatementRef> {
    let mut open = waiting(effect);
    for suspension in &effect.suspended_by {
        if let SuspensionKind::Objection(ground) = suspension.kind {
            open.extend(suspension.by.iter().map(|one| (ground, one.clone())));
        }
    }
    together(open)
}

/// The objections that wait for an admission, in the same order.
pub(super) fn waiting_for_admission(effect: &Effect) -> Vec<StatementRef> {
    together(waiting(effect))
}

fn waiting(effect: &Effect) -> Vec<(Ground, StatementRef)> {
    let waiting = effect.waiting.iter();
    waiting
        .map(|one| (one.ground, one.objection.clone()))
        .collect()
}

fn together(mut open: Vec<(Ground, StatementRef)>) -> Vec<StatementRef> {
    open.sort_unstable_by(|(ground, one), (other_ground, other)| {
        (&one.origin, ground, one).cmp(&(&other.origin, other_ground, other))
    });
    open.dedup();
    open.into_iter().map(|(_, one)| one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use concordat_protocol::log::{Hash, LeafIndex};

    fn named(count: u64) -> Vec<StatementRef> {
        let origin = Fixture::new().origin();
        let at = |index| StatementRef {
            origin: origin.clone(),
            index: LeafIndex::new(index),
            leaf_hash: Hash::from_bytes([1; 32]),
        };
        (0..count).map(at).collect()
    }

    // spec: ADM-160
    #[test]
    fn whatever_is_open_is_named_in_as_many_acts_as_it_takes() {
        let open = named(4_200);
        let parts = Named::Open(open.clone()).parts(400).unwrap();
        assert!((2..12).contains(&parts.len()), "{}", parts.len());
        let bytes = |part: &Vec<StatementRef>| part.iter().map(size).sum::<usize>();
        assert!(parts.iter().all(|part| bytes(part) < STATEMENT_BYTES_MAX));
        assert_eq!(parts.concat(), open);
        assert_eq!(Named::Open(named(3)).parts(400).unwrap(), [named(3)]);
    }

    // spec: ADM-161
    #[test]
    fn objections_named_one_by_one_are_refused_with_how_many_fit() {
        assert_eq!(Named::Each(named(300)).parts(400).unwrap().len(), 1);
        let refused = Named::Each(named(4_200)).parts(400).unwrap_err();
        let fit = Named::Open(named(4_200)).parts(400).unwrap()[0].len();
        assert_eq!(refused, TooManyNamed { named: 4_200, fit });
    }
}
