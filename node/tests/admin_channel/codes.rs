//! An organisation under a code that it has no more, and under the one that it has.

use concordat_protocol::admin::{
    CleanCode, CleanView, CodeStateCode, LookUpMissedAsk, RecordAsk, RecordSaid,
};
use concordat_protocol::effect::CodeState;
use concordat_protocol::lookup::{Case, Scenario};
use concordat_protocol::statement::{BasisLevel, Code, LegalBasis};

use super::*;

const ITEM: &str = "registration.code";

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).unwrap()
}

/// An item for changes of code, and a hub that registers everywhere.
async fn start() -> Pair {
    let pair = Pair::start_planned(VIS_PUBLIC, |plan| {
        let mut item = plan.catalogue.items[0].clone();
        item.code = Code::new(ITEM).unwrap();
        item.act_types = Vec::new();
        item.classes = vec![Class::CodeChange];
        plan.catalogue.items.push(item);
        plan.catalogue.items.sort_by(|a, b| a.code.cmp(&b.code));
        for authority in [&mut plan.hub, &mut plan.members[0]] {
            authority.region = RegionCode::COUNTRY;
            for mandate in &mut authority.mandates {
                let classes = &mut mandate.classes;
                classes.extend([
                    Class::CodeChange,
                    Class::Objection,
                    Class::Ruling,
                    Class::Withdrawal,
                ]);
                classes.sort_unstable();
                classes.dedup();
            }
        }
    });
    pair.await
}

fn new_code(number: u8) -> SubjectCode {
    SubjectCode::with_check(&format!("91110108MA00000{number:02}")).unwrap()
}

fn change(from: SubjectCode, to: SubjectCode, dry_run: bool) -> Request {
    let subject = Subject::new(to, SubjectCheck::Ok, Form::Enterprise, text("某某有限公司"));
    Request::Record(Box::new(RecordAsk {
        class: Class::CodeChange,
        subject: Some(subject.unwrap()),
        item: Some(Code::new(ITEM).unwrap()),
        day: None,
        refers_to: Vec::new(),
        agreement: None,
        said: Box::new(RecordSaid {
            from_code: Some(from),
            basis: vec![LegalBasis {
                law: text("统一社会信用代码制度建设总体方案"),
                article: text("第三条"),
                level: BasisLevel::Law,
            }],
            reasons: Some(text("原代码重复，重新赋码")),
            ..RecordSaid::default()
        }),
        issuer: None,
        dry_run,
    }))
}

impl Client {
    async fn change_code(&mut self, from: SubjectCode, to: SubjectCode) -> StatementRef {
        let reply = self.ask(&change(from, to, false)).await.unwrap();
        let Reply::RecordMade(made) = reply else {
            panic!("{reply:?}");
        };
        made.reference.unwrap()
    }
}

/// How it stands with a change, as an answer about one of its codes says.
fn state(answer: &SubjectAnswer, at: &StatementRef) -> Option<CodeStateCode> {
    let mut codes = answer.codes.iter();
    let found = codes.find(|step| step.reference == *at);
    found.map(|step| step.state)
}

/// Waits until a quorum has cosigned what makes a change hold.
async fn until_holds(pair: &Pair, code: SubjectCode, at: &StatementRef) {
    until(&pair.member.node, |node| {
        let codes = node.codes_of(code).unwrap().changes;
        let mut codes = codes.iter();
        codes.any(|step| step.reference == *at && step.state == CodeState::Holds)
    })
    .await;
}

