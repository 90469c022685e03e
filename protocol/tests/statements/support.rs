//! One small network: a hub, two members, an issuer under one of them, two approvers of three.

use std::sync::Arc;

use concordat_protocol::codec::Ext;
use concordat_protocol::key::{PublicKey, Signer};
use concordat_protocol::log::{Hash, LeafIndex, Origin, TreeSize};
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{
    ActType, Audience, BasisLevel, Body, CatalogueItem, Class, Code, Content, Ctx, Decision,
    DecisionFields, Duty, Enrolment, ItemCatalogue, KeyUse, Leaf, LegalBasis, Level, Loss, Mandate,
    Measure, Payload, PenaltyClass, Policy, Proposal, Remedy, RemedyKind, Role, SUITE_SHA256,
    Service, ServiceWay, Statement, StatementRef, Succession, Vis, VisibilityClass, sign,
    sign_approval, sign_approved,
};
use concordat_protocol::subject::{AuthorityCode, Form, Subject, SubjectCheck, SubjectCode};
use concordat_protocol::text::Text;
use concordat_protocol::time::{Day, Timestamp};
use concordat_protocol::trust::{
    Applied, Approvers, FORMAT, Genesis, GenesisFields, LogNumber, Network, Place, Recovery,
    Registry, RejectReason, Verified, verify,
};
use ed25519_dalek::SigningKey;

/// An enterprise.
pub(crate) const SUBJECT: &str = "91230400MA0000015M";

/// Every key of these tests comes from one number.
pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub(crate) fn public(seed: u8) -> PublicKey {
    key(seed).public_key()
}

pub(crate) fn ascending(seeds: &[u8]) -> Vec<PublicKey> {
    let mut keys: Vec<PublicKey> = seeds.iter().map(|seed| public(*seed)).collect();
    keys.sort();
    keys
}

/// An authority code whose check characters hold; `number` tells it from others.
pub(crate) fn authority(number: u32) -> AuthorityCode {
    let organisation = format!("{number:08}");
    "0123456789ABCDEFGHJKLMNPQRTUWXY"
        .chars()
        .flat_map(|last| {
            let organisation = &organisation;
            "0123456789X"
                .chars()
                .map(move |check| format!("11230400{organisation}{check}{last}"))
        })
        .find_map(|text| AuthorityCode::parse(&text).ok())
        .unwrap()
}

pub(crate) fn hub() -> AuthorityCode {
    authority(1)
}

pub(crate) fn city() -> AuthorityCode {
    authority(2)
}

pub(crate) fn other_city() -> AuthorityCode {
    authority(3)
}

pub(crate) fn department() -> AuthorityCode {
    authority(4)
}

pub(crate) const HUB_KEY: u8 = 10;
pub(crate) const CITY_KEY: u8 = 20;
pub(crate) const OTHER_KEY: u8 = 30;
pub(crate) const DEPARTMENT_KEY: u8 = 40;
pub(crate) const APPROVERS: [u8; 3] = [1, 2, 3];
pub(crate) const NEXT_STATEMENT_KEY: u8 = 120;

/// A declaration that a member is lost.
pub(crate) fn lost(member: AuthorityCode) -> Content {
    Content::Loss(Loss {
        member,
        reasons: text("机房停用，三个月未应答"),
        basis: vec![LegalBasis {
            law: text("辽宁省公共信用信息管理条例"),
            article: text("第三十一条"),
            level: BasisLevel::LocalRegulation,
        }],
    })
}

/// The taking over of one authority's charge by another.
pub(crate) fn succeeded(member: AuthorityCode, by: AuthorityCode) -> Content {
    Content::Succession(Succession {
        member,
        by,
        reasons: text("机构改革，职责划入"),
        basis: vec![LegalBasis {
            law: text("中华人民共和国地方各级人民代表大会和地方各级人民政府组织法"),
            article: text("第七十九条"),
            level: BasisLevel::Law,
        }],
    })
}

pub(crate) fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).unwrap()
}

pub(crate) fn day(text: &str) -> Day {
    Day::parse_loose(text).unwrap()
}

pub(crate) fn instant(day_text: &str) -> Timestamp {
    let days = u64::try_from(day(day_text).value()).unwrap();
    Timestamp::new(days * 86_400_000).unwrap()
}

/// The mandate of a city: what it needs for the tests, for one year.
pub(crate) fn mandate() -> Mandate {
    Mandate {
        classes: vec![
            Class::Decision,
            Class::Objection,
            Class::Ruling,
            Class::Correction,
            Class::Withdrawal,
        ],
        act_types: vec![ActType::Penalty, ActType::Licence],
        items: vec![code("labour.penalty"), code("labour.near")],
        from: day("2026-01-01"),
        until: Some(day("2026-12-31")),
        objections_daily_cap: None,
        supervises: None,
    }
}

pub(crate) fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

pub(crate) fn measure(text: &str) -> Measure {
    Measure::new(text).unwrap()
}

