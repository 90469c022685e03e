//! Rotations, suspensions and cut-offs.

use super::*;

fn rotation(key_use: KeyUse, old: u8, new: u8) -> Content {
    Content::Rotation(Rotation {
        member: city(),
        key_use,
        old: public(old),
        new: public(new),
        next: None,
    })
}

// spec: TRU-24
#[test]
fn rotation_takes_the_key_that_was_committed_and_no_other() {
    let mut net = Net::production();
    let rotate = |new| rotation(KeyUse::Statement, CITY_KEY, new);
    assert_eq!(net.change(rotate(90)), CONFLICT);
    let content = Content::Rotation(Rotation {
        member: city(),
        key_use: KeyUse::Statement,
        old: public(CITY_KEY),
        new: public(NEXT_STATEMENT_KEY),
        next: Some(commitment(&public(121))),
    });
    assert_eq!(net.change(content), Applied::Changed);
    let keys = &net.registry.member(city()).unwrap().keys().statement;
    assert_eq!(keys, &[public(NEXT_STATEMENT_KEY)]);
    let rotate = |new| rotation(KeyUse::Statement, NEXT_STATEMENT_KEY, new);
    assert_eq!(net.change(rotate(90)), CONFLICT);
    assert_eq!(net.change(rotate(121)), Applied::Changed);
    // Nothing was committed for the key after that one.
    let last = rotation(KeyUse::Statement, 121, 91);
    assert_eq!(net.change(last), Applied::Changed);
}

// spec: TRU-24
#[test]
fn rotation_works_for_every_use_of_a_member_and_for_none_of_people() {
    let mut net = Net::production();
    let uses = [
        (KeyUse::Log, CITY_KEY + 1, 91),
        (KeyUse::Node, CITY_KEY + 2, 92),
        (KeyUse::Witness, CITY_KEY + 3, 93),
        (KeyUse::Administrator, CITY_KEY + 4, 94),
    ];
    for (key_use, old, new) in uses {
        assert_eq!(net.change(rotation(key_use, 99, new)), CONFLICT);
        let rotated = net.change(rotation(key_use, old, new));
        assert_eq!(rotated, Applied::Changed);
    }
    assert_eq!(net.change(rotation(KeyUse::Approver, 1, 95)), CONFLICT);
    assert_eq!(net.change(rotation(KeyUse::Recovery, 4, 95)), CONFLICT);
    let stranger = Content::Rotation(Rotation {
        member: authority(99),
        key_use: KeyUse::Log,
        old: public(1),
        new: public(95),
        next: None,
    });
    assert_eq!(
        net.change(stranger),
        Applied::Void(RejectReason::IssuerUnknown)
    );
    assert_eq!(
        net.registry.member_by_node_key(&public(92)).unwrap().code(),
        city()
    );
    assert!(net.registry.member_by_node_key(&public(22)).is_none());
}

/// A key that ended may be in the hands of a thief, and a key in use proves one thing only.
// spec: TRU-7
#[test]
fn rotation_to_a_key_that_has_or_had_a_use_is_void() {
    let mut net = Net::production();
    let rotated = net.change(rotation(KeyUse::Node, CITY_KEY + 2, 92));
    assert_eq!(rotated, Applied::Changed);
    for taken in [CITY_KEY, CITY_KEY + 1, CITY_KEY + 2, 92, OTHER_KEY, 1, 4] {
        assert_eq!(net.change(rotation(KeyUse::Node, 92, taken)), CONFLICT);
        let log = rotation(KeyUse::Log, CITY_KEY + 1, taken);
        assert_eq!(net.change(log), CONFLICT);
    }
    let elsewhere = enrol(&mut net, |e| e.node_key = Some(public(CITY_KEY + 2)));
    assert_eq!(elsewhere, CONFLICT);
}

// spec: TRU-25
#[test]
fn suspension_of_the_hub_or_a_stranger_is_void() {
    let mut net = Net::production();
    let suspend = |member| {
        Content::Suspension(Suspension {
            member,
            standing: Standing::Suspended,
            reasons: text("核查"),
        })
    };
    assert_eq!(net.change(suspend(hub())), CONFLICT);
    assert_eq!(
        net.change(suspend(authority(99))),
        Applied::Void(RejectReason::IssuerUnknown)
    );
    assert_eq!(net.change(suspend(city())), Applied::Changed);
    // A new enrolment does not lift it.
    let renewed = net.change(Content::Enrolment(Box::new(city_enrolment())));
    assert_eq!(renewed, Applied::Changed);
    let standing = net.registry.member(city()).unwrap().standing();
    assert_eq!(standing, Standing::Suspended);
}

