//! What an objection asks to be changed, by its ground.
//!
//! Words are compared by nobody: of a field of words it is told that it is another, not that it is
//! better.

use crate::statement::{DecisionFields, Ground};

/// Whether what a decision says has changed where a ground points to.
// spec: EFF-35
pub(super) fn touches(ground: Ground, before: &DecisionFields, after: &DecisionFields) -> bool {
    match ground {
        Ground::Facts => {
            let found = |d: &DecisionFields| (d.facts.clone(), d.content.clone());
            found(before) != found(after)
                || (before.act_type, &before.item) != (after.act_type, &after.item)
                || before.penalty_classes != after.penalty_classes
                || amounts(before) != amounts(after)
                || before.duties != after.duties
        }
        Ground::WrongSubject => before.subject != after.subject,
        Ground::Basis => (&before.basis, &before.item) != (&after.basis, &after.item),
        Ground::Procedure => {
            let told = |d: &DecisionFields| d.listing.as_ref().and_then(|l| l.pre_notice.clone());
            (&before.service, &before.remedies) != (&after.service, &after.remedies)
                || told(before) != told(after)
        }
        Ground::Amount => {
            amounts(before) != amounts(after)
                || before.penalty_classes != after.penalty_classes
                || before.duties != after.duties
        }
        Ground::Ended => {
            let ends = |d: &DecisionFields| (d.valid_from, d.valid_until, d.publication_until);
            ends(before) != ends(after) || before.duties != after.duties
        }
        Ground::Publication => {
            let published = |d: &DecisionFields| (d.published_on, d.publication_until);
            published(before) != published(after)
        }
        Ground::Other => before != after,
    }
}

const fn amounts(fields: &DecisionFields) -> (Option<u64>, Option<u64>) {
    (fields.fine_fen, fields.confiscation_fen)
}
