//! Files of receipts of look-ups: whole, and with one departure each.

use concordat_protocol::bundle::{
    BundleError, LOOK_UP_BYTES_MAX, LookUpFile, LookUpFileError, Part, verify_look_up,
};
use concordat_protocol::log::{CompactRange, Hash, VerifiedCheckpoint};
use concordat_protocol::lookup::{LookUpReceipt, LookUpRow, SaltedRow};
use concordat_protocol::time::Timestamp;

use crate::fixture::{Net, penalty, redigest, text};

/// A receipt of the issuer with two heads, and these as the file has them.
fn file(net: &Net) -> (Vec<u8>, Vec<VerifiedCheckpoint>) {
    let row = LookUpRow {
        refused: None,
        number: 0,
        at: Timestamp::new(1_775_000_000_000).unwrap(),
        who: text("clerk"),
        purpose: text("招标资格审查"),
        case_number: text("2026-118"),
        basis: text("招标投标法第二十六条"),
        subject: penalty().subject.code(),
        scenario: None,
        answer: Hash::from_bytes([7; 32]),
        shown: vec![],
        clean: None,
        horizon: None,
    };
    let salted = SaltedRow::new([3; 32], &row).unwrap();
    let issuer = &net.issuer;
    let (ctx, before) = (net.registry.ctx(), CompactRange::new());
    let receipt =
        LookUpReceipt::sign(&issuer.statement, issuer.code, ctx, &salted, &before).unwrap();
    let mut heads = net.heads(&net.everybody());
    let logs = [net.genesis.registry_origin(), net.issuer_log()];
    heads.retain(|head| logs.contains(head.origin()));
    heads.sort_by(|a, b| a.origin().cmp(b.origin()));
    let file = LookUpFile {
        receipt,
        entries: net.entries.clone(),
        heads: heads.clone(),
        logged: None,
    };
    (file.encode(&net.registry).unwrap(), heads)
}

fn refused(net: &Net, bytes: &[u8]) -> LookUpFileError {
    verify_look_up(bytes, &net.anchor())
        .map(|_| ())
        .unwrap_err()
}

// spec: LKP-13, BUN-5
#[test]
fn file_with_heads_out_of_order_or_twice_is_refused() {
    let mut net = Net::new(5);
    net.decide(penalty());
    let (bytes, heads) = file(&net);
    assert!(verify_look_up(&bytes, &net.anchor()).is_ok());
    let [first, second] = &heads[..] else {
        panic!("{} heads", heads.len())
    };
    let notes = [first.to_bytes(), second.to_bytes()];
    let place = |note: &[u8]| bytes.windows(note.len()).position(|part| part == note);
    let [at, next] = notes.each_ref().map(|note| place(note).unwrap());
    // Each with what says how long it is.
    let heading = next - at - notes[0].len();
    let (from, until) = (at - heading, next + notes[1].len());
    let (one, two) = (&bytes[from..next - heading], &bytes[next - heading..until]);
    for parts in [[two, one], [one, one], [two, two]] {
        let mut other = [&bytes[..from], parts[0], parts[1], &bytes[until..]].concat();
        redigest(&mut other);
        let order = BundleError::Order { part: Part::Heads };
        assert_eq!(refused(&net, &other), LookUpFileError::Trust(order));
    }
}

// spec: LKP-13
#[test]
fn file_that_is_damaged_of_another_version_or_another_file_says_which() {
    let mut net = Net::new(5);
    net.decide(penalty());
    let (bytes, _) = file(&net);
    let mut damaged = bytes.clone();
    damaged[40] ^= 1;
    assert_eq!(refused(&net, &damaged), LookUpFileError::Damaged);
    assert_eq!(
        refused(&net, &bytes[..bytes.len() - 1]),
        LookUpFileError::Damaged
    );
    let mut later = bytes.clone();
    later[8] = 2;
    redigest(&mut later);
    assert_eq!(
        refused(&net, &later),
        LookUpFileError::Version { version: 2 }
    );
    let mut other = bytes.clone();
    other[3] = b'B';
    redigest(&mut other);
    assert_eq!(refused(&net, &other), LookUpFileError::NotOne);
    assert_eq!(refused(&net, &bytes[..9]), LookUpFileError::NotOne);
    let large = vec![0; LOOK_UP_BYTES_MAX + 1];
    let bytes = large.len();
    let too_long = LookUpFileError::Trust(BundleError::TooLong { bytes });
    assert_eq!(refused(&net, &large), too_long);
}
