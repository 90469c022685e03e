//! Deaths and starts of nodes.

use concordat_node::core::CoreOptions;
use concordat_node::journal::{JournalId, JournalOptions};

use super::*;

impl Cluster {
    /// A core gave up. That is right when its disk fails, and only then.
    pub(super) fn broke(&mut self, node: NodeId, why: &str) -> Result<(), Failure> {
        if !self.nodes.get(node).is_some_and(|node| node.faulty) {
            return self.fail(format!("node {node} gave up on a sound disk: {why}"));
        }
        let power = self.rng.one_in(2);
        self.die(node, power);
        let pause = self.rng.within(10, 3_000);
        self.after(pause, Event::Start { node });
        Ok(())
    }

    pub(super) fn die(&mut self, node: NodeId, power: bool) {
        self.trace(2, node, &[u8::from(power)]);
        self.outcome.deaths += 1;
        let Some(of) = self.nodes.get_mut(node) else {
            return;
        };
        of.core = None;
        of.life += 1;
        (of.finish_due, of.faulty) = (false, false);
        of.deadline_due = u64::MAX;
        if power {
            of.disk.crash(&mut || self.rng.next());
        } else {
            of.disk.kill();
        }
        let of_node =
            |(id, connection): (&u64, &Connection)| connection.ends.contains(&node).then_some(*id);
        let lost: Vec<u64> = self.connections.iter().filter_map(of_node).collect();
        for connection in lost {
            self.close(connection, node);
        }
    }

    pub(super) fn start(&mut self, node: NodeId) -> Result<(), Failure> {
        let (now, random) = (self.time(), Rng::new(self.rng.next()));
        let segment_bytes = u32::try_from(self.rng.within(2_000, 60_000)).unwrap_or(60_000);
        let accept_loss = self.nodes.get(node).is_some_and(|node| node.accepts_loss);
        let journal = JournalOptions {
            segment_bytes,
            accept_loss,
            ..JournalOptions::new(JournalId(u128::from(self.rng.next()).to_be_bytes()))
        };
        let options = CoreOptions {
            journal,
            first_start: node == 0 && self.entered == 0,
            has_signed: false,
        };
        let Some(of) = self.nodes.get_mut(node).filter(|node| node.core.is_none()) else {
            return Ok(());
        };
        let member = &of.member;
        let keys = peer::keys(member);
        let mut random = random;
        let random = Box::new(move |buffer: &mut [u8]| {
            buffer.fill_with(|| random.next().to_be_bytes()[0]);
        });
        let genesis = Arc::clone(&self.network.genesis);
        let code = member.code();
        match Core::open(of.disk.clone(), options, genesis, code, keys, random, now) {
            Ok((core, _)) => of.core = Some(core),
            Err(error) => return self.fail(format!("node {node} does not start: {error}")),
        }
        self.trace(3, node, &[]);
        let twice = self.nodes.get(node).is_some_and(|node| node.twice);
        if let Some(core) = self.core(node)
            && *core.signing() != Signing::Held
            && !twice
        {
            self.verdict(self.checker.kept(code, core))?;
        }
        self.finish(node)
    }
}
