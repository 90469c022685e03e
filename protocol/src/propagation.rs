//! The propagation certificate: which of those who were given a statement have done what an act on it asks.
//!
//! ```text
//! deliveries of the target's member and of the hub ──> holders ─┐
//! receipts, each in the log of its own author ──────────────────┼─> state of each holder
//! members declared lost ─────────────────────────────────────────┘
//! ```
//! Implements `spec/propagation.md`. A pure function of a set: order and repetition change nothing, and
//! more of it never takes back that somebody has applied an act. It says no more than what it was given
//! to read; how far that goes, its horizon says.
//!
//! Out of scope: verifying what was said ([`crate::trust`]), and what the act does ([`crate::effect`]).

use std::collections::{BTreeMap, BTreeSet};

use crate::log::{LeafIndex, Origin, TreeSize};
use crate::statement::{ActOutcome, Content, Payload, Receipt, StatementRef};
use crate::subject::AuthorityCode;
use crate::time::Timestamp;
use crate::trust::{Member, Registry, Verified};

/// An act, and what it is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// The act.
    pub reference: StatementRef,
    /// What it acts on.
    pub target: StatementRef,
    /// The registry size that its author had adopted.
    pub ctx: TreeSize,
    /// When its author says that it was made.
    pub at: Timestamp,
}

impl Act {
    /// Takes a verified statement; `None` for one that acts on nothing.
    #[must_use]
    pub fn from_verified(verified: &Verified) -> Option<Self> {
        let statement = verified.statement();
        Some(Self {
            reference: verified.reference().clone(),
            target: statement.payload().target.clone()?,
            ctx: statement.header().ctx.size,
            at: statement.payload().issued_at,
        })
    }
}

/// What a delivery or a receipt says of one act, at its place. Its author is the member whose log it
/// stands in. Of the statement nothing else is kept: there are many, and they are long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    reference: StatementRef,
    /// The registry size that its author had adopted.
    ctx: TreeSize,
    at: Timestamp,
    words: Words,
    /// It stands at or after the position at which its key was cut off: a thief may have made it.
    is_void: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Words {
    /// Who was given what the act is on.
    Gave(AuthorityCode),
    /// What its author did with the act.
    Did(Receipt),
}

impl Said {
    /// Takes what a verified statement says of an act; `None` for one that says nothing of it.
    // spec: PRP-22
    #[must_use]
    pub fn from_verified(act: &Act, verified: &Verified, registry: &Registry) -> Option<Self> {
        let (statement, reference) = (verified.statement(), verified.reference());
        let header = statement.header();
        let cut_off = registry.member(header.issuer);
        let cut_off = cut_off.and_then(|member| member.cut_off(header.kid));
        let is_void = cut_off.is_some_and(|from| reference.index >= from);
        let (ctx, payload) = (header.ctx.size, statement.payload());
        Self::new(act, reference.clone(), ctx, payload, is_void)
    }

    fn new(
        act: &Act,
        reference: StatementRef,
        ctx: TreeSize,
        payload: &Payload,
        is_void: bool,
    ) -> Option<Self> {
        let given = receiver_of(&act.target, payload).map(Words::Gave);
        let words = given.or_else(|| receipt_of(act, ctx, payload).map(Words::Did))?;
        Some(Self {
            reference,
            ctx,
            at: payload.issued_at,
            words,
            is_void,
        })
    }

    /// Whom it says that the target was given to.
    const fn receiver(&self) -> Option<AuthorityCode> {
        match self.words {
            Words::Gave(receiver) => Some(receiver),
            Words::Did(_) => None,
        }
    }

    /// The receipt that counts.
    fn receipt(&self) -> Option<&Receipt> {
        match &self.words {
            Words::Did(receipt) => (!self.is_void).then_some(receipt),
            Words::Gave(_) => None,
        }
    }
}

/// Who was given a statement, as far as a delivery says so.
fn receiver_of(target: &StatementRef, payload: &Payload) -> Option<AuthorityCode> {
    let Content::DeliveryBatch(batch) = &payload.content else {
        return None;
    };
    let names = *batch.origin() == target.origin && batch.contains(target.index);
    names.then(|| batch.receiver())
}

/// The receipt of an act. Under an older registry than the act's nobody has seen it: whoever says so knew
/// it before it was made.
// spec: PRP-22
fn receipt_of(act: &Act, ctx: TreeSize, payload: &Payload) -> Option<Receipt> {
    let Content::ReceiptBatch(batch) = &payload.content else {
        return None;
    };
    let receipt = batch.of(&act.reference.origin, act.reference.index)?;
    let target = (act.target.index, act.target.leaf_hash);
    let is_it = receipt.act == act.reference
        && *batch.origin() == act.target.origin
        && receipt.target == target;
    (is_it && ctx >= act.ctx).then(|| receipt.clone())
}

