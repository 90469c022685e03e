//! Turns items of the journal into batches. One writer at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concordat_protocol::awaited::is_market_penalty;
use concordat_protocol::codec;
use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::statement::{BodyRef, Class, Content, Kind, Leaf, Statement};
use concordat_protocol::subject::AuthorityCode;
use concordat_protocol::trust::RejectReason;

use super::acts;
use super::agreements;
use super::answers;
use super::batches;
use super::engine::EngineBatch;
use super::ledger::{self, Delivery, Lookup};
use super::own::Runs;
use super::peers;
use super::propagation;
use super::records;
use super::resumed;
use super::schema::{Bytes, Family, Fields, JournalPosition, LogId, Meta, Spot};
use super::subjects::{self, Summary};
use super::table::Table;
use super::verdicts::{Changes, State, Verdict, Verdicts};
use super::{PEER_FACTS_BYTES_MAX, StoreError};
use crate::lookups::Mark;

/// Statements in one batch of the engine, whose memory grows with the batch.
pub const BATCH_ITEMS_MAX: usize = 256;

/// Something durable in the journal that the store indexes.
#[derive(Clone, Debug)]
pub enum IndexItem {
    /// A statement whose body is held.
    Statement {
        /// Its log.
        origin: Origin,
        /// Its place there.
        index: LeafIndex,
        /// The leaf there. That the body fits its commitment is the caller's to check.
        leaf: Leaf,
        /// The encoded [`Body`](concordat_protocol::statement::Body).
        body: Arc<[u8]>,
        /// Whether it is one of this node's own, kept whole here.
        own: bool,
        /// What verifying it gave, when it has been verified: always for acts and the registry.
        verdict: Option<Verdict>,
    },
    /// Bodies served to a peer.
    Delivery(Delivery),
    /// A row of the register of look-ups, or that one had to go.
    Lookup(Lookup),
    /// A mark on such a row.
    LookupMark(Mark),
    /// What administrators noted about a peer; replaces what was noted before.
    Peer {
        /// The peer.
        code: AuthorityCode,
        /// Opaque here, at most 64 KiB.
        facts: Vec<u8>,
    },
}

/// The numbers that stand for origins.
#[derive(Clone, Debug, Default)]
pub(super) struct Logs {
    ids: BTreeMap<Origin, LogId>,
    origins: Vec<Origin>,
}

impl Logs {
    pub(super) fn load(table: &Table) -> Result<Self, StoreError> {
        let prefix = Bytes::key(Family::Logs).finish();
        let mut logs = Self::default();
        let mut whole = true;
        table.scan(&prefix, &prefix, |key, value| {
            let id = key.get(1..).and_then(|key| Fields(key).u32());
            let origin = std::str::from_utf8(value).ok();
            let origin = origin.and_then(|text| text.parse::<Origin>().ok());
            whole = match origin {
                Some(origin) if id == u32::try_from(logs.origins.len()).ok() => {
                    logs.add(origin).is_some()
                }
                Some(_) | None => false,
            };
            match whole {
                true => std::ops::ControlFlow::Continue(()),
                false => std::ops::ControlFlow::Break(()),
            }
        })?;
        match whole {
            true => Ok(logs),
            false => Err(StoreError::damaged(Family::Logs)),
        }
    }

    pub(super) fn id(&self, origin: &Origin) -> Option<LogId> {
        self.ids.get(origin).copied()
    }

    pub(super) fn origin(&self, id: LogId) -> Option<&Origin> {
        self.origins.get(usize::try_from(id.0).ok()?)
    }

    pub(super) fn origins(&self) -> &[Origin] {
        &self.origins
    }

    fn add(&mut self, origin: Origin) -> Option<LogId> {
        let id = LogId(u32::try_from(self.origins.len()).ok()?);
        self.origins.push(origin.clone());
        self.ids.insert(origin, id);
        Some(id)
    }
}

/// A batch under construction, over what is there already.
pub(super) struct Pending<'a> {
    table: &'a Table,
    verdicts: &'a Verdicts,
    logs: &'a Logs,
    new_logs: Option<Logs>,
    meta: Meta,
    changes: Changes,
    runs: Runs,
    new_lookups: BTreeSet<u64>,
    /// Values that were written and may be read again; empty ones were removed.
    recent: BTreeMap<Vec<u8>, Vec<u8>>,
    pointed_at: Vec<Spot>,
    batch: EngineBatch,
}

