//! A small network with real keys: a hub, two cities, a registry, and logs of any length.

#[path = "fixture/content.rs"]
mod content;

use std::collections::BTreeMap;
use std::sync::Arc;

use ed25519_dalek::SigningKey;

use concordat_protocol::bundle::{Bundle, BundleParts, Entry, RegistryEntry, TrustParts};
use concordat_protocol::key::Signer;
use concordat_protocol::log::{
    Checkpoint, CosignatureTime, Hash, InclusionProof, LeafIndex, NodeReader, Origin, TreeSize,
    VerifiedCheckpoint, VerifiedCosignature, hash, node,
};
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{
    Agreement, AgreementFields, Body, Class, Content, Correction, Ctx, CutOff, Decision,
    DecisionFields, Enrolment, Ground, HeadSeen, KeyUse, Kind, Leaf, Level, Mandate, Notice,
    Objection, ObjectorRole, Outcome, Payload, Proposal, Role, Ruling, Statement, StatementRef,
    Vis, sign, sign_approval, sign_approved,
};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::time::Timestamp;
use concordat_protocol::trust::{
    Applied, Genesis, LogNumber, Network, Place, Registry, Verified, verify,
};

pub use content::*;

pub const PUBLIC: Vis = Vis::new(1);
pub const NOON: u64 = 1_772_409_600;

/// An authority with all its keys.
#[derive(Clone)]
pub struct Party {
    pub code: AuthorityCode,
    pub statement: SigningKey,
    pub log: SigningKey,
    pub node: SigningKey,
    pub witness: SigningKey,
}

impl Party {
    fn new(number: u8) -> Self {
        let key = |key_use: u8| SigningKey::from_bytes(&[number * 8 + key_use; 32]);
        let code = SubjectCode::with_check(&format!("11230400000000{number:02}9")).unwrap();
        Self {
            code: AuthorityCode::new(code).unwrap(),
            statement: key(1),
            log: key(2),
            node: key(3),
            witness: key(4),
        }
    }

    fn enrolment(&self, role: Role, mandates: Vec<Mandate>) -> Enrolment {
        let name = format!("某市第{}局", &self.code.as_str()[14..16]);
        Enrolment {
            member: self.code,
            name: text(&name),
            region: RegionCode::parse("230400").unwrap(),
            level: Level::Prefectural,
            role,
            mandates,
            statement_keys: vec![self.statement.public_key()],
            log_key: Some(self.log.public_key()),
            node_key: Some(self.node.public_key()),
            witness_key: Some(self.witness.public_key()),
            administrator_keys: vec![],
            next_keys: vec![],
            addresses: vec![],
            publishes_through: None,
            recovery_key: None,
            suite: 1,
        }
    }
}

/// A log whose leaves are all the same but for those that were put in.
#[derive(Clone)]
pub struct SparseLog {
    pub entries: BTreeMap<u64, (Leaf, Option<Body>)>,
    hashes: BTreeMap<u64, Hash>,
    pub size: u64,
}

impl SparseLog {
    fn new(size: u64) -> Self {
        Self {
            entries: BTreeMap::new(),
            hashes: BTreeMap::new(),
            size,
        }
    }

    pub fn put(&mut self, leaf: Leaf, body: Option<Body>) -> u64 {
        let index = self.size;
        self.hashes.insert(index, leaf.hash());
        self.entries.insert(index, (leaf, body));
        self.size += 1;
        index
    }

    pub fn tree_size(&self) -> TreeSize {
        TreeSize::new(self.size).unwrap()
    }
}

impl NodeReader for SparseLog {
    fn node(&self, level: u8, index: u64) -> Option<Hash> {
        let (begin, end) = (index << level, (index + 1) << level);
        if end > self.size {
            return None;
        }
        if self.hashes.range(begin..end).next().is_none() {
            let filler = hash::leaf_hash(b"filler");
            return Some((0..level).fold(filler, |below, _| hash::node_hash(&below, &below)));
        }
        match level {
            0 => self.hashes.get(&begin).copied(),
            _ => {
                let left = self.node(level - 1, index * 2)?;
                let right = self.node(level - 1, index * 2 + 1)?;
                Some(hash::node_hash(&left, &right))
            }
        }
    }
}

