//! Whether the node may sign: the safe start, and what stops it later.
//!
//! ```text
//! start ── nothing in doubt ──> Greeting ── heard, or 2 s ──> Open
//!   │                              │                           │
//!   └── doubt ──> Held <───────────┴── a larger head of ours ──┘
//!                  └── enough answers, all fetched back ──> Open, with a restart entry
//! ```
//! Out of scope: forks of our own logs (`frozen`), which end all signing.

use std::collections::BTreeSet;
use std::time::Duration;

use concordat_protocol::exchange::{Input, Replica};
use concordat_protocol::log::{Origin, TreeSize, VerifiedCheckpoint, hash};
use concordat_protocol::statement::{Content, KeyUse, Restart, Standing};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::Member;
use tracing::{error, warn};

use crate::core::ledger::{NO_LOG, Record};
use crate::core::logs::Log;
use crate::core::recover::OpenCoreError;
use crate::core::types::{Fatal, Output, Signing, Surpassed};
use crate::core::{Core, write};
use crate::disk::Disk;
use crate::signer_state::{Continuity, SignedHead, SignerState};

/// How long a node that starts without doubt waits for the hub, or a hub for a member.
const GREETING: Duration = Duration::from_secs(2);

/// How long a node that asks others waits for the proof of what they claim to hold.
const CLAIMS: Duration = Duration::from_secs(10);

impl<D: Disk> Core<D> {
    /// Same boot and nothing lost: go on once the hub was heard. Otherwise ask others first.
    // spec: STO-26, STO-40
    pub(super) fn start_signing(
        &mut self,
        told_first: bool,
        has_signed: bool,
    ) -> Result<(), OpenCoreError> {
        if self.is_stopped_by_fork() {
            return Ok(());
        }
        let hub = self.is_hub();
        // What was lost with the end of the ledger, the signer states alone do not tell.
        // spec: STO-29
        let whole = !self.journal.is_in_doubt();
        let alone = hub && self.others().next().is_none();
        // spec: STO-42
        if told_first && !alone {
            return Err(OpenCoreError::NotTheFirst);
        }
        let fresh = |state: &SignerState<D>| state.continuity() == Continuity::Fresh;
        // spec: STO-80
        let first_start = told_first && !has_signed;
        if alone && !first_start && self.signer_states.values().all(fresh) {
            return Err(match (self.accepts_loss, has_signed) {
                (true, _) => OpenCoreError::NothingLeft,
                (false, true) => OpenCoreError::HasSigned,
                (false, false) => OpenCoreError::NeverSigned,
            });
        }
        let safe = self.signer_states.iter().all(|(origin, state)| {
            let logs = self.shared.logs();
            let log = logs.get(origin);
            let holds = self.is_as_signed(origin, log, state.head());
            match state.continuity() {
                Continuity::SameBoot | Continuity::Rebooted => holds,
                // Its operator says that no one could have seen anything of it.
                Continuity::Fresh => {
                    first_start && log.is_none_or(|log| log.size() == TreeSize::ZERO)
                }
                Continuity::CopiedOrRestored | Continuity::Doubtful => first_start && holds,
            }
        });
        // A log that is not yet in use stands beside others that are.
        let partly = self
            .signer_states
            .values()
            .any(|s| s.continuity() != Continuity::Fresh);
        let safe = safe || partly && self.fresh_ones_are_empty();
        if told_first && has_signed && !(whole && safe) {
            return Err(OpenCoreError::HasSigned);
        }
        if !whole || !safe {
            self.doubt_silence();
            self.hold();
            return Ok(());
        }
        let until = self.now.checked_add(GREETING).unwrap_or(self.now);
        self.signing = Signing::Greeting { until };
        Ok(self.end_greeting()?)
    }

    /// Who takes part besides this node and can connect.
    // spec: STO-71
    fn others(&self) -> impl Iterator<Item = AuthorityCode> {
        let connect = self.registry.members().filter(|member| member.connects());
        let codes = connect.map(Member::code);
        codes.filter(|code| *code != self.me)
    }

    /// This may be a copy from before: that nothing is held against a decision tells nothing until its logs and
    /// the home register have been heard anew.
    // spec: STO-100
    fn doubt_silence(&self) {
        let witnessed = self.shared.witnessed();
        let before = witnessed
            .into_iter()
            .map(|(origin, seen)| (origin, seen.at));
        *write(&self.shared.restored) = before.collect();
    }

