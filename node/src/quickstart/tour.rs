//! The steps of the tour.

mod agreement;

use std::net::UdpSocket;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use concordat_certs::wording;
use concordat_protocol::bundle;
use concordat_protocol::codec::Ext;
use concordat_protocol::effect::{BindsOthers, Validity};
use concordat_protocol::exchange::LogView as _;
use concordat_protocol::log::LeafIndex;
use concordat_protocol::propagation::{Certificate, State};
use concordat_protocol::statement::{
    BatchId, Class, Content, Correction, Decision, Ground, Objection, ObjectorRole, Outcome,
    Payload, Ruling, StatementRef, sign,
};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::text::Text;
use concordat_protocol::trust::LogNumber;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use crate::admin::AdminServer;
use crate::clock;
use crate::config::Config;
use crate::import::{Filter, ImportOptions, Importer, Language, Profile, Stored};
use crate::node::{Node, NodeOptions};
use crate::query::Found;
use crate::quickstart::network::{self, Plan};
use crate::quickstart::{TourError, TourOptions, TourResult, Voice};

/// The decisions of the tour (`node/data/ORIGIN.md`).
const DECISIONS: &str = include_str!("../../data/jp_mhlw_labour_decisions.tsv");
/// The authorities with the most of them.
const AUTHORITIES: [&str; 7] = [
    "大阪労働局",
    "愛知労働局",
    "北海道労働局",
    "神奈川労働局",
    "東京労働局",
    "兵庫労働局",
    "福岡労働局",
];
const PROFILE: &str = "jp-mhlw-labour";
const PATIENCE: Duration = Duration::from_secs(60);
/// Statements appended at once.
const BATCH: usize = 256;

struct Running {
    name: String,
    node: Arc<Node>,
    admin: AdminServer,
}

/// Takes the tour.
///
/// # Errors
/// [`TourError`].
pub async fn run(options: TourOptions) -> Result<TourResult, TourError> {
    let started = Instant::now();
    let voice = Voice::new(&options);
    if options.directory.exists() {
        return Err(TourError::Exists {
            path: options.directory,
        });
    }
    let directory = options.directory.display();
    voice.say(
        &format!("Everything is written below {directory}"),
        &format!("所有文件写入 {directory}"),
    );
    voice.heard()?;
    let profile = Profile::shipped(PROFILE).ok_or(TourError::NoAuthorities)?;
    let profile = profile.map_err(TourError::step("the import profile"))?;
    let mut plan = network::plan(&options.directory, &AUTHORITIES, profile.items())?;
    let sockets = std::mem::take(&mut plan.sockets);
    let nodes = tokio::select! {
        nodes = start(&plan, sockets, &voice) => nodes?,
        () = interrupted() => return Err(TourError::Interrupted),
    };
    let outcome = steps(&options, &nodes, &profile, &voice, started).await;
    let mut stopping = JoinSet::new();
    for running in nodes {
        stopping.spawn(async move {
            running.admin.stop().await;
            running.node.stop().await;
        });
    }
    while stopping.join_next().await.is_some() {}
    outcome
}

/// What the tour shows, and then whatever people do with its nodes until they end it.
async fn steps(
    options: &TourOptions,
    nodes: &[Running],
    profile: &Profile,
    voice: &Voice,
    started: Instant,
) -> Result<TourResult, TourError> {
    let interrupted = interrupted();
    tokio::pin!(interrupted);
    let result = tokio::select! {
        result = shown(options, nodes, profile, voice, started) => result?,
        () = &mut interrupted => return Err(TourError::Interrupted),
    };
    if !options.once {
        interrupted.await;
    }
    Ok(result)
}

/// Returns when somebody asks the process to end.
async fn interrupted() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => terminate.recv().await,
            // Without a handler the signal ends the process by itself.
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated => {}
    }
}

