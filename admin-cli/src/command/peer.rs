//! `concordat peer`: members, how they are connected, and what may be done about them.

use concordat_certs::key_ring::next_key_commitment;
use concordat_protocol::admin::{ExitCode, PeerAddress, PeerName, Reply, Request};
use concordat_protocol::log::{Hash, LeafIndex, TreeSize};
use concordat_protocol::statement::{
    Content, CutOff, KeyUse, LegalBasis, Loss, Rotation, Standing, Suspension,
};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::CutOffFault;

use crate::args::{self, Peer, PeerCutOff, PeerLost, PeerRotate, PeerSuspend};
use crate::client::unexpected;
use crate::command::change::Held;
use crate::command::{Context, change};
use crate::failure::Failure;
use crate::names::Named as _;
use crate::report::{self, Report};
use crate::{names, parse};

pub(super) fn run(verb: &Peer, context: &Context<'_>) -> Result<Report, Failure> {
    let request = match verb {
        Peer::List => Request::PeerList,
        Peer::Show(name) => Request::PeerShow(named(name)?),
        Peer::Add(add) => Request::PeerAdd(PeerAddress {
            member: parse::authority("MEMBER", &add.member)?,
            address: parse::address("ADDRESS", &add.address)?,
        }),
        Peer::Remove(name) => Request::PeerRemove(named(name)?),
        Peer::Test(name) => Request::PeerTest(named(name)?),
        Peer::Suspend(args) => return suspend(args, context),
        Peer::CutOff(args) => return cut_off(args, context),
        Peer::Lost(args) => return lost(args, context),
        Peer::Rotate(args) => return rotate(args, context),
    };
    match context.ask(&request)? {
        Reply::Peers(peers) => Ok(report::peers(&peers, context.words)),
        Reply::Peer(view) => Ok(report::peer(&view, context.words)),
        Reply::Changed(change) => Ok(report::changed(&change, context.words)),
        Reply::PeerTested(test) => Ok(report::tested(&test, context.words)),
        other => Err(unexpected(&other)),
    }
}

fn named(name: &args::PeerName) -> Result<PeerName, Failure> {
    let member = parse::authority("MEMBER", &name.member)?;
    Ok(PeerName { member })
}

fn suspend(args: &PeerSuspend, context: &Context<'_>) -> Result<Report, Failure> {
    let content = Content::Suspension(Suspension {
        member: parse::authority("MEMBER", &args.member)?,
        standing: if args.lift {
            Standing::Active
        } else {
            Standing::Suspended
        },
        reasons: parse::text("--reasons", &args.reasons)?,
    });
    change::propose(content, &args.genesis, &args.out, Held::Counts, context)
}

// spec: ADM-390
fn lost(args: &PeerLost, context: &Context<'_>) -> Result<Report, Failure> {
    let content = Content::Loss(Loss {
        member: parse::authority("MEMBER", &args.member)?,
        reasons: parse::text("--reasons", &args.reasons)?,
        basis: vec![LegalBasis {
            law: parse::text("--law", &args.law)?,
            article: parse::text("--article", &args.article)?,
            level: names::parse("--level", &args.level)?,
        }],
    });
    change::propose(content, &args.genesis, &args.out, Held::Counts, context)
}

/// A key in use gives way to another while nobody has stolen it: what it signed stands.
// spec: ADM-499
fn rotate(args: &PeerRotate, context: &Context<'_>) -> Result<Report, Failure> {
    let key_use: KeyUse = names::parse("--use", &args.key_use)?;
    if matches!(key_use, KeyUse::Approver | KeyUse::Recovery) {
        return Err(Failure::usage("rotation-permanent").with("use", key_use.name()));
    }
    let next = args.next.as_ref();
    let next = next
        .map(|key| parse::public_key("--next", key))
        .transpose()?;
    let rotation = Rotation {
        member: parse::authority("MEMBER", &args.member)?,
        key_use,
        old: parse::public_key("--old", &args.old)?,
        new: parse::public_key("--new", &args.new)?,
        next: next.as_ref().map(next_key_commitment),
    };
    if rotation.old == rotation.new {
        return Err(Failure::usage("rotation-same-key").with("key", &args.new));
    }
    let content = Content::Rotation(rotation);
    change::propose(content, &args.genesis, &args.out, Held::Counts, context)
}

// spec: TRU-32
fn cut_off(args: &PeerCutOff, context: &Context<'_>) -> Result<Report, Failure> {
    let key_use: KeyUse = names::parse("--use", &args.key_use)?;
    let member = parse::authority("MEMBER", &args.member)?;
    let public_key = |argument, value: &Option<String>| {
        let value = value.as_ref();
        value
            .map(|key| parse::public_key(argument, key))
            .transpose()
    };
    if key_use == KeyUse::Log && args.from.is_none() && args.continues.is_none() {
        return Err(Failure::usage("cut-off-both-wanted"));
    }
    let continues = match args.continues.as_deref() {
        Some("latest") if key_use == KeyUse::Log => Some(witnessed_head(member, context)?),
        Some("latest") => return Err(unfit(key_use, CutOffFault::HeadUnfit)),
        Some(head) => Some(parse::head("--continues", head)?),
        None => None,
    };
    let cut_off = CutOff {
        member,
        key_use,
        key: parse::public_key("--key", &args.key)?,
        from: args.from.map(LeafIndex::new),
        continues,
        replacement: public_key("--replacement", &args.replacement)?,
        next: public_key("--next", &args.next)?
            .as_ref()
            .map(next_key_commitment),
    };
    cut_off.fits().map_err(|fault| unfit(key_use, fault))?;
    let (content, held) = (
        Content::CutOff(cut_off),
        Held::of(args.held_history_is_wrong),
    );
    change::propose(content, &args.genesis, &args.out, held, context)
}

/// The highest head of a member's statements that a quorum has cosigned, as the node holds it.
fn witnessed_head(
    member: AuthorityCode,
    context: &Context<'_>,
) -> Result<(TreeSize, Hash), Failure> {
    let view = match context.ask(&Request::PeerShow(PeerName { member }))? {
        Reply::Peer(view) => view,
        other => return Err(unexpected(&other)),
    };
    let mut logs = view.logs.iter();
    let log = logs.find(|log| log.origin.log_number() == 0);
    let head = log.and_then(|log| log.witnessed_size.zip(log.witnessed_root));
    head.filter(|(size, _)| *size > TreeSize::ZERO)
        .ok_or_else(|| {
            let log = format!("{}/0", member.as_str());
            Failure::new(ExitCode::NotFound, "nothing-witnessed").with("log", log)
        })
}

fn unfit(key_use: KeyUse, fault: CutOffFault) -> Failure {
    let key = match fault {
        CutOffFault::Permanent => "cut-off-permanent",
        CutOffFault::PositionWanted => "cut-off-from-wanted",
        CutOffFault::PositionUnfit => "cut-off-from-unfit",
        CutOffFault::HeadWanted => "cut-off-head-wanted",
        CutOffFault::HeadUnfit => "cut-off-head-unfit",
        CutOffFault::NextUnfit => "cut-off-next-unfit",
        other => return Failure::usage("change-unfit").with("cause", other),
    };
    Failure::usage(key).with("use", key_use.name())
}
