//! Filing slips: whole, and with one departure each.

use concordat_protocol::bundle::{
    Bundle, BundleError, EntryFault, Part, SLIP_MAGIC, Slip, SlipParts, SlipStanding, VERSION,
    verify, verify_slip,
};
use concordat_protocol::codec::{Writer, encode};
use concordat_protocol::deadline::Due;
use concordat_protocol::log::{LeafIndex, Origin, TreeSize, VerifiedCheckpoint};
use concordat_protocol::propagation::State;
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{
    ActOutcome, Calendar, CalendarFields, Code, Content, DeadlineEvent, DeadlineRule,
    DeadlineRuleFields, DeadlineRules, DeliveryBatch, Ground, Objection, ObjectorRole, Outcome,
    Receipt, ReceiptBatch, Ruling, StatementRef, Term, Vis, Withdrawal, WithdrawalReason,
};
use concordat_protocol::trust::LogNumber;

use crate::fixture::{Case, Party, day, redigest, text};
use crate::raw::around;

/// A case whose decision the issuer gave the receiver and the hub, and whose objection both applied.
struct Filed {
    case: Case,
    given: StatementRef,
    receipts: [StatementRef; 2],
}

impl Filed {
    fn new() -> Self {
        let mut case = Case::new(5);
        let (hub, issuer) = (case.net.hub.clone(), case.net.issuer.clone());
        let given = give(&mut case, &issuer, hub.code);
        let hub_log = case.net.genesis.origin(hub.code, LogNumber::Statements);
        case.net.saw(&case.net.issuer_log(), 1_775_000_000_000);
        let of_hub = receipt(&mut case, &hub, &hub_log);
        let issuer_log = case.net.issuer_log();
        let of_issuer = receipt(&mut case, &issuer, &issuer_log);
        Self {
            case,
            given,
            receipts: [of_hub, of_issuer],
        }
    }

    fn heads(&self) -> Vec<VerifiedCheckpoint> {
        let net = &self.case.net;
        net.heads(&net.everybody())
    }

    fn parts(&self) -> SlipParts {
        let net = &self.case.net;
        let said = [&self.given].into_iter().chain(&self.receipts);
        SlipParts {
            bundle: self.case.bundle(net.included()),
            objection: self.case.objection.clone(),
            heads: self.heads(),
            said: said.map(|one| net.entry(one)).collect(),
        }
    }

    fn slip(&self, parts: SlipParts) -> Result<Vec<u8>, BundleError> {
        Slip::build(parts, &self.case.net.registry)
    }

    fn bytes(&self) -> Vec<u8> {
        self.slip(self.parts()).unwrap()
    }

    fn refused(&self, bytes: &[u8]) -> BundleError {
        let anchor = self.case.net.anchor();
        verify_slip(bytes, &anchor, None).map(|_| ()).unwrap_err()
    }
}

/// The issuer says that it gave somebody the decision.
fn give(
    case: &mut Case,
    by: &Party,
    to: concordat_protocol::subject::AuthorityCode,
) -> StatementRef {
    let (log, index) = (case.net.issuer_log(), case.decision.index);
    let ranges = vec![(index, LeafIndex::new(index.value() + 1))];
    let content = Content::DeliveryBatch(DeliveryBatch::new(to, log.clone(), ranges).unwrap());
    case.net.say_for_all(by, &log, content)
}

/// Somebody says that it applied the objection.
fn receipt(case: &mut Case, by: &Party, log: &Origin) -> StatementRef {
    let receipt = Receipt {
        act: case.objection.clone(),
        target: (case.decision.index, case.decision.leaf_hash),
        outcome: ActOutcome::Applied { measures: Some(2) },
    };
    let batch = ReceiptBatch::new(case.decision.origin.clone(), vec![receipt]).unwrap();
    case.net.say_for_all(by, log, Content::ReceiptBatch(batch))
}

