//! The network of the tour: keys, genesis, enrolments, catalogue, approved by two.

use std::net::{SocketAddr, UdpSocket};
use std::path::Path;

use concordat_certs::certificate::Validity;
use concordat_certs::certificate_file;
use concordat_certs::change::PendingChange;
use concordat_certs::enrolment::{EnrolmentRequest, MemberDetails};
use concordat_certs::genesis::{self as genesis_file, CTX_GRACE_MS, GenesisRequest, HEARTBEAT_MS};
use concordat_certs::key_file::PrivateKey;
use concordat_certs::key_ring::{KeyRing, MEMBER_USES};
use concordat_certs::randomness::OsRandomness;
use concordat_protocol::codec::Truth;
use concordat_protocol::key::Signer as _;
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{
    ActType, Address, Audience, CatalogueItem, Class, Code, Content, ItemCatalogue, KeyUse, Level,
    Mandate, Policy, Role, Vis, VisibilityClass,
};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::text::Text;
use concordat_protocol::time::Day;
use concordat_protocol::trust::{Genesis, Network};

use crate::clock;
use crate::config;
use crate::node::Layout;
use crate::quickstart::TourError;

/// A node of the tour before it runs.
pub(super) struct Planned {
    pub(super) name: String,
    pub(super) code: AuthorityCode,
    pub(super) layout: Layout,
    listen: SocketAddr,
}

/// The tour's network before it runs; the first node is the hub.
pub(super) struct Plan {
    pub(super) genesis: Genesis,
    pub(super) nodes: Vec<Planned>,
    /// Of each node, held from the moment its address was written down, so that nobody else gets it.
    pub(super) sockets: Vec<UdpSocket>,
    pub(super) changes: Vec<PendingChange>,
    pub(super) hub_statement_key: PrivateKey,
}

/// Eight databases share one machine.
const CACHE_MIB: u64 = 8;
const PUBLIC: Vis = Vis::new(1);
const NEAR_PERSONAL: Vis = Vis::new(2);

/// Makes keys, genesis and approved changes below `root`.
pub(super) fn plan(
    root: &Path,
    authorities: &[&str],
    items: impl IntoIterator<Item = Code>,
) -> Result<Plan, TourError> {
    let names = ["省级枢纽 Provincial hub"]
        .into_iter()
        .chain(authorities.iter().copied());
    let mut nodes = Vec::new();
    let mut sockets = Vec::new();
    let mut details = Vec::new();
    for (number, name) in names.enumerate() {
        let code = authority_code(number)?;
        let socket = UdpSocket::bind("127.0.0.1:0").map_err(TourError::setting_up)?;
        let listen = socket.local_addr().map_err(TourError::setting_up)?;
        let layout = Layout::new(root.join(format!("node-{number}")));
        let role = if number == 0 { Role::Hub } else { Role::Member };
        details.push(member(code, name, role, listen)?);
        nodes.push(Planned {
            name: name.to_owned(),
            code,
            layout,
            listen,
        });
        sockets.push(socket);
    }
    let mut rings = Vec::new();
    for node in &nodes {
        let ring = KeyRing::generate(&node.layout.keys(), &MEMBER_USES, &mut OsRandomness);
        let ring = ring.map_err(TourError::setting_up)?;
        let key = ring.key(KeyUse::Node).map_err(TourError::setting_up)?;
        let now = i64::try_from(clock::now().value() / 1_000).unwrap_or(0);
        let validity = Validity::from_unix_seconds(now - 3_600, now + 366 * 86_400);
        let validity = validity.map_err(TourError::setting_up)?;
        certificate_file::issue(&node.layout.keys(), key, validity)
            .map_err(TourError::setting_up)?;
        rings.push(ring);
    }
    let approver = |name| stored_key(&root.join(name), KeyUse::Approver);
    let approvers = [approver("approver-1")?, approver("approver-2")?];
    let recovery = stored_key(&root.join("recovery"), KeyUse::Recovery)?;
    let mut members = details.into_iter().zip(&rings);
    let (hub, ring) = members.next().ok_or(TourError::NoAuthorities)?;
    let genesis = GenesisRequest {
        network: Network::Test,
        title: Text::new("Concordat quickstart").map_err(TourError::setting_up)?,
        created_at: clock::now(),
        hub: hub.with_keys(ring).map_err(TourError::setting_up)?,
        approvers: approvers.iter().map(|key| key.public_key()).collect(),
        approver_quorum: 2,
        recovery: vec![recovery.public_key()],
        recovery_quorum: 1,
        heartbeat_ms: HEARTBEAT_MS,
        ctx_grace_ms: CTX_GRACE_MS,
    };
    let genesis = genesis.build().map_err(TourError::setting_up)?;
    for node in &nodes {
        let path = node.layout.genesis();
        genesis_file::create(&path, &genesis).map_err(TourError::setting_up)?;
        let config = config::template(node.code, node.listen, CACHE_MIB);
        std::fs::write(node.layout.config(), config).map_err(TourError::setting_up)?;
    }
    let mut changes = Vec::new();
    for (number, (details, ring)) in members.enumerate() {
        let enrolment = details.with_keys(ring).map_err(TourError::setting_up)?;
        let request = EnrolmentRequest::sign(&genesis, enrolment, ring);
        let request = request.map_err(TourError::setting_up)?;
        let issued = moment(number)?;
        changes.push(
            PendingChange::for_enrolment(&genesis, issued, request)
                .map_err(TourError::setting_up)?,
        );
    }
    let mut cosigners: Vec<AuthorityCode> = nodes.iter().take(3).map(|node| node.code).collect();
    cosigners.sort();
    let policy = Policy {
        cosigners,
        quorum: 2,
        faults: 0,
        ..genesis.fields().policy.clone()
    };
    for (number, content) in [
        Content::ItemCatalogue(catalogue(items)?),
        Content::Policy(policy),
    ]
    .into_iter()
    .enumerate()
    {
        let issued = moment(nodes.len() + number)?;
        changes.push(PendingChange::new(&genesis, issued, content).map_err(TourError::setting_up)?);
    }
    for change in &mut changes {
        for approver in &approvers {
            let approval = change
                .approve(&genesis, approver)
                .map_err(TourError::setting_up)?;
            change
                .add(&genesis, approval)
                .map_err(TourError::setting_up)?;
        }
    }
    let hub_keys = nodes.first().ok_or(TourError::NoAuthorities)?.layout.keys();
    let hub_statement_key = PrivateKey::read_in(&hub_keys, KeyUse::Statement);
    let hub_statement_key = hub_statement_key.map_err(TourError::setting_up)?;
    Ok(Plan {
        genesis,
        nodes,
        sockets,
        changes,
        hub_statement_key,
    })
}

