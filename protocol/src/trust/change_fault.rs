//! Why a change of the registry cannot hold.

use crate::key::KeyId;
use crate::subject::AuthorityCode;
use crate::trust::cut_off::CutOffFault;
use crate::trust::reject::RejectReason;

/// Why a change of the registry cannot hold, for whoever proposes, approves or logs it. In the log the
/// entry is void, and the reason is [`ChangeFault::reason`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeFault {
    /// Items or classes of a catalogue out of order.
    #[error("items and classes of a catalogue ascend by code, each code once")]
    CatalogueOrder,
    /// An item of lists that does not say whose list it is, cites nothing that may found it, or is for
    /// other types of act as well; or another item that says whose list it is.
    #[error(
        "item {item} in the order of codes: an item of lists, and no other, says whose list it is, is for lists alone and cites an act that may found it"
    )]
    ListUnfit {
        /// Which one, from 1.
        item: usize,
    },
    /// An item that names classes of statements out of order or other than data, or types of act though it is
    /// not for decisions.
    #[error(
        "item {item} in the order of codes: classes of statements ascend and are 1 to 13, and types of act belong to items for decisions or lists"
    )]
    ItemClasses {
        /// Which one, from 1.
        item: usize,
    },
    /// A visibility class that an item, or the class for near-personal subjects, names and the
    /// catalogue lacks.
    #[error("the catalogue has no visibility class {vis}")]
    ClassMissing {
        /// The class.
        vis: u8,
    },
    /// A visibility class with members that its audience does not take.
    #[error(
        "visibility class {vis} has members out of order or beside its audience, or is class 0 with another audience"
    )]
    ClassUnfit {
        /// The class.
        vis: u8,
    },
    /// A cosigner that is not enrolled.
    #[error("{member} is to cosign and is not enrolled")]
    CosignerUnknown {
        /// The member.
        member: AuthorityCode,
    },
    /// The cut-off lacks something, or has too much.
    #[error(transparent)]
    CutOff(#[from] CutOffFault),
    /// Role, keys, suite or lists of an enrolment.
    #[error("role, keys, suite or lists of the enrolment do not fit each other")]
    EnrolmentUnfit,
    /// The standing of the hub.
    #[error("the hub cannot be suspended")]
    HubStanding,
    /// A key that does not belong to the member for this use.
    #[error("the key {kid} is not in use there")]
    KeyNotInUse {
        /// The key.
        kid: KeyId,
    },
    /// A key that has or had a use.
    #[error("the key {kid} has or had a use already")]
    KeyTaken {
        /// The key.
        kid: KeyId,
    },
    /// A member that is not enrolled.
    #[error("no member {member} is enrolled")]
    MemberUnknown {
        /// The member.
        member: AuthorityCode,
    },
    /// The class for near-personal subjects is public.
    #[error("the class for subjects that are close to a person is public")]
    NearPersonalPublic,
    /// Content that changes nothing of the registry.
    #[error("the statement does not change the registry")]
    NoChange,
    /// A member through which an issuer is to publish, without a log.
    #[error("{member} has no log to publish through")]
    NoLog {
        /// The member.
        member: AuthorityCode,
    },
    /// A commitment to a next key that could never follow.
    #[error("the key committed as the next has or had a use already")]
    NextTaken,
    /// Another key than was committed as the next.
    #[error("the new key is not the one that was committed as the next")]
    NotCommitted,
    /// A second enrolment with another role or other keys.
    #[error("a second enrolment keeps role, keys and the digests of the next keys")]
    NotRenewed,
    /// A cosigner without a witness key.
    #[error("{member} has no witness key to cosign with")]
    NoWitnessKey {
        /// The member.
        member: AuthorityCode,
    },
    /// An item declared beyond repair that is for no decisions, or not by an act that may declare it.
    #[error(
        "item {item} of the catalogue is beyond repair by no law, regulation or central policy, or is for no decisions"
    )]
    RepairBasis {
        /// The place of the item, from 1.
        item: usize,
    },
    /// Keys of approvers and of the recovery quorum.
    #[error("approver and recovery keys are those of genesis and do not change")]
    Permanent,
    /// A quorum of cosigners that cannot be met, or that two heads could meet at once.
    #[error("the cosigner quorum must satisfy (n + f) / 2 < q <= n")]
    Quorum,
    /// Fewer cosigners would be left than a quorum takes.
    #[error(
        "only {able} of the cosigners could cosign after it and a quorum takes {quorum}: change the policy first"
    )]
    QuorumLost {
        /// Active cosigners with a witness key.
        able: u64,
        /// How many a quorum takes.
        quorum: u64,
    },
    /// A member that takes part, declared lost.
    #[error(
        "{member} takes part: only a member that is suspended or has left is declared lost, so suspend it first"
    )]
    StillActive {
        /// The member.
        member: AuthorityCode,
    },
    /// A declaration of loss that was made before the member was suspended, or left.
    #[error(
        "the declaration that {member} is lost was made before the member was suspended: propose it anew and have it approved"
    )]
    BeforeSuspension {
        /// The member.
        member: AuthorityCode,
    },
    /// The hub, with a successor.
    #[error("the hub keeps registry and home register, and nobody takes over from it")]
    HubSucceeded,
    /// A member that somebody took over from already.
    #[error("{by} has taken over from {member}: it has no other successor and takes part no more")]
    Succeeded {
        /// The member.
        member: AuthorityCode,
        /// Its successor.
        by: AuthorityCode,
    },
    /// A successor that takes no part.
    #[error("{member} is to take over, but takes no part itself")]
    SuccessorInactive {
        /// The successor.
        member: AuthorityCode,
    },
    /// A member in whose log others publish.
    #[error(
        "{issuer} publishes through {member}, whose log is to end: enrol it to publish through another member first"
    )]
    StillPublishing {
        /// The member.
        member: AuthorityCode,
        /// An authority that publishes through it.
        issuer: AuthorityCode,
    },
    /// A member that was declared lost is so once more.
    #[error(
        "{member} was declared lost already, and nothing more follows from a second declaration"
    )]
    AlreadyLost {
        /// The member.
        member: AuthorityCode,
    },
}

impl ChangeFault {
    /// Why the entry is void, for everybody alike.
    #[must_use]
    pub const fn reason(self) -> RejectReason {
        match self {
            Self::MemberUnknown { .. } => RejectReason::IssuerUnknown,
            Self::NoChange => RejectReason::WrongLog,
            Self::CatalogueOrder
            | Self::ClassMissing { .. }
            | Self::ClassUnfit { .. }
            | Self::CosignerUnknown { .. }
            | Self::CutOff(_)
            | Self::EnrolmentUnfit
            | Self::HubStanding
            | Self::KeyNotInUse { .. }
            | Self::KeyTaken { .. }
            | Self::ItemClasses { .. }
            | Self::ListUnfit { .. }
            | Self::NearPersonalPublic
            | Self::NextTaken
            | Self::NoLog { .. }
            | Self::NotCommitted
            | Self::NotRenewed
            | Self::NoWitnessKey { .. }
            | Self::Permanent
            | Self::Quorum
            | Self::QuorumLost { .. }
            | Self::StillActive { .. }
            | Self::AlreadyLost { .. }
            | Self::BeforeSuspension { .. }
            | Self::HubSucceeded
            | Self::Succeeded { .. }
            | Self::SuccessorInactive { .. }
            | Self::StillPublishing { .. }
            | Self::RepairBasis { .. } => RejectReason::RegistryConflict,
        }
    }
}
