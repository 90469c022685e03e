//! The thread that a core lives on, and the way to it.
//!
//! Commands arrive over a bounded channel, are handled in batches and made durable together; what
//! the core gives out goes to the connections, to whoever waits for an answer, and to the listener.
//! A fatal error ends the thread: nothing more is acknowledged, and the next start repairs.

mod fault_log;
mod link;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use concordat_protocol::exchange::{ForkEvidence, Input, PeerId, RequestId, ServeId, Violation};
use concordat_protocol::log::LeafIndex;
use concordat_protocol::message::ErrorCode;
use concordat_protocol::statement::{KeyUse, StatementRef};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::LogNumber;
use tokio::sync::{mpsc, oneshot};
use tracing::{debug, error, info, trace, warn};

use crate::clock::Steady;
use crate::core::{
    Core, CoreInput, Fatal, Output, Signing, Submission, SubmitError, Surpassed, Ticket,
};
use crate::disk::Disk;

pub use fault_log::FaultLog;
pub use link::{Inbox, Orders, Received, Room, orders};

/// Commands that may wait for the core; a full channel holds its senders back.
const COMMANDS_MAX: usize = 1_024;
/// Commands handled before what they asked for is made durable.
const BATCH_MAX: usize = 256;

/// Something for the core's thread.
#[derive(Debug)]
pub enum Command {
    /// A connection stands.
    Opened {
        /// Its number.
        peer: PeerId,
        /// Whose it is.
        member: AuthorityCode,
        /// Where its orders go.
        orders: Orders,
    },
    /// A connection is gone.
    Closed {
        /// Its number.
        peer: PeerId,
    },
    /// A frame on a control stream.
    Control {
        /// The connection.
        peer: PeerId,
        /// The frame.
        frame: Received,
    },
    /// A frame that answers a request.
    Answer {
        /// The connection.
        peer: PeerId,
        /// The request.
        request: RequestId,
        /// The frame.
        frame: Received,
    },
    /// A request ended.
    RequestFailed {
        /// The connection.
        peer: PeerId,
        /// The request.
        request: RequestId,
    },
    /// A peer asks for something.
    Request {
        /// The connection.
        peer: PeerId,
        /// The stream.
        serve: ServeId,
        /// The frame.
        frame: Received,
    },
    /// A part of an answer to a peer has gone out, or never will.
    Served {
        /// The connection.
        peer: PeerId,
        /// The stream.
        serve: ServeId,
        /// Where the answer goes on; `None` when there is no more to it.
        next: Option<LeafIndex>,
    },
    /// Statements for one of our logs.
    Submit {
        /// Which log.
        log: LogNumber,
        /// The statements.
        statements: Vec<Vec<u8>>,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<Vec<StatementRef>, SubmitError>>,
    },
    /// A row of a local register; answered once durable.
    Row {
        /// The row.
        bytes: Vec<u8>,
        /// Where the answer goes.
        answer: oneshot::Sender<()>,
    },
    /// A second has passed.
    Tick,
    /// Finish what was begun and end.
    Stop,
}

/// Something for the task of a connection.
#[derive(Debug)]
pub enum Order {
    /// Send on the control stream.
    Send(Vec<u8>),
    /// Open a request stream.
    Ask(RequestId, Vec<u8>),
    /// Reset a request stream of ours.
    Cancel(RequestId),
    /// Send frames on a request stream: the answer, or the part of it that goes on at a position.
    Answer(ServeId, Vec<Vec<u8>>, Option<LeafIndex>),
    /// End the connection.
    Close(ErrorCode),
}

/// Hears of everything that becomes durable or known. Called on the core's thread: be brief.
pub trait Listener: Send + 'static {
    /// One thing.
    fn hear(&mut self, output: &Output);
}

/// The way to a running core.
#[derive(Clone, Debug)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
    next_peer: Arc<AtomicU64>,
}

/// The core is gone: it met a fatal error or was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the node is stopping or its storage has failed; see its log")]
pub struct CoreGone;

impl Handle {
    /// Sends a command; waits while the core is busy.
    ///
    /// # Errors
    /// [`CoreGone`].
    pub async fn send(&self, command: Command) -> Result<(), CoreGone> {
        self.commands.send(command).await.map_err(|_| CoreGone)
    }

    /// Appends statements to one of our logs: acknowledged when durable and under a signed head.
    ///
    /// # Errors
    /// [`SubmitFailure`].
    pub async fn submit(
        &self,
        log: LogNumber,
        statements: Vec<Vec<u8>>,
    ) -> Result<Vec<StatementRef>, SubmitFailure> {
        let (answer, answered) = oneshot::channel();
        self.send(Command::Submit {
            log,
            statements,
            answer,
        })
        .await?;
        Ok(answered.await.map_err(|_| CoreGone)??)
    }

    /// Keeps a row of a local register; returns once it is durable.
    ///
    /// # Errors
    /// [`CoreGone`].
    pub async fn keep_row(&self, bytes: Vec<u8>) -> Result<(), CoreGone> {
        self.begin_row(bytes).await?.await.map_err(|_| CoreGone)
    }