async fn shown(
    options: &TourOptions,
    nodes: &[Running],
    profile: &Profile,
    voice: &Voice,
    started: Instant,
) -> Result<TourResult, TourError> {
    let (imported, statements) = import(nodes, profile, voice).await?;
    let exchanged_to_all = exchanged(nodes, &imported, voice).await?;
    let (subject, target) = pick(&imported).ok_or(TourError::NoAuthorities)?;
    let (objection, suspended_at) = object(nodes, subject, &target, voice).await?;
    let corrected_at = correct(nodes, subject, &target, objection, voice).await?;
    let (for_information_at, recognised_by) =
        agreement::agree(nodes, &target, profile, voice).await?;
    let (bundle_verified, tampered_bundle_rejected) =
        prove(&options.directory, nodes, &target, voice).await?;
    let propagation_complete = propagated(nodes, &target, voice).await?;
    let result = TourResult {
        nodes: nodes.len(),
        statements,
        exchanged_to_all,
        suspended_at,
        corrected_at,
        for_information_at,
        recognised_by,
        bundle_verified,
        tampered_bundle_rejected,
        propagation_complete,
        elapsed_ms: started.elapsed().as_millis(),
    };
    if !options.once {
        next_steps(&options.directory, nodes, subject, voice);
    }
    voice.heard()?;
    Ok(result)
}

async fn start(
    plan: &Plan,
    sockets: Vec<UdpSocket>,
    voice: &Voice,
) -> Result<Vec<Running>, TourError> {
    let mut nodes = Vec::new();
    for (planned, socket) in plan.nodes.iter().zip(sockets) {
        let config = Config::read(&planned.layout);
        let config = config.map_err(TourError::step("reading a configuration"))?;
        let options = NodeOptions {
            first_start: nodes.is_empty(),
            ..config.node_options(planned.layout.clone())
        };
        let node = Node::start_on(socket, options).await;
        let node = Arc::new(node.map_err(TourError::step("starting a node"))?);
        let admin = AdminServer::start(&node).await;
        let admin = admin.map_err(TourError::step("opening an admin channel"))?;
        nodes.push(Running {
            name: planned.name.clone(),
            node,
            admin,
        });
        if nodes.len() == 1 {
            fill_registry(plan, &nodes).await?;
        }
    }
    for running in &nodes {
        tokio::time::timeout(PATIENCE, running.node.wait_signing())
            .await
            .map_err(|_| late("a node's readiness to sign"))?;
    }
    until(&nodes, "the registry at every node", |node| {
        node.ctx().size.value() == plan.changes.len() as u64
    })
    .await?;
    voice.say(
        &format!(
            "{} nodes run: a hub and {} authorities, each with its own keys, disk and port",
            nodes.len(),
            nodes.len() - 1
        ),
        &format!(
            "{} 个节点已启动：1 个枢纽和 {} 个机关，各有密钥、磁盘和端口",
            nodes.len(),
            nodes.len() - 1
        ),
    );
    Ok(nodes)
}

async fn fill_registry(plan: &Plan, nodes: &[Running]) -> Result<(), TourError> {
    let hub = &nodes.first().ok_or(TourError::NoAuthorities)?.node;
    hub.wait_signing().await;
    for change in &plan.changes {
        let signed = change.sign(&plan.genesis, &plan.hub_statement_key, hub.ctx());
        let signed = signed.map_err(TourError::step("signing a change of the registry"))?;
        hub.submit(LogNumber::Registry, vec![signed])
            .await
            .map_err(TourError::step("logging a change of the registry"))?;
    }
    Ok(())
}

type Imported = Vec<(Decision, StatementRef)>;

