//! What the node's member may do on the strength of a decision of another, flat, and the agreements that
//! are known.
//!
//! The meaning is that of `spec/recognition.md`; nothing is computed here.

use serde_bytes::ByteBuf;

use crate::admin::tagged::named_codes;
use crate::admin::view::BindsOthersCode;
use crate::codec::{Truth, integer_map};
use crate::log::Origin;
use crate::statement::{Force, LegalBasis, Measure, StatementRef};
use crate::subject::AuthorityCode;
use crate::time::Day;

named_codes! {
    /// Whether a decision is recognised.
    pub enum RecognitionCode {
        /// The member made it itself.
        Own = 1 "own",
        /// It is.
        Recognised = 2 "recognised",
        /// It is known, and nothing follows from it here.
        ForInformation = 3 "for-information",
        /// Nobody may rely on it as it stands.
        NotRecognised = 4 "not-recognised",
    }
}

named_codes! {
    /// Why nothing follows from a decision here.
    pub enum LackingCode {
        /// No agreement names both.
        NoAgreement = 1 "no-agreement",
        /// One of the two has left.
        Retired = 2 "retired",
        /// The agreement does not run on that day, or is not witnessed.
        NotInForce = 3 "not-in-force",
        /// No clause is about this issuer, receiver and item.
        NotCovered = 4 "not-covered",
        /// The clause is for other types of act.
        ActType = 5 "act-type",
        /// The clause is for decisions of other days.
        DecidedOutside = 6 "decided-outside",
        /// The decision rests on local acts of another place.
        BasisNotValidHere = 7 "basis-not-valid-here",
        /// There are more agreements than are looked at.
        TooManyAgreements = 8 "too-many-agreements",
        /// The decision, or what it rests on, is from before its item was in any catalogue.
        BasisNotChecked = 134 "basis-not-checked",
        /// What is granted rests on what is void, withdrawn, repaired or not held.
        BasisFails = 190 "basis-fails",
    }
}

integer_map! {
    /// A clause relied on.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ReliedView {
        /// The version of the agreement.
        1 => agreement: req(StatementRef),
        /// Its title.
        2 => title: req(String),
        /// Its number.
        3 => version: req(u32),
        /// The number of the clause, as it is quoted.
        4 => clause: req(String),
    }
}

integer_map! {
    /// A measure that the member may apply.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AllowedView {
        /// The measure.
        1 => measure: req(Measure),
        /// Its last day.
        2 => until: req(Day),
        /// Whether it has to be applied.
        3 => force: req(Force),
        /// The article that the clause rests it on.
        4 => basis: req(LegalBasis),
        /// The clause.
        5 => by: req(ReliedView),
    }
}

integer_map! {
    /// Whether a decision is recognised by the node's member, and what may be done.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RecognitionView {
        /// Whether it is.
        1 => code: req(RecognitionCode),
        /// The clauses that cover it, ascending.
        2 => by: list(ReliedView),
        /// How many more there are than `by` shows; absent where it shows all.
        3 => by_left: opt(u64),
        /// Measures that may be applied, ascending.
        4 => measures: list(AllowedView),
        /// There when what it grants may be relied on.
        5 => grant: opt(Truth),
        /// Of what is for information: what is lacking.
        6 => lacking: opt(LackingCode),
        /// Of what is not recognised: its state for others.
        7 => state: opt(BindsOthersCode),
    }
}

named_codes! {
    /// How a version of an agreement stands for one of its parties.
    pub enum AgreementStateCode {
        /// In force with at least one other.
        InForce = 1 "in-force",
        /// A newer version took its place.
        Replaced = 2 "replaced",
        /// Whoever could be party with it has left, or it has itself.
        Retired = 3 "retired",
        /// It does not run on that day, or is not witnessed.
        NotInForce = 4 "not-in-force",
        /// It is no party.
        NoParty = 5 "no-party",
    }
}

integer_map! {
    /// A party of a proposal.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PartyView {
        /// The party.
        1 => member: req(AuthorityCode),
        /// Its name; absent when the registry does not know it.
        2 => name: opt(String),
        /// There when it has approved, or signs.
        3 => approved: opt(Truth),
    }
}