fn cut_off(key_use: KeyUse, key: u8) -> CutOff {
    CutOff {
        member: city(),
        key_use,
        key: public(key),
        from: Some(LeafIndex::new(5)),
        continues: None,
        replacement: None,
        next: None,
    }
}

// spec: TRU-15, TRU-16
#[test]
fn cut_off_ends_a_statement_key_from_a_position_on() {
    let mut net = Net::production();
    let content = CutOff {
        replacement: Some(public(NEXT_STATEMENT_KEY)),
        ..cut_off(KeyUse::Statement, CITY_KEY)
    };
    assert_eq!(net.change(Content::CutOff(content)), Applied::Changed);
    let member = net.registry.member(city()).unwrap();
    assert_eq!(member.keys().statement, [public(NEXT_STATEMENT_KEY)]);
    assert_eq!(
        member.cut_off(public(CITY_KEY).id()),
        Some(LeafIndex::new(5))
    );
    assert_eq!(member.cut_off(public(NEXT_STATEMENT_KEY).id()), None);
}

impl Net {
    /// A cut-off of the city's statement key, signed by these.
    fn replace(&mut self, replacement: Option<u8>, next: Option<u8>, by: &[u8]) -> Applied {
        let content = Content::CutOff(CutOff {
            replacement: replacement.map(public),
            next: next.map(|key| commitment(&public(key))),
            ..cut_off(KeyUse::Statement, CITY_KEY)
        });
        let payload = self.proposal(content);
        let statement = self.approved(&payload, by, self.registry.ctx());
        self.log(&statement)
    }
}

/// Approvers who act together with the hub must not be able to give a member a key of their own: what
/// the member committed to binds a cut-off as it binds a rotation.
// spec: TRU-30
#[test]
fn cut_off_replaces_a_key_by_the_committed_one_unless_the_recovery_quorum_signs_too() {
    let recovery = [4, 5];
    let mut net = Net::production();
    assert_eq!(net.replace(Some(91), None, &APPROVERS), CONFLICT);
    let one = [&APPROVERS[..], &recovery[..1]].concat();
    assert_eq!(net.replace(Some(91), None, &one), CONFLICT);
    // The recovery quorum stands beside the approvers, never for them.
    let few = Applied::Void(RejectReason::TooFewApprovals);
    assert_eq!(net.replace(Some(91), None, &recovery), few);
    let lone = [&APPROVERS[..1], &recovery].concat();
    assert_eq!(net.replace(Some(91), None, &lone), few);
    let all = [&APPROVERS[..2], &recovery].concat();
    assert_eq!(net.replace(Some(91), None, &all), Applied::Changed);
    let mut net = Net::production();
    let committed = net.replace(Some(NEXT_STATEMENT_KEY), None, &[1, 2]);
    assert_eq!(committed, Applied::Changed);
}

// spec: TRU-30
#[test]
fn commitment_is_kept_once_and_a_cut_off_makes_the_one_after_it() {
    let mut net = Net::production();
    assert_eq!(net.replace(None, Some(93), &[1, 2]), CONFLICT);
    let replaced = net.replace(Some(NEXT_STATEMENT_KEY), Some(93), &[1, 2]);
    assert_eq!(replaced, Applied::Changed);
    let rotated =
        |net: &mut Net, to| net.change(rotation(KeyUse::Statement, NEXT_STATEMENT_KEY, to));
    assert_eq!(rotated(&mut net, 94), CONFLICT);
    assert_eq!(rotated(&mut net, 93), Applied::Changed);
}

// spec: TRU-30, TRU-4
#[test]
fn recovery_key_under_any_other_change_is_a_stranger() {
    let mut net = Net::production();
    let content = Content::Policy(policy(vec![hub()], 1, 0));
    let payload = net.proposal(content);
    let statement = net.approved(&payload, &[1, 2, 4, 5], net.registry.ctx());
    assert_eq!(net.log(&statement), Applied::Void(RejectReason::KeyUnknown));
}

