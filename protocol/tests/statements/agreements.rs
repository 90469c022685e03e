//! Agreements: what one has to say, and who has to approve it.

use concordat_protocol::effect::{Fact, VoidCause};
use concordat_protocol::key::Signer;
use concordat_protocol::log::{Hash, TreeSize};
use concordat_protocol::statement::{
    Accession, Agreement, AgreementFields, BasisLevel, Class, Clause, ClauseMeasure, Content, Ctx,
    Duty, Enrolment, Force, Invalid, LegalBasis, Mandate, Measure, Payload, Proposal,
    RecognitionAnswer, RecognitionReason, RecognitionResponse, RecognitionResponseFields,
    RecordError, Retirement, Role, Standing, Statement, Suspension, Vis, sign, sign_approval,
    sign_approved,
};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::{Applied, Network, RejectReason};

use crate::heads_seen::{head, heads, noon};
use crate::support::*;

fn clause(number: &str) -> Clause {
    Clause {
        number: text(number),
        issuers: vec![],
        receivers: vec![],
        items: vec![code("labour.near"), code("labour.penalty")],
        act_types: vec![],
        measures: vec![ClauseMeasure {
            measure: measure("tender.exclusion"),
            force: Force::Mandatory,
            basis: LegalBasis {
                law: text("招标投标法"),
                article: text("第五十四条"),
                level: BasisLevel::Law,
            },
        }],
        decided_from: None,
        decided_until: None,
        local_basis: None,
    }
}

pub(crate) fn fields() -> AgreementFields {
    let mut parties = vec![city(), other_city()];
    parties.sort();
    AgreementFields {
        title: text("区域信用互认协议"),
        parties,
        version: 1,
        first: None,
        from: day("2026-01-01"),
        until: Some(day("2027-12-31")),
        clauses: vec![clause("第三条"), clause("第五条")],
        open: None,
    }
}

pub(crate) fn agreement(fields: AgreementFields) -> Content {
    Content::Agreement(Box::new(Agreement::new(fields).unwrap()))
}

/// City, other city and department may make agreements.
fn net() -> Net {
    let mut net = Net::production();
    let mandates = vec![Mandate {
        classes: vec![
            Class::Agreement,
            Class::Accession,
            Class::Retirement,
            Class::RecognitionResponse,
        ],
        act_types: vec![],
        items: vec![],
        ..mandate()
    }];
    for enrolled in [
        city_enrolment(),
        enrolment(other_city(), Role::Member, OTHER_KEY),
    ] {
        let renewed = Enrolment {
            mandates: mandates.clone(),
            ..enrolled
        };
        let renewed = Content::Enrolment(Box::new(renewed));
        assert_eq!(net.change(renewed), Applied::Changed);
    }
    net
}

/// The city signs; `approvers` approve in a network.
fn signed(ctx: Ctx, network: &Hash, payload: &Payload, approvers: &[u8]) -> Vec<u8> {
    let proposal = Proposal::new(payload).unwrap();
    let mut signers: Vec<_> = approvers.iter().map(|seed| key(*seed)).collect();
    signers.sort_by_key(|signer| signer.public_key().id());
    let approvals = signers.iter();
    let approvals = approvals.map(|signer| sign_approval(signer, network, &proposal));
    let approvals: Vec<_> = approvals.collect();
    let (signer, about) = (key(CITY_KEY), city().code());
    sign_approved(&signer, city(), about, ctx, &proposal, &approvals).unwrap()
}

pub(crate) fn approved_vector() -> Vec<u8> {
    let ctx = Ctx {
        size: TreeSize::new(3).unwrap(),
        state: Hash::from_bytes([9; 32]),
    };
    let network = Net::production().registry.genesis().id();
    signed(ctx, &network, &payload(agreement(fields())), &[OTHER_KEY])
}

fn verdict(net: &Net, payload: &Payload, approvers: &[u8]) -> Result<(), RejectReason> {
    let network = net.registry.genesis().id();
    let bytes = signed(net.registry.ctx(), &network, payload, approvers);
    let statement = Statement::decode(&bytes).unwrap();
    net.verdict(city(), statement, Vis::ALL_MEMBERS).map(drop)
}

