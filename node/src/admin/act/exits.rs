//! By which exit an organisation leaves a red list (HS-4.2).

use concordat_protocol::admin::{AdminError, ErrorCode};
use concordat_protocol::effect::Effect;
use concordat_protocol::statement::{ActType, Decision, RedExit, WithdrawalReason};

use super::{Case, refusal, subject};

impl Case<'_> {
    /// Refuses a withdrawal of an entry in a red list that does not say the exit, and one that says it of
    /// anything else.
    // spec: STM-191, ADM-430
    pub(super) fn require_exit(
        &self,
        effect: Option<&Effect>,
        reason: WithdrawalReason,
        exit: Option<RedExit>,
    ) -> Result<(), AdminError> {
        let is_red = match effect {
            Some(effect) => self.is_red(effect)?,
            None => false,
        };
        let code = match (is_red, exit) {
            (true, None) if reason.ends_listing() => ErrorCode::ExitNeeded,
            (false, Some(_)) => ErrorCode::ExitUnfit,
            (true, Some(_) | None) | (false, None) => return Ok(()),
        };
        Err(AdminError::new(code).with("target", &self.target))
    }

    /// Whether the target is an entry in a red list, as it stands.
    fn is_red(&self, effect: &Effect) -> Result<bool, AdminError> {
        let stands = self.desk.node().stands_by(effect);
        let stands = match stands.map_err(refusal::query)? {
            Some(stands) => stands,
            None => subject::verified(self.desk, &self.target)?,
        };
        let decision = stands.statement().payload().content.decision();
        let act_type = decision.map(Decision::fields).map(|fields| fields.act_type);
        Ok(act_type == Some(ActType::RedList))
    }
}
