//! A whole network for tests, the simulator and demonstrations: every key, file and entry of its
//! registry follows from a seed.
//!
//! ```text
//! genesis.cbor
//! approver-1/approver.key   approver-2/approver.key   recovery/recovery.key
//! <code>/keys/*.key         <code>/keys/node.crt      for the hub and every member
//! changes/000.proposal …    the approved changes, in order
//! registry/000.body …       the entries of the registry log, in order
//! ```
//!
//! Genesis carries the test flag, and whoever knows the seed knows the keys: good for nothing else.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use concordat_protocol::codec::Truth;
use concordat_protocol::key::Signer;
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{
    ActType, Address, Audience, BasisLevel, CatalogueItem, Class, Code, Content, Enrolment,
    ItemCatalogue, KeyUse, LegalBasis, Level, ListScope, Mandate, Policy, Role, Vis,
    VisibilityClass,
};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::text::Text;
use concordat_protocol::time::{Day, Timestamp};
use concordat_protocol::trust::{Genesis, Network, Registry};
use ed25519_dalek::SigningKey;

use crate::certificate::Validity;
use crate::certificate_file::{self, CertificateFileError};
use crate::change::{ChangeError, ChangeFileError, PendingChange};
use crate::enrolment::{EnrolmentRequest, MemberDetails, RequestError, keys, prove};
use crate::file::{self, FileError, Secrecy};
use crate::genesis::{
    self, CTX_GRACE_MS, GENESIS_FILE, GenesisRequest, GenesisRequestError, HEARTBEAT_MS,
};
use crate::key_file::PrivateKey;
use crate::key_ring::{KeyRing, KeyRingError};
use crate::randomness::{Randomness, RandomnessError, SeededRandomness};
use crate::registry_entries::{RegistryEntry, RegistryEntryError, registry_entries};

/// The visibility class of ordinary items in [`test_catalogue`].
pub const VIS_PUBLIC: Vis = Vis::new(1);
/// The visibility class of near-personal subjects in [`test_catalogue`].
pub const VIS_NEAR_PERSONAL: Vis = Vis::new(2);

/// An authority of the network to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestAuthority {
    /// Its code.
    pub code: AuthorityCode,
    /// Its name.
    pub name: Text<200>,
    /// Its region.
    pub region: RegionCode,
    /// Its level.
    pub level: Level,
    /// Where its node listens.
    pub addresses: Vec<Address>,
    /// Its mandates.
    pub mandates: Vec<Mandate>,
}

impl TestAuthority {
    /// A member that may decide, object, rule, correct and withdraw, on any day.
    #[must_use]
    pub fn member(code: AuthorityCode, name: Text<200>, region: RegionCode) -> Self {
        let classes = vec![
            Class::Decision,
            Class::Objection,
            Class::Ruling,
            Class::Correction,
            Class::Withdrawal,
        ];
        Self {
            code,
            name,
            region,
            level: Level::Prefectural,
            addresses: Vec::new(),
            mandates: vec![mandate(classes, None)],
        }
    }

    /// A hub that may receive objections and supervises every authority.
    #[must_use]
    pub fn hub(code: AuthorityCode, name: Text<200>, region: RegionCode) -> Self {
        let supervised = vec![
            Class::Ruling,
            Class::Correction,
            Class::Withdrawal,
            Class::Admission,
        ];
        Self {
            level: Level::Provincial,
            mandates: vec![
                mandate(vec![Class::Decision, Class::Objection], None),
                mandate(supervised, Some(Truth)),
            ],
            ..Self::member(code, name, region)
        }
    }
}

/// What a test network is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestPlan {
    /// What it is called.
    pub title: Text<200>,
    /// When genesis was made and everything was proposed.
    pub created_at: Timestamp,
    /// The hub.
    pub hub: TestAuthority,
    /// The members, in the order of their enrolment.
    pub members: Vec<TestAuthority>,
    /// The catalogue.
    pub catalogue: ItemCatalogue,
    /// What all keys and salts follow from.
    pub seed: u64,
}

