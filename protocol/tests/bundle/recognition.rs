//! What recognition gives a receiver, shown offline: worked out anew, and refused where it is claimed otherwise.

use concordat_protocol::admin::{LackingCode, RecognitionCode};
use concordat_protocol::bundle::{
    Bundle, BundleError, BundleParts, Part, TrustParts, VERSION, VERSION_RECOGNITION, verify,
};
use concordat_protocol::codec::Truth;
use concordat_protocol::statement::{
    AgreementFields, BasisLevel, Class, Clause, ClauseMeasure, Code, Content, Duty, Force,
    LegalBasis, Measure, Retirement, StatementRef,
};
use concordat_protocol::subject::AuthorityCode;

use crate::fixture::{NOON, Net, catalogue, day, mandate, penalty, redigest, text};

/// Five days on, when the decision has been served.
const LATER: u64 = NOON + 5 * 86_400;

/// A decision that brings a measure, and an agreement of the two cities.
struct Agreed {
    net: Net,
    decision: StatementRef,
    agreement: StatementRef,
}

fn limit() -> Measure {
    Measure::new("tender.limit").unwrap()
}

fn agreed() -> Agreed {
    let mut net = Net::new(5);
    let agrees = [Class::Agreement, Class::Accession, Class::Retirement];
    let decides = vec![mandate(&[Class::Decision]), mandate(&agrees)];
    net.enrol(&net.issuer.clone(), decides);
    net.enrol(&net.receiver.clone(), vec![mandate(&agrees)]);
    let mut items = catalogue();
    items.items[0].measures = vec![limit()];
    net.register_change(Content::ItemCatalogue(items), net.hub.code.code());
    let mut fields = penalty();
    fields.duties = vec![Duty {
        measure: limit(),
        until: day("2026-09-30"),
        content: None,
    }];
    let decision = net.decide(fields);
    let mut parties = vec![net.issuer.code, net.receiver.code];
    parties.sort();
    let clause = Clause {
        number: text("第三条"),
        issuers: vec![],
        receivers: vec![],
        items: vec![Code::new("labour.penalty").unwrap()],
        act_types: vec![],
        measures: vec![ClauseMeasure {
            measure: limit(),
            force: Force::Recommended,
            basis: LegalBasis {
                law: text("招标投标法"),
                article: text("第五十四条"),
                level: BasisLevel::Law,
            },
        }],
        decided_from: None,
        decided_until: None,
        local_basis: Some(Truth),
    };
    let agreement = net.agree(AgreementFields {
        title: text("区域信用互认协议"),
        parties,
        version: 1,
        first: None,
        from: day("2026-01-01"),
        until: None,
        clauses: vec![clause],
        open: None,
    });
    Agreed {
        net,
        decision,
        agreement,
    }
}

impl Agreed {
    fn parts(
        &self,
        trust: TrustParts,
        receiver: AuthorityCode,
        said: &[&StatementRef],
    ) -> BundleParts {
        let net = &self.net;
        let head = |origin| net.head_at(origin, &net.everybody(), LATER);
        BundleParts {
            trust,
            heads: net.logs.keys().map(head).collect(),
            statement: net.entry(&self.decision),
            related: vec![],
            acts: vec![],
            notices: vec![],
            recognition: Some((receiver, said.iter().map(|at| net.entry(at)).collect())),
        }
    }

    fn build(&self, trust: TrustParts, said: &[&StatementRef]) -> Vec<u8> {
        let parts = self.parts(trust, self.net.receiver.code, said);
        let bundle = Bundle::build(parts, &self.net.registry).unwrap();
        bundle.encode().unwrap()
    }

    fn refused(&self, parts: BundleParts) -> BundleError {
        Bundle::build(parts, &self.net.registry).unwrap_err()
    }

    /// The receiver leaves at the end of February.
    fn retire(&mut self) -> StatementRef {
        let said = Content::Retirement(Retirement {
            first: self.agreement.clone(),
            version: 1,
            from: day("2026-02-28"),
            reasons: text("不再续签"),
        });
        let origin = self.net.receiver_log();
        self.net
            .say_for_all(&self.net.receiver.clone(), &origin, said)
    }
}

