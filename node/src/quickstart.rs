//! The tour: a whole network on this machine, with real keys, sockets, disks and decisions.
//!
//! It does what an operator would do, through the same functions: genesis, enrolment approved by
//! two, import, exchange, objection, ruling, correction, an agreement by which another authority relies on
//! a decision, export and offline verification.

mod network;
mod tour;

use std::error::Error;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::output::{self, OutputFailed};

pub use tour::run;

/// How the tour is taken.
#[derive(Clone, Debug)]
pub struct TourOptions {
    /// The directory that everything is written below.
    pub directory: PathBuf,
    /// Ends after the tour; otherwise the nodes go on until interrupted.
    pub once: bool,
    /// Says nothing but the last line, as JSON.
    pub json: bool,
    /// Whether to speak Chinese.
    pub chinese: bool,
}

/// What the tour found, as `--output json` prints it.
#[derive(Clone, Debug, Serialize)]
pub struct TourResult {
    /// Nodes, the hub included.
    pub nodes: usize,
    /// Statements about organisations made by the import.
    pub statements: usize,
    /// Whether every node held every statement.
    pub exchanged_to_all: bool,
    /// Nodes whose query said that the objection suspends the decision.
    pub suspended_at: Vec<String>,
    /// Nodes whose query said that the decision is corrected.
    pub corrected_at: Vec<String>,
    /// Nodes at which the decision was for information before two authorities agreed.
    pub for_information_at: Vec<String>,
    /// The clause by which it is recognised at the other authority since.
    pub recognised_by: Option<String>,
    /// Whether the exported bundle verified offline.
    pub bundle_verified: bool,
    /// Whether the bundle with one byte flipped was refused.
    pub tampered_bundle_rejected: bool,
    /// Whether everyone who was given the decision has said that it applied the correction.
    pub propagation_complete: bool,
    /// How long it took.
    pub elapsed_ms: u128,
}

/// Why the tour ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TourError {
    /// The directory exists.
    #[error("{path} exists already; remove it or run in another folder")]
    Exists {
        /// Which.
        path: PathBuf,
    },
    /// Setting the network up failed.
    #[error("setting up the network: {0}")]
    SettingUp(Box<dyn Error + Send + Sync>),
    /// A step of the tour failed.
    #[error("{step}: {cause}")]
    Step {
        /// Which.
        step: &'static str,
        /// Why.
        cause: Box<dyn Error + Send + Sync>,
    },
    /// It was interrupted; its nodes have been stopped.
    #[error("interrupted; the nodes have been stopped")]
    Interrupted,
    /// Something did not happen in time.
    #[error("{what} did not happen within {seconds} seconds")]
    Late {
        /// What.
        what: &'static str,
        /// The limit.
        seconds: u64,
    },
    /// The data names no authority.
    #[error("the data names no authority")]
    NoAuthorities,
    /// What it says cannot be written.
    #[error(transparent)]
    Output(#[from] OutputFailed),
}

impl TourError {
    pub(super) fn setting_up<E: Into<Box<dyn Error + Send + Sync>>>(cause: E) -> Self {
        Self::SettingUp(cause.into())
    }

    pub(super) fn step<E: Into<Box<dyn Error + Send + Sync>>>(
        step: &'static str,
    ) -> impl FnOnce(E) -> Self {
        move |cause| Self::Step {
            step,
            cause: cause.into(),
        }
    }
}

/// Where the tour speaks.
pub(super) struct Voice {
    quiet: bool,
    chinese: bool,
    failed: Mutex<Option<OutputFailed>>,
}

impl Voice {
    pub(super) const fn new(options: &TourOptions) -> Self {
        Self {
            quiet: options.json,
            chinese: options.chinese,
            failed: Mutex::new(None),
        }
    }

    /// Says a line in the language chosen.
    pub(super) fn say(&self, english: &str, chinese: &str) {
        if self.quiet {
            return;
        }
        let line = if self.chinese { chinese } else { english };
        if let Err(error) = output::print(&format!("{line}\n")) {
            *self.failure() = Some(error);
        }
    }

    /// Whether all that was said could be written.
    ///
    /// # Errors
    /// [`TourError::Output`].
    pub(super) fn heard(&self) -> Result<(), TourError> {
        match self.failure().take() {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    fn failure(&self) -> MutexGuard<'_, Option<OutputFailed>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