/// An enrolment whose keys follow from one seed: statement, log, node, witness, administrator.
pub(crate) fn enrolment(member: AuthorityCode, role: Role, seed: u8) -> Enrolment {
    let of_node = |key: u8| (role != Role::Issuer).then(|| public(key));
    Enrolment {
        member,
        name: text("某某市人力资源和社会保障局"),
        region: RegionCode::parse("230400").unwrap(),
        level: Level::Prefectural,
        role,
        mandates: vec![mandate()],
        statement_keys: vec![public(seed)],
        log_key: of_node(seed + 1),
        node_key: of_node(seed + 2),
        witness_key: of_node(seed + 3),
        administrator_keys: vec![public(seed + 4)],
        next_keys: vec![],
        addresses: vec![],
        publishes_through: (role == Role::Issuer).then(city),
        recovery_key: None,
        suite: SUITE_SHA256,
    }
}

/// The city, with a commitment to its next statement key.
pub(crate) fn city_enrolment() -> Enrolment {
    let next = public(NEXT_STATEMENT_KEY);
    let digest = commitment(&next);
    Enrolment {
        next_keys: vec![(KeyUse::Statement, digest)],
        ..enrolment(city(), Role::Member, CITY_KEY)
    }
}

/// SHA-256 of a key, as it is committed beforehand.
pub(crate) fn commitment(key: &PublicKey) -> Hash {
    use sha2::{Digest, Sha256};
    Hash::from_bytes(Sha256::digest(key.as_bytes()).into())
}

pub(crate) fn policy(cosigners: Vec<AuthorityCode>, quorum: u64, faults: u64) -> Policy {
    Policy {
        cosigners,
        quorum,
        faults,
        heartbeat_ms: 600_000,
        ctx_grace_ms: 259_200_000,
    }
}

pub(crate) fn genesis_fields(network: Network) -> GenesisFields {
    GenesisFields {
        format: FORMAT,
        network,
        title: text("试验网络"),
        created_at: instant("2026-01-01"),
        hub: enrolment(hub(), Role::Hub, HUB_KEY),
        approvers: Approvers {
            keys: ascending(&APPROVERS),
            quorum: 2,
        },
        policy: policy(vec![hub()], 1, 0),
        recovery: Recovery {
            keys: ascending(&[4, 5]),
            quorum: 2,
        },
    }
}

pub(crate) fn catalogue() -> ItemCatalogue {
    let item = |name: &str, vis: u8| CatalogueItem {
        code: code(name),
        title: text("劳动保障行政处罚"),
        act_types: vec![ActType::Penalty],
        vis: Vis::new(vis),
        publication_days_max: 365,
        basis: vec![],
        valid_from: day("2026-01-01"),
        valid_until: Some(day("2026-10-31")),
        freshness_days: None,
        measures: vec![measure("tender.exclusion")],
        list_scope: None,
        classes: vec![],
        beyond_repair: None,
    };
    let class = |code: u8, audience: Audience, members: Vec<AuthorityCode>| VisibilityClass {
        code: Vis::new(code),
        audience,
        members,
    };
    ItemCatalogue {
        items: vec![item("labour.near", 2), item("labour.penalty", 1)],
        classes: vec![
            class(1, Audience::Public, vec![]),
            class(2, Audience::Named, vec![city()]),
        ],
        near_personal: Vis::new(2),
    }
}