/// A batch, and what it changes beside the engine: adopted when the engine has taken it.
pub(super) struct Prepared {
    pub(super) batch: EngineBatch,
    pub(super) meta: Meta,
    pub(super) changes: Changes,
    pub(super) logs: Option<Logs>,
    pub(super) pointed_at: Vec<Spot>,
}

impl<'a> Pending<'a> {
    pub(super) fn new(
        table: &'a Table,
        verdicts: &'a Verdicts,
        logs: &'a Logs,
        meta: Meta,
    ) -> Self {
        Self {
            table,
            verdicts,
            logs,
            new_logs: None,
            meta,
            changes: Changes::default(),
            runs: Runs::default(),
            new_lookups: BTreeSet::new(),
            recent: BTreeMap::new(),
            pointed_at: Vec::new(),
            batch: EngineBatch::default(),
        }
    }

    pub(super) fn add(&mut self, item: &IndexItem) -> Result<(), StoreError> {
        match item {
            IndexItem::Statement {
                origin,
                index,
                leaf,
                body,
                own,
                verdict,
            } => {
                let spot = self.spot(origin, *index)?;
                let arrival = Arrival {
                    origin,
                    spot,
                    leaf,
                    body,
                    own: *own,
                };
                self.statement(&arrival, State::of(*verdict))
            }
            IndexItem::Delivery(delivery) => {
                let log = self.log(&delivery.origin)?;
                ledger::put_delivery(&mut self.batch, log, delivery);
                Ok(())
            }
            IndexItem::Lookup(lookup) => self.lookup(lookup),
            IndexItem::LookupMark(mark) => self.mark(mark),
            IndexItem::Peer { code, facts } => {
                // spec: IDX-7
                if facts.len() > PEER_FACTS_BYTES_MAX {
                    return Err(StoreError::FactsTooLong { bytes: facts.len() });
                }
                peers::put(&mut self.batch, *code, facts);
                Ok(())
            }
        }
    }

    /// Keeps what verifying a statement gave. Unknown statements are passed over.
    pub(super) fn judge(
        &mut self,
        origin: &Origin,
        index: LeafIndex,
        verdict: Verdict,
    ) -> Result<(), StoreError> {
        let Some(log) = self.logs.id(origin) else {
            return Ok(());
        };
        let spot = Spot {
            log,
            index: index.value(),
        };
        let before = self.changes.state(self.verdicts, spot);
        if before != State::ABSENT {
            self.advance(spot, before, State::of(Some(verdict)))?;
        }
        Ok(())
    }

    /// Completes the batch with the position that has been reached.
    // spec: IDX-2
    pub(super) fn finish(mut self, reached: Option<JournalPosition>) -> Prepared {
        self.runs.close(&mut self.batch);
        self.changes.write(&mut self.batch);
        let meta = &mut self.meta;
        meta.applied = reached.map_or(meta.applied, |reached| reached.max(meta.applied));
        meta.live_bytes += self.batch.bytes();
        self.batch.replace(Meta::key(), meta.encode());
        Prepared {
            batch: self.batch,
            meta: self.meta,
            changes: self.changes,
            logs: self.new_logs,
            pointed_at: self.pointed_at,
        }
    }

    // spec: IDX-3
    fn statement(&mut self, arrival: &Arrival<'_>, state: State) -> Result<(), StoreError> {
        let before = self.changes.state(self.verdicts, arrival.spot);
        let mut state = state;
        if before == State::ABSENT {
            self.meta.counts.statements += 1;
            match decode(arrival.body) {
                Some(statement) => self.content(arrival, &statement)?,
                None => state = State::of(Some(Verdict::Rejected(RejectReason::NotAStatement))),
            }
            if arrival.own {
                self.meta.counts.own += 1;
                self.runs
                    .push(&mut self.batch, arrival.spot, arrival.leaf, arrival.body);
            }
        }
        self.advance(arrival.spot, before, state)
    }

    fn advance(&mut self, spot: Spot, before: State, state: State) -> Result<(), StoreError> {
        let after = before.max(state);
        if after == before {
            return Ok(());
        }
        self.changes.set(self.verdicts, spot, after);
        if after.is_rejected() {
            if !before.is_rejected() {
                self.meta.counts.rejected += 1;
            }
            let key = Bytes::key(Family::Quarantine).spot(spot).finish();
            self.batch.replace(key, [after.code()]);
            self.refuse_agreement(spot)?;
        }
        Ok(())
    }

