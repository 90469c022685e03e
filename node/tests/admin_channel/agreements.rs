//! Agreements as clerks make them: approved, logged, relied on, left; each wrong input by its error.

use concordat_certs::agreement::PendingAgreement;
use concordat_certs::change::ApprovalFile;
use concordat_protocol::admin::{
    AccedeAsk, AgreementApproveAsk, AgreementListAsk, AgreementLogAsk, AgreementLogged,
    AgreementStateCode, AgreementsView, DoubtCode, EventKind, LackingCode, RecognitionCode,
    RecognitionView, RetireAsk,
};
use concordat_protocol::codec::Truth;
use concordat_protocol::effect::Fact;
use concordat_protocol::recognition::{Agreements, Question, Recognition, recognise};
use concordat_protocol::statement::{
    Agreement, AgreementFields, BasisLevel, Clause, ClauseMeasure, Code, Force, LegalBasis,
    Measure, Standing, Suspension,
};
use concordat_protocol::time::Timestamp;

use super::*;

/// A pair whose authorities may agree, accede and retire.
async fn pair() -> Pair {
    Pair::start_planned(VIS_PUBLIC, |plan| {
        let decides = |class: &Class| *class == Class::Objection;
        for mandates in [&mut plan.hub.mandates, &mut plan.members[0].mandates] {
            let mandate = mandates
                .iter_mut()
                .find(|it| it.classes.iter().any(decides));
            let classes = [Class::Agreement, Class::Accession, Class::Retirement];
            mandate.unwrap().classes.extend(classes);
        }
    })
    .await
}

/// What the two agree on: penalties of every item of the imported decisions.
fn terms(pair: &Pair) -> AgreementFields {
    let mut parties = vec![pair.hub.node.member(), pair.member.node.member()];
    parties.sort();
    let mut items: Vec<Code> = items(VIS_PUBLIC)
        .into_iter()
        .map(|item| item.code)
        .collect();
    items.sort();
    AgreementFields {
        title: Text::new("区域信用互认协议").unwrap(),
        parties,
        version: 1,
        first: None,
        from: clock::today().plus_days(-30).unwrap(),
        until: None,
        clauses: vec![Clause {
            number: Text::new("第三条").unwrap(),
            issuers: vec![],
            receivers: vec![],
            items,
            act_types: vec![],
            measures: vec![ClauseMeasure {
                measure: Measure::new("tender.limit").unwrap(),
                force: Force::Recommended,
                basis: LegalBasis {
                    law: Text::new("招标投标法").unwrap(),
                    article: Text::new("第五十四条").unwrap(),
                    level: BasisLevel::Law,
                },
            }],
            decided_from: None,
            decided_until: None,
            local_basis: Some(Truth),
        }],
        open: None,
    }
}

fn proposed_at(pair: &Pair, fields: AgreementFields, at: Timestamp) -> PendingAgreement {
    let agreement = Agreement::new(fields).unwrap();
    PendingAgreement::new(&pair.network.genesis, at, agreement).unwrap()
}

fn proposed(pair: &Pair, fields: AgreementFields) -> PendingAgreement {
    proposed_at(pair, fields, clock::now())
}

fn approve_ask(proposal: &PendingAgreement) -> Request {
    Request::AgreementApprove(AgreementApproveAsk {
        proposal: ByteBuf::from(proposal.encode().unwrap()),
        dry_run: false,
    })
}

fn log_ask(proposal: &PendingAgreement, approvals: &[ByteBuf], dry_run: bool) -> Request {
    Request::AgreementLog(AgreementLogAsk {
        proposal: ByteBuf::from(proposal.encode().unwrap()),
        approvals: approvals.to_vec(),
        dry_run,
        show: None,
    })
}

async fn approved(client: &mut Client, proposal: &PendingAgreement) -> ByteBuf {
    match client.ask(&approve_ask(proposal)).await.unwrap() {
        Reply::AgreementApproved(view) => view.approval.unwrap(),
        other => panic!("{other:?}"),
    }
}

async fn logged(client: &mut Client, request: &Request) -> AgreementLogged {
    match client.ask(request).await.unwrap() {
        Reply::AgreementLogged(view) => view,
        other => panic!("{other:?}"),
    }
}

