//! Networks of nodes in processes of their own, and what they decide: penalties, which an objection suspends.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use concordat_node::admin::AdminServer;
use concordat_node::config::Config;
use concordat_node::node::{Layout, Node, NodeOptions};

use super::Failure;
use crate::processes::{Network, NodeId, Rows};

/// How a table of [`table`] is read.
pub(crate) const PROFILE: &str = r#"
[profile]
name = "penalties"
version = 1
about = "Penalties that the benchmarks make up"

[file]
format = "tsv"
encoding = "utf-8"

[fields]
subject_code = { column = "code" }
subject_name = { column = "name" }
document_number = { column = "number" }
decided_on = { column = "decided" }
facts = { column = "facts" }
basis = { column = "basis" }

[fields.subject_form]
column = "name"
by_code = true
otherwise = "enterprise"

[basis]
style = "listed"
article_marks = ["第"]
continues = ["条"]

[[basis.levels]]
suffix = "法"
level = "law"

[synthetic]

[synthetic.fields]
act_type = { value = "penalty" }
item = { value = "test.penalty" }
penalty_classes = { value = "warning" }
served_on = { after = "decided_on", days = 1 }
service_way = { value = "direct" }
publication_until = { after = "decided_on", days = 3600 }

[[synthetic.remedies]]
kind = "reconsideration"
body = "某市人民政府"
within_days = 60
"#;

/// So many penalties as a table.
pub(crate) fn table(rows: &mut Rows, count: u64) -> Result<String, Failure> {
    let table = rows.table(count)?;
    let mut lines = table.text.lines();
    let header = lines.next().unwrap_or_default();
    let mut text = format!("{header}\tbasis\n");
    for line in lines {
        text.push_str(line);
        text.push_str("\t劳动法第九十一条\n");
    }
    Ok(text)
}

/// Has a node decide so many penalties.
pub(crate) async fn decide(network: &Network, node: NodeId, table: &str) -> Result<(), Failure> {
    let mut client = network.client(node).await.map_err(said)?;
    let report = client.import_by(PROFILE, table).await.map_err(said)?;
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