// spec: AGR-1, AGR-2, AGR-3, AGR-4
#[test]
fn agreement_that_does_not_hold_together_is_refused() {
    type Change = fn(&mut AgreementFields);
    let refused = |change: Change| {
        let mut fields = fields();
        change(&mut fields);
        Agreement::new(fields).unwrap_err()
    };
    let order = |field| Invalid::ListOrder { field };
    assert!(Agreement::new(fields()).is_ok());
    assert_eq!(refused(|f| f.parties.truncate(1)), Invalid::Parties);
    assert_eq!(refused(|f| f.parties.reverse()), Invalid::Parties);
    assert_eq!(refused(|f| f.version = 0), Invalid::Version);
    assert_eq!(refused(|f| f.version = 2), Invalid::Version);
    let first: Change = |f| f.first = Some(Net::production().reference(city(), 1));
    assert_eq!(refused(first), Invalid::Version);
    let ends: Change = |f| f.until = Some(day("2025-12-31"));
    assert_eq!(refused(ends), Invalid::EndsBeforeItBegins);
    let none: Change = |f| f.clauses.clear();
    assert_eq!(refused(none), Invalid::EmptyList { field: "clauses" });
    let many: Change = |f| f.clauses = (0..65).map(|at| clause(&at.to_string())).collect();
    assert_eq!(refused(many), Invalid::EmptyList { field: "clauses" });
    let twice: Change = |f| f.clauses[1].number = f.clauses[0].number.clone();
    assert_eq!(refused(twice), order("clauses"));
    let stranger: Change = |f| f.clauses[0].issuers = vec![department()];
    assert_eq!(refused(stranger), Invalid::NoParty { field: "issuers" });
    let stranger: Change = |f| f.clauses[1].receivers = vec![department()];
    assert_eq!(refused(stranger), Invalid::NoParty { field: "receivers" });
    let itemless: Change = |f| f.clauses[0].items.clear();
    assert_eq!(refused(itemless), Invalid::EmptyList { field: "items" });
    assert_eq!(refused(|f| f.clauses[0].items.reverse()), order("items"));
    let same: Change = |f| {
        let again = f.clauses[0].measures[0].clone();
        f.clauses[0].measures.push(again);
    };
    assert_eq!(refused(same), order("measures"));
    let days: Change = |f| {
        f.clauses[0].decided_from = Some(day("2026-02-02"));
        f.clauses[0].decided_until = Some(day("2026-02-01"));
    };
    assert_eq!(refused(days), Invalid::EndsBeforeItBegins);
    for level in BasisLevel::ALL {
        let mut fields = fields();
        fields.clauses[0].measures[0].basis.level = *level;
        let statute = matches!(
            level,
            BasisLevel::Law | BasisLevel::AdministrativeRegulation | BasisLevel::LocalRegulation
        );
        assert_eq!(Agreement::new(fields.clone()).is_ok(), statute, "{level:?}");
        fields.clauses[0].measures[0].force = Force::Recommended;
        assert!(Agreement::new(fields).is_ok(), "{level:?}");
    }
}

// spec: AGR-5
#[test]
fn agreement_counts_when_every_party_has_approved_it_and_nobody_else() {
    let net = net();
    let said = payload(agreement(fields()));
    assert_eq!(verdict(&net, &said, &[OTHER_KEY]), Ok(()));
    // The keys of the registry's approvers, of a department and of the city itself.
    for stranger in [1, DEPARTMENT_KEY, CITY_KEY] {
        let by = verdict(&net, &said, &[stranger]);
        assert_eq!(by, Err(RejectReason::KeyUnknown), "{stranger}");
        let by = verdict(&net, &said, &[OTHER_KEY, stranger]);
        assert_eq!(by, Err(RejectReason::KeyUnknown), "{stranger}");
    }
    // Without approvals, by nobody of its parties, and in another network.
    let (ctx, about) = (net.registry.ctx(), city().code());
    let bytes = sign(&key(CITY_KEY), city(), about, ctx, &said).unwrap();
    let plain = Statement::decode(&bytes).unwrap();
    let plain = net.verdict(city(), plain, Vis::ALL_MEMBERS).unwrap_err();
    assert_eq!(plain, RejectReason::NotAParty);
    let mut others = fields();
    others.parties = vec![other_city(), hub()];
    others.parties.sort();
    let others = verdict(&net, &payload(agreement(others)), &[OTHER_KEY]);
    assert_eq!(others, Err(RejectReason::NotAParty));
    let test = Net::empty(Network::Test).registry.genesis().id();
    let bytes = signed(net.registry.ctx(), &test, &said, &[OTHER_KEY]);
    let elsewhere = Statement::decode(&bytes).unwrap();
    let elsewhere = net.verdict(city(), elsewhere, Vis::ALL_MEMBERS);
    assert_eq!(elsewhere.unwrap_err(), RejectReason::OtherNetwork);
    // An approval of other words.
    let mut fewer = fields();
    fewer.clauses.pop();
    let other = Proposal::new(&payload(agreement(fewer))).unwrap();
    let network = net.registry.genesis().id();
    let approval = sign_approval(&key(OTHER_KEY), &network, &other);
    let proposal = Proposal::new(&said).unwrap();
    let bytes = sign_approved(&key(CITY_KEY), city(), about, ctx, &proposal, &[approval]);
    let forged = Statement::decode(&bytes.unwrap()).unwrap();
    let forged = net.verdict(city(), forged, Vis::ALL_MEMBERS).unwrap_err();
    assert_eq!(forged, RejectReason::BadSignature);
}