async fn listed(client: &mut Client) -> AgreementsView {
    let ask = AgreementListAsk {
        party: None,
        agreement: None,
        as_of: None,
        skip: None,
    };
    match client.ask(&Request::AgreementList(ask)).await.unwrap() {
        Reply::Agreements(view) => *view,
        other => panic!("{other:?}"),
    }
}

fn retire_ask(agreement: &StatementRef) -> RetireAsk {
    RetireAsk {
        agreement: position(agreement),
        version: None,
        from: clock::today(),
        reasons: Text::new("不再续签").unwrap(),
        dry_run: false,
    }
}

/// What is not in the registry, and what begins in the past, is told before anybody approves.
// spec: ADM-382
#[tokio::test(flavor = "multi_thread")]
async fn doubts_about_a_proposal_are_told_and_refuse_nothing() {
    let pair = pair().await;
    let (mut hub, mut member) = clients(&pair).await;
    let mut fields = terms(&pair);
    fields.from = clock::today();
    let sound = proposed(&pair, fields.clone());
    let show = |proposal: &PendingAgreement| {
        Request::AgreementLog(AgreementLogAsk {
            proposal: ByteBuf::from(proposal.encode().unwrap()),
            approvals: Vec::new(),
            dry_run: true,
            show: Some(Truth),
        })
    };
    assert_eq!(logged(&mut member, &show(&sound)).await.doubts, []);
    let stranger = AuthorityCode::parse("11310000MB00000009").unwrap();
    fields.parties.push(stranger);
    fields.parties.sort();
    fields.clauses[0]
        .items
        .push(Code::new("zz.no.such.item").unwrap());
    fields.from = clock::today().plus_days(-1).unwrap();
    let doubtful = proposed(&pair, fields.clone());
    let found = logged(&mut member, &show(&doubtful)).await.doubts;
    let found: Vec<_> = found
        .iter()
        .map(|one| (one.what, one.named.as_str()))
        .collect();
    let begins = fields.from.to_string();
    let expected = [
        (DoubtCode::PartyUnknown, stranger.as_str()),
        (DoubtCode::ItemUnknown, "zz.no.such.item"),
        (DoubtCode::BeginsInThePast, begins.as_str()),
    ];
    assert_eq!(found, expected);
    // Whoever is asked to approve is told as well, and may.
    match hub.ask(&approve_ask(&doubtful)).await.unwrap() {
        Reply::AgreementApproved(view) => {
            assert_eq!((view.doubts.len(), view.approval.is_some()), (3, true));
        }
        other => panic!("{other:?}"),
    }
    drop((hub, member));
    pair.stop().await;
}

/// The member proposes, the hub approves, the member logs.
async fn agree(pair: &Pair, fields: AgreementFields) -> StatementRef {
    let (mut hub, mut member) = clients(pair).await;
    let proposal = proposed(pair, fields);
    let approval = approved(&mut hub, &proposal).await;
    let view = logged(&mut member, &log_ask(&proposal, &[approval], false)).await;
    view.reference.unwrap()
}

async fn clients(pair: &Pair) -> (Client, Client) {
    (
        Client::open(&pair.hub).await,
        Client::open(&pair.member).await,
    )
}

/// Waits until a statement counts in full at the hub.
async fn counts_at_hub(pair: &Pair, reference: &StatementRef) {
    until(&pair.hub.node, |node| {
        let witnessed = node.shared().witnessed();
        let seen = witnessed.get(&reference.origin);
        let held = node.query().unwrap().store();
        seen.is_some_and(|seen| seen.size.contains(reference.index))
            && held.holds(&reference.origin, reference.index)
    })
    .await;
}

async fn recognition(client: &mut Client, target: &StatementRef) -> RecognitionView {
    let view = client.statement(position(target)).await;
    view.recognition.unwrap()
}

