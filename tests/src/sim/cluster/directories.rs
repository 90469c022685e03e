//! What is done to a node's directory while it is down: lost, copied, moved back, keys mixed up.

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

    /// Stops a node for good, or until [`Cluster::calm`].
    pub fn stop(&mut self, node: NodeId) {
        self.die(node, false);
    }
}
