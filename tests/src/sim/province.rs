//! A province: a hub, thirteen cities with a node each, and the departments that publish through them.
//!
//! A log belongs to a member; departments are issuers under it with keys of their own (`spec/log.md`), so a
//! province is fourteen nodes and as many issuers as it has departments. What they say burdens, so that it
//! matters who answers *in force*; what a node answers is looked at while there is trouble:
//!
//! - no node lets others act on a decision to which an objection is open within its horizon, also after a
//!   restore;
//! - a certificate calls applied nobody but whom has the act, and calls an act complete only where each
//!   holder has it;
//! - an objection reaches everyone through the register, whoever is not linked with whom.

mod eyes;
mod talk;

use std::collections::{BTreeMap, BTreeSet};

use concordat_certs::network::TestMember;
use concordat_node::core::{Core, Signing};
use concordat_node::disk::MemoryDisk;
use concordat_protocol::effect::BindsOthers;
use concordat_protocol::key::Signer as _;
use concordat_protocol::propagation::{Certificate, State};
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{Enrolment, Role, StatementRef};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::text::Text;
use ed25519_dalek::SigningKey;

use super::certified::{certificates, holds};
use super::{Cluster, Failure, NodeId, Plan, Rng, Trouble};
use eyes::{Eyes, Seen};

/// Cities of a province.
pub const CITIES: u32 = 13;
/// Virtual milliseconds after which every delivery is said that will be, and every receipt.
const LULL_MS: u64 = 75_000;

/// What a run is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProvincePlan {
    /// Where all chance comes from.
    pub seed: u64,
    /// Departments of the cities.
    pub departments: u32,
    /// How long there is trouble, in virtual milliseconds.
    pub busy_ms: u64,
    /// Whether the hub says that it does not hold corrections and withdrawals, whoever asks.
    pub hub_drops: bool,
}

/// What was looked at in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Answers that others may act on a decision.
    pub in_force: u64,
    /// Answers about decisions with an open objection.
    pub objected: u64,
    /// Certificates that were complete.
    pub complete: u64,
    /// Certificates with a holder that has not applied the act.
    pub outstanding: u64,
    /// Nodes that were restored from an older copy.
    pub restored: u64,
    /// Answers of restored nodes about decisions to which they had held an objection that the copy lacks.
    pub forgotten: u64,
}

/// Who may speak, through which node.
#[derive(Clone, Debug)]
struct Speaker {
    code: AuthorityCode,
    key: SigningKey,
    node: NodeId,
}

/// A copy of a node's disk.
struct Copied {
    disk: MemoryDisk,
    /// What others may act on, as the node answered then.
    in_force: Vec<StatementRef>,
}

/// A province in the simulator.
pub struct Province {
    cluster: Cluster,
    rng: Rng,
    speakers: Vec<Speaker>,
    eyes: Eyes,
    /// Grounds on which a decision has been objected to: once each.
    objected: BTreeSet<(StatementRef, u8)>,
    copies: BTreeMap<NodeId, Copied>,
    /// What each node ever had against decisions and knew no ruling on, whatever it was put back to since.
    ever: BTreeMap<AuthorityCode, BTreeMap<StatementRef, StatementRef>>,
    looked: Looked,
}

impl std::fmt::Debug for Province {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Province({:?})", self.cluster)
    }
}

/// Makes one run.
///
/// # Errors
/// [`Failure`], the first rule that did not hold.
pub fn run(plan: ProvincePlan) -> Result<Looked, Failure> {
    let mut province = Province::new(plan)?;
    province.busy(plan)?;
    province.lull(plan)?;
    province.whole()?;
    Ok(province.looked)
}

