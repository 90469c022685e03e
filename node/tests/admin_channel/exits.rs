//! How an organisation leaves a red list, and what is shown beside its entry there.

use concordat_protocol::admin::{
    AdmissionAsk, BindsOthersCode, BulkAsk, DecisionView, ValidityCode,
};
use concordat_protocol::effect::Validity;
use concordat_protocol::statement::{Code, ListScope, Listing, RedExit, Withdrawal};

use super::violations::{WATCH, entry, law};
use super::*;

const RED: &str = "list.red";

/// Items for red lists and watch lists, and a mandate for lists.
async fn start() -> Pair {
    let pair = Pair::start_planned(VIS_PUBLIC, |plan| {
        for (code, act_type) in [(RED, ActType::RedList), (WATCH, ActType::WatchList)] {
            let mut item = plan.catalogue.items[0].clone();
            item.code = Code::new(code).unwrap();
            item.act_types = vec![act_type];
            item.list_scope = Some(ListScope::National);
            item.basis = vec![law()];
            plan.catalogue.items.push(item);
        }
        plan.catalogue.items.sort_by(|a, b| a.code.cmp(&b.code));
        for mandate in &mut plan.members[0].mandates {
            mandate.classes.push(Class::ListEntry);
            mandate.classes.sort_unstable();
            mandate.classes.dedup();
        }
    });
    pair.await
}

fn red(like: &DecisionFields, number: &str) -> DecisionFields {
    let watch = entry(like, number);
    let listing = watch.listing.clone().unwrap();
    DecisionFields {
        act_type: ActType::RedList,
        item: Code::new(RED).unwrap(),
        listing: Some(Listing {
            pre_notice: None,
            ..listing
        }),
        valid_until: Some(Day::parse_loose("2098-12-31").unwrap()),
        ..watch
    }
}

fn withdrawal(target: &StatementRef, reason: WithdrawalReason, exit: Option<RedExit>) -> Request {
    Request::Withdrawal(WithdrawalAsk {
        target: position(target),
        reason,
        reasons: Text::new("标准已修订").unwrap(),
        issuer: None,
        dry_run: false,
        exit,
    })
}

impl Pair {
    /// What a node of another make signs.
    async fn withdraw_elsewhere(&self, target: &StatementRef, exit: Option<RedExit>) {
        let node = &self.member.node;
        let about = node.query().unwrap();
        let about = about.statement(&target.origin, target.index).unwrap();
        let concordat_node::query::Found::Verified(decision) = about else {
            panic!("{about:?}");
        };
        let about = decision.statement().header().about;
        let payload = Payload {
            issued_at: clock::now(),
            target: Some(target.clone()),
            register_size: Some(TreeSize::ZERO),
            batch: None,
            content: Content::Withdrawal(Withdrawal {
                reason: WithdrawalReason::DecisionRevoked,
                reasons: Text::new("另一软件").unwrap(),
                exit,
            }),
            ext: Ext::default(),
        };
        let signed = sign(node.signer(), node.member(), about, node.ctx(), &payload);
        let statements = vec![signed.unwrap()];
        let submitted = node.submit(LogNumber::Statements, statements);
        submitted.await.unwrap();
    }
}

impl Client {
    async fn error(&mut self, request: &Request) -> AdminError {
        self.ask(request).await.unwrap_err()
    }
}

// spec: STM-191, STM-192, ADM-430
#[tokio::test(flavor = "multi_thread")]
async fn entry_in_a_red_list_is_left_by_an_exit_and_nothing_else_is() {
    use WithdrawalReason as Why;
    let pair = start().await;
    pair.import().await;
    let penalty = pair.first();
    let mut member = Client::open(&pair.member).await;
    let like = member.statement(position(&penalty)).await.decision.unwrap();
    let mut entries = Vec::new();
    for number in ["红字1号", "红字2号", "红字3号", "红字4号"] {
        entries.push(pair.decide(red(like.fields(), number)).await);
    }
    for reason in [Why::DecisionRevoked, Why::OutsideCatalogue, Why::OtherError] {
        let error = member.error(&withdrawal(&entries[0], reason, None)).await;
        assert_eq!(error.code, ErrorCode::ExitNeeded, "{reason:?}");
        assert_eq!(
            error.detail("target"),
            Some(entries[0].to_string().as_str())
        );
    }
    let exit = Some(RedExit::CriteriaChanged);
    let error = member
        .error(&withdrawal(&penalty, Why::DecisionRevoked, exit))
        .await;
    assert_eq!(error.code, ErrorCode::ExitUnfit);
    // Neither was recorded.
    for target in [&entries[0], &penalty] {
        let view = member.statement(position(target)).await;
        assert_eq!(view.effect.unwrap().validity, ValidityCode::InForce);
    }
    member
        .act(&withdrawal(&entries[0], Why::DecisionRevoked, exit))
        .await;
    // An entry that named another, or stands twice, takes nobody off the list.
    member
        .act(&withdrawal(&entries[1], Why::WrongSubject, None))
        .await;
    member
        .act(&withdrawal(&entries[2], Why::Duplicate, None))
        .await;
    pair.withdraw_elsewhere(&entries[3], None).await;
    pair.withdraw_elsewhere(&penalty, exit).await;
    let said = [exit, None, None, None];
    for (target, said) in entries.iter().zip(said).chain([(&penalty, exit)]) {
        // What honours is taken back once a quorum has seen that.
        until(&pair.member.node, |node| {
            let effect = node.effect_of(target, clock::today()).unwrap();
            matches!(effect.validity, Validity::Withdrawn { .. })
        })
        .await;
        let view = member.statement(position(target)).await;
        assert_eq!(view.acts.len(), 1);
        assert_eq!(view.acts[0].exit, said);
    }
    drop(member);
    pair.stop().await;
}

