//! Connections: who dials whom, what is carried, what is lost on the way.

use concordat_protocol::message::Absence;
use concordat_protocol::statement::{Body, Statement};

use super::*;

/// What a hub answers that says of corrections and withdrawals that it does not hold them.
fn without_corrections(frame: Vec<u8>) -> Vec<u8> {
    let Ok(Frame::BodyBlock { next, mut entries }) = Frame::decode(&frame) else {
        return frame;
    };
    let takes_back = |body: &[u8]| {
        let statement = Body::decode(body).ok()?;
        let statement = Statement::decode(statement.statement()).ok()?;
        let class = statement.payload().class();
        Some(matches!(class, Class::Correction | Class::Withdrawal))
    };
    for entry in &mut entries {
        if entry.body.is_ok_and(|body| takes_back(body) == Some(true)) {
            entry.body = Err(Absence::NotHeld);
        }
    }
    Frame::BodyBlock { next, entries }.encode()
}

impl Cluster {
    /// Whether two nodes are connected.
    #[must_use]
    pub fn are_connected(&self, pair: [NodeId; 2]) -> bool {
        let mut connections = self.connections.values();
        connections.any(|connection| connection.ends == pair && connection.open == [true, true])
    }

    pub(super) fn is_open(&self, connection: u64, node: NodeId) -> bool {
        let connection = self.connections.get(&connection);
        connection.is_some_and(|connection| connection.is_open_at(node))
    }

    pub(super) fn carry(&mut self, id: u64, from: NodeId, stream: Stream, bytes: Vec<u8>) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if !connection.is_open_at(from) {
            return;
        }
        let to = connection.other(from);
        let blocked = self.blocked.contains(&(from, to));
        let (now, trouble) = (self.now, self.trouble);
        let fate = connection.carry(&mut self.rng, now, (to, stream), trouble, blocked);
        let frame = |bytes| Event::Frame {
            connection: id,
            to,
            stream,
            bytes,
        };
        match fate {
            Fate::Arrives { at, again } => {
                if let Some(again) = again {
                    self.at(again, frame(bytes.clone()));
                }
                self.at(at, frame(bytes));
            }
            Fate::Lost { breaks } => {
                let later = self.rng.within(0, 2_000);
                self.at(
                    breaks,
                    Event::Gone {
                        connection: id,
                        node: from,
                    },
                );
                self.at(
                    breaks + later,
                    Event::Gone {
                        connection: id,
                        node: to,
                    },
                );
            }
            Fate::Void => {}
        }
    }

    /// Carries an answer, or one part of it, and its end after the last.
    pub(super) fn answer(
        &mut self,
        id: u64,
        from: NodeId,
        serve: ServeId,
        frames: Vec<Vec<u8>>,
        is_last: bool,
    ) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let to = connection.other(from);
        let Some(request) = connection.serves.get(&serve).copied() else {
            return;
        };
        for mut frame in frames {
            if self.hub_drops && from == 0 {
                frame = without_corrections(frame);
            }
            self.carry(id, from, Stream::Answer(request), frame);
        }
        let Some(connection) = self.connections.get_mut(&id).filter(|_| is_last) else {
            return;
        };
        connection.serves.remove(&serve);
        let end = connection.end_of(to, Stream::Answer(request));
        if let Some(at) = end {
            let end = Event::End {
                connection: id,
                to,
                request,
            };
            self.at(at, end);
        }
    }

    /// One end closes a connection; the other learns of it later.
    pub(super) fn close(&mut self, id: u64, node: NodeId) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        connection.close_at(node);
        let (other, pair) = (connection.other(node), connection.ends);
        let both = connection.open == [false, false];
        if both {
            self.connections.remove(&id);
        }
        let later = self.rng.within(0, 3_000);
        self.after(
            later,
            Event::Gone {
                connection: id,
                node: other,
            },
        );
        self.after(later + 100, Event::Dial { pair });
    }

    pub(super) fn gone(&mut self, connection: u64, node: NodeId) -> Result<(), Failure> {
        if !self.is_open(connection, node) {
            return Ok(());
        }
        self.close(connection, node);
        let peer = PeerId(connection);
        self.exchange(node, Input::Closed { peer })
    }

    /// The others learn at once that a node was gone, and connect with it again.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn reconnect(&mut self, node: NodeId) -> Result<(), Failure> {
        let left = |(id, connection): (&u64, &Connection)| {
            let is_left = connection.ends.contains(&node) && !connection.is_open_at(node);
            is_left.then(|| (*id, connection.other(node)))
        };
        let left: Vec<(u64, NodeId)> = self.connections.iter().filter_map(left).collect();
        for (connection, other) in left {
            self.gone(connection, other)?;
        }
        let others = (0..self.nodes.len()).filter(|other| *other != node);
        for other in others {
            self.dial([node.min(other), node.max(other)])?;
        }
        Ok(())
    }

    pub(super) fn dial(&mut self, pair: [NodeId; 2]) -> Result<(), Failure> {
        let under_way = |connection: &Connection| connection.ends == pair;
        if self.connections.values().any(under_way) {
            return Ok(());
        }
        let [first, second] = pair;
        let blocked =
            self.blocked.contains(&(first, second)) || self.blocked.contains(&(second, first));
        let (Some(known), Some(known_back)) =
            (self.knows(first, second), self.knows(second, first))
        else {
            return self.redial(pair);
        };
        if blocked {
            return self.redial(pair);
        }
        let id = self.next_connection;
        self.next_connection += 1;
        self.connections.insert(id, Connection::new(pair));
        let peer = PeerId(id);
        let member = known;
        self.exchange(first, Input::Opened { peer, member })?;
        let member = known_back;
        self.exchange(second, Input::Opened { peer, member })
    }

    pub(super) fn redial(&mut self, pair: [NodeId; 2]) -> Result<(), Failure> {
        let pause = self.rng.within(200, 1_000);
        self.after(pause, Event::Dial { pair });
        Ok(())
    }

    /// Whom a node takes another for, by its own registry and the other's node key.
    pub(super) fn knows(&self, node: NodeId, other: NodeId) -> Option<AuthorityCode> {
        self.core(other)?;
        let key = self.nodes.get(other)?.member.node.public_key();
        let registry = self.core(node)?.registry();
        registry
            .member_by_node_key(&key)
            .map(|member| member.code())
    }

    /// After a change of the registry: connections to keys that no longer count end.
    pub(super) fn look_at_connections(&mut self, node: NodeId) {
        let open = self.connections.iter().filter(|(_, connection)| {
            connection.ends.contains(&node) && connection.is_open_at(node)
        });
        let open: Vec<(u64, NodeId)> = open.map(|(id, c)| (*id, c.other(node))).collect();
        for (connection, other) in open {
            let Some(key) = self.nodes.get(other).map(|n| n.member.node.public_key()) else {
                continue;
            };
            let known = self
                .core(node)
                .is_some_and(|core| core.registry().member_by_node_key(&key).is_some());
            if !known {
                self.after(0, Event::Gone { connection, node });
            }
        }
    }
}