// spec: PRP-40, PRP-42
#[test]
fn slip_shows_the_objection_its_notice_its_ruling_and_who_applied_it() {
    let filed = Filed::new();
    let anchor = filed.case.net.anchor();
    let bytes = filed.bytes();
    let slip = verify_slip(&bytes, &anchor, None).unwrap();
    assert_eq!(*slip.objection().reference(), filed.case.objection);
    assert_eq!(slip.said().unwrap().ground(), Ground::Facts);
    assert_eq!(*slip.notice().unwrap().reference(), filed.case.notice);
    let rulings = slip.rulings();
    assert_eq!(rulings.len(), 1);
    assert_eq!(rulings[0].reference, filed.case.ruling);
    assert_eq!(rulings[0].outcome, Outcome::Upheld);
    assert!(rulings[0].is_witnessed);
    assert_eq!(*slip.bundle().statement().reference(), filed.case.decision);
    let net = &filed.case.net;
    let states = slip.states();
    for (party, receipt) in [&net.hub, &net.issuer].into_iter().zip(&filed.receipts) {
        let state = &states[&party.code];
        let is_it = |state: &State| matches!(state, State::Applied { receipt: at, measures: Some(2), .. } if at == receipt);
        assert!(is_it(state), "{state:?}");
    }
    // Whoever filed it needs no receipt.
    assert!(!states.contains_key(&net.receiver.code));
    // Only of the hub's own log the bundle has no head.
    assert_eq!(slip.heads().len(), 1);
    assert_eq!(slip.bytes(), bytes.len());
    assert_eq!(Slip::decode(&bytes).unwrap().encode().unwrap(), bytes);
}

// spec: PRP-40
#[test]
fn slip_is_the_same_whatever_order_its_parts_came_in() {
    let filed = Filed::new();
    let mut parts = filed.parts();
    parts.said.reverse();
    parts.said.extend(parts.said.clone());
    parts.heads.reverse();
    parts.heads.extend(parts.heads.clone());
    let again = filed.slip(parts).unwrap();
    assert_eq!(again, filed.bytes());
}

// spec: PRP-42
#[test]
fn slip_without_what_members_said_says_of_nobody_that_it_was_not_given() {
    let filed = Filed::new();
    let mut parts = filed.parts();
    parts.said.clear();
    let bytes = filed.slip(parts).unwrap();
    let slip = verify_slip(&bytes, &filed.case.net.anchor(), None).unwrap();
    assert!(slip.heads().is_empty());
    let states = slip.states();
    let net = &filed.case.net;
    assert_eq!(states[&net.hub.code], State::NotKnown);
    assert_eq!(states[&net.issuer.code], State::NotKnown);
    // Whom a delivery names has not answered as far as the file tells.
    let mut parts = filed.parts();
    parts.said = vec![net.entry(&filed.given)];
    let bytes = filed.slip(parts).unwrap();
    let slip = verify_slip(&bytes, &net.anchor(), None).unwrap();
    let states = slip.states();
    let is_given = |state: &State| matches!(state, State::Outstanding { given: Some(at), .. } if *at == filed.given);
    assert!(is_given(&states[&net.hub.code]));
    assert_eq!(states[&net.issuer.code], State::NotKnown);
}

// spec: PRP-41
#[test]
fn slip_of_what_is_no_objection_to_its_decision_is_refused() {
    let filed = Filed::new();
    for other in [
        &filed.case.ruling,
        &filed.case.decision,
        &filed.case.notice,
        &filed.given,
    ] {
        let mut parts = filed.parts();
        parts.objection = other.clone();
        let objection = other.clone();
        let refused = filed.slip(parts).unwrap_err();
        assert_eq!(refused, BundleError::NoObjection { objection });
    }
    let mut parts = filed.parts();
    parts.objection.leaf_hash = parts.bundle.statement().leaf.hash();
    let objection = parts.objection.clone();
    let refused = filed.slip(parts).unwrap_err();
    assert_eq!(refused, BundleError::NoObjection { objection });
}

