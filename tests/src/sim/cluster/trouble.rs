//! Trouble: parted networks, failing disks, deaths, lost directories.

use super::*;

impl Cluster {
    pub(super) fn make_trouble(&mut self) -> Result<(), Failure> {
        if self.trouble == Trouble::None {
            return Ok(());
        }
        let pause = self.rng.within(100, 2_000);
        self.after(pause, Event::Trouble);
        let node = self.any_node();
        match (self.rng.within(0, 8), self.trouble) {
            (0 | 1, _) => {
                let ids: Vec<u64> = self.connections.keys().copied().collect();
                if let Some(connection) = self.rng.pick(&ids).copied() {
                    let ends = self.connections.get(&connection).map(|c| c.ends);
                    let [first, second] = ends.unwrap_or_default();
                    let node = if self.rng.one_in(2) { first } else { second };
                    self.after(0, Event::Gone { connection, node });
                }
            }
            (2 | 3, _) => self.part(),
            (4, Trouble::Storage) => {
                let power = self.rng.one_in(2);
                if self.core(node).is_some() {
                    self.die(node, power);
                    let pause = self.rng.within(10, 3_000);
                    self.after(pause, Event::Start { node });
                }
            }
            (5 | 6, Trouble::Storage) => self.spoil(node),
            (7, Trouble::Storage) => self.wipe_if_safe()?,
            (_, Trouble::None | Trouble::Network | Trouble::Storage) => {}
        }
        Ok(())
    }

    /// Parts a node from all others until there is calm.
    pub fn part_from_all(&mut self, node: NodeId) {
        for other in 0..self.nodes.len() {
            self.blocked.extend([(node, other), (other, node)]);
        }
    }

    /// The same, but for the hub.
    pub fn part_from_all_but_the_hub(&mut self, node: NodeId) {
        self.part_from_all(node);
        self.blocked.remove(&(node, 0));
        self.blocked.remove(&(0, node));
    }

    /// Parts two nodes from each other until there is calm.
    pub fn part_from(&mut self, node: NodeId, other: NodeId) {
        self.blocked.extend([(node, other), (other, node)]);
    }

    /// Parts some nodes from the others, for a while, perhaps in one direction only.
    pub(super) fn part(&mut self) {
        let side: Vec<bool> = self.nodes.iter().map(|_| self.rng.one_in(2)).collect();
        let one_way = self.rng.one_in(3);
        let mut links = Vec::new();
        for (from, first) in side.iter().enumerate() {
            for (to, second) in side.iter().enumerate() {
                if *first && !second || !one_way && !first && *second {
                    links.push((from, to));
                }
            }
        }
        self.blocked.extend(&links);
        let pause = self.rng.within(200, 8_000);
        self.after(pause, Event::Unblock { links });
    }

    /// Lets a disk fail at one of its next calls.
    pub(super) fn spoil(&mut self, node: NodeId) {
        let effects = [
            FaultEffect::Nothing,
            FaultEffect::Half,
            FaultEffect::Everything,
        ];
        let effect = self.rng.pick(&effects).copied();
        let after_calls = self.rng.within(0, 40);
        let Some(of) = self.nodes.get_mut(node).filter(|node| node.core.is_some()) else {
            return;
        };
        of.faulty = true;
        of.disk.fail(Fault {
            after_calls,
            effect: effect.unwrap_or(FaultEffect::Nothing),
            lasting: true,
        });
    }

    /// Takes a member's directory away, once, when every other node holds all of its log.
    pub(super) fn wipe_if_safe(&mut self) -> Result<(), Failure> {
        let count = self.nodes.len() as u64;
        let node = usize::try_from(self.rng.within(1, count)).unwrap_or(1);
        if self.wiped || !self.is_held_everywhere(node) {
            return Ok(());
        }
        self.wiped = true;
        self.lose_directory(node)
    }

    pub(in crate::sim) fn is_held_everywhere(&self, node: NodeId) -> bool {
        let Some(own) = self
            .core(node)
            .filter(|core| *core.signing() == Signing::Open)
        else {
            return false;
        };
        let held = own.own_logs().into_iter().all(|origin| {
            let size = own.exchange().replica(&origin).map(|r| r.durable());
            let all = |core: &Core<MemoryDisk>| {
                let replica = core.exchange().replica(&origin);
                let whole = replica.is_none_or(|r| r.bodies_complete() == r.durable());
                let complete = !core.is_hub() || whole;
                replica.map(|r| r.durable()) == size && complete
            };
            self.nodes
                .iter()
                .all(|node| node.core.as_ref().is_some_and(all))
        });
        let unanswered = self.nodes.get(node).is_some_and(|node| node.finish_due);
        held && !unanswered
    }
}
