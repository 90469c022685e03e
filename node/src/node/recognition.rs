//! Whether the node's member may rely on what others decided: the agreements looked up once for all
//! decisions of an answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use concordat_protocol::admin::{RecognitionView, recognition_view};
use concordat_protocol::effect::{Effect, Fact, Horizon, Validity};
use concordat_protocol::log::Origin;
use concordat_protocol::recognition::{Agreements, Lacking, Question, Recognition, recognise};
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{Agreement, DecisionFields, StatementRef};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Day;
use concordat_protocol::trust::{Registry, Verified};

use super::Node;
use super::questions::AskError;
use crate::query::{AgreementSet, Found, QueryError};

/// What was said about the agreements that can bind the node's member to some authorities.
pub(crate) struct Agreed {
    member: AuthorityCode,
    registry: Arc<Registry>,
    horizon: Horizon,
    facts: Vec<Fact>,
    too_many: bool,
    cut: Vec<Origin>,
    left_out: BTreeSet<AuthorityCode>,
}

impl Node {
    /// What was said about agreements between the node's member and those who decided: each with the
    /// member in whose log it stands.
    ///
    /// # Errors
    /// [`AskError`].
    pub(crate) fn agreed(&self, issuers: &BTreeSet<AuthorityCode>) -> Result<Agreed, AskError> {
        let member = self.member();
        let others = issuers.iter().any(|issuer| *issuer != member);
        let set = match others {
            true => self.query()?.agreements(&[member], issuers)?,
            false => AgreementSet::default(),
        };
        Ok(self.agreed_of(set))
    }

    /// Whether the node's member may rely on a decision on a day; `None` where none is held that holds.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn recognition_of(
        &self,
        target: &StatementRef,
        as_of: Day,
    ) -> Result<Option<Recognition>, AskError> {
        let query = self.query()?;
        let decision = match query.statement(&target.origin, target.index)? {
            Found::Verified(found) => found,
            Found::Rejected(_) | Found::NotHeld => return Ok(None),
        };
        let effect = self.effect_of(target, as_of)?;
        let stands = self.stands_by(&effect)?;
        let stands = stands.unwrap_or_else(|| Arc::clone(&decision));
        let Some(fields) = stands.statement().payload().content.decision() else {
            return Ok(None);
        };
        let issuer = decision.statement().header().issuer;
        let publisher = publisher(&target.origin);
        let agreed = self.agreed(&publisher.into_iter().chain([issuer]).collect())?;
        let agreements = agreed.agreements();
        let fields = fields.fields();
        Ok(Some(agreed.recognise(
            &agreements,
            &decision,
            fields,
            &effect,
            as_of,
        )))
    }

    /// The correction whose words a decision has: the newest of those that hold and count in full. One that
    /// is void or not witnessed takes off what burdens, and says nothing that others rely on.
    // spec: AGR-32
    pub(crate) fn stands_by(&self, effect: &Effect) -> Result<Option<Arc<Verified>>, QueryError> {
        let Validity::Corrected { by } = &effect.validity else {
            return Ok(None);
        };
        Ok(self.in_full(by)?.pop())
    }

    /// Those of several acts that count in full, in their order.
    pub(crate) fn in_full(&self, acts: &[StatementRef]) -> Result<Vec<Arc<Verified>>, QueryError> {
        let horizon = self.horizon();
        let mut found = Vec::new();
        for act in acts {
            if let Found::Verified(verified) = self.query.statement(&act.origin, act.index)?
                && horizon.established(&self.fact(&verified))
            {
                found.push(verified);
            }
        }
        Ok(found)
    }

    /// The same of a set.
    pub(crate) fn agreed_of(&self, set: AgreementSet) -> Agreed {
        let registry = self.registry();
        let horizon = match set.statements.is_empty() {
            true => Horizon {
                logs: std::collections::BTreeMap::new(),
                register: self.genesis().register_origin(),
            },
            false => self.horizon(),
        };
        let facts = set.statements.iter().map(|verified| self.fact(verified));
        Agreed {
            member: self.member(),
            horizon,
            facts: facts.collect(),
            too_many: set.too_many,
            cut: set.cut,
            left_out: set.left_out,
            registry,
        }
    }
}

impl Agreed {
    /// What is in force, to be asked for one decision after the other.
    // spec: AGR-31
    pub(crate) fn agreements(&self) -> Agreements<'_> {
        match self.too_many {
            true => Agreements::too_many(),
            false => Agreements::of(&self.facts, &self.horizon).without(self.left_out.clone()),
        }
    }

    /// What would be in force if an authority had left nothing.
    pub(crate) fn agreements_but_for(&self, author: AuthorityCode) -> Agreements<'_> {
        let by_it =
            |fact: &&Fact| fact.issuer() == author && fact.payload().content.retirement().is_some();
        match self.too_many {
            true => Agreements::too_many(),
            false => {
                let others = self.facts.iter().filter(|fact| !by_it(fact));
                Agreements::of(others, &self.horizon).without(self.left_out.clone())
            }
        }
    }

    /// The statements.
    pub(crate) fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Whether there are more than are looked at for one answer.
    pub(crate) const fn too_many(&self) -> bool {
        self.too_many
    }

    /// Logs that say more about agreements than is looked at.
    pub(crate) fn cut(&self) -> Vec<Origin> {
        self.cut.clone()
    }

    /// Whether the node's member may rely on a decision, as it stands by its corrections.
    // spec: AGR-31, AGR-32
    pub(crate) fn recognise(
        &self,
        agreements: &Agreements<'_>,
        decision: &Verified,
        stands: &DecisionFields,
        effect: &Effect,
        as_of: Day,
    ) -> Recognition {
        let issuer = decision.statement().header().issuer;
        let mut issuers = vec![issuer];
        issuers.extend(publisher(&decision.reference().origin).filter(|code| *code != issuer));
        let receivers = [self.member];
        let regions = self.region(issuer).zip(self.region(self.member));
        let Some((issuer_region, receiver_region)) = regions else {
            // Who is not in the registry has agreed to nothing.
            let why = Lacking::NoAgreement;
            return Recognition::ForInformation { why };
        };
        let question = Question {
            decision: stands,
            effect,
            issuers: &issuers,
            issuer_region,
            receivers: &receivers,
            receiver_region,
            as_of,
        };
        recognise(&question, agreements)
    }

    /// The same for people.
    pub(crate) fn view(
        &self,
        agreements: &Agreements<'_>,
        decision: &Verified,
        stands: &DecisionFields,
        effect: &Effect,
        as_of: Day,
    ) -> RecognitionView {
        let recognition = self.recognise(agreements, decision, stands, effect, as_of);
        recognition_view(&recognition, |reference| self.title(reference))
    }

    fn title(&self, reference: &StatementRef) -> Option<String> {
        let mut facts = self.facts.iter();
        let fact = facts.find(|fact| fact.reference() == reference)?;
        let agreement = fact.payload().content.agreement();
        agreement
            .map(Agreement::fields)
            .map(|fields| fields.title.to_string())
    }

    /// The region of an authority, by the newest registry.
    fn region(&self, code: AuthorityCode) -> Option<RegionCode> {
        let member = self.registry.member(code);
        member.map(|member| member.enrolment().region)
    }
}

/// The member in whose log a decision stands.
pub(crate) fn publisher(origin: &Origin) -> Option<AuthorityCode> {
    AuthorityCode::parse(origin.member()).ok()
}
