//! Networks of nodes in processes of their own, which decide penalties.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use concordat_node::admin::AdminServer;
use concordat_node::config::Config;
use concordat_node::node::{Layout, Node, NodeOptions};

use super::Failure;
use crate::processes::{Network, NodeId, PENALTY_PROFILE};

/// Has a node decide so many penalties.
pub(crate) async fn decide(network: &Network, node: NodeId, table: &str) -> Result<(), Failure> {
    let mut client = network.client(node).await.map_err(said)?;
    let report = client
        .import_by(PENALTY_PROFILE, table)
        .await
        .map_err(said)?;
    match report.refused {
        0 => Ok(()),
        refused => Err(format!("{refused} rows were refused").into()),
    }
}

pub(crate) fn said(error: crate::processes::AskError) -> Failure {
    crate::processes::Failure::from(error).into()
}

/// This very program, which runs a node where it is told `run`.
pub(crate) fn binary() -> PathBuf {
    PathBuf::from("/proc/self/exe")
}

/// Runs a node until the process is ended, by the arguments behind `run --directory`.
pub(crate) fn node(arguments: &[String]) -> Result<(), Failure> {
    let directory = arguments.first().ok_or("no directory")?;
    let first_start = arguments.iter().any(|argument| argument == "--first-start");
    let layout = Layout::new(Path::new(directory));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let config = Config::read(&layout)?;
        let options = NodeOptions {
            first_start,
            ..config.node_options(layout)
        };
        let node = Arc::new(Node::start(options).await?);
        let _admin = AdminServer::start(&node).await?;
        node.failed().await;
        Err("the node came to an end".into())
    })
}
