//! An author that logs what speaks against its own decision and keeps the content to itself.

use std::path::Path;

use concordat_protocol::admin::{
    BindsOthersCode, BundleAsk, EffectView, ErrorCode, Reply, Request, SuspensionCode, Target,
};
use concordat_protocol::key::Signer as _;
use concordat_protocol::log::LeafIndex;
use concordat_protocol::statement::{
    ActType, BasisLevel, Code, Content, CutOff, Decision, DecisionFields, KeyUse, Kind, LegalBasis,
    Payload, PenaltyClass, Remedy, RemedyKind, Service, ServiceWay, Statement, sign,
};
use concordat_protocol::subject::SubjectCode;
use concordat_protocol::text::Text;
use concordat_protocol::time::Day;
use concordat_tests::processes::{
    AskError, Failure, Network, NodeId, PATIENCE, Process, wait_until,
};
use concordat_tests::sim::Rng;
use ed25519_dalek::SigningKey;

use crate::malformed::Author;
use crate::{NODE, alone, repeat, seed};

const NODES: [NodeId; 2] = [0, 1];

#[tokio::test(flavor = "multi_thread")]
async fn act_whose_author_withholds_it_suspends_its_decision_and_stops_its_proof() {
    let _alone = alone().await;
    let mut network = Network::make(Path::new(NODE), 2, 1, seed()).unwrap();
    let outcome = withheld(&mut network).await;
    network.conclude(outcome, &repeat("act_whose_author", ""));
}

// spec: EFF-90, EFF-92, BUN-50
async fn withheld(network: &mut Network) -> Result<(), Failure> {
    let mut processes = network.start().await?;
    let mut rng = Rng::new(seed());
    let member = network.outsider(0).clone();
    let mut author = Author::new(network, &member).await?;
    let (decision, about) = penalty(&author, &mut rng);
    author.push(&[(Kind::Data, decision)]).await?;
    let target = author.position(0);
    for node in NODES {
        let applies = |effect: &EffectView| effect.binds_others == BindsOthersCode::Applies;
        read(network, node, ("a decision that applies", &target), applies).await?;
    }
    export(network, &target).await?;
    let reference = author.reference(0);
    let objection = author.signatory().objection(&mut rng, &reference, about);
    author.withhold(&[(Kind::Act, objection)]).await?;
    let act = author.reference(1);
    let is_suspended = |effect: &EffectView| {
        let suspensions = effect.suspended_by.iter();
        let named = suspensions.map(|one| (one.kind, one.by.clone()));
        effect.binds_others == BindsOthersCode::Suspended
            && named.eq([(SuspensionCode::ActNotHeld, vec![act.clone()])])
    };
    for node in NODES {
        read(network, node, ("an act not held", &target), is_suspended).await?;
    }
    // What leaves name is known again after a start.
    processes.remove(1).stop().await?;
    processes.insert(1, network.spawn(1)?);
    network.ready(1).await?;
    read(network, 1, ("after a start", &target), is_suspended).await?;
    match export(network, &target).await {
        Err(AskError::Refused(error))
            if error.code == ErrorCode::ActNotHeld
                && error.detail("act") == Some(&act.to_string()) => {}
        other => return Err(Failure::new(format!("an export came to {other:?}"))),
    }
    // A thief of the log key alone can log such a leaf, and no act that anybody could read.
    // spec: EFF-93
    let change = CutOff {
        member: member.code(),
        key_use: KeyUse::Log,
        key: member.log.public_key(),
        from: Some(LeafIndex::new(1)),
        continues: Some(author.head()),
        replacement: Some(SigningKey::from_bytes(&[79; 32]).public_key()),
        next: None,
    };
    network.change(Content::CutOff(change)).await?;
    let applies = |effect: &EffectView| effect.binds_others == BindsOthersCode::Applies;
    for node in NODES {
        read(
            network,
            node,
            ("a cut-off that passes the leaf over", &target),
            applies,
        )
        .await?;
    }
    export(network, &target).await?;
    stop(processes).await
}

async fn stop(processes: Vec<Process>) -> Result<(), Failure> {
    for process in processes {
        process.stop().await?;
    }
    Ok(())
}

/// Waits until the effect of a decision reads so at a node.
async fn read(
    network: &Network,
    node: NodeId,
    (what, target): (&str, &Target),
    is_so: impl Fn(&EffectView) -> bool,
) -> Result<(), Failure> {
    wait_until(PATIENCE, what, || async {
        let mut client = network.client(node).await?;
        match client.statement(target.clone()).await {
            Ok(view) => Ok(view.effect.filter(&is_so).map(drop)),
            Err(AskError::Refused(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    })
    .await
}

async fn export(network: &Network, target: &Target) -> Result<Reply, AskError> {
    let ask = BundleAsk {
        target: target.clone(),
        look_up: None,
        receiver: None,
    };
    let mut client = network.client(0).await?;
    client.ask(&Request::BundleExport(ask)).await
}

/// A fine, and whom it is about.
fn penalty(author: &Author<'_>, rng: &mut Rng) -> (Vec<u8>, SubjectCode) {
    let signatory = author.signatory();
    let (made, about) = signatory.decision(rng);
    let made = Statement::decode(&made).unwrap();
    let fields = made.payload().content.decision().unwrap().fields().clone();
    let on = fields.decided_on;
    let fields = DecisionFields {
        act_type: ActType::Penalty,
        item: Code::new("test.penalty").unwrap(),
        penalty_classes: vec![PenaltyClass::Fine],
        fine_fen: Some(100_000),
        service: Some(Service {
            on,
            way: ServiceWay::Direct,
        }),
        basis: vec![LegalBasis {
            law: Text::new("Test law").unwrap(),
            article: Text::new("1").unwrap(),
            level: BasisLevel::Law,
        }],
        remedies: vec![Remedy {
            kind: RemedyKind::Reconsideration,
            body: Text::new("Test body").unwrap(),
            within_days: 60,
        }],
        publication_until: Day::from_ymd(2028, 3, 1).ok(),
        ..fields
    };
    let payload = Payload {
        content: Content::Decision(Box::new(Decision::new(fields).unwrap())),
        ..made.payload().clone()
    };
    let ctx = signatory.ctx;
    let bytes = sign(signatory.key, signatory.member, about, ctx, &payload).unwrap();
    (bytes, about)
}