    /// Hands over a row of a local register; what is returned tells when it is durable.
    ///
    /// # Errors
    /// [`CoreGone`].
    pub async fn begin_row(&self, bytes: Vec<u8>) -> Result<oneshot::Receiver<()>, CoreGone> {
        let (answer, answered) = oneshot::channel();
        self.send(Command::Row { bytes, answer }).await?;
        Ok(answered)
    }

    /// Returns once the core has ended, stopped or failed.
    pub async fn ended(&self) {
        self.commands.closed().await;
    }

    /// A number for a new connection.
    #[must_use]
    pub fn next_peer(&self) -> PeerId {
        PeerId(self.next_peer.fetch_add(1, Ordering::Relaxed))
    }
}

/// Why statements were not appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitFailure {
    /// The core is gone.
    #[error(transparent)]
    CoreGone(#[from] CoreGone),
    /// The core refused them.
    #[error(transparent)]
    Refused(#[from] SubmitError),
}

/// Starts the thread of a core.
///
/// # Errors
/// The operating system's, when it gives no thread.
pub fn spawn<D: Disk>(
    core: Core<D>,
    name: String,
    listener: Box<dyn Listener>,
) -> std::io::Result<(Handle, JoinHandle<Result<(), Fatal>>)> {
    let (commands, inbox) = mpsc::channel(COMMANDS_MAX);
    let next_peer = Arc::new(AtomicU64::new(1));
    let thread = std::thread::Builder::new().name(name).spawn(move || {
        let mut worker = Worker {
            core,
            listener,
            links: BTreeMap::new(),
            gone: BTreeMap::new(),
            foreign_keys: Vec::new(),
            faults: FaultLog::new(),
            tickets: BTreeMap::new(),
            rows: Vec::new(),
            next_ticket: 0,
            steady: Steady::start(),
        };
        let outcome = worker.run(inbox);
        if let Err(fatal) = &outcome {
            error!(%fatal, "the node stops: nothing was acknowledged that is not durable");
        }
        outcome
    })?;
    Ok((
        Handle {
            commands,
            next_peer,
        },
        thread,
    ))
}

struct Worker<D: Disk> {
    core: Core<D>,
    listener: Box<dyn Listener>,
    links: BTreeMap<PeerId, Link>,
    /// Connections that have ended since the last release, of which something may still be told.
    gone: BTreeMap<PeerId, AuthorityCode>,
    /// The keys that the log last said the registry does not name.
    foreign_keys: Vec<KeyUse>,
    faults: FaultLog<AuthorityCode>,
    tickets: BTreeMap<Ticket, oneshot::Sender<Result<Vec<StatementRef>, SubmitError>>>,
    rows: Vec<oneshot::Sender<()>>,
    next_ticket: u64,
    steady: Steady,
}

/// One connection.
struct Link {
    member: AuthorityCode,
    orders: Orders,
}

impl<D: Disk> Worker<D> {
    fn run(&mut self, mut inbox: mpsc::Receiver<Command>) -> Result<(), Fatal> {
        for (origin, frozen) in self.core.shared().frozen() {
            warn!(%origin, at = frozen.at.value(), "a log is frozen: it has forked");
        }
        match self.core.signing() {
            Signing::Held => info!("waiting for the hub and the cosigners before signing anything"),
            Signing::Greeting { .. } => debug!("hearing the others before signing anything"),
            Signing::Forked => error!("nothing is signed: a log of this node has forked"),
            Signing::Open => {}
        }
        self.release()?;
        while let Some(command) = inbox.blocking_recv() {
            let mut stopping = self.take(command)?;
            for _ in 1..BATCH_MAX {
                let Ok(command) = inbox.try_recv() else { break };
                stopping |= self.take(command)?;
            }
            self.release()?;
            if stopping {
                break;
            }
        }
        Ok(())
    }

    /// Handles one command; `true` when it is time to stop.
    fn take(&mut self, command: Command) -> Result<bool, Fatal> {
        let now = self.steady.moment();
        let core = &mut self.core;
        match command {
            Command::Opened {
                peer,
                member,
                orders,
            } => {
                self.links.insert(peer, Link { member, orders });
                core.handle(now, CoreInput::Exchange(Input::Opened { peer, member }))?;
            }
            Command::Closed { peer } => {
                if let Some(link) = self.links.remove(&peer) {
                    self.gone.insert(peer, link.member);
                }
                core.handle(now, CoreInput::Exchange(Input::Closed { peer }))?;
            }
            Command::Control { peer, frame } => {
                let bytes = frame.bytes();
                core.handle(now, CoreInput::Exchange(Input::Control { peer, bytes }))?;
            }
            Command::Answer {
                peer,
                request,
                frame,
            } => {
                let input = Input::Answer {
                    peer,
                    request,
                    bytes: frame.bytes(),
                };
                core.handle(now, CoreInput::Exchange(input))?;
            }
            Command::RequestFailed { peer, request } => {
                core.handle(
                    now,
                    CoreInput::Exchange(Input::RequestFailed { peer, request }),
                )?;
            }
            Command::Request { peer, serve, frame } => {
                let input = Input::Request {
                    peer,
                    serve,
                    bytes: frame.bytes(),
                };
                core.handle(now, CoreInput::Exchange(input))?;
            }
            Command::Served { peer, serve, next } => {
                let input = Input::Served { peer, serve, next };
                core.handle(now, CoreInput::Exchange(input))?;
            }
            Command::Submit {
                log,
                statements,
                answer,
            } => {
                let ticket = Ticket(self.next_ticket);
                self.next_ticket += 1;
                self.tickets.insert(ticket, answer);
                core.handle(
                    now,
                    CoreInput::Submit(Submission {
                        ticket,
                        log,
                        statements,
                    }),
                )?;
            }
            Command::Row { bytes, answer } => {
                core.handle(now, CoreInput::Row(&bytes))?;
                self.rows.push(answer);
            }
            Command::Tick => {
                for (member, more) in self.faults.due(now.steady) {
                    warn!(%member, more, "a peer was at fault more often than was written");
                }
                if core.deadline() <= now.steady {
                    core.handle(now, CoreInput::Exchange(Input::Deadline))?;
                }
            }
            Command::Stop => return Ok(true),
        }
        Ok(false)
    }

    /// Makes everything durable and gives out what follows.
    fn release(&mut self) -> Result<(), Fatal> {
        self.release_rows()?;
        for output in self.core.finish()? {
            self.listener.hear(&output);
            self.dispatch(output);
        }
        self.tell_of_foreign_keys();
        self.gone.clear();
        Ok(())
    }

    /// Answers whoever waits for a row as soon as that is durable, before the heads of what came with it are
    /// signed and written.
    // spec: LKP-1
    fn release_rows(&mut self) -> Result<(), Fatal> {
        if self.rows.is_empty() {
            return Ok(());
        }
        self.core.keep_rows()?;
        for row in self.rows.drain(..) {
            // Whoever asked may have gone; the row is kept all the same.
            let _ = row.send(());
        }
        Ok(())
    }

    /// Says so in the log when the keys that the registry does not name are others than before: at the
    /// start, or when a change of the registry arrives.
    // spec: ADM-144
    fn tell_of_foreign_keys(&mut self) {
        let uses = self.core.shared().foreign_keys();
        if !uses.is_empty() && uses != self.foreign_keys {
            error!(
                ?uses,
                "the registry names other keys for this member than these: nothing is signed; put \
                 the right keys in place and start again"
            );
        }
        self.foreign_keys = uses;
    }

    fn dispatch(&mut self, output: Output) {
        match output {
            Output::Send { peer, frame } => self.order(peer, Order::Send(frame)),
            Output::Ask {
                peer,
                request,
                frame,
            } => self.order(peer, Order::Ask(request, frame)),
            Output::Cancel { peer, request } => self.order(peer, Order::Cancel(request)),
            Output::Answer {
                peer,
                serve,
                frames,
                next,
            } => {
                self.order(peer, Order::Answer(serve, frames, next));
            }
            Output::Close { peer, code } => self.order(peer, Order::Close(code)),
            Output::Submitted { ticket, result } => {
                if let Some(answer) = self.tickets.remove(&ticket) {
                    let _ = answer.send(result);
                }
            }
            Output::Report { peer, violation } => self.report(peer, violation),
            Output::Forked { origin, evidence } => {
                let evidence = ForkEvidence::parse(&evidence);
                let sizes =
                    evidence.map(|e| (e.smaller().size().value(), e.larger().size().value()));
                error!(
                    %origin,
                    ?sizes,
                    "a log has forked: it is frozen here and the evidence is kept"
                );
                if self.core.signing() == &Signing::Forked {
                    error!("nothing is signed any more: a log of this node has forked");
                }
            }
            Output::Witnessed { origin, witnessed } => {
                debug!(%origin, size = witnessed.size.value(), "witnessed");
            }
            Output::Head { origin, size } => debug!(%origin, size = size.value(), "head"),
            Output::Signing => info!("the node signs"),
            Output::Surpassed(Surpassed {
                origin,
                size,
                signed,
                lasts,
            }) => error!(
                %origin,
                elsewhere = size.value(),
                here = signed.value(),
                until_started_again = lasts,
                "another instance of this node has signed more of its log: nothing is signed here \
                 before that is fetched back; make sure that only one instance runs"
            ),
            Output::RegistryChanged => info!("the registry has changed"),
            // What is done of foreign keys is said once for every way to them.
            Output::ForeignKeys(_) | Output::Durable { .. } | Output::Holds { .. } => {}
        }
    }

    fn report(&mut self, peer: PeerId, violation: Violation) {
        let link = self.links.get(&peer).map(|link| link.member);
        let Some(member) = link.or_else(|| self.gone.get(&peer).copied()) else {
            return;
        };
        match self.faults.count(member, self.steady.moment().steady) {
            Some(unwritten) => {
                warn!(peer = peer.0, %member, %violation, unwritten, "a peer is at fault");
            }
            None => trace!(peer = peer.0, %member, %violation, "a peer is at fault"),
        }
    }

    fn order(&self, peer: PeerId, order: Order) {
        if let Some(link) = self.links.get(&peer) {
            link.orders.give(order);
        }
    }
}
