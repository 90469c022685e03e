//! A province: a hub, thirteen cities and fifty departments, under trouble and with a hub that drops
//! corrections.
//!
//! `CONCORDAT_PROVINCES` says how many seeds (1 unless told), `CONCORDAT_SEED` from which on (0).

use concordat_protocol::effect::BindsOthers;
use concordat_tests::sim::province::{CITIES, Looked, Province, ProvincePlan, run};

use super::*;

const fn plan(seed: u64, hub_drops: bool) -> ProvincePlan {
    ProvincePlan {
        seed,
        departments: 50,
        busy_ms: 12_000,
        hub_drops,
    }
}

fn run_all(test: &str, hub_drops: bool) -> Looked {
    let first = number("CONCORDAT_SEED", 0);
    let seeds = number("CONCORDAT_PROVINCES", 1);
    let mut sum = Looked::default();
    for seed in first..first + seeds {
        match run(plan(seed, hub_drops)) {
            Ok(looked) => {
                sum.in_force += looked.in_force;
                sum.objected += looked.objected;
                sum.complete += looked.complete;
                sum.outstanding += looked.outstanding;
                sum.restored += looked.restored;
                sum.forgotten += looked.forgotten;
            }
            Err(failure) => panic!(
                "seed {seed}, {failure}\nrepeat with: CONCORDAT_SEED={seed} CONCORDAT_PROVINCES=1 \
                 cargo test -p concordat-tests --test simulation {test}"
            ),
        }
    }
    eprintln!("{test}: {seeds} seeds, {sum:?}");
    assert!(sum.in_force > 0 && sum.objected > 0, "{sum:?}");
    assert!(sum.complete > 0 && sum.outstanding > 0, "{sum:?}");
    assert!(sum.restored >= seeds && sum.forgotten > 0, "{sum:?}");
    sum
}

// spec: EFF-7, EFF-12, EFF-90, PRP-20, PRP-22, PRP-24
#[test]
fn province_answers_and_certifies_what_is_under_trouble_and_restores() {
    run_all("province_answers", false);
}

// spec: EFF-90, PRP-24
#[test]
fn province_is_not_deceived_by_a_hub_that_drops_corrections() {
    run_all("province_is_not_deceived", true);
}

/// The register takes what is received to everyone, whoever is not linked with whom.
// spec: EFF-23
#[test]
fn objection_received_without_a_link_to_issuer_or_holder_is_effective_everywhere() {
    let mut province = Province::new(plan(1, false)).unwrap();
    // City 1 decides; city 3 hears of it, and then of nobody but the hub.
    let [issuer, receiver] = [1, 3];
    let decision = province.decide(issuer - 1).unwrap();
    province.cluster().run_for(3_000).unwrap();
    let before = province.answers_about(&decision);
    let nodes = CITIES as usize + 1;
    assert_eq!(before, vec![Some(BindsOthers::Applies); nodes]);
    province.cluster().part_from_all_but_the_hub(receiver);
    province.cluster().run_for(8_000).unwrap();
    province.object(receiver - 1, &decision).unwrap();
    province.cluster().run_for(3_000).unwrap();
    let after = province.answers_about(&decision);
    assert_eq!(after, vec![Some(BindsOthers::Suspended); nodes]);
}