// spec: ADM-450, ADM-451, ADM-452, IDX-111, IDX-112, EFF-220
#[tokio::test(flavor = "multi_thread")]
async fn record_of_an_organisation_follows_it_to_its_new_code() {
    let pair = start().await;
    pair.import().await;
    let penalty = pair.first();
    let mut member = Client::open(&pair.member).await;
    let view = member.statement(position(&penalty)).await;
    let (from, to) = (view.about, new_code(1));
    let before = member.subject(from).await;
    assert!(before.total > 0 && before.codes.is_empty());
    let dry = member.ask(&change(from, to, true)).await.unwrap();
    assert!(matches!(dry, Reply::RecordMade(made) if made.reference.is_none()));
    let said = member.change_code(from, to).await;
    until_holds(&pair, to, &said).await;
    let former = member.subject(from).await;
    assert_eq!(former.now, Some(to));
    assert_eq!((former.decisions.len(), former.names.len()), (0, 0));
    assert_eq!(former.not_about.len(), before.decisions.len());
    assert!(former.not_about.iter().all(|one| one.by == said));
    assert!(
        former
            .records
            .iter()
            .all(|one| one.class == Class::CodeChange)
    );
    let now = member.subject(to).await;
    assert_eq!(now.now, None);
    let refs = |answer: &SubjectAnswer| -> Vec<StatementRef> {
        let decisions = answer.decisions.iter();
        decisions.map(|one| one.reference.clone()).collect()
    };
    assert_eq!(refs(&now), refs(&before));
    assert!(now.decisions.iter().all(|one| one.under == Some(from)));
    assert_eq!(now.names, before.names);
    // Acts on what names the former code go on.
    let view = member.statement(position(&penalty)).await;
    assert_eq!((view.about, view.code_now), (from, Some(to)));
    member.act(&withdraw(&penalty)).await;
    let now = member.subject(to).await;
    let one = now.decisions.iter().find(|one| one.reference == penalty);
    let validity = one.unwrap().effect.validity;
    assert_eq!(validity, concordat_protocol::admin::ValidityCode::Withdrawn);
}

fn objection(target: &StatementRef, ground: Ground) -> Request {
    Request::Objection(ObjectionAsk {
        target: position(target),
        role: ObjectorRole::Subject,
        ground,
        received_on: None,
        reasons: None,
        issuer: None,
        dry_run: false,
    })
}

fn withdraw(target: &StatementRef) -> Request {
    Request::Withdrawal(WithdrawalAsk {
        target: position(target),
        reason: WithdrawalReason::OtherError,
        reasons: text("录入错误"),
        issuer: None,
        dry_run: false,
        exit: None,
    })
}

/// While anybody disputes it, nobody bears what was decided about another code.
// spec: ADM-453, EFF-217, EFF-219, EFF-220
#[tokio::test(flavor = "multi_thread")]
async fn change_of_code_that_is_objected_to_hands_nothing_over() {
    let pair = start().await;
    pair.import().await;
    let penalty = pair.first();
    let mut member = Client::open(&pair.member).await;
    let (from, to) = (
        member.statement(position(&penalty)).await.about,
        new_code(2),
    );
    let said = member.change_code(from, to).await;
    until_holds(&pair, to, &said).await;
    let objection = objection(&said, Ground::WrongSubject);
    member.ask(&objection).await.unwrap();
    let objected = member.subject(to).await;
    assert_eq!(state(&objected, &said), Some(CodeStateCode::Objected));
    assert_eq!(objected.decisions.len(), 0);
    let own = member.subject(from).await;
    assert_eq!(own.now, None);
    assert!(own.decisions.iter().any(|one| one.reference == penalty));
    let view = member.statement(position(&said)).await;
    assert_eq!(view.code_change.unwrap().state, CodeStateCode::Objected);
    let ruling = |outcome| {
        Request::Ruling(RulingAsk {
            target: position(&said),
            outcome,
            closes: Vec::new(),
            reasons: text("经核查"),
            issuer: None,
            dry_run: false,
        })
    };
    member.ask(&ruling(Outcome::Rejected)).await.unwrap();
    until_holds(&pair, to, &said).await;
    let error = member.ask(&ruling(Outcome::Rejected)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NothingOpen);
    // Taken back, it is as if it had not been said, at once.
    member.ask(&withdraw(&said)).await.unwrap();
    let back = member.subject(to).await;
    assert_eq!(state(&back, &said), Some(CodeStateCode::Withdrawn));
    assert_eq!(
        (back.decisions.len(), member.subject(from).await.now),
        (0, None)
    );
}

