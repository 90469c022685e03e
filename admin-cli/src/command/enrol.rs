//! `concordat enrol`: a member asks, two approvers agree, the hub records.

use concordat_certs::change::PendingChange;
use concordat_certs::enrolment::EnrolmentRequest;
use concordat_certs::key_ring::KeyRing;
use concordat_protocol::statement::Role;

use crate::args::{Enrol, EnrolApprove, EnrolRequest};
use crate::clock;
use crate::command::{Context, change, files, genesis, init};
use crate::failure::{Failure, chain};
use crate::report::{self, Report};

pub(super) fn run(verb: &Enrol, context: &Context<'_>) -> Result<Report, Failure> {
    match verb {
        Enrol::Request(request) => self::request(request, context),
        Enrol::Approve(approve) => self::approve(approve, context),
        Enrol::Submit(submit) => change::submit(submit, context),
    }
}

fn request(args: &EnrolRequest, context: &Context<'_>) -> Result<Report, Failure> {
    let genesis = files::genesis_of(args.genesis.as_ref(), &args.dir)?;
    let keys = args.dir.join(init::KEYS);
    let ring = KeyRing::open(&keys, &[]).map_err(|error| files::key_ring(&keys, &error))?;
    let role = match &args.publishes_through {
        Some(_) => Role::Issuer,
        None => Role::Member,
    };
    let enrolment = genesis::details(&args.authority, role, args.publishes_through.as_ref())?
        .with_keys(&ring)
        .map_err(|error| files::key_ring(&keys, &error))?;
    let request = EnrolmentRequest::sign(&genesis, enrolment, &ring)
        .map_err(|error| Failure::usage("request-refused").with("cause", chain(&error)))?;
    request
        .create(&args.out)
        .map_err(|error| files::request_file(&args.out, &error))?;
    let more = [("file", args.out.display().to_string())];
    Ok(report::summary(
        &request.summary(context.words.0),
        &more,
        context.words,
    ))
}

/// The first approver makes the proposal out of the request; the second approves that proposal.
fn approve(args: &EnrolApprove, context: &Context<'_>) -> Result<Report, Failure> {
    let genesis = files::genesis(&args.genesis)?;
    let key = files::approver(&args.key)?;
    let request = EnrolmentRequest::read(&args.request, &genesis)
        .map_err(|error| files::request_file(&args.request, &error))?;
    context.confirm("confirm_enrol", request.enrolment().name.as_str())?;
    let mut pending = PendingChange::for_enrolment(&genesis, clock::now(), request)
        .map_err(|error| files::unverified(&args.request, &error))?;
    let approval = pending
        .approve(&genesis, &key)
        .map_err(|error| files::unverified(&args.key, &error))?;
    pending
        .add(&genesis, approval)
        .map_err(|error| files::unverified(&args.key, &error))?;
    pending
        .create(&args.out)
        .map_err(|error| files::change_file(&args.out, &error))?;
    let more = [("file", args.out.display().to_string())];
    Ok(report::summary(
        &pending.summary(&genesis, context.words.0),
        &more,
        context.words,
    ))
}