/// A penalty with everything that the boundary asks for.
pub(crate) fn penalty() -> DecisionFields {
    DecisionFields {
        subject: Subject::new(
            SubjectCode::parse(SUBJECT).unwrap(),
            SubjectCheck::Ok,
            Form::Enterprise,
            text("鹤岗某某有限公司"),
        )
        .unwrap(),
        document_number: text("鹤劳罚字〔2026〕12号"),
        act_type: ActType::Penalty,
        item: code("labour.penalty"),
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
        penalty_classes: vec![PenaltyClass::Fine],
        fine_fen: Some(500_000),
        confiscation_fen: None,
        duties: vec![Duty {
            measure: measure("tender.exclusion"),
            until: day("2026-09-01"),
            content: None,
        }],
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

pub(crate) fn decision(fields: DecisionFields) -> Content {
    Content::Decision(Box::new(Decision::new(fields).unwrap()))
}

pub(crate) fn payload(content: Content) -> Payload {
    Payload {
        issued_at: instant("2026-03-05"),
        target: None,
        register_size: None,
        batch: None,
        content,
        ext: Ext::default(),
    }
}

pub(crate) fn act(content: Content, target: StatementRef) -> Payload {
    Payload {
        target: Some(target),
        register_size: Some(TreeSize::ZERO),
        ..payload(content)
    }
}

pub(crate) fn leaf_of(statement: &Statement, vis: Vis, target: Option<LeafIndex>) -> Leaf {
    let body = Body::new([7; 32], statement.as_bytes().to_vec()).unwrap();
    Leaf {
        kind: statement.payload().class().kind(),
        vis,
        commit: body.commit(),
        target,
        ctx: statement.header().ctx.size,
    }
}

pub(crate) fn subject() -> SubjectCode {
    SubjectCode::parse(SUBJECT).unwrap()
}

/// A network whose registry grows by approved changes.
#[derive(Clone)]
pub(crate) struct Net {
    pub(crate) registry: Registry,
    hub_key: u8,
    changes: u64,
}

impl Net {
    pub(crate) fn empty(network: Network) -> Self {
        let genesis = Genesis::new(genesis_fields(network)).unwrap();
        Self {
            registry: Registry::new(Arc::new(genesis)),
            hub_key: HUB_KEY,
            changes: 0,
        }
    }

    /// City, other city, department and catalogue are in.
    pub(crate) fn populated(network: Network) -> Self {
        let mut net = Self::empty(network);
        let entries = [
            Content::Enrolment(Box::new(city_enrolment())),
            Content::Enrolment(Box::new(enrolment(other_city(), Role::Member, OTHER_KEY))),
            Content::Enrolment(Box::new(enrolment(
                department(),
                Role::Issuer,
                DEPARTMENT_KEY,
            ))),
            Content::ItemCatalogue(catalogue()),
        ];
        for content in entries {
            assert_eq!(net.change(content), Applied::Changed);
        }
        net
    }

    pub(crate) fn production() -> Self {
        Self::populated(Network::Production)
    }

    /// Signs under another hub key from here on.
    pub(crate) fn sign_with(&mut self, hub_key: u8) {
        self.hub_key = hub_key;
    }

    /// A payload of its own: two changes with one content are two proposals.
    pub(crate) fn proposal(&mut self, content: Content) -> Payload {
        self.changes += 1;
        let at = instant("2026-01-02").value() + self.changes;
        Payload {
            issued_at: Timestamp::new(at).unwrap(),
            ..payload(content)
        }
    }

    /// An approved change, signed by the hub under the newest state.
    pub(crate) fn approved(&self, payload: &Payload, approvers: &[u8], ctx: Ctx) -> Statement {
        let proposal = Proposal::new(payload).unwrap();
        let network = self.registry.genesis().id();
        let mut signers: Vec<SigningKey> = approvers.iter().map(|seed| key(*seed)).collect();
        signers.sort_by_key(|signer| signer.public_key().id());
        let approvals: Vec<Vec<u8>> = signers
            .iter()
            .map(|signer| sign_approval(signer, &network, &proposal))
            .collect();
        let about = payload.content.subject().unwrap_or_else(|| hub().code());
        let signer = key(self.hub_key);
        let bytes = sign_approved(&signer, hub(), about, ctx, &proposal, &approvals).unwrap();
        Statement::decode(&bytes).unwrap()
    }

    /// Logs a statement in the registry.
    pub(crate) fn log(&mut self, statement: &Statement) -> Applied {
        let leaf = leaf_of(statement, Vis::ALL_MEMBERS, None);
        self.registry.apply(&leaf, Some(statement))
    }

    /// Logs a change with two approvals.
    pub(crate) fn change(&mut self, content: Content) -> Applied {
        let payload = self.proposal(content);
        let statement = self.approved(&payload, &[1, 2], self.registry.ctx());
        self.log(&statement)
    }

    pub(crate) fn origin(&self, member: AuthorityCode) -> Origin {
        self.registry
            .genesis()
            .origin(member, LogNumber::Statements)
    }

    /// A reference to a place in a member's log.
    pub(crate) fn reference(&self, member: AuthorityCode, index: u64) -> StatementRef {
        StatementRef {
            origin: self.origin(member),
            index: LeafIndex::new(index),
            leaf_hash: Hash::from_bytes([5; 32]),
        }
    }

    /// Signs a payload under the newest state.
    pub(crate) fn statement(
        &self,
        seed: u8,
        issuer: AuthorityCode,
        about: SubjectCode,
        payload: &Payload,
    ) -> Statement {
        let bytes = sign(&key(seed), issuer, about, self.registry.ctx(), payload).unwrap();
        Statement::decode(&bytes).unwrap()
    }

    /// Verifies a statement at position 9 of a member's log.
    pub(crate) fn verdict(
        &self,
        log: AuthorityCode,
        statement: Statement,
        vis: Vis,
    ) -> Result<Verified, RejectReason> {
        let origin = self.origin(log);
        let target = statement.payload().target.as_ref();
        let local = target.filter(|target| target.origin == origin);
        let leaf = leaf_of(&statement, vis, local.map(|target| target.index));
        let place = Place {
            origin: &origin,
            index: LeafIndex::new(9),
            leaf: &leaf,
            ctx_floor: TreeSize::ZERO,
        };
        verify(&self.registry, place, statement)
    }

    /// The verdict on a decision of the city in its own log.
    pub(crate) fn decide(&self, fields: DecisionFields) -> Result<Verified, RejectReason> {
        self.decide_at(fields, Vis::new(1))
    }

    pub(crate) fn decide_at(
        &self,
        fields: DecisionFields,
        vis: Vis,
    ) -> Result<Verified, RejectReason> {
        let about = fields.subject.code();
        let statement = self.statement(CITY_KEY, city(), about, &payload(decision(fields)));
        self.verdict(city(), statement, vis)
    }
}