    /// Signs nothing before others have been asked.
    fn hold(&mut self) {
        self.signing = Signing::Held;
        self.claims_until = None;
        self.tell_doubts();
        for origin in self.own_logs() {
            self.exchange.set_recovering(&origin, true);
        }
    }

    /// Signs once someone who would know of a copy of this directory was heard, or did not speak in
    /// time. A claim to hold more is waited out: the head that proves it comes with it or not at all.
    // spec: STO-40
    fn end_greeting(&mut self) -> Result<(), Fatal> {
        let Signing::Greeting { until } = self.signing else {
            return Ok(());
        };
        let hub = self.genesis.hub();
        let knows = |member: AuthorityCode| match hub == self.me {
            true => member != self.me,
            false => member == hub,
        };
        let alone = !self.others().any(knows);
        let heard = self.exchange.connected().any(|(_, member)| {
            knows(member)
                && self.own_logs().iter().all(|origin| {
                    let held = self.exchange.replica(origin).map(Replica::durable);
                    let spoken = self.exchange.has_spoken_of(member, origin);
                    spoken.is_some_and(|size| size <= held.unwrap_or(TreeSize::ZERO))
                })
        });
        match alone || heard || self.now >= until {
            true => self.open_signing(),
            false => Ok(()),
        }
    }

    /// A log of ours goes further, under our own key, than what we have signed of it.
    // spec: STO-41
    pub(super) fn surpassed(&mut self, head: &VerifiedCheckpoint) -> Result<(), Fatal> {
        let (origin, size) = (head.origin().clone(), head.size());
        let signed = self.signer_states.get(&origin).and_then(SignerState::head);
        // The exchange knows no head of ours while the registry does not name us, as after the loss of
        // its bodies; the signer state always does.
        if signed.is_some_and(|signed| signed.size >= size.value()) {
            return Ok(());
        }
        // What is staged would be durable without a head, beside what the other instance wrote.
        if self.staged.own.values().next().is_some() {
            return Err(Fatal::Surpassed { origin, size });
        }
        let signed = TreeSize::new(signed.map_or(0, |head| head.size)).unwrap_or(TreeSize::ZERO);
        // Two that both went on by themselves would take turns for ever, and fork the log soon.
        self.has_twin |= self.signing == Signing::Open;
        self.doubt_silence();
        self.hold();
        let surpassed = Surpassed {
            origin,
            size,
            signed,
            lasts: self.has_twin,
        };
        *write(&self.shared.surpassed) = Some(surpassed.clone());
        self.outputs.push(Output::Surpassed(surpassed));
        Ok(())
    }

    /// Says why nothing is signed before others have answered.
    fn tell_doubts(&self) {
        for (origin, state) in &self.signer_states {
            let (signed, continuity) = (state.head(), state.continuity());
            let logs = self.shared.logs();
            let log = logs.get(origin);
            let held = log.map_or(0, |log| log.size().value());
            if let Some(signed) = signed.filter(|_| !holds_signed(log, signed)) {
                let signed = signed.size;
                error!(%origin, signed, held, "the journal does not hold what was signed");
            } else if continuity != Continuity::Fresh || held > 0 {
                warn!(%origin, held, ?continuity, "the signer state does not say what was signed last");
            }
        }
    }

    /// Whether a log holds what was signed of it, and nothing under a head that was signed elsewhere:
    /// that was fetched back, and no restart has been logged since.
    fn is_as_signed(&self, origin: &Origin, log: Option<&Log>, signed: Option<SignedHead>) -> bool {
        let newest = self.exchange.replica(origin).and_then(Replica::head);
        let newest = newest.map_or(0, |head| head.size().value());
        newest <= signed.map_or(0, |head| head.size) && holds_signed(log, signed)
    }

    fn fresh_ones_are_empty(&self) -> bool {
        self.signer_states.iter().all(|(origin, state)| {
            let logs = self.shared.logs();
            let log = logs.get(origin);
            match state.continuity() {
                Continuity::Fresh => log.is_none_or(|log| log.size() == TreeSize::ZERO),
                Continuity::SameBoot | Continuity::Rebooted => {
                    self.is_as_signed(origin, log, state.head())
                }
                Continuity::CopiedOrRestored | Continuity::Doubtful => false,
            }
        })
    }

