//! A member without a machine: what it says to a node goes in by hand, on a connection of its own.

use super::*;

const VISITOR: PeerId = PeerId(u64::MAX);

impl Cluster {
    /// What a node answers to a request by another, which then leaves.
    ///
    /// # Errors
    /// [`Failure`] when the node does not run, or its core gives up.
    pub fn ask(
        &mut self,
        node: NodeId,
        by: NodeId,
        request: &Frame<'_>,
    ) -> Result<Vec<Vec<u8>>, Failure> {
        let (peer, serve) = (VISITOR, ServeId(u64::MAX));
        let bytes = &request.encode();
        let says = [
            Input::Request { peer, serve, bytes },
            Input::Closed { peer },
        ];
        let outputs = self.visit(node, by, says)?;
        let frames = outputs.into_iter().filter_map(|output| {
            let Output::Answer { frames, .. } = output else {
                return None;
            };
            Some(frames)
        });
        Ok(frames.flatten().collect())
    }

    /// A member claims to hold ever so much of a node's logs, and stays.
    ///
    /// # Errors
    /// [`Failure`] when the node does not run, or its core gives up.
    pub fn claim(&mut self, node: NodeId, by: NodeId, size: TreeSize) -> Result<(), Failure> {
        let own = self.core(node).map(Core::own_logs).unwrap_or_default();
        let claims = own.into_iter().map(|origin| FrontierEntry {
            origin,
            size,
            root: Hash::from_bytes([9; 32]),
            bodies: size,
            vouched: Vouched::default(),
        });
        let bytes = &Frame::Frontier(claims.collect()).encode();
        let says = [Input::Control {
            peer: VISITOR,
            bytes,
        }];
        self.visit(node, by, says).map(drop)
    }

    /// Greets a node and says more; what it answers comes back, the rest takes its course.
    fn visit<'a>(
        &mut self,
        node: NodeId,
        by: NodeId,
        says: impl IntoIterator<Item = Input<'a>>,
    ) -> Result<Vec<Output>, Failure> {
        let (now, peer) = (self.time(), VISITOR);
        let member = self.nodes.get(by).map(|by| by.member.code());
        let genesis = self.network.genesis.id();
        let core = self.nodes.get_mut(node).and_then(|of| of.core.as_mut());
        let (Some(core), Some(member)) = (core, member) else {
            return self.fail(format!("node {node} does not run"));
        };
        let hello = peer::hello(genesis, member);
        let bytes = &hello.encode();
        let greets = [
            Input::Opened { peer, member },
            Input::Control { peer, bytes },
        ];
        let mut handle = |input: Input<'_>| core.handle(now, CoreInput::Exchange(input));
        let greeted = greets.into_iter().try_for_each(&mut handle);
        let said = greeted.and_then(|()| says.into_iter().try_for_each(handle));
        let outputs = match said.and_then(|()| core.finish()) {
            Ok(outputs) => outputs,
            Err(error) => return self.fail(error.to_string()),
        };
        let (to_visitor, others) = outputs.into_iter().partition(|output| {
            matches!(output, Output::Send { peer: to, .. } | Output::Answer { peer: to, .. } if *to == peer)
        });
        self.perform(node, others)?;
        Ok(to_visitor)
    }
}
