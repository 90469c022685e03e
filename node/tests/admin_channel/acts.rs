//! Objections, rulings, corrections and withdrawals: what is recorded, and what is refused.

use super::*;

// spec: ADM-71
#[tokio::test(flavor = "multi_thread")]
async fn act_on_what_is_not_public_answers_without_its_effect() {
    let pair = Pair::start_with(VIS_NEAR_PERSONAL).await;
    pair.import().await;
    let target = position(&pair.first());
    let withdrawal = Request::Withdrawal(WithdrawalAsk {
        target: target.clone(),
        reason: WithdrawalReason::Duplicate,
        reasons: Text::new("重复报送").unwrap(),
        issuer: None,
        dry_run: true,
        exit: None,
    });
    let mut client = Client::open(&pair.hub).await;
    for request in [
        objection(target.clone(), true),
        objection(target.clone(), false),
        withdrawal.clone(),
    ] {
        let recorded = client.act(&request).await;
        assert_eq!(recorded.effect, None);
        assert!(recorded.effect_withheld.is_some());
    }
    assert_eq!(client.status().await.look_ups, 0);
    // To its own issuer it is shown.
    let mut own = Client::open(&pair.member).await;
    let recorded = own.act(&withdrawal).await;
    assert!(recorded.effect.is_some() && recorded.effect_withheld.is_none());
    pair.stop().await;
}

// spec: ADM-72, ADM-73
#[tokio::test(flavor = "multi_thread")]
async fn cap_counts_what_is_recorded_whatever_day_of_receipt_is_said() {
    let pair = Pair::start_planned(VIS_PUBLIC, |plan| {
        for mandate in &mut plan.hub.mandates {
            mandate.objections_daily_cap = Some(2);
        }
    })
    .await;
    pair.import().await;
    let target = position(&pair.first());
    let mut client = Client::open(&pair.hub).await;
    let today = clock::today();
    let back = |days: i32| today.plus_days(-days).unwrap();
    for (day, code) in [
        (back(-2), ErrorCode::DayAhead),
        (back(40), ErrorCode::DayPast),
    ] {
        assert_eq!(client.refused(&received(&target, day)).await, code);
    }
    for (days, waiting) in [(1, 0), (3, 0), (5, 1), (7, 2)] {
        let recorded = client.act(&received(&target, back(days))).await;
        let effect = recorded.effect.unwrap();
        assert_eq!(effect.waiting.len(), waiting, "{days} days back");
    }
    pair.stop().await;
}

/// Many clerks at once, each with a connection of its own.
// spec: ADM-73, ADM-81
#[tokio::test(flavor = "multi_thread")]
async fn cap_holds_against_objections_recorded_at_once() {
    let pair = Pair::start_planned(VIS_PUBLIC, |plan| {
        for mandate in &mut plan.hub.mandates {
            mandate.objections_daily_cap = Some(2);
        }
    })
    .await;
    pair.import().await;
    let target = position(&pair.first());
    let mut clerks = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let mut clerk = Client::open(&pair.hub).await;
        let request = objection(target.clone(), false);
        clerks.spawn(async move { clerk.act(&request).await });
    }
    while let Some(done) = clerks.join_next().await {
        done.unwrap();
    }
    let view = Client::open(&pair.hub).await.statement(target).await;
    assert_eq!(view.effect.unwrap().waiting.len(), 4);
    pair.stop().await;
}

// spec: ADM-82
#[tokio::test(flavor = "multi_thread")]
async fn objection_in_the_role_of_another_authority_is_refused() {
    let pair = Pair::start().await;
    pair.import().await;
    let target = position(&pair.first());
    let raised = |role| {
        let Request::Objection(ask) = objection(target.clone(), true) else {
            unreachable!()
        };
        Request::Objection(ObjectionAsk { role, ..ask })
    };
    let mut member = Client::open(&pair.member).await;
    let mut hub = Client::open(&pair.hub).await;
    let (issuer, supervisor) = (ObjectorRole::Issuer, ObjectorRole::Supervisor);
    for (client, role) in [(&mut member, issuer), (&mut hub, supervisor)] {
        client.act(&raised(ObjectorRole::Subject)).await;
        client.act(&raised(role)).await;
    }
    for (client, role) in [(&mut member, supervisor), (&mut hub, issuer)] {
        let refused = client.refused(&raised(role)).await;
        assert_eq!(refused, ErrorCode::RoleRefused);
    }
    pair.stop().await;
}

