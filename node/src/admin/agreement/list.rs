//! Agreements as one party has them.

use std::collections::BTreeSet;
use std::sync::Arc;

use concordat_protocol::admin::{
    AdminError, AgreementListAsk, AgreementStateCode, AgreementView, AgreementsView, ErrorCode,
    Reply, WordView,
};
use concordat_protocol::codec::Truth;
use concordat_protocol::effect::{Fact, Horizon};
use concordat_protocol::recognition::{Agreements, Lacking, Standing};
use concordat_protocol::statement::{Agreement, AgreementFields, StatementRef};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Day;
use concordat_protocol::trust::Registry;

use super::{parties, words};
use crate::admin::desk::{Answer, Desk};
use crate::admin::shown::Shown;
use crate::admin::{refusal, view};
use crate::node::{Agreed, Node};
use crate::query::{Found, QueryService};
use crate::store::{AgreementKind, AgreementRow, BytesDigest, words_of};

/// Versions that one answer shows.
// spec: ADM-243
const VERSIONS_SHOWN_MAX: usize = 64;
/// Accessions and retirements that are shown with one version.
// spec: ADM-243
const WORDS_SHOWN_MAX: usize = 64;

/// `agreement list`
// spec: ADM-243
pub(in crate::admin) fn list(desk: &Desk, ask: &AgreementListAsk) -> Answer {
    let node = desk.node();
    let party = ask.party.unwrap_or_else(|| node.member());
    // An empty list would read as one.
    // spec: ADM-486
    if ask.party.is_some() && node.registry().member(party).is_none() {
        return Err(AdminError::new(ErrorCode::MemberUnknown).with("member", party));
    }
    let as_of = ask.as_of.unwrap_or_else(|| node.today());
    let only = match &ask.agreement {
        Some(named) => {
            let (reference, fields) = words::version(desk, named)?;
            Some(known_place(node, fields.first.unwrap_or(reference))?)
        }
        None => None,
    };
    let agreed = of(node, party)?;
    let agreements = agreed.agreements();
    let known = Known {
        agreed: &agreed,
        agreements: &agreements,
        registry: node.registry(),
        horizon: node.horizon(),
        party,
        as_of,
    };
    let versions = known.versions(only.as_ref());
    let (total, skip) = (versions.len() as u64, ask.skip.unwrap_or(0));
    let mut shown = Shown::new();
    let mut passed = 0;
    let from = usize::try_from(skip).unwrap_or(usize::MAX);
    for (first, fact, fields) in versions.into_iter().skip(from).take(VERSIONS_SHOWN_MAX) {
        if !shown.take(known.view(first, fact, fields))? {
            break;
        }
        passed += 1;
    }
    let next = skip.saturating_add(passed);
    Ok(Reply::Agreements(Box::new(AgreementsView {
        as_of,
        party,
        agreements: shown.into_views(),
        total,
        next_skip: (next < total).then_some(next),
        cut: agreed.cut(),
        too_many: agreed.too_many().then_some(Truth),
    })))
}

/// The number of the newest version known of an agreement that the member is party to, or whose first
/// version is held; `None` where it is not.
pub(super) fn newest(node: &Node, first: &StatementRef) -> Result<Option<u32>, AdminError> {
    if let Some(newest) = newest_of_member(node, first)? {
        return Ok(Some(newest));
    }
    let query = node.query().map_err(refusal::index)?;
    let found = query.statement(&first.origin, first.index);
    Ok(match found.map_err(refusal::query)? {
        Found::Verified(verified) if verified.reference() == first => {
            let agreement = verified.statement().payload().content.agreement();
            let fields = agreement.map(Agreement::fields);
            fields.filter(|it| it.first.is_none()).map(|it| it.version)
        }
        Found::Verified(_) | Found::Rejected(_) | Found::NotHeld => None,
    })
}

/// The same of the versions that name the member, or that it acceded to.
pub(super) fn newest_of_member(
    node: &Node,
    first: &StatementRef,
) -> Result<Option<u32>, AdminError> {
    let agreed = of(node, node.member())?;
    let agreements = agreed.agreements();
    let known = Known {
        agreed: &agreed,
        agreements: &agreements,
        registry: node.registry(),
        horizon: node.horizon(),
        party: node.member(),
        as_of: node.today(),
    };
    let versions = known.versions(Some(first));
    Ok(versions.iter().map(|(_, _, fields)| fields.version).max())
}

