//! One registry log, entry by entry, most of it void.

use concordat_protocol::log::{Hash, LeafIndex, TreeSize};
use concordat_protocol::statement::{
    Content, CutOff, Enrolment, KeyUse, Leaf, Proposal, Role, Rotation, Standing, Statement,
    Suspension, Vis, sign_approval, sign_approved,
};
use concordat_protocol::trust::Network;
use serde_json::{Value, json};

use crate::support::*;
use crate::vectors::{applied, hex};

struct Fold {
    net: Net,
    entries: Vec<Value>,
}

impl Fold {
    fn log(&mut self, name: &str, leaf: Leaf, statement: &Statement, cause: &str) {
        let result = applied(self.net.registry.apply(&leaf, Some(statement)));
        let found = result["cause"].as_str().unwrap_or("");
        assert_eq!(found, cause, "{name}");
        self.entries.push(json!({
            "leaf": hex(&leaf.encode()),
            "name": name,
            "result": result,
            "statement": hex(statement.as_bytes()),
        }));
    }

    fn change(&mut self, name: &str, content: Content, cause: &str) {
        self.by(name, content, &[1, 2], cause);
    }

    fn by(&mut self, name: &str, content: Content, approvers: &[u8], cause: &str) {
        let payload = self.net.proposal(content);
        let statement = self
            .net
            .approved(&payload, approvers, self.net.registry.ctx());
        let leaf = leaf_of(&statement, Vis::ALL_MEMBERS, None);
        self.log(name, leaf, &statement, cause);
    }
}

pub(super) fn fold() -> Value {
    let net = Net::empty(Network::Production);
    let genesis = hex(net.registry.genesis().as_bytes());
    let mut fold = Fold {
        net,
        entries: Vec::new(),
    };
    members(&mut fold);
    keys(&mut fold);
    states(&mut fold);
    losses(&mut fold);
    successions(&mut fold);
    let size = fold.net.registry.size();
    let root = fold.net.registry.root_at(size).unwrap();
    json!({
        "comment": "the registry log of one network; each entry with what it does",
        "entries": fold.entries,
        "genesis": genesis,
        "root": root.to_string(),
        "spec": "TRU-6",
    })
}

// spec: TRU-80
fn losses(fold: &mut Fold) {
    fold.net.sign_with(HUB_KEY);
    let conflict = "RegistryConflict";
    fold.change("loss of the hub", lost(hub()), conflict);
    fold.change("loss of a stranger", lost(authority(99)), "IssuerUnknown");
    fold.change(
        "loss of a member that takes part",
        lost(other_city()),
        conflict,
    );
    fold.change("loss of a department", lost(department()), conflict);
    fold.by(
        "loss by one approver",
        lost(city()),
        &[2],
        "TooFewApprovals",
    );
    fold.change("loss of a suspended member", lost(city()), "");
}

// spec: TRU-110, TRU-111, TRU-112
fn successions(fold: &mut Fold) {
    let conflict = "RegistryConflict";
    let (old, new) = (department(), other_city());
    fold.change("succession of the hub", succeeded(hub(), new), conflict);
    let unknown = "IssuerUnknown";
    fold.change(
        "succession of a stranger",
        succeeded(authority(99), new),
        unknown,
    );
    fold.change(
        "succession by a stranger",
        succeeded(old, authority(99)),
        unknown,
    );
    fold.change(
        "succession by a member that is lost",
        succeeded(old, city()),
        conflict,
    );
    fold.change(
        "succession of a member that others publish through",
        succeeded(city(), new),
        conflict,
    );
    fold.by(
        "succession by one approver",
        succeeded(old, new),
        &[2],
        "TooFewApprovals",
    );
    fold.change(
        "department succeeded by the other city",
        succeeded(old, new),
        "",
    );
    fold.change("a second successor", succeeded(old, hub()), conflict);
    fold.change(
        "the successor succeeded by its predecessor",
        succeeded(new, old),
        conflict,
    );
    let active = Content::Suspension(Suspension {
        member: old,
        standing: Standing::Active,
        reasons: text("恢复"),
    });
    fold.change("predecessor made active", active, conflict);
    fold.change(
        "city succeeded once nobody publishes through it",
        succeeded(city(), new),
        "",
    );
}

fn enrolled(fields: Enrolment) -> Content {
    Content::Enrolment(Box::new(fields))
}