/// Each change has its own moment, so that no two proposals are the same.
fn moment(number: usize) -> Result<concordat_protocol::time::Timestamp, TourError> {
    let later = std::time::Duration::from_millis(number as u64);
    clock::now()
        .checked_add(later)
        .map_err(TourError::setting_up)
}

fn stored_key(directory: &Path, key_use: KeyUse) -> Result<PrivateKey, TourError> {
    KeyRing::generate(directory, &[key_use], &mut OsRandomness).map_err(TourError::setting_up)?;
    PrivateKey::read_in(directory, key_use).map_err(TourError::setting_up)
}

/// Codes of government organs (11) without a region, made up for the tour.
fn authority_code(number: usize) -> Result<AuthorityCode, TourError> {
    let serial = format!("XXXQT{number:03}");
    let code = SubjectCode::compose("11", RegionCode::COUNTRY, &serial);
    AuthorityCode::new(code.map_err(TourError::setting_up)?).map_err(TourError::setting_up)
}

fn member(
    code: AuthorityCode,
    name: &str,
    role: Role,
    listen: SocketAddr,
) -> Result<MemberDetails, TourError> {
    let classes = match role {
        Role::Hub => vec![
            Class::Ruling,
            Class::Correction,
            Class::Withdrawal,
            Class::Admission,
        ],
        Role::Member | Role::Issuer => vec![
            Class::Decision,
            Class::Objection,
            Class::Ruling,
            Class::Correction,
            Class::Withdrawal,
            Class::Agreement,
            Class::Accession,
            Class::Retirement,
            Class::RecognitionResponse,
        ],
    };
    let mandate = Mandate {
        classes,
        act_types: Vec::new(),
        items: Vec::new(),
        from: Day::MIN,
        until: None,
        objections_daily_cap: Some(1_000),
        supervises: (role == Role::Hub).then_some(Truth),
    };
    let address = Address::new(&listen.to_string());
    Ok(MemberDetails {
        member: code,
        name: Text::new(name).map_err(TourError::setting_up)?,
        region: RegionCode::COUNTRY,
        level: if role == Role::Hub {
            Level::Provincial
        } else {
            Level::Prefectural
        },
        role,
        mandates: vec![mandate],
        addresses: address.into_iter().collect(),
        publishes_through: None,
    })
}

fn catalogue(items: impl IntoIterator<Item = Code>) -> Result<ItemCatalogue, TourError> {
    let mut entries = Vec::new();
    for code in items {
        entries.push(CatalogueItem {
            title: Text::new(code.as_str()).map_err(TourError::setting_up)?,
            code,
            act_types: vec![ActType::Penalty],
            vis: PUBLIC,
            publication_days_max: 7_310,
            basis: Vec::new(),
            valid_from: Day::MIN,
            valid_until: None,
            freshness_days: None,
            measures: Vec::new(),
            list_scope: None,
            classes: vec![],
            beyond_repair: None,
        });
    }
    entries.sort_by(|a, b| a.code.cmp(&b.code));
    let class = |code, audience| VisibilityClass {
        code,
        audience,
        members: Vec::new(),
    };
    Ok(ItemCatalogue {
        items: entries,
        classes: vec![
            class(PUBLIC, Audience::Public),
            class(NEAR_PERSONAL, Audience::Members),
        ],
        near_personal: NEAR_PERSONAL,
    })
}