    fn content(&mut self, arrival: &Arrival<'_>, statement: &Statement) -> Result<(), StoreError> {
        let spot = arrival.spot;
        if let Some((subject, summary)) = Summary::of(statement) {
            let member = arrival.origin.member();
            subjects::put(&mut self.batch, subject, spot, &summary, member);
            if summary.class.is_decision() {
                subjects::put_document(&mut self.batch, spot, &summary);
            }
        }
        if let Some(target) = &statement.payload().target {
            self.meta.counts.acts += 1;
            let at = self.spot(&target.origin, target.index)?;
            self.pointed_at.push(at);
            let act = acts::Act {
                at: spot,
                member: arrival.origin.member(),
                leaf: arrival.leaf,
                statement,
            };
            acts::put_act(&mut self.batch, at, target, &act);
        }
        // spec: IDX-85
        if let Some(batch) = &statement.payload().batch {
            let class = statement.payload().class();
            if class.is_act() || arrival.own {
                batches::put(&mut self.batch, batch, spot, class);
            }
        }
        self.agreement(arrival, statement)?;
        match &statement.payload().content {
            Content::Decision(decision) => {
                let fields = decision.fields();
                if arrival.own {
                    let issuer = statement.header().issuer;
                    subjects::put_natural(&mut self.batch, issuer, fields, spot);
                    if is_market_penalty(fields.act_type, &fields.item) {
                        records::put_market_penalty(&mut self.batch, spot);
                    }
                }
                if let Some(root) = &fields.reissues {
                    let root = self.spot(&root.origin, root.index)?;
                    self.pointed_at.push(root);
                    acts::put_reissue(&mut self.batch, root, spot);
                }
            }
            Content::Notice(notice) => {
                self.meta.counts.notices += 1;
                let target = self.spot(&notice.target.origin, notice.target.index)?;
                let act = self.spot(&notice.act.origin, notice.act.index)?;
                self.pointed_at.push(target);
                let kid = statement.header().kid;
                acts::put_notice(&mut self.batch, target, spot, act, notice, kid);
            }
            Content::DeliveryBatch(said) => {
                let log = self.log(said.origin())?;
                propagation::put_deliveries(&mut self.batch, log, said, spot);
            }
            Content::ReceiptBatch(said) => {
                for (origin, index) in propagation::acts_of(said) {
                    let act = self.spot(origin, index)?;
                    propagation::put_receipt(&mut self.batch, act, spot);
                }
            }
            Content::Objection(objection) => acts::put_objection(&mut self.batch, spot, objection),
            Content::Record(record) => {
                let value = records::encode(record, statement);
                if arrival.own && record.class() == Class::Measure {
                    records::put_measure(&mut self.batch, spot);
                }
                records::put(&mut self.batch, record.subject().code(), spot, &value);
                // spec: IDX-111
                if let Some(before) = record.code_before() {
                    records::put(&mut self.batch, before, spot, &value);
                    for code in [before, record.subject().code()] {
                        records::put_code_change(&mut self.batch, code, spot, &value);
                    }
                }
                for to in record.refers_to() {
                    let to = self.spot(&to.origin, to.index)?;
                    records::put_reference(&mut self.batch, to, spot, &value);
                }
            }
            Content::Erasure(erasure) => {
                records::put_erasure(&mut self.batch, statement.header().about, spot);
                let target = statement.payload().target.iter();
                for gone in target.chain(&erasure.closure) {
                    let gone = self.spot(&gone.origin, gone.index)?;
                    records::put_erased(&mut self.batch, gone, spot);
                }
            }
            Content::RecognitionResponse(said) => {
                let [asked, decision] = said.refers_to();
                let asked = self.spot(&asked.origin, asked.index)?;
                let decision = self.spot(&decision.origin, decision.index)?;
                answers::put(&mut self.batch, [asked, decision], spot, statement);
            }
            Content::QueryRoot(root) => {
                // spec: IDX-119
                if root.resumed_after.is_some() && arrival.leaf.kind == Kind::QueryRoot {
                    resumed::put(&mut self.batch, spot);
                }
            }
            // A decision that a correction makes one is one of the issuer's log, as far as anybody may correct it.
            Content::Correction(correction) => {
                let to = correction.replacement.fields();
                if let Some(target) = &statement.payload().target
                    && is_market_penalty(to.act_type, &to.item)
                {
                    let target = self.spot(&target.origin, target.index)?;
                    records::put_market_penalty(&mut self.batch, target);
                }
            }
            Content::Ruling(_)
            | Content::Withdrawal(_)
            | Content::Admission(_)
            | Content::Stay(_)
            | Content::Repair(_)
            | Content::Agreement(_)
            | Content::Accession(_)
            | Content::Retirement(_)
            | Content::ItemCatalogue(_)
            | Content::MeasureCatalogue(_)
            | Content::Calendar(_)
            | Content::DeadlineRules(_)
            | Content::Policy(_)
            | Content::Enrolment(_)
            | Content::Rotation(_)
            | Content::Suspension(_)
            | Content::CutOff(_)
            | Content::Loss(_)
            | Content::Succession(_)
            | Content::Holdings(_)
            | Content::HeadSeen(_)
            | Content::Restart(_) => {}
        }
        Ok(())
    }