async fn import(
    nodes: &[Running],
    profile: &Profile,
    voice: &Voice,
) -> Result<(Imported, usize), TourError> {
    let mut imported = Vec::new();
    let mut count = 0;
    for running in nodes.iter().skip(1) {
        let node = &running.node;
        let mut options = ImportOptions::new(node.member(), clock::today());
        let registry = node.registry();
        let own = registry.member(node.member());
        options.issuer_name = own.map(|member| member.enrolment().name.clone());
        options.filters.push(Filter {
            column: "authority".to_owned(),
            one_of: vec![running.name.clone()],
        });
        let importer = Importer::new(profile, node.genesis().fields().network.kind(), options)
            .map_err(TourError::step("the import"))?;
        let known = |_: &_, _: &_| Stored::Absent;
        let read = importer.run(DECISIONS.as_bytes(), &known, &mut |_| {});
        let read = read.map_err(TourError::step("the import"))?;
        let batch = batch_id()?;
        for rows in read.accepted.chunks(BATCH) {
            let mut statements = Vec::with_capacity(rows.len());
            for row in rows {
                let payload = Payload {
                    batch: Some(batch),
                    ..payload(Content::Decision(Box::new(row.decision.clone())))
                };
                statements.push(signed(
                    node,
                    row.decision.fields().subject.code(),
                    &payload,
                )?);
            }
            let references = node.submit(LogNumber::Statements, statements).await;
            let references = references.map_err(TourError::step("appending decisions"))?;
            count += references.len();
            imported.extend(rows.iter().map(|row| row.decision.clone()).zip(references));
        }
        let (name, report) = (&running.name, &read.report);
        voice.say(
            &format!(
                "{name}: decisions signed and logged: {}, rows refused: {}",
                report.accepted, report.refused
            ),
            &format!(
                "{name}：已签名入库的决定 {} 件，被拒绝的行 {} 行",
                report.accepted, report.refused
            ),
        );
        if let Some(error) = report.errors.first() {
            let (english, chinese) = (
                error.render(Language::English),
                error.render(Language::Chinese),
            );
            voice.say(&format!("  {english}"), &format!("  {chinese}"));
        }
    }
    Ok((imported, count))
}

async fn exchanged(
    nodes: &[Running],
    imported: &Imported,
    voice: &Voice,
) -> Result<bool, TourError> {
    let what = "the exchange of every statement to every node";
    until(nodes, what, |node| {
        let logs = node.shared().logs();
        let mut made = imported.iter().map(|(_, reference)| reference);
        made.all(|made| logs.holds_body(&made.origin, made.index))
    })
    .await?;
    voice.say(
        "Every statement is on every node, verified against its author's signed checkpoint",
        "每件声明都已到达每个节点，并按其作者签名的检查点核验",
    );
    Ok(true)
}

/// The first decision imported, and its organisation.
fn pick(imported: &[(Decision, StatementRef)]) -> Option<(SubjectCode, StatementRef)> {
    let (decision, reference) = imported.first()?;
    Some((decision.fields().subject.code(), reference.clone()))
}

async fn object(
    nodes: &[Running],
    subject: SubjectCode,
    target: &StatementRef,
    voice: &Voice,
) -> Result<(StatementRef, Vec<String>), TourError> {
    let receiver = nodes.get(3).ok_or(TourError::NoAuthorities)?;
    let reasons = text("The facts are in dispute. 对事实有异议。")?;
    let objection = Objection::new(
        ObjectorRole::Subject,
        Ground::Facts,
        receiver.node.today(),
        false,
        Some(reasons),
    );
    let filed = Instant::now();
    let reference = act(
        &receiver.node,
        subject,
        target,
        Content::Objection(objection),
    )
    .await?;
    until(nodes, "the suspension at every node", |node| {
        suspended(node, target)
    })
    .await?;
    let ms = filed.elapsed().as_millis();
    let at = names(nodes, |node| suspended(node, target));
    voice.say(
        &format!("An objection filed at {} suspends the decision for others at {} nodes after {ms} ms;\n  it stays in force for its issuer", receiver.name, at.len()),
        &format!("在{}提出的异议 {ms} 毫秒后在 {} 个节点中止他人据此采取的措施；决定对作出机关仍然有效", receiver.name, at.len()),
    );
    Ok((reference, at))
}