/// The newest version that the member has left by its own word.
pub(super) fn left(node: &Node, first: &StatementRef) -> Result<Option<u32>, AdminError> {
    let (agreed, member) = (of(node, node.member())?, node.member());
    let own = agreed.facts().iter().filter(|fact| fact.issuer() == member);
    let said = own.filter_map(|fact| fact.payload().content.retirement());
    let agreements = agreed.agreements();
    let first = agreements.place_of(first);
    let of_it = said.filter(|said| agreements.place_of(&said.first) == first);
    Ok(of_it.map(|said| said.version).max())
}

/// The one of some places at which the words stand that another place names; that one where none does.
// spec: AGR-61, AGR-62
pub(in crate::admin) fn same_words(
    node: &Node,
    places: &[StatementRef],
    named: StatementRef,
) -> Result<StatementRef, AdminError> {
    if places.contains(&named) {
        return Ok(named);
    }
    let query = node.query().map_err(refusal::index)?;
    let words = |at: &StatementRef| match query.statement(&at.origin, at.index) {
        Ok(Found::Verified(found)) => Ok(words_of(found.statement())),
        Ok(Found::Rejected(_) | Found::NotHeld) => Ok(None),
        Err(error) => Err(refusal::query(error)),
    };
    let Some(wanted) = words(&named)? else {
        return Ok(named);
    };
    for place in places {
        if words(place)? == Some(wanted) {
            return Ok(place.clone());
        }
    }
    Ok(named)
}

/// The place by which the versions known to the member name an agreement, whichever copy of it is named.
// spec: AGR-61
pub(super) fn known_place(node: &Node, named: StatementRef) -> Result<StatementRef, AdminError> {
    let agreed = of(node, node.member())?;
    let agreements = agreed.agreements();
    let places: Vec<_> = agreements.versions().map(|(_, at)| at.clone()).collect();
    same_words(node, &places, named)
}

/// Where the words of a proposal stand already: in the log of the node's member, or witnessed in any.
// spec: AGR-63
pub(super) fn logged_at(
    node: &Node,
    words: BytesDigest,
) -> Result<Option<StatementRef>, AdminError> {
    let query = node.query().map_err(refusal::index)?;
    let rows = query.store().agreements_of(node.member());
    let rows = rows.map_err(refusal::store)?.rows;
    let same = |row: &&AgreementRow| row.kind == AgreementKind::Agreement && row.digest == words;
    let horizon = node.horizon();
    for row in rows.iter().filter(same) {
        let place = &row.position;
        let found = query.statement(&place.origin, place.index);
        let Found::Verified(found) = found.map_err(refusal::query)? else {
            continue;
        };
        let at = found.reference();
        if node.owns(&at.origin) || view::witnessed(&horizon, at) {
            return Ok(Some(at.clone()));
        }
    }
    Ok(None)
}

/// Whether the member has acceded to a version, and not left it since.
pub(super) fn joined(node: &Node, version: &StatementRef) -> Result<bool, AdminError> {
    let agreed = of(node, node.member())?;
    let member = node.member();
    let agreements = agreed.agreements();
    let words = agreements.place_of(version);
    let mut facts = agreed.facts().iter();
    let acceded = facts.any(|fact| {
        let said = fact.payload().content.accession();
        let to_it = said.is_some_and(|said| agreements.place_of(&said.agreement) == words);
        fact.issuer() == member && to_it
    });
    let standing = agreements.standing(version, (member, member), node.today());
    Ok(acceded && standing != Standing::Lacking(Lacking::Retired))
}

/// All that was said about the agreements of a party.
fn of(node: &Node, party: AuthorityCode) -> Result<Agreed, AdminError> {
    of_query(node, party, node.query().map_err(refusal::index)?)
}

/// The same as far as the index has come: nothing waits for it.
pub(in crate::admin) fn of_now(node: &Node) -> Result<Agreed, AdminError> {
    of_query(node, node.member(), node.query_now())
}

fn of_query(node: &Node, party: AuthorityCode, query: &QueryService) -> Result<Agreed, AdminError> {
    let registry = node.registry();
    let all: BTreeSet<_> = registry.members().map(|member| member.code()).collect();
    let set = query.agreements(&[party], &all).map_err(refusal::query)?;
    Ok(node.agreed_of(set))
}

/// What a list is made of.
struct Known<'a> {
    agreed: &'a Agreed,
    agreements: &'a Agreements<'a>,
    registry: Arc<Registry>,
    horizon: Horizon,
    party: AuthorityCode,
    as_of: Day,
}

