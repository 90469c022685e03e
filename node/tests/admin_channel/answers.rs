//! Whether those who are told of a decision say that they rely on it, and what they may say.

use concordat_certs::agreement::PendingAgreement;
use concordat_node::query::Found;
use concordat_protocol::admin::{
    AgreementApproveAsk, AgreementLogAsk, AnswerNoteCode, AwaitedView, BindsOthersCode,
    DeadlineCode, LedgerAsk, LookUpMissedAsk, RecogniseAsk, RecognitionCode, TaskCode,
};
use concordat_protocol::codec::Truth;
use concordat_protocol::lookup::{Case, Scenario};
use concordat_protocol::statement::{
    Agreement, AgreementFields, Class, Clause, Code, Duty, Measure, Push, PushFields,
    RecognitionAnswer, RecognitionReason, Record, Vis,
};
use concordat_protocol::trust::LogNumber;

use super::*;

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).unwrap()
}

async fn pair() -> Pair {
    pair_with(VIS_PUBLIC).await
}

/// The items of the imported decisions are for pushes as well.
async fn pair_with(vis: Vis) -> Pair {
    let classes = [
        Class::Agreement,
        Class::Accession,
        Class::Retirement,
        Class::RecognitionResponse,
        Class::Push,
    ];
    let pair = Pair::start_planned(vis, |plan| {
        for item in &mut plan.catalogue.items {
            item.classes = vec![Class::Decision, Class::Push];
        }
        for authority in [&mut plan.hub, &mut plan.members[0]] {
            for mandate in &mut authority.mandates {
                mandate.classes.extend(classes);
                mandate.classes.sort_unstable();
                mandate.classes.dedup();
            }
        }
    });
    pair.await
}

async fn agree(pair: &Pair, (hub, member): (&mut Client, &mut Client)) -> StatementRef {
    let mut parties = vec![pair.hub.node.member(), pair.member.node.member()];
    parties.sort();
    let mut items: Vec<Code> = items(VIS_PUBLIC)
        .into_iter()
        .map(|item| item.code)
        .collect();
    items.sort();
    let fields = AgreementFields {
        title: text("区域信用互认协议"),
        parties,
        version: 1,
        first: None,
        from: clock::today().plus_days(-30).unwrap(),
        until: None,
        clauses: vec![Clause {
            number: text("第三条"),
            issuers: vec![],
            receivers: vec![],
            items,
            act_types: vec![],
            measures: vec![],
            decided_from: None,
            decided_until: None,
            local_basis: Some(Truth),
        }],
        open: None,
    };
    let agreement = Agreement::new(fields).unwrap();
    let pending = PendingAgreement::new(&pair.network.genesis, clock::now(), agreement).unwrap();
    let proposal = ByteBuf::from(pending.encode().unwrap());
    let ask = AgreementApproveAsk {
        proposal: proposal.clone(),
        dry_run: false,
    };
    let Reply::AgreementApproved(view) = hub.ask(&Request::AgreementApprove(ask)).await.unwrap()
    else {
        panic!("not approved");
    };
    let ask = AgreementLogAsk {
        proposal,
        approvals: vec![view.approval.unwrap()],
        dry_run: false,
        show: None,
    };
    match member.ask(&Request::AgreementLog(ask)).await.unwrap() {
        Reply::AgreementLogged(view) => view.reference.unwrap(),
        other => panic!("{other:?}"),
    }
}

/// The member tells the hub of a decision.
async fn push(pair: &Pair, view: &StatementView) -> StatementRef {
    let decision = view.decision.as_ref().unwrap().fields();
    let node = &pair.member.node;
    let fields = PushFields {
        subject: decision.subject.clone(),
        item: decision.item.clone(),
        day: node.today(),
        decisions: vec![view.reference.clone()],
        to: vec![pair.hub.node.member()],
        from_above: None,
        reasons: text("互认"),
    };
    let payload = Payload {
        issued_at: node.date(),
        target: None,
        register_size: None,
        batch: None,
        content: Content::Record(Box::new(Record::Push(Push::new(fields).unwrap()))),
        ext: Ext::default(),
    };
    let about = decision.subject.code();
    let signed = sign(node.signer(), node.member(), about, node.ctx(), &payload).unwrap();
    let taken = node.submit(LogNumber::Statements, vec![signed]).await;
    taken.unwrap().remove(0)
}