impl TestPlan {
    /// A hub and `members` authorities with made-up names and codes, and [`test_catalogue`].
    ///
    /// # Panics
    /// With more than 9,999 members.
    #[must_use]
    pub fn numbered(members: u32, seed: u64) -> Self {
        let authority = |number: u32| {
            let region = RegionCode::parse("230000").expect("a province");
            let code = SubjectCode::compose("11", region, &format!("0000{number:04}"))
                .expect("four digits make a serial of eight");
            let code = AuthorityCode::new(code).expect("composed codes hold");
            let name = Text::new(format!("Test authority {number}")).expect("printable and short");
            (code, name, region)
        };
        let (code, name, region) = authority(0);
        let hub = TestAuthority::hub(code, name, region);
        let members = (1..=members).map(authority);
        Self {
            title: Text::new("Test network").expect("printable and short"),
            created_at: Timestamp::new(1_767_225_600_000).expect("2026 is in range"),
            hub,
            members: members
                .map(|(code, name, region)| TestAuthority::member(code, name, region))
                .collect(),
            catalogue: test_catalogue(),
            seed,
        }
    }
}

/// An authority of the network with its private keys.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct TestMember {
    /// What it is entered as.
    pub enrolment: Enrolment,
    pub statement: SigningKey,
    pub log: SigningKey,
    pub node: SigningKey,
    pub witness: SigningKey,
    pub administrator: SigningKey,
    pub recovery: SigningKey,
}

impl TestMember {
    /// Its code.
    #[must_use]
    pub const fn code(&self) -> AuthorityCode {
        self.enrolment.member
    }

    /// Its keys, each with its use.
    #[must_use]
    pub fn keys(&self) -> [PrivateKey; 6] {
        [
            (KeyUse::Statement, &self.statement),
            (KeyUse::Log, &self.log),
            (KeyUse::Node, &self.node),
            (KeyUse::Witness, &self.witness),
            (KeyUse::Administrator, &self.administrator),
            (KeyUse::Recovery, &self.recovery),
        ]
        .map(|(key_use, key)| PrivateKey::new(key_use, key.clone()))
    }
}

/// A network with all its keys, and its registry as its first entries leave it: the enrolments in
/// order, the policy (hub and the first two members cosign, a majority of them makes a quorum, none
/// may be dishonest), and the catalogue.
#[derive(Clone, Debug)]
pub struct TestNetwork {
    /// The genesis.
    pub genesis: Arc<Genesis>,
    /// The hub.
    pub hub: TestMember,
    /// The members, in the order of their enrolment.
    pub members: Vec<TestMember>,
    /// Keys of the approvers; both are needed.
    pub approvers: [SigningKey; 2],
    /// The one key of the recovery quorum.
    pub recovery: SigningKey,
    /// The approved changes behind the entries.
    pub changes: Vec<PendingChange>,
    /// The entries of the registry log.
    pub entries: Vec<RegistryEntry>,
    /// The registry after them.
    pub registry: Registry,
    created_at: Timestamp,
    randomness: SeededRandomness,
}

impl TestNetwork {
    /// Makes the network in memory.
    ///
    /// # Errors
    /// [`TestNetworkError`] when the plan contradicts itself, for example by naming a code twice.
    pub fn build(plan: TestPlan) -> Result<Self, TestNetworkError> {
        let mut randomness = SeededRandomness::new(plan.seed);
        let hub = made(plan.hub, Role::Hub, &mut randomness)?;
        let approvers = [signing_key(&mut randomness)?, signing_key(&mut randomness)?];
        let recovery = signing_key(&mut randomness)?;
        let genesis = GenesisRequest {
            network: Network::Test,
            title: plan.title,
            created_at: plan.created_at,
            hub: hub.enrolment.clone(),
            approvers: approvers.iter().map(Signer::public_key).collect(),
            approver_quorum: 2,
            recovery: vec![recovery.public_key()],
            recovery_quorum: 1,
            heartbeat_ms: HEARTBEAT_MS,
            ctx_grace_ms: CTX_GRACE_MS,
        };
        let genesis = Arc::new(genesis.build()?);
        let members = plan
            .members
            .into_iter()
            .map(|member| made(member, Role::Member, &mut randomness))
            .collect::<Result<Vec<_>, _>>()?;
        let mut network = Self {
            registry: Registry::new(Arc::clone(&genesis)),
            genesis,
            hub,
            members,
            approvers,
            recovery,
            changes: Vec::new(),
            entries: Vec::new(),
            created_at: plan.created_at,
            randomness,
        };
        for member in network.members.clone() {
            network.enrol(&member)?;
        }
        let policy = network.first_policy();
        network.append(Content::Policy(policy))?;
        network.append(Content::ItemCatalogue(plan.catalogue))?;
        Ok(network)
    }

