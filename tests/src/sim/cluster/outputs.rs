//! What a node wants done: frames carried, and what it says of itself checked.

use super::*;

impl Cluster {
    pub(super) fn perform(&mut self, node: NodeId, outputs: Vec<Output>) -> Result<(), Failure> {
        for output in outputs {
            self.perform_one(node, output)?;
        }
        Ok(())
    }

    fn perform_one(&mut self, node: NodeId, output: Output) -> Result<(), Failure> {
        match output {
            Output::Send { peer, frame } => {
                let verdict = self.checker.sent(&frame);
                self.verdict(verdict)?;
                if let Some(code) = self.nodes.get(node).map(|node| node.member.code()) {
                    let verdict = self.checker.cosigned(code, &frame);
                    self.verdict(verdict)?;
                }
                self.carry(peer.0, node, Stream::Control, frame);
            }
            Output::Ask {
                peer,
                request,
                frame,
            } => {
                let serve = ServeId(self.next_serve);
                self.next_serve += 1;
                self.carry(peer.0, node, Stream::Request(serve, request), frame);
            }
            Output::Cancel { peer, request } => {
                if let Some(connection) = self.connections.get_mut(&peer.0) {
                    connection.stop(node, Stream::Answer(request));
                }
            }
            Output::Answer {
                peer,
                serve,
                frames,
                next,
            } => {
                self.answer(peer.0, node, serve, frames, next.is_none());
                // Only behind what else goes out with it: frames to one peer keep their order.
                let life = self.nodes.get(node).map_or(0, |node| node.life);
                let served = Event::Served {
                    node,
                    life,
                    answer: (peer, serve, next),
                };
                self.after(0, served);
            }
            Output::Close { peer, code } => {
                return self.fail(format!("node {node} closed {peer:?} with {code:?}"));
            }
            Output::Submitted { ticket, result } => self.submitted(node, ticket, result)?,
            Output::Durable { items, .. } => {
                if let Some(core) = self.core(node) {
                    self.verdict(Checker::durable(core, &items))?;
                }
            }
            Output::RegistryChanged => self.look_at_connections(node),
            Output::Head { origin, size } => {
                let heads = self.core(node).map(|core| core.shared().heads(&origin));
                let head = heads.and_then(|heads| heads.get(&size).cloned());
                if let Some(head) = head {
                    let verdict = self.checker.root(&origin, size, *head.root());
                    self.verdict(verdict)?;
                }
            }
            Output::Forked { origin, .. } => {
                return self.fail(format!("node {node} says that {origin} has forked"));
            }
            Output::ForeignKeys(_) => {}
            Output::Surpassed(_) if self.nodes.get(node).is_some_and(|node| node.twice) => {}
            Output::Surpassed(surpassed) => {
                return self.fail(format!(
                    "node {node} says that it runs twice: {surpassed:?}"
                ));
            }
            Output::Report { peer, violation } => {
                return self.fail(format!("node {node} reports {peer:?}: {violation}"));
            }
            Output::Witnessed { .. } | Output::Holds { .. } | Output::Signing => {}
        }
        Ok(())
    }

    fn submitted(
        &mut self,
        node: NodeId,
        ticket: Ticket,
        result: Result<Vec<StatementRef>, SubmitError>,
    ) -> Result<(), Failure> {
        let Some((class, about)) = self.pending.remove(&ticket) else {
            return self.fail(format!("{ticket:?} was answered twice"));
        };
        let Some(code) = self.nodes.get(node).map(|node| node.member.code()) else {
            return Ok(());
        };
        match result {
            Ok(references) => {
                for reference in references {
                    self.checker.acknowledged.push((code, reference.clone()));
                    self.said.push(Said {
                        class,
                        reference,
                        about,
                    });
                }
                Ok(())
            }
            Err(SubmitError::SigningHeld | SubmitError::TargetUnreadable { .. }) => Ok(()),
            Err(error) => self.fail(format!("node {node} refused a statement: {error}")),
        }
    }
}
