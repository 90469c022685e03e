//! Deliveries and receipts as statements: what none can say, who may make them, who is given them.

use concordat_protocol::codec::Truth;
use concordat_protocol::limits;
use concordat_protocol::log::{Hash, LeafIndex, TreeSize};
use concordat_protocol::statement::{
    ActOutcome, Class, Content, DeliveryBatch, Enrolment, Holdings, HoldingsFields, Invalid,
    Mandate, QueryRoot, Receipt, ReceiptBatch, Role, Standing, StatementError, StatementRef,
    Suspension, Vis, sign,
};
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::{Applied, Authority, LogNumber, Place, RejectReason, verify};

use crate::support::*;

fn range(begin: u64, end: u64) -> (LeafIndex, LeafIndex) {
    (LeafIndex::new(begin), LeafIndex::new(end))
}

fn delivery(ranges: Vec<(LeafIndex, LeafIndex)>) -> Result<DeliveryBatch, Invalid> {
    let origin = Net::production().origin(city());
    DeliveryBatch::new(other_city(), origin, ranges)
}

fn receipt(act: StatementRef, outcome: ActOutcome) -> Receipt {
    let target = (LeafIndex::new(3), Hash::from_bytes([5; 32]));
    Receipt {
        act,
        target,
        outcome,
    }
}

fn applied(act: StatementRef) -> Receipt {
    receipt(act, ActOutcome::Applied { measures: None })
}

// spec: PRP-1
#[test]
fn delivery_names_positions_in_order_and_each_once() {
    let field = "ranges";
    assert_eq!(delivery(vec![]), Err(Invalid::EmptyList { field }));
    for wrong in [
        vec![range(3, 3)],
        vec![range(4, 3)],
        vec![range(5, 6), range(1, 2)],
        vec![range(1, 4), range(3, 6)],
        vec![range(1, 4), range(4, 6)],
    ] {
        assert_eq!(delivery(wrong), Err(Invalid::ListOrder { field }));
    }
    let ranges = |count: u64| (0..count).map(|at| range(2 * at, 2 * at + 1)).collect();
    assert_eq!(delivery(ranges(257)), Err(Invalid::TooMany { field }));
    assert!(delivery(ranges(256)).is_ok());
    let batch = delivery(vec![range(2, 4), range(6, 7)]).unwrap();
    let named = (0..9).filter(|index| batch.contains(LeafIndex::new(*index)));
    assert_eq!(named.collect::<Vec<_>>(), [2, 3, 6]);
}

// spec: PRP-2
#[test]
fn receipts_name_acts_in_order_and_each_once() {
    let net = Net::production();
    let field = "receipts";
    let batch = |receipts| ReceiptBatch::new(net.origin(city()), receipts);
    let of = |member, index| applied(net.reference(member, index));
    assert_eq!(batch(vec![]), Err(Invalid::EmptyList { field }));
    let descends = vec![of(city(), 2), of(city(), 1)];
    assert_eq!(batch(descends), Err(Invalid::ListOrder { field }));
    // Of two outcomes of one act neither is the last word.
    let not_held = receipt(net.reference(city(), 1), ActOutcome::TargetNotHeld);
    let twice = vec![of(city(), 1), not_held];
    assert_eq!(batch(twice), Err(Invalid::ListOrder { field }));
    let unreasoned = receipt(net.reference(city(), 1), ActOutcome::Refused { reason: 0 });
    assert_eq!(batch(vec![unreasoned]), Err(Invalid::Receipt));
    let many = |count| (0..count).map(|index| of(city(), index)).collect();
    assert_eq!(batch(many(257)), Err(Invalid::TooMany { field }));
    let batch = batch(vec![of(city(), 1), of(city(), 4)]).unwrap();
    let index = |index| batch.of(&net.origin(city()), LeafIndex::new(index));
    assert_eq!(index(4), Some(&of(city(), 4)));
    assert_eq!(index(3), None);
    assert!(
        batch
            .of(&net.origin(other_city()), LeafIndex::new(4))
            .is_none()
    );
}

