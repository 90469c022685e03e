//! A small network for tests: a hub, one member, a catalogue, and statements that verify in it.

pub(crate) mod agreements;

use std::sync::Arc;

use concordat_protocol::codec::Ext;
use concordat_protocol::key::{PublicKey, Signer};
use concordat_protocol::log::{Hash, LeafIndex, Origin, TreeSize};
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{
    ActType, Audience, BasisLevel, BatchId, Body, CatalogueItem, Class, Code, Commitment,
    CommitmentFields, CommitmentKind, CommitmentOutcome, CommitmentOutcomeFields, CommitmentResult,
    Content, Correction, Ctx, CutOff, Decision, DecisionFields, Enrolment, Erasure, ErasureGround,
    Ground, ItemCatalogue, KeyUse, Kind, Leaf, LegalBasis, Level, Mandate, Notice, Objection,
    ObjectorRole, Outcome, Payload, Policy, Proposal, Record, Remedy, RemedyKind, Repair,
    RepairEffect, RepairFields, Role, Ruling, Service, ServiceWay, Statement, StatementRef, Stay,
    StayFields, Vis, VisibilityClass, Withdrawal, WithdrawalReason, sign, sign_approval,
    sign_approved,
};
use concordat_protocol::subject::{AuthorityCode, Form, Subject, SubjectCheck, SubjectCode};
use concordat_protocol::text::Text;
use concordat_protocol::time::{Day, Timestamp};
use concordat_protocol::trust::{
    Applied, Approvers, FORMAT, Genesis, GenesisFields, LogNumber, Network, Recovery, Registry,
};
use ed25519_dalek::SigningKey;

/// A statement at its place, ready to be stored.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) origin: Origin,
    pub(crate) index: LeafIndex,
    pub(crate) leaf: Leaf,
    pub(crate) body: Arc<[u8]>,
}

impl Placed {
    pub(crate) fn reference(&self) -> StatementRef {
        StatementRef {
            origin: self.origin.clone(),
            index: self.index,
            leaf_hash: self.leaf.hash(),
        }
    }
}

#[derive(Clone)]
pub(crate) struct Fixture {
    pub(crate) registry: Registry,
    pub(crate) hub: AuthorityCode,
    pub(crate) member: AuthorityCode,
    hub_key: SigningKey,
    member_key: SigningKey,
}

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub(crate) fn day(text: &str) -> Day {
    Day::parse_loose(text).unwrap()
}

pub(crate) fn item() -> Code {
    Code::new("labour.penalty").unwrap()
}

/// The organisation with a number.
pub(crate) fn subject(number: u64) -> SubjectCode {
    SubjectCode::with_check(&format!("91230400{:09}", number % 1_000_000_000)).unwrap()
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).unwrap()
}

fn authority(first_17: &str) -> AuthorityCode {
    AuthorityCode::new(SubjectCode::with_check(first_17).unwrap()).unwrap()
}

fn public(seed: u8) -> PublicKey {
    key(seed).public_key()
}

fn sorted(seeds: &[u8]) -> Vec<PublicKey> {
    let mut keys: Vec<_> = seeds.iter().map(|seed| public(*seed)).collect();
    keys.sort();
    keys
}

fn mandate(classes: Vec<Class>) -> Mandate {
    Mandate {
        classes,
        act_types: vec![],
        items: vec![],
        from: day("2020-01-01"),
        until: None,
        objections_daily_cap: None,
        supervises: None,
    }
}

fn enrolment(member: AuthorityCode, role: Role, seeds: [u8; 4], classes: Vec<Class>) -> Enrolment {
    let [statement, log, node, witness] = seeds;
    Enrolment {
        member,
        name: text("测试机关"),
        region: RegionCode::parse("230400").unwrap(),
        level: Level::Prefectural,
        role,
        mandates: vec![mandate(classes)],
        statement_keys: vec![public(statement)],
        log_key: Some(public(log)),
        node_key: Some(public(node)),
        witness_key: Some(public(witness)),
        administrator_keys: vec![],
        next_keys: vec![],
        addresses: vec![],
        publishes_through: None,
        recovery_key: None,
        suite: 1,
    }
}

