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
            let about = chains.aliases.first(decision.fields().subject.code());
            chains.join_documents(at, about, (fact, decision));
            // spec: EFF-144
            let Some(root) = copies.root(decision) else {
                continue;
            };
            // Those that name one root are in one chain, whichever of them could already speak for its author.
            for author in fact.authors() {
                let siblings = chains.siblings(author, root);
                chains.join(at, siblings);
            }
            let place = chains.reference(root);
            match issuer(root).is_some_and(|author| fact.speaks_for(author)) {
                true => chains.join(at, place),
                false => above.push((at, place)),
            }
        }
        // spec: EFF-131
        for one in moved {
            let at = chains.reference(one.decision.0.reference());
            let onto = chains.aliases.first(one.onto);
            chains.join_documents(at, onto, one.decision);
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
                let authors = said.0.authors();
                let siblings = authors.filter_map(|author| self.roots.get(&(author, root)));
                links.extend(siblings.filter_map(|node| self.root(*node)));
            }
            let about = self.aliases.first(said.1.fields().subject.code());
            let documents = documents_about(about, said);
            let documents = documents.filter_map(|document| self.documents.get(&document));
            links.extend(documents.filter_map(|node| self.root(*node)));
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

    fn join_documents(&mut self, at: usize, about: SubjectCode, said: Said<'a, Decision>) {
        for document in documents_about(about, said) {
            let document = self.document(document);
            self.join(at, document);
        }
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
        both.is_some_and(|(a, b)| {
            let of_a: Vec<_> = documents(aliases, a).collect();
            documents(aliases, b).any(|document| of_a.contains(&document))
        })
    }
}

/// A decision that may link others.
fn linking<'a>(case: &Case<'_, 'a>, at: &StatementRef) -> Option<Said<'a, Decision>> {
    let (fact, decision) = case.decision_at(at)?;
    let is_asked = at == case.target;
    (is_asked || case.horizon.established(fact)).then_some((fact, decision))
}

// spec: EFF-221
fn documents<'a>(
    aliases: &Aliases,
    said: Said<'a, Decision>,
) -> impl Iterator<Item = Document<'a>> + 'a {
    documents_about(aliases.first(said.1.fields().subject.code()), said)
}

/// The document of a decision, as its author's and as that of each for whom the author stands.
// spec: EFF-245
fn documents_about<'a>(
    about: SubjectCode,
    (fact, said): Said<'a, Decision>,
) -> impl Iterator<Item = Document<'a>> + 'a {
    let fields = said.fields();
    let number = DocumentKey::of(fields.document_number.as_str());
    let authors = fact.authors();
    authors.map(move |author| (author, about, &fields.item, number.clone()))
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
            // spec: EFF-244
            let steps = |fact: &Fact| fact.steps_from(decision.0.issuer());
            let by_place = |fact: &&Fact| (steps(fact), fact.index(), fact.reference().clone());
            newest = newest.into_iter().chain([other]).max_by_key(by_place);
        } else {
            reading = reading.meet(&Reading::of(reissue));
        }
    }
    (newest.map(|fact| fact.reference().clone()), reading)
}

/// Whether a re-issue comes after a decision; `None` when it does not re-issue it at all, or comes
/// before it. Two re-issues in different logs have no order: neither takes the other's place; but that of
/// whoever stands for the author of the other is behind it.
fn follows<'a>(
    copies: &Copies<'a>,
    decision: Said<'a, Decision>,
    other: Said<'a, Decision>,
) -> Option<bool> {
    let root = copies.root(other.1)?;
    if other.0.reference() == decision.0.reference() {
        return None;
    }
    let steps = other.0.steps_from(decision.0.issuer())?;
    if root == decision.0.reference() {
        return Some(true);
    }
    if Some(root) != copies.root(decision.1) {
        return None;
    }
    // spec: EFF-244
    if steps > 0 {
        return Some(true);
    }
    if other.0.origin() != decision.0.origin() {
        return Some(false);
    }
    (other.0.index() > decision.0.index()).then_some(true)
}