/// The network, and what its logs hold.
#[derive(Clone)]
pub struct Net {
    pub hub: Party,
    pub issuer: Party,
    pub receiver: Party,
    approvers: [SigningKey; 2],
    pub genesis: Arc<Genesis>,
    pub registry: Registry,
    pub entries: Vec<RegistryEntry>,
    pub logs: BTreeMap<Origin, SparseLog>,
    salts: u8,
}

impl Net {
    /// The hub, two cities, a catalogue, and all three as cosigners with a quorum of two. Logs begin
    /// with `filler` leaves that nobody looks at.
    pub fn new(filler: u64) -> Self {
        let (hub, issuer, receiver) = (Party::new(1), Party::new(2), Party::new(3));
        let mut approvers = [90, 91].map(|seed| SigningKey::from_bytes(&[seed; 32]));
        approvers.sort_by_key(|key| key.public_key().id());
        let genesis = Arc::new(genesis(&hub, &approvers, Network::Test));
        let registry = Registry::new(Arc::clone(&genesis));
        let mut net = Self {
            hub,
            issuer,
            receiver,
            approvers,
            genesis,
            registry,
            entries: vec![],
            logs: BTreeMap::new(),
            salts: 0,
        };
        for origin in [net.issuer_log(), net.receiver_log(), net.register()] {
            net.logs.insert(origin, SparseLog::new(filler));
        }
        net.logs
            .insert(net.genesis.registry_origin(), SparseLog::new(0));
        let acts = [
            Class::Objection,
            Class::Ruling,
            Class::Correction,
            Class::Withdrawal,
        ];
        let issuer = vec![mandate(&[Class::Decision]), mandate(&acts)];
        net.enrol(&net.issuer.clone(), issuer);
        net.enrol(&net.receiver.clone(), vec![mandate(&acts)]);
        net.register_change(Content::ItemCatalogue(catalogue()), net.hub.code.code());
        let mut cosigners = vec![net.hub.code, net.issuer.code, net.receiver.code];
        cosigners.sort();
        net.register_change(Content::Policy(policy(cosigners, 2)), net.hub.code.code());
        net
    }

    pub fn anchor(&self) -> Hash {
        self.genesis.id()
    }

    pub fn issuer_log(&self) -> Origin {
        self.genesis.origin(self.issuer.code, LogNumber::Statements)
    }

    pub fn receiver_log(&self) -> Origin {
        self.genesis
            .origin(self.receiver.code, LogNumber::Statements)
    }

    pub fn register(&self) -> Origin {
        self.genesis.register_origin()
    }

    /// Enrols a member, or gives it other mandates.
    pub fn enrol(&mut self, party: &Party, mandates: Vec<Mandate>) {
        let enrolment = party.enrolment(Role::Member, mandates);
        self.register_change(Content::Enrolment(Box::new(enrolment)), party.code.code());
    }

    /// Logs an approved change of the registry.
    pub fn register_change(&mut self, content: Content, about: SubjectCode) {
        let proposal = Proposal::new(&payload(content)).unwrap();
        let network = self.genesis.id();
        let approvals = self
            .approvers
            .each_ref()
            .map(|key| sign_approval(key, &network, &proposal));
        let (hub, ctx) = (&self.hub, self.registry.ctx());
        let bytes = sign_approved(&hub.statement, hub.code, about, ctx, &proposal, &approvals);
        let bytes = bytes.unwrap();
        let statement = Statement::decode(&bytes).unwrap();
        let (leaf, body) = self.leaf(Kind::Registry, Vis::ALL_MEMBERS, bytes, None);
        assert_eq!(
            self.registry.apply(&leaf, Some(&statement)),
            Applied::Changed
        );
        let origin = self.genesis.registry_origin();
        self.logs
            .get_mut(&origin)
            .unwrap()
            .put(leaf, Some(body.clone()));
        let body = Some(body);
        self.entries.push(RegistryEntry { leaf, body });
    }