// spec: BUN-70, BUN-71, BUN-73
#[test]
fn receiver_reads_offline_what_it_may_do_and_by_which_clause() {
    let case = agreed();
    let anchor = case.net.anchor();
    for trust in [case.net.included(), TrustParts::External] {
        let bytes = case.build(trust, &[&case.agreement]);
        assert_eq!(bytes[8], VERSION_RECOGNITION);
        let verified = verify(&bytes, &anchor, Some(&case.net.registry)).unwrap();
        let shown = verified.recognition().unwrap();
        assert_eq!(shown.receiver, case.net.receiver.code);
        assert_eq!(shown.as_of, day("2026-03-07"));
        assert_eq!(Some(shown.as_of), verified.state().map(|state| state.as_of));
        assert_eq!(shown.answer.code, RecognitionCode::Recognised);
        let [one] = &shown.answer.measures[..] else {
            panic!("{:?}", shown.answer)
        };
        assert_eq!((&one.measure, one.until), (&limit(), day("2026-09-30")));
        assert_eq!(one.by.agreement, case.agreement);
        assert_eq!(
            (&*one.by.title, &*one.by.clause),
            ("区域信用互认协议", "第三条")
        );
        let known: Vec<_> = verified.agreements().iter().collect();
        assert_eq!(known[0].reference(), &case.agreement);
    }
    // Without the agreement it says what is lacking, and for who decided that it is its own.
    let bytes = case.build(TrustParts::External, &[]);
    let verified = verify(&bytes, &anchor, Some(&case.net.registry)).unwrap();
    let answer = &verified.recognition().unwrap().answer;
    assert_eq!(answer.lacking, Some(LackingCode::NoAgreement));
    let own = case.parts(TrustParts::External, case.net.issuer.code, &[]);
    let own = Bundle::build(own, &case.net.registry).unwrap();
    let own = own.encode().unwrap();
    let own = verify(&own, &anchor, Some(&case.net.registry)).unwrap();
    assert_eq!(own.recognition().unwrap().answer.code, RecognitionCode::Own);
}

// spec: BUN-71
#[test]
fn retirement_in_the_bundle_ends_what_the_agreement_gives() {
    let mut case = agreed();
    let left = case.retire();
    let bytes = case.build(TrustParts::External, &[&case.agreement, &left]);
    let verified = verify(&bytes, &case.net.anchor(), Some(&case.net.registry)).unwrap();
    let answer = &verified.recognition().unwrap().answer;
    assert_eq!(
        (answer.code, answer.lacking),
        (RecognitionCode::ForInformation, Some(LackingCode::Retired))
    );
}

// spec: BUN-70, BUN-74
#[test]
fn claim_that_does_not_follow_is_refused_by_its_name() {
    let case = agreed();
    let bytes = case.build(case.net.included(), &[&case.agreement]);
    let refused = |bytes: &[u8]| verify(bytes, &case.net.anchor(), None).map(drop);
    assert_eq!(refused(&bytes), Ok(()));
    // The law that the measure rests on, where the claim names it last.
    let (law, other) = ("招标投标法".as_bytes(), "招标投标注".as_bytes());
    let at = bytes.windows(law.len()).rposition(|part| part == law);
    let at = at.unwrap();
    let mut changed = bytes.clone();
    changed[at..at + law.len()].copy_from_slice(other);
    redigest(&mut changed);
    assert_eq!(refused(&changed), Err(BundleError::RecognitionDiffers));
    // It has a version of its own: an older reader says so, and neither passes for the other.
    let mut older = bytes;
    older[8] = VERSION;
    redigest(&mut older);
    let version = BundleError::Version { version: VERSION };
    assert_eq!(refused(&older), Err(version));
}

// spec: BUN-72, BUN-73
#[test]
fn what_others_agreed_and_what_has_no_state_is_refused() {
    let mut case = agreed();
    let left = case.retire();
    let hub = case.net.hub.code;
    // The hub asks: that another city left an agreement is nothing of its.
    let parts = case.parts(TrustParts::External, hub, &[&case.agreement, &left]);
    let unrelated = BundleError::Unrelated {
        part: Part::Agreements,
        position: 1,
    };
    assert_eq!(case.refused(parts), unrelated);
    let decision = case.decision.clone();
    let parts = case.parts(TrustParts::External, hub, &[&decision]);
    let unrelated = BundleError::Unrelated {
        part: Part::Agreements,
        position: 0,
    };
    assert_eq!(case.refused(parts), unrelated);
    let stranger = AuthorityCode::parse("11310000MB00000009").unwrap();
    let parts = case.parts(TrustParts::External, stranger, &[&case.agreement]);
    assert_eq!(case.refused(parts), BundleError::RecognitionUnfounded);
    let nobody = BundleParts {
        heads: case.net.heads(&[]),
        ..case.parts(TrustParts::External, hub, &[&case.agreement])
    };
    assert_eq!(case.refused(nobody), BundleError::RecognitionUnfounded);
}

// spec: BUN-9
#[test]
fn no_flipped_byte_of_what_is_said_of_recognition_survives_a_new_digest() {
    let case = agreed();
    let bytes = case.build(TrustParts::External, &[&case.agreement]);
    let anchor = case.net.anchor();
    let mut differs = 0;
    for at in 0..bytes.len() - 32 {
        for mask in [1_u8 << (at % 8), 0xff] {
            let mut flipped = bytes.clone();
            flipped[at] ^= mask;
            redigest(&mut flipped);
            let refused = verify(&flipped, &anchor, Some(&case.net.registry));
            let refused = refused.map(drop).expect_err("a flipped byte was harmless");
            assert_ne!(refused, BundleError::DigestMismatch);
            differs += u32::from(refused == BundleError::RecognitionDiffers);
        }
    }
    assert!(differs >= 20, "{differs}");
}
