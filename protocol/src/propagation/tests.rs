//! Every rule of `spec/propagation.md` about certificates, and a reference written from them: plain data,
//! answered by search.

use proptest::prelude::*;

use super::*;
use crate::codec::Ext;
use crate::log::{Hash, NetworkKind};
use crate::statement::{DeliveryBatch, ReceiptBatch};
use crate::subject::SubjectCode;

/// Members by number: 0 the hub, 1 whose statement is acted on, 2 to 4 others.
const MEMBERS: u8 = 5;
const HUB: u8 = 0;
const ISSUER: u8 = 1;
/// What is acted on stands at this position, the act at another.
const TARGET: u64 = 7;
const ACT: u64 = 9;
/// When the act was made.
const ACT_AT: u64 = 1_000;
/// What its author had adopted.
const ACT_CTX: u64 = 4;

fn code(member: u8) -> AuthorityCode {
    let first_17 = format!("1123040000000{member:02}19");
    AuthorityCode::new(SubjectCode::with_check(&first_17).unwrap()).unwrap()
}

fn origin(member: u8) -> Origin {
    let genesis = Hash::from_bytes([7; 32]);
    Origin::new(NetworkKind::Test, &genesis, code(member).as_str(), 0).unwrap()
}

fn reference(member: u8, index: u64) -> StatementRef {
    let mut hash = [member; 32];
    hash[..8].copy_from_slice(&index.to_be_bytes());
    StatementRef {
        origin: origin(member),
        index: LeafIndex::new(index),
        leaf_hash: Hash::from_bytes(hash),
    }
}

/// What a member says in its log.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Words {
    /// It gave a member the positions [begin, end) of a log.
    Gave(u8, u8, u64, u64),
    /// What it did with an act, on what: positions and outcome, and whether the leaf hashes are those of
    /// the act and of the target.
    Did([u64; 2], ActOutcome, bool, bool),
}

/// Who says what, where and when.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    by: u8,
    index: u64,
    at: u64,
    ctx: u64,
    /// Its key was cut off before it.
    void: bool,
    words: Words,
}

/// A question.
#[derive(Clone, Debug)]
struct Set {
    /// Who acts: the issuer itself, or another.
    author: u8,
    entries: Vec<Entry>,
    /// The registry size from which each is declared lost.
    lost: [Option<u64>; MEMBERS as usize],
    given_here: BTreeSet<u8>,
    sees_all: bool,
    /// Members of whose logs not everything was looked at.
    cut: BTreeSet<u8>,
}

impl Set {
    fn act(&self) -> Act {
        Act {
            reference: reference(self.author, ACT),
            target: reference(ISSUER, TARGET),
            ctx: TreeSize::new(ACT_CTX).unwrap(),
            at: Timestamp::new(ACT_AT).unwrap(),
        }
    }

    fn said(&self, entry: &Entry) -> Option<Said> {
        let content = match &entry.words {
            Words::Gave(to, log, begin, end) => {
                let range = (LeafIndex::new(*begin), LeafIndex::new(*end));
                let batch = DeliveryBatch::new(code(*to), origin(*log), vec![range]);
                Content::DeliveryBatch(batch.unwrap())
            }
            Words::Did([act, target], outcome, act_fits, target_fits) => {
                let other = Hash::from_bytes([0xee; 32]);
                let mut act = reference(self.author, *act);
                let mut target = reference(ISSUER, *target);
                if !act_fits {
                    act.leaf_hash = other;
                }
                if !target_fits {
                    target.leaf_hash = other;
                }
                let receipt = Receipt {
                    act,
                    target: (target.index, target.leaf_hash),
                    outcome: *outcome,
                };
                let batch = ReceiptBatch::new(origin(ISSUER), vec![receipt]);
                Content::ReceiptBatch(batch.unwrap())
            }
        };
        let payload = Payload {
            issued_at: Timestamp::new(entry.at).unwrap(),
            target: None,
            register_size: None,
            batch: None,
            content,
            ext: Ext::default(),
        };
        let ctx = TreeSize::new(entry.ctx).unwrap();
        let place = reference(entry.by, entry.index);
        Said::new(&self.act(), place, ctx, &payload, entry.void)
    }