    pub fn cut_off_issuer(&mut self, from: u64) {
        let content = Content::CutOff(CutOff {
            member: self.issuer.code,
            key_use: KeyUse::Statement,
            key: self.issuer.statement.public_key(),
            from: Some(LeafIndex::new(from)),
            continues: None,
            replacement: Some(SigningKey::from_bytes(&[77; 32]).public_key()),
            next: None,
        });
        self.register_change(content, self.issuer.code.code());
    }

    pub fn cut_off_issuer_log(&mut self, continues: (TreeSize, Hash)) {
        let content = Content::CutOff(CutOff {
            member: self.issuer.code,
            key_use: KeyUse::Log,
            key: self.issuer.log.public_key(),
            from: Some(LeafIndex::new(0)),
            continues: Some(continues),
            replacement: Some(SigningKey::from_bytes(&[78; 32]).public_key()),
            next: None,
        });
        self.register_change(content, self.issuer.code.code());
    }

    fn leaf(
        &mut self,
        kind: Kind,
        vis: Vis,
        bytes: Vec<u8>,
        target: Option<LeafIndex>,
    ) -> (Leaf, Body) {
        self.salts += 1;
        let ctx = Statement::decode(&bytes).unwrap().header().ctx.size;
        let body = Body::new([self.salts; 32], bytes).unwrap();
        let commit = body.commit();
        let leaf = Leaf {
            kind,
            vis,
            commit,
            target,
            ctx,
        };
        (leaf, body)
    }

    /// Signs and logs a statement.
    pub fn say(
        &mut self,
        by: &Party,
        origin: &Origin,
        content: Content,
        target: Option<&StatementRef>,
    ) -> StatementRef {
        let ctx = self.registry.ctx();
        self.say_under(by, origin, content, target, ctx)
    }

    pub fn say_under(
        &mut self,
        by: &Party,
        origin: &Origin,
        content: Content,
        target: Option<&StatementRef>,
        ctx: Ctx,
    ) -> StatementRef {
        let kind = content.class().kind();
        let register = self.logs[&self.register()].tree_size();
        let (about, vis) = match kind == Kind::Notice {
            true => (by.code.code(), Vis::ALL_MEMBERS),
            false => (subject().code(), PUBLIC),
        };
        let payload = Payload {
            target: target.cloned(),
            register_size: target.map(|_| register),
            ..payload(content)
        };
        let bytes = sign(&by.statement, by.code, about, ctx, &payload).unwrap();
        let local = target.filter(|target| target.origin == *origin);
        let (leaf, body) = self.leaf(kind, vis, bytes, local.map(|target| target.index));
        self.put(origin, leaf, body)
    }

    /// Signs and logs what a node says by itself, to every member.
    pub fn say_for_all(&mut self, by: &Party, origin: &Origin, content: Content) -> StatementRef {
        let (ctx, kind) = (self.registry.ctx(), content.class().kind());
        let payload = payload(content);
        let bytes = sign(&by.statement, by.code, by.code.code(), ctx, &payload).unwrap();
        let (leaf, body) = self.leaf(kind, Vis::ALL_MEMBERS, bytes, None);
        self.put(origin, leaf, body)
    }

    /// The issuer logs an agreement that the receiver has approved.
    pub fn agree(&mut self, fields: AgreementFields) -> StatementRef {
        let agreement = Agreement::new(fields).unwrap();
        let content = Content::Agreement(Box::new(agreement));
        let proposal = Proposal::new(&payload(content)).unwrap();
        let approval = sign_approval(&self.receiver.statement, &self.anchor(), &proposal);
        let (issuer, ctx) = (self.issuer.clone(), self.registry.ctx());
        let about = issuer.code.code();
        let bytes = sign_approved(
            &issuer.statement,
            issuer.code,
            about,
            ctx,
            &proposal,
            &[approval],
        );
        let (leaf, body) = self.leaf(Kind::Agreement, Vis::ALL_MEMBERS, bytes.unwrap(), None);
        self.put(&self.issuer_log(), leaf, body)
    }

    pub fn put(&mut self, origin: &Origin, leaf: Leaf, body: Body) -> StatementRef {
        let index = self.logs.get_mut(origin).unwrap().put(leaf, Some(body));
        StatementRef {
            origin: origin.clone(),
            index: LeafIndex::new(index),
            leaf_hash: leaf.hash(),
        }
    }