/// Two clerks have the same decision before them. Whoever is second must not undo what the first did.
// spec: ADM-80, ADM-81
#[tokio::test(flavor = "multi_thread")]
async fn correction_from_a_version_that_stands_no_more_is_refused_naming_what_stands() {
    let pair = Pair::start().await;
    pair.import().await;
    let target = pair.first();
    let mut clerks = [
        Client::open(&pair.member).await,
        Client::open(&pair.member).await,
    ];
    let [first, second] = &mut clerks;
    let (a, b) = tokio::join!(
        fix(first, correction(&target, 100, Some(&target))),
        fix(second, correction(&target, 200, None)),
    );
    let (done, refused) = match (a, b) {
        (Ok(done), Err(refused)) | (Err(refused), Ok(done)) => (done, refused),
        both => panic!("{both:?}"),
    };
    let current = done.reference.unwrap();
    assert_eq!(refused.code, ErrorCode::NotCurrent);
    assert_eq!(refused.detail("current"), Some(&*current.to_string()));
    let done = fix(first, correction(&target, 300, Some(&current))).await;
    let newest = done.unwrap().reference.unwrap();
    let refused = fix(second, correction(&target, 400, Some(&current))).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.detail("current"), Some(&*newest.to_string()));
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn objection_suspends_and_a_ruling_closes_it() {
    let pair = Pair::start().await;
    pair.import().await;
    let target = position(&pair.first());
    let mut hub = Client::open(&pair.hub).await;
    let dry = hub.act(&objection(target.clone(), true)).await;
    assert_eq!((dry.class, dry.reference), (Class::Objection, None));
    assert!(hub.statement(target.clone()).await.acts.is_empty());
    let filed = hub.act(&objection(target.clone(), false)).await;
    let suspended = &filed.effect.as_ref().unwrap().suspended_by;
    assert_eq!(suspended[0].kind, SuspensionCode::Objection);
    let reference = filed.reference.unwrap();
    assert_eq!(suspended[0].by, std::slice::from_ref(&reference));
    assert_eq!(hub.status().await.open_objections, 1);
    let node = &pair.member.node;
    until(node, |node| {
        let effect = node.effect_of(&pair.first(), clock::today());
        effect.is_ok_and(|effect| !effect.suspended_by.is_empty())
    })
    .await;
    let mut member = Client::open(&pair.member).await;
    let act = member.statement(target.clone()).await.acts.remove(0);
    assert_eq!((act.open, act.ground), (Some(true), Some(Ground::Facts)));
    let ruling = Request::Ruling(RulingAsk {
        target: target.clone(),
        outcome: Outcome::Rejected,
        closes: Vec::new(),
        reasons: Text::new("经核实，事实无误。").unwrap(),
        issuer: None,
        dry_run: false,
    });
    let ruled = member.act(&ruling).await;
    assert_eq!(ruled.names, [reference]);
    // Whether or not it is witnessed: two answers to one objection would stay in the log.
    let again = member.refused(&ruling).await;
    assert_eq!(again, ErrorCode::NothingOpen);
    // A rejection restricts again, so it counts once a quorum has cosigned it.
    until(node, |node| {
        let effect = node.effect_of(&pair.first(), clock::today());
        effect.is_ok_and(|effect| effect.suspended_by.is_empty())
    })
    .await;
    assert_eq!(member.refused(&ruling).await, ErrorCode::NothingOpen);
    pair.stop().await;
}