// spec: ADM-437, ADM-438
#[tokio::test(flavor = "multi_thread")]
async fn exit_that_is_not_so_is_refused_and_of_many_each_is_left_by_its_own() {
    use WithdrawalReason as Why;
    let pair = start().await;
    pair.import().await;
    let penalty = pair.first();
    let mut member = Client::open(&pair.member).await;
    let like = member.statement(position(&penalty)).await.decision.unwrap();
    let entry = pair.decide(red(like.fields(), "红字1号")).await;
    let ended = {
        let fields = red(like.fields(), "红字2号");
        let valid_until = Some(clock::today());
        pair.decide(DecisionFields {
            valid_until,
            ..fields
        })
        .await
    };
    for (reason, exit, state, until) in [
        (Why::WrongSubject, RedExit::ObjectionUpheld, "reason", None),
        (Why::Duplicate, RedExit::CriteriaChanged, "reason", None),
        (
            Why::DecisionRevoked,
            RedExit::ValidityEnded,
            "validity",
            Some("2098-12-31"),
        ),
    ] {
        let error = member.error(&withdrawal(&entry, reason, Some(exit))).await;
        assert_eq!(error.code, ErrorCode::ExitUnfit);
        assert_eq!(
            (error.detail("state"), error.detail("until")),
            (Some(state), until)
        );
    }
    let of_ended = withdrawal(&ended, Why::DecisionRevoked, Some(RedExit::ValidityEnded));
    member.act(&of_ended).await;
    let bulk = |reason, exit| {
        Request::BulkWithdrawal(Box::new(BulkAsk {
            import: None,
            targets: vec![position(&penalty), position(&entry)],
            reason,
            reasons: Text::new("撤销").unwrap(),
            acts: None,
            skip: None,
            issuer: None,
            dry_run: false,
            exit,
        }))
    };
    let (reason, exit) = (Some(Why::OutsideCatalogue), Some(RedExit::CriteriaChanged));
    for (reason, exit, code) in [
        (reason, None, ErrorCode::ExitNeeded),
        (None, exit, ErrorCode::ExitUnfit),
        (None, None, ErrorCode::BadRequest),
    ] {
        assert_eq!(member.error(&bulk(reason, exit)).await.code, code);
    }
    let Reply::Bulk(done) = member.ask(&bulk(reason, exit)).await.unwrap() else {
        panic!("no answer to a bulk withdrawal");
    };
    assert_eq!(done.recorded, 2);
    for (target, reason, exit) in [
        (&penalty, reason, None),
        (&entry, Some(Why::DecisionRevoked), exit),
    ] {
        let acts = member.statement(position(target)).await.acts;
        assert_eq!((acts[0].withdrawal_reason, acts[0].exit), (reason, exit));
    }
    drop(member);
    pair.stop().await;
}

fn corrected(target: &StatementRef, replacement: DecisionFields) -> Request {
    Request::Correction(CorrectionAsk {
        target: position(target),
        reasons: Text::new("填写有误").unwrap(),
        replacement: Box::new(replacement),
        worked_from: None,
        issuer: None,
        dry_run: false,
        bulk: None,
    })
}

// spec: ADM-460, ADM-461
#[tokio::test(flavor = "multi_thread")]
async fn entry_is_taken_off_a_red_list_by_no_correction_and_by_no_twin_that_is_none() {
    let pair = start().await;
    pair.import().await;
    let penalty = pair.first();
    let mut member = Client::open(&pair.member).await;
    let like = member.statement(position(&penalty)).await.decision.unwrap();
    let fields = red(like.fields(), "红字1号");
    let entry = pair.decide(fields.clone()).await;
    let until = |day: Day| DecisionFields {
        valid_until: Some(day),
        ..fields.clone()
    };
    let today = clock::today();
    for last in [today, fields.decided_on] {
        let error = member.error(&corrected(&entry, until(last))).await;
        assert_eq!(error.code, ErrorCode::EndsEntry, "{last}");
        assert_eq!(error.detail("until"), Some(last.to_string().as_str()));
    }
    let error = member
        .error(&withdrawal(&entry, WithdrawalReason::Duplicate, None))
        .await;
    assert_eq!(error.code, ErrorCode::NotTwice);
    // A last day that is still to come is corrected like anything else.
    let sooner = until(Day::parse_loose("2097-12-31").unwrap());
    member.act(&corrected(&entry, sooner)).await;
    // One that stands beside it makes it stand twice.
    let twin = pair.decide(red(like.fields(), "红字2号")).await;
    member
        .act(&withdrawal(&twin, WithdrawalReason::Duplicate, None))
        .await;
    drop(member);
    pair.stop().await;
}