// spec: AGR-6
#[test]
fn party_without_mandate_or_standing_makes_no_agreement() {
    let said = payload(agreement(fields()));
    let without = Net::production();
    let refused = verdict(&without, &said, &[OTHER_KEY]);
    assert_eq!(refused, Err(RejectReason::NoMandate));
    let mut suspended = net();
    let change = Content::Suspension(Suspension {
        member: other_city(),
        standing: Standing::Suspended,
        reasons: text("整改"),
    });
    assert_eq!(suspended.change(change), Applied::Changed);
    let refused = verdict(&suspended, &said, &[OTHER_KEY]);
    assert_eq!(refused, Err(RejectReason::IssuerSuspended));
}

// spec: AGR-6, STM-14
#[test]
fn accession_and_retirement_are_said_by_one_alone_for_all_to_see() {
    let net = net();
    let first = net.reference(other_city(), 3);
    let accession = Content::Accession(Accession {
        agreement: first.clone(),
        from: day("2026-04-01"),
    });
    let retirement = Content::Retirement(Retirement {
        first,
        version: 1,
        from: day("2026-04-01"),
        reasons: text("不再续签"),
    });
    let answer = Content::RecognitionResponse(Box::new(recognised(&net)));
    let says = |by: AuthorityCode, seed: u8, content: &Content, vis: Vis| {
        let payload = payload(content.clone());
        let statement = net.statement(seed, by, by.code(), &payload);
        net.verdict(by, statement, vis).map(drop)
    };
    for content in [accession, retirement, answer] {
        let all = Vis::ALL_MEMBERS;
        assert_eq!(says(city(), CITY_KEY, &content, all), Ok(()));
        let few = says(city(), CITY_KEY, &content, Vis::new(1));
        assert_eq!(few, Err(RejectReason::WrongVis));
        let hub = says(hub(), HUB_KEY, &content, all);
        assert_eq!(hub, Err(RejectReason::NoMandate));
        // spec: AGR-7, AGR-44
        let network = net.registry.genesis().id();
        let said = payload(content);
        let approved = signed(net.registry.ctx(), &network, &said, &[OTHER_KEY]);
        let approved = Statement::decode(&approved).unwrap();
        let approved = net.verdict(city(), approved, all).map(drop);
        assert_eq!(approved, Err(RejectReason::KeyUnknown));
    }
}

fn recognised(net: &Net) -> RecognitionResponse {
    RecognitionResponse::new(answer(net)).unwrap()
}

fn answer(net: &Net) -> RecognitionResponseFields {
    RecognitionResponseFields {
        asked: net.reference(other_city(), 8),
        decision: net.reference(other_city(), 5),
        answer: RecognitionAnswer::Recognised,
        agreement: Some(net.reference(other_city(), 3)),
        clause: Some(text("第三条")),
        measures: vec![duty("loan.limit"), duty("tender.limit")],
        reason: None,
        reasons: None,
    }
}

fn duty(measure: &str) -> Duty {
    Duty {
        measure: Measure::new(measure).unwrap(),
        until: day("2026-09-30"),
        content: None,
    }
}

