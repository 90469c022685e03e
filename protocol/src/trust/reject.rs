//! Why a well-formed statement is not accepted. The peer that handed it over may be honest.

use crate::codec::code_enum;
use crate::key::KeyError;

// spec: ERR-1
code_enum! {
    /// Why a statement is refused or void. Codes are those of `spec/errors.md`.
    #[derive(thiserror::Error)]
    #[non_exhaustive]
    pub enum RejectReason {
        /// It was signed under a registry that is not known here yet. Ask again later.
        #[error("it was signed under a registry state that has not arrived here yet")]
        CtxAhead = 1,
        /// The registry state in `ctx` is not the registry's at that size, or of another network.
        #[error("the registry state it names never existed")]
        CtxForeign = 2,
        /// `ctx` is smaller than in an earlier leaf of the log.
        #[error("its registry state is older than that of an earlier entry of the log")]
        CtxDecreases = 3,
        /// `iss` is no authority that was enrolled at `ctx`.
        #[error("the issuer was not enrolled")]
        IssuerUnknown = 4,
        /// The issuer does not publish through this log.
        #[error("the issuer does not publish in this log")]
        IssuerElsewhere = 5,
        /// The issuer was suspended and this is no act.
        #[error("the issuer is suspended")]
        IssuerSuspended = 6,
        /// `kid` is no statement key of the issuer at `ctx`.
        #[error("the key is not a statement key of the issuer")]
        KeyUnknown = 7,
        /// The signature does not verify.
        #[error("the signature does not verify")]
        BadSignature = 8,
        /// The issuer has no mandate for this class, act type or item on the day.
        #[error("the issuer has no mandate for it")]
        NoMandate = 9,
        /// This class does not belong into this log.
        #[error("a statement of this class does not belong in this log")]
        WrongLog = 10,
        /// Fewer approvers than the registry asks for.
        #[error("too few approvers")]
        TooFewApprovals = 11,
        /// The item is not in the catalogue at `ctx` on the day of the decision.
        #[error("the item is not in the catalogue in force on the day of the decision")]
        ItemUnknown = 12,
        /// The item is not for this type of act.
        #[error("the catalogue item is not for this type of act")]
        ItemActType = 13,
        /// Publication longer than the item allows.
        #[error("the publication is longer than the catalogue item allows")]
        PublicationTooLong = 14,
        /// A measure that the item does not allow.
        #[error("a measure is not among those that the catalogue item allows")]
        MeasureUnknown = 15,
        /// The leaf's visibility class is not the one that the catalogue gives.
        #[error("its visibility class is not the one that the catalogue gives")]
        WrongVis = 16,
        /// The leaf's kind does not fit the class.
        #[error("the leaf's kind does not fit the statement's class")]
        WrongKind = 17,
        /// The leaf's target does not fit the statement's.
        #[error("the leaf's target does not fit the statement's")]
        WrongTarget = 18,
        /// Boundary fields made up by a profile in a production network.
        #[error("synthetic fields have no place in a production network")]
        SyntheticInProduction = 19,
        /// The same statement bytes stand earlier in the log.
        #[error("the same statement stands earlier in the log")]
        Repeated = 20,
        /// The body does not fit the leaf's commitment.
        #[error("the body does not fit the leaf's commitment")]
        WrongCommit = 21,
        /// The bytes are no statement.
        #[error("the bytes are not a statement")]
        NotAStatement = 22,
        /// A change of the registry that contradicts it.
        #[error("the change contradicts the registry as it stands")]
        RegistryConflict = 23,
        /// An approval was given for another network.
        #[error("an approval was given for another network")]
        OtherNetwork = 24,
        /// The leaf's registry size is not that of the statement's `ctx`.
        #[error("the leaf's registry size is not the statement's")]
        WrongCtx = 25,
        /// An entry in a list that cites no act of a level that may found that list.
        #[error("it cites no act of a level that may found this list")]
        ListBasis = 26,
        /// An agreement that a party it names has not approved, or that its issuer is no party to.
        #[error("a party that the agreement names has not approved it")]
        NotAParty = 27,
        /// The item is not for this class of record.
        #[error("the catalogue item is not for this class of statement")]
        ItemClass = 28,
        /// The note of an interview that others than members named in the catalogue would see.
        #[error("an interview is seen by members named in the catalogue alone, and this item is open to more")]
        InterviewOpen = 29,
    }
}

impl From<KeyError> for RejectReason {
    fn from(_: KeyError) -> Self {
        Self::BadSignature
    }
}
