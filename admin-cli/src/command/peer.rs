//! `concordat peer`: members, how they are connected, and what may be done about them.

use concordat_protocol::admin::{PeerAddress, PeerName, Reply, Request};
use concordat_protocol::log::LeafIndex;
use concordat_protocol::statement::{Content, CutOff, KeyUse, Standing, Suspension};

use crate::args::{self, Peer, PeerCutOff, PeerSuspend};
use crate::client::unexpected;
use crate::command::{Context, change};
use crate::failure::Failure;
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
    change::propose(content, &args.genesis, &args.out, context)
}

fn cut_off(args: &PeerCutOff, context: &Context<'_>) -> Result<Report, Failure> {
    let key_use: KeyUse = names::parse("--use", &args.key_use)?;
    let replacement = args.replacement.as_ref();
    let content = Content::CutOff(CutOff {
        member: parse::authority("MEMBER", &args.member)?,
        key_use,
        key: parse::public_key("--key", &args.key)?,
        from: args.from.map(LeafIndex::new),
        continues: None,
        replacement: replacement
            .map(|key| parse::public_key("--replacement", key))
            .transpose()?,
        next: None,
    });
    change::propose(content, &args.genesis, &args.out, context)
}
