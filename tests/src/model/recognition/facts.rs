//! From the plain data of the model of recognition to what the real function takes, and back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concordat_protocol::codec::{Ext, Truth};
use concordat_protocol::effect::{Fact, VoidCause};
use concordat_protocol::recognition::{
    self as real, Agreements, Lacking, Recognition, Relied, Standing,
};
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{
    Accession, ActType, Agreement, AgreementFields, BasisLevel, Clause as RealClause,
    ClauseMeasure, Content, DecisionFields, Force, LegalBasis, Measure, MeasureCatalogue,
    MeasureItem, Payload, Retirement, Revocation,
};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::Authority;

use super::{Asked, By, Clause, Lack, Recognised, Said, Stands, Version, Word};
use crate::model::facts::{
    ISSUERS, MEASURES, Question, code, day, decision, may, place, reference, text,
};
use crate::model::{Figures, Place};

const SIGNED_MS: u64 = 1_772_400_000_000;

/// What the real function takes, made once.
#[derive(Clone, Debug)]
pub struct Prepared {
    question: Question,
    facts: Vec<Fact>,
    decided: DecisionFields,
    issuers: Vec<AuthorityCode>,
    receivers: Vec<AuthorityCode>,
    regions: (RegionCode, RegionCode),
    left_out: BTreeSet<AuthorityCode>,
    too_many: bool,
}

impl Prepared {
    /// Turns a set into what the real function takes.
    ///
    /// # Panics
    /// When the set holds values that no statement can.
    #[must_use]
    pub fn of(asked: &Asked) -> Self {
        let authority = |who: &u8| ISSUERS[usize::from(*who)];
        let region = |digits: u32| RegionCode::parse(&digits.to_string()).expect("a region");
        let mut question = Question::of(&asked.effect);
        question.revoke(catalogue(&asked.revoked));
        Self {
            question,
            facts: asked.said.iter().map(fact).collect(),
            decided: decided(asked),
            issuers: asked.issuers.iter().map(authority).collect(),
            receivers: asked.receivers.iter().map(authority).collect(),
            regions: (region(asked.regions.0), region(asked.regions.1)),
            left_out: asked.left_out.iter().map(authority).collect(),
            too_many: asked.too_many,
        }
    }

    /// Has the facts come in another order, some of them twice.
    pub fn disorder(&mut self, by: usize) {
        if !self.facts.is_empty() {
            let length = self.facts.len();
            self.facts.rotate_left(by % length);
            self.facts.extend_from_within(..by % length);
        }
    }

    fn agreements(&self) -> Agreements<'_> {
        match self.too_many {
            true => Agreements::too_many(),
            false => {
                Agreements::of(&self.facts, &self.question.horizon).without(self.left_out.clone())
            }
        }
    }

    /// Asks about a day.
    ///
    /// # Panics
    /// When the answer names what no set holds.
    #[must_use]
    pub fn ask(&mut self, as_of: i32) -> Recognised {
        self.question.ask_about(as_of);
        let effect = self.question.ask();
        let question = real::Question {
            decision: &self.decided,
            effect: &effect,
            issuers: &self.issuers,
            issuer_region: self.regions.0,
            receivers: &self.receivers,
            receiver_region: self.regions.1,
            as_of: day(as_of),
        };
        recognised(real::recognise(&question, &self.agreements()))
    }

    /// How the version at a place stands between two.
    #[must_use]
    pub fn stands(&self, at: Place, one: u8, other: u8, as_of: i32) -> Stands {
        let pair = (ISSUERS[usize::from(one)], ISSUERS[usize::from(other)]);
        let agreements = self.agreements();
        match agreements.standing(&reference(at), pair, day(as_of)) {
            Standing::InForce => Stands::InForce,
            Standing::Replaced => Stands::Replaced,
            Standing::Lacking(lacking) => Stands::Lacks(lack(lacking)),
        }
    }
}

fn fact(said: &Said) -> Fact {
    let content = match &said.word {
        Word::Version(version) => {
            let agreement = Agreement::new(agreement(version)).expect("an agreement");
            Content::Agreement(Box::new(agreement))
        }
        Word::Joins { version, from } => Content::Accession(Accession {
            agreement: reference(*version),
            from: day(*from),
        }),
        Word::Leaves {
            first,
            number,
            from,
        } => Content::Retirement(Retirement {
            first: reference(*first),
            version: *number,
            from: day(*from),
            reasons: text("退出"),
        }),
    };
    let payload = Payload {
        issued_at: Timestamp::new(SIGNED_MS + said.at).expect("an instant"),
        target: None,
        register_size: None,
        batch: None,
        content,
        ext: Ext::default(),
    };
    let void = said.void.then_some(VoidCause::MandateEnded);
    let author = ISSUERS[usize::from(said.author)];
    let payload = Arc::new(payload);
    Fact::new(
        reference(said.place),
        author,
        payload,
        Authority::Mandate,
        void,
    )
}

fn agreement(version: &Version) -> AgreementFields {
    AgreementFields {
        title: text("区域信用互认协议"),
        parties: codes(&version.parties),
        version: version.number,
        first: version.first.map(reference),
        from: day(version.from),
        until: version.until.map(day),
        clauses: version.clauses.iter().map(clause).collect(),
        open: version.open.then_some(Truth),
    }
}