// spec: ADM-462
#[tokio::test(flavor = "multi_thread")]
async fn correction_to_a_day_before_the_mandate_of_who_decided_is_refused() {
    let first = Day::parse_loose("2001-01-01").unwrap();
    let pair = Pair::start_planned(VIS_PUBLIC, |plan| {
        for mandate in &mut plan.members[0].mandates {
            mandate.from = first;
        }
    });
    let pair = pair.await;
    pair.import().await;
    let penalty = pair.first();
    let mut member = Client::open(&pair.member).await;
    let like = member.statement(position(&penalty)).await.decision.unwrap();
    let decided_on = Day::parse_loose("2000-12-31").unwrap();
    let early = DecisionFields {
        decided_on,
        ..like.fields().clone()
    };
    let error = member.error(&corrected(&penalty, early)).await;
    assert_eq!(error.code, ErrorCode::DayWithoutMandate);
    assert_eq!(error.detail("day"), Some("2000-12-31"));
    let issuer = pair.member.node.member();
    assert_eq!(error.detail("issuer"), Some(issuer.as_str()));
    drop(member);
    pair.stop().await;
}

// spec: ADM-463
#[tokio::test(flavor = "multi_thread")]
async fn objection_is_admitted_once_by_one_authority() {
    let pair = start().await;
    pair.import().await;
    let penalty = pair.first();
    until(&pair.hub.node, |node| {
        node.effect_of(&penalty, clock::today())
            .is_ok_and(|effect| effect.validity == Validity::InForce)
    })
    .await;
    let mut hub = Client::open(&pair.hub).await;
    let filed = hub.act(&objection(position(&penalty), false)).await;
    let admit = Request::Admission(AdmissionAsk {
        target: position(&penalty),
        admits: vec![position(&filed.reference.unwrap())],
        reasons: Text::new("准予受理").unwrap(),
        issuer: None,
        dry_run: false,
    });
    hub.act(&admit).await;
    let error = hub.error(&admit).await;
    assert_eq!(error.code, ErrorCode::NoEffect);
    assert_eq!(error.detail("state"), Some("stands"));
    drop(hub);
    pair.stop().await;
}

// spec: ADM-431
#[tokio::test(flavor = "multi_thread")]
async fn entry_in_a_list_that_burdens_is_shown_beside_the_red_list() {
    let pair = start().await;
    pair.import().await;
    let penalty = pair.first();
    let mut member = Client::open(&pair.member).await;
    let like = member.statement(position(&penalty)).await.decision.unwrap();
    let red = pair.decide(red(like.fields(), "红字1号")).await;
    let alone = member.statement(position(&red)).await;
    assert_eq!((alone.listed, alone.listed_left), (vec![], None));
    let mut lasts = entry(like.fields(), "关注1号");
    lasts.valid_until = Some(Day::parse_loose("2098-12-31").unwrap());
    let watch = pair.decide(lasts.clone()).await;
    lasts.document_number = Text::new("关注2号").unwrap();
    let gone = pair.decide(lasts).await;
    member
        .act(&withdrawal(&gone, WithdrawalReason::OtherError, None))
        .await;
    let view = member.statement(position(&red)).await;
    // It stands all the same: a reading ends nothing.
    assert_eq!(view.effect.unwrap().validity, ValidityCode::InForce);
    assert_eq!(view.listed.len(), 1);
    let beside = &view.listed[0];
    assert_eq!(
        (&beside.reference, beside.act_type),
        (&watch, ActType::WatchList)
    );
    assert_eq!(beside.document_number, "关注1号");
    let answer = member.subject(like.fields().subject.code()).await;
    let of = |at: &StatementRef| -> &DecisionView {
        let mut all = answer.decisions.iter();
        all.find(|one| one.reference == *at).unwrap()
    };
    assert_eq!(of(&red).listed, view.listed);
    assert_eq!(of(&watch).listed, []);
    // An objection suspends it, and it is shown so.
    member.act(&objection(position(&watch), false)).await;
    let view = member.statement(position(&red)).await;
    assert_eq!(view.listed[0].binds_others, BindsOthersCode::Suspended);
    drop(member);
    pair.stop().await;
}
