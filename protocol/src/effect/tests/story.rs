//! The story of `spec/effect.md`: decision, objection, ruling, correction.

use super::*;

// spec: EFF-9, EFF-20
#[test]
fn decision_suspended_for_others_stays_in_force_for_its_issuer_until_corrected() {
    let (mut world, target) = World::with_penalty();
    let before = world.effect(&target);
    assert_eq!(before.binds_others(), BindsOthers::Applies);
    assert_eq!(before.later_acts, LaterActs::NotProven);
    assert_eq!(before.amounts.fine_fen, 500_000);

    let objection = world.object(Who::City, 3, &target, Ground::Amount);
    let objected = world.effect(&target);
    assert_eq!(objected.binds_others(), BindsOthers::Suspended);
    assert_eq!(
        objected.suspended_by,
        [Suspension {
            kind: SuspensionKind::Objection(Ground::Amount),
            by: vec![objection.clone()],
            received: Received {
                with_issuer: None,
                elsewhere: Some(day("2026-04-01")),
            },
            awaiting_act: vec![],
        }]
    );
    assert!(objected.in_force_for_issuer());
    assert_eq!(objected.validity, Validity::InForce);

    world.rule(Who::Issuer, 20, &target, Outcome::Corrected, &[&objection]);
    let ruled = world.effect(&target);
    assert_eq!(ruled.binds_others(), BindsOthers::Suspended);
    assert_eq!(ruled.suspended_by[0].awaiting_act, [objection]);

    let correction = world.correct(Who::Issuer, 21, &target, fine(50_000));
    let corrected = world.effect(&target);
    assert_eq!(corrected.binds_others(), BindsOthers::Applies);
    assert_eq!(
        corrected.validity,
        Validity::Corrected {
            by: vec![correction]
        }
    );
    assert_eq!(corrected.amounts.fine_fen, 50_000);
    assert!(corrected.in_force_for_issuer());
}