fn says(asked: &StatementRef, answer: RecognitionAnswer) -> RecogniseAsk {
    let refuses = answer == RecognitionAnswer::NotRecognised;
    RecogniseAsk {
        asked: position(asked),
        decision: None,
        answer,
        agreement: None,
        clause: None,
        measures: vec![],
        reason: refuses.then_some(RecognitionReason::Other),
        reasons: refuses.then(|| text("本机关另有规定")),
        dry_run: false,
        look_up: None,
    }
}

fn request(ask: RecogniseAsk) -> Request {
    Request::Recognise(Box::new(ask))
}

async fn reached(node: &Node, at: &StatementRef) {
    until(node, |node| {
        let witnessed = node.shared().witnessed();
        let seen = witnessed.get(&at.origin);
        let store = node.query().unwrap().store();
        seen.is_some_and(|seen| seen.size.contains(at.index)) && store.holds(&at.origin, at.index)
    })
    .await;
}

/// The same signed bytes at another place of a log.
pub(super) async fn copied(node: &Node, at: &StatementRef) -> StatementRef {
    let found = node.query().unwrap().statement(&at.origin, at.index);
    let Ok(Found::Verified(found)) = found else {
        panic!("not held");
    };
    let bytes = found.statement().as_bytes().to_vec();
    let taken = node.submit(LogNumber::Statements, vec![bytes]).await;
    taken.unwrap().remove(0)
}

fn tasks(awaited: &[AwaitedView]) -> Vec<(TaskCode, Option<u64>)> {
    awaited
        .iter()
        .map(|one| (one.task, one.unanswered))
        .collect()
}

