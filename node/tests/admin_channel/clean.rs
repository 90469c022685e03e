//! Whether an organisation has any adverse record since a day, with a receipt that says so.

use concordat_protocol::admin::{CleanCode, CleanView, CleanWeight};
use concordat_protocol::codec::Truth;
use concordat_protocol::effect::BindsOthers;
use concordat_protocol::lookup::LookUpReceipt;
use concordat_protocol::statement::{
    Audience, BasisLevel, Code, LegalBasis, Loss, Standing, Suspension, Vis, VisibilityClass,
};

use super::*;

/// Nobody has decided anything about it.
const OTHER: &str = "91230400MA0000015M";

fn ask(code: SubjectCode, since: Option<Day>, years: Option<u32>) -> Request {
    Request::Subject(SubjectAsk {
        code,
        look_up: LookUp {
            receipt: Some(Truth),
            ..look_up()
        },
        as_of: None,
        // What the page shows is not what is weighed.
        skip: since.map(|_| 1_000),
        records_skip: None,
        clean_since: since,
        clean_years: years,
    })
}

impl Pair {
    /// Suspends a member and declares it lost.
    async fn lose(&mut self, member: AuthorityCode) {
        let reasons = || Text::new("长期无应答。").unwrap();
        let basis = LegalBasis {
            law: Text::new("某省社会信用条例").unwrap(),
            article: Text::new("第二十条").unwrap(),
            level: BasisLevel::LocalRegulation,
        };
        let suspended = Content::Suspension(Suspension {
            member,
            standing: Standing::Suspended,
            reasons: reasons(),
        });
        let lost = Content::Loss(Loss {
            member,
            reasons: reasons(),
            basis: vec![basis],
        });
        for content in [suspended, lost] {
            self.network.append(content).unwrap();
            self.enter_last().await;
        }
    }
}

impl Client {
    /// The answer, which its receipt says as well.
    // spec: LKP-74
    async fn clean(&mut self, code: SubjectCode, since: Day) -> CleanView {
        let ask = ask(code, Some(since), None);
        self.send(&ask.encode().unwrap()).await;
        let (last, before) = self.last().await.unwrap();
        let (Reply::Subject(answer), [Reply::Receipt(receipt)]) = (last, &before[..]) else {
            panic!("{before:?}")
        };
        let view = answer.clean.unwrap();
        let receipt = LookUpReceipt::decode(receipt).unwrap();
        assert_eq!(receipt.row().clean, Some(view.word()));
        assert_eq!(receipt.row().subject, code);
        // spec: LKP-77
        let shown = &receipt.row().shown;
        for one in &view.decisions {
            assert!(shown.iter().any(|was| was.reference == one.reference));
        }
        view
    }
}

// spec: LKP-70, LKP-71, LKP-73, LKP-74, ADM-434
#[tokio::test(flavor = "multi_thread")]
async fn clean_years_are_answered_with_a_receipt_and_never_on_what_is_not_known() {
    let mut pair = Pair::start().await;
    pair.import().await;
    let target = pair.first();
    let mut member = Client::open(&pair.member).await;
    let decision = member.statement(position(&target)).await.decision.unwrap();
    let fields = decision.fields();
    let (code, other) = (fields.subject.code(), SubjectCode::parse(OTHER).unwrap());
    until(&pair.member.node, |node| {
        let effect = node.effect_of(&target, clock::today()).unwrap();
        effect.binds_others() != BindsOthers::NotWitnessed
    })
    .await;
    let view = member.clean(code, fields.decided_on).await;
    assert_eq!(view.verdict, CleanCode::Adverse, "{view:?}");
    assert_eq!((view.counts, view.apart, view.not_known), (1, 0, 0));
    assert_eq!(view.decisions[0].reference, target);
    assert_eq!(view.decisions[0].weight, CleanWeight::Counts);
    assert_eq!(
        member.clean(other, fields.decided_on).await.verdict,
        CleanCode::Clean
    );
    // Without the question there is no answer to it.
    assert_eq!(member.subject(code).await.clean, None);
    let day = |days| clock::today().plus_days(days).unwrap();
    for (since, years) in [
        (Some(day(2)), None),
        (Some(day(-2)), Some(3)),
        (None, Some(0)),
        (None, Some(2_000)),
    ] {
        let error = member.ask(&ask(code, since, years)).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::CleanSpan, "{since:?} {years:?}");
    }
    // Nobody says of a day to come that nothing stands on it; without the question it may be asked about.
    for (years, refused) in [(Some(3), true), (None, false)] {
        let Request::Subject(mut asked) = ask(code, None, years) else {
            unreachable!()
        };
        asked.as_of = Some(day(1_500));
        let answer = member.ask(&Request::Subject(asked)).await;
        let code = answer.err().map(|error| error.code);
        assert_eq!(code, refused.then_some(ErrorCode::CleanSpan));
    }
    member.act(&objection(position(&target), false)).await;
    let view = member.clean(code, fields.decided_on).await;
    assert_eq!(view.verdict, CleanCode::Contested);
    assert_eq!((view.counts, view.apart), (0, 1));
    // One whose log nobody here holds may have decided anything.
    let elsewhere = TestNetwork::build(TestPlan::numbered(2, 9)).unwrap();
    let silent = &elsewhere.members[1];
    pair.network.enrol(silent).unwrap();
    pair.enter_last().await;
    for about in [code, other] {
        let view = member.clean(about, fields.decided_on).await;
        assert_eq!(view.verdict, CleanCode::Unknown);
        assert_eq!(view.stale_total, 1);
        assert_eq!(view.stale[0].origin.member(), silent.code().as_str());
        assert_eq!((view.stale[0].since, view.stale[0].lost), (None, None));
    }
    // Nobody is held up for good by one of whom nothing more is expected, and it is said who that is.
    pair.lose(silent.code()).await;
    for (about, verdict) in [(code, CleanCode::Contested), (other, CleanCode::Clean)] {
        let whole = async {
            loop {
                let view = member.clean(about, fields.decided_on).await;
                // The entries that say so are on their way.
                if view.verdict != CleanCode::Unknown {
                    return view;
                }
            }
        };
        let view = tokio::time::timeout(PATIENCE, whole).await.unwrap();
        assert_eq!((view.verdict, view.withheld, view.waiting), (verdict, 0, 0));
        assert_eq!((view.stale_total, view.lost_total), (0, 1));
        assert_eq!(view.stale[0].origin.member(), silent.code().as_str());
        assert_eq!(view.stale[0].lost, Some(Truth));
    }
    lost_is_shown(&mut member, silent.code()).await;
    // The member itself is told.
    // spec: ADM-481
    pair.lose(pair.member.node.member()).await;
    let told = async {
        loop {
            let status = member.status().await;
            let mut alarms = status.alarms.iter();
            if let Some(alarm) = alarms.find(|alarm| alarm.name.as_str() == "declared-lost") {
                return alarm.details[0].name.clone();
            }
        }
    };
    let told = tokio::time::timeout(PATIENCE, told).await.unwrap();
    assert_eq!(told, "entry");
    drop(member);
    pair.stop().await;
}