type Version<'a> = (&'a StatementRef, &'a Fact, &'a AgreementFields);

impl<'a> Known<'a> {
    /// The versions that name the party, or that it acceded to, by agreement and number.
    fn versions(&self, only: Option<&StatementRef>) -> Vec<Version<'a>> {
        let only = only.map(|only| self.agreements.place_of(only));
        let versions = self.agreements.versions().filter_map(|(first, version)| {
            let mut facts = self.agreed.facts().iter();
            let fact = facts.find(|fact| fact.reference() == version)?;
            let fields = fact.payload().content.agreement()?.fields();
            let is_party = fields.parties.contains(&self.party)
                || self
                    .accessions(version)
                    .any(|word| word.member == self.party);
            let wanted = only.is_none_or(|only| only == first);
            (is_party && wanted).then_some((first, fact, fields))
        });
        versions.collect()
    }

    fn view(&self, first: &StatementRef, fact: &Fact, fields: &AgreementFields) -> AgreementView {
        let version = fact.reference();
        let acceded: Vec<_> = self.accessions(version).take(WORDS_SHOWN_MAX).collect();
        let others = fields.parties.iter().copied();
        let others: BTreeSet<_> = others
            .chain(self.accessions(version).map(|word| word.member))
            .filter(|code| *code != self.party)
            .collect();
        let mut in_force_with = Vec::new();
        let mut state = AgreementStateCode::NoParty;
        for other in others {
            let pair = (self.party, other);
            let standing = self.agreements.standing(version, pair, self.as_of);
            // The nearest to being in force; codes begin with it.
            state = state.min(code(standing));
            if standing == Standing::InForce {
                in_force_with.push(other);
            }
        }
        AgreementView {
            reference: version.clone(),
            first: (first != version).then(|| first.clone()),
            title: fields.title.to_string(),
            version: fields.version,
            parties: parties(
                &self.registry,
                fields,
                &fields.parties.iter().copied().collect(),
            ),
            open: fields.open,
            from: fields.from,
            until: fields.until,
            clauses: fields.clauses.len() as u64,
            witnessed: view::witnessed(&self.horizon, version),
            state,
            in_force_with,
            acceded,
            retired: self.retirements(first).take(WORDS_SHOWN_MAX).collect(),
        }
    }

    /// The accessions to a version, whichever place of its words they name.
    // spec: AGR-23
    fn accessions(&self, version: &StatementRef) -> impl Iterator<Item = WordView> {
        let words = self.agreements.place_of(version).clone();
        let facts = self.agreed.facts().iter();
        facts.filter_map(move |fact| {
            let said = fact.payload().content.accession()?;
            let to_it = *self.agreements.place_of(&said.agreement) == words;
            to_it.then(|| self.word(fact, said.from))
        })
    }

    fn retirements(&self, first: &StatementRef) -> impl Iterator<Item = WordView> {
        let first = self.agreements.place_of(first).clone();
        let facts = self.agreed.facts().iter();
        facts.filter_map(move |fact| {
            let said = fact.payload().content.retirement()?;
            let of_it = *self.agreements.place_of(&said.first) == first;
            of_it.then(|| WordView {
                version: Some(said.version),
                reasons: Some(said.reasons.to_string()),
                ..self.word(fact, said.from)
            })
        })
    }

    fn word(&self, fact: &Fact, from: Day) -> WordView {
        WordView {
            member: fact.issuer(),
            from,
            reference: fact.reference().clone(),
            witnessed: view::witnessed(&self.horizon, fact.reference()),
            version: None,
            reasons: None,
        }
    }
}

const fn code(standing: Standing) -> AgreementStateCode {
    match standing {
        Standing::InForce => AgreementStateCode::InForce,
        Standing::Replaced => AgreementStateCode::Replaced,
        Standing::Lacking(Lacking::Retired) => AgreementStateCode::Retired,
        Standing::Lacking(Lacking::NoAgreement) => AgreementStateCode::NoParty,
        Standing::Lacking(
            Lacking::NotInForce
            | Lacking::NotCovered
            | Lacking::ActType
            | Lacking::DecidedOutside
            | Lacking::BasisNotValidHere
            | Lacking::TooMany
            | Lacking::BasisNotChecked
            | Lacking::BasisFails,
        ) => AgreementStateCode::NotInForce,
    }
}
