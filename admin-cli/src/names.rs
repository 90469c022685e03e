//! Stable names of code lists: what the command line takes, what JSON shows, what texts are keyed by.

use concordat_protocol::admin::{
    AgreementStateCode, AnswerNoteCode, BackingCode, BasisCode, BasisStateCode, BindsOthersCode,
    BurdenCode, CleanCode, CleanWeight, CodeStateCode, DeadlineCode, DoubtCode, EventKind,
    ForkCode, FreshnessCode, HolderCode, LackingCode, LaterActsCode, LinkCode, NoteCode,
    RecognitionCode, RecordFaultCode, SigningCode, SourceCode, Stage, Step, SuspensionCode,
    TaskCode, ValidityCode, ViolationCode, VoidCauseCode, WaitingCode,
};
use concordat_protocol::lookup::{Finding, Scenario};
use concordat_protocol::statement::{
    ActType, Answer, Audience, BasisLevel, Class, CommitmentKind, CommitmentResult, ErasureGround,
    Execution, Force, Ground, InterviewKind, KeyUse, Level, ListScope, ObjectorRole, Outcome,
    PenaltyClass, RecognitionAnswer, RecognitionReason, RedExit, RemedyKind, RepairEffect, Role,
    SeriousGroup, ServiceWay, Standing, Verification, WithdrawalReason,
};
use concordat_protocol::subject::Form;
use concordat_protocol::trust::Network;

use crate::failure::Failure;

/// A code list whose values have names. The text of a value is keyed `<list>.<name>`.
pub(crate) trait Named: Copy + 'static {
    const LIST: &'static str;
    const VALUES: &'static [Self];

    fn name(self) -> &'static str;
}

/// The value with a name.
///
/// # Errors
/// `bad-choice` with the names that there are.
pub(crate) fn parse<T: Named>(argument: &str, text: &str) -> Result<T, Failure> {
    let found = T::VALUES.iter().find(|value| value.name() == text);
    found.copied().ok_or_else(|| {
        let known: Vec<_> = T::VALUES.iter().map(|value| value.name()).collect();
        let failure = Failure::usage("bad-choice").with("argument", argument);
        failure.with("value", text).with("known", known.join(", "))
    })
}

