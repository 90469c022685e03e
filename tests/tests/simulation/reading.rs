//! A disk that cannot be read now, and one on which bytes are lost.

use concordat_node::core::BodyFault;
use concordat_protocol::message::ErrorCode;

use super::*;

/// Too many open files, no memory, try again: error codes of Linux.
const NOT_NOW: [i32; 4] = [24, 23, 12, 11];
/// A failed medium.
const EIO: i32 = 5;

// spec: STO-47
#[test]
fn body_that_cannot_be_read_now_is_neither_damaged_nor_said_not_to_be_held() {
    let mut cluster = peaceful(2);
    let origin = cluster.core(1).unwrap().own_logs().remove(0);
    let (index, end) = (LeafIndex::new(0), TreeSize::new(1).unwrap());
    assert!(holds(&cluster, 1, &origin, index));
    let request = Frame::Bodies {
        origin: origin.clone(),
        begin: index,
        end,
        filter: BodyFilter::All,
    };
    let given = cluster.ask(1, 2, &request).unwrap();
    for code in NOT_NOW {
        cluster.fail_reads(1, Some(code));
        let shared = cluster.core(1).unwrap().shared();
        let fault = shared.read_body(&origin, index).unwrap_err();
        assert!(matches!(fault, BodyFault::Unavailable { .. }), "{fault}");
        let answer = cluster.ask(1, 2, &request).unwrap();
        let busy = Ok(Frame::Error {
            code: ErrorCode::Busy,
            retry_after_ms: 1_000,
        });
        assert_eq!(Frame::decode(&answer[0]), busy);
        assert_eq!(
            shared.damage(),
            concordat_node::core::DamageCount::default()
        );
        cluster.fail_reads(1, None);
        assert_eq!(cluster.ask(1, 2, &request).unwrap(), given);
    }
    cluster.fail_reads(1, Some(EIO));
    let shared = cluster.core(1).unwrap().shared();
    let fault = shared.read_body(&origin, index).unwrap_err();
    assert!(matches!(fault, BodyFault::Damaged(_)), "{fault}");
    assert_eq!(shared.damage().bodies, 1);
}

// spec: STO-22, STO-68
#[test]
fn leaf_that_cannot_be_read_back_once_is_read_again_before_it_is_signed() {
    for code in NOT_NOW.into_iter().chain([EIO]) {
        let mut cluster = peaceful(2);
        let origin = cluster.core(1).unwrap().own_logs().remove(0);
        let size = |cluster: &Cluster| {
            let replica = cluster.core(1).unwrap().exchange().replica(&origin);
            replica.unwrap().head().unwrap().size()
        };
        for after in 0..6 {
            let before = size(&cluster);
            cluster.fail_one_read(1, code, after);
            cluster.say_something(1).unwrap();
            cluster.run_for(2_000).unwrap();
            cluster.fail_reads(1, None);
            cluster.say_something(1).unwrap();
            cluster.run_for(2_000).unwrap();
            assert!(size(&cluster) > before, "code {code} after {after} reads");
        }
    }
}
