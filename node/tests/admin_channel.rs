//! The admin channel of running nodes, over real sockets.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

#[path = "../../tests/src/processes/loopback.rs"]
mod loopback;

#[path = "admin_channel/acts.rs"]
mod acts;
#[path = "admin_channel/agreements.rs"]
mod agreements;
#[path = "admin_channel/answers.rs"]
mod answers;
#[path = "admin_channel/awaited.rs"]
mod awaited;
#[path = "admin_channel/before.rs"]
mod before;
#[path = "admin_channel/bundles.rs"]
mod bundles;
#[path = "admin_channel/clean.rs"]
mod clean;
#[path = "admin_channel/client.rs"]
mod client;
#[path = "admin_channel/codes.rs"]
mod codes;
#[path = "admin_channel/cut_off.rs"]
mod cut_off;
#[path = "admin_channel/erasing.rs"]
mod erasing;
#[path = "admin_channel/exits.rs"]
mod exits;
#[path = "admin_channel/freeing.rs"]
mod freeing;
#[path = "admin_channel/hops.rs"]
mod hops;
#[path = "admin_channel/joint.rs"]
mod joint;
#[path = "admin_channel/large.rs"]
mod large;
#[path = "admin_channel/late.rs"]
mod late;
#[path = "admin_channel/look_ups.rs"]
mod look_ups;
#[path = "admin_channel/moved.rs"]
mod moved;
#[path = "admin_channel/successions.rs"]
mod successions;
#[path = "admin_channel/violations.rs"]
mod violations;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use concordat_certs::certificate::Validity;
use concordat_certs::network::{TestNetwork, TestPlan, VIS_NEAR_PERSONAL, VIS_PUBLIC};
use concordat_node::admin::{AdminServer, AdminStartError};
use concordat_node::clock;
use concordat_node::config::{self, Config};
use concordat_node::import::Profile;
use concordat_node::node::{Layout, Node, NodeOptions};
use concordat_protocol::admin::{
    AdminError, BundleAsk, CorrectionAsk, ErrorCode, ImportAsk, ImportReport, LinkCode, LookUp,
    ObjectionAsk, PeerAddress, PeerName, ProfileChoice, Reply, Request, RulingAsk, StatementAsk,
    StatementView, StatusView, SubjectAnswer, SubjectAsk, SuspensionCode, Target, WatchAsk,
    WithdrawalAsk,
};
use concordat_protocol::bundle;
use concordat_protocol::codec::Ext;
use concordat_protocol::effect::Weighed;
use concordat_protocol::limits::FRAME_BYTES_MAX;
use concordat_protocol::log::{LeafIndex, TreeSize};
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{
    ActType, Address, Body, CatalogueItem, Class, Content, Decision, DecisionFields, Ground,
    Objection, ObjectorRole, Outcome, Payload, StatementRef, WithdrawalReason, sign,
};
use concordat_protocol::subject::{AuthorityCode, Form, Subject, SubjectCheck, SubjectCode};
use concordat_protocol::text::Text;
use concordat_protocol::time::Day;
use concordat_protocol::trust::LogNumber;
use serde_bytes::ByteBuf;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

use client::*;

const PATIENCE: Duration = Duration::from_secs(60);
const PROFILE: &str = "jp-mhlw-labour";
/// The member, which decided the rows that it imports.
const BUREAU: &str = "東京労働局";
const DECISIONS: &str = include_str!("../data/jp_mhlw_labour_decisions.tsv");

struct Running {
    node: Arc<Node>,
    admin: AdminServer,
}

/// A hub and one member, each with its admin channel.
struct Pair {
    hub: Running,
    member: Running,
    /// Where each listens, the hub first.
    listen: [String; 2],
    network: TestNetwork,
    directory: TempDir,
}

impl Pair {
    async fn start() -> Self {
        Self::start_with(VIS_PUBLIC).await
    }

    /// `vis` is the visibility class of the items that the imported decisions are under.
    async fn start_with(vis: concordat_protocol::statement::Vis) -> Self {
        Self::start_planned(vis, |_| {}).await
    }