/// What the function itself makes of every statement about agreements that the hub holds.
fn by_hand(pair: &Pair, said: &[StatementRef], target: &StatementRef) -> Recognition {
    let node = &pair.hub.node;
    let (registry, query) = (node.registry(), node.query().unwrap());
    let verified = |at: &StatementRef| match query.statement(&at.origin, at.index).unwrap() {
        concordat_node::query::Found::Verified(verified) => verified,
        other => panic!("{other:?}"),
    };
    let facts: Vec<Fact> = said
        .iter()
        .map(|at| {
            let verified = verified(at);
            let timing = node.shared().heads_seen().judge(&verified, &registry);
            Fact::from_verified(&verified, &registry, timing)
        })
        .collect();
    let horizon = node.horizon();
    let decision = verified(target);
    let fields = decision.statement().payload().content.decision();
    let region = |code| registry.member(code).unwrap().enrolment().region;
    let (issuer, receiver) = (pair.member.node.member(), node.member());
    let question = Question {
        decision: fields.unwrap().fields(),
        effect: &node.effect_of(target, node.today()).unwrap(),
        issuers: &[issuer],
        issuer_region: region(issuer),
        receivers: &[receiver],
        receiver_region: region(receiver),
        as_of: node.today(),
    };
    recognise(&question, &Agreements::of(&facts, &horizon))
}

fn code(recognition: &Recognition) -> RecognitionCode {
    match recognition {
        Recognition::Own => RecognitionCode::Own,
        Recognition::Recognised { .. } => RecognitionCode::Recognised,
        Recognition::ForInformation { .. } => RecognitionCode::ForInformation,
        Recognition::NotRecognised { .. } => RecognitionCode::NotRecognised,
    }
}

// spec: AGR-31, AGR-32, ADM-230
#[tokio::test(flavor = "multi_thread")]
async fn decision_is_for_information_then_recognised_and_for_information_after_a_retirement() {
    let pair = pair().await;
    pair.import().await;
    let target = pair.first();
    let (mut hub, mut member) = clients(&pair).await;
    let about = hub.statement(position(&target)).await.about;
    let own = recognition(&mut member, &target).await;
    assert_eq!(own.code, RecognitionCode::Own);
    let before = recognition(&mut hub, &target).await;
    assert_eq!(before.code, RecognitionCode::ForInformation);
    assert_eq!(before.lacking, Some(LackingCode::NoAgreement));
    assert_eq!(before.code, code(&by_hand(&pair, &[], &target)));

    let agreement = agree(&pair, terms(&pair)).await;
    counts_at_hub(&pair, &agreement).await;
    let recognised = recognition(&mut hub, &target).await;
    assert_eq!(recognised.code, RecognitionCode::Recognised);
    let by = &recognised.by[0];
    assert_eq!(
        (&by.agreement, &*by.title, by.version, &*by.clause),
        (&agreement, "区域信用互认协议", 1, "第三条")
    );
    let hand = by_hand(&pair, std::slice::from_ref(&agreement), &target);
    assert_eq!(code(&hand), RecognitionCode::Recognised);
    let page = hub.subject(about).await;
    let on_page = page.decisions.iter().find(|one| one.reference == target);
    assert_eq!(on_page.unwrap().recognition.as_ref(), Some(&recognised));
    // Every decision of the page, each by itself as on the page.
    for one in &page.decisions {
        let alone = recognition(&mut hub, &one.reference).await;
        assert_eq!(one.recognition.as_ref(), Some(&alone));
    }

    let left = member.act(&Request::Retire(retire_ask(&agreement))).await;
    let left = left.reference.unwrap();
    counts_at_hub(&pair, &left).await;
    let after = recognition(&mut hub, &target).await;
    assert_eq!(after.code, RecognitionCode::ForInformation);
    assert_eq!(after.lacking, Some(LackingCode::Retired));
    let hand = by_hand(&pair, &[agreement, left], &target);
    assert_eq!(code(&hand), RecognitionCode::ForInformation);
    pair.stop().await;
}

