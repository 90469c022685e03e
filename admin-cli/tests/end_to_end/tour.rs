//! The quickstart as somebody meets it who stops it half-way.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::network::{Node, node_binary};

/// Sockets below a directory.
fn sockets(directory: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return 0;
    };
    let below = entries.flatten().map(|entry| {
        let path = entry.path();
        match path.is_dir() {
            true => sockets(&path),
            false => usize::from(path.ends_with("admin.sock")),
        }
    });
    below.sum()
}

#[test]
fn quickstart_that_is_interrupted_leaves_no_socket() {
    let root = tempfile::tempdir().unwrap();
    let mut quickstart = Command::new(node_binary());
    quickstart.arg("quickstart").current_dir(root.path());
    let log = root.path().join("log");
    quickstart.stdout(Stdio::null());
    quickstart.stderr(std::fs::File::create(&log).unwrap());
    let mut running = Node(quickstart.spawn().unwrap());
    let end = Instant::now() + Duration::from_secs(60);
    while sockets(root.path()) < 3 {
        let ended = running.0.try_wait().unwrap();
        assert!(
            ended.is_none() && Instant::now() < end,
            "no node was started ({ended:?}): {}",
            std::fs::read_to_string(&log).unwrap()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = running.0.id().to_string();
    let asked = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(asked.success());
    let ended = running.0.wait().unwrap();
    // Told by itself, not ended by the signal.
    assert_eq!(ended.code(), Some(1));
    assert_eq!(sockets(root.path()), 0);
}