    /// Proposes a change, has both approvers approve it, and appends what the hub makes of it.
    ///
    /// # Errors
    /// [`TestNetworkError::Change`] or [`TestNetworkError::Entry`].
    pub fn append(&mut self, content: Content) -> Result<&RegistryEntry, TestNetworkError> {
        let change = PendingChange::new(&self.genesis, self.proposed_at(), content)?;
        self.append_change(change)
    }

    /// The request of an authority with all its keys, for this network.
    ///
    /// # Errors
    /// [`TestNetworkError::Request`].
    pub fn request(&self, member: &TestMember) -> Result<EnrolmentRequest, TestNetworkError> {
        let enrolment = member.enrolment.clone();
        let held = member.keys();
        let mut proofs = Vec::new();
        for (key_use, _) in keys(&enrolment) {
            for key in held.iter().filter(|key| key.key_use() == key_use) {
                proofs.push(prove(&self.genesis.id(), &enrolment, key_use, key)?);
            }
        }
        Ok(EnrolmentRequest::new(&self.genesis, enrolment, proofs)?)
    }

    /// Keys and enrolment for one more authority, which is not enrolled yet.
    ///
    /// # Errors
    /// [`TestNetworkError::Randomness`].
    pub fn outsider(&mut self, authority: TestAuthority) -> Result<TestMember, TestNetworkError> {
        made(authority, Role::Member, &mut self.randomness)
    }

    /// Enrols an authority.
    ///
    /// # Errors
    /// As [`TestNetwork::append`], and [`TestNetworkError::Request`].
    pub fn enrol(&mut self, member: &TestMember) -> Result<&RegistryEntry, TestNetworkError> {
        let request = self.request(member)?;
        let change = PendingChange::for_enrolment(&self.genesis, self.proposed_at(), request)?;
        self.append_change(change)
    }

    /// Writes the network into a directory, as the head of this module shows.
    ///
    /// # Errors
    /// [`TestNetworkError`]; nothing is overwritten.
    pub fn write(&self, directory: &Path, validity: Validity) -> Result<(), TestNetworkError> {
        file::private_directory(directory)?;
        genesis::create(&directory.join(GENESIS_FILE), &self.genesis)?;
        let [first, second] = self.approvers.clone();
        let approver = |key| [PrivateKey::new(KeyUse::Approver, key)];
        KeyRing::create(&directory.join("approver-1"), approver(first))?;
        KeyRing::create(&directory.join("approver-2"), approver(second))?;
        let recovery = PrivateKey::new(KeyUse::Recovery, self.recovery.clone());
        KeyRing::create(&directory.join("recovery"), [recovery])?;
        for member in std::iter::once(&self.hub).chain(&self.members) {
            let keys = directory.join(member.code().as_str()).join("keys");
            let ring = KeyRing::create(&keys, member.keys())?;
            for key_use in [KeyUse::Node, KeyUse::Administrator] {
                certificate_file::issue(&keys, ring.key(key_use)?, validity)?;
            }
        }
        for folder in ["changes", "registry"] {
            file::private_directory(&directory.join(folder))?;
        }
        for (number, change) in self.changes.iter().enumerate() {
            change.create(&directory.join(format!("changes/{number:03}.proposal")))?;
        }
        for (number, entry) in self.entries.iter().enumerate() {
            let path = directory.join(format!("registry/{number:03}.body"));
            file::create(&path, &entry.body.encode(), Secrecy::Public)?;
        }
        Ok(())
    }

