//! What is done to a node's directory while it is down: lost, copied, moved back, keys mixed up.

use concordat_node::disk::{Disk as _, Fault, FaultEffect};
use concordat_node::journal::BodyPointer;
use concordat_protocol::log::Origin;

use super::*;

impl Cluster {
    /// Kills a node, takes its directory away and starts it again with its keys alone.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn lose_directory(&mut self, node: NodeId) -> Result<(), Failure> {
        self.die(node, true);
        if let Some(node) = self.nodes.get_mut(node) {
            node.disk = MemoryDisk::new();
        }
        self.start(node)
    }

    /// Kills a node and starts a copy of its directory in its place, as on another machine. What was
    /// its disk comes back.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn move_to_copy(&mut self, node: NodeId) -> Result<Option<MemoryDisk>, Failure> {
        self.die(node, false);
        let Some(of) = self.nodes.get_mut(node) else {
            return Ok(None);
        };
        let copy = of.disk.restored_copy();
        let original = std::mem::replace(&mut of.disk, copy);
        self.start(node)?;
        Ok(Some(original))
    }

    /// A copy of the directory of a node that runs, as a backup has it.
    pub(in crate::sim) fn copy_of(&self, node: NodeId) -> Option<MemoryDisk> {
        let of = self.nodes.get(node)?;
        of.core.as_ref().map(|_| of.disk.restored_copy())
    }

    /// Kills a node and starts it from a copy that was taken before.
    ///
    /// # Errors
    /// [`Failure`].
    pub(in crate::sim) fn restore(
        &mut self,
        node: NodeId,
        copy: MemoryDisk,
    ) -> Result<(), Failure> {
        self.die(node, true);
        if let Some(of) = self.nodes.get_mut(node) {
            of.disk = copy;
        }
        self.start(node)
    }

    /// Kills a node and starts what was its directory before, on the same boot. It may find out that
    /// it runs twice.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn move_back(&mut self, node: NodeId, original: MemoryDisk) -> Result<(), Failure> {
        self.die(node, false);
        if let Some(of) = self.nodes.get_mut(node) {
            of.disk = original;
            of.twice = true;
        }
        self.start(node)
    }

    /// Starts a node again with the log key of another, as if key files had been mixed up.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn restart_with_log_key_of(&mut self, node: NodeId, other: NodeId) -> Result<(), Failure> {
        let key = self.nodes.get(other).map(|other| other.member.log.clone());
        if let (Some(of), Some(key)) = (self.nodes.get_mut(node), key) {
            of.member.log = key;
        }
        self.restart(node)
    }

    /// Kills a node and starts it again, on the same boot.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn restart(&mut self, node: NodeId) -> Result<(), Failure> {
        self.die(node, false);
        self.start(node)
    }

    /// Kills a node and starts it again, its operator accepting what is lost.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn restart_accepting_loss(&mut self, node: NodeId) -> Result<(), Failure> {
        self.die(node, false);
        self.accept_loss(node, true);
        self.start(node)?;
        self.accept_loss(node, false);
        Ok(())
    }

    fn accept_loss(&mut self, node: NodeId, accepts: bool) {
        if let Some(of) = self.nodes.get_mut(node) {
            of.accepts_loss = accepts;
        }
    }

    /// The files of a node's ledger with their lengths in bytes.
    #[must_use]
    pub fn ledger_lengths(&self, node: NodeId) -> Vec<(String, usize)> {
        let Some(of) = self.nodes.get(node) else {
            return Vec::new();
        };
        let names = of.disk.list().unwrap_or_default();
        let names = names.into_iter().filter(|name| is_ledger(name));
        let lengths = names.map(|name| {
            let mut length = 0;
            of.disk.edit(&name, |bytes| length = bytes.len());
            (name, length)
        });
        lengths.collect()
    }

    /// Kills a node, cuts its ledger back to what it was, and starts it, its operator accepting the loss.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn lose_end_of_ledger(
        &mut self,
        node: NodeId,
        to: &[(String, usize)],
    ) -> Result<(), Failure> {
        self.die(node, false);
        let disk = self.nodes.get(node).map(|of| of.disk.clone());
        for name in disk.iter().flat_map(|disk| disk.list().unwrap_or_default()) {
            let kept = to.iter().find(|(kept, _)| *kept == name);
            let disk = disk.iter().filter(|_| is_ledger(&name));
            for disk in disk {
                match kept {
                    Some((_, length)) => {
                        disk.edit(&name, |bytes| bytes.truncate(*length));
                    }
                    None => {
                        let _ = disk.remove(&name);
                    }
                }
            }
        }
        self.accept_loss(node, true);
        self.start(node)?;
        self.accept_loss(node, false);
        Ok(())
    }

    /// Lets every read from the disk of a node fail with an error code, or ends that.
    pub fn fail_reads(&self, node: NodeId, code: Option<i32>) {
        if let Some(of) = self.nodes.get(node) {
            of.disk.fail_reads(code);
        }
    }

    /// Lets one read from the disk of a node fail with an error code, after so many that do not.
    pub fn fail_one_read(&self, node: NodeId, code: i32, after_reads: u64) {
        if let Some(of) = self.nodes.get(node) {
            of.disk.fail_one_read(code, after_reads);
        }
    }

    /// Lets the disk of a node do so many calls more and no other, until the node has died of it.
    pub fn fail_after(&mut self, node: NodeId, after_calls: u64) {
        if let Some(of) = self.nodes.get_mut(node) {
            of.faulty = true;
            of.disk.fail(Fault {
                after_calls,
                effect: FaultEffect::Everything,
                lasting: true,
            });
        }
    }

    /// Flips a bit of a body on the disk of a node, or flips it back; `false` when it holds none there.
    #[must_use]
    pub fn flip_body(&self, node: NodeId, pointer: BodyPointer) -> bool {
        let name = format!("bodies-{:08}.seg", pointer.segment);
        let at = pointer.offset as usize + 40;
        let mut flipped = false;
        let flip = |bytes: &mut Vec<u8>| {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1;
                flipped = true;
            }
        };
        let of = self.nodes.get(node);
        of.is_some_and(|of| of.disk.edit(&name, flip)) && flipped
    }

    /// No node is asked any more to have kept a statement that it acknowledged.
    pub fn give_up(&mut self, origin: &Origin, index: LeafIndex) {
        let given_up = |said: &StatementRef| said.origin == *origin && said.index == index;
        self.checker
            .acknowledged
            .retain(|(_, said)| !given_up(said));
    }

    /// Stops a node for good, or until [`Cluster::calm`].
    pub fn stop(&mut self, node: NodeId) {
        self.die(node, false);
    }
}

fn is_ledger(name: &str) -> bool {
    name.starts_with("ledger-")
}