// spec: ADM-410, ADM-411, ADM-412, ADM-413, ADM-414, AGR-45, AGR-46, DL-53, DL-54, DL-55, IDX-105
#[tokio::test(flavor = "multi_thread")]
async fn receiver_says_no_more_than_recognition_gives_and_its_last_word_counts() {
    use RecognitionAnswer::{ForInformation, NotRecognised, Recognised};
    let pair = pair().await;
    pair.import().await;
    let target = pair.first();
    let mut hub = Client::open(&pair.hub).await;
    let mut member = Client::open(&pair.member).await;
    let decision = hub.statement(position(&target)).await;
    let asked = push(&pair, &decision).await;
    reached(&pair.hub.node, &asked).await;
    // Without an agreement nobody waits for a word, and none may say that it recognises.
    let shown = member.statement(position(&asked)).await.record.unwrap();
    assert_eq!(tasks(&shown.awaited), [(TaskCode::Respond, None)]);
    let refused = hub.refused(&request(says(&asked, Recognised))).await;
    assert_eq!(refused, ErrorCode::MoreThanRecognised);

    let agreement = agree(&pair, (&mut hub, &mut member)).await;
    reached(&pair.hub.node, &agreement).await;
    reached(&pair.member.node, &agreement).await;
    let shown = member.statement(position(&asked)).await.record.unwrap();
    let silent = (TaskCode::AnswerRecognition, Some(1));
    assert_eq!(tasks(&shown.awaited), [(TaskCode::Respond, None), silent]);
    assert_eq!(shown.awaited[1].owner, Some(pair.hub.node.member()));
    assert_eq!(shown.awaited[1].state, DeadlineCode::NoRule);
    // Who was not asked, what asks nothing, and what is not named.
    let refused = member.refused(&request(says(&asked, Recognised))).await;
    assert_eq!(refused, ErrorCode::NotAsked);
    let refused = hub.refused(&request(says(&target, Recognised))).await;
    assert_eq!(refused, ErrorCode::WrongClass);
    let other = RecogniseAsk {
        decision: Some(position(&asked)),
        ..says(&asked, Recognised)
    };
    assert_eq!(
        hub.refused(&request(other)).await,
        ErrorCode::DecisionNotAsked
    );
    // A measure that no clause allows, and a clause that there is not.
    let beyond = RecogniseAsk {
        measures: vec![Duty {
            measure: Measure::new("tender.limit").unwrap(),
            until: clock::today(),
            content: None,
        }],
        ..says(&asked, Recognised)
    };
    assert_eq!(
        hub.refused(&request(beyond)).await,
        ErrorCode::MeasureNotAllowed
    );
    let elsewhere = RecogniseAsk {
        clause: Some("第九条".to_owned()),
        ..says(&asked, Recognised)
    };
    assert_eq!(
        hub.refused(&request(elsewhere)).await,
        ErrorCode::NoSuchClause
    );
    // A day gone by, and a clause that would be dropped.
    // spec: ADM-468
    let yesterday = clock::today().plus_days(-1).unwrap();
    let gone = RecogniseAsk {
        measures: vec![Duty {
            measure: Measure::new("tender.limit").unwrap(),
            until: yesterday,
            content: None,
        }],
        ..says(&asked, Recognised)
    };
    assert_eq!(hub.refused(&request(gone)).await, ErrorCode::MeasureGone);
    for named in [(Some(position(&agreement)), None), (None, Some("第三条"))] {
        let dropped = RecogniseAsk {
            agreement: named.0,
            clause: named.1.map(str::to_owned),
            ..says(&asked, ForInformation)
        };
        let refused = hub.refused(&request(dropped)).await;
        assert_eq!(refused, ErrorCode::ClauseNotTaken);
    }
    // Another place of the same words is that agreement, and logging them once more leaves nothing.
    // spec: AGR-62, AGR-63
    let copy = copied(&pair.member.node, &agreement).await;
    reached(&pair.hub.node, &copy).await;
    let by_copy = RecogniseAsk {
        agreement: Some(position(&copy)),
        dry_run: true,
        ..says(&asked, Recognised)
    };
    hub.act(&request(by_copy)).await;
    // A dry run leaves nothing; a word is shown at both ends and nothing is awaited any more.
    let dry = RecogniseAsk {
        dry_run: true,
        ..says(&asked, Recognised)
    };
    assert_eq!(hub.act(&request(dry)).await.reference, None);
    let first = hub.act(&request(says(&asked, Recognised))).await.reference;
    let first = first.unwrap();
    let again = hub.refused(&request(says(&asked, Recognised))).await;
    assert_eq!(again, ErrorCode::NoEffect);
    reached(&pair.member.node, &first).await;
    let shown = member.statement(position(&target)).await;
    let [answer] = &shown.answers[..] else {
        panic!("{:?}", shown.answers)
    };
    assert_eq!(
        (&answer.reference, answer.answer, answer.note),
        (&first, Recognised, None)
    );
    assert_eq!(answer.agreement.as_ref(), Some(&agreement));
    assert_eq!(answer.clause.as_deref(), Some("第三条"));
    let page = hub.subject(decision.about).await;
    let row = page.decisions.iter().find(|one| one.reference == target);
    assert_eq!(row.unwrap().answers.len(), 1);
    let shown = member.statement(position(&asked)).await;
    assert_eq!(shown.answers.len(), 1);
    let awaited = shown.record.unwrap().awaited;
    assert_eq!(tasks(&awaited), [(TaskCode::Respond, None)]);
    // The later word takes the place of the first, which stays; nothing that may be done changes by either.
    let less = hub.act(&request(says(&asked, NotRecognised))).await;
    let less = less.reference.unwrap();
    reached(&pair.member.node, &less).await;
    let shown = member.statement(position(&target)).await;
    let words: Vec<_> = shown
        .answers
        .iter()
        .map(|one| (one.answer, one.note, one.superseded_by.clone()))
        .collect();
    let superseded = Some(AnswerNoteCode::Superseded);
    assert_eq!(
        words,
        [
            (NotRecognised, None, None),
            (Recognised, superseded, Some(less.clone()))
        ]
    );
    let own = hub.statement(position(&less)).await;
    assert_eq!(own.answer.unwrap().reference, less);
    let after = hub.statement(position(&target)).await;
    let binds = |view: &StatementView| view.effect.as_ref().map(|effect| effect.binds_others);
    assert_eq!(binds(&after), binds(&decision));
    assert_eq!(after.recognition.unwrap().code, RecognitionCode::Recognised);
    // What its author takes back was never its word: the one before it stands again.
    // spec: AGR-60, ADM-467
    let last = hub.act(&request(says(&asked, ForInformation))).await;
    assert_eq!(last.class, Class::RecognitionResponse);
    let last = last.reference.unwrap();
    reached(&pair.member.node, &last).await;
    let take_back = |target: &StatementRef| {
        Request::Withdrawal(WithdrawalAsk {
            target: position(target),
            reason: WithdrawalReason::OtherError,
            reasons: text("误答"),
            issuer: None,
            dry_run: false,
            exit: None,
        })
    };
    let refused = member.refused(&take_back(&last)).await;
    assert_eq!(refused, ErrorCode::NotTheIssuer);
    let by = hub.act(&take_back(&last)).await.reference.unwrap();
    reached(&pair.member.node, &by).await;
    let shown = member.statement(position(&target)).await.answers;
    let stands: Vec<_> = shown
        .iter()
        .filter(|one| one.note.is_none() && one.withdrawn_by.is_none())
        .map(|one| &one.reference)
        .collect();
    assert_eq!(stands, [&less]);
    assert_eq!(shown[0].withdrawn_by.as_ref(), Some(&by));
    let after = hub.statement(position(&target)).await;
    assert_eq!(binds(&after), binds(&decision));
    // One page ends where the next begins.
    // spec: ADM-465
    let ask = Request::Statement(StatementAsk {
        target: position(&target),
        look_up: None,
        as_of: None,
        answers_skip: Some(2),
    });
    let Reply::Statement(rest) = member.ask(&ask).await.unwrap() else {
        panic!("no statement");
    };
    assert_eq!((rest.answers.len(), rest.answers_left), (1, Some(2)));
    assert_eq!(rest.answers_next_skip, None);
    // The ledger of who decided counts the words, that of who spoke has them.
    let today = clock::today();
    let ledger = Request::Ledger(LedgerAsk {
        from: Day::MIN,
        until: today,
        next: None,
        size: None,
    });
    let Reply::Ledger(own) = member.ask(&ledger).await.unwrap() else {
        panic!("no ledger");
    };
    let row = own.rows.iter().find(|row| row.reference == target);
    assert!(row.unwrap().answers.is_some_and(|answers| answers >= 2));
    let Reply::Ledger(theirs) = hub.ask(&ledger).await.unwrap() else {
        panic!("no ledger");
    };
    let words = theirs.rows.iter();
    let words = words.filter(|row| row.class == Class::RecognitionResponse);
    let on: Vec<_> = words.map(|row| row.target.clone()).collect();
    assert_eq!(on, vec![Some(target.clone()); 3]);
    // spec: ADM-469
    let words = theirs.rows.iter().filter_map(|row| row.answer);
    assert_eq!(
        words.collect::<Vec<_>>(),
        [Recognised, NotRecognised, ForInformation]
    );
    let states = theirs.rows.iter().filter(|row| row.answer.is_some());
    let withdrawn = states.filter(|row| row.state == Some(BindsOthersCode::Withdrawn));
    assert_eq!(withdrawn.count(), 1);
    // What asks no more awaits nothing.
    let asked = push(&pair, &decision).await;
    let shown = member.statement(position(&asked)).await.record.unwrap();
    assert_eq!(tasks(&shown.awaited), [(TaskCode::Respond, None), silent]);
    let withdrawal = Request::Withdrawal(WithdrawalAsk {
        target: position(&asked),
        reason: WithdrawalReason::OtherError,
        reasons: text("误推"),
        issuer: None,
        dry_run: false,
        exit: None,
    });
    member.act(&withdrawal).await;
    let shown = member.statement(position(&asked)).await.record.unwrap();
    assert_eq!(tasks(&shown.awaited), []);
    pair.stop().await;
}