    fn ask(&self) -> Certificate {
        let members = (0..MEMBERS).zip(self.lost);
        let members = members.map(|(member, from)| (code(member), from.map(loss)));
        let said: Vec<Said> = self
            .entries
            .iter()
            .filter_map(|entry| self.said(entry))
            .collect();
        let evidence = Evidence {
            hub: code(HUB),
            members: &members.collect(),
            said: &said,
            given_here: &self.given_here.iter().map(|member| code(*member)).collect(),
            reach: &BTreeMap::new(),
            cut: &self.cut.iter().map(|member| origin(*member)).collect(),
            sees_all: self.sees_all,
        };
        certificate(&self.act(), &evidence)
    }

    fn state(&self, member: u8) -> State {
        self.ask().states.remove(&code(member)).unwrap()
    }

    /// The state of a member by the rules, one after the other.
    fn expected(&self, member: u8) -> State {
        let own = |entry: &&Entry| entry.by == member;
        let receipts = self.entries.iter().filter(own).filter_map(|entry| {
            let Words::Did([act, target], outcome, act_fits, target_fits) = &entry.words else {
                return None;
            };
            let is_it = (*act, *target, *act_fits, *target_fits) == (ACT, TARGET, true, true);
            (is_it && !entry.void && entry.ctx >= ACT_CTX).then_some((entry, *outcome))
        });
        let mut receipts: Vec<(&Entry, ActOutcome)> = receipts.collect();
        receipts.sort_by_key(|(entry, _)| entry.index);
        let place = |entry: &Entry| reference(entry.by, entry.index);
        let at = |entry: &Entry| Timestamp::new(entry.at).unwrap();
        for (entry, outcome) in &receipts {
            if let ActOutcome::Applied { measures } = *outcome {
                return State::Applied {
                    receipt: place(entry),
                    at: at(entry),
                    measures,
                };
            }
        }
        for (entry, outcome) in &receipts {
            if let ActOutcome::Refused { reason } = *outcome {
                return State::Refused {
                    receipt: place(entry),
                    at: at(entry),
                    reason,
                };
            }
        }
        if !self.sees_all {
            return State::NotKnown;
        }
        let gave = |entry: &&Entry| match entry.words {
            Words::Gave(to, log, begin, end) => {
                let counts = entry.by == HUB || entry.by == ISSUER;
                counts && to == member && log == ISSUER && (begin..end).contains(&TARGET)
            }
            Words::Did(..) => false,
        };
        let (void, mut given): (Vec<&Entry>, Vec<&Entry>) = self
            .entries
            .iter()
            .filter(gave)
            .partition(|entry| entry.void);
        given.sort_by_key(|entry| (entry.at, origin(entry.by), entry.index));
        let given = given.first();
        let is_given = given.is_some() || self.given_here.contains(&member) || member == ISSUER;
        let mut heard = receipts.iter().map(|(entry, _)| entry.ctx);
        let lost = self.lost[usize::from(member)];
        let lost = lost.filter(|from| heard.all(|ctx| ctx < *from));
        match (is_given, lost) {
            (false, _) if !void.is_empty() => State::NotKnown,
            (false, _)
                if [HUB, ISSUER, member]
                    .iter()
                    .any(|one| self.cut.contains(one)) =>
            {
                State::NotKnown
            }
            (false, _) => State::NeverGiven,
            (true, Some(from)) => State::Lost {
                declared: loss(from).declared,
                given: given.map(|entry| place(entry)),
            },
            (true, None) => {
                let act_at = Timestamp::new(ACT_AT).unwrap();
                State::Outstanding {
                    since: given.map_or(act_at, |entry| at(entry).max(act_at)),
                    given: given.map(|entry| place(entry)),
                    target_not_held: receipts.first().map(|(entry, _)| place(entry)),
                }
            }
        }
    }
}

/// A declaration in the registry log.
fn loss(from: u64) -> Loss {
    Loss {
        declared: reference(HUB, 1_000 + from),
        from: TreeSize::new(from).unwrap(),
    }
}