    pub fn decide(&mut self, fields: DecisionFields) -> StatementRef {
        let content = Content::Decision(Box::new(Decision::new(fields).unwrap()));
        self.say(&self.issuer.clone(), &self.issuer_log(), content, None)
    }

    /// An objection in the receiver's log, with the hub's notice of it.
    pub fn object(
        &mut self,
        target: &StatementRef,
        ground: Ground,
    ) -> (StatementRef, StatementRef) {
        let objection = Objection::new(
            ObjectorRole::Subject,
            ground,
            day("2026-04-01"),
            false,
            None,
        );
        let content = Content::Objection(objection);
        let origin = self.receiver_log();
        let act = self.say(&self.receiver.clone(), &origin, content, Some(target));
        let notice = Notice {
            target: target.clone(),
            act: act.clone(),
            class: Class::Objection,
            ground: Some(ground),
            over_cap: None,
        };
        let notice = self.notify(notice);
        (act, notice)
    }

    /// An objection in the receiver's log under a visibility class of its own.
    pub fn object_as(&mut self, vis: Vis, target: &StatementRef) -> StatementRef {
        let (act, _) = self.object(target, Ground::Basis);
        let (mut leaf, body) = self.logs[&act.origin].entries[&act.index.value()].clone();
        leaf.vis = vis;
        self.put(&act.origin, leaf, body.unwrap())
    }

    /// A statement at its place, as whoever holds it sees it.
    pub fn verified(&self, reference: &StatementRef) -> Verified {
        let (leaf, body) = &self.logs[&reference.origin].entries[&reference.index.value()];
        let body = body.as_ref().unwrap();
        let place = Place {
            origin: &reference.origin,
            index: reference.index,
            leaf,
            ctx_floor: TreeSize::ZERO,
        };
        verify(
            &self.registry,
            place,
            Statement::decode(body.statement()).unwrap(),
        )
        .unwrap()
    }

    pub fn notify(&mut self, notice: Notice) -> StatementRef {
        let origin = self.register();
        self.say(&self.hub.clone(), &origin, Content::Notice(notice), None)
    }

    /// The hub logs the head of a log, as it is now, at so many milliseconds.
    pub fn saw(&mut self, of: &Origin, milliseconds: u64) -> StatementRef {
        let origin = self.genesis.origin(self.hub.code, LogNumber::Statements);
        let log = &self.logs[of];
        let content = Content::HeadSeen(HeadSeen {
            origin: of.clone(),
            size: log.tree_size(),
            root: node::root_at(log, log.tree_size()).unwrap(),
        });
        let payload = Payload {
            issued_at: Timestamp::new(milliseconds).unwrap(),
            ..payload(content)
        };
        let (hub, ctx) = (self.hub.clone(), self.registry.ctx());
        let bytes = sign(&hub.statement, hub.code, hub.code.code(), ctx, &payload).unwrap();
        let (leaf, body) = self.leaf(Kind::HeadSeen, Vis::ALL_MEMBERS, bytes, None);
        let log = self.logs.entry(origin.clone());
        log.or_insert_with(|| SparseLog::new(0));
        self.put(&origin, leaf, body)
    }

    pub fn rule(&mut self, target: &StatementRef, objection: &StatementRef) -> StatementRef {
        let closes = vec![objection.clone()];
        let ruling = Ruling::new(Outcome::Upheld, closes, text("理由成立")).unwrap();
        let origin = self.issuer_log();
        self.say(
            &self.issuer.clone(),
            &origin,
            Content::Ruling(ruling),
            Some(target),
        )
    }

    pub fn correct(&mut self, target: &StatementRef, fields: DecisionFields) -> StatementRef {
        let content = Content::Correction(Box::new(Correction {
            reasons: text("数额有误"),
            replacement: Decision::new(fields).unwrap(),
        }));
        let origin = self.issuer_log();
        self.say(&self.issuer.clone(), &origin, content, Some(target))
    }

