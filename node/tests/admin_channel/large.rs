//! What one member can pile up about a decision, or an organisation, and the channel must carry all
//! the same.

use concordat_protocol::admin::SUBJECT_DECISIONS_MAX;

use super::*;

/// Objections of the hub to a decision of the member, in one go.
async fn object(pair: &Pair, target: &StatementRef, about: SubjectCode, all: &[(Ground, String)]) {
    let hub = &pair.hub.node;
    let said = all.iter().map(|(ground, reasons)| {
        let reasons = Some(Text::new(reasons.as_str()).unwrap());
        let role = ObjectorRole::Subject;
        let objection = Objection::new(role, *ground, clock::today(), false, reasons);
        let payload = Payload {
            issued_at: clock::now(),
            target: Some(target.clone()),
            register_size: Some(TreeSize::ZERO),
            batch: None,
            content: Content::Objection(objection),
            ext: Ext::default(),
        };
        sign(hub.signer(), hub.member(), about, hub.ctx(), &payload).unwrap()
    });
    let filed = hub.submit(LogNumber::Statements, said.collect()).await;
    let filed = filed.unwrap();
    let suspending = |node: &Node| {
        let effect = node.effect_of(target, clock::today()).unwrap();
        let suspended = effect.suspended_by.iter();
        suspended.map(|one| one.by.len()).sum::<usize>()
    };
    until(&pair.member.node, |node| suspending(node) == filed.len()).await;
}

/// The organisation that a decision is about.
fn about(pair: &Pair, target: &StatementRef) -> SubjectCode {
    let query = pair.member.node.query().unwrap();
    let found = query.statement(&target.origin, target.index).unwrap();
    let concordat_node::query::Found::Verified(decision) = found else {
        panic!("{found:?}")
    };
    decision.statement().header().about
}

/// 200 objections with reasons of the longest kind made every later answer about the decision larger
/// than a frame: nobody could look at it any more.
// spec: ADM-190
#[tokio::test(flavor = "multi_thread")]
async fn statement_is_answered_however_much_was_said_about_it() {
    const OBJECTIONS: usize = 200;
    let pair = Pair::start().await;
    pair.import().await;
    let target = pair.first();
    let about = about(&pair, &target);
    let long = |number: usize| (Ground::Facts, format!("{number:04}{}", "异".repeat(1_996)));
    let all: Vec<_> = (0..OBJECTIONS).map(long).collect();
    object(&pair, &target, about, &all).await;
    for running in [&pair.member, &pair.hub] {
        let mut client = Client::open(running).await;
        let shown = client.statement(position(&target)).await;
        let left = shown.acts_left.unwrap_or(0);
        assert_eq!(shown.acts.len() as u64 + left, OBJECTIONS as u64);
        assert!(shown.acts.len() > 64, "{}", shown.acts.len());
    }
    pair.stop().await;
}

/// A member that logged many decisions of one document, and objections to them, kept everybody from
/// seeing what others had decided about the organisation.
// spec: ADM-191
#[tokio::test(flavor = "multi_thread")]
async fn organisation_is_answered_in_pages_that_the_channel_carries() {
    const REISSUES: usize = 90;
    let pair = Pair::start().await;
    pair.import().await;
    let target = pair.first();
    let about = about(&pair, &target);
    let mut client = Client::open(&pair.member).await;
    let view = client.statement(position(&target)).await;
    let mut fields = view.decision.unwrap().into_fields();
    fields.reissues = Some(target.clone());
    for number in 0..REISSUES {
        fields.facts = Some(Text::new(format!("重新作出{number}")).unwrap());
        pair.decide(fields.clone()).await;
    }
    let grounds = (1..=8).filter_map(Ground::from_code);
    let all = grounds.flat_map(|ground| (0..16).map(move |number| (ground, number.to_string())));
    object(&pair, &target, about, &all.collect::<Vec<_>>()).await;
    let mut found = Vec::new();
    let mut skip = None;
    loop {
        let ask = SubjectAsk {
            code: about,
            look_up: look_up(),
            as_of: None,
            skip,
            records_skip: None,
            clean_since: None,
            clean_years: None,
        };
        let answer = match client.ask(&Request::Subject(ask)).await.unwrap() {
            Reply::Subject(answer) => *answer,
            other => panic!("{other:?}"),
        };
        let count = answer.decisions.len();
        assert!(count > 0 && count < SUBJECT_DECISIONS_MAX, "{count}");
        assert!(count > 8 || answer.next_skip.is_none(), "{count}");
        let total = answer.total;
        found.extend(answer.decisions.into_iter().map(|one| one.reference));
        skip = answer.next_skip;
        if skip.is_none() {
            assert_eq!(total, found.len() as u64);
            break;
        }
    }
    found.sort();
    found.dedup();
    assert_eq!(found.len(), REISSUES + 1);
    pair.stop().await;
}

/// Whoever stole a log key logged a public decision a thousand times: a clerk saw pages of rows that say
/// nothing before anything else.
// spec: ADM-220
#[tokio::test(flavor = "multi_thread")]
async fn decision_logged_a_thousand_times_is_one_row_of_its_organisation() {
    const COPIES: usize = 1_000;
    let pair = Pair::start().await;
    pair.import().await;
    let target = pair.first();
    let about = about(&pair, &target);
    let mut client = Client::open(&pair.member).await;
    let before = client.subject(about).await;
    let view = client.statement(position(&target)).await;
    let signed = {
        let query = pair.member.node.query().unwrap();
        let found = query.statement(&target.origin, target.index).unwrap();
        let concordat_node::query::Found::Verified(decision) = found else {
            panic!("{found:?}")
        };
        decision.statement().as_bytes().to_vec()
    };
    let node = &pair.member.node;
    let copies = node.submit(LogNumber::Statements, vec![signed; COPIES]);
    let copies = copies.await.unwrap();
    let honest = pair.decide(view.decision.unwrap().into_fields()).await;
    let mut found = Vec::new();
    let mut skip = None;
    loop {
        let ask = SubjectAsk {
            code: about,
            look_up: look_up(),
            as_of: None,
            skip,
            records_skip: None,
            clean_since: None,
            clean_years: None,
        };
        let answer = match client.ask(&Request::Subject(ask)).await.unwrap() {
            Reply::Subject(answer) => *answer,
            other => panic!("{other:?}"),
        };
        assert_eq!(answer.total, before.total + 1);
        let has_it = answer.decisions.iter().any(|one| one.reference == target);
        assert_eq!(answer.copies_left, has_it.then_some(COPIES as u64));
        found.extend(answer.decisions.into_iter().map(|one| one.reference));
        skip = answer.next_skip;
        if skip.is_none() {
            break;
        }
    }
    let listed = before.decisions.into_iter();
    let mut all: Vec<_> = listed.map(|one| one.reference).collect();
    all.push(honest);
    all.sort();
    found.sort();
    assert_eq!(found, all);
    // Whoever asks for a copy by name is told what it is.
    let copy = client.statement(position(&copies[0])).await;
    let validity = copy.effect.map(|effect| effect.validity);
    assert_eq!(
        validity,
        Some(concordat_protocol::admin::ValidityCode::NotADecision)
    );
    pair.stop().await;
}