// spec: ADM-234, ADM-235, ADM-236, ADM-237, ADM-238
#[tokio::test(flavor = "multi_thread")]
async fn agreement_is_approved_and_logged_and_each_wrong_file_is_refused_by_its_error() {
    let pair = pair().await;
    let (mut hub, mut member) = clients(&pair).await;
    let proposal = proposed(&pair, terms(&pair));
    // Who is no party signs nothing.
    let mut others = terms(&pair);
    others.parties = vec![pair.member.node.member()];
    others
        .parties
        .push(AuthorityCode::parse("11310000MB00000009").unwrap());
    others.parties.sort();
    let of_others = proposed(&pair, others);
    let refused = hub.refused(&approve_ask(&of_others)).await;
    assert_eq!(refused, ErrorCode::NotAParty);
    assert_eq!(
        hub.refused(&log_ask(&of_others, &[], false)).await,
        ErrorCode::NotAParty
    );
    // Nor what is dated ahead: it would bind beyond a retirement.
    let ahead = Timestamp::new(clock::now().value() + 3_600_000).unwrap();
    let dated_ahead = proposed_at(&pair, terms(&pair), ahead);
    let refused = hub.refused(&approve_ask(&dated_ahead)).await;
    assert_eq!(refused, ErrorCode::ProposalAhead);
    // A version of what nobody knows.
    let mut second = terms(&pair);
    let genesis = pair.member.node.genesis();
    let beyond = StatementRef {
        origin: genesis.origin(pair.member.node.member(), LogNumber::Statements),
        index: LeafIndex::new(99),
        leaf_hash: genesis.id(),
    };
    (second.version, second.first) = (2, Some(beyond));
    let unknown = proposed(&pair, second.clone());
    let refused = hub.refused(&approve_ask(&unknown)).await;
    assert_eq!(refused, ErrorCode::TargetNotFound);
    // A change of the registry, and bytes of nothing.
    let change = pair.network.changes[0].encode().unwrap();
    for bytes in [change, b"nothing".to_vec()] {
        let ask = Request::AgreementApprove(AgreementApproveAsk {
            proposal: ByteBuf::from(bytes),
            dry_run: false,
        });
        assert_eq!(hub.refused(&ask).await, ErrorCode::VerificationFailed);
    }

    // More parties than one statement holds approvals of.
    let mut crowd = terms(&pair);
    crowd.parties = (0..18)
        .map(|number| {
            let code = SubjectCode::with_check(&format!("112304000000{number:05}")).unwrap();
            AuthorityCode::new(code).unwrap()
        })
        .collect();
    crowd.parties.sort();
    // spec: ADM-245
    let crowd = Agreement::new(crowd).unwrap();
    let refused = PendingAgreement::new(&pair.network.genesis, clock::now(), crowd);
    let too_many = concordat_certs::change::ChangeError::TooManyParties { named: 18, fit: 17 };
    assert_eq!(refused, Err(too_many));

    let missing = member.ask(&log_ask(&proposal, &[], false)).await;
    let missing = missing.unwrap_err();
    assert_eq!(missing.code, ErrorCode::PartiesMissing);
    let lacking = missing.detail("missing").unwrap();
    assert!(
        lacking.contains(pair.hub.node.member().as_str()),
        "{lacking}"
    );
    let dry = logged(&mut member, &log_ask(&proposal, &[], true)).await;
    let approvals = |view: &AgreementLogged| {
        let parties = view.parties.iter();
        let approved = parties.filter(|party| party.approved.is_some());
        approved.map(|party| party.member).collect::<Vec<_>>()
    };
    assert_eq!(approvals(&dry), [pair.member.node.member()]);
    assert_eq!(dry.reference, None);

    let approval = approved(&mut hub, &proposal).await;
    // Of other words, by a stranger, and twice.
    let mut changed = terms(&pair);
    changed.open = Some(Truth);
    let changed = proposed(&pair, changed);
    let genesis = &pair.network.genesis;
    let forged = proposal.approve(genesis, &pair.network.approvers[0]);
    let forged = ByteBuf::from(forged.unwrap().encode().unwrap());
    for (proposal, approvals) in [
        (&changed, vec![approval.clone()]),
        (&proposal, vec![forged.clone()]),
        (&proposal, vec![approval.clone(), approval.clone()]),
        (&proposal, vec![ByteBuf::from(b"nothing".to_vec())]),
    ] {
        let refused = member.refused(&log_ask(proposal, &approvals, false)).await;
        assert_eq!(refused, ErrorCode::VerificationFailed);
    }
    let dry = logged(
        &mut member,
        &log_ask(&proposal, std::slice::from_ref(&approval), true),
    )
    .await;
    assert_eq!((approvals(&dry).len(), dry.reference), (2, None));
    let done = logged(
        &mut member,
        &log_ask(&proposal, std::slice::from_ref(&approval), false),
    )
    .await;
    assert_eq!(approvals(&done).len(), 2);
    let first = done.reference.unwrap();
    assert!(ApprovalFile::decode(&approval).is_ok());

    // The next version follows on it, and none is left out.
    counts_at_hub(&pair, &first).await;
    let mut skipping = terms(&pair);
    (skipping.version, skipping.first) = (3, Some(first.clone()));
    let refused = hub.refused(&approve_ask(&proposed(&pair, skipping))).await;
    assert_eq!(refused, ErrorCode::VersionUnfit);
    second.first = Some(first.clone());
    let second = proposed(&pair, second);
    let approval = approved(&mut hub, &second).await;
    let done = logged(
        &mut member,
        &log_ask(&second, std::slice::from_ref(&approval), false),
    )
    .await;
    let logged_at = done.reference;
    counts_at_hub(&pair, logged_at.as_ref().unwrap()).await;
    // Nor is one logged that is known already.
    // spec: AGR-63
    let again = logged(&mut member, &log_ask(&second, &[approval], false)).await;
    assert_eq!((&again.reference, again.already), (&logged_at, Some(Truth)));
    let states: Vec<_> = listed(&mut hub).await.agreements;
    let states: Vec<_> = states.iter().map(|one| (one.version, one.state)).collect();
    let wanted = [
        (1, AgreementStateCode::Replaced),
        (2, AgreementStateCode::InForce),
    ];
    assert_eq!(states, wanted);
    pair.stop().await;
}