    /// The head of a log as it is now, cosigned by some.
    pub fn head(&self, origin: &Origin, cosigners: &[&Party]) -> VerifiedCheckpoint {
        self.head_at(origin, cosigners, NOON)
    }

    /// The same, cosigned from a second on.
    pub fn head_at(
        &self,
        origin: &Origin,
        cosigners: &[&Party],
        seconds: u64,
    ) -> VerifiedCheckpoint {
        let cosigners = cosigners.iter().copied().zip(seconds..);
        self.head_by(origin, &cosigners.collect::<Vec<_>>())
    }

    /// The same, cosigned by each at a second.
    pub fn head_by(&self, origin: &Origin, cosigners: &[(&Party, u64)]) -> VerifiedCheckpoint {
        let log = &self.logs[origin];
        let root = node::root_at(log, log.tree_size()).unwrap();
        let checkpoint = Checkpoint::new(origin.clone(), log.tree_size(), root).unwrap();
        let parties = [&self.hub, &self.issuer, &self.receiver];
        let owner = parties
            .iter()
            .find(|one| one.code.as_str() == origin.member());
        let mut head = VerifiedCheckpoint::sign(&checkpoint, &owner.unwrap().log).unwrap();
        for (cosigner, seconds) in cosigners {
            let name = self.genesis.witness(cosigner.code);
            let time = CosignatureTime::from_unix_seconds(*seconds).unwrap();
            let cosignature = VerifiedCosignature::sign(&head, name, time, &cosigner.witness);
            head.add_cosignature(&cosignature.unwrap()).unwrap();
        }
        head
    }

    pub fn heads(&self, cosigners: &[&Party]) -> Vec<VerifiedCheckpoint> {
        self.logs
            .keys()
            .map(|origin| self.head(origin, cosigners))
            .collect()
    }

    /// A statement at its place, with the proof to the head of its log.
    pub fn entry(&self, reference: &StatementRef) -> Entry {
        let log = &self.logs[&reference.origin];
        let (leaf, body) = &log.entries[&reference.index.value()];
        Entry {
            origin: reference.origin.clone(),
            index: reference.index,
            leaf: *leaf,
            body: body.clone().unwrap(),
            proof: InclusionProof::build(log, reference.index, log.tree_size()).unwrap(),
        }
    }

    pub fn everybody(&self) -> [&Party; 3] {
        [&self.hub, &self.issuer, &self.receiver]
    }

    pub fn included(&self) -> TrustParts {
        TrustParts::Included {
            entries: self.entries.clone(),
        }
    }
}

/// A decision, an objection in another log with its notice, and the ruling.
pub struct Case {
    pub net: Net,
    pub decision: StatementRef,
    pub objection: StatementRef,
    pub notice: StatementRef,
    pub ruling: StatementRef,
}

impl Case {
    pub fn new(filler: u64) -> Self {
        let mut net = Net::new(filler);
        let decision = net.decide(penalty());
        let (objection, notice) = net.object(&decision, Ground::Facts);
        let ruling = net.rule(&decision, &objection);
        Self {
            net,
            decision,
            objection,
            notice,
            ruling,
        }
    }

    pub fn parts(&self, trust: TrustParts) -> BundleParts {
        let net = &self.net;
        BundleParts {
            trust,
            heads: net.heads(&net.everybody()),
            statement: net.entry(&self.decision),
            related: vec![],
            acts: vec![net.entry(&self.ruling), net.entry(&self.objection)],
            notices: vec![net.entry(&self.notice)],
            recognition: None,
        }
    }

    pub fn bundle(&self, trust: TrustParts) -> Bundle {
        Bundle::build(self.parts(trust), &self.net.registry).unwrap()
    }

    pub fn bytes(&self, trust: TrustParts) -> Vec<u8> {
        self.bundle(trust).encode().unwrap()
    }
}

/// Gives a file a digest that fits, as somebody who changes it would.
pub fn redigest(bytes: &mut [u8]) {
    use sha2::{Digest, Sha256};
    let at = bytes.len() - 32;
    let digest: [u8; 32] = Sha256::digest(&bytes[..at]).into();
    bytes[at..].copy_from_slice(&digest);
}