impl Province {
    /// A province at work, with everyone enrolled and connected.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn new(plan: ProvincePlan) -> Result<Self, Failure> {
        let mut cluster = Cluster::new(Plan {
            seed: plan.seed,
            members: CITIES,
            trouble: Trouble::None,
            busy_ms: 0,
            must_converge: false,
        })?;
        cluster.hub_drops = plan.hub_drops;
        cluster.begin()?;
        let cities = cluster.network().members.clone();
        let mut speakers = Vec::new();
        for (node, city) in (1..).zip(&cities) {
            speakers.push(Speaker {
                code: city.code(),
                key: city.statement.clone(),
                node,
            });
        }
        for number in 0..plan.departments {
            let node = 1 + number as usize % cities.len();
            let Some(city) = cities.get(node - 1) else {
                continue;
            };
            let department = department(city, number);
            cluster.enrol(&department)?;
            speakers.push(Speaker {
                code: department.code(),
                key: department.statement,
                node,
            });
        }
        cluster.run_for(5_000)?;
        Ok(Self {
            cluster,
            rng: Rng::new(plan.seed ^ 0x0070_726f_7669_6e63),
            speakers,
            eyes: Eyes::default(),
            objected: BTreeSet::new(),
            copies: BTreeMap::new(),
            ever: BTreeMap::new(),
            looked: Looked::default(),
        })
    }

    /// The network and its nodes.
    pub const fn cluster(&mut self) -> &mut Cluster {
        &mut self.cluster
    }

    /// Work under trouble: parted networks, deaths, disks that fail, nodes put back to an older copy.
    fn busy(&mut self, plan: ProvincePlan) -> Result<(), Failure> {
        // A hub that lies is trouble enough for the network to be told from it.
        let trouble = match plan.hub_drops {
            true => Trouble::Network,
            false => Trouble::Storage,
        };
        self.cluster.trouble_begins(trouble);
        let mut spent = 0;
        let mut look = 0;
        while spent < plan.busy_ms {
            let pause = self.rng.within(20, 250);
            self.cluster.run_for(pause)?;
            self.say()?;
            spent += pause;
            if spent >= look {
                look = spent + 2_000;
                self.copy_one();
                self.look_at_answers()?;
            }
        }
        self.look_at_certificates(&BTreeSet::new(), false)
    }

    /// Takes a copy of some node's disk, once of each.
    fn copy_one(&mut self) {
        let nodes = u64::from(CITIES) + 1;
        let node = usize::try_from(self.rng.within(1, nodes)).unwrap_or(1);
        if !self.copies.contains_key(&node) {
            let in_force = self.in_force(node);
            let copy = self.cluster.copy_of(node);
            let copied = copy.map(|disk| Copied { disk, in_force });
            self.copies.extend(copied.map(|copied| (node, copied)));
        }
    }

    /// What others may act on, as a node answers now.
    fn in_force(&mut self, node: NodeId) -> Vec<StatementRef> {
        let now = self.cluster.time();
        let Some(core) = self.cluster.core(node) else {
            return Vec::new();
        };
        let seen = self.eyes.see(core, now);
        let answers = seen.answers();
        let applies = answers.filter(|answer| answer.binds_others == BindsOthers::Applies);
        applies.map(|answer| answer.decision).collect()
    }

    /// Puts two nodes back to what they were under trouble, where everyone else holds what they have said since,
    /// and looks at what they answer while nobody is heard, and while they fetch it back.
    fn restore(&mut self) -> Result<(), Failure> {
        let copies = std::mem::take(&mut self.copies);
        for (node, copied) in copies.into_iter().take(2) {
            if !self.cluster.is_held_everywhere(node) {
                continue;
            }
            // What the copy has in force is objected to, and the node hears of that.
            let objecting = usize::from(node == 1);
            for decision in copied.in_force.iter().take(4) {
                self.object_if_new(objecting, decision)?;
            }
            self.cluster.run_for(5_000)?;
            if !self.cluster.is_held_everywhere(node) {
                continue;
            }
            self.look_at_answers()?;
            self.cluster.part_from_all(node);
            self.cluster.restore(node, copied.disk)?;
            self.looked.restored += 1;
            self.cluster.run_for(300)?;
            self.look_at_answers()?;
            self.cluster.calm()?;
            for _ in 0..6 {
                self.look_at_answers()?;
                self.cluster.run_for(300)?;
            }
            self.cluster.run_for(20_000)?;
        }
        Ok(())
    }

    /// Some cities cut off, nothing more said for a while: what certificates say is exact.
    fn lull(&mut self, plan: ProvincePlan) -> Result<(), Failure> {
        self.cluster.calm()?;
        self.cluster.run_for(20_000)?;
        self.restore()?;
        let mut parted = BTreeSet::new();
        for _ in 0..2 {
            let node = usize::try_from(self.rng.within(1, u64::from(CITIES) + 1)).unwrap_or(1);
            parted.insert(node);
        }
        for node in &parted {
            match plan.hub_drops {
                // It hears of everything through the hub, which says that it has no corrections.
                true => self.cluster.part_from_all_but_the_hub(*node),
                false => self.cluster.part_from_all(*node),
            }
        }
        for _ in 0..30 {
            self.say()?;
            self.cluster.run_for(300)?;
        }
        self.cluster.run_for(LULL_MS)?;
        self.look_at_answers()?;
        self.look_at_certificates(&parted, true)
    }

    /// Everything is everywhere.
    fn whole(&mut self) -> Result<(), Failure> {
        self.cluster.calm()?;
        self.cluster.converge()?;
        self.look_at_answers()?;
        self.look_at_certificates(&BTreeSet::new(), true)?;
        self.cluster.check_everything_kept()
    }

    /// Looks at what each node answers about each decision that it holds.
    ///
    /// # Errors
    /// [`Failure`] when one lets others act on a decision with an open objection.
    // spec: EFF-7, EFF-23, EFF-90
    pub fn look_at_answers(&mut self) -> Result<(), Failure> {
        let now = self.cluster.time();
        let mut found = Ok(());
        for (code, core) in self.cluster.cores() {
            let seen = self.eyes.see(core, now);
            let ever = self.ever.entry(code).or_default();
            seen.remember(ever);
            for answer in seen.answers() {
                let applies = answer.binds_others == BindsOthers::Applies;
                let had = ever.get(&answer.decision).cloned();
                self.looked.in_force += u64::from(applies);
                self.looked.objected += u64::from(answer.open.is_some());
                self.looked.forgotten += u64::from(had.is_some() && answer.open.is_none());
                if let Some(open) = answer.open.or(had).filter(|_| applies) {
                    let decision = &answer.decision;
                    found = Err(format!("{code} has {decision} in force against {open}"));
                }
            }
        }
        self.cluster.verdict(found)
    }

    /// What each node answers about one decision; `None` where it does not hold it.
    ///
    /// # Errors
    /// Never.
    pub fn answers_about(&mut self, decision: &StatementRef) -> Vec<Option<BindsOthers>> {
        let now = self.cluster.time();
        let cores = self.cluster.cores();
        let eyes = &mut self.eyes;
        let answer = |(_, core): (AuthorityCode, &Core<MemoryDisk>)| {
            let seen: Seen = eyes.see(core, now);
            let mut answers = seen.answers();
            let answer = answers.find(|answer| answer.decision == *decision);
            answer.map(|answer| answer.binds_others)
        };
        cores.into_iter().map(answer).collect()
    }

    /// Looks at every certificate of every node that may sign: by those that are not parted, exactly.
    // spec: PRP-20, PRP-22, PRP-24
    fn look_at_certificates(
        &mut self,
        parted: &BTreeSet<NodeId>,
        is_quiet: bool,
    ) -> Result<(), Failure> {
        let mut found = Ok(());
        let parted: BTreeSet<AuthorityCode> = parted
            .iter()
            .filter_map(|node| self.cluster.network().members.get(node - 1))
            .map(TestMember::code)
            .collect();
        let cores: BTreeMap<AuthorityCode, &Core<MemoryDisk>> =
            self.cluster.cores().into_iter().collect();
        for (reader, core) in &cores {
            if *core.signing() != Signing::Open {
                continue;
            }
            for certificate in certificates(*reader, core) {
                let exact = is_quiet && !parted.contains(reader);
                let parted = exact.then_some(&parted);
                let judged = judge(&certificate, &cores, parted);
                if let Err(what) = judged {
                    found = Err(format!("{reader}: {what}"));
                }
                self.looked.complete += u64::from(certificate.is_complete());
                let awaited = certificate.outstanding().next().is_some();
                self.looked.outstanding += u64::from(awaited);
            }
        }
        self.cluster.verdict(found)
    }
}