fn gave(by: u8, to: u8) -> Entry {
    Entry {
        by,
        index: 20,
        at: 500,
        ctx: 2,
        void: false,
        words: Words::Gave(to, ISSUER, TARGET, TARGET + 1),
    }
}

fn did(by: u8, outcome: ActOutcome) -> Entry {
    Entry {
        by,
        index: 30,
        at: 2_000,
        ctx: ACT_CTX,
        void: false,
        words: Words::Did([ACT, TARGET], outcome, true, true),
    }
}

const APPLIED: ActOutcome = ActOutcome::Applied { measures: None };

fn set(entries: Vec<Entry>) -> Set {
    Set {
        author: ISSUER,
        entries,
        lost: [None; MEMBERS as usize],
        given_here: BTreeSet::new(),
        sees_all: true,
        cut: BTreeSet::new(),
    }
}

fn is_applied(state: &State) -> bool {
    matches!(state, State::Applied { .. })
}

fn is_outstanding(state: &State) -> bool {
    matches!(state, State::Outstanding { .. })
}

// spec: PRP-20
#[test]
fn holder_is_whom_the_issuer_or_the_hub_gave_the_target() {
    let open = |entry| is_outstanding(&set(vec![entry]).state(2));
    assert!(open(gave(ISSUER, 2)));
    assert!(open(gave(HUB, 2)));
    for other in [
        gave(3, 2),
        gave(2, 2),
        gave(HUB, 3),
        Entry {
            words: Words::Gave(2, ISSUER, TARGET + 1, TARGET + 9),
            ..gave(HUB, 2)
        },
        Entry {
            words: Words::Gave(2, 3, TARGET, TARGET + 1),
            ..gave(HUB, 2)
        },
    ] {
        assert_eq!(set(vec![other]).state(2), State::NeverGiven);
    }
    let mut here = set(vec![]);
    here.given_here.insert(2);
    assert!(is_outstanding(&here.state(2)));
}

// spec: PRP-21
#[test]
fn issuer_holds_what_it_said_and_an_author_its_own_act() {
    let own = set(vec![]).ask();
    assert!(!own.states.contains_key(&code(ISSUER)));
    let mut by_another = set(vec![]);
    by_another.author = 2;
    assert!(is_outstanding(&by_another.state(ISSUER)));
    assert!(!by_another.ask().states.contains_key(&code(2)));
}

// spec: PRP-22
#[test]
fn receipt_counts_for_its_author_and_for_the_very_act_alone() {
    let with = |entry| set(vec![gave(HUB, 2), entry]).state(2);
    assert!(is_applied(&with(did(2, APPLIED))));
    assert!(is_outstanding(&with(did(HUB, APPLIED))));
    assert!(is_outstanding(&with(did(3, APPLIED))));
    for words in [
        Words::Did([ACT + 1, TARGET], APPLIED, true, true),
        Words::Did([ACT, TARGET + 1], APPLIED, true, true),
        Words::Did([ACT, TARGET], APPLIED, false, true),
        Words::Did([ACT, TARGET], APPLIED, true, false),
    ] {
        let entry = Entry {
            words,
            ..did(2, APPLIED)
        };
        assert!(is_outstanding(&with(entry)));
    }
    let older = Entry {
        ctx: ACT_CTX - 1,
        ..did(2, APPLIED)
    };
    assert!(is_outstanding(&with(older)));
}

// spec: PRP-23
#[test]
fn states_name_what_they_rest_on() {
    let not_held = did(2, ActOutcome::TargetNotHeld);
    let open = set(vec![gave(HUB, 2), not_held.clone()]);
    let late = Entry {
        at: 1_500,
        ..gave(HUB, 2)
    };
    let since = |at| Timestamp::new(at).unwrap();
    let outstanding = |at| State::Outstanding {
        since: since(at),
        given: Some(reference(HUB, 20)),
        target_not_held: Some(reference(2, 30)),
    };
    assert_eq!(open.state(2), outstanding(ACT_AT));
    assert_eq!(
        set(vec![late, not_held.clone()]).state(2),
        outstanding(1_500)
    );
    let refused = did(2, ActOutcome::Refused { reason: 9 });
    let state = set(vec![gave(HUB, 2), refused.clone()]).state(2);
    assert_eq!(
        state,
        State::Refused {
            receipt: reference(2, 30),
            at: since(2_000),
            reason: 9,
        }
    );
    let mut unseen = open;
    unseen.sees_all = false;
    assert_eq!(unseen.state(2), State::NotKnown);
    assert_eq!(set(vec![not_held]).state(2), State::NeverGiven);
}