    /// Whether nothing may be signed whatever others say.
    // spec: STO-41, STO-44
    fn is_barred(&mut self) -> bool {
        let foreign = self.foreign_keys();
        let barred = self.is_stopped_by_fork() || self.has_twin || !foreign.is_empty();
        *write(&self.shared.foreign_keys) = foreign;
        barred
    }

    /// Keys in this directory that the registry does not name as this member's: what they sign is
    /// refused everywhere, and could not be taken back.
    pub(super) fn foreign_keys(&self) -> Vec<KeyUse> {
        let Some(member) = self.registry.member(self.me) else {
            return Vec::new();
        };
        let log = self.keys.log.public_key();
        // A key that was cut off signs nothing beyond the head that the cut-off names, and every head
        // to come lies beyond it.
        let log = member.log_keys_for(TreeSize::MAX).any(|key| *key == log);
        let statement = self.keys.statement.public_key().id();
        let statement = member.statement_key(statement).is_some();
        let keys = [(KeyUse::Log, log), (KeyUse::Statement, statement)];
        let foreign = keys.into_iter().filter(|(_, known)| !known);
        foreign.map(|(key_use, _)| key_use).collect()
    }

    /// Stops when the registry has come to name other keys than those that this node signs with.
    ///
    /// `only` narrows the keys that are looked at.
    // spec: STO-44
    pub(super) fn stop_with_foreign_keys(&mut self, only: Option<KeyUse>) {
        let foreign = self.foreign_keys();
        let found = only.map_or(!foreign.is_empty(), |key_use| foreign.contains(&key_use));
        if found && self.signing == Signing::Open {
            *write(&self.shared.foreign_keys) = foreign.clone();
            self.hold();
            self.outputs.push(Output::ForeignKeys(foreign));
        }
    }

    fn open_signing(&mut self) -> Result<(), Fatal> {
        if self.is_barred() {
            return Ok(());
        }
        self.signing = Signing::Open;
        *write(&self.shared.surpassed) = None;
        for origin in self.own_logs() {
            self.exchange.set_recovering(&origin, false);
            let size = self
                .shared
                .logs()
                .get(&origin)
                .map_or(0, |log| log.size().value());
            // From here on a crash before the first head is known for what it is: the state says
            // that nothing was signed, where none would say that nothing is known.
            if let Some(state) = self.signer_states.get_mut(&origin)
                && state.head().is_none()
            {
                state.compare_and_swap(None, nothing_signed(), &[])?;
            }
            let signed = self.signer_states.get(&origin).and_then(SignerState::head);
            let signed = signed.map_or(0, |head| head.size);
            if size > signed {
                let before = TreeSize::new(signed).unwrap_or(TreeSize::ZERO);
                self.read_back(&origin, before)?;
                self.sign_head(&origin)?;
            }
        }
        self.outputs.push(Output::Signing);
        self.feed(Input::SigningOpened)
    }

    /// Once enough others have said what they saw of our logs and we hold all of it, we sign again.
    // spec: STO-27
    pub(super) fn resume_if_safe(&mut self) -> Result<(), Fatal> {
        if self.signing == Signing::Open || self.is_barred() {
            return Ok(());
        }
        self.end_greeting()?;
        if self.signing != Signing::Held || !self.enough_answers() {
            return Ok(());
        }
        let behind = self.own_logs().iter().any(|origin| {
            self.exchange.replica(origin).is_some_and(|replica| {
                let (leaves, bodies) = (replica.durable(), replica.bodies_complete());
                // Bodies on their way are missing too until they are durable.
                let bodies_missing = bodies < leaves && !self.does_without_bodies(origin);
                replica.known_size() > leaves || bodies_missing
            })
        });
        let unseen = self.own_logs().iter().any(|origin| {
            let held = self
                .exchange
                .replica(origin)
                .map_or(TreeSize::ZERO, |r| r.durable());
            let mut peers = self.exchange.connected();
            peers.any(|(_, member)| self.exchange.has_spoken_of(member, origin) > Some(held))
        });
        let lost = self.signer_states.iter().any(|(origin, state)| {
            let logs = self.shared.logs();
            !holds_signed(logs.get(origin), state.head())
        });
        if behind || lost || self.waits_for_claims(unseen) {
            return Ok(());
        }
        // Crash here -> nothing is durable -> asked again.
        self.log_restarts()?;
        self.forget_promises()?;
        // Crash here -> the restarts lie in the logs without a head, still in doubt -> asked again, and
        // logged again behind them.
        for state in self.signer_states.values_mut() {
            if state.head().is_some() {
                state.confirm()?;
            }
        }
        // Crash here -> nothing is in doubt -> the next start signs heads over the restarts.
        self.journal.end_doubt()?;
        self.open_signing()
    }

