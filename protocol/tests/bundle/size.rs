//! How large a bundle is, and how long it takes.

use std::time::Instant;

use concordat_protocol::bundle::{Bundle, BundleParts, TrustParts, verify};
use concordat_protocol::statement::StatementRef;

use crate::fixture::{Net, penalty};

const LOG_LEAVES: u64 = 1_000_000;

fn one_statement() -> (Net, StatementRef) {
    let mut net = Net::new(LOG_LEAVES);
    let decision = net.decide(penalty());
    (net, decision)
}

fn parts(net: &Net, decision: &StatementRef, trust: TrustParts) -> BundleParts {
    BundleParts {
        trust,
        heads: net.heads(&net.everybody()),
        statement: net.entry(decision),
        related: vec![],
        acts: vec![],
        notices: vec![],
        recognition: None,
    }
}

#[test]
fn one_statement_of_a_million_takes_at_most_8_kib() {
    let (net, decision) = one_statement();
    let parts = parts(&net, &decision, TrustParts::External);
    let bytes = Bundle::build(parts, &net.registry)
        .unwrap()
        .encode()
        .unwrap();
    assert!(bytes.len() <= 8192, "{} bytes", bytes.len());
}

#[test]
#[ignore = "measures: run it in release"]
fn time_to_build_and_verify() {
    let (net, decision) = one_statement();
    for (form, trust) in [
        ("external", TrustParts::External),
        ("included", net.included()),
    ] {
        let parts = parts(&net, &decision, trust);
        let bytes = Bundle::build(parts.clone(), &net.registry)
            .unwrap()
            .encode()
            .unwrap();
        let registry = Some(&net.registry);
        let build = micros(|| Bundle::build(parts.clone(), &net.registry).is_ok());
        let check = micros(|| verify(&bytes, &net.anchor(), registry).is_ok());
        println!(
            "{form}: {} bytes, build {build} us, verify {check} us",
            bytes.len()
        );
    }
}

/// The median of 101 runs in microseconds.
fn micros(run: impl Fn() -> bool) -> u128 {
    let one = |_| {
        let start = Instant::now();
        assert!(run());
        start.elapsed().as_micros()
    };
    let mut times: Vec<u128> = (0..101).map(one).collect();
    times.sort_unstable();
    times[50]
}