/// Who is declared lost was shown in certificates alone.
// spec: ADM-480
async fn lost_is_shown(client: &mut Client, lost: AuthorityCode) {
    let Reply::Peers(peers) = client.ask(&Request::PeerList).await.unwrap() else {
        panic!("no peers");
    };
    for peer in peers {
        assert_eq!(peer.lost.is_some(), peer.member == lost, "{peer:?}");
    }
    let show = Request::PeerShow(PeerName { member: lost });
    let Reply::Peer(view) = client.ask(&show).await.unwrap() else {
        panic!("no peer");
    };
    assert!(view.brief.lost.is_some());
}

/// A penalty that its author had just put upon an organisation left it clean until a quorum had cosigned that.
// spec: LKP-71, LKP-72
#[tokio::test(flavor = "multi_thread")]
async fn correction_to_come_that_burdens_makes_it_unknown() {
    let pair = Pair::start().await;
    pair.import().await;
    let target = pair.first();
    let mut member = Client::open(&pair.member).await;
    until(&pair.member.node, |node| {
        let effect = node.effect_of(&target, clock::today()).unwrap();
        effect.binds_others() != BindsOthers::NotWitnessed
    })
    .await;
    let decision = member.statement(position(&target)).await.decision.unwrap();
    let mut fields = decision.into_fields();
    let (since, other) = (fields.decided_on, SubjectCode::parse(OTHER).unwrap());
    let name = Text::new("另一公司").unwrap();
    fields.subject = Subject::new(other, SubjectCheck::Ok, Form::Enterprise, name).unwrap();
    assert_eq!(member.clean(other, since).await.verdict, CleanCode::Clean);
    // Without the hub no quorum cosigns anything.
    pair.hub.admin.stop().await;
    pair.hub.node.stop().await;
    let ask = CorrectionAsk {
        target: position(&target),
        reasons: Text::new("主体有误。").unwrap(),
        replacement: Box::new(fields),
        worked_from: None,
        issuer: None,
        dry_run: false,
        bulk: None,
    };
    member.act(&Request::Correction(ask)).await;
    let view = member.clean(other, since).await;
    assert_eq!(view.verdict, CleanCode::Unknown, "{view:?}");
    assert_eq!((view.counts, view.apart, view.not_known), (0, 0, 1));
    assert_eq!(view.decisions[0].reference, target);
    drop(member);
    pair.member.admin.stop().await;
    pair.member.node.stop().await;
}

/// Bodies that the node is not given are counted: of whom they are nobody here can say.
// spec: LKP-76
#[tokio::test(flavor = "multi_thread")]
async fn bodies_withheld_are_said_with_the_word() {
    let pair = Pair::start_planned(VIS_PUBLIC, |plan| {
        let sealed = Vis::new(3);
        plan.catalogue.classes.push(VisibilityClass {
            code: sealed,
            audience: Audience::Named,
            members: vec![],
        });
        let mut item = plan.catalogue.items[0].clone();
        item.code = Code::new("sealed.penalty").unwrap();
        item.vis = sealed;
        plan.catalogue.items.push(item);
        plan.catalogue.items.sort_by(|a, b| a.code.cmp(&b.code));
    });
    let pair = pair.await;
    pair.import().await;
    let target = pair.first();
    let mut member = Client::open(&pair.member).await;
    let decision = member.statement(position(&target)).await.decision.unwrap();
    let mut fields = decision.into_fields();
    let (since, other) = (fields.decided_on, SubjectCode::parse(OTHER).unwrap());
    let name = Text::new("另一公司").unwrap();
    fields.subject = Subject::new(other, SubjectCheck::Ok, Form::Enterprise, name).unwrap();
    // Only the hub, who decides, reads it.
    let sealed = DecisionFields {
        item: Code::new("sealed.penalty").unwrap(),
        ..fields
    };
    let said = decide_at(&pair.hub.node, sealed).await;
    until(&pair.member.node, |node| {
        let seen = node.shared().witnessed();
        let seen = seen.get(&said.origin);
        seen.is_some_and(|seen| seen.size.contains(said.index))
    })
    .await;
    let view = member.clean(other, since).await;
    assert_eq!((view.withheld, view.waiting), (1, 0), "{view:?}");
    assert_eq!(view.verdict, CleanCode::Clean);
    drop(member);
    pair.stop().await;
}