    async fn start_planned(
        vis: concordat_protocol::statement::Vis,
        change: impl FnOnce(&mut TestPlan),
    ) -> Self {
        let directory = TempDir::new().unwrap();
        let mut plan = TestPlan::numbered(1, 7);
        plan.catalogue.items = items(vis);
        change(&mut plan);
        let listen = [free_address(), free_address()];
        plan.hub.addresses = vec![Address::new(&listen[0]).unwrap()];
        plan.members[0].addresses = vec![Address::new(&listen[1]).unwrap()];
        plan.members[0].name = Text::new(BUREAU).unwrap();
        let network = TestNetwork::build(plan).unwrap();
        let now = i64::try_from(clock::now().value() / 1_000).unwrap();
        let validity = Validity::from_unix_seconds(now - 3_600, now + 86_400).unwrap();
        network.write(directory.path(), validity).unwrap();
        let codes = [network.hub.code(), network.members[0].code()];
        let hub = start(directory.path(), codes[0], &listen[0], true).await;
        hub.node.wait_signing().await;
        for change in &network.changes {
            let node = &hub.node;
            let signed = change.sign(node.genesis(), node.signer(), node.ctx());
            let submitted = node.submit(LogNumber::Registry, vec![signed.unwrap()]);
            submitted.await.unwrap();
        }
        let member = start(directory.path(), codes[1], &listen[1], false).await;
        let entries = network.changes.len() as u64;
        let pair = Self {
            hub,
            member,
            listen,
            network,
            directory,
        };
        pair.member.node.wait_signing().await;
        until(&pair.member.node, |node| node.ctx().size.value() == entries).await;
        pair
    }

    async fn stop(self) {
        for running in [self.member, self.hub] {
            running.admin.stop().await;
            running.node.stop().await;
        }
    }

    /// Imports five decisions at the member and waits until the hub has them.
    async fn import(&self) -> ImportReport {
        let mut client = Client::open(&self.member).await;
        let report = client.import(&file(5), false, false).await.unwrap();
        assert_eq!((report.written, report.refused), (5, 0), "{report:?}");
        let origin = report.origin.clone();
        // Durable and indexed there, not only taken in.
        let last = LeafIndex::new(4);
        until(&self.hub.node, |node| {
            node.query().unwrap().store().holds(&origin, last)
        })
        .await;
        report
    }

    /// The member decides.
    async fn decide(&self, fields: DecisionFields) -> StatementRef {
        decide_at(&self.member.node, fields).await
    }

    fn first(&self) -> StatementRef {
        let origin = self
            .member
            .node
            .genesis()
            .origin(self.member.node.member(), LogNumber::Statements);
        let index = LeafIndex::new(0);
        let leaf = self.member.node.shared().leaf(&origin, index).unwrap();
        let leaf_hash = concordat_protocol::statement::Leaf::decode(&leaf)
            .unwrap()
            .hash();
        StatementRef {
            origin,
            index,
            leaf_hash,
        }
    }
}

