//! Properties over generated statements: one value one encoding, and no other bytes with its signature.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use concordat_protocol::codec::Ext;
use concordat_protocol::key::Signer;
use concordat_protocol::log::{Hash, LeafIndex, TreeSize};
use concordat_protocol::statement::{
    ActOutcome, BatchId, Content, Ctx, Decision, DeliveryBatch, Ground, KeyUse, Objection,
    ObjectorRole, Outcome, Payload, PenaltyClass, QueryRoot, Receipt, ReceiptBatch, Repair,
    RepairEffect, RepairFields, Restart, Rotation, Ruling, Standing, Statement, Stay, StayFields,
    Suspension, Withdrawal, WithdrawalReason, sign,
};
use concordat_protocol::text::Text;
use concordat_protocol::time::Day;
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::Network;

use crate::support::*;

fn words<const MAX: usize>() -> impl Strategy<Value = Text<MAX>> {
    "[a-z\u{4e00}-\u{4e7f}]{1,30}".prop_map(|text| Text::new(text).unwrap())
}

fn days() -> impl Strategy<Value = Day> {
    (20_454_i64..20_700).prop_map(|days| Day::new(days).unwrap())
}

fn decisions() -> impl Strategy<Value = Content> {
    (
        (days(), 0_i32..400, words(), option::of(words())),
        (option::of(any::<u64>()), option::of(any::<u64>())),
        (any::<bool>(), option::of(words()), any::<bool>()),
    )
        .prop_map(
            |(
                (decided_on, span, facts, content),
                (fine, confiscated),
                (classed, source, ended),
            )| {
                let mut fields = penalty();
                let end = decided_on.plus_days(span).unwrap();
                fields.decided_on = decided_on;
                fields.service.as_mut().unwrap().on = end;
                fields.duties[0].until = end;
                fields.publication_until = Some(end);
                fields.valid_until = ended.then_some(end);
                fields.facts = Some(facts);
                fields.content = content;
                fields.fine_fen = fine;
                fields.confiscation_fen = confiscated;
                fields.source = source;
                if classed {
                    fields.penalty_classes = vec![PenaltyClass::Warning, PenaltyClass::Other];
                }
                Content::Decision(Box::new(Decision::new(fields).unwrap()))
            },
        )
}

fn acts() -> impl Strategy<Value = Content> {
    let objection = (
        select(ObjectorRole::ALL),
        select(Ground::ALL),
        days(),
        any::<bool>(),
        option::of(words()),
    )
        .prop_map(|(role, ground, on, over, reasons)| {
            Content::Objection(Objection::new(role, ground, on, over, reasons))
        });
    let ruling = (select(Outcome::ALL), 1_u64..5, words()).prop_map(|(outcome, count, reasons)| {
        let net = Net::empty(Network::Production);
        let closes = (0..count)
            .map(|index| net.reference(city(), index))
            .collect();
        Content::Ruling(Ruling::new(outcome, closes, reasons).unwrap())
    });
    let withdrawal = (select(WithdrawalReason::ALL), words())
        .prop_map(|(reason, reasons)| Content::Withdrawal(Withdrawal { reason, reasons }));
    let stay = (words(), words(), days(), option::of(0_i32..900), words()).prop_map(
        |(body, document_number, ordered_on, lasts, reasons)| {
            let until = lasts.map(|lasts| ordered_on.plus_days(lasts).unwrap());
            let fields = StayFields {
                body,
                document_number,
                ordered_on,
                until,
                reasons,
            };
            Content::Stay(Box::new(Stay::new(fields).unwrap()))
        },
    );
    let effects = subsequence(RepairEffect::ALL.to_vec(), 1..=RepairEffect::ALL.len());
    let repair = (effects, days(), any::<bool>(), any::<bool>(), words()).prop_map(
        |(effects, decided_on, based, applied, reasons)| {
            let applied_on = applied.then_some(decided_on);
            let basis = penalty().basis.into_iter().filter(|_| based).collect();
            let fields = RepairFields {
                effects,
                decided_on,
                basis,
                reasons,
                applied_on,
            };
            Content::Repair(Box::new(Repair::new(fields).unwrap()))
        },
    );
    prop_oneof![objection, ruling, withdrawal, stay, repair]
}

fn registry_contents() -> impl Strategy<Value = Content> {
    let rotation = (
        select(KeyUse::ALL),
        1_u8..200,
        1_u8..200,
        option::of(any::<[u8; 32]>()),
    )
        .prop_map(|(key_use, old, new, next)| {
            Content::Rotation(Rotation {
                member: hub(),
                key_use,
                old: public(old),
                new: public(new),
                next: next.map(Hash::from_bytes),
            })
        });
    let suspension = (select(Standing::ALL), words()).prop_map(|(standing, reasons)| {
        Content::Suspension(Suspension {
            member: hub(),
            standing,
            reasons,
        })
    });
    let policy = (1_u64..9, 0_u64..9, any::<u64>()).prop_map(|(quorum, faults, grace)| {
        let mut policy = policy(vec![hub()], quorum, faults);
        policy.ctx_grace_ms = grace;
        Content::Policy(policy)
    });
    let restart = (0_u64..1 << 62, any::<[u8; 32]>()).prop_map(|(size, root)| {
        Content::Restart(Restart {
            size: TreeSize::new(size).unwrap(),
            root: Hash::from_bytes(root),
        })
    });
    prop_oneof![rotation, suspension, policy, restart]
}