// spec: ADM-417, BUN-75
#[tokio::test(flavor = "multi_thread")]
async fn bundle_for_a_receiver_says_offline_what_its_node_says() {
    let pair = pair().await;
    pair.import().await;
    let target = pair.first();
    let mut hub = Client::open(&pair.hub).await;
    let mut member = Client::open(&pair.member).await;
    let agreement = agree(&pair, (&mut hub, &mut member)).await;
    reached(&pair.hub.node, &agreement).await;
    let ask = |receiver| {
        Request::BundleExport(BundleAsk {
            target: position(&target),
            look_up: None,
            receiver: Some(receiver),
        })
    };
    let stranger = AuthorityCode::parse("11310000MB00000009").unwrap();
    assert_eq!(hub.refused(&ask(stranger)).await, ErrorCode::MemberUnknown);
    hub.send(&ask(pair.hub.node.member()).encode().unwrap())
        .await;
    let (_, chunks) = hub.last().await.unwrap();
    let chunks = chunks.into_iter().map(|frame| match frame {
        Reply::Chunk(bytes) => bytes.into_vec(),
        other => panic!("{other:?}"),
    });
    let bytes: Vec<u8> = chunks.flatten().collect();
    let anchor = pair.network.genesis.id();
    let verified = bundle::verify(&bytes, &anchor, None).unwrap();
    let shown = verified.recognition().unwrap();
    assert_eq!(shown.receiver, pair.hub.node.member());
    assert_eq!(shown.answer.code, RecognitionCode::Recognised);
    assert_eq!(shown.answer.by[0].agreement, agreement);
    let node = hub.statement(position(&target)).await.recognition;
    assert_eq!(Some(&shown.answer), node.as_ref());
    pair.stop().await;
}

