//! Runs the proof vectors in `spec/vectors/merkle`; `ORIGIN.md` there says whose they are.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "the vectors are files")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use concordat_protocol::log::{
    ConsistencyProof, Hash, InclusionProof, LeafIndex, MemoryTree, TreeSize,
    hash::{empty_root, leaf_hash},
};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/vectors/merkle")
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Every case below a folder, with its path for the message of a failure.
fn cases(folder: &Path) -> Vec<(PathBuf, Value)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(cases(&path));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            found.push((path.clone(), read(&path)));
        }
    }
    found
}

/// `None` where the text is not 32 bytes, which no hash can be.
fn hash(value: &Value) -> Option<Hash> {
    let bytes = BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap();
    Hash::try_from(bytes.as_slice()).ok()
}

fn hashes(value: &Value) -> Option<Vec<Hash>> {
    value
        .as_array()
        .map_or(Some(Vec::new()), |list| list.iter().map(hash).collect())
}

fn inclusion_holds(case: &Value) -> Option<()> {
    let proof = InclusionProof::new(hashes(&case["proof"])?).ok()?;
    let index = LeafIndex::new(case["leafIdx"].as_u64().unwrap());
    let size = TreeSize::new(case["treeSize"].as_u64().unwrap()).ok()?;
    proof
        .verify(
            &hash(&case["leafHash"])?,
            index,
            size,
            &hash(&case["root"])?,
        )
        .ok()
}

fn consistency_holds(case: &Value) -> Option<()> {
    let proof = ConsistencyProof::new(hashes(&case["proof"])?).ok()?;
    let old_size = TreeSize::new(case["size1"].as_u64().unwrap()).ok()?;
    let new_size = TreeSize::new(case["size2"].as_u64().unwrap()).ok()?;
    proof
        .verify(
            old_size,
            &hash(&case["root1"])?,
            new_size,
            &hash(&case["root2"])?,
        )
        .ok()
}

fn assert_all(folder: &Path, count: usize, holds: impl Fn(&Value) -> Option<()>) {
    let cases = cases(folder);
    assert_eq!(cases.len(), count);
    for (path, case) in cases {
        let refused = case["wantErr"].as_bool().unwrap();
        assert_eq!(holds(&case).is_none(), refused, "{}", path.display());
    }
}

// spec: LOG-6
#[test]
fn inclusion_vectors_give_their_verdicts() {
    assert_all(&folder().join("inclusion"), 28, inclusion_holds);
}

// spec: LOG-7
#[test]
fn consistency_vectors_give_their_verdicts() {
    assert_all(&folder().join("consistency"), 23, consistency_holds);
}

// spec: LOG-3
#[test]
fn reference_leaves_give_the_reference_roots() {
    let reference = read(&folder().join("reference.json"));
    let mut tree = MemoryTree::new();
    assert_eq!(hash(&reference["emptyRoot"]), Some(empty_root()));
    let (leaves, roots) = (&reference["leaves"], &reference["roots"]);
    for (leaf, root) in leaves
        .as_array()
        .unwrap()
        .iter()
        .zip(roots.as_array().unwrap())
    {
        tree.append(leaf_hash(&unhex(leaf.as_str().unwrap())));
        assert_eq!(Some(tree.root()), hash(root));
    }
    assert_eq!(tree.size().value(), 8);
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}
