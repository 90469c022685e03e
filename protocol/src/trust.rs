//! Who may say what: genesis, the registry that grows from it, and the verdict on a statement.
//!
//! Implements `spec/trust.md`. The registry is a fold over the hub's log 1; every node that has the
//! same entries has the same registry. Questions of authority about a statement are answered by the
//! registry as it was at the statement's `ctx`, except cut-offs, which reach back by log position.
//!
//! Out of scope: effect. A statement that is verified here may still be void, corrected or suspended.

mod change_fault;
mod cut_off;
mod genesis;
mod heads_seen;
mod member;
mod registry;
mod reject;
mod request;
mod verify;

pub use change_fault::ChangeFault;
pub use cut_off::CutOffFault;
pub use genesis::{
    Approvers, FORMAT, Genesis, GenesisError, GenesisFields, LogNumber, Network, Recovery,
};
pub use heads_seen::{HeadsSeen, LateLeaves, Timing, grace_before};
pub use member::{Member, MemberKeys};
pub use registry::{Applied, Registry};
pub use reject::RejectReason;
pub use request::{
    ApprovalFields, Form, KeyProof, ProposalFields, RequestFields, possession_message,
};
pub(crate) use verify::judged_by;
pub use verify::{Authority, Place, Verified, check, verify, verify_marked};