// spec: LKP-82, LKP-83
#[tokio::test(flavor = "multi_thread")]
async fn clean_years_are_asked_under_the_code_that_it_has_and_weigh_those_before() {
    let pair = start().await;
    pair.import().await;
    let mut member = Client::open(&pair.member).await;
    let penalty = pair.first();
    let (from, to) = (
        member.statement(position(&penalty)).await.about,
        new_code(3),
    );
    let ask = |code| {
        Request::Subject(SubjectAsk {
            code,
            look_up: look_up(),
            as_of: None,
            skip: None,
            records_skip: None,
            clean_since: None,
            clean_years: Some(20),
        })
    };
    let clean = |reply: Reply| match reply {
        Reply::Subject(answer) => answer.clean.unwrap(),
        other => panic!("{other:?}"),
    };
    let before = clean(member.ask(&ask(from)).await.unwrap());
    let all = |clean: &CleanView| clean.counts + clean.apart + clean.not_known;
    assert!(all(&before) > 0);
    let said = member.change_code(from, to).await;
    until_holds(&pair, to, &said).await;
    let error = member.ask(&ask(from)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::CodeChanged);
    assert_eq!(error.detail("now"), Some(to.to_string().as_str()));
    let now = clean(member.ask(&ask(to)).await.unwrap());
    // What no quorum had cosigned may have been by now.
    assert_eq!(all(&now), all(&before));
    assert_ne!(now.verdict, CleanCode::Clean);
    // An objection to the change takes the decisions away from the new code, and clears nobody.
    // spec: LKP-85
    member.act(&objection(&said, Ground::WrongSubject)).await;
    let disputed = clean(member.ask(&ask(to)).await.unwrap());
    assert_eq!((disputed.counts, disputed.apart), (0, 0));
    assert_eq!(disputed.not_known, 1);
    assert_ne!(disputed.verdict, CleanCode::Clean);
}

// spec: EFF-221
#[tokio::test(flavor = "multi_thread")]
async fn decision_filed_anew_under_the_new_code_is_suspended_by_what_suspends_the_first() {
    let pair = start().await;
    pair.import().await;
    let penalty = pair.first();
    let mut member = Client::open(&pair.member).await;
    let like = member.statement(position(&penalty)).await.decision.unwrap();
    let (mut fields, to) = (like.fields().clone(), new_code(4));
    let (from, form) = (fields.subject.code(), fields.subject.form());
    fields.subject = Subject::new(to, SubjectCheck::Ok, form, text("某某有限公司")).unwrap();
    let anew = pair.decide(fields).await;
    member
        .ask(&objection(&penalty, Ground::Facts))
        .await
        .unwrap();
    let before = member.statement(position(&anew)).await.effect.unwrap();
    assert!(before.suspended_by.is_empty());
    let said = member.change_code(from, to).await;
    until_holds(&pair, to, &said).await;
    let after = member.statement(position(&anew)).await.effect.unwrap();
    assert_eq!(after.suspended_by[0].ground, Some(Ground::Facts));
    let now = member.subject(to).await;
    let found = now.decisions.iter().find(|one| one.reference == anew);
    assert_eq!(found.unwrap().under, None);
}

/// A case names the code of the day on which it was opened.
// spec: LKP-84
#[tokio::test(flavor = "multi_thread")]
async fn case_was_looked_up_under_whichever_code_the_organisation_had_then() {
    let pair = start().await;
    pair.import().await;
    let penalty = pair.first();
    let mut member = Client::open(&pair.member).await;
    let (from, to) = (
        member.statement(position(&penalty)).await.about,
        new_code(5),
    );
    let case = |number: &str, subject| Case {
        number: text(number),
        subject,
        scenario: Scenario::Approval,
        decided_on: Day::parse_loose("2030-01-01").unwrap(),
    };
    let found = |reply: Reply| match reply {
        Reply::LookUpsMissed(view) => view.found.iter().map(|one| one.case).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let number = look_up().case_number.to_string();
    let cases = vec![
        case(&number, from),
        case(&number, to),
        case("2026-119", from),
        case("2026-119", to),
    ];
    let ask = Request::LookUpMissed(LookUpMissedAsk { cases });
    let early = Request::Subject(SubjectAsk {
        code: from,
        look_up: LookUp {
            case_number: text("2026-119"),
            ..look_up()
        },
        as_of: None,
        skip: None,
        records_skip: None,
        clean_since: None,
        clean_years: None,
    });
    member.ask(&early).await.unwrap();
    assert_eq!(found(member.ask(&ask).await.unwrap()), [2]);
    let said = member.change_code(from, to).await;
    until_holds(&pair, to, &said).await;
    // Under the code that it has no more nothing is shown.
    member.subject(from).await;
    assert_eq!(found(member.ask(&ask).await.unwrap()), [2, 3]);
    member.subject(to).await;
    assert_eq!(found(member.ask(&ask).await.unwrap()), [0, 1, 2, 3]);
    let only = Request::LookUpMissed(LookUpMissedAsk {
        cases: vec![case(&number, new_code(6))],
    });
    assert_eq!(found(member.ask(&only).await.unwrap()), []);
}
