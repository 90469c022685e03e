//! The admin channel of a running node: a Unix socket, and streams of remote administrators.
//!
//! Serves the frames of `spec/admin.md`. One request at a time per stream; the work of a request
//! (queries, signatures, imports) is done on blocking threads, its frames go out as they come:
//!
//! ```text
//! admin.sock ─┐                    ┌─► status, peer, subject   ─► registry, store, effect
//!             ├─► server ─► desk ──┼─► act, import, submit     ─► core (durable, then answered)
//! QUIC stream ┘                    └─► bundle                  ─► proof file
//! ```
//!
//! Whoever can open the socket is the administrator; from elsewhere it takes a key that the registry
//! names, and the transport has seen to that. What is looked up about an organisation is written to
//! the register of look-ups before it is answered.
//!
//! Out of scope: addresses added while the node runs; they stand in its configuration.

mod act;
mod acts;
mod agreement;
mod answers;
mod awaited;
mod batch;
mod bundle;
mod clean;
mod codes;
mod desk;
mod erased;
mod frozen;
mod hops;
mod import;
mod joint;
mod ledger;
mod link;
mod listed;
mod look_ups;
mod lookup;
mod naming;
mod peer;
mod propagation;
mod quorum;
mod record;
mod records;
mod refusal;
mod server;
mod shown;
mod slip;
mod statistics;
mod status;
mod stored;
mod subject;
mod submit;
mod target;
mod titles;
mod view;
mod watch;

pub use server::{AdminServer, AdminStartError, CLIENTS_MAX};