/// Whether a certificate says what is: always that whom it calls applied has the act, and that none that has
/// the decision without the act is passed over where all are called so; of whoever is not parted exactly.
fn judge(
    certificate: &Certificate,
    cores: &BTreeMap<AuthorityCode, &Core<MemoryDisk>>,
    parted: Option<&BTreeSet<AuthorityCode>>,
) -> Result<(), String> {
    let act = &certificate.act;
    let mut all_have = true;
    let mut all_sure = true;
    for (member, state) in &certificate.states {
        let Some(core) = cores
            .get(member)
            .filter(|core| *core.signing() == Signing::Open)
        else {
            continue;
        };
        let has_target = holds(core, &act.target);
        // Whoever gave it was put back to a copy from before, within the minute in which it would have said so:
        // the holder has the act as unread, and nobody knows of it.
        let target = &act.target;
        let mut givers = cores.values();
        let known = givers.any(|core| core.has_given(*member, &target.origin, target.index));
        if has_target && !known && target.origin.member() != member.as_str() {
            continue;
        }
        let has = has_target && holds(core, &act.reference);
        let is_applied = matches!(state, State::Applied { .. });
        let wrong = || {
            Err(format!(
                "{} at {member}: {state:?}, has it: {has}",
                act.reference
            ))
        };
        if is_applied && !has {
            return wrong();
        }
        all_have &= has || !has_target;
        let Some(parted) = parted else {
            all_sure = false;
            continue;
        };
        let is_parted = parted.contains(member);
        all_sure &= !(is_parted && has_target);
        let right = match (has, has_target) {
            (true, _) => is_applied || is_parted,
            (false, true) => matches!(state, State::Outstanding { .. }),
            (false, false) => !is_applied,
        };
        if !right {
            return wrong();
        }
    }
    let complete = certificate.is_complete();
    let awaited = certificate.outstanding().next().is_some();
    let exact = all_sure && all_have && !awaited;
    match (complete && parted.is_some() && !all_have) || (exact && !complete) {
        true => Err(format!(
            "{} complete: {complete}, all have it: {all_have}",
            act.reference
        )),
        false => Ok(()),
    }
}

/// A department of a city, with a key of its own and no node.
fn department(city: &TestMember, number: u32) -> TestMember {
    let region = RegionCode::parse("230100").unwrap_or(city.enrolment.region);
    let code = SubjectCode::compose("11", region, &format!("0001{number:04}"));
    let code = code.ok().and_then(|code| AuthorityCode::new(code).ok());
    let mut seed = [0x5d; 32];
    for (byte, of) in seed.iter_mut().zip(number.to_be_bytes()) {
        *byte = of;
    }
    let statement = SigningKey::from_bytes(&seed);
    let name = Text::new(format!("Department {number}"));
    let enrolment = Enrolment {
        member: code.unwrap_or(city.enrolment.member),
        name: name.unwrap_or_else(|_| city.enrolment.name.clone()),
        role: Role::Issuer,
        statement_keys: vec![statement.public_key()],
        log_key: None,
        node_key: None,
        witness_key: None,
        administrator_keys: Vec::new(),
        next_keys: Vec::new(),
        addresses: Vec::new(),
        publishes_through: Some(city.code()),
        recovery_key: None,
        ..city.enrolment.clone()
    };
    TestMember {
        enrolment,
        statement,
        ..city.clone()
    }
}