fn catalogue() -> ItemCatalogue {
    let class = |code, audience| VisibilityClass {
        code: Vis::new(code),
        audience,
        members: vec![],
    };
    ItemCatalogue {
        items: vec![CatalogueItem {
            code: item(),
            title: text("劳动保障行政处罚"),
            act_types: vec![ActType::Penalty],
            vis: Vis::new(1),
            publication_days_max: 1_096,
            basis: vec![],
            valid_from: day("2020-01-01"),
            valid_until: None,
            freshness_days: Some(3),
            measures: vec![],
            list_scope: None,
            classes: vec![Class::Decision, Class::Commitment, Class::CommitmentOutcome],
            beyond_repair: None,
        }],
        classes: vec![class(1, Audience::Public), class(2, Audience::Members)],
        near_personal: Vis::new(2),
    }
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let hub = authority("11230000000000010");
        let member = authority("11230400000000019");
        let hub_classes = vec![
            Class::Notice,
            Class::HeadSeen,
            Class::Correction,
            Class::Objection,
            Class::Decision,
            Class::Stay,
            Class::Repair,
            Class::Agreement,
            Class::Accession,
            Class::Retirement,
            Class::RecognitionResponse,
        ];
        let fields = GenesisFields {
            format: FORMAT,
            network: Network::Test,
            title: text("test"),
            created_at: Timestamp::new(1_700_000_000_000).unwrap(),
            hub: enrolment(hub, Role::Hub, [1, 2, 3, 4], hub_classes),
            approvers: Approvers {
                keys: sorted(&[11, 12]),
                quorum: 2,
            },
            policy: Policy {
                cosigners: vec![hub],
                quorum: 1,
                faults: 0,
                heartbeat_ms: 600_000,
                ctx_grace_ms: 259_200_000,
            },
            recovery: Recovery {
                keys: sorted(&[13]),
                quorum: 1,
            },
        };
        let mut fixture = Self {
            registry: Registry::new(Arc::new(Genesis::new(fields).unwrap())),
            hub,
            member,
            hub_key: key(1),
            member_key: key(21),
        };
        let classes = vec![
            Class::Decision,
            Class::Objection,
            Class::Withdrawal,
            Class::Correction,
            Class::Ruling,
            Class::Stay,
            Class::Repair,
            Class::Agreement,
            Class::Accession,
            Class::Retirement,
            Class::RecognitionResponse,
            Class::Commitment,
            Class::CommitmentOutcome,
            Class::Erasure,
        ];
        let member_enrolment = enrolment(member, Role::Member, [21, 22, 23, 24], classes);
        fixture.enact(Content::Enrolment(Box::new(member_enrolment)));
        fixture.enact(Content::ItemCatalogue(catalogue()));
        fixture
    }

    pub(crate) fn origin(&self) -> Origin {
        self.registry
            .genesis()
            .origin(self.member, LogNumber::Statements)
    }

    pub(crate) fn register(&self) -> Origin {
        self.registry.genesis().register_origin()
    }

    /// The `index`th statement of the member: a penalty against an organisation.
    pub(crate) fn decision(&self, index: u64, subject_number: u64) -> Placed {
        self.decision_with(index, subject_number, |_| {})
    }

    pub(crate) fn decision_with(
        &self,
        index: u64,
        subject_number: u64,
        change: impl FnOnce(&mut DecisionFields),
    ) -> Placed {
        let mut fields = penalty(
            subject(subject_number),
            &format!("鹤劳罚字〔2026〕{index}号"),
        );
        change(&mut fields);
        let decision = Content::Decision(Box::new(Decision::new(fields).unwrap()));
        self.say(index, subject(subject_number), None, decision)
    }

    /// A decision as an import of it, or none, makes it.
    pub(crate) fn decision_of_batch(&self, index: u64, batch: Option<BatchId>) -> Placed {
        let about = subject(1);
        let decision = Decision::new(penalty(about, &format!("{index}号"))).unwrap();
        let content = Content::Decision(Box::new(decision));
        let payload = Payload {
            batch,
            ..payload(None, content)
        };
        let ctx = self.registry.ctx();
        let bytes = sign(&self.member_key, self.member, about, ctx, &payload).unwrap();
        place(self.origin(), index, Kind::Data, Vis::new(1), None, bytes)
    }

    /// The `index`th statement of the member: a commitment of an organisation.
    pub(crate) fn commitment(&self, index: u64, subject_number: u64) -> Placed {
        let fields = CommitmentFields {
            subject: penalty(subject(subject_number), "1号").subject,
            item: item(),
            day: day("2026-03-02"),
            kind: CommitmentKind::Voluntary,
            promise: text(&format!("按期支付工资，第{index}次")),
            due_on: day("2026-04-01"),
            case_number: None,
            publication_until: day("2027-03-01"),
        };
        let record = Record::Commitment(Commitment::new(fields).unwrap());
        let content = Content::Record(Box::new(record));
        self.say(index, subject(subject_number), None, content)
    }

    /// The `index`th statement of the member: that a commitment was kept, said of some organisation.
    pub(crate) fn kept(&self, index: u64, of: &Placed, subject_number: u64) -> Placed {
        let fields = CommitmentOutcomeFields {
            subject: penalty(subject(subject_number), "1号").subject,
            item: item(),
            day: day("2026-04-02"),
            commitment: of.reference(),
            result: CommitmentResult::Kept,
            findings: text(&format!("已履行，第{index}次")),
            basis: vec![],
            service: None,
            publication_until: None,
            remedies: vec![],
        };
        let record = CommitmentOutcome::new(fields).unwrap();
        let content = Content::Record(Box::new(Record::CommitmentOutcome(record)));
        self.say(index, subject(subject_number), None, content)
    }

    /// The `index`th statement of the hub: what it makes of a decision of the member.
    pub(crate) fn reissue_by_hub(&self, index: u64, of: &Placed) -> Placed {
        let mut fields = penalty(subject(1), &format!("省劳罚字〔2026〕{index}号"));
        fields.reissues = Some(of.reference());
        let genesis = self.registry.genesis();
        let origin = genesis.origin(self.hub, LogNumber::Statements);
        let decision = Content::Decision(Box::new(Decision::new(fields).unwrap()));
        let kind = decision.class().kind();
        let (payload, ctx) = (payload(None, decision), self.registry.ctx());
        let bytes = sign(&self.hub_key, self.hub, subject(1), ctx, &payload).unwrap();
        place(origin, index, kind, Vis::new(1), None, bytes)
    }

    pub(crate) fn objection(&self, index: u64, about: SubjectCode, target: &Placed) -> Placed {
        let received = day("2026-03-10");
        let role = ObjectorRole::Subject;
        let objection = Objection::new(role, Ground::Facts, received, false, None);
        let target = Some(target.reference());
        self.say(index, about, target, Content::Objection(objection))
    }

    /// The `index`th statement of the hub: an objection to a decision of the member.
    pub(crate) fn objection_by_hub(
        &self,
        index: u64,
        about: SubjectCode,
        (role, ground): (ObjectorRole, Ground),
        target: &Placed,
    ) -> Placed {
        let origin = self
            .registry
            .genesis()
            .origin(self.hub, LogNumber::Statements);
        // Each has bytes of its own.
        let reasons = Some(text(&format!("第{index}次")));
        let objection = Objection::new(role, ground, day("2026-03-10"), false, reasons);
        let payload = payload(Some(target.reference()), Content::Objection(objection));
        let ctx = self.registry.ctx();
        let bytes = sign(&self.hub_key, self.hub, about, ctx, &payload).unwrap();
        place(origin, index, Kind::Act, Vis::new(1), None, bytes)
    }

    /// A ruling of the member that rejects objections, ascending.
    pub(crate) fn rejection(
        &self,
        index: u64,
        about: SubjectCode,
        target: &Placed,
        closes: Vec<StatementRef>,
    ) -> Placed {
        let ruling = Ruling::new(Outcome::Rejected, closes, text("不成立")).unwrap();
        let target = Some(target.reference());
        self.say(index, about, target, Content::Ruling(ruling))
    }

    pub(crate) fn withdrawal(&self, index: u64, about: SubjectCode, target: &Placed) -> Placed {
        let withdrawal = Withdrawal {
            reason: WithdrawalReason::Duplicate,
            reasons: text("重复报送"),
            exit: None,
        };
        let target = Some(target.reference());
        self.say(index, about, target, Content::Withdrawal(withdrawal))
    }

    /// A stay by the hub, or by the member.
    pub(crate) fn stay(&self, by_hub: bool, index: u64, about: SubjectCode, on: &Placed) -> Placed {
        let stay = Stay::new(StayFields {
            body: text("市中级人民法院"),
            document_number: text(&format!("〔2026〕行停{index}号")),
            ordered_on: day("2026-03-10"),
            until: None,
            reasons: text("停止执行"),
        });
        let content = Content::Stay(Box::new(stay.unwrap()));
        self.say_as(by_hub, index, about, on, content)
    }

    /// A repair by the hub, or by the member.
    pub(crate) fn repair(
        &self,
        by_hub: bool,
        index: u64,
        about: SubjectCode,
        on: &Placed,
    ) -> Placed {
        let repair = Repair::new(RepairFields {
            effects: vec![RepairEffect::StopSharing],
            decided_on: day("2026-03-10"),
            basis: Vec::new(),
            reasons: text(&format!("已履行义务，第{index}次")),
            applied_on: None,
        });
        let content = Content::Repair(Box::new(repair.unwrap()));
        self.say_as(by_hub, index, about, on, content)
    }

    /// An erasure of personal data by the hub, or by the member.
    pub(crate) fn erasure(
        &self,
        by_hub: bool,
        index: u64,
        about: SubjectCode,
        on: &Placed,
    ) -> Placed {
        let ground = ErasureGround::UrgentPersonalData;
        self.erasure_with((by_hub, index), about, on, (ground, &[]))
    }

    /// An erasure on a ground, with what goes too.
    pub(crate) fn erasure_with(
        &self,
        (by_hub, index): (bool, u64),
        about: SubjectCode,
        on: &Placed,
        (ground, closure): (ErasureGround, &[&Placed]),
    ) -> Placed {
        let erasure = Erasure {
            ground,
            by: text("市中级人民法院"),
            basis: penalty(about, "1").basis,
            closure: closure.iter().map(|one| one.reference()).collect(),
        };
        let content = Content::Erasure(Box::new(erasure));
        self.say_as(by_hub, index, about, on, content)
    }

    fn say_as(
        &self,
        by_hub: bool,
        index: u64,
        about: SubjectCode,
        on: &Placed,
        content: Content,
    ) -> Placed {
        if !by_hub {
            return self.say(index, about, Some(on.reference()), content);
        }
        let genesis = self.registry.genesis();
        let origin = genesis.origin(self.hub, LogNumber::Statements);
        let (payload, ctx) = (payload(Some(on.reference()), content), self.registry.ctx());
        let bytes = sign(&self.hub_key, self.hub, about, ctx, &payload).unwrap();
        let local = (on.origin == origin).then_some(on.index);
        place(origin, index, Kind::Act, Vis::new(1), local, bytes)
    }

    /// A correction that puts a decision about one organisation upon another.
    pub(crate) fn correction(&self, index: u64, target: &Placed, onto: u64) -> Placed {
        self.correction_with(index, target, onto, |_| {})
    }

    pub(crate) fn correction_with(
        &self,
        index: u64,
        target: &Placed,
        onto: u64,
        change: impl FnOnce(&mut DecisionFields),
    ) -> Placed {
        let (target, content) = (Some(target.reference()), onto_another(onto, change));
        self.say(index, subject(onto), target, content)
    }

    /// The same by the hub, which does not supervise.
    pub(crate) fn correction_by_hub(&self, target: &Placed, onto: u64) -> Placed {
        let genesis = self.registry.genesis();
        let origin = genesis.origin(self.hub, LogNumber::Statements);
        let ctx = self.registry.ctx();
        let payload = payload(Some(target.reference()), onto_another(onto, |_| {}));
        let bytes = sign(&self.hub_key, self.hub, subject(onto), ctx, &payload).unwrap();
        place(origin, 0, Kind::Act, Vis::new(1), None, bytes)
    }

    /// The `index`th entry of the home register.
    pub(crate) fn notice(&self, index: u64, target: &Placed, act: &Placed) -> Placed {
        let notice = Notice {
            target: target.reference(),
            act: act.reference(),
            class: Class::Objection,
            ground: Some(Ground::Facts),
            over_cap: None,
        };
        let (origin, ctx) = (self.register(), self.registry.ctx());
        let payload = payload(None, Content::Notice(notice));
        let bytes = sign(&self.hub_key, self.hub, self.hub.code(), ctx, &payload).unwrap();
        place(origin, index, Kind::Notice, Vis::ALL_MEMBERS, None, bytes)
    }

    /// The `index`th entry of the home register, of an act that is no objection.
    pub(crate) fn notice_of(
        &self,
        index: u64,
        target: &Placed,
        act: &Placed,
        class: Class,
    ) -> Placed {
        let notice = Notice {
            target: target.reference(),
            act: act.reference(),
            class,
            ground: None,
            over_cap: None,
        };
        let (origin, ctx) = (self.register(), self.registry.ctx());
        let payload = payload(None, Content::Notice(notice));
        let bytes = sign(&self.hub_key, self.hub, self.hub.code(), ctx, &payload).unwrap();
        place(origin, index, Kind::Notice, Vis::ALL_MEMBERS, None, bytes)
    }

    fn say(
        &self,
        index: u64,
        about: SubjectCode,
        target: Option<StatementRef>,
        content: Content,
    ) -> Placed {
        let kind = content.class().kind();
        let local = target.as_ref().map(|target| target.index);
        let payload = payload(target, content);
        let ctx = self.registry.ctx();
        let bytes = sign(&self.member_key, self.member, about, ctx, &payload).unwrap();
        place(self.origin(), index, kind, Vis::new(1), local, bytes)
    }

    /// What the member says by itself, about nobody.
    pub(crate) fn says(&self, index: u64, content: Content) -> Placed {
        let kind = content.class().kind();
        let (about, ctx) = (self.member.code(), self.registry.ctx());
        let payload = payload(None, content);
        let bytes = sign(&self.member_key, self.member, about, ctx, &payload).unwrap();
        place(self.origin(), index, kind, Vis::ALL_MEMBERS, None, bytes)
    }

    fn enact(&mut self, content: Content) {
        let about = content.subject().unwrap_or_else(|| self.hub.code());
        let proposal = Proposal::new(&payload(None, content)).unwrap();
        let mut approvers = [key(11), key(12)];
        approvers.sort_by_key(|key| key.public_key().id());
        let network = self.registry.genesis().id();
        let approvals: Vec<_> = approvers
            .iter()
            .map(|key| sign_approval(key, &network, &proposal))
            .collect();
        let ctx = self.registry.ctx();
        let bytes = sign_approved(&self.hub_key, self.hub, about, ctx, &proposal, &approvals);
        let statement = Statement::decode(&bytes.unwrap()).unwrap();
        let leaf = Leaf {
            kind: Kind::Registry,
            vis: Vis::ALL_MEMBERS,
            commit: Hash::from_bytes([0; 32]),
            target: None,
            ctx: ctx.size,
        };
        let applied = self.registry.apply(&leaf, Some(&statement));
        assert_eq!(applied, Applied::Changed);
    }

    /// The registry once the statement key of the member is cut off from a position of its log.
    pub(crate) fn cut_off_from(&self, from: u64) -> Registry {
        let mut later = self.clone();
        later.enact(Content::CutOff(CutOff {
            member: self.member,
            key_use: KeyUse::Statement,
            key: public(21),
            from: Some(LeafIndex::new(from)),
            continues: None,
            replacement: Some(public(25)),
            next: None,
        }));
        later.registry
    }

    /// A registry state that has not come yet.
    pub(crate) fn later_ctx(&self) -> Ctx {
        let size = self.registry.size().value() + 1;
        Ctx {
            size: TreeSize::new(size).unwrap(),
            state: Hash::from_bytes([5; 32]),
        }
    }

    /// As [`Self::decision`], under a state of the registry that is given.
    pub(crate) fn decision_under(&self, index: u64, subject_number: u64, ctx: Ctx) -> Placed {
        let about = subject(subject_number);
        let decision = Decision::new(penalty(about, "1号")).unwrap();
        let payload = payload(None, Content::Decision(Box::new(decision)));
        let bytes = sign(&self.member_key, self.member, about, ctx, &payload).unwrap();
        place(self.origin(), index, Kind::Data, Vis::new(1), None, bytes)
    }
}