fn members(fold: &mut Fold) {
    let conflict = "RegistryConflict";
    fold.by(
        "one approval",
        enrolled(city_enrolment()),
        &[1],
        "TooFewApprovals",
    );
    fold.by(
        "a stranger approves too",
        enrolled(city_enrolment()),
        &[1, 2, 9],
        "KeyUnknown",
    );
    foreign_approval(fold);
    fold.change("city enrolled", enrolled(city_enrolment()), "");
    fold.by(
        "other city enrolled by all three",
        enrolled(Enrolment {
            next_keys: vec![(KeyUse::Statement, commitment(&public(96)))],
            ..enrolment(other_city(), Role::Member, OTHER_KEY)
        }),
        &[1, 2, 3],
        "",
    );
    fold.change(
        "department enrolled",
        enrolled(enrolment(department(), Role::Issuer, DEPARTMENT_KEY)),
        "",
    );
    let fresh = || enrolment(authority(7), Role::Member, 70);
    let second_hub = Enrolment {
        role: Role::Hub,
        ..fresh()
    };
    fold.change("a second hub", enrolled(second_hub), conflict);
    let keyless = Enrolment {
        log_key: None,
        ..fresh()
    };
    fold.change("member without log key", enrolled(keyless), conflict);
    let taken = Enrolment {
        node_key: Some(public(CITY_KEY)),
        ..fresh()
    };
    fold.change("key of another", enrolled(taken), conflict);
    let twice = Enrolment {
        node_key: Some(public(71)),
        ..fresh()
    };
    fold.change("key with two uses", enrolled(twice), conflict);
    let suite = Enrolment {
        suite: 2,
        ..fresh()
    };
    fold.change("suite 2", enrolled(suite), conflict);
    let rekeyed = Enrolment {
        log_key: Some(public(99)),
        ..city_enrolment()
    };
    fold.change("other key by enrolment", enrolled(rekeyed), conflict);
    let uncommitted = Enrolment {
        next_keys: vec![],
        ..city_enrolment()
    };
    fold.change(
        "commitment dropped by enrolment",
        enrolled(uncommitted),
        conflict,
    );
    let renewed = Enrolment {
        mandates: vec![],
        ..city_enrolment()
    };
    fold.change("mandates renewed", enrolled(renewed), "");
    let issuer = Enrolment {
        publishes_through: Some(department()),
        ..enrolment(authority(8), Role::Issuer, 80)
    };
    fold.change("issuer under an issuer", enrolled(issuer), conflict);
}

/// Approved by the right people, one of them in the test network of the same hub.
fn foreign_approval(fold: &mut Fold) {
    let payload = fold.net.proposal(enrolled(city_enrolment()));
    let proposal = Proposal::new(&payload).unwrap();
    let here = fold.net.registry.genesis().id();
    let there = Net::empty(Network::Test).registry.genesis().id();
    let mut approvals = [(1, here), (2, there)].map(|(seed, network)| {
        (
            public(seed).id(),
            sign_approval(&key(seed), &network, &proposal),
        )
    });
    approvals.sort();
    let approvals = approvals.map(|(_, approval)| approval);
    let (about, ctx) = (city().code(), fold.net.registry.ctx());
    let bytes = sign_approved(&key(HUB_KEY), hub(), about, ctx, &proposal, &approvals).unwrap();
    let statement = Statement::decode(&bytes).unwrap();
    let leaf = leaf_of(&statement, Vis::ALL_MEMBERS, None);
    fold.log(
        "approved for another network",
        leaf,
        &statement,
        "OtherNetwork",
    );
}

fn keys(fold: &mut Fold) {
    let conflict = "RegistryConflict";
    let rotation = |key_use, old, new| {
        Content::Rotation(Rotation {
            member: city(),
            key_use,
            old: public(old),
            new: public(new),
            next: None,
        })
    };
    fold.change(
        "rotation to a key not committed",
        rotation(KeyUse::Statement, CITY_KEY, 90),
        conflict,
    );
    fold.change(
        "rotation to the committed key",
        rotation(KeyUse::Statement, CITY_KEY, NEXT_STATEMENT_KEY),
        "",
    );
    fold.change(
        "rotation back",
        rotation(KeyUse::Statement, NEXT_STATEMENT_KEY, CITY_KEY),
        conflict,
    );
    fold.change(
        "rotation to a key of another use",
        rotation(KeyUse::Node, CITY_KEY + 2, CITY_KEY + 3),
        conflict,
    );
    fold.change(
        "rotation of an approver",
        rotation(KeyUse::Approver, 1, 90),
        conflict,
    );
    let cut = |from, continues| {
        Content::CutOff(CutOff {
            member: city(),
            key_use: KeyUse::Log,
            key: public(CITY_KEY + 1),
            from,
            continues,
            replacement: Some(public(91)),
            next: None,
        })
    };
    let from = Some(LeafIndex::new(5));
    let head = Some((TreeSize::new(4).unwrap(), Hash::from_bytes([4; 32])));
    statement_cut_offs(fold);
    fold.change("cut-off without position", cut(None, head), conflict);
    fold.change("cut-off without head", cut(from, None), conflict);
    fold.change("cut-off of the log key", cut(from, head), "");
    fold.change("cut-off again", cut(from, head), conflict);
}

