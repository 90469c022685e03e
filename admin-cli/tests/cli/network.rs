//! A network that exists on paper: keys, a genesis and a request, and no node that runs.

use tempfile::TempDir;

use crate::support::{Ran, concordat};

pub(crate) const HUB: &str = "11310000MB00000009";
pub(crate) const CITY: &str = "113100000000000017";

/// A hub with its officers' keys and a test network's genesis.
pub(crate) struct Network {
    root: TempDir,
}

impl Network {
    pub(crate) fn new() -> Self {
        let network = Self {
            root: tempfile::tempdir().unwrap(),
        };
        network.node("hub", HUB);
        let mut keys = Vec::new();
        for (officer, purpose) in [
            ("a", "approver"),
            ("b", "approver"),
            ("recovery", "recovery"),
        ] {
            let ran = network
                .run(&["init", &network.path(officer), "--for", purpose])
                .exits(0);
            assert_eq!(ran.json()["keys"][0]["use"], purpose);
            keys.push(network.path(&format!("{officer}/{purpose}.pub")));
        }
        let [first, second, recovery] = &keys[..] else {
            panic!("three officers")
        };
        let approvers = format!("{first},{second}");
        let hub = network.path("hub");
        let ran = network.run(&[
            "genesis",
            "create",
            "--hub",
            &hub,
            "--name",
            "Province",
            "--region",
            "310000",
            "--level",
            "provincial",
            "--supervises",
            "--from",
            "2000-01-01",
            "--address",
            "127.0.0.1:7443",
            "--title",
            "Trial",
            "--test",
            "--approver",
            &approvers,
            "--recovery",
            recovery,
        ]);
        assert_eq!(ran.exits(0).json()["summary"]["network"][0], "test");
        network
    }

    pub(crate) fn node(&self, name: &str, member: &str) {
        self.run(&["init", &self.path(name), "--member", member])
            .exits(0);
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.root.path().join(name).display().to_string()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let mut all = vec!["--output", "json", "--yes"];
        all.extend(arguments);
        concordat(&all)
    }

    pub(crate) fn genesis(&self) -> String {
        self.path("hub/genesis.cbor")
    }

    pub(crate) fn request(&self, out: &str) -> Ran {
        let (city, genesis, out) = (self.path("city"), self.genesis(), self.path(out));
        self.run(&[
            "enrol",
            "request",
            &city,
            "--genesis",
            &genesis,
            "--name",
            "City",
            "--region",
            "310000",
            "--level",
            "prefectural",
            "--from",
            "2000-01-01",
            "--address",
            "city.example:7443",
            "--out",
            &out,
        ])
    }
}
