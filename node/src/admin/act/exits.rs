//! By which exit an organisation leaves a red list (HS-4.2), and by what it does not.

use concordat_protocol::admin::{AdminError, ErrorCode};
use concordat_protocol::effect::Effect;
use concordat_protocol::statement::{ActType, Decision, DecisionFields, RedExit, WithdrawalReason};
use concordat_protocol::time::Day;

use super::{Case, refusal, subject};
use crate::admin::listed;

/// The kind of reason of a withdrawal, and its exit.
pub(super) type Grounds = (WithdrawalReason, Option<RedExit>);

impl Case<'_> {
    /// Refuses a withdrawal of an entry in a red list that does not say the exit, one that says it of anything
    /// else, and one whose exit is not so: its reason takes nobody off the list, or validity lasts.
    // spec: STM-191, ADM-430, ADM-437
    pub(super) fn require_exit(
        &self,
        effect: Option<&Effect>,
        reason: WithdrawalReason,
        exit: Option<RedExit>,
    ) -> Result<(), AdminError> {
        let stands = match effect {
            Some(effect) => self.red(effect)?,
            None => None,
        };
        if let Some(entry) = stands
            .as_ref()
            .filter(|_| reason == WithdrawalReason::Duplicate)
        {
            self.require_twin(entry)?;
        }
        let until = |entry: &DecisionFields| entry.valid_until;
        let stands = stands.as_ref().map(until);
        let unfit = |state: &str| {
            let error = AdminError::new(ErrorCode::ExitUnfit).with("target", &self.target);
            error.with("state", state)
        };
        match (stands, exit) {
            (Some(_), None) if reason.ends_listing() => {
                Err(AdminError::new(ErrorCode::ExitNeeded).with("target", &self.target))
            }
            (None, Some(_)) => Err(unfit("other")),
            (Some(_), Some(_)) if !reason.ends_listing() => Err(unfit("reason")),
            (Some(until), Some(RedExit::ValidityEnded)) => {
                match until.filter(|until| self.desk.node().today() < *until) {
                    Some(until) => Err(unfit("validity").with("until", until)),
                    None => Ok(()),
                }
            }
            (Some(_), Some(_) | None) | (None, None) => Ok(()),
        }
    }

    /// What a withdrawal of many says of this one: of an entry in a red list the exit, of anything else the
    /// reason, where both are said.
    ///
    /// # Errors
    /// `exit-needed` and `exit-unfit`, as of a withdrawal of one.
    // spec: ADM-438
    pub(super) fn grounds(
        &self,
        effect: &Effect,
        (reason, exit): (Option<WithdrawalReason>, Option<RedExit>),
    ) -> Result<Grounds, AdminError> {
        let is_red = self.red(effect)?.is_some();
        let grounds = match (reason, exit) {
            (Some(reason), Some(_)) if !is_red => (reason, None),
            (Some(reason), None) => (reason, None),
            (_, exit) => (WithdrawalReason::DecisionRevoked, exit),
        };
        self.require_exit(Some(effect), grounds.0, grounds.1)?;
        Ok(grounds)
    }

    /// Refuses to withdraw an entry in a red list as one that stands twice where no other does.
    // spec: ADM-461
    fn require_twin(&self, entry: &DecisionFields) -> Result<(), AdminError> {
        match listed::stands_twice(self.desk.node(), (&self.target, self.issuer), entry)? {
            true => Ok(()),
            false => Err(AdminError::new(ErrorCode::NotTwice).with("target", &self.target)),
        }
    }

    /// Refuses a correction that takes an organisation off a red list by its last day or its type of act: it is left
    /// by an exit.
    // spec: ADM-460
    pub(super) fn require_entry_lasts(&self, replacement: &Decision) -> Result<(), AdminError> {
        let Some(entry) = self.red(&self.effect()?)? else {
            return Ok(());
        };
        let (today, says) = (self.desk.node().today(), replacement.fields());
        let lasts = |until: Option<Day>| until.is_none_or(|until| until > today);
        let is_left = says.act_type != ActType::RedList
            || lasts(entry.valid_until) && !lasts(says.valid_until);
        let error = || AdminError::new(ErrorCode::EndsEntry).with("target", &self.target);
        match (is_left, says.valid_until) {
            (false, _) => Ok(()),
            (true, Some(until)) => Err(error().with("until", until)),
            (true, None) => Err(error()),
        }
    }

    /// An entry in a red list, as it stands; `None` where the target is no such entry.
    fn red(&self, effect: &Effect) -> Result<Option<DecisionFields>, AdminError> {
        let stands = self.desk.node().stands_by(effect);
        let stands = match stands.map_err(refusal::query)? {
            Some(stands) => stands,
            None => subject::verified(self.desk, &self.target)?,
        };
        let decision = stands.statement().payload().content.decision();
        let fields = decision.map(Decision::fields);
        let red = fields.filter(|fields| fields.act_type == ActType::RedList);
        Ok(red.cloned())
    }
}