// spec: STM-201, STM-202
#[test]
fn recognition_response_says_what_its_answer_needs_and_nothing_else() {
    let net = net();
    let refused = |change: &dyn Fn(&mut RecognitionResponseFields)| {
        let mut fields = answer(&net);
        change(&mut fields);
        RecognitionResponse::new(fields).map(drop)
    };
    let needs = |field| Err(RecordError::Needs { field });
    let idle = |field| Err(RecordError::Idle { field });
    assert_eq!(refused(&|_| {}), Ok(()));
    assert_eq!(refused(&|it| it.measures.clear()), Ok(()));
    assert_eq!(refused(&|it| it.agreement = None), needs("agreement"));
    assert_eq!(refused(&|it| it.clause = None), needs("clause"));
    let other = Some(RecognitionReason::Other);
    assert_eq!(refused(&|it| it.reason = other), idle("reason"));
    assert_eq!(
        refused(&|it| it.measures.reverse()),
        Err(RecordError::Count {
            field: "measures",
            max: 64
        })
    );
    assert_eq!(
        refused(&|it| it.measures[0].until = day("2099-12-31")),
        Err(RecordError::NoEnd { field: "measures" })
    );
    let informs = |it: &mut RecognitionResponseFields| {
        it.answer = RecognitionAnswer::ForInformation;
        it.agreement = None;
        it.clause = None;
    };
    assert_eq!(refused(&informs), idle("measures"));
    assert_eq!(
        refused(&|it| {
            informs(it);
            it.measures.clear();
        }),
        Ok(())
    );
    let declines = |it: &mut RecognitionResponseFields| {
        informs(it);
        it.answer = RecognitionAnswer::NotRecognised;
        it.measures.clear();
    };
    assert_eq!(refused(&declines), needs("reason"));
    let with_reason = |it: &mut RecognitionResponseFields| {
        declines(it);
        it.reason = other;
    };
    assert_eq!(refused(&with_reason), needs("reasons"));
    assert_eq!(
        refused(&|it| {
            with_reason(it);
            it.reasons = Some(text("另有规定"));
        }),
        Ok(())
    );
}

/// Whoever may agree no more dates an agreement back, or gets one approved by who may no more.
// spec: AGR-24, TRU-60
#[test]
fn agreement_dated_back_into_a_mandate_that_has_ended_counts_for_nothing() {
    let mandates = |until: &str| {
        vec![Mandate {
            classes: vec![Class::Agreement, Class::Accession, Class::Retirement],
            act_types: vec![],
            items: vec![],
            until: Some(day(until)),
            ..mandate()
        }]
    };
    let void = |until: [&str; 2], said: Content, seen_on: &str| {
        let mut net = Net::production();
        let enrolled = [
            city_enrolment(),
            enrolment(other_city(), Role::Member, OTHER_KEY),
        ];
        for (enrolled, until) in enrolled.into_iter().zip(until) {
            let renewed = Enrolment {
                mandates: mandates(until),
                ..enrolled
            };
            let renewed = Content::Enrolment(Box::new(renewed));
            assert_eq!(net.change(renewed), Applied::Changed);
        }
        let (network, ctx) = (net.registry.genesis().id(), net.registry.ctx());
        let approved = matches!(said, Content::Agreement(_));
        let said = payload(said);
        let statement = match approved {
            true => Statement::decode(&signed(ctx, &network, &said, &[OTHER_KEY])).unwrap(),
            false => net.statement(CITY_KEY, city(), city().code(), &said),
        };
        let verified = net.verdict(city(), statement, Vis::ALL_MEMBERS).unwrap();
        let registry = net.registry.size().value();
        let seen = head(registry, &net.origin(city()), 9, noon(seen_on));
        let timing = heads(&[(0, seen)]).judge(&verified, &net.registry);
        Fact::from_verified(&verified, &net.registry, timing).void()
    };
    let ended = Some(VoidCause::MandateEnded);
    let retirement = Content::Retirement(Retirement {
        first: Net::production().reference(other_city(), 3),
        version: 1,
        from: day("2026-04-01"),
        reasons: text("不再续签"),
    });
    let year = ["2026-12-31"; 2];
    for said in [agreement(fields()), retirement] {
        assert_eq!(void(year, said.clone(), "2027-01-04"), ended);
        assert_eq!(void(year, said, "2026-12-31"), None);
    }
    let other_ended = ["2026-12-31", "2026-06-30"];
    let said = agreement(fields());
    assert_eq!(void(other_ended, said.clone(), "2026-07-04"), ended);
    assert_eq!(void(other_ended, said, "2026-06-30"), None);
}
