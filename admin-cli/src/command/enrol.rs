//! `concordat enrol`: a member asks, two approvers agree, the hub records.

use concordat_certs::change::PendingChange;
use concordat_certs::enrolment::{self, EnrolmentRequest, RequestError};
use concordat_certs::fingerprint::Fingerprint;
use concordat_certs::key_file::PrivateKey;
use concordat_certs::key_ring::KeyRing;
use concordat_protocol::key::Signer as _;
use concordat_protocol::statement::{Enrolment, Role};
use concordat_protocol::trust::Genesis;

use crate::args::{Enrol, EnrolApprove, EnrolRequest};
use crate::clock;
use crate::command::change::Held;
use crate::command::{Context, change, files, genesis, init};
use crate::failure::{Failure, chain};
use crate::report::{self, Fact, Report};

pub(super) fn run(verb: &Enrol, context: &Context<'_>) -> Result<Report, Failure> {
    match verb {
        Enrol::Request(request) => self::request(request, context),
        Enrol::Approve(approve) => self::approve(approve, context),
        Enrol::Submit(submit) => change::submit(submit, context),
    }
}

fn request(args: &EnrolRequest, context: &Context<'_>) -> Result<Report, Failure> {
    files::folder_of(&args.out)?;
    let network = files::genesis_of(args.genesis.as_ref(), &args.dir)?;
    let keys = args.dir.join(init::KEYS);
    let ring = KeyRing::open(&keys, &[]).map_err(|error| files::key_ring(&keys, &error))?;
    let role = match &args.publishes_through {
        Some(_) => Role::Issuer,
        None => Role::Member,
    };
    let through = args.publishes_through.as_ref();
    let enrolment = genesis::details(&args.authority, role, through, &args.dir)?
        .with_keys(&ring)
        .map_err(|error| files::key_ring(&keys, &error))?;
    let administrators = genesis::administrators(&args.authority)?;
    let enrolment = genesis::with_administrators(enrolment, &administrators);
    let request = signed(&network, enrolment, &ring, &administrators)
        .map_err(|error| Failure::usage("request-refused").with("cause", chain(&error)))?;
    request
        .create(&args.out)
        .map_err(|error| files::request_file(&args.out, &error))?;
    let more = [Fact::of("file", args.out.display())];
    let summary = request.summary(context.words.0);
    let report = report::summary(&summary, &more, context.words);
    Ok(report.with_next(context.words, "request_next"))
}

/// The request with a proof by every key, those of administrators among them.
fn signed(
    network: &Genesis,
    enrolment: Enrolment,
    ring: &KeyRing,
    administrators: &[PrivateKey],
) -> Result<EnrolmentRequest, RequestError> {
    let mut proofs = Vec::new();
    for (key_use, key) in enrolment::keys(&enrolment) {
        let elsewhere = administrators.iter().find(|held| held.public_key() == key);
        let signer = elsewhere.or_else(|| ring.key(key_use).ok());
        let fingerprint = Fingerprint::of_key(&key);
        let signer = signer.ok_or(RequestError::NotHeld {
            key_use,
            fingerprint,
        })?;
        let proof = enrolment::prove(&network.id(), &enrolment, key_use, signer)?;
        proofs.push(proof);
    }
    EnrolmentRequest::new(network, enrolment, proofs)
}

/// The first approver makes the proposal out of the request; the second approves that proposal.
fn approve(args: &EnrolApprove, context: &Context<'_>) -> Result<Report, Failure> {
    files::folder_of(&args.out)?;
    let genesis = files::genesis(&args.genesis)?;
    let key = files::approver(&args.key)?;
    let request = EnrolmentRequest::read(&args.request, &genesis)
        .map_err(|error| files::request_file(&args.request, &error))?;
    let name = request.enrolment().name.to_string();
    let mut pending = PendingChange::for_enrolment(&genesis, clock::now(), request)
        .map_err(|error| files::unverified(&args.request, &error))?;
    let looked_at = change::weigh(&pending, Held::Counts, context)?;
    let summary = pending.summary(&genesis, context.words.0);
    let shown = report::summary(&summary, std::slice::from_ref(&looked_at), context.words);
    context.confirm_shown(&shown, "confirm_enrol", &name)?;
    let approval = pending
        .approve(&genesis, &key)
        .map_err(|error| files::approval(&args.key, &error))?;
    pending
        .add(&genesis, approval)
        .map_err(|error| files::approval(&args.key, &error))?;
    pending
        .create(&args.out)
        .map_err(|error| files::change_file(&args.out, &error))?;
    let more = [Fact::of("file", args.out.display()), looked_at];
    let summary = pending.summary(&genesis, context.words.0);
    let report = report::summary(&summary, &more, context.words);
    Ok(report.with_next(context.words, "enrolment_next"))
}
