//! Statements: what an authority says, as signed bytes.
//!
//! Implements `spec/statements.md`. A statement is a COSE_Sign1 (RFC 9052 §4.2, tag 18) over Ed25519:
//!
//! ```text
//! 18([ h'protected', {}, h'payload', h'signature' ])
//! protected = { 1: -8, 3: content type, 4: kid, 15: {1: iss, 2: sub}, -65537: [registry size, state] }
//! payload   = { 1: class, 2: issued at, ? 3: target, ? 4: register size, ? 5: batch, 6: content, ? 15: ext }
//! ```
//!
//! An approved statement carries `{1: proposal, 2: [approval, …]}` as its payload instead; each
//! approval is a COSE_Sign1 with detached payload over exactly the proposal's bytes.
//!
//! Out of scope: who may say what ([`crate::trust`]) and what follows from it ([`crate::effect`]).
//! Nothing here has verified a signature until [`Statement::verify_signature`] says so.

mod act;
mod agreement;
mod body;
mod calendar;
mod class;
mod content;
mod ctx_course;
mod deadline_rules;
mod decision;
mod delivery;
mod document;
mod envelope;
mod holdings;
mod leaf;
mod listing;
mod measure;
mod measure_catalogue;
mod payload;
mod receipt;
mod recognition_response;
mod record;
mod registry;

pub use act::{
    Admission, Correction, Erasure, ErasureGround, Ground, Objection, ObjectorRole, Outcome,
    RedExit, Repair, RepairEffect, RepairFields, Ruling, Stay, StayFields, Withdrawal,
    WithdrawalReason,
};
pub use agreement::{
    Accession, Agreement, AgreementFields, Clause, ClauseMeasure, Force, Retirement,
};
pub use body::{Body, BodyError, BodyRef, SALT_BYTES};
pub use calendar::{Calendar, CalendarError, CalendarFields};
pub use class::{Class, Kind};
pub use content::{Content, HeadSeen, Notice, QueryRoot, Restart};
pub use ctx_course::CtxCourse;
pub use deadline_rules::{
    DeadlineEvent, DeadlineRule, DeadlineRuleError, DeadlineRuleFields, DeadlineRules, Term,
    TermUnit, YearDay,
};
pub use decision::{
    ActType, BasisLevel, Code, CodeTextError, Decision, DecisionFields, Duty, Invalid, LegalBasis,
    PenaltyClass, Remedy, RemedyKind, Service, ServiceWay,
};
pub use delivery::DeliveryBatch;
pub use document::DocumentKey;
pub use envelope::{
    Approval, Ctx, Header, Proposal, Statement, StatementError, registry_state, sign,
    sign_approval, sign_approved,
};
pub(crate) use envelope::{open_look_up, sign_look_up, verify_look_up};
pub use holdings::{Holdings, HoldingsFields};
pub use leaf::{LEAF_BYTES_MAX, Leaf, LeafError, SUITE_SHA256, Vis};
pub use listing::{Listing, Quarter, SeriousGroup};
pub use measure::{Measure, MeasureError};
pub use measure_catalogue::{MeasureCatalogue, MeasureItem, Revocation};
pub use payload::{BatchId, Payload, StatementRef};
pub use receipt::{ActOutcome, Receipt, ReceiptBatch};
pub use recognition_response::{
    RecognitionAnswer, RecognitionReason, RecognitionResponse, RecognitionResponseFields,
};
pub use record::{
    Answer, AppliedMeasure, AppliedMeasureFields, CodeChange, CodeChangeFields, Commitment,
    CommitmentFields, CommitmentKind, CommitmentOutcome, CommitmentOutcomeFields, CommitmentResult,
    Evaluation, EvaluationFields, Execution, Feedback, FeedbackFields, Initiation,
    InitiationFields, Interview, InterviewFields, InterviewKind, Month, Push, PushFields, Record,
    RecordError, Response, ResponseFields, SelfDeclaration, SelfDeclarationFields, Verification,
};
pub use registry::{
    Address, Audience, CatalogueItem, CutOff, Enrolment, ItemCatalogue, KeyUse, Level, ListScope,
    Loss, Mandate, Policy, Role, Rotation, Standing, Succession, Suspension, VisibilityClass,
};

#[cfg(test)]
mod tests;