/// The longest receipts there are, as many as one statement takes, fit into it.
// spec: PRP-2
#[test]
fn full_batch_fits_one_statement() {
    let net = Net::production();
    let log = |number| {
        let origin = net.origin(city()).to_string();
        let (name, _) = origin.rsplit_once('/').unwrap();
        format!("{name}/{number}").parse().unwrap()
    };
    let far = u64::MAX - 300;
    let one = |act| Receipt {
        act: StatementRef {
            origin: log(u32::MAX),
            index: LeafIndex::new(far + act),
            leaf_hash: Hash::from_bytes([0xff; 32]),
        },
        target: (LeafIndex::new(far), Hash::from_bytes([0xff; 32])),
        outcome: ActOutcome::Applied {
            measures: Some(u32::MAX),
        },
    };
    let receipts = (0..256).map(one).collect();
    let batch = ReceiptBatch::new(log(u32::MAX), receipts).unwrap();
    let payload = payload(Content::ReceiptBatch(batch));
    let ctx = net.registry.ctx();
    let bytes = sign(&key(CITY_KEY), city(), city().code(), ctx, &payload).unwrap();
    assert!(
        bytes.len() <= limits::STATEMENT_BYTES_MAX,
        "{}",
        bytes.len()
    );
}

fn contents(net: &Net) -> [Content; 3] {
    let receipts = vec![applied(net.reference(other_city(), 1))];
    let receipts = ReceiptBatch::new(net.origin(other_city()), receipts).unwrap();
    let batch = DeliveryBatch::new(authority(9), net.origin(other_city()), vec![range(0, 1)]);
    let holdings = Holdings::new(HoldingsFields {
        origin: net.origin(other_city()),
        size: TreeSize::new(1).unwrap(),
        root: Hash::from_bytes([4; 32]),
        from: LeafIndex::new(0),
        missing: Vec::new(),
        erased: Vec::new(),
    });
    [
        Content::DeliveryBatch(batch.unwrap()),
        Content::ReceiptBatch(receipts),
        Content::Holdings(Box::new(holdings.unwrap())),
    ]
}

// spec: PRP-3
#[test]
fn ledger_is_kept_by_the_member_alone_without_a_mandate() {
    let net = Net::production();
    for content in contents(&net) {
        let payload = payload(content);
        let own = |vis| {
            let own = net.statement(CITY_KEY, city(), city().code(), &payload);
            net.verdict(city(), own, vis)
        };
        let verified = own(Vis::ALL_MEMBERS).unwrap();
        assert_eq!(verified.authority(), Authority::Mandate);
        assert_eq!(own(Vis::new(1)).unwrap_err(), RejectReason::WrongVis);
        // A department that publishes through the city receives nothing, and gives nothing.
        let by_department = (DEPARTMENT_KEY, department());
        for (seed, author) in [by_department, (OTHER_KEY, other_city())] {
            let statement = net.statement(seed, author, author.code(), &payload);
            let refused = net.verdict(city(), statement, Vis::ALL_MEMBERS);
            assert_eq!(refused.unwrap_err(), RejectReason::IssuerElsewhere);
        }
        let statement = net.statement(HUB_KEY, hub(), hub().code(), &payload);
        let leaf = leaf_of(&statement, Vis::ALL_MEMBERS, None);
        let genesis = net.registry.genesis();
        for number in [LogNumber::Registry, LogNumber::Register] {
            let place = Place {
                origin: &genesis.origin(hub(), number),
                index: LeafIndex::new(9),
                leaf: &leaf,
                ctx_floor: TreeSize::ZERO,
            };
            let refused = verify(&net.registry, place, statement.clone());
            assert_eq!(refused.unwrap_err(), RejectReason::WrongLog);
        }
    }
}

