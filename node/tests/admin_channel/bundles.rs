//! Bundles that a node hands out.

use super::*;

/// A public decision was given away with the household's that it rests on, and no row told of it.
// spec: ADM-75
#[tokio::test(flavor = "multi_thread")]
async fn bundle_with_what_is_not_public_is_given_only_with_purpose_and_case() {
    let pair = Pair::start().await;
    pair.import().await;
    let mut own = Client::open(&pair.member).await;
    let first = own.statement(position(&pair.first())).await;
    let mut fields = first.decision.unwrap().fields().clone();
    let organisation = fields.subject.clone();
    let region = RegionCode::parse("230100").unwrap();
    let code = SubjectCode::compose("92", region, "MA000001").unwrap();
    let name = Text::new("Test household").unwrap();
    fields.subject = Subject::new(code, SubjectCheck::Ok, Form::SelfEmployed, name).unwrap();
    fields.document_number = Text::new("No. 1001").unwrap();
    let household = pair.decide(fields.clone()).await;
    fields.subject = organisation;
    fields.document_number = Text::new("No. 1002").unwrap();
    fields.rests_on = vec![household];
    let public = pair.decide(fields).await;
    until(&pair.hub.node, |node| {
        node.query()
            .unwrap()
            .store()
            .holds(&public.origin, public.index)
    })
    .await;
    let mut client = Client::open(&pair.hub).await;
    assert_eq!(client.statement(position(&public)).await.look_up_row, None);
    let ask = |look_up| {
        Request::BundleExport(BundleAsk {
            target: position(&public),
            look_up,
            receiver: None,
        })
    };
    assert_eq!(client.refused(&ask(None)).await, ErrorCode::PurposeRequired);
    assert_eq!(client.status().await.look_ups, 0);
    client.ask(&ask(Some(look_up()))).await.unwrap();
    // One for each organisation.
    assert_eq!(client.status().await.look_ups, 2);
    pair.stop().await;
}

/// What is neither decision nor act has no bundle; nothing about it failed to verify.
// spec: ADM-171
#[tokio::test(flavor = "multi_thread")]
async fn bundle_of_what_is_neither_decision_nor_act_is_refused() {
    let pair = Pair::start().await;
    let mut client = Client::open(&pair.hub).await;
    let target = Target::Short {
        member: pair.hub.node.member(),
        log: 1,
        index: LeafIndex::new(0),
    };
    let ask = Request::BundleExport(BundleAsk {
        target,
        look_up: None,
        receiver: None,
    });
    let refused = client.ask(&ask).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::WrongClass);
    assert_eq!(refused.detail("state"), Some("bundle"));
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bundle_verifies_with_the_genesis_alone() {
    let pair = Pair::start().await;
    pair.import().await;
    let mut client = Client::open(&pair.hub).await;
    // A bundle shows a head of the home register, and that has one from its first notice on.
    let target = position(&pair.first());
    client.act(&objection(target.clone(), false)).await;
    let ask = Request::BundleExport(BundleAsk {
        target,
        look_up: None,
        receiver: None,
    });
    client.send(&ask.encode().unwrap()).await;
    let (last, before) = client.last().await.unwrap();
    let mut bytes = Vec::new();
    for frame in before {
        match frame {
            Reply::Chunk(chunk) => bytes.extend_from_slice(&chunk),
            other => panic!("{other:?}"),
        }
    }
    let Reply::Bundle(view) = last else {
        panic!("no bundle");
    };
    assert_eq!(view.bytes, bytes.len() as u64);
    bundle::verify(&bytes, &pair.hub.node.genesis().id(), None).unwrap();
    pair.stop().await;
}

/// A bundle as exported.
async fn exported(node: &Running, target: Target) -> Vec<u8> {
    let mut client = Client::open(node).await;
    let ask = Request::BundleExport(BundleAsk {
        target,
        look_up: None,
        receiver: None,
    });
    client.send(&ask.encode().unwrap()).await;
    let (_, before) = client.last().await.unwrap();
    let mut bytes = Vec::new();
    for frame in before {
        match frame {
            Reply::Chunk(chunk) => bytes.extend_from_slice(&chunk),
            other => panic!("{other:?}"),
        }
    }
    bytes
}

// spec: EFF-40, BUN-40
#[tokio::test(flavor = "multi_thread")]
async fn statements_logged_again_count_once_and_keep_no_bundle_from_being_made() {
    let pair = Pair::start().await;
    pair.import().await;
    let first = pair.first();
    let target = position(&first);
    // The home register has a head from its first notice on.
    let mut hub = Client::open(&pair.hub).await;
    let act = hub.act(&objection(target.clone(), false)).await;
    let node = &pair.hub.node;
    let objection = signed_at(node, &act.reference.unwrap());
    let decision = signed_at(&pair.member.node, &first);
    let log = LogNumber::Statements;
    node.submit(log, vec![objection]).await.unwrap();
    let again = pair.member.node.submit(log, vec![decision]).await.unwrap();
    until(node, |node| {
        node.shared()
            .body(&again[0].origin, again[0].index)
            .is_some()
    })
    .await;
    let held = node.effect_of(&first, node.today()).unwrap();
    assert_eq!(held.suspended_by[0].by.len(), 1);
    let copy = node.effect_of(&again[0], node.today()).unwrap();
    assert_eq!(
        copy.validity,
        concordat_protocol::effect::Validity::NotADecision
    );
    let bytes = exported(&pair.hub, target).await;
    let verified = bundle::verify(&bytes, &node.genesis().id(), None).unwrap();
    assert!(verified.acts().len() <= 2);
    pair.stop().await;
}