/// How far a log was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Up to here nothing is missing that concerns whoever reads.
    pub read: TreeSize,
    /// Leaves held.
    pub held: TreeSize,
    /// Leaves witnessed.
    pub witnessed: TreeSize,
}

/// That a member was declared lost as a holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The entry of the registry that says so.
    pub declared: StatementRef,
    /// The registry size from which it holds.
    pub from: TreeSize,
}

impl Loss {
    /// Everyone with a log, and whether it is declared lost, by the newest registry.
    #[must_use]
    pub fn of_members(registry: &Registry) -> BTreeMap<AuthorityCode, Option<Self>> {
        let mut lost = registry.lost();
        let members = registry.members();
        let members = members.filter(|member| member.enrolment().publishes_through.is_none());
        let loss = |code| {
            let (declared, from) = lost.remove(&code)?;
            Some(Self { declared, from })
        };
        let codes: Vec<AuthorityCode> = members.map(Member::code).collect();
        let each = codes.iter().copied();
        each.clone().zip(each.map(loss)).collect()
    }
}

/// What a certificate is made of.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The hub.
    pub hub: AuthorityCode,
    /// Everyone with a log, and whether it was declared lost.
    pub members: &'a BTreeMap<AuthorityCode, Option<Loss>>,
    /// What was said of the act, by whoever.
    pub said: &'a [Said],
    /// Whom the reader itself gave the target, by its own rows; what it says of them may be to come.
    pub given_here: &'a BTreeSet<AuthorityCode>,
    /// How far each log was read.
    pub reach: &'a BTreeMap<Origin, Reach>,
    /// Logs of which not everything was looked at that may tell of the act.
    pub cut: &'a BTreeSet<Origin>,
    /// Whether the reader is given whatever is said of the target: as its member, the hub or a supervisor.
    pub sees_all: bool,
}

/// What became of an act at one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It has applied the act.
    Applied {
        /// Where it says so.
        receipt: StatementRef,
        /// When.
        at: Timestamp,
        /// How many of its own measures have changed; `None` from one that keeps none.
        measures: Option<u32>,
    },
    /// The act does not hold there.
    Refused {
        /// Where it says so.
        receipt: StatementRef,
        /// When.
        at: Timestamp,
        /// The code of the reason.
        reason: u8,
    },
    /// It was given the target, and has not said that it applied the act.
    Outstanding {
        /// From when on it has had both to do with: act and delivery were made by then.
        since: Timestamp,
        /// Where the delivery is said, if it is.
        given: Option<StatementRef>,
        /// Where it says that it has the act, and not the target.
        target_not_held: Option<StatementRef>,
    },
    /// It was given the target, has not applied the act, and was declared lost.
    Lost {
        /// Where that is declared.
        declared: StatementRef,
        /// Where the delivery is said, if it is.
        given: Option<StatementRef>,
    },
    /// Nobody says that it was given the target.
    NeverGiven,
    /// What it did is not for the reader to read; or nothing that counts says that it was given the
    /// target, and a void delivery says so or what may say so was not looked at.
    NotKnown,
}

/// What became of an act, member by member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The act.
    pub act: Act,
    /// Everyone with a log but the act's own author.
    pub states: BTreeMap<AuthorityCode, State>,
    /// How far each log was read.
    pub horizon: BTreeMap<Origin, Reach>,
    /// Logs of which not everything was looked at that may tell of the act.
    pub cut: BTreeSet<Origin>,
}

impl Certificate {
    /// Whether all who were given the target have applied the act.
    // spec: PRP-24
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let settled = |state: &State| matches!(state, State::Applied { .. } | State::NeverGiven);
        self.states.values().all(settled)
    }

    /// Whether nothing is awaited of anybody any more.
    // spec: PRP-24
    #[must_use]
    pub fn is_closed(&self) -> bool {
        let open = |state: &State| matches!(state, State::Outstanding { .. } | State::NotKnown);
        !self.states.values().any(open)
    }

    /// Members of which the act is outstanding.
    pub fn outstanding(&self) -> impl Iterator<Item = AuthorityCode> + '_ {
        let open = self.states.iter();
        let open = open.filter(|(_, state)| matches!(state, State::Outstanding { .. }));
        open.map(|(member, _)| *member)
    }
}