    /// What a statement says about agreements. What stands under a leaf that does not fit it is refused by
    /// whoever verifies it, and must not crowd out what counts until then; no more must what stands again.
    // spec: IDX-70, IDX-96
    fn agreement(&mut self, at: &Arrival<'_>, statement: &Statement) -> Result<(), StoreError> {
        if !agreements::may_hold(at.leaf, statement) {
            return Ok(());
        }
        let Some(said) = agreements::Said::by(statement) else {
            return Ok(());
        };
        let named = match said.names {
            Some(named) => self.spot(&named.origin, named.index)?,
            None => at.spot,
        };
        let placed = agreements::Placed::of(&said, statement, named);
        let Spot { log, index } = at.spot;
        let key = agreements::copies_key(log, &placed.bytes);
        let before = self.copies(&key)?;
        let after = before.with(index);
        if after.all().contains(&index) {
            self.replace_recent(agreements::placed_key(at.spot), placed.encode());
        }
        self.place_copies(log, &placed, (&before, &after));
        self.replace_recent(key, after.encode());
        Ok(())
    }

    /// What was refused has no row about agreements, and makes room for a copy of it that has none so far.
    // spec: IDX-96, IDX-122
    fn refuse_agreement(&mut self, at: Spot) -> Result<(), StoreError> {
        let key = agreements::placed_key(at);
        let Some(placed) = self.recent_value(&key)? else {
            return Ok(());
        };
        let placed = agreements::Placed::decode(&placed);
        let placed = placed.ok_or_else(|| StoreError::damaged(Family::AgreementPlaces))?;
        let copies_key = agreements::copies_key(at.log, &placed.bytes);
        let before = self.copies(&copies_key)?;
        let after = before.without(at.index);
        placed.remove(&mut self.batch, at);
        self.replace_recent(key, Vec::new());
        if let Some(index) = after
            .placed()
            .iter()
            .find(|index| !before.placed().contains(index))
        {
            let to = Spot {
                log: at.log,
                index: *index,
            };
            placed.moved(at, to).put(&mut self.batch, to);
        }
        self.replace_recent(copies_key, after.encode());
        Ok(())
    }

    /// Gives rows to the one that came and takes them from the one that it put behind the bound.
    fn place_copies(
        &mut self,
        log: LogId,
        placed: &agreements::Placed,
        (before, after): (&agreements::Copies, &agreements::Copies),
    ) {
        let spot = |index: &u64| Spot { log, index: *index };
        for index in after
            .placed()
            .iter()
            .filter(|it| !before.placed().contains(it))
        {
            placed.put(&mut self.batch, spot(index));
        }
        for index in before
            .placed()
            .iter()
            .filter(|it| !after.placed().contains(it))
        {
            placed.remove(&mut self.batch, spot(index));
        }
        for index in before.all().iter().filter(|it| !after.all().contains(it)) {
            self.replace_recent(agreements::placed_key(spot(index)), Vec::new());
        }
    }

    fn copies(&self, key: &[u8]) -> Result<agreements::Copies, StoreError> {
        let value = self.recent_value(key)?.unwrap_or_default();
        let copies = agreements::Copies::decode(&value);
        copies.ok_or_else(|| StoreError::damaged(Family::AgreementCopies))
    }