    fn append_change(
        &mut self,
        mut change: PendingChange,
    ) -> Result<&RegistryEntry, TestNetworkError> {
        for approver in &self.approvers {
            let approval = change.approve(&self.genesis, approver)?;
            change.add(&self.genesis, approval)?;
        }
        let hub = &self.hub.statement;
        let changes = [change];
        let made = registry_entries(&mut self.registry, hub, &changes, &mut self.randomness)?;
        self.changes.extend(changes);
        self.entries.extend(made);
        Ok(self.entries.last().expect("one change makes one entry"))
    }

    /// One millisecond after the change before, so that the same content can be proposed twice.
    fn proposed_at(&self) -> Timestamp {
        let passed = Duration::from_millis(self.changes.len() as u64);
        let at = self.created_at.checked_add(passed);
        at.unwrap_or(self.created_at)
    }

    fn first_policy(&self) -> Policy {
        let first = self.members.iter().take(2).map(TestMember::code);
        let mut cosigners: Vec<AuthorityCode> = first.chain([self.hub.code()]).collect();
        cosigners.sort();
        let quorum = cosigners.len() as u64 / 2 + 1;
        Policy {
            cosigners,
            quorum,
            ..self.genesis.fields().policy.clone()
        }
    }
}

/// A catalogue with one public item for each type of act, `test.licence` to `test.watchlist`,
/// published for at most ten years.
///
/// # Panics
/// Never.
#[must_use]
pub fn test_catalogue() -> ItemCatalogue {
    let local_regulation = || LegalBasis {
        law: Text::new("某省社会信用条例".to_owned()).expect("printable and short"),
        article: Text::new("第二十条".to_owned()).expect("printable and short"),
        level: BasisLevel::LocalRegulation,
    };
    let item = |act_type: &ActType| CatalogueItem {
        code: Code::new(&format!("test.{act_type:?}").to_lowercase()).expect("letters and a dot"),
        title: Text::new(format!("{act_type:?}")).expect("printable and short"),
        act_types: vec![*act_type],
        vis: VIS_PUBLIC,
        publication_days_max: 3_653,
        basis: act_type
            .lists()
            .then(local_regulation)
            .into_iter()
            .collect(),
        valid_from: Day::MIN,
        valid_until: None,
        freshness_days: None,
        measures: Vec::new(),
        list_scope: act_type.lists().then_some(ListScope::Local),
        classes: vec![],
        beyond_repair: None,
    };
    let class = |code, audience| VisibilityClass {
        code,
        audience,
        members: Vec::new(),
    };
    let mut items: Vec<CatalogueItem> = ActType::ALL.iter().map(item).collect();
    items.sort_by(|a, b| a.code.cmp(&b.code));
    ItemCatalogue {
        items,
        classes: vec![
            class(VIS_PUBLIC, Audience::Public),
            class(VIS_NEAR_PERSONAL, Audience::Members),
        ],
        near_personal: VIS_NEAR_PERSONAL,
    }
}

fn mandate(classes: Vec<Class>, supervises: Option<Truth>) -> Mandate {
    Mandate {
        classes,
        act_types: Vec::new(),
        items: Vec::new(),
        from: Day::MIN,
        until: None,
        objections_daily_cap: None,
        supervises,
    }
}

fn signing_key(randomness: &mut SeededRandomness) -> Result<SigningKey, RandomnessError> {
    let mut secret = [0; 32];
    randomness.fill(&mut secret)?;
    Ok(SigningKey::from_bytes(&secret))
}

fn made(
    authority: TestAuthority,
    role: Role,
    randomness: &mut SeededRandomness,
) -> Result<TestMember, TestNetworkError> {
    let [statement, log, node, witness, administrator, recovery] = [
        signing_key(randomness)?,
        signing_key(randomness)?,
        signing_key(randomness)?,
        signing_key(randomness)?,
        signing_key(randomness)?,
        signing_key(randomness)?,
    ];
    let details = MemberDetails {
        member: authority.code,
        name: authority.name,
        region: authority.region,
        level: authority.level,
        role,
        mandates: authority.mandates,
        addresses: authority.addresses,
        publishes_through: None,
    };
    let public = |key_use| match key_use {
        KeyUse::Statement => Some(statement.public_key()),
        KeyUse::Log => Some(log.public_key()),
        KeyUse::Node => Some(node.public_key()),
        KeyUse::Witness => Some(witness.public_key()),
        KeyUse::Administrator => Some(administrator.public_key()),
        KeyUse::Recovery => Some(recovery.public_key()),
        KeyUse::Approver => None,
    };
    Ok(TestMember {
        enrolment: details.with_public_keys(public, Vec::new()),
        statement,
        log,
        node,
        witness,
        administrator,
        recovery,
    })
}