    /// What was cosigned before may be forgotten like the rest. It is durable that it may, and so are the
    /// restarts, before anything is signed: the doubt ends here, and the next start would not know.
    // spec: STO-48, STO-67
    fn forget_promises(&mut self) -> Result<(), Fatal> {
        self.stage(&Record::Witness {
            id: NO_LOG,
            size: 0,
            root: [0; 32],
        })?;
        self.journal.commit()?;
        self.staged.records = false;
        self.exchange.forget_promises(BTreeSet::new());
        Ok(())
    }

    /// Whether the bodies that are missing of a log of our own are given up, for now: the operator has
    /// said so, and whoever is there does not hold them. Of the registry every entry is needed: what is
    /// entered after one that cannot be read would be judged by another registry than the members'.
    // spec: STO-45
    fn does_without_bodies(&self, origin: &Origin) -> bool {
        let takes_part = |code| {
            let member = self.registry.member(code);
            member.is_some_and(|member| member.standing() == Standing::Active)
        };
        self.accepts_loss
            && !self.genesis.is_registry(origin)
            && self.exchange.is_lost_everywhere(origin, takes_part)
    }

    /// Someone claims to hold more of our logs than we do. The head that proves it comes with the
    /// claim, and is fetched back; a claim alone must not keep us from signing for ever.
    // spec: STO-43
    fn waits_for_claims(&mut self, unseen: bool) -> bool {
        if !unseen {
            return false;
        }
        let until = self.now.checked_add(CLAIMS).unwrap_or(self.now);
        self.now < *self.claims_until.get_or_insert(until)
    }

    fn enough_answers(&self) -> bool {
        let policy = self.registry.policy();
        let spoken = |member: AuthorityCode| {
            self.own_logs()
                .iter()
                .all(|o| self.exchange.has_spoken_of(member, o).is_some())
        };
        let cosigners = policy.cosigners.iter().copied();
        let mut asked: Vec<AuthorityCode> = cosigners.filter(|member| *member != self.me).collect();
        let cosigners = policy.cosigners.len() as u64;
        let mut needed = cosigners.saturating_sub(policy.quorum) + 1 + policy.faults;
        // Nobody else vouches for heads: whoever takes part has seen them.
        if asked.is_empty() {
            asked = self.others().collect();
            needed = asked.len() as u64 / 2 + 1;
        }
        let answers = asked.iter().filter(|member| spoken(**member)).count() as u64;
        let hub = self.genesis.hub();
        // Who the cosigners are is known only once the registry is as new as the hub's.
        let registry = self.genesis.registry_origin();
        let current = self
            .exchange
            .has_spoken_of(hub, &registry)
            .is_some_and(|size| size <= self.registry.size());
        answers >= needed.min(asked.len() as u64)
            && (hub == self.me || current && spoken(hub))
            && !asked.is_empty()
    }

    /// The first entry after doubt says from where a log went on. It is durable before the doubt ends.
    // spec: STO-46, STO-67
    fn log_restarts(&mut self) -> Result<(), Fatal> {
        for origin in self.own_logs() {
            let head = {
                let logs = self.shared.logs();
                logs.get(&origin).map(|log| (log.size(), log.tree().root()))
            };
            let Some((size, root)) = head.filter(|(size, _)| *size > TreeSize::ZERO) else {
                continue;
            };
            let restart = Content::Restart(Restart { size, root });
            if let Some(entry) = self.sign_for(&origin, restart) {
                self.append(&origin, vec![entry])?;
            }
        }
        Ok(())
    }
}

/// What the signer state of a log says before its first head.
fn nothing_signed() -> SignedHead {
    SignedHead {
        size: 0,
        root: *hash::empty_root().as_bytes(),
    }
}

/// Whether the leaves held are those that the head was signed over.
fn holds_signed(log: Option<&Log>, signed: Option<SignedHead>) -> bool {
    signed.filter(|head| head.size > 0).is_none_or(|head| {
        let size = TreeSize::new(head.size).ok();
        let root = size.and_then(|size| log?.tree().root_at(size).ok());
        root.is_some_and(|root| *root.as_bytes() == head.root)
    })
}
