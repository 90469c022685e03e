//! The chain of a decision: what it re-issues, what re-issues it, and what should say that it does.

use std::collections::{BTreeMap, BTreeSet};

use crate::effect::case::Case;
use crate::effect::codes::Aliases;
use crate::effect::copies::Copies;
use crate::effect::fact::Fact;
use crate::effect::reading::Reading;
use crate::effect::sorted::Said;
use crate::statement::{Code, Decision, DocumentKey, StatementRef};
use crate::subject::{AuthorityCode, SubjectCode};

/// The chain of one decision among the chains of a history.
pub(super) struct Chain {
    /// By every decision known. What suspends attaches here.
    pub(super) wide: Vec<Link>,
    /// By the decision asked about and those that count in full. What ends a suspension, or keeps one
    /// from arising, attaches here: a decision that is not witnessed must not join it to a chain.
    pub(super) narrow: Vec<Link>,
}

/// One set of references and documents that are linked with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Link(usize);

/// A re-issue under the same authority, document number and item about the same organisation belongs to
/// the chain even where it leaves its root unnamed: an objection cannot be shaken off by filing anew.
type Document<'a> = (AuthorityCode, SubjectCode, &'a Code, DocumentKey);

/// A decision that a correction puts upon another organisation.
#[derive(Clone, Copy)]
pub(super) struct Moved<'a> {
    pub(super) correction: &'a Fact,
    pub(super) decision: Said<'a, Decision>,
    pub(super) onto: SubjectCode,
}

/// What links decisions with each other, as a forest over references, documents, and the roots that one
/// authority's decisions name.
#[derive(Default)]
pub(super) struct Chains<'a> {
    references: BTreeMap<&'a StatementRef, usize>,
    documents: BTreeMap<Document<'a>, usize>,
    /// Of decisions that name a root which is another authority's, or is not held.
    roots: BTreeMap<(AuthorityCode, &'a StatementRef), usize>,
    /// By the sets of these decisions those of their roots: what is objected to in a root suspends what
    /// another authority makes of it, and nothing the other way.
    above: BTreeMap<Link, Vec<Link>>,
    /// The parent of each node; a root is its own.
    parents: Vec<usize>,
    /// Codes that are one organisation's.
    aliases: Aliases,
}

impl<'a> Chains<'a> {
    /// Links decisions, and gives whatever else is named a place of its own.
    // spec: EFF-6
    pub(super) fn of(
        decisions: impl Iterator<Item = Said<'a, Decision>>,
        moved: impl Iterator<Item = Moved<'a>>,
        named: impl Iterator<Item = &'a StatementRef>,
        copies: &Copies<'a>,
        issuer: impl Fn(&StatementRef) -> Option<AuthorityCode>,
        aliases: Aliases,
    ) -> Self {
        let mut chains = Self {
            aliases,
            ..Self::default()
        };
        let mut above = Vec::new();
        for (fact, decision) in decisions {
            let at = chains.reference(fact.reference());
            let document = chains.document(document(&chains.aliases, (fact, decision)));
            chains.join(at, document);
            // spec: EFF-144
            match copies.root(decision) {
                Some(root) if issuer(root) == Some(fact.issuer()) => {
                    let root = chains.reference(root);
                    chains.join(at, root);
                }
                Some(root) => {
                    let siblings = chains.siblings(fact.issuer(), root);
                    chains.join(at, siblings);
                    above.push((at, chains.reference(root)));
                }
                None => {}
            }
        }
        // spec: EFF-131
        for one in moved {
            let at = chains.reference(one.decision.0.reference());
            let document =
                chains.document(document_about(chains.aliases.first(one.onto), one.decision));
            chains.join(at, document);
        }
        for reference in named {
            chains.reference(copies.first(reference));
        }
        for node in 0..chains.parents.len() {
            let root = chains.find(node);
            chains.set(node, root);
        }
        for (node, root) in above {
            let links = chains.root(node).zip(chains.root(root));
            if let Some((link, root)) = links.filter(|(link, root)| link != root) {
                chains.above.entry(link).or_default().push(root);
            }
        }
        chains
    }

    /// The set that a reference is in.
    pub(super) fn link(&self, reference: &StatementRef) -> Option<Link> {
        self.root(*self.references.get(reference)?)
    }

    /// The sets that a decision joins, each once, whether or not it is among those that were linked, and
    /// those of what they were made of.
    pub(super) fn links(
        &self,
        target: &'a StatementRef,
        decision: Option<Said<'a, Decision>>,
        copies: &Copies<'a>,
    ) -> Vec<Link> {
        let mut links: Vec<_> = self.link(copies.first(target)).into_iter().collect();
        if let Some(said) = decision {
            if let Some(root) = copies.root(said.1) {
                links.extend(self.link(root));
                let siblings = self.roots.get(&(said.0.issuer(), root));
                links.extend(siblings.and_then(|node| self.root(*node)));
            }
            let document = self.documents.get(&document(&self.aliases, said));
            links.extend(document.and_then(|node| self.root(*node)));
        }
        links.sort_unstable();
        links.dedup();
        if !self.above.is_empty() {
            self.climb(&mut links);
        }
        links
    }