// spec: ADM-240, ADM-241, ADM-242, ADM-243
#[tokio::test(flavor = "multi_thread")]
async fn agreement_is_joined_and_left_and_each_wrong_word_is_refused_by_its_error() {
    let pair = pair().await;
    pair.import().await;
    let (mut hub, mut member) = clients(&pair).await;
    let agreement = agree(&pair, terms(&pair)).await;
    counts_at_hub(&pair, &agreement).await;
    let today = clock::today();
    let accede = |target: &StatementRef, from| {
        Request::Accede(AccedeAsk {
            agreement: position(target),
            from,
            dry_run: false,
        })
    };
    let yesterday = today.plus_days(-1).unwrap();
    for (target, from, code) in [
        (&agreement, today, ErrorCode::AlreadyAParty),
        (&agreement, yesterday, ErrorCode::DayGone),
        (&pair.first(), today, ErrorCode::WrongClass),
    ] {
        assert_eq!(hub.refused(&accede(target, from)).await, code);
    }
    let with = |change: &dyn Fn(&mut RetireAsk)| {
        let mut ask = retire_ask(&agreement);
        change(&mut ask);
        Request::Retire(ask)
    };
    for (ask, code) in [
        (with(&|ask| ask.from = yesterday), ErrorCode::DayGone),
        (with(&|ask| ask.version = Some(2)), ErrorCode::VersionUnfit),
        (with(&|ask| ask.version = Some(0)), ErrorCode::VersionUnfit),
        (
            with(&|ask| ask.agreement = position(&pair.first())),
            ErrorCode::WrongClass,
        ),
    ] {
        assert_eq!(hub.refused(&ask).await, code);
    }
    let dry = hub.act(&with(&|ask| ask.dry_run = true)).await;
    assert_eq!(dry.reference, None);
    let view = listed(&mut hub).await;
    let one = &view.agreements[0];
    assert_eq!(one.state, AgreementStateCode::InForce);
    assert_eq!(one.in_force_with, [pair.member.node.member()]);
    assert_eq!((one.retired.len(), one.parties.len()), (0, 2));

    // Who is handed the reference of a copy leaves by it, however many there are.
    // spec: AGR-61
    let mut copy = agreement.clone();
    for _ in 0..9 {
        copy = answers::copied(&pair.member.node, &agreement).await;
    }
    let by_copy = with(&|ask| {
        ask.agreement = position(&copy);
        ask.dry_run = true;
    });
    assert_eq!(member.act(&by_copy).await.reference, None);
    // The member's next version leaves the hub out of nothing; whoever left is told so.
    let left = member.act(&with(&|_| {})).await.reference.unwrap();
    counts_at_hub(&pair, &left).await;
    let view = listed(&mut hub).await;
    let one = &view.agreements[0];
    assert_eq!(one.state, AgreementStateCode::Retired);
    assert_eq!(one.retired[0].member, pair.member.node.member());
    assert_eq!(one.retired[0].from, today);
    assert_eq!(one.retired[0].reasons.as_deref(), Some("不再续签"));
    pair.stop().await;
}