fn codes(of: &BTreeSet<u8>) -> Vec<AuthorityCode> {
    let mut codes: Vec<_> = of.iter().map(|who| ISSUERS[usize::from(*who)]).collect();
    codes.sort();
    codes
}

fn clause(clause: &Clause) -> RealClause {
    let items = clause.items.iter();
    let acts = clause.acts.iter();
    let measure = |(measure, binding): (&u8, &bool)| ClauseMeasure {
        measure: measure_of(*measure),
        force: match binding {
            true => Force::Mandatory,
            false => Force::Recommended,
        },
        basis: basis(true),
    };
    RealClause {
        number: text(&format!("第{}条", clause.number)),
        issuers: codes(&clause.issuers),
        receivers: codes(&clause.receivers),
        items: items.map(|item| code(item_of(*item))).collect(),
        act_types: acts
            .map(|act| ActType::from_code(u64::from(*act)).expect("a type of act"))
            .collect(),
        measures: clause.measures.iter().map(measure).collect(),
        decided_from: clause.from.map(day),
        decided_until: clause.until.map(day),
        local_basis: clause.local.then_some(Truth),
    }
}

const fn item_of(item: u8) -> &'static str {
    match item {
        0 => "item.a",
        _ => "item.b",
    }
}

fn measure_of(measure: u8) -> Measure {
    Measure::new(MEASURES[usize::from(measure)]).expect("a measure")
}

fn basis(national: bool) -> LegalBasis {
    LegalBasis {
        law: text("招标投标法"),
        article: text("第五十四条"),
        level: match national {
            true => BasisLevel::Law,
            false => BasisLevel::LocalGovernmentRule,
        },
    }
}

/// The decision as it stands: of its fields only those that a clause looks at are the set's.
fn decided(asked: &Asked) -> DecisionFields {
    let figures = Figures {
        subject: 0,
        document: 0,
        item: 0,
        penalty: false,
        fine: 0,
        classes: BTreeSet::new(),
        duties: BTreeMap::new(),
        from: asked.decided.on,
        served: asked.decided.on,
        until: None,
        publication: asked.decided.on,
        root: None,
        rests_on: BTreeSet::new(),
    };
    let mut fields = decision(&figures).fields().clone();
    fields.item = code(item_of(asked.decided.item));
    fields.act_type = ActType::from_code(u64::from(asked.decided.act)).expect("a type of act");
    fields.decided_on = day(asked.decided.on);
    fields.basis = asked.decided.cites.iter().map(|one| basis(*one)).collect();
    fields
}

fn catalogue(revoked: &BTreeMap<u8, i32>) -> Option<Arc<MeasureCatalogue>> {
    let item = |(measure, from): (&u8, &i32)| MeasureItem {
        measure: measure_of(*measure),
        title: text("限制参加政府采购活动"),
        force: Force::Recommended,
        basis: vec![basis(true)],
        valid_from: day(0),
        valid_until: None,
        levels: vec![],
        revoked: Some(Revocation {
            from: day(*from),
            source: text("关于废止部分规定的决定"),
        }),
    };
    let items: Vec<MeasureItem> = revoked.iter().map(item).collect();
    match items.is_empty() {
        true => None,
        false => Some(Arc::new(MeasureCatalogue::new(items).expect("a catalogue"))),
    }
}

fn recognised(recognition: Recognition) -> Recognised {
    match recognition {
        Recognition::Own => Recognised::Own,
        Recognition::Recognised {
            by: relied,
            measures,
            grant,
        } => {
            let clauses: BTreeSet<By> = relied.iter().map(by).collect();
            assert_eq!(clauses.len(), relied.len(), "each clause once");
            let measures = measures.iter().map(|one| {
                let mandatory = one.force == Force::Mandatory;
                let known = MEASURES
                    .iter()
                    .position(|name| *name == one.measure.as_str());
                let known = known.and_then(|at| u8::try_from(at).ok());
                let known = known.expect("a measure of the model");
                (known, (one.until.value(), mandatory, by(&one.by)))
            });
            Recognised::Yes {
                by: clauses,
                measures: measures.collect(),
                grant,
            }
        }
        Recognition::ForInformation { why } => Recognised::Information(lack(why)),
        Recognition::NotRecognised { state } => Recognised::No(may(state)),
    }
}

fn by(relied: &Relied) -> By {
    let digits = relied
        .clause
        .as_str()
        .chars()
        .filter_map(|c| c.to_digit(10));
    let number = digits.fold(0, |number, digit| number * 10 + digit);
    let number = u8::try_from(number).expect("a number of a clause");
    (place(&relied.agreement), relied.version, number)
}

const fn lack(lacking: Lacking) -> Lack {
    match lacking {
        Lacking::NoAgreement => Lack::NoAgreement,
        Lacking::Retired => Lack::Retired,
        Lacking::NotInForce => Lack::NotInForce,
        Lacking::NotCovered => Lack::NotCovered,
        Lacking::ActType => Lack::ActType,
        Lacking::DecidedOutside => Lack::DecidedOutside,
        Lacking::BasisNotValidHere => Lack::BasisNotValidHere,
        Lacking::TooMany => Lack::TooMany,
        Lacking::BasisNotChecked => Lack::BasisNotChecked,
        Lacking::BasisFails => Lack::BasisFails,
    }
}