// spec: ADM-418
#[tokio::test(flavor = "multi_thread")]
async fn answer_on_what_is_not_public_tells_nothing_without_a_look_up() {
    let pair = pair_with(VIS_NEAR_PERSONAL).await;
    pair.import().await;
    let mut hub = Client::open(&pair.hub).await;
    let mut member = Client::open(&pair.member).await;
    let decision = member.statement(position(&pair.first())).await;
    let asked = push(&pair, &decision).await;
    reached(&pair.hub.node, &asked).await;
    let more = says(&asked, RecognitionAnswer::Recognised);
    let refused = hub.refused(&request(more.clone())).await;
    assert_eq!(refused, ErrorCode::PurposeRequired);
    assert_eq!(hub.status().await.look_ups, 0);
    let look_up = Some(LookUp {
        purpose: text("互认审查"),
        case_number: text("2026-互-1"),
        basis: text("互认协议第三条"),
        scenario: None,
        receipt: None,
    });
    let known = RecogniseAsk {
        dry_run: true,
        look_up,
        ..more
    };
    let refused = hub.refused(&request(known)).await;
    assert_eq!(refused, ErrorCode::MoreThanRecognised);
    assert_eq!(hub.status().await.look_ups, 1);
    // Who was refused was told nothing to decide by.
    // spec: LKP-91
    let case = Case {
        number: text("2026-互-1"),
        subject: decision.about,
        scenario: Scenario::Other,
        decided_on: clock::today(),
    };
    let ask = Request::LookUpMissed(LookUpMissedAsk { cases: vec![case] });
    let Reply::LookUpsMissed(missed) = hub.ask(&ask).await.unwrap() else {
        panic!("no cases");
    };
    assert_eq!((missed.found.len(), missed.gone), (0, None));
    pair.stop().await;
}