fn items(vis: concordat_protocol::statement::Vis) -> Vec<CatalogueItem> {
    let profile = Profile::shipped(PROFILE).unwrap().unwrap();
    let items = profile.items().into_iter().map(|code| CatalogueItem {
        title: Text::new(format!("Item {code}")).unwrap(),
        code,
        act_types: vec![ActType::Penalty],
        vis,
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
    items.collect()
}

fn free_address() -> String {
    loopback::free_address().unwrap().to_string()
}

async fn start(network: &Path, member: AuthorityCode, listen: &str, first_start: bool) -> Running {
    let layout = Layout::new(network.join(member.as_str()));
    std::fs::copy(network.join("genesis.cbor"), layout.genesis()).unwrap();
    let text = config::template(member, listen.parse().unwrap(), 8);
    std::fs::write(layout.config(), text).unwrap();
    let config = Config::read(&layout).unwrap();
    let options = NodeOptions {
        first_start,
        ..config.node_options(layout)
    };
    let node = Arc::new(Node::start(options).await.unwrap());
    let admin = AdminServer::start(&node).await.unwrap();
    Running { node, admin }
}

async fn until(node: &Node, holds: impl Fn(&Node) -> bool) {
    let mut changes = node.changes();
    let all = async {
        while !holds(node) {
            changes.changed().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, all)
        .await
        .expect("it did not happen in time");
}

/// The header and the first rows of the shipped file.
/// The first rows of the table, as decisions of the member.
fn file(rows: usize) -> String {
    let own = |(row, line): (usize, &str)| {
        let mut cells: Vec<&str> = line.split('\t').collect();
        if row > 0 {
            cells[4] = BUREAU;
        }
        cells.join("\t") + "\n"
    };
    DECISIONS
        .lines()
        .take(rows + 1)
        .enumerate()
        .map(own)
        .collect()
}

// spec: ADM-4
#[tokio::test(flavor = "multi_thread")]
async fn socket_is_private_replaces_a_dead_one_and_goes_with_the_node() {
    let pair = Pair::start().await;
    let path = pair.member.node.layout().socket();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // A second server finds the first one alive.
    let second = AdminServer::start(&pair.member.node).await;
    assert!(matches!(second, Err(AdminStartError::Answered { .. })));
    let node = Arc::clone(&pair.member.node);
    let Pair { hub, member, .. } = pair;
    member.admin.stop().await;
    assert!(!path.exists());
    // A socket that nobody answers is left over.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let admin = AdminServer::start(&node).await.unwrap();
    let member = Running { node, admin };
    assert_eq!(
        Client::open(&member).await.status().await.member,
        member.node.member()
    );
    member.admin.stop().await;
    member.node.stop().await;
    hub.admin.stop().await;
    hub.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn status_and_peers_show_the_network_as_it_is() {
    let pair = Pair::start().await;
    let report = pair.import().await;
    let mut client = Client::open(&pair.member).await;
    let status = client.status().await;
    assert_eq!(status.member, pair.member.node.member());
    assert_eq!((status.cosigners, status.quorum), (2, 2));
    let own = status.logs.first().unwrap();
    assert_eq!(own.origin, report.origin);
    // And what it says by itself of what it gave.
    assert!(own.size.value() >= 5, "{own:?}");
    assert_eq!(own.bodies, own.size.value(), "{own:?}");
    let hub = status.peers.first().unwrap();
    assert_eq!(
        (hub.member, hub.link),
        (pair.hub.node.member(), LinkCode::Connected)
    );
    let Reply::Peers(peers) = client.ask(&Request::PeerList).await.unwrap() else {
        panic!("no peers");
    };
    assert_eq!(peers.len(), 1);
    let show = |member| Request::PeerShow(PeerName { member });
    let Reply::Peer(view) = client.ask(&show(pair.hub.node.member())).await.unwrap() else {
        panic!("no peer");
    };
    // Its statements with the heads that it saw, the registry and the home register.
    assert_eq!(view.logs.len(), 3, "{:?}", view.logs);
    let nobody = AuthorityCode::parse("11310000MB00000009").unwrap();
    assert_eq!(
        client.refused(&show(nobody)).await,
        ErrorCode::MemberUnknown
    );
    pair.stop().await;
}

// spec: ADM-20
#[tokio::test(flavor = "multi_thread")]
async fn look_up_is_in_the_register_before_its_answer() {
    let pair = Pair::start().await;
    pair.import().await;
    let mut client = Client::open(&pair.hub).await;
    let about = client.statement(position(&pair.first())).await.about;
    for row in 0..2 {
        let answer = client.subject(about).await;
        assert_eq!((answer.look_up_row, answer.total), (row, 1), "{answer:?}");
        assert_eq!(answer.decisions[0].reference, pair.first());
        assert!(answer.decisions[0].item_title.is_some());
        let rows = pair
            .hub
            .node
            .query_with_rows()
            .unwrap()
            .store()
            .lookups(0..9)
            .unwrap();
        let kept = rows.last().unwrap();
        assert_eq!((kept.row.number, kept.row.subject), (row, about));
        assert_eq!(kept.row.case_number.as_str(), "2026-118");
    }
    // One about whom nothing is known is looked up all the same.
    let unknown = SubjectCode::parse("91230400MA0000015M").unwrap();
    assert_eq!(client.subject(unknown).await.look_up_row, 2);
    assert_eq!(client.status().await.look_ups, 3);
    pair.stop().await;
}

/// A slip in the last place gave an answer that read as a clean record.
// spec: ADM-63, ADM-20
#[tokio::test(flavor = "multi_thread")]
async fn code_with_a_wrong_check_character_is_refused_and_its_look_up_kept() {
    let pair = Pair::start().await;
    let mut client = Client::open(&pair.hub).await;
    let ask = SubjectAsk {
        code: SubjectCode::parse("91230400MA0000015N").unwrap(),
        look_up: look_up(),
        as_of: None,
        skip: None,
        records_skip: None,
        clean_since: None,
        clean_years: None,
    };
    let error = client.ask(&Request::Subject(ask)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::CodeCheck);
    assert_eq!(error.detail("expected"), Some("M"));
    assert_eq!(client.status().await.look_ups, 1);
    pair.stop().await;
}

// spec: ADM-21
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_public_is_shown_only_with_purpose_and_case() {
    let pair = Pair::start_with(VIS_NEAR_PERSONAL).await;
    pair.import().await;
    let target = position(&pair.first());
    let ask = |look_up| StatementAsk {
        target: target.clone(),
        look_up,
        answers_skip: None,
        as_of: None,
    };
    let mut client = Client::open(&pair.hub).await;
    let without = Request::Statement(ask(None));
    assert_eq!(client.refused(&without).await, ErrorCode::PurposeRequired);
    let bundle = Request::BundleExport(BundleAsk {
        target: target.clone(),
        look_up: None,
        receiver: None,
    });
    assert_eq!(client.refused(&bundle).await, ErrorCode::PurposeRequired);
    let with = Request::Statement(ask(Some(look_up())));
    let Reply::Statement(view) = client.ask(&with).await.unwrap() else {
        panic!("no statement");
    };
    assert_eq!(view.look_up_row, Some(0));
    // Its own issuer needs no purpose.
    let mut own = Client::open(&pair.member).await;
    assert_eq!(own.statement(target).await.look_up_row, None);
    pair.stop().await;
}

// spec: ADM-2, ADM-3
#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_refused_and_only_a_broken_length_ends_the_connection() {
    let pair = Pair::start().await;
    let mut client = Client::open(&pair.member).await;
    for garbage in [
        &[0xff][..],
        &[0x82, 0x19, 0x03, 0xe8, 0xf6],
        b"GET / HTTP/1.1",
    ] {
        client.send(garbage).await;
        let error = client.last().await.unwrap_err();
        assert_eq!(error.code, ErrorCode::BadRequest);
    }
    assert_eq!(
        client.refused(&Request::ImportEnd).await,
        ErrorCode::OutOfTurn
    );
    assert_eq!(client.status().await.member, pair.member.node.member());
    for length in [0, u32::try_from(FRAME_BYTES_MAX).unwrap() + 1, u32::MAX] {
        let mut client = Client::open(&pair.member).await;
        client.0.write_all(&length.to_be_bytes()).await.unwrap();
        let error = client.last().await.unwrap_err();
        assert_eq!(error.code, ErrorCode::BadRequest);
        assert_eq!(client.next().await, None);
    }
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn import_records_once_and_dry_runs_record_nothing() {
    let pair = Pair::start().await;
    let mut client = Client::open(&pair.member).await;
    let dry = client.import(&file(5), true, false).await.unwrap();
    assert_eq!((dry.accepted, dry.written, dry.size.value()), (5, 0, 0));
    let report = client.import(&file(5), false, true).await.unwrap();
    assert_eq!(
        (report.accepted, report.written, report.size.value()),
        (5, 5, 5)
    );
    let again = client.import(&file(7), false, false).await.unwrap();
    assert_eq!(
        (again.present, again.written, again.size.value()),
        (5, 2, 7)
    );
    let broken = file(9) + "one cell\n";
    let nothing = client.import(&broken, false, true).await.unwrap();
    assert_eq!(
        (nothing.refused, nothing.written, nothing.size.value()),
        (1, 0, 7)
    );
    let unusable = client.import("nothing\n", false, false).await.unwrap_err();
    assert_eq!(unusable.code, ErrorCode::FileUnusable);
    pair.stop().await;
}

/// The statement at a place, as signed.
fn signed_at(node: &Node, at: &StatementRef) -> Vec<u8> {
    let body = node.shared().body(&at.origin, at.index).unwrap();
    Body::decode(&body).unwrap().statement().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn watch_tells_states_until_it_is_ended() {
    let pair = Pair::start().await;
    let mut client = Client::open(&pair.member).await;
    let ask = Request::Watch(WatchAsk { interval_ms: 1 });
    client.send(&ask.encode().unwrap()).await;
    let mut states = 0;
    while states < 2 {
        states += u64::from(matches!(client.next().await, Some(Reply::Status(_))));
    }
    // The node's end of a watch is an error that says why.
    let stopped = tokio::spawn(pair.stop());
    let error = loop {
        match client.next().await.unwrap() {
            Reply::Error(error) => break error,
            Reply::Status(_) | Reply::Event(_) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(error.code, ErrorCode::ShuttingDown);
    stopped.await.unwrap();
}

/// A node signs a decision of its member.
async fn decide_at(node: &Node, fields: DecisionFields) -> StatementRef {
    let content = Content::Decision(Box::new(Decision::new(fields).unwrap()));
    let about = content.subject().unwrap();
    let payload = Payload {
        issued_at: clock::now(),
        target: None,
        register_size: None,
        batch: None,
        content,
        ext: Ext::default(),
    };
    let signed = sign(node.signer(), node.member(), about, node.ctx(), &payload).unwrap();
    let taken = node.submit(LogNumber::Statements, vec![signed]).await;
    taken.unwrap().remove(0)
}