// spec: PRP-50, PRP-51
#[test]
fn member_declared_lost_is_lost_until_it_speaks_again() {
    let from = ACT_CTX + 2;
    let with = |entries: Vec<Entry>| {
        let mut set = set(entries);
        set.lost[2] = Some(from);
        set
    };
    let lost = |given| State::Lost {
        declared: loss(from).declared,
        given,
    };
    let given = || Some(reference(HUB, 20));
    assert_eq!(with(vec![gave(HUB, 2)]).state(2), lost(given()));
    // It is nobody's word that makes a holder, and of the others nothing changes.
    assert_eq!(with(vec![]).state(2), State::NeverGiven);
    assert!(is_outstanding(
        &with(vec![gave(HUB, 2), gave(HUB, 3)]).state(3)
    ));
    // What it said before does not bring it back, what it says under the declaration does.
    let not_held = did(2, ActOutcome::TargetNotHeld);
    let said = |ctx| {
        let entry = Entry {
            ctx,
            ..not_held.clone()
        };
        with(vec![gave(HUB, 2), entry]).state(2)
    };
    assert_eq!(said(from - 1), lost(given()));
    assert!(is_outstanding(&said(from)));
    // A receipt says what it says, whenever it was made.
    let refused = did(2, ActOutcome::Refused { reason: 9 });
    assert!(is_applied(
        &with(vec![gave(HUB, 2), did(2, APPLIED)]).state(2)
    ));
    let refused = with(vec![gave(HUB, 2), refused]).state(2);
    assert!(matches!(refused, State::Refused { reason: 9, .. }));
    let mut unseen = with(vec![gave(HUB, 2)]);
    unseen.sees_all = false;
    assert_eq!(unseen.state(2), State::NotKnown);
}

fn void(entry: Entry) -> Entry {
    Entry {
        void: true,
        ..entry
    }
}

// spec: PRP-22, PRP-24
#[test]
fn void_delivery_proves_nothing_and_keeps_complete_from_being_said() {
    let verdict = |set: &Set| {
        let certificate = set.ask();
        (certificate.is_complete(), certificate.is_closed())
    };
    for giver in [ISSUER, HUB] {
        let mut cut_off = set(vec![did(HUB, APPLIED), void(gave(giver, 2))]);
        assert_eq!(cut_off.state(2), State::NotKnown);
        assert_eq!(verdict(&cut_off), (false, false));
        cut_off.lost[2] = Some(9);
        assert_eq!(cut_off.state(2), State::NotKnown);
    }
    // A receipt of its own settles it, unless that is void as well.
    let applied = set(vec![void(gave(HUB, 2)), did(2, APPLIED)]);
    assert!(is_applied(&applied.state(2)));
    assert_eq!(verdict(&applied), (true, true));
    let neither = set(vec![void(gave(HUB, 2)), void(did(2, APPLIED))]);
    assert_eq!(neither.state(2), State::NotKnown);
    assert!(is_outstanding(
        &set(vec![gave(HUB, 2), void(did(2, APPLIED))]).state(2)
    ));
    // What counts is said of the one that is not void, and others may say nothing, void or not.
    let again = Entry {
        index: 40,
        ..gave(HUB, 2)
    };
    let State::Outstanding { given, .. } = set(vec![void(gave(HUB, 2)), again]).state(2) else {
        panic!("a delivery that counts was passed over");
    };
    assert_eq!(given, Some(reference(HUB, 40)));
    assert_eq!(set(vec![void(gave(3, 2))]).state(2), State::NeverGiven);
}