/// Works out what became of an act at every member.
// spec: PRP-20, PRP-21, PRP-22, PRP-23, PRP-25, PRP-27, PRP-50
#[must_use]
pub fn certificate(act: &Act, evidence: &Evidence<'_>) -> Certificate {
    let deliveries = deliveries_of(act, evidence, false);
    let void = deliveries_of(act, evidence, true);
    let mut receipts: BTreeMap<&str, Vec<(&Said, &Receipt)>> = BTreeMap::new();
    for said in evidence.said {
        if let Some(receipt) = said.receipt() {
            let author = said.reference.origin.member();
            receipts.entry(author).or_default().push((said, receipt));
        }
    }
    let author = act.reference.origin.member();
    let others = evidence.members.iter();
    let others = others.filter(|(member, _)| member.as_str() != author);
    let states = others.map(|(member, loss)| {
        let receipts = receipts.get(member.as_str()).map_or(&[][..], Vec::as_slice);
        let given = deliveries.get(member).copied();
        let is_issuer = member.as_str() == act.target.origin.member();
        let is_given = given.is_some() || is_issuer || evidence.given_here.contains(member);
        let loss = loss.as_ref().filter(|loss| !came_back(loss, receipts));
        let state = said_by(receipts).unwrap_or_else(|| match (is_given, loss) {
            _ if !evidence.sees_all => State::NotKnown,
            (true, Some(loss)) => State::Lost {
                declared: loss.declared.clone(),
                given: given.map(|said| said.reference.clone()),
            },
            (true, None) => outstanding(act, given, receipts),
            // It proves nothing, and neither does its being void prove that nothing was given.
            (false, _) if void.contains_key(member) => State::NotKnown,
            (false, _) if is_cut(act, evidence, *member) => State::NotKnown,
            (false, _) => State::NeverGiven,
        });
        (*member, state)
    });
    Certificate {
        act: act.clone(),
        states: states.collect(),
        horizon: evidence.reach.clone(),
        cut: evidence.cut.clone(),
    }
}

/// Whether a member has said something of the act since it was declared lost.
// spec: PRP-51
fn came_back(loss: &Loss, receipts: &[(&Said, &Receipt)]) -> bool {
    receipts.iter().any(|(said, _)| said.ctx >= loss.from)
}

/// Whether what was not looked at may say that a member was given the target, or what it did.
// spec: PRP-27
fn is_cut(act: &Act, evidence: &Evidence<'_>, member: AuthorityCode) -> bool {
    let tells = [
        act.target.origin.member(),
        evidence.hub.as_str(),
        member.as_str(),
    ];
    let mut cut = evidence.cut.iter();
    cut.any(|log| tells.contains(&log.member()))
}

/// The first delivery of the target to each member: by the member whose log it lies in, or by the hub.
/// Either of those that count or of the void ones.
// spec: PRP-20, PRP-22
fn deliveries_of<'a>(
    act: &Act,
    evidence: &Evidence<'a>,
    void: bool,
) -> BTreeMap<AuthorityCode, &'a Said> {
    let issuer = act.target.origin.member();
    let mut first: BTreeMap<AuthorityCode, &Said> = BTreeMap::new();
    for said in evidence.said.iter().filter(|said| said.is_void == void) {
        let giver = said.reference.origin.member();
        let counts = giver == issuer || giver == evidence.hub.as_str();
        let Some(receiver) = said.receiver().filter(|_| counts) else {
            continue;
        };
        let known = first.entry(receiver).or_insert(said);
        if place(said) < place(known) {
            *known = said;
        }
    }
    first
}

fn place(said: &Said) -> (Timestamp, &Origin, LeafIndex) {
    let StatementRef { origin, index, .. } = &said.reference;
    (said.at, origin, *index)
}

/// What a member's own receipts settle: applied before anything else, and the first of them.
// spec: PRP-22
fn said_by(receipts: &[(&Said, &Receipt)]) -> Option<State> {
    let settled = receipts.iter().filter_map(|(said, receipt)| {
        let (at, place) = (said.at, said.reference.clone());
        let (order, state) = match receipt.outcome {
            ActOutcome::Applied { measures } => (
                0,
                State::Applied {
                    receipt: place,
                    at,
                    measures,
                },
            ),
            ActOutcome::Refused { reason } => (
                1,
                State::Refused {
                    receipt: place,
                    at,
                    reason,
                },
            ),
            ActOutcome::TargetNotHeld => return None,
        };
        Some(((order, &said.reference), state))
    });
    let first = settled.min_by(|(one, _), (other, _)| one.cmp(other));
    first.map(|(_, state)| state)
}

fn outstanding(act: &Act, given: Option<&Said>, receipts: &[(&Said, &Receipt)]) -> State {
    let given_at = given.map(|said| said.at);
    let without = receipts.iter().map(|(said, _)| &said.reference).min();
    State::Outstanding {
        since: given_at.map_or(act.at, |at| at.max(act.at)),
        given: given.map(|said| said.reference.clone()),
        target_not_held: without.cloned(),
    }
}

#[cfg(test)]
mod tests;