async fn correct(
    nodes: &[Running],
    subject: SubjectCode,
    target: &StatementRef,
    objection: StatementRef,
    voice: &Voice,
) -> Result<Vec<String>, TourError> {
    let issuer = nodes
        .iter()
        .find(|n| n.node.member().as_str() == target.origin.member());
    let issuer = issuer.ok_or(TourError::NoAuthorities)?;
    let reasons = text("Checked against the file: the objection is right. 经核实，异议成立。")?;
    let ruling = Ruling::new(Outcome::Corrected, vec![objection], reasons);
    let ruling = ruling.map_err(TourError::step("the ruling"))?;
    act(&issuer.node, subject, target, Content::Ruling(ruling)).await?;
    let mut fields = original(&issuer.node, target)?.into_fields();
    fields.facts = Some(text("Corrected after an objection. 经异议后更正。")?);
    let replacement = Decision::new(fields).map_err(TourError::step("the correction"))?;
    let reasons = text("The facts were recorded wrongly. 原记载事实有误。")?;
    let correction = Content::Correction(Box::new(Correction {
        reasons,
        replacement,
    }));
    act(&issuer.node, subject, target, correction).await?;
    let done = |node: &Node| corrected(node, target) && !suspended(node, target);
    until(nodes, "the correction at every node", done).await?;
    let at = names(nodes, done);
    voice.say(
        &format!(
            "{} ruled and corrected; {} nodes show the corrected decision, no longer suspended",
            issuer.name,
            at.len()
        ),
        &format!(
            "{}已作出处理并更正；{} 个节点显示更正后的决定，不再中止",
            issuer.name,
            at.len()
        ),
    );
    Ok(at)
}

async fn prove(
    directory: &Path,
    nodes: &[Running],
    target: &StatementRef,
    voice: &Voice,
) -> Result<(bool, bool), TourError> {
    let reader = nodes.last().ok_or(TourError::NoAuthorities)?;
    let node = &reader.node;
    let anchor = node.genesis().id();
    // Cosignatures follow their heads; the bundle waits for those of the heads it shows.
    until(nodes, "cosignatures over every head", |node| {
        let witnessed = node.shared().witnessed();
        node.shared().logs().iter().all(|(origin, log)| {
            witnessed
                .get(origin)
                .is_some_and(|witnessed| witnessed.size == log.size())
        })
    })
    .await?;
    let exported = node.export_bundle(target);
    let bytes = exported
        .map_err(TourError::step("exporting the bundle"))?
        .bytes;
    let path = directory.join("decision.bundle");
    std::fs::write(&path, &bytes).map_err(TourError::step("writing the bundle"))?;
    let verified = bundle::verify(&bytes, &anchor, None);
    let mut changed = bytes.clone();
    if let Some(byte) = changed.get_mut(bytes.len() / 2) {
        *byte ^= 1;
    }
    let refused = bundle::verify(&changed, &anchor, None);
    let path = path.display();
    match &verified {
        Ok(_) => voice.say(
            &format!("Proof bundle {path} ({} bytes) verifies offline with the genesis id alone;\n  later acts: not proven", bytes.len()),
            &format!("证明文件 {path}（{} 字节）仅凭创世标识即可离线核验；后续操作：未证明", bytes.len()),
        ),
        Err(error) => voice.say(
            &format!("Proof bundle {path} does not verify: {error}"),
            &format!("证明文件 {path} 核验失败：{}", in_chinese(&error)),
        ),
    }
    if let Err(error) = &refused {
        voice.say(
            &format!("One byte flipped: {error}"),
            &format!("翻转一个字节：{}", in_chinese(error)),
        );
    }
    Ok((verified.is_ok(), refused.is_err()))
}

/// What became of the corrections of a decision, as its issuer has it.
fn certificates(node: &Node, target: &StatementRef) -> Option<Vec<Certificate>> {
    let query = node.query().ok()?;
    let acts = query.store().acts_on(&target.origin, target.index).ok()?;
    let corrections = acts.iter().filter(|act| act.class == Class::Correction);
    let hearing = node.hearing();
    let certificates = corrections.map(|act| {
        let found = query.statement(&act.position.origin, act.position.index);
        let Ok(Found::Verified(act)) = found else {
            return None;
        };
        node.certificate(&hearing, &act).ok()?
    });
    certificates.collect()
}

