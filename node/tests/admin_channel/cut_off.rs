//! A member whose statement key was cut off, and how what it had decided comes into force again.

use concordat_certs::key_file::PrivateKey;
use concordat_protocol::admin::ValidityCode;
use concordat_protocol::key::Signer as _;
use concordat_protocol::statement::{CutOff, KeyUse};
use ed25519_dalek::SigningKey;

use super::late::{at, correction_of_facts, effect, stop, taken, with_facts, withdrawal};
use super::*;

impl Pair {
    /// The statement key of the member is cut off from a position on, and its node goes on with another.
    async fn with_another_key(self, from: u64) -> Self {
        let Self {
            hub,
            member,
            listen,
            mut network,
            directory,
        } = self;
        let (code, new) = (network.members[0].code(), SigningKey::from_bytes(&[77; 32]));
        let cut_off = CutOff {
            member: code,
            key_use: KeyUse::Statement,
            key: network.members[0].statement.public_key(),
            from: Some(LeafIndex::new(from)),
            continues: None,
            replacement: Some(new.public_key()),
            next: None,
        };
        network.append(Content::CutOff(cut_off)).unwrap();
        let change = network.changes.last().unwrap();
        let signed = change.sign(hub.node.genesis(), hub.node.signer(), hub.node.ctx());
        let submitted = hub.node.submit(LogNumber::Registry, vec![signed.unwrap()]);
        submitted.await.unwrap();
        let size = network.registry.size();
        until(&member.node, |node| node.ctx().size == size).await;
        stop(member).await;
        let key = Layout::new(directory.path().join(code.as_str())).keys();
        std::fs::remove_file(key.join("statement.key")).unwrap();
        let new = PrivateKey::new(KeyUse::Statement, new);
        new.create_in(&key).unwrap();
        let member = start(directory.path(), code, &listen[1], false).await;
        member.node.wait_signing().await;
        Self {
            hub,
            member,
            listen,
            network,
            directory,
        }
    }
}

/// Behind the cut-off of a stolen key lay what the clerks had decided as well. An import called it
/// present, other words differed from what was stored, and a correction of what is void was refused:
/// nothing put it into force again.
// spec: ADM-192
#[tokio::test(flavor = "multi_thread")]
async fn decision_behind_the_cut_off_of_its_key_is_taken_anew_unless_it_was_taken_back() {
    let pair = Pair::start().await;
    let mut client = Client::open(&pair.member).await;
    let table = file(5);
    assert_eq!(taken(&mut client, &table).await.0, (5, 0, 0));
    client.act(&withdrawal(&at(&pair.member, 3))).await;
    let corrected = "更正后的事实";
    let correction = correction_of_facts(&mut client, &at(&pair.member, 2), corrected).await;
    client.act(&correction).await;
    drop(client);
    let pair = pair.with_another_key(1).await;
    let mut client = Client::open(&pair.member).await;
    for (index, validity) in [(0, ValidityCode::InForce), (1, ValidityCode::Void)] {
        let found = effect(&mut client, &at(&pair.member, index)).await;
        assert_eq!(found.validity, validity, "{index}");
    }
    let (counts, refused) = taken(&mut client, &table).await;
    assert_eq!(counts, (2, 2, 1), "{refused:?}");
    assert_eq!(refused[0].reason.as_str(), "late-and-corrected");
    assert_eq!(refused[0].line, 4);
    let anew = effect(&mut client, &at(&pair.member, 7)).await;
    assert_eq!(anew.validity, ValidityCode::InForce);
    let as_corrected = with_facts(&table, 2, corrected);
    assert_eq!(taken(&mut client, &as_corrected).await.0, (1, 4, 0));
    assert_eq!(taken(&mut client, &as_corrected).await.0, (0, 5, 0));
    pair.stop().await;
}
