//! `concordat genesis`: the file that a network starts from.

use std::path::{Path, PathBuf};

use concordat_certs::enrolment::MemberDetails;
use concordat_certs::genesis::{self, CTX_GRACE_MS, GENESIS_FILE, GenesisRequest, HEARTBEAT_MS};
use concordat_certs::key_file::PrivateKey;
use concordat_certs::key_ring::KeyRing;
use concordat_protocol::codec::Truth;
use concordat_protocol::key::Signer as _;
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{Class, Code, Enrolment, KeyUse, Mandate, Role};
use concordat_protocol::trust::Network;

use crate::args::{Authority, Genesis, GenesisCreate};
use crate::command::{Context, files, init};
use crate::failure::{Failure, chain};
use crate::report::{self, Fact, Report};
use crate::{clock, names, parse};

/// What an authority may say where nothing narrower is asked for. Lists are for whom the law lets make
/// them (HS-5.1), stays for courts and review bodies.
const USUAL: [Class; 20] = [
    Class::Decision,
    Class::Objection,
    Class::Ruling,
    Class::Correction,
    Class::Withdrawal,
    Class::Repair,
    Class::Agreement,
    Class::Accession,
    Class::Retirement,
    Class::RecognitionResponse,
    Class::Commitment,
    Class::CommitmentOutcome,
    Class::SelfDeclaration,
    Class::Evaluation,
    Class::Interview,
    Class::Measure,
    Class::Initiation,
    Class::Response,
    Class::Push,
    Class::Feedback,
];

pub(super) fn run(verb: &Genesis, context: &Context<'_>) -> Result<Report, Failure> {
    match verb {
        Genesis::Create(create) => self::create(create, context),
        Genesis::Show(show) => {
            let genesis = files::genesis(&show.file)?;
            Ok(report::summary(
                &genesis::inspect(&genesis, context.words.0),
                &[],
                context.words,
            ))
        }
    }
}

fn create(create: &GenesisCreate, context: &Context<'_>) -> Result<Report, Failure> {
    // spec: ADM-173
    let network = match (create.test, create.production) {
        (true, _) => Network::Test,
        (false, true) => Network::Production,
        (false, false) => return Err(Failure::usage("network-wanted")),
    };
    let keys = create.hub.join(init::KEYS);
    let ring = KeyRing::open(&keys, &[KeyUse::Log, KeyUse::Node, KeyUse::Witness])
        .map_err(|error| files::key_ring(&keys, &error))?;
    if create.authority.address.is_empty() {
        return Err(Failure::usage("hub-address-wanted"));
    }
    let hub = details(&create.authority, Role::Hub, None, &create.hub)?
        .with_keys(&ring)
        .map_err(|error| files::key_ring(&keys, &error))?;
    let administrators = administrators(&create.authority)?;
    let hub = with_administrators(hub, &administrators);
    let public_keys = |argument: &str, list: &[String]| {
        list.iter()
            .map(|key| parse::public_key(argument, key))
            .collect::<Result<Vec<_>, _>>()
    };
    let request = GenesisRequest {
        network,
        title: parse::text("--title", &create.title)?,
        created_at: clock::now(),
        hub,
        approvers: public_keys("--approver", &create.approver)?,
        approver_quorum: create.approver_quorum,
        recovery: public_keys("--recovery", &create.recovery)?,
        recovery_quorum: create.recovery_quorum,
        heartbeat_ms: HEARTBEAT_MS,
        ctx_grace_ms: CTX_GRACE_MS,
    };
    let genesis = request
        .build()
        .map_err(|error| Failure::usage("genesis-refused").with("cause", chain(&error)))?;
    let path = create
        .out
        .clone()
        .unwrap_or_else(|| create.hub.join(GENESIS_FILE));
    files::folder_of(&path)?;
    genesis::create(&path, &genesis).map_err(|error| files::of_file(&error))?;
    let summary = genesis::inspect(&genesis, context.words.0);
    let more = [Fact::of("file", path.display())];
    let report = report::summary(&summary, &more, context.words);
    Ok(report.with_next(context.words, "genesis_next"))
}

/// The enrolment with the keys of administrators who work from elsewhere.
pub(super) fn with_administrators(
    mut enrolment: Enrolment,
    administrators: &[PrivateKey],
) -> Enrolment {
    let keys = administrators.iter().map(PrivateKey::public_key);
    enrolment.administrator_keys.extend(keys);
    enrolment.administrator_keys.sort();
    enrolment
}

/// The keys of administrators who work from elsewhere. They are here for the enrolment only.
pub(super) fn administrators(authority: &Authority) -> Result<Vec<PrivateKey>, Failure> {
    let read = |directory: &PathBuf| {
        PrivateKey::read_in(directory, KeyUse::Administrator)
            .map_err(|error| files::key_file(directory, &error))
    };
    authority.administrator.iter().map(read).collect()
}

/// What an enrolment says besides keys. The code is that of the node's configuration, where none
/// is given.
pub(super) fn details(
    authority: &Authority,
    role: Role,
    publishes_through: Option<&String>,
    directory: &Path,
) -> Result<MemberDetails, Failure> {
    let region = &authority.region;
    let addresses = authority
        .address
        .iter()
        .map(|text| parse::address("--address", text));
    Ok(MemberDetails {
        member: match &authority.code {
            Some(code) => parse::authority("--code", code)?,
            None => files::configuration(directory)?.member,
        },
        name: parse::text("--name", &authority.name)?,
        region: RegionCode::parse(region)
            .map_err(|error| Failure::value("--region", region, error))?,
        level: names::parse("--level", &authority.level)?,
        role,
        mandates: vec![mandate(authority)?],
        addresses: addresses.collect::<Result<_, _>>()?,
        publishes_through: parse::optional_authority("--publishes-through", publishes_through)?,
    })
}

fn mandate(authority: &Authority) -> Result<Mandate, Failure> {
    let mut classes = USUAL.to_vec();
    if !authority.may.is_empty() {
        let named = authority.may.iter().map(|name| names::parse("--may", name));
        classes = named.collect::<Result<_, _>>()?;
    } else if authority.supervises {
        classes.push(Class::Admission);
    }
    classes.sort_unstable();
    classes.dedup();
    let item =
        |text: &String| Code::new(text).map_err(|error| Failure::value("--item", text, error));
    let mut items = authority
        .item
        .iter()
        .map(item)
        .collect::<Result<Vec<_>, _>>()?;
    items.sort();
    items.dedup();
    let from = parse::day("--from", &authority.from)?;
    let until = parse::optional_day("--until", authority.until.as_ref())?;
    // spec: ADM-174
    if let Some(until) = until.filter(|until| *until < from) {
        let until = until.to_string();
        return Err(Failure::value("--until", &until, "it lies before --from"));
    }
    Ok(Mandate {
        classes,
        act_types: Vec::new(),
        items,
        from,
        until,
        objections_daily_cap: authority.objections_a_day,
        supervises: authority.supervises.then_some(Truth),
    })
}