/// One member had logged so many objections that no ruling could name them, and the decision was never
/// weighed again.
// spec: ADM-160, ADM-161, ADM-162, IDX-40
#[tokio::test(flavor = "multi_thread")]
async fn ruling_closes_thousands_of_objections_of_one_member() {
    const CROWD: u64 = 4_400;
    let pair = Pair::start().await;
    pair.import().await;
    let (hub, target) = (&pair.hub.node, pair.first());
    let subject = pair.member.node.query().unwrap();
    let subject = subject.statement(&target.origin, target.index).unwrap();
    let concordat_node::query::Found::Verified(decision) = subject else {
        panic!("{subject:?}")
    };
    let about = decision.statement().header().about;
    let objection = |number: u64| {
        let grounds = [Ground::Facts, Ground::Amount];
        let ground = grounds[usize::from(number.is_multiple_of(2))];
        let reasons = Some(Text::new(number.to_string()).unwrap());
        let role = ObjectorRole::Subject;
        let objection = Objection::new(role, ground, clock::today(), false, reasons);
        let payload = Payload {
            issued_at: clock::now(),
            target: Some(target.clone()),
            register_size: Some(TreeSize::ZERO),
            batch: None,
            content: Content::Objection(objection),
            ext: Ext::default(),
        };
        sign(hub.signer(), hub.member(), about, hub.ctx(), &payload).unwrap()
    };
    let crowd = (0..CROWD).map(objection).collect();
    let filed = hub.submit(LogNumber::Statements, crowd).await.unwrap();
    let node = &pair.member.node;
    let effect = |node: &Node| node.effect_of(&target, clock::today()).unwrap();
    let suspending = |node: &Node| -> usize {
        let suspended = effect(node).suspended_by;
        suspended.iter().map(|one| one.by.len()).sum()
    };
    let all = filed.len();
    until(node, |node| suspending(node) == all).await;
    let mut member = Client::open(&pair.member).await;
    let ruling = |closes, dry_run| {
        Request::Ruling(RulingAsk {
            target: position(&target),
            outcome: Outcome::Rejected,
            closes,
            reasons: Text::new("经核实，事实无误。").unwrap(),
            issuer: None,
            dry_run,
        })
    };
    assert_eq!(member.status().await.open_objections, CROWD);
    // spec: ADM-163
    let shown = member.statement(position(&target)).await;
    // spec: ADM-199
    let suspended = shown.effect.as_ref().unwrap().suspended_by.iter();
    let left: u64 = suspended.filter_map(|one| one.by_left).sum();
    assert_eq!(left, CROWD - 2 * 16);
    assert_eq!(
        (shown.acts.len(), shown.acts_left),
        (512, Some(CROWD - 512))
    );
    assert!(shown.acts.iter().all(|act| act.open == Some(true)));
    let each = filed.iter().map(position).collect();
    let refused = member.ask(&ruling(each, false)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidStatement);
    let rule = refused.detail("rule").unwrap();
    assert!(rule.starts_with("4400 objections are named"), "{rule}");
    let dry = member.act(&ruling(Vec::new(), true)).await;
    assert_eq!((dry.reference, dry.more.len()), (None, 0));
    let ruled = member.act(&ruling(Vec::new(), false)).await;
    assert!(dry.acts == ruled.acts && ruled.acts > 4, "{}", ruled.acts);
    assert_eq!(ruled.more.len() as u64, ruled.acts - 1);
    assert_eq!((ruled.named, ruled.names.len()), (Some(CROWD), 4_096));
    until(node, |node| suspending(node) == 0).await;
    assert_eq!(effect(node).weighed, Weighed::Fully);
    let shown = member.statement(position(&target)).await.acts;
    let rulings = shown.iter().filter(|act| act.class == Class::Ruling);
    assert_eq!(rulings.count() as u64, ruled.acts);
    assert_eq!(member.status().await.open_objections, 0);
    let refused = member.refused(&ruling(Vec::new(), false)).await;
    assert_eq!(refused, ErrorCode::NothingOpen);
    // One more is open again, by itself.
    let filed = member.act(&self::objection(position(&target), false)).await;
    let mut one = ruling(Vec::new(), true);
    if let Request::Ruling(ask) = &mut one {
        ask.closes = vec![position(filed.reference.as_ref().unwrap())];
    }
    assert_eq!(member.act(&one).await.names.len(), 1);
    assert_eq!(member.act(&ruling(Vec::new(), true)).await.acts, 1);
    pair.stop().await;
}