    fn climb(&self, links: &mut Vec<Link>) {
        let mut found: BTreeSet<Link> = links.iter().copied().collect();
        let mut open = std::mem::take(links);
        while let Some(link) = open.pop() {
            let above = self.above.get(&link).into_iter().flatten();
            open.extend(above.filter(|link| found.insert(**link)));
        }
        links.extend(found);
    }

    fn siblings(&mut self, issuer: AuthorityCode, root: &'a StatementRef) -> usize {
        let fresh = self.parents.len();
        let node = *self.roots.entry((issuer, root)).or_insert(fresh);
        self.grow(node)
    }

    fn root(&self, node: usize) -> Option<Link> {
        self.parents.get(node).copied().map(Link)
    }

    fn reference(&mut self, reference: &'a StatementRef) -> usize {
        let fresh = self.parents.len();
        let node = *self.references.entry(reference).or_insert(fresh);
        self.grow(node)
    }

    fn document(&mut self, document: Document<'a>) -> usize {
        let fresh = self.parents.len();
        let node = *self.documents.entry(document).or_insert(fresh);
        self.grow(node)
    }

    fn grow(&mut self, node: usize) -> usize {
        if node == self.parents.len() {
            self.parents.push(node);
        }
        node
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        self.set(a.max(b), a.min(b));
    }

    /// The root of a node; halves the way to it for whoever comes next.
    fn find(&mut self, mut node: usize) -> usize {
        loop {
            let parent = self.parent(node);
            if parent == node {
                return node;
            }
            let above = self.parent(parent);
            self.set(node, above);
            node = above;
        }
    }

    fn parent(&self, node: usize) -> usize {
        self.parents.get(node).copied().unwrap_or(node)
    }

    fn set(&mut self, node: usize, parent: usize) {
        if let Some(known) = self.parents.get_mut(node) {
            *known = parent;
        }
    }
}

/// Whether two decisions are one, or linked with each other by what they say themselves: one names the
/// other as its root, both name one root, or both bear one document number and item of one authority
/// about one organisation.
/// A decision that does not count in full links nothing, but where it is itself asked about.
// spec: EFF-80
pub(super) fn is_linked_directly<'a>(
    case: &Case<'_, 'a>,
    a: &StatementRef,
    b: &StatementRef,
) -> bool {
    if a == b {
        return true;
    }
    let (of_a, of_b) = (linking(case, a), linking(case, b));
    let root = |said: Option<Said<'a, Decision>>| case.facts.copies.root(said?.1);
    let (root_a, root_b) = (root(of_a), root(of_b));
    let one_root = root_a.is_some() && root_a == root_b;
    root_a == Some(b) || root_b == Some(a) || one_root || {
        let both = of_a.zip(of_b);
        let aliases = &case.facts.narrow.aliases;
        both.is_some_and(|(a, b)| document(aliases, a) == document(aliases, b))
    }
}

/// A decision that may link others.
fn linking<'a>(case: &Case<'_, 'a>, at: &StatementRef) -> Option<Said<'a, Decision>> {
    let (fact, decision) = case.decision_at(at)?;
    let is_asked = at == case.target;
    (is_asked || case.horizon.established(fact)).then_some((fact, decision))
}

// spec: EFF-221
fn document<'a>(aliases: &Aliases, said: Said<'a, Decision>) -> Document<'a> {
    document_about(aliases.first(said.1.fields().subject.code()), said)
}

fn document_about<'a>(about: SubjectCode, (fact, said): Said<'a, Decision>) -> Document<'a> {
    let fields = said.fields();
    let number = DocumentKey::of(fields.document_number.as_str());
    (fact.issuer(), about, &fields.item, number)
}

/// The newest re-issue that takes the place of the decision, and the reading that is left where a
/// re-issue counts only as far as it is milder.
// spec: EFF-15
pub(super) fn supersede<'a>(
    case: &Case<'_, 'a>,
    decision: Said<'a, Decision>,
    reissues: &[Said<'a, Decision>],
    mut reading: Reading<'a>,
) -> (Option<StatementRef>, Reading<'a>) {
    let mut newest: Option<&Fact> = None;
    for (other, reissue) in reissues.iter().copied() {
        let Some(follows) = follows(&case.facts.copies, decision, (other, reissue)) else {
            continue;
        };
        if follows && case.horizon.established(other) {
            let by_place = |fact: &&Fact| (fact.index(), fact.reference().clone());
            newest = newest.into_iter().chain([other]).max_by_key(by_place);
        } else {
            reading = reading.meet(&Reading::of(reissue));
        }
    }
    (newest.map(|fact| fact.reference().clone()), reading)
}

/// Whether a re-issue comes after a decision; `None` when it does not re-issue it at all, or comes
/// before it. Two re-issues in different logs have no order: neither takes the other's place.
fn follows<'a>(
    copies: &Copies<'a>,
    decision: Said<'a, Decision>,
    other: Said<'a, Decision>,
) -> Option<bool> {
    let root = copies.root(other.1)?;
    if other.0.reference() == decision.0.reference() || other.0.issuer() != decision.0.issuer() {
        return None;
    }
    if root == decision.0.reference() {
        return Some(true);
    }
    if Some(root) != copies.root(decision.1) {
        return None;
    }
    if other.0.origin() != decision.0.origin() {
        return Some(false);
    }
    (other.0.index() > decision.0.index()).then_some(true)
}