// spec: PRP-41
#[test]
fn slip_of_an_objection_that_no_quorum_witnessed_is_refused() {
    let filed = Filed::new();
    let net = &filed.case.net;
    let mut parts = filed.case.parts(net.included());
    let log = net.receiver_log();
    let own = &net.receiver;
    parts.heads.retain(|head| *head.origin() != log);
    parts.heads.push(net.head(&log, &[own]));
    let bundle = Bundle::build(parts, &net.registry).unwrap();
    let parts = SlipParts {
        bundle,
        ..filed.parts()
    };
    let objection = filed.case.objection.clone();
    let refused = filed.slip(parts).unwrap_err();
    assert_eq!(refused, BundleError::ObjectionNotWitnessed { objection });
}

// spec: PRP-42
#[test]
fn slip_with_what_tells_of_another_act_or_decision_is_refused() {
    let mut filed = Filed::new();
    let hub = filed.case.net.hub.clone();
    let log = filed
        .case
        .net
        .genesis
        .origin(hub.code, LogNumber::Statements);
    let unrelated = BundleError::Unrelated {
        part: Part::Said,
        position: 0,
    };
    // A receipt of the ruling.
    let was = std::mem::replace(&mut filed.case.objection, filed.case.ruling.clone());
    let other = receipt(&mut filed.case, &hub, &log);
    filed.case.objection = was;
    let mut parts = filed.parts();
    parts.said = vec![filed.case.net.entry(&other)];
    assert_eq!(filed.slip(parts).unwrap_err(), unrelated);
    // A delivery of what stands beside the decision.
    let index = filed.case.decision.index.value();
    let ranges = vec![(LeafIndex::new(index + 1), LeafIndex::new(index + 2))];
    let issuer_log = filed.case.net.issuer_log();
    let batch = DeliveryBatch::new(hub.code, issuer_log, ranges).unwrap();
    let content = Content::DeliveryBatch(batch);
    let other = filed.case.net.say_for_all(&hub, &log, content);
    let mut parts = filed.parts();
    parts.said = vec![filed.case.net.entry(&other)];
    assert_eq!(filed.slip(parts).unwrap_err(), unrelated);
}

// spec: PRP-40
#[test]
fn entry_of_another_kind_or_log_without_a_head_is_refused() {
    let filed = Filed::new();
    let net = &filed.case.net;
    let mut parts = filed.parts();
    parts.said = vec![net.entry(&filed.case.notice)];
    let fault = EntryFault::Kind;
    let (part, position) = (Part::Said, 0);
    let expected = BundleError::Entry {
        part,
        position,
        fault,
    };
    assert_eq!(filed.slip(parts).unwrap_err(), expected);
    let mut parts = filed.parts();
    parts.heads.clear();
    let origin = net.genesis.origin(net.hub.code, LogNumber::Statements);
    let missing = BundleError::HeadMissing { origin };
    assert_eq!(filed.slip(parts).unwrap_err(), missing);
}

/// A slip written by hand, with heads and nothing that members said.
fn written(filed: &Filed, heads: &[VerifiedCheckpoint]) -> Vec<u8> {
    let bundle = filed.case.bytes(filed.case.net.included());
    let mut file = Writer::default();
    file.map(2 + u64::from(!heads.is_empty()));
    file.unsigned(1).bytes(&bundle);
    file.unsigned(2)
        .raw(&encode(&filed.case.objection).unwrap());
    if !heads.is_empty() {
        file.unsigned(3).array(heads.len() as u64);
    }
    for head in heads {
        file.bytes(&head.to_bytes());
    }
    around(&SLIP_MAGIC, VERSION, &file.finish())
}

// spec: PRP-40
#[test]
fn second_head_of_a_log_and_one_that_nothing_needs_are_refused() {
    let filed = Filed::new();
    let net = &filed.case.net;
    let anchor = net.anchor();
    let head = |origin: &Origin| net.head(origin, &net.everybody());
    assert!(verify_slip(&written(&filed, &[]), &anchor, None).is_ok());
    let origin = net.genesis.origin(net.hub.code, LogNumber::Statements);
    let unused = written(&filed, &[head(&origin)]);
    assert_eq!(filed.refused(&unused), BundleError::HeadUnused { origin });
    let origin = net.issuer_log();
    let twice = written(&filed, &[head(&origin)]);
    assert_eq!(filed.refused(&twice), BundleError::HeadTwice { origin });
}