/// Of five decisions held, as many as are under its items were recognised by what has ended.
// spec: ADM-244
#[tokio::test(flavor = "multi_thread")]
async fn end_of_an_agreement_is_told_once_with_how_many_decisions_it_was_about() {
    let pair = pair().await;
    pair.import().await;
    let (mut hub, mut member) = clients(&pair).await;
    let agreement = agree(&pair, terms(&pair)).await;
    counts_at_hub(&pair, &agreement).await;
    assert_eq!(hub.status().await.notices, []);
    let mut watch = Client::open(&pair.hub).await;
    let ask = Request::Watch(WatchAsk { interval_ms: 100 });
    watch.send(&ask.encode().unwrap()).await;
    assert!(matches!(watch.next().await, Some(Reply::Status(_))));
    let left = member.act(&Request::Retire(retire_ask(&agreement))).await;
    counts_at_hub(&pair, &left.reference.unwrap()).await;

    let mut told = Vec::new();
    let mut states_after = 0;
    let seen = async {
        while states_after < 5 {
            match watch.next().await.unwrap() {
                Reply::Event(event) if event.kind == EventKind::Notice => told.push(event),
                Reply::Status(_) if !told.is_empty() => states_after += 1,
                _ => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, seen).await.unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    let said = |name: &str| {
        let mut details = told[0].details.iter();
        let found = details.find(|detail| detail.name == name);
        found.map(|detail| detail.value.clone())
    };
    assert_eq!(said("notice").as_deref(), Some("agreement-ended"));
    assert_eq!(said("agreement"), Some(agreement.to_string()));
    assert_eq!(said("member"), Some(pair.member.node.member().to_string()));
    assert_eq!(said("ended_on"), Some(clock::today().to_string()));
    assert_eq!(said("decisions").as_deref(), Some("5"));
    let notices = hub.status().await.notices;
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].name.as_str(), "agreement-ended");
    // Who left knows it.
    assert_eq!(member.status().await.notices, []);
    pair.stop().await;
}

// spec: ADM-239
#[tokio::test(flavor = "multi_thread")]
async fn suspended_member_is_told_what_to_do_before_it_leaves() {
    let pair = pair().await;
    let agreement = agree(&pair, terms(&pair)).await;
    let code = pair.member.node.member();
    let genesis = &pair.network.genesis;
    let content = Content::Suspension(Suspension {
        member: code,
        standing: Standing::Suspended,
        reasons: Text::new("检查").unwrap(),
    });
    let change = concordat_certs::change::PendingChange::new(genesis, clock::now(), content);
    let mut change = change.unwrap();
    for approver in &pair.network.approvers {
        let approval = change.approve(genesis, approver).unwrap();
        change.add(genesis, approval).unwrap();
    }
    let node = &pair.hub.node;
    let signed = change.sign(genesis, node.signer(), node.ctx()).unwrap();
    node.submit(LogNumber::Registry, vec![signed])
        .await
        .unwrap();
    until(&pair.member.node, |node| {
        let registry = node.registry();
        registry.member(code).map(|member| member.standing()) == Some(Standing::Suspended)
    })
    .await;
    let (mut hub, mut member) = clients(&pair).await;
    let proposal = proposed(&pair, terms(&pair));
    for ask in [
        Request::Retire(retire_ask(&agreement)),
        approve_ask(&proposal),
    ] {
        let refused = member.ask(&ask).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::MemberSuspended);
        assert_eq!(refused.detail("state"), Some("agreement"));
        assert_eq!(refused.detail("member"), Some(code.as_str()));
    }
    // Nor does anybody else agree with it meanwhile.
    let signer = pair.member.node.signer();
    let approval = proposal.approve(genesis, signer).unwrap().encode().unwrap();
    let ask = log_ask(&proposal, &[ByteBuf::from(approval)], false);
    assert_eq!(hub.refused(&ask).await, ErrorCode::PartyUnfit);
    pair.stop().await;
}