// spec: TRU-15
#[test]
fn cut_off_with_a_position_too_many_or_too_few_is_void() {
    let mut net = Net::production();
    let head = (TreeSize::new(4).unwrap(), Hash::from_bytes([4; 32]));
    let mut void = |change: fn(&mut CutOff), base: CutOff| {
        let mut content = base;
        change(&mut content);
        net.change(Content::CutOff(content))
    };
    let statement = || cut_off(KeyUse::Statement, CITY_KEY);
    assert_eq!(void(|c| c.from = None, statement()), CONFLICT);
    assert_eq!(void(|c| c.key = public(99), statement()), CONFLICT);
    assert_eq!(
        void(|c| c.replacement = Some(public(OTHER_KEY)), statement()),
        CONFLICT
    );
    assert_eq!(
        void(|c| c.replacement = Some(public(CITY_KEY + 1)), statement()),
        CONFLICT
    );
    let continues = CutOff {
        continues: Some(head),
        ..statement()
    };
    assert_eq!(void(|_| {}, continues), CONFLICT);
    let log = cut_off(KeyUse::Log, CITY_KEY + 1);
    assert_eq!(void(|_| {}, log), CONFLICT);
    let node = cut_off(KeyUse::Node, CITY_KEY + 2);
    assert_eq!(void(|_| {}, node.clone()), CONFLICT);
    assert_eq!(void(|c| c.from = None, node), Applied::Changed);
    for key_use in [KeyUse::Approver, KeyUse::Recovery] {
        let people = cut_off(key_use, 1);
        assert_eq!(void(|c| c.from = None, people), CONFLICT);
    }
}

/// Whoever stole a log key signs heads for as long as peers look at the key alone.
// spec: TRU-18
#[test]
fn log_key_that_was_cut_off_signs_nothing_beyond_the_head_it_continues_from() {
    let mut net = Net::production();
    let rotated = net.change(rotation(KeyUse::Log, CITY_KEY + 1, 91));
    assert_eq!(rotated, Applied::Changed);
    let size = |size| TreeSize::new(size).unwrap();
    let content = CutOff {
        continues: Some((size(4), Hash::from_bytes([4; 32]))),
        replacement: Some(public(92)),
        ..cut_off(KeyUse::Log, 91)
    };
    assert_eq!(net.change(Content::CutOff(content)), Applied::Changed);
    let member = net.registry.member(city()).unwrap();
    let keys = |of: u64| member.log_keys_for(size(of)).copied().collect::<Vec<_>>();
    let (rotated, cut, present) = (public(CITY_KEY + 1), public(91), public(92));
    assert_eq!(keys(4), [present, rotated, cut]);
    assert_eq!(keys(5), [present, rotated]);
    assert_eq!(member.log_keys().count(), 3);
}

/// A key that was rotated in good order may be stolen afterwards.
// spec: TRU-15, TRU-18, TRU-31
#[test]
fn cut_off_of_a_rotated_log_key_bounds_it_once_and_leaves_the_present_key() {
    let mut net = Net::production();
    let rotated = net.change(rotation(KeyUse::Log, CITY_KEY + 1, 91));
    assert_eq!(rotated, Applied::Changed);
    let size = |size| TreeSize::new(size).unwrap();
    let head = (size(4), Hash::from_bytes([4; 32]));
    let content = CutOff {
        from: Some(LeafIndex::new(2)),
        continues: Some(head),
        ..cut_off(KeyUse::Log, CITY_KEY + 1)
    };
    let mut cut = |content| net.change(Content::CutOff(content));
    let replaced = CutOff {
        replacement: Some(public(92)),
        ..content.clone()
    };
    assert_eq!(cut(replaced), CONFLICT);
    let endless = CutOff {
        continues: None,
        ..content.clone()
    };
    assert_eq!(cut(endless), CONFLICT);
    assert_eq!(cut(content.clone()), Applied::Changed);
    assert_eq!(cut(content), CONFLICT);
    let member = net.registry.member(city()).unwrap();
    let keys = |of: u64| member.log_keys_for(size(of)).copied().collect::<Vec<_>>();
    let (former, present) = (public(CITY_KEY + 1), public(91));
    assert_eq!(member.keys().log, Some(present));
    assert_eq!(keys(4), [present, former]);
    assert_eq!(keys(5), [present]);
    assert_eq!(member.log_key_bound(&former), Some(head));
    assert_eq!(member.log_key_bound(&present), None);
    let passed_over = [(LeafIndex::new(2), size(4))];
    assert_eq!(member.passed_over(LeafIndex::new(4)), passed_over);
}

// spec: TRU-15
#[test]
fn cut_off_of_any_other_key_that_was_rotated_is_void() {
    let mut net = Net::production();
    let rotated = net.change(rotation(KeyUse::Statement, CITY_KEY, NEXT_STATEMENT_KEY));
    assert_eq!(rotated, Applied::Changed);
    let content = cut_off(KeyUse::Statement, CITY_KEY);
    assert_eq!(net.change(Content::CutOff(content)), CONFLICT);
}

// spec: TRU-9