// spec: PRP-24
#[test]
fn certificate_is_complete_when_all_have_applied_and_closed_when_nothing_is_awaited() {
    let verdict = |set: &Set| {
        let certificate = set.ask();
        (certificate.is_complete(), certificate.is_closed())
    };
    let mut given = set(vec![gave(HUB, 2), did(HUB, APPLIED)]);
    assert_eq!(verdict(&given), (false, false));
    given.lost[2] = Some(9);
    assert_eq!(verdict(&given), (false, true));
    let refused = did(2, ActOutcome::Refused { reason: 1 });
    assert_eq!(verdict(&set(vec![gave(HUB, 2), refused])), (false, true));
    let applied = set(vec![gave(HUB, 2), did(2, APPLIED)]);
    assert_eq!(verdict(&applied), (true, true));
    let mut unseen = applied;
    unseen.sees_all = false;
    assert_eq!(verdict(&unseen), (false, false));
    let open: Vec<_> = set(vec![gave(HUB, 3)]).ask().outstanding().collect();
    assert_eq!(open, [code(3)]);
}

// spec: PRP-24, PRP-27
#[test]
fn nobody_is_never_given_by_a_log_that_was_not_looked_at_whole() {
    let cut = |by| {
        let mut cut = set(vec![gave(HUB, 3), did(3, APPLIED), did(HUB, APPLIED)]);
        cut.cut.insert(by);
        cut.ask()
    };
    let state = |by, member| cut(by).states[&code(member)].clone();
    for giver in [HUB, ISSUER] {
        assert_eq!(state(giver, 2), State::NotKnown);
        assert!(is_applied(&state(giver, 3)));
        assert!(!cut(giver).is_complete() && !cut(giver).is_closed());
        assert_eq!(cut(giver).cut, BTreeSet::from([origin(giver)]));
    }
    // Receipts of its own that were not looked at leave open what it did, and nothing of others.
    assert_eq!(state(2, 2), State::NotKnown);
    assert_eq!(state(2, 4), State::NeverGiven);
    assert!(cut(3).is_complete());
}

fn outcomes() -> impl Strategy<Value = ActOutcome> {
    prop_oneof![
        proptest::option::of(0_u32..3).prop_map(|measures| ActOutcome::Applied { measures }),
        (1_u8..4).prop_map(|reason| ActOutcome::Refused { reason }),
        Just(ActOutcome::TargetNotHeld),
    ]
}

fn entries() -> impl Strategy<Value = Entry> {
    let member = || prop_oneof![3 => 0..MEMBERS, 1 => Just(2_u8)];
    let log = prop_oneof![4 => Just(ISSUER), 1 => 0..MEMBERS];
    let gave = (member(), log, TARGET - 2..TARGET + 2, 1_u64..4)
        .prop_map(|(to, log, begin, more)| Words::Gave(to, log, begin, begin + more));
    let near = |index: u64| prop_oneof![4 => Just(index), 1 => Just(index + 1)];
    let fits = || prop::bool::weighted(0.8);
    let did = ((near(ACT), near(TARGET)), outcomes(), fits(), fits()).prop_map(
        |((act, target), outcome, act_fits, target_fits)| {
            Words::Did([act, target], outcome, act_fits, target_fits)
        },
    );
    let words = prop_oneof![gave, did];
    let void = prop::bool::weighted(0.2);
    (member(), 0_u64..60, 500_u64..1_500, 3_u64..6, void, words).prop_map(
        |(by, index, at, ctx, void, words)| Entry {
            by,
            index,
            at,
            ctx,
            void,
            words,
        },
    )
}