    /// The value of a key that this batch may have written: the table does not show it so far.
    fn recent_value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = match self.recent.get(key) {
            Some(value) => Some(value.clone()),
            None => self.table.value(key)?,
        };
        Ok(value.filter(|value| !value.is_empty()))
    }

    /// Writes a value that the same batch may read; an empty one removes the key.
    fn replace_recent(&mut self, key: Vec<u8>, value: Vec<u8>) {
        match value.is_empty() {
            true => self.batch.remove(&key),
            false => self.batch.replace(key.as_slice(), value.as_slice()),
        }
        self.recent.insert(key, value);
    }

    // spec: IDX-3, IDX-82
    fn lookup(&mut self, lookup: &Lookup) -> Result<(), StoreError> {
        let key = ledger::lookup_key(lookup.number);
        let value = self.table.value(&key)?;
        // The engine does not show what this batch holds so far.
        if value.is_none() && self.new_lookups.insert(lookup.number) {
            self.meta.counts.lookups += 1;
            self.show(lookup)?;
            self.batch.put(key, ledger::lookup_value(lookup));
            return Ok(());
        }
        match (value, &lookup.kept) {
            (Some(value), None) if !value.is_empty() => self.forget(lookup.number, &value),
            // A row that had to go does not come back.
            _ => Ok(()),
        }
    }

    fn show(&mut self, lookup: &Lookup) -> Result<(), StoreError> {
        let row = lookup.kept.as_ref().and_then(|kept| kept.row().ok());
        for shown in row.iter().flat_map(|row| &row.shown) {
            // What was no decision has no effect that could change.
            if shown.validity.is_none() {
                continue;
            }
            let spot = self.spot(&shown.reference.origin, shown.reference.index)?;
            let value = codec::encode(shown).unwrap_or_default();
            self.batch
                .put(ledger::shown_key(spot, lookup.number), value);
        }
        Ok(())
    }

    /// Removes a row, what finds it, and the marks on it.
    // spec: LKP-40, IDX-82
    fn forget(&mut self, number: u64, value: &[u8]) -> Result<(), StoreError> {
        let kept = ledger::decode_lookup(value).flatten();
        for shown in kept.iter().flat_map(|kept| &kept.row.shown) {
            let spot = self.spot(&shown.reference.origin, shown.reference.index)?;
            self.batch.remove(&ledger::shown_key(spot, number));
        }
        let prefix = ledger::marks_prefix(number).finish();
        let batch = &mut self.batch;
        self.table.scan(&prefix, &prefix, |key, _| {
            batch.remove(key);
            std::ops::ControlFlow::Continue(())
        })?;
        self.batch.replace(ledger::lookup_key(number), []);
        Ok(())
    }

    /// A mark on a row that is still there.
    fn mark(&mut self, mark: &Mark) -> Result<(), StoreError> {
        let row = self.table.value(&ledger::lookup_key(mark.number))?;
        if row.is_none_or(|row| !row.is_empty()) {
            self.batch.replace(ledger::mark_key(mark), mark.encode());
        }
        Ok(())
    }

    fn spot(&mut self, origin: &Origin, index: LeafIndex) -> Result<Spot, StoreError> {
        let log = self.log(origin)?;
        Ok(Spot {
            log,
            index: index.value(),
        })
    }

    fn log(&mut self, origin: &Origin) -> Result<LogId, StoreError> {
        let logs = self.new_logs.as_ref().unwrap_or(self.logs);
        if let Some(id) = logs.id(origin) {
            return Ok(id);
        }
        let logs = self.new_logs.get_or_insert_with(|| self.logs.clone());
        let id = logs.add(origin.clone()).ok_or(StoreError::TooManyLogs)?;
        let key = Bytes::key(Family::Logs).log(id).finish();
        self.batch.put(key, origin.as_str());
        Ok(id)
    }
}

struct Arrival<'a> {
    origin: &'a Origin,
    spot: Spot,
    leaf: &'a Leaf,
    body: &'a [u8],
    own: bool,
}

fn decode(body: &[u8]) -> Option<Statement> {
    let body = BodyRef::decode(body).ok()?;
    Statement::decode(body.statement()).ok()
}