// spec: PRP-40
#[test]
fn slip_that_was_changed_in_any_byte_is_refused() {
    let filed = Filed::new();
    let bytes = filed.bytes();
    let anchor = filed.case.net.anchor();
    for at in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let error = filed.refused(&changed);
        let expected = match at < SLIP_MAGIC.len() {
            true => BundleError::NotABundle,
            false => BundleError::DigestMismatch,
        };
        assert_eq!(error, expected, "{at}");
        redigest(&mut changed);
        // Of the digest itself the true one was put back.
        let is_digest = at >= bytes.len() - 32;
        let verified = verify_slip(&changed, &anchor, None);
        assert_eq!(verified.is_ok(), is_digest, "{at}");
    }
    let mut other = bytes;
    other[SLIP_MAGIC.len()] = VERSION + 1;
    redigest(&mut other);
    assert_eq!(filed.refused(&other), BundleError::Version { version: 2 });
}

// spec: BUN-3, PRP-40
#[test]
fn slip_is_no_bundle_and_a_bundle_no_slip() {
    let filed = Filed::new();
    let anchor = filed.case.net.anchor();
    let slip = verify(&filed.bytes(), &anchor, None);
    assert_eq!(slip.map(|_| ()).unwrap_err(), BundleError::NotABundle);
    let bundle = filed.case.bytes(filed.case.net.included());
    assert_eq!(filed.refused(&bundle), BundleError::NotABundle);
}

/// What an objection waits for by a slip with some acts alone.
fn standing(case: &Case, acts: &[&StatementRef], objection: &StatementRef) -> SlipStanding {
    let net = &case.net;
    let mut parts = case.parts(net.included());
    parts.acts = acts.iter().map(|act| net.entry(act)).collect();
    let parts = SlipParts {
        bundle: Bundle::build(parts, &net.registry).unwrap(),
        objection: objection.clone(),
        heads: vec![],
        said: vec![],
    };
    let bytes = Slip::build(parts, &net.registry).unwrap();
    let slip = verify_slip(&bytes, &net.anchor(), None).unwrap();
    slip.standing()
}

// spec: PRP-70
#[test]
fn ruling_is_awaited_only_where_one_is_owed() {
    let mut case = Case::new(5);
    let (decision, open) = (case.decision.clone(), case.objection.clone());
    assert_eq!(standing(&case, &[&open], &open), SlipStanding::Ruling(None));
    let ruling = case.ruling.clone();
    let announced = standing(&case, &[&open, &ruling], &open);
    assert_eq!(announced, SlipStanding::ActAsAnnounced);
    let issuer = case.net.issuer.clone();
    let log = case.net.issuer_log();
    let closes = vec![open.clone()];
    let rejected = Ruling::new(Outcome::Rejected, closes, text("x")).unwrap();
    let rejected = Content::Ruling(rejected);
    let rejected = case.net.say(&issuer, &log, rejected, Some(&decision));
    let ruled = standing(&case, &[&open, &rejected], &open);
    assert_eq!(ruled, SlipStanding::Nothing);
    let withdrawal = Content::Withdrawal(Withdrawal {
        reason: WithdrawalReason::OtherError,
        reasons: text("x"),
        exit: None,
    });
    let withdrawn = case.net.say(&issuer, &log, withdrawal, Some(&decision));
    let taken_back = standing(&case, &[&open, &withdrawn], &open);
    assert_eq!(taken_back, SlipStanding::Nothing);
    let over = Objection::new(
        ObjectorRole::Subject,
        Ground::Amount,
        day("2026-04-01"),
        true,
        None,
    );
    let (receiver, log) = (case.net.receiver.clone(), case.net.receiver_log());
    let over = Content::Objection(over);
    let over = case.net.say(&receiver, &log, over, Some(&decision));
    let waiting = standing(&case, &[&open, &over], &over);
    assert_eq!(waiting, SlipStanding::Admission);
}