integer_map! {
    /// That an authority joined or left.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct WordView {
        /// Who says so.
        1 => member: req(AuthorityCode),
        /// From when on.
        2 => from: req(Day),
        /// Where it stands.
        3 => reference: req(StatementRef),
        /// Whether a quorum has cosigned a head that covers it.
        4 => witnessed: req(bool),
        /// Of a retirement: the newest version named.
        5 => version: opt(u32),
        /// Of a retirement: the reasons.
        6 => reasons: opt(String),
    }
}

integer_map! {
    /// One version of an agreement.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AgreementView {
        /// Where it stands.
        1 => reference: req(StatementRef),
        /// The first version; absent when it is that itself.
        2 => first: opt(StatementRef),
        /// Its title.
        3 => title: req(String),
        /// Its number.
        4 => version: req(u32),
        /// Whom it names.
        5 => parties: list(PartyView),
        /// There when others may accede.
        6 => open: opt(Truth),
        /// First day.
        7 => from: req(Day),
        /// Last day.
        8 => until: opt(Day),
        /// How many clauses it has.
        9 => clauses: req(u64),
        /// Whether a quorum has cosigned a head that covers it.
        10 => witnessed: req(bool),
        /// How it stands for the party asked about.
        11 => state: req(AgreementStateCode),
        /// With whom it is in force.
        12 => in_force_with: list(AuthorityCode),
        /// Accessions to it.
        13 => acceded: list(WordView),
        /// Retirements from the agreement.
        14 => retired: list(WordView),
    }
}

integer_map! {
    /// Agreements of one party.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AgreementsView {
        /// The day asked about.
        1 => as_of: req(Day),
        /// The party.
        2 => party: req(AuthorityCode),
        /// Versions, by agreement and number.
        3 => agreements: list(AgreementView),
        /// Versions in all, on every page.
        4 => total: req(u64),
        /// How many to pass over to go on behind this page; absent on the last.
        5 => next_skip: opt(u64),
        /// Logs that say more about agreements than is looked at.
        6 => cut: list(Origin),
        /// There when there are more than are looked at for one answer: none is shown then.
        7 => too_many: opt(Truth),
    }
}

integer_map! {
    /// What the member's approval of an agreement is.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AgreementApproved {
        /// Who approves.
        1 => member: req(AuthorityCode),
        /// A whole approval file; absent for a dry run.
        2 => approval: opt(ByteBuf),
        /// What the registry as held here makes doubtful about it.
        // spec: ADM-382
        140 => doubts: list(DoubtView),
    }
}

named_codes! {
    /// What is doubtful about an agreement that is proposed.
    pub enum DoubtCode {
        /// The registry has no such party.
        PartyUnknown = 1 "party-unknown",
        /// The party is suspended, or has left.
        PartySuspended = 2 "party-suspended",
        /// The catalogue has no such item.
        ItemUnknown = 3 "item-unknown",
        /// The catalogue of measures has no such measure.
        MeasureUnknown = 4 "measure-unknown",
        /// What the measure rests on was revoked.
        MeasureRevoked = 5 "measure-revoked",
        /// It begins on a day that has gone.
        BeginsInThePast = 6 "begins-in-the-past",
    }
}

integer_map! {
    /// A doubt about an agreement.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct DoubtView {
        /// What it is.
        1 => what: req(DoubtCode),
        /// The party, item, measure or day.
        2 => named: req(String),
    }
}

integer_map! {
    /// An agreement that is logged, or looked at.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AgreementLogged {
        /// Where it stands, durable here; absent for a dry run.
        1 => reference: opt(StatementRef),
        /// Its parties.
        2 => parties: list(PartyView),
        /// Whether a quorum has cosigned a head that covers it.
        3 => witnessed: req(bool),
        /// What the registry as held here makes doubtful about it.
        140 => doubts: list(DoubtView),
        /// Present when the same words stood there already and nothing was logged.
        201 => already: opt(Truth),
    }
}