fn onto_another(number: u64, change: impl FnOnce(&mut DecisionFields)) -> Content {
    let mut fields = penalty(subject(number), "1号");
    change(&mut fields);
    Content::Correction(Box::new(Correction {
        reasons: text("主体有误"),
        replacement: Decision::new(fields).unwrap(),
    }))
}

fn payload(target: Option<StatementRef>, content: Content) -> Payload {
    Payload {
        issued_at: Timestamp::new(1_772_409_600_000).unwrap(),
        register_size: target.is_some().then_some(TreeSize::ZERO),
        target,
        batch: None,
        content,
        ext: Ext::default(),
    }
}

fn place(
    origin: Origin,
    index: u64,
    kind: Kind,
    vis: Vis,
    target: Option<LeafIndex>,
    statement: Vec<u8>,
) -> Placed {
    let mut salt = [7; 32];
    salt[..8].copy_from_slice(&index.to_be_bytes());
    let ctx = Statement::decode(&statement).unwrap().header().ctx.size;
    let body = Body::new(salt, statement).unwrap();
    let leaf = Leaf {
        kind,
        vis,
        commit: body.commit(),
        target,
        ctx,
    };
    Placed {
        origin,
        index: LeafIndex::new(index),
        leaf,
        body: body.encode().into(),
    }
}

pub(crate) fn penalty(subject: SubjectCode, document_number: &str) -> DecisionFields {
    DecisionFields {
        subject: Subject::new(
            subject,
            SubjectCheck::Ok,
            Form::Enterprise,
            text("鹤岗某某有限公司"),
        )
        .unwrap(),
        document_number: text(document_number),
        act_type: ActType::Penalty,
        item: item(),
        decided_on: day("2026-03-02"),
        service: Some(Service {
            on: day("2026-03-04"),
            way: ServiceWay::Direct,
        }),
        basis: vec![LegalBasis {
            law: text("劳动法"),
            article: text("第九十一条"),
            level: BasisLevel::Law,
        }],
        facts: Some(text("拖欠工资")),
        content: None,
        penalty_classes: vec![],
        fine_fen: Some(500_000),
        confiscation_fen: None,
        duties: vec![],
        valid_from: None,
        valid_until: None,
        publication_until: Some(day("2027-03-01")),
        remedies: vec![Remedy {
            kind: RemedyKind::Reconsideration,
            body: text("鹤岗市人民政府"),
            within_days: 60,
        }],
        reissues: None,
        rests_on: vec![],
        synthetic: vec![],
        source: None,
        published_on: None,
        listing: None,
    }
}