fn sets() -> impl Strategy<Value = Set> {
    let lost = proptest::option::weighted(0.3, 3_u64..6);
    (
        prop_oneof![Just(ISSUER), 0..MEMBERS],
        proptest::collection::vec(entries(), 0..24),
        proptest::collection::vec(lost, usize::from(MEMBERS)),
        proptest::collection::btree_set(0..MEMBERS, 0..2),
        prop::bool::weighted(0.8),
        proptest::collection::btree_set(0..MEMBERS, 0..2),
    )
        .prop_map(|(author, entries, lost, given_here, sees_all, cut)| {
            // One statement at one place.
            let mut places = BTreeSet::new();
            let mut entries: Vec<Entry> = entries;
            entries.retain(|entry| places.insert((entry.by, entry.index)));
            Set {
                author,
                entries,
                lost: lost.try_into().unwrap(),
                given_here,
                sees_all,
                cut,
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    // spec: PRP-20, PRP-21, PRP-22, PRP-23
    #[test]
    fn certificate_is_what_the_reference_says(set in sets()) {
        let certificate = set.ask();
        let members = (0..MEMBERS).filter(|member| *member != set.author);
        let expected = members.map(|member| (code(member), set.expected(member)));
        prop_assert_eq!(&certificate.states, &expected.collect());
        let complete = |state: &State| is_applied(state) || *state == State::NeverGiven;
        prop_assert_eq!(certificate.is_complete(), certificate.states.values().all(complete));
        prop_assert!(!certificate.is_complete() || certificate.is_closed());
    }

    // spec: PRP-25
    #[test]
    fn order_and_repetition_change_nothing(set in sets(), turns in 0_usize..24, again in 0_usize..24) {
        let mut other = set.clone();
        let count = other.entries.len().max(1);
        let turns = (turns % count).min(other.entries.len());
        other.entries.rotate_left(turns);
        other.entries.reverse();
        let repeated = other.entries.get(again % count).cloned();
        other.entries.extend(repeated);
        prop_assert_eq!(set.ask(), other.ask());
    }

    // spec: PRP-22, PRP-24
    #[test]
    fn cutting_off_deliveries_never_makes_complete_or_closed(set in sets(), by in 0..MEMBERS, from in 0_u64..60) {
        let before = set.ask();
        let mut after = set;
        for entry in &mut after.entries {
            let is_delivery = matches!(entry.words, Words::Gave(..));
            entry.void |= is_delivery && entry.by == by && entry.index >= from;
        }
        let after = after.ask();
        prop_assert!(before.is_complete() || !after.is_complete());
        prop_assert!(before.is_closed() || !after.is_closed());
    }

    // spec: PRP-24, PRP-27
    #[test]
    fn what_is_not_looked_at_never_makes_complete(set in sets(), by in 0..MEMBERS, kept in 0_usize..6) {
        let before = set.ask();
        let mut after = set;
        let mut seen = 0;
        let cut = &mut after.cut;
        after.entries.retain(|entry| {
            seen += usize::from(entry.by == by);
            let is_cut = entry.by == by && seen > kept;
            if is_cut {
                cut.insert(by);
            }
            !is_cut
        });
        prop_assert!(before.is_complete() || !after.ask().is_complete());
    }

    // spec: PRP-24, PRP-50
    #[test]
    fn declaring_lost_never_makes_complete_nor_touches_what_was_said(set in sets(), member in 0..MEMBERS, from in 0_u64..9) {
        let before = set.ask();
        let mut after = set;
        after.lost[usize::from(member)] = Some(from);
        let after = after.ask();
        prop_assert_eq!(before.is_complete(), after.is_complete());
        for (one, state) in &before.states {
            let now = &after.states[one];
            let open = |state: &State| matches!(state, State::Outstanding { .. } | State::Lost { .. });
            let may = *one == code(member) && open(state) && open(now);
            prop_assert!(now == state || may);
        }
    }

    // spec: PRP-25
    #[test]
    fn more_never_turns_applied_back(set in sets(), more in proptest::collection::vec(entries(), 0..6)) {
        let before = set.ask();
        let mut after = set.clone();
        for entry in more {
            let is_new = |known: &Entry| (known.by, known.index) != (entry.by, entry.index);
            if after.entries.iter().all(is_new) {
                after.entries.push(entry);
            }
        }
        let after = after.ask();
        for (member, state) in before.states {
            let now = &after.states[&member];
            prop_assert!(!is_applied(&state) || is_applied(now));
            // Nor is it forgotten that somebody was given the target.
            prop_assert!(state == State::NeverGiven || *now != State::NeverGiven);
        }
    }
}