fn ledgers() -> impl Strategy<Value = Content> {
    let origin = || Net::empty(Network::Production).origin(other_city());
    let spans = vec((1_u64..99, 1_u64..99), 1..9);
    let deliveries = spans.prop_map(move |spans| {
        let ranges = spans.iter().scan(0, |end, (gap, length)| {
            let begin = *end + gap;
            *end = begin + length;
            Some((LeafIndex::new(begin), LeafIndex::new(*end)))
        });
        let batch = DeliveryBatch::new(city(), origin(), ranges.collect());
        Content::DeliveryBatch(batch.unwrap())
    });
    let outcome = prop_oneof![
        option::of(any::<u32>()).prop_map(|measures| ActOutcome::Applied { measures }),
        (1_u8..=255).prop_map(|reason| ActOutcome::Refused { reason }),
        Just(ActOutcome::TargetNotHeld),
    ];
    let receipts = vec((outcome, any::<u64>(), any::<[u8; 32]>()), 1..9);
    let receipts = receipts.prop_map(move |receipts| {
        let net = Net::empty(Network::Production);
        let receipts = (0..).zip(receipts);
        let receipts = receipts.map(|(index, (outcome, target, hash))| Receipt {
            act: net.reference(city(), index),
            target: (LeafIndex::new(target), Hash::from_bytes(hash)),
            outcome,
        });
        let batch = ReceiptBatch::new(net.origin(other_city()), receipts.collect());
        Content::ReceiptBatch(batch.unwrap())
    });
    let roots = (
        1_u64..1 << 62,
        any::<[u8; 32]>(),
        0_u64..1 << 40,
        0_u64..1 << 40,
    );
    let roots = roots.prop_map(|(size, root, from, span)| {
        Content::QueryRoot(QueryRoot {
            size: TreeSize::new(size).unwrap(),
            root: Hash::from_bytes(root),
            from: Timestamp::new(from).unwrap(),
            until: Timestamp::new(from + span).unwrap(),
            resumed_after: None,
        })
    });
    prop_oneof![deliveries, receipts, roots]
}

fn payloads() -> impl Strategy<Value = Payload> {
    let contents = prop_oneof![decisions(), acts(), registry_contents(), ledgers()];
    (
        contents,
        0_u64..1 << 53,
        option::of(any::<[u8; 16]>()),
        vec((100_u64..200, words::<30>()), 0..3),
        any::<u32>(),
    )
        .prop_map(|(content, issued_at, batch, ext, index)| {
            let is_act = content.class().is_act();
            let target = Net::empty(Network::Production).reference(city(), 0);
            let index = LeafIndex::new(u64::from(index));
            Payload {
                issued_at: Timestamp::new(issued_at).unwrap(),
                target: is_act
                    .then_some(concordat_protocol::statement::StatementRef { index, ..target }),
                register_size: is_act.then_some(TreeSize::ZERO),
                batch: batch.map(BatchId::from_bytes),
                content,
                ext: ext
                    .iter()
                    .fold(Ext::default(), |ext, (key, text)| ext.with_text(*key, text)),
            }
        })
}

fn signed(payload: &Payload) -> Vec<u8> {
    let ctx = Ctx {
        size: TreeSize::new(3).unwrap(),
        state: Hash::from_bytes([9; 32]),
    };
    let act = payload.content.class().is_act();
    let about = payload
        .content
        .subject()
        .unwrap_or_else(|| if act { subject() } else { hub().code() });
    sign(&key(HUB_KEY), hub(), about, ctx, payload).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    // spec: STM-1, STM-15
    #[test]
    fn statement_decodes_to_what_was_signed(payload in payloads()) {
        let bytes = signed(&payload);
        let statement = Statement::decode(&bytes).unwrap();
        prop_assert_eq!(statement.payload(), &payload);
        prop_assert_eq!(statement.as_bytes(), bytes.as_slice());
        prop_assert_eq!(statement.verify_signature(&key(HUB_KEY).public_key()), Ok(()));
    }

    // spec: STM-1
    #[test]
    fn different_payloads_have_different_encodings(one in payloads(), other in payloads()) {
        prop_assert_eq!(signed(&one) == signed(&other), one == other);
    }

    // spec: STM-1, STM-7
    #[test]
    fn statement_with_another_byte_is_refused_or_does_not_verify(
        payload in payloads(), places in vec((any::<usize>(), 1_u8..=255), 24),
    ) {
        let bytes = signed(&payload);
        for (place, change) in places {
            let mut changed = bytes.clone();
            let place = place % changed.len();
            changed[place] ^= change;
            let verified = Statement::decode(&changed)
                .is_ok_and(|statement| statement.verify_signature(&key(HUB_KEY).public_key()).is_ok());
            prop_assert!(!verified, "byte {} ^ {}", place, change);
        }
    }

    // spec: STM-1
    #[test]
    fn statement_cut_short_or_followed_is_refused(payload in payloads(), cut: usize, more: u8) {
        let mut bytes = signed(&payload);
        prop_assert!(Statement::decode(&bytes[..cut % bytes.len()]).is_err());
        bytes.push(more);
        prop_assert!(Statement::decode(&bytes).is_err());
    }

    #[test]
    fn decoder_never_panics(bytes: Vec<u8>) {
        let _ = Statement::decode(&bytes);
        let mut tagged = vec![0xd2, 0x84];
        tagged.extend(bytes);
        let _ = Statement::decode(&tagged);
    }
}