fn statement_cut_offs(fold: &mut Fold) {
    let cut = |replacement| {
        Content::CutOff(CutOff {
            member: other_city(),
            key_use: KeyUse::Statement,
            key: public(OTHER_KEY),
            from: Some(LeafIndex::new(5)),
            continues: None,
            replacement,
            next: None,
        })
    };
    let conflict = "RegistryConflict";
    let other = Some(public(95));
    fold.change("cut-off to a key not committed", cut(other), conflict);
    let with_one = [1, 2, 4];
    fold.by(
        "the same with a part of the recovery quorum",
        cut(other),
        &with_one,
        conflict,
    );
    fold.by(
        "the same by the recovery quorum alone",
        cut(other),
        &[4, 5],
        "TooFewApprovals",
    );
    fold.by(
        "the same with the recovery quorum",
        cut(other),
        &[1, 2, 4, 5],
        "",
    );
}

fn states(fold: &mut Fold) {
    let conflict = "RegistryConflict";
    fold.change("catalogue", Content::ItemCatalogue(catalogue()), "");
    let mut unsorted = catalogue();
    unsorted.items.reverse();
    fold.change(
        "catalogue out of order",
        Content::ItemCatalogue(unsorted),
        conflict,
    );
    let mut open = catalogue();
    open.near_personal = Vis::new(1);
    fold.change(
        "near-personal in public",
        Content::ItemCatalogue(open),
        conflict,
    );
    let mut cosigners = vec![hub(), city(), other_city()];
    cosigners.sort();
    fold.change(
        "policy of two of three with a fault",
        Content::Policy(policy(cosigners.clone(), 2, 1)),
        conflict,
    );
    fold.change(
        "policy of three of three with two faults",
        Content::Policy(policy(cosigners, 3, 2)),
        "",
    );
    let suspension = |member, standing| {
        Content::Suspension(Suspension {
            member,
            standing,
            reasons: text("核查"),
        })
    };
    fold.change(
        "suspension of the hub",
        suspension(hub(), Standing::Suspended),
        conflict,
    );
    fold.change(
        "suspension of a stranger",
        suspension(authority(99), Standing::Suspended),
        "IssuerUnknown",
    );
    let payload = fold.net.proposal(suspension(city(), Standing::Suspended));
    let statement = fold
        .net
        .approved(&payload, &[1, 2], fold.net.registry.ctx());
    let leaf = leaf_of(&statement, Vis::ALL_MEMBERS, None);
    let wrong = Leaf {
        vis: Vis::new(1),
        ..leaf
    };
    fold.log("leaf of another visibility", wrong, &statement, "WrongVis");
    let wrong = Leaf {
        target: Some(LeafIndex::new(0)),
        ..leaf
    };
    fold.log("leaf with a target", wrong, &statement, "WrongTarget");
    let wrong = Leaf {
        ctx: TreeSize::new(leaf.ctx.value() - 1).unwrap(),
        ..leaf
    };
    fold.log(
        "leaf of another registry size",
        wrong,
        &statement,
        "WrongCtx",
    );
    fold.log("suspension", leaf, &statement, "");
    fold.log("the same bytes again", leaf, &statement, "Repeated");
    let again = fold
        .net
        .approved(&payload, &[1, 2], fold.net.registry.ctx());
    let leaf = leaf_of(&again, Vis::ALL_MEMBERS, None);
    fold.log(
        "the same change under a new signature",
        leaf,
        &again,
        "Repeated",
    );
    let old = fold.net.registry.ctx_at(TreeSize::new(3).unwrap()).unwrap();
    let payload = fold.net.proposal(suspension(city(), Standing::Active));
    let late = fold.net.approved(&payload, &[1, 2], old);
    let leaf = leaf_of(&late, Vis::ALL_MEMBERS, None);
    fold.log("signed under an older state", leaf, &late, "CtxDecreases");
    fold.net.sign_with(99);
    fold.change(
        "signed by another key",
        suspension(city(), Standing::Active),
        "KeyUnknown",
    );
}