/// Waits for the proof that the correction has reached everyone, and shows it.
async fn propagated(
    nodes: &[Running],
    target: &StatementRef,
    voice: &Voice,
) -> Result<bool, TourError> {
    let issuer = target.origin.member();
    // Everyone but the issuer, whose act it is, was given the decision.
    let wanted = nodes.len().saturating_sub(1);
    let applied = |state: &&State| matches!(state, State::Applied { .. });
    let is_whole = |one: &Certificate| {
        one.is_complete() && one.states.values().filter(applied).count() == wanted
    };
    until(nodes, "the certificate of the correction", |node| {
        let known = certificates(node, target).unwrap_or_default();
        node.member().as_str() != issuer || !known.is_empty() && known.iter().all(is_whole)
    })
    .await?;
    let at = nodes
        .iter()
        .find(|one| one.node.member().as_str() == issuer);
    let at = at.ok_or(TourError::NoAuthorities)?;
    let known = certificates(&at.node, target).unwrap_or_default();
    for certificate in &known {
        voice.say(
            &format!("Propagation certificate of the correction {}: complete. Each says so in its own log:", short(&certificate.act.reference)),
            &format!("更正 {} 的传播证明：完成。各机关均在自己的日志中回执：", short(&certificate.act.reference)),
        );
        for (member, state) in &certificate.states {
            let name = nodes.iter().find(|one| one.node.member() == *member);
            let name = name.map_or(member.as_str(), |one| &one.name);
            if let State::Applied { receipt, .. } = state {
                voice.say(
                    &format!("  {name}: applied, {}", short(receipt)),
                    &format!("  {name}：已执行，{}", short(receipt)),
                );
            }
        }
    }
    Ok(known.iter().all(Certificate::is_complete))
}

/// A reference as people write it.
fn short(reference: &StatementRef) -> String {
    let StatementRef { origin, index, .. } = reference;
    format!("{}/{}#{index}", origin.member(), origin.log_number())
}

/// What an error says, for people who read Chinese.
fn in_chinese(error: &dyn std::error::Error) -> String {
    wording::said(wording::Language::Chinese, &error.to_string())
}

fn next_steps(directory: &Path, nodes: &[Running], subject: SubjectCode, voice: &Voice) {
    let directory = directory.display();
    let number = nodes.len().saturating_sub(1);
    let tool = tool(
        std::env::current_exe().ok().as_deref(),
        std::env::current_dir().ok().as_deref(),
    );
    let commands = format!(
        "  {tool} --node {directory}/node-{number} status\n  \
         {tool} --node {directory}/node-{number} subject {subject} --purpose demonstration --case 1 --basis none\n  \
         {tool} bundle verify {directory}/decision.bundle --genesis {directory}/node-0/genesis.cbor"
    );
    voice.say(
        &format!("The nodes go on running. In another terminal:\n{commands}\nCtrl-C ends them."),
        &format!("节点继续运行。请在另一个终端输入：\n{commands}\n按 Ctrl-C 结束。"),
    );
}

/// How the admin CLI is called from the present folder: it is built beside the node, and need not be
/// on the path.
fn tool(program: Option<&Path>, folder: Option<&Path>) -> String {
    let beside = program.map(|program| program.with_file_name("concordat"));
    let Some(found) = beside.filter(|path| path.is_file()) else {
        return "cargo run --release --bin concordat --".to_owned();
    };
    let near = folder.and_then(|folder| found.strip_prefix(folder).ok());
    let shown = match near {
        Some(near) if near.components().count() == 1 => Path::new(".").join(near),
        Some(near) => near.to_path_buf(),
        None => found.clone(),
    };
    let shown = shown.display().to_string();
    match shown.contains(char::is_whitespace) {
        true => format!("\"{shown}\""),
        false => shown,
    }
}

fn suspended(node: &Node, target: &StatementRef) -> bool {
    node.effect_of(target, node.today())
        .is_ok_and(|effect| matches!(effect.binds_others(), BindsOthers::Suspended))
}