// spec: ADM-65, ADM-74
#[tokio::test(flavor = "multi_thread")]
async fn acts_are_refused_by_name_of_what_is_wrong() {
    let pair = Pair::start().await;
    pair.import().await;
    let first = pair.first();
    let mut client = Client::open(&pair.member).await;
    let beyond = Target::Position {
        origin: first.origin.clone(),
        index: LeafIndex::new(99),
    };
    let refused = client.refused(&objection(beyond, false)).await;
    assert_eq!(refused, ErrorCode::TargetNotFound);
    let number = Target::Document(Text::new("沪市监罚〔2025〕7号").unwrap());
    let refused = client.refused(&objection(number, false)).await;
    assert_eq!(refused, ErrorCode::TargetNotFound);
    let registry = Target::Short {
        member: pair.hub.node.member(),
        log: 1,
        index: LeafIndex::new(0),
    };
    let refused = client.refused(&objection(registry, false)).await;
    assert_eq!(refused, ErrorCode::WrongClass);
    let withdrawal = |issuer| {
        Request::Withdrawal(WithdrawalAsk {
            target: position(&first),
            reason: WithdrawalReason::Duplicate,
            reasons: Text::new("重复报送").unwrap(),
            issuer,
            dry_run: true,
            exit: None,
        })
    };
    let other = Some(pair.hub.node.member());
    assert_eq!(
        client.refused(&withdrawal(other)).await,
        ErrorCode::NotSupported
    );
    let own = Request::PeerAdd(PeerAddress {
        member: pair.member.node.member(),
        address: Address::new("127.0.0.1:1").unwrap(),
    });
    assert_eq!(client.refused(&own).await, ErrorCode::OwnMember);
    assert_eq!(client.act(&withdrawal(None)).await.reference, None);
    // Neither objections nor corrections are withdrawn; a ruling names what is open.
    let filed = client.act(&objection(position(&first), false)).await;
    let filed = position(&filed.reference.unwrap());
    let on_objection = Request::Withdrawal(WithdrawalAsk {
        target: filed.clone(),
        reason: WithdrawalReason::Duplicate,
        reasons: Text::new("重复报送").unwrap(),
        issuer: None,
        dry_run: true,
        exit: None,
    });
    let refused = client.refused(&on_objection).await;
    assert_eq!(refused, ErrorCode::NoEffect);
    let ruling = |closes: Target| {
        Request::Ruling(RulingAsk {
            target: position(&first),
            outcome: Outcome::Rejected,
            closes: vec![closes],
            reasons: Text::new("经核实，事实无误。").unwrap(),
            issuer: None,
            dry_run: true,
        })
    };
    let decision = Target::Position {
        origin: first.origin.clone(),
        index: LeafIndex::new(1),
    };
    let refused = client.refused(&ruling(decision)).await;
    assert_eq!(refused, ErrorCode::NothingOpen);
    assert_eq!(client.act(&ruling(filed)).await.names.len(), 1);
    let view = client.statement(position(&first)).await;
    let mut fields = view.decision.unwrap().into_fields();
    let number = fields.document_number.clone();
    // The decision is public, and one about a person's own business is not.
    let (code, check) = (fields.subject.code(), fields.subject.check().clone());
    let name = Text::new("王某某").unwrap();
    fields.subject = Subject::new(code, check, Form::SoleProprietorship, name).unwrap();
    for dry_run in [true, false] {
        let correction = Request::Correction(CorrectionAsk {
            target: position(&first),
            reasons: Text::new("主体有误").unwrap(),
            replacement: Box::new(fields.clone()),
            worked_from: None,
            issuer: None,
            dry_run,
            bulk: None,
        });
        let refused = client.refused(&correction).await;
        assert_eq!(refused, ErrorCode::OtherVisibility);
    }
    // A statement is found by the number of its document, too.
    assert_eq!(
        client.statement(Target::Document(number)).await.reference,
        first
    );
    pair.stop().await;
}

/// What was taken back is taken back: another act on it would stay in the log without effect.
// spec: ADM-74
#[tokio::test(flavor = "multi_thread")]
async fn act_on_what_is_withdrawn_is_refused() {
    let pair = Pair::start().await;
    pair.import().await;
    let target = pair.first();
    let mut client = Client::open(&pair.member).await;
    let filed = client.act(&objection(position(&target), false)).await;
    let ruling = Request::Ruling(RulingAsk {
        target: position(&target),
        outcome: Outcome::Rejected,
        closes: vec![position(&filed.reference.unwrap())],
        reasons: Text::new("经核实，事实无误。").unwrap(),
        issuer: None,
        dry_run: false,
    });
    let ruled = client.act(&ruling).await.reference.unwrap();
    assert_eq!(client.refused(&ruling).await, ErrorCode::NothingOpen);
    let withdrawal = |of: &StatementRef| {
        Request::Withdrawal(WithdrawalAsk {
            target: position(of),
            reason: WithdrawalReason::Duplicate,
            reasons: Text::new("重复报送").unwrap(),
            issuer: None,
            dry_run: false,
            exit: None,
        })
    };
    for of in [&ruled, &target] {
        let taken_back = client.act(&withdrawal(of)).await.reference.unwrap();
        let refused = client.ask(&withdrawal(of)).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::NoEffect);
        assert_eq!(refused.detail("state"), Some("withdrawn"));
        assert_eq!(refused.detail("by"), Some(&*taken_back.to_string()));
    }
    let refused = fix(&mut client, correction(&target, 100, None)).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::NoEffect);
    pair.stop().await;
}

// spec: TRU-40
#[tokio::test(flavor = "multi_thread")]
async fn same_objections_at_once_are_statements_of_their_own() {
    let pair = Pair::start().await;
    pair.import().await;
    let target = position(&pair.first());
    let mut clerks = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let mut clerk = Client::open(&pair.hub).await;
        let request = objection(target.clone(), false);
        clerks.spawn(async move { clerk.act(&request).await.reference.unwrap() });
    }
    let mut signed = std::collections::BTreeSet::new();
    while let Some(done) = clerks.join_next().await {
        signed.insert(signed_at(&pair.hub.node, &done.unwrap()));
    }
    assert_eq!(signed.len(), 6);
    pair.stop().await;
}
