//! Whole networks in one thread, in virtual time, from one seed.
//!
//! The simulator drives the very [`Core`](concordat_node::core::Core) that a node runs, on
//! simulated disks and a simulated network. Everything that chance decides comes from one generator,
//! so a seed that fails once fails always:
//!
//! ```text
//! CONCORDAT_SEED=17 CONCORDAT_SEEDS=1 cargo test -p concordat-tests --test simulation
//! ```
//!
//! Out of scope: sockets, threads, real time, wall clocks that differ between nodes.

mod certified;
mod checker;
mod cluster;
mod network;
pub mod province;
pub(crate) mod workload;

use std::fmt;

pub use certified::certificates;
pub use cluster::{Cluster, NodeId};

/// The generator behind every choice of a run: SplitMix64.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// Starts from a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` up to but not including `high`; `low` when there is none.
    pub const fn within(&mut self, low: u64, high: u64) -> u64 {
        let drawn = self.next();
        if high > low {
            low + drawn % (high - low)
        } else {
            low
        }
    }

    /// `true` once in `times`.
    pub const fn one_in(&mut self, times: u64) -> bool {
        self.within(0, times) == 0
    }

    /// One of a slice.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let place = usize::try_from(self.within(0, of.len() as u64)).ok()?;
        of.get(place)
    }
}

/// What may go wrong in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// Nothing.
    None,
    /// Frames are delayed, doubled and lost, connections cut, nodes parted.
    Network,
    /// That, and nodes die: killed, without power, by a failing disk, one with an empty directory.
    Storage,
}

/// What a run is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Where all chance comes from.
    pub seed: u64,
    /// Members beside the hub.
    pub members: u32,
    /// What goes wrong while there is work.
    pub trouble: Trouble,
    /// How long there is work and trouble, in virtual milliseconds.
    pub busy_ms: u64,
    /// Whether trouble ends and everything must be everywhere after it.
    pub must_converge: bool,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Digest over everything that happened, in order.
    pub trace: [u8; 32],
    /// Inputs that cores handled.
    pub inputs: u64,
    /// Statements that nodes acknowledged.
    pub acknowledged: u64,
    /// How often a node died.
    pub deaths: u64,
    /// Virtual milliseconds from the end of trouble until everything was everywhere.
    pub converged_after_ms: u64,
}

/// A rule that did not hold.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Virtual milliseconds since the beginning.
    pub at_ms: u64,
    /// What was found.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "after {} ms: {}", self.at_ms, self.what)
    }
}

impl std::error::Error for Failure {}

/// Makes one run.
///
/// # Errors
/// [`Failure`], the first rule that did not hold.
pub fn run(plan: Plan) -> Result<Outcome, Failure> {
    let mut cluster = Cluster::new(plan)?;
    cluster.begin()?;
    cluster.work()?;
    if plan.must_converge {
        cluster.calm()?;
        cluster.converge()?;
    }
    cluster.check_everything_kept()?;
    Ok(cluster.outcome())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generator_stays_within_its_bounds_and_repeats_itself() {
        let (mut first, mut second) = (Rng::new(7), Rng::new(7));
        for _ in 0..1_000 {
            let drawn = first.within(3, 9);
            assert!((3..9).contains(&drawn));
            assert_eq!(drawn, second.within(3, 9));
        }
        assert_eq!(first.within(5, 5), 5);
        assert_eq!(first.pick::<u8>(&[]), None);
    }
}