macro_rules! named {
    ($($ty:ty, $list:literal { $($variant:ident $name:literal)+ })+) => {
        $(impl Named for $ty {
            const LIST: &'static str = $list;
            const VALUES: &'static [Self] = &[$(Self::$variant,)+];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        })+
    };
}

macro_rules! delegated {
    ($($ty:ty, $list:literal)+) => {
        $(impl Named for $ty {
            const LIST: &'static str = $list;
            const VALUES: &'static [Self] = Self::ALL;

            fn name(self) -> &'static str {
                <$ty>::name(self)
            }
        })+
    };
}

delegated! {
    AnswerNoteCode, "answer-note"
    AgreementStateCode, "agreement-state"
    CodeStateCode, "code-state"
    DoubtCode, "doubt"
    BackingCode, "backing"
    BasisCode, "basis"
    BasisStateCode, "basis-state"
    BindsOthersCode, "binds-others"
    BurdenCode, "burden"
    CleanCode, "clean"
    CleanWeight, "clean-weight"
    DeadlineCode, "deadline"
    EventKind, "event"
    ForkCode, "fork"
    Finding, "finding"
    FreshnessCode, "freshness"
    HolderCode, "holder"
    LackingCode, "lacking"
    LaterActsCode, "later-acts"
    LinkCode, "link"
    NoteCode, "note"
    RecognitionCode, "recognition"
    RecordFaultCode, "record-fault"
    Scenario, "scenario"
    SigningCode, "signing"
    SourceCode, "source"
    Stage, "stage"
    Step, "step"
    SuspensionCode, "suspension"
    TaskCode, "task"
    ValidityCode, "validity"
    ViolationCode, "violation"
    VoidCauseCode, "void-cause"
    WaitingCode, "waiting"
}

named! {
    ActType, "act-type" {
        Licence "licence" Penalty "penalty" Compulsion "compulsion" Confirmation "confirmation"
        Levy "levy" Payment "payment" Adjudication "adjudication" Compensation "compensation"
        Reward "reward" Inspection "inspection" RedList "red-list" SeriousList "serious-list"
        WatchList "watch-list"
    }
    Audience, "audience" { Public "public" Members "members" Named "named" }
    BasisLevel, "basis-level" {
        Law "law" AdministrativeRegulation "administrative-regulation"
        LocalRegulation "local-regulation" MinisterialRule "ministerial-rule"
        LocalGovernmentRule "local-government-rule" CentralPolicy "central-policy"
    }
    Class, "class" {
        Decision "decision" ListEntry "list-entry" Commitment "commitment"
        CommitmentOutcome "commitment-outcome" SelfDeclaration "self-declaration"
        Evaluation "evaluation" Interview "interview" Measure "measure" Initiation "initiation"
        Response "response" Push "push" Feedback "feedback" CodeChange "code-change" Objection "objection" Ruling "ruling"
        Stay "stay" Correction "correction" Withdrawal "withdrawal" Repair "repair"
        Erasure "erasure" Admission "admission" Agreement "agreement" Accession "accession"
        Retirement "retirement" RecognitionResponse "recognition-response"
        ItemCatalogue "item-catalogue" MeasureCatalogue "measure-catalogue" Calendar "calendar"
        DeadlineRules "deadline-rules" Policy "policy" Enrolment "enrolment" Rotation "rotation"
        Suspension "suspension" CutOff "cut-off" Loss "loss" Succession "succession" Notice "notice"
        Holdings "holdings" DeliveryBatch "delivery-batch" ReceiptBatch "receipt-batch"
        QueryRoot "query-root" HeadSeen "head-seen" Restart "restart"
    }
    Force, "force" { Mandatory "mandatory" Recommended "recommended" }
    Form, "form" {
        Enterprise "enterprise" Cooperative "cooperative" PublicInstitution "public-institution"
        SocialOrganisation "social-organisation" GovernmentOrgan "government-organ"
        SelfEmployed "self-employed" SoleProprietorship "sole-proprietorship" Other "other"
        Unknown "unknown"
    }
    Ground, "ground" {
        Facts "facts" WrongSubject "wrong-subject" Basis "basis" Procedure "procedure"
        Amount "amount" Ended "ended" Publication "publication" Other "other"
    }
    KeyUse, "key-use" {
        Statement "statement" Log "log" Node "node" Witness "witness"
        Administrator "administrator" Approver "approver" Recovery "recovery"
    }
    Level, "level" {
        National "national" Provincial "provincial" Prefectural "prefectural" County "county"
    }
    ListScope, "list-scope" { National "national" Local "local" }
    Network, "network" { Test "test" Production "production" }
    ObjectorRole, "objector" { Subject "subject" Issuer "issuer" Supervisor "supervisor" }
    Outcome, "outcome" {
        Upheld "upheld" Rejected "rejected" Corrected "corrected" Withdrawn "withdrawn"
    }
    PenaltyClass, "penalty-class" {
        Warning "warning" Fine "fine" Licence "licence" Restriction "restriction" Other "other"
    }
    ErasureGround, "erasure-ground" {
        Law "law" Order "order" UrgentPersonalData "urgent-personal-data"
    }
    RepairEffect, "repair-effect" {
        RemoveFromList "remove-from-list" StopSharing "stop-sharing" Mark "mark"
        MaskOrDelete "mask-or-delete"
    }
    RemedyKind, "remedy" { Reconsideration "reconsideration" Litigation "litigation" }
    RedExit, "red-exit" {
        ObjectionUpheld "objection-upheld" ListedOrMisused "listed-or-misused"
        ValidityEnded "validity-ended" CriteriaChanged "criteria-changed"
    }
    Role, "role" { Member "member" Hub "hub" Issuer "issuer" }
    SeriousGroup, "serious-group" {
        LifeAndHealth "life-and-health" MarketOrder "market-order" LegalDuties "legal-duties"
        Defence "defence"
    }
    ServiceWay, "service" {
        Direct "direct" Left "left" Entrusted "entrusted" Post "post"
        Announcement "announcement" Electronic "electronic"
    }
    Standing, "standing" { Active "active" Suspended "suspended" Left "left" }
    WithdrawalReason, "withdrawal-reason" {
        DecisionRevoked "decision-revoked" WrongSubject "wrong-subject" Duplicate "duplicate"
        OutsideCatalogue "outside-catalogue" OtherError "other-error"
    }
}

named! {
    Answer, "answer" {
        Accepted "accepted" NotCompetent "not-competent" NoSuchSubject "no-such-subject"
        NoBasis "no-basis"
    }
    CommitmentKind, "occasion" {
        ConditionalAcceptance "conditional-acceptance" NoticeAndPromise "notice-and-promise"
        Repair "repair" Voluntary "voluntary" Industry "industry"
    }
    CommitmentResult, "kept" { Kept "kept" Broken "broken" PartlyKept "partly-kept" }
    Execution, "execution" { Done "done" Partly "partly" NotDone "not-done" }
    InterviewKind, "interview" { Reminder "reminder" Warning "warning" }
    RecognitionAnswer, "recognition-answer" {
        Recognised "recognised" ForInformation "for-information"
        NotRecognised "not-recognised"
    }
    RecognitionReason, "recognition-reason" {
        NoAgreement "no-agreement" NotCovered "not-covered"
        BasisNotValidHere "basis-not-valid-here" NotBinding "not-binding"
        NoSuchSubject "no-such-subject" Other "other"
    }
    Verification, "verification" {
        Verified "verified" NotFound "not-found" WrongSubject "wrong-subject"
    }
}

/// Every `<list>.<name>` that a text is wanted for.
#[cfg(test)]
pub(crate) fn text_keys() -> Vec<String> {
    fn of<T: Named>(keys: &mut Vec<String>) {
        keys.extend(
            T::VALUES
                .iter()
                .map(|v| format!("{}.{}", T::LIST, v.name())),
        );
    }
    let mut keys = Vec::new();
    macro_rules! all { ($($ty:ty)+) => { $(of::<$ty>(&mut keys);)+ } }
    all! {
        BackingCode BasisCode BasisStateCode BindsOthersCode BurdenCode EventKind ForkCode
        FreshnessCode HolderCode LaterActsCode LinkCode SigningCode SourceCode Stage Step SuspensionCode
        ValidityCode VoidCauseCode WaitingCode ActType Class Form Ground KeyUse Level
        Network ObjectorRole Outcome PenaltyClass RepairEffect Role Standing WithdrawalReason
        Force LackingCode RecognitionCode AgreementStateCode DoubtCode DeadlineCode TaskCode
    }
    all! { NoteCode RecordFaultCode ViolationCode }
    all! { Scenario Finding }
    all! { RedExit CleanCode CleanWeight CodeStateCode }
    all! { AnswerNoteCode RecognitionAnswer RecognitionReason }
    all! { Answer CommitmentKind CommitmentResult Execution Force InterviewKind Verification }
    keys
}

#[cfg(test)]
mod tests {
    use concordat_certs::summary::{Language, words};

    use super::*;
    use crate::report::Words;

    /// An approver read 设区的市级 in a proposal and 市级 of the member enrolled by it.
    // spec: ADM-14
    #[test]
    fn summaries_of_trust_material_use_the_same_words() {
        fn compare<T: Named>(word: fn(T) -> words::Word) {
            for value in T::VALUES {
                let word = word(*value);
                assert_eq!(word.name, value.name());
                for language in [Language::English, Language::Chinese] {
                    assert_eq!(word.text(language), Words(language).code(*value));
                }
            }
        }
        compare(words::act_type);
        compare(words::class);
        compare(words::level);
        compare(words::role);
        compare(words::standing);
        compare(words::network);
        for key_use in KeyUse::VALUES {
            let chinese = words::key_use(*key_use).text(Language::Chinese);
            assert_eq!(chinese, Words(Language::Chinese).code(*key_use));
        }
    }
}