/// Acts reach a suspended member, and what it does with them has to be told.
// spec: PRP-3, TRU-25
#[test]
fn member_that_is_not_active_still_keeps_its_ledger() {
    for standing in [Standing::Suspended, Standing::Left] {
        let mut net = Net::production();
        let reasons = text("试验");
        let change = Content::Suspension(Suspension {
            member: city(),
            standing,
            reasons,
        });
        assert_eq!(net.change(change), Applied::Changed);
        for content in contents(&net) {
            let statement = net.statement(CITY_KEY, city(), city().code(), &payload(content));
            assert!(net.verdict(city(), statement, Vis::ALL_MEMBERS).is_ok());
        }
    }
}

// spec: PRP-4
#[test]
fn ledger_is_read_by_those_it_concerns_the_hub_and_supervisors() {
    let mut net = Net::production();
    let supervising = Enrolment {
        mandates: vec![Mandate {
            classes: vec![Class::Ruling],
            supervises: Some(Truth),
            ..mandate()
        }],
        ..enrolment(authority(6), Role::Member, 60)
    };
    for member in [
        supervising,
        enrolment(authority(7), Role::Member, 70),
        enrolment(authority(9), Role::Member, 90),
    ] {
        let enrolled = net.change(Content::Enrolment(Box::new(member)));
        assert_eq!(enrolled, Applied::Changed);
    }
    let log = net.origin(city());
    let reads = |content: &Content, member| net.registry.may_read(&log, content, member);
    for content in contents(&net) {
        for member in [city(), other_city(), hub(), authority(6)] {
            assert!(reads(&content, member), "{member}");
        }
        let receiver = matches!(content, Content::DeliveryBatch(_));
        assert_eq!(reads(&content, authority(9)), receiver);
        assert!(!reads(&content, authority(7)));
        assert!(!reads(&content, authority(99)), "no member");
        assert!(content.class().kind().is_between_parties());
    }
    let others = decision(penalty());
    assert_eq!(others.concerns(city()), None);
}

// spec: LKP-21, TRU-25
#[test]
fn root_of_look_ups_is_its_members_own_for_everyone_to_read_and_suspended_or_not() {
    let mut net = Net::production();
    let at = |ms| Timestamp::new(ms).unwrap();
    let root = Content::QueryRoot(QueryRoot {
        size: TreeSize::new(3).unwrap(),
        root: Hash::from_bytes([6; 32]),
        from: at(1),
        until: at(2),
    });
    let payload = payload(root.clone());
    let own = |net: &Net, vis| {
        let own = net.statement(CITY_KEY, city(), city().code(), &payload);
        net.verdict(city(), own, vis)
    };
    let verified = own(&net, Vis::ALL_MEMBERS).unwrap();
    assert_eq!(verified.authority(), Authority::Mandate);
    assert_eq!(own(&net, Vis::new(1)).unwrap_err(), RejectReason::WrongVis);
    assert_eq!(root.concerns(other_city()), None);
    let by_other = net.statement(OTHER_KEY, other_city(), other_city().code(), &payload);
    let refused = net.verdict(city(), by_other, Vis::ALL_MEMBERS);
    assert_eq!(refused.unwrap_err(), RejectReason::IssuerElsewhere);
    let change = Content::Suspension(Suspension {
        member: city(),
        standing: Standing::Suspended,
        reasons: text("试验"),
    });
    assert_eq!(net.change(change), Applied::Changed);
    assert!(own(&net, Vis::ALL_MEMBERS).is_ok());
}

// spec: LKP-20
#[test]
fn root_of_look_ups_is_of_a_row_and_does_not_end_before_it_begins() {
    let net = Net::production();
    let root = |size, from, until| {
        let at = |ms| Timestamp::new(ms).unwrap();
        let payload = payload(Content::QueryRoot(QueryRoot {
            size: TreeSize::new(size).unwrap(),
            root: Hash::from_bytes([6; 32]),
            from: at(from),
            until: at(until),
        }));
        let (about, ctx) = (city().code(), net.registry.ctx());
        sign(&key(CITY_KEY), city(), about, ctx, &payload)
    };
    assert!(root(1, 5, 5).is_ok());
    for wrong in [root(0, 5, 6), root(1, 6, 5)] {
        let error = wrong.unwrap_err();
        assert_eq!(error, StatementError::Invalid(Invalid::QueryRoot));
    }
}