// spec: PRP-71
#[test]
fn objection_in_the_log_of_its_decision_needs_no_entry_of_the_home_register() {
    let mut case = Case::new(5);
    let is_with_decision = |case: &Case, objection: &StatementRef| {
        let net = &case.net;
        let mut parts = case.parts(net.included());
        parts.acts = vec![net.entry(objection)];
        parts.notices = vec![];
        let parts = SlipParts {
            bundle: Bundle::build(parts, &net.registry).unwrap(),
            objection: objection.clone(),
            heads: vec![],
            said: vec![],
        };
        let bytes = Slip::build(parts, &net.registry).unwrap();
        let slip = verify_slip(&bytes, &net.anchor(), None).unwrap();
        assert!(slip.notice().is_none());
        slip.is_with_decision()
    };
    assert!(!is_with_decision(&case, &case.objection));
    let issuer = case.net.issuer.clone();
    let log = case.net.issuer_log();
    let own = Objection::new(
        ObjectorRole::Subject,
        Ground::Facts,
        day("2026-04-01"),
        false,
        None,
    );
    let decision = case.decision.clone();
    let own = Content::Objection(own);
    let own = case.net.say(&issuer, &log, own, Some(&decision));
    assert!(is_with_decision(&case, &own));
}

// spec: PRP-43
#[test]
fn slip_without_a_rule_names_no_day() {
    let filed = Filed::new();
    let bytes = filed.bytes();
    let slip = verify_slip(&bytes, &filed.case.net.anchor(), None).unwrap();
    assert_eq!(slip.standing(), SlipStanding::ActAsAnnounced);
    assert!(slip.bundle().state().is_some());
    assert_ne!(slip.bundle().horizon().issuer, TreeSize::ZERO);
    assert_eq!(slip.objection().leaf().vis, Vis::new(1));
}

// spec: PRP-43
#[test]
fn slip_names_the_day_by_which_a_ruling_is_due_and_its_rule() {
    let mut case = Case::new(5);
    let rule = |id: &str, from, days: u32| {
        let fields = DeadlineRuleFields {
            id: Code::new(id).unwrap(),
            region: RegionCode::COUNTRY,
            event_from: from,
            event_to: DeadlineEvent::Ruled,
            term: Term::Days(days.try_into().unwrap()),
            source: text(id),
            valid_from: day("2020-01-01"),
            valid_until: None,
            act_types: vec![],
        };
        DeadlineRule::new(fields).unwrap()
    };
    // It was received elsewhere than where the decision was made.
    let rules = vec![
        rule("a.own", DeadlineEvent::ObjectionInOwnScope, 3),
        rule("b.any", DeadlineEvent::ObjectionReceived, 30),
        rule("c.provider", DeadlineEvent::ObjectionNeedsProvider, 20),
    ];
    let rules = Content::DeadlineRules(Box::new(DeadlineRules::new(rules).unwrap()));
    let hub = case.net.hub.code.code();
    case.net.register_change(rules, hub);
    let due = |case: &Case| {
        let standing = standing(case, &[&case.objection], &case.objection);
        let SlipStanding::Ruling(due) = standing else {
            panic!("{standing:?}")
        };
        due.unwrap()
    };
    let (earliest, lacking_from) = (day("2026-04-21"), day("2026-04-21"));
    let unknown = Due::UnknownUntilCalendar {
        earliest,
        lacking_from,
    };
    assert_eq!(due(&case).due, unknown);
    let calendar = Calendar::new(CalendarFields {
        region: RegionCode::COUNTRY,
        covers_from: day("2026-01-01"),
        covers_until: day("2026-12-31"),
        holidays: vec![],
        workdays: vec![],
        source: text("a notice"),
    });
    let calendar = Content::Calendar(Box::new(calendar.unwrap()));
    case.net.register_change(calendar, hub);
    let due = due(&case);
    assert_eq!(due.due, Due::On(earliest));
    assert_eq!(
        (due.rule.as_str(), due.source.as_str()),
        ("c.provider", "c.provider")
    );
}