/// Why a test network is not made or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum TestNetworkError {
    #[error(transparent)]
    Certificate(#[from] CertificateFileError),
    #[error(transparent)]
    Change(#[from] ChangeError),
    #[error(transparent)]
    ChangeFile(#[from] ChangeFileError),
    #[error(transparent)]
    Entry(#[from] RegistryEntryError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Genesis(#[from] GenesisRequestError),
    #[error(transparent)]
    Keys(#[from] KeyRingError),
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    #[error(transparent)]
    Request(#[from] RequestError),
}

#[cfg(test)]
mod tests {
    use std::fs;

    use concordat_protocol::statement::{Body, Statement};
    use concordat_protocol::trust::Applied;

    use super::*;

    fn network(members: u32) -> TestNetwork {
        TestNetwork::build(TestPlan::numbered(members, 1)).unwrap()
    }

    #[test]
    fn network_follows_from_its_seed() {
        let (first, second) = (network(3), network(3));
        assert_eq!(first.entries, second.entries);
        let other = TestNetwork::build(TestPlan::numbered(3, 2)).unwrap();
        assert_ne!(first.genesis.id(), other.genesis.id());
    }

    // spec: KEY-25
    #[test]
    fn every_entry_counts_for_whoever_reads_the_registry_log() {
        let network = network(6);
        assert_eq!(network.entries.len(), 6 + 2);
        let mut registry = Registry::new(Arc::clone(&network.genesis));
        for (index, entry) in network.entries.iter().enumerate() {
            let statement = Statement::decode(entry.body.statement()).unwrap();
            assert_eq!(statement.header().ctx.size.value(), index as u64);
            assert_eq!(entry.leaf.commit, entry.body.commit());
            assert_eq!(
                registry.apply(&entry.leaf, Some(&statement)),
                Applied::Changed
            );
        }
        assert_eq!(registry.ctx(), network.registry.ctx());
        assert_eq!(registry.members().count(), 7);
        let policy = registry.policy();
        assert_eq!(
            (policy.cosigners.len(), policy.quorum, policy.faults),
            (3, 2, 0)
        );
        assert_eq!(
            registry.catalogue_at(registry.size()),
            Some(&test_catalogue())
        );
    }

    #[test]
    fn network_without_members_and_with_one_has_a_policy_that_can_be_met() {
        for (members, quorum) in [(0, 1), (1, 2)] {
            assert_eq!(network(members).registry.policy().quorum, quorum);
        }
    }

    #[test]
    fn written_network_is_read_back_by_the_readers_of_each_file() {
        let network = network(2);
        let directory = tempfile::tempdir().unwrap();
        let validity = Validity::from_unix_seconds(1, 2).unwrap();
        network.write(directory.path(), validity).unwrap();
        let at = |name: &str| directory.path().join(name);
        let genesis = genesis::read(&at(GENESIS_FILE)).unwrap();
        assert_eq!(genesis, *network.genesis);
        for member in std::iter::once(&network.hub).chain(&network.members) {
            let keys = at(member.code().as_str()).join("keys");
            let ring = KeyRing::open(&keys, &crate::key_ring::MEMBER_USES).unwrap();
            assert_eq!(ring.public(KeyUse::Log), member.enrolment.log_key);
            certificate_file::read(&keys, ring.key(KeyUse::Node).unwrap()).unwrap();
        }
        KeyRing::open(&at("approver-2"), &[KeyUse::Approver]).unwrap();
        let change = PendingChange::read(&at("changes/000.proposal"), &genesis).unwrap();
        assert_eq!(change, network.changes[0]);
        let body = Body::decode(&fs::read(at("registry/003.body")).unwrap()).unwrap();
        assert_eq!(body, network.entries[3].body);
        let again = network.write(directory.path(), validity).unwrap_err();
        assert!(matches!(
            again,
            TestNetworkError::File(FileError::Exists { .. })
        ));
    }
}