fn corrected(node: &Node, target: &StatementRef) -> bool {
    node.effect_of(target, node.today())
        .is_ok_and(|effect| matches!(effect.validity, Validity::Corrected { .. }))
}

fn names(nodes: &[Running], holds: impl Fn(&Node) -> bool) -> Vec<String> {
    nodes
        .iter()
        .filter(|n| holds(&n.node))
        .map(|n| n.name.clone())
        .collect()
}

/// Waits until something holds at every node, woken by their changes.
async fn until(
    nodes: &[Running],
    what: &'static str,
    holds: impl Fn(&Node) -> bool,
) -> Result<(), TourError> {
    let all = async {
        for running in nodes {
            let mut changes = running.node.changes();
            while !holds(&running.node) {
                if changes.changed().await.is_err() {
                    return false;
                }
            }
        }
        true
    };
    match tokio::time::timeout(PATIENCE, all).await {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(late(what)),
    }
}

const fn late(what: &'static str) -> TourError {
    TourError::Late {
        what,
        seconds: PATIENCE.as_secs(),
    }
}

fn text<const MAX: usize>(text: &str) -> Result<Text<MAX>, TourError> {
    Text::new(text).map_err(TourError::setting_up)
}

fn batch_id() -> Result<BatchId, TourError> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|e| TourError::setting_up(e.to_string()))?;
    Ok(BatchId::from_bytes(id))
}

fn payload(content: Content) -> Payload {
    Payload {
        issued_at: clock::now(),
        target: None,
        register_size: None,
        batch: None,
        content,
        ext: Ext::default(),
    }
}

fn signed(node: &Node, about: SubjectCode, payload: &Payload) -> Result<Vec<u8>, TourError> {
    let issuer: AuthorityCode = node.member();
    sign(node.signer(), issuer, about, node.ctx(), payload)
        .map_err(TourError::step("signing a statement"))
}

async fn act(
    node: &Node,
    about: SubjectCode,
    target: &StatementRef,
    content: Content,
) -> Result<StatementRef, TourError> {
    let register = node.genesis().register_origin();
    let adopted = node.shared().logs().get(&register).map(|log| log.size());
    let payload = Payload {
        target: Some(target.clone()),
        register_size: Some(adopted.unwrap_or(concordat_protocol::log::TreeSize::ZERO)),
        ..payload(content)
    };
    let statement = signed(node, about, &payload)?;
    let references = node.submit(LogNumber::Statements, vec![statement]).await;
    let references = references.map_err(TourError::step("appending an act"))?;
    references
        .into_iter()
        .next()
        .ok_or(TourError::NoAuthorities)
}

fn original(node: &Node, target: &StatementRef) -> Result<Decision, TourError> {
    let body = node
        .shared()
        .body(&target.origin, LeafIndex::new(target.index.value()));
    let body = body.ok_or(TourError::NoAuthorities)?;
    let body = concordat_protocol::statement::Body::decode(&body)
        .map_err(TourError::step("reading the decision"))?;
    let statement = concordat_protocol::statement::Statement::decode(body.statement())
        .map_err(TourError::step("reading the decision"))?;
    let Content::Decision(decision) = &statement.payload().content else {
        return Err(TourError::NoAuthorities);
    };
    Ok((**decision).clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_steps_name_a_tool_that_is_there() {
        let root = tempfile::tempdir().unwrap();
        let built = root.path().join("target/release");
        std::fs::create_dir_all(&built).unwrap();
        let program = built.join("concordat-node");
        let at = |folder: &Path| tool(Some(&program), Some(folder));
        assert_eq!(at(root.path()), "cargo run --release --bin concordat --");
        std::fs::write(built.join("concordat"), "").unwrap();
        assert_eq!(at(root.path()), "target/release/concordat");
        assert_eq!(at(&built), "./concordat");
        let elsewhere = at(Path::new("/nowhere"));
        assert_eq!(elsewhere, built.join("concordat").display().to_string());
        assert_eq!(
            tool(None, Some(root.path())),
            "cargo run --release --bin concordat --"
        );
    }
}
