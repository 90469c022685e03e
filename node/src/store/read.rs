//! What can be asked of the store.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};

use concordat_protocol::codec::{self, Limits};
use concordat_protocol::log::{LeafIndex, Origin};
use concordat_protocol::lookup::Shown;
use concordat_protocol::statement::{Class, Code};
use concordat_protocol::subject::{AuthorityCode, SubjectCode};
use concordat_protocol::time::Day;
use concordat_protocol::trust::RejectReason;

use super::acts::{self, ActRow, BytesDigest, NoticeRow};
use super::agreements::{self, AgreementKind, AgreementRow, AgreementRows, COPIES_MAX};
use super::answers::{self, AnswerRow};
use super::ledger::{self, Delivery, KeptRow};
use super::own::{self, OwnStatement};
use super::peers;
use super::records::{self, RecordRow};
use super::schema::{Bytes, Family, Fields, LogId, POSITION_BYTES, Position, Spot};
use super::subjects::{self, DocumentDigest, SubjectRow, Summary};
use super::verdicts::{State, Verdict};
use super::writer::Logs;
use super::{Store, StoreError, read};
use crate::lookups::Mark;

/// Statements about agreements that are looked at, of one kind, log and authority: so many that hold, and so
/// many that nobody has judged.
// spec: IDX-71
pub const AGREEMENT_ROWS_MAX: usize = 1_024;
/// Statements of one kind, log and authority that are passed over in the index.
// spec: IDX-71
const AGREEMENT_ROWS_PASSED_MAX: usize = 16_384;
/// Of a code in a key.
const SUBJECT_BYTES: usize = 18;

/// How much of one log was met.
#[derive(Default)]
struct LogRows {
    log: Option<LogId>,
    passed: usize,
    verified: usize,
    open: usize,
    is_cut: bool,
    /// How often what holds stands there, and what nobody has judged.
    copies: BTreeMap<(bool, BytesDigest), usize>,
}

/// What becomes of a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Take {
    Yes,
    /// It stands there often enough.
    Copy,
    /// There are more than are looked at. What holds may follow.
    LeftOut,
    /// Nothing more of the log is looked at.
    End,
}

impl LogRows {
    /// What is known to hold comes before all that nobody has judged: its author cannot be made to say it.
    /// What stands there again counts for no bound.
    // spec: IDX-71, IDX-96
    fn takes(&mut self, spot: Spot, row: &AgreementRow) -> Take {
        if self.log != Some(spot.log) {
            *self = Self {
                log: Some(spot.log),
                ..Self::default()
            };
        }
        let holds = row.verdict == Some(Verdict::Verified);
        let copies = self.copies.entry((holds, row.digest)).or_default();
        *copies += 1;
        // Words are equal whoever is said to have approved them.
        let is_copy = *copies > 1 && (holds || row.kind != AgreementKind::Agreement);
        if is_copy && *copies > COPIES_MAX {
            return Take::Copy;
        }
        let looked_at = if holds {
            &mut self.verified
        } else {
            &mut self.open
        };
        let count = usize::from(!is_copy);
        self.passed += count;
        *looked_at += count;
        let is_over = *looked_at > AGREEMENT_ROWS_MAX;
        if self.passed > AGREEMENT_ROWS_PASSED_MAX || (is_over && holds) {
            return Take::End;
        }
        match is_over {
            true => Take::LeftOut,
            false => Take::Yes,
        }
    }

    /// Names the log of a row that is left out, once.
    fn cut(&mut self, found: &mut AgreementRows, row: AgreementRow) {
        if std::mem::replace(&mut self.is_cut, true) {
            return;
        }
        let of_kind = match row.kind {
            AgreementKind::Agreement => &mut found.agreements_cut,
            AgreementKind::Retirement | AgreementKind::Accession => &mut found.words_cut,
        };
        of_kind.push(row.position.origin.clone());
        found.cut.push(row.position.origin);
    }
}

/// Where a walk over unverified statements goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnverifiedCursor(Spot);

/// Where rows are found by what they showed: the last key that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownAt(Vec<u8>);

/// Rows with what each showed, and the place to go on from.
pub type ShownPage = (Vec<(u64, Shown)>, Option<ShownAt>);

impl ShownAt {
    /// The first key after it.
    fn next_key(&self) -> Vec<u8> {
        let mut key = self.0.clone();
        key.push(0);
        key
    }
}

impl Default for UnverifiedCursor {
    /// The beginning.
    fn default() -> Self {
        Self(Spot {
            log: LogId(0),
            index: 0,
        })
    }
}

impl Store {
    /// Everything about an organisation: decisions, and corrections that name it, by position.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn by_subject(&self, subject: SubjectCode) -> Result<Vec<SubjectRow>, StoreError> {
        let prefix = subjects::prefix(subject);
        let logs = read(&self.logs);
        let verdicts = read(&self.verdicts);
        let mut rows = self.collect(Family::Subjects, &prefix, None, |key, value| {
            let spot = Spot::decode(key.get(prefix.len()..)?)?;
            let position = position(&logs, spot)?;
            let summary = Summary::decode(value, position.origin.member())?;
            let verdict = verdicts.state(spot).verdict();
            Some(SubjectRow {
                position,
                summary,
                verdict,
            })
        })?;
        rows.sort_by(|a, b| a.position.cmp(&b.position));
        Ok(rows)
    }

    /// How many decisions that were not refused are such as is asked, and whether all were looked at: at
    /// most so many rows are.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn count_decisions(
        &self,
        most: usize,
        matches: impl Fn(&Summary, &Position) -> bool,
    ) -> Result<(u64, bool), StoreError> {
        let rows = self.decisions(most, |summary, position| {
            matches(&summary, &position).then_some(())
        })?;
        let whole = rows.len() <= most;
        let counted = rows.iter().take(most).flatten();
        Ok((counted.count() as u64, whole))
    }

    /// The decisions of a span of days that were not refused, each with what tells its copies, by position; and
    /// whether all were looked at: at most so many rows are.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: STA-5
    pub fn decisions_between(
        &self,
        (first, last): (Day, Day),
        most: usize,
    ) -> Result<(Vec<(Position, BytesDigest)>, bool), StoreError> {
        let rows = self.decisions(most, |summary, position| {
            let is_asked = (first..=last).contains(&summary.decided_on);
            is_asked.then_some((position, summary.bytes))
        })?;
        let is_whole = rows.len() <= most;
        let mut rows: Vec<_> = rows.into_iter().take(most).flatten().collect();
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok((rows, is_whole))
    }

    /// What is taken of each decision that was not refused, and nothing of every other row about an
    /// organisation: of one row more than are looked at.
    fn decisions<T>(
        &self,
        most: usize,
        take: impl Fn(Summary, Position) -> Option<T>,
    ) -> Result<Vec<Option<T>>, StoreError> {
        let prefix = Bytes::key(Family::Subjects).finish();
        let logs = read(&self.logs);
        let verdicts = read(&self.verdicts);
        let place = prefix.len() + SUBJECT_BYTES;
        self.collect(Family::Subjects, &prefix, Some(most + 1), |key, value| {
            let spot = Spot::decode(key.get(place..)?)?;
            let position = position(&logs, spot)?;
            let summary = Summary::decode(value, position.origin.member())?;
            let is_refused = matches!(verdicts.state(spot).verdict(), Some(Verdict::Rejected(_)));
            let is_decision = summary.class.is_decision() && !is_refused;
            Some(if is_decision {
                take(summary, position)
            } else {
                None
            })
        })
    }

    /// The acts of some classes that say that they were made in a span of days, on whatever statements, by
    /// position, refused ones left out; and whether these are all: at most so many are given.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: STA-5, IDX-98
    pub fn acts_of(
        &self,
        classes: &[Class],
        (first, last): (Day, Day),
        most: usize,
    ) -> Result<(Vec<Position>, bool), StoreError> {
        let prefix = Bytes::key(Family::Acts).finish();
        let logs = read(&self.logs);
        let verdicts = read(&self.verdicts);
        let rows = self.collect(Family::Acts, &prefix, None, |key, value| {
            let (class, day) = acts::act_made(value)?;
            let spot = acts::acting(key)?;
            let is_asked = classes.contains(&class)
                && day.is_some_and(|day| (first..=last).contains(&day))
                && !matches!(verdicts.state(spot).verdict(), Some(Verdict::Rejected(_)));
            Some(match is_asked {
                true => Some(position(&logs, spot)?),
                false => None,
            })
        })?;
        let mut rows: Vec<Position> = rows.into_iter().flatten().collect();
        rows.sort();
        rows.dedup();
        let is_whole = rows.len() <= most;
        rows.truncate(most);
        Ok((rows, is_whole))
    }

    /// The records about an organisation, by position.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-75
    pub fn records_about(&self, subject: SubjectCode) -> Result<Vec<RecordRow>, StoreError> {
        self.records(Family::Records, &records::prefix(subject))
    }

    /// The changes of code that name a code, as the former one or the other, by position.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-111
    pub fn code_changes(&self, subject: SubjectCode) -> Result<Vec<RecordRow>, StoreError> {
        self.records(Family::CodeChanges, &records::code_changes_prefix(subject))
    }

    /// The records that refer to a statement, by position. The statement itself need not be held.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-75
    pub fn records_on(
        &self,
        origin: &Origin,
        index: LeafIndex,
    ) -> Result<Vec<RecordRow>, StoreError> {
        let to = spot(&read(&self.logs), origin, index);
        to.map_or(Ok(Vec::new()), |to| {
            self.records(Family::Referred, &records::reference_prefix(to))
        })
    }

    /// The recognition responses that refer to a statement, by position. The statement itself need not be held.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-105
    pub fn answers_on(
        &self,
        origin: &Origin,
        index: LeafIndex,
    ) -> Result<Vec<AnswerRow>, StoreError> {
        let logs = read(&self.logs);
        let Some(to) = spot(&logs, origin, index) else {
            return Ok(Vec::new());
        };
        let verdicts = read(&self.verdicts);
        let prefix = answers::prefix(to);
        let mut rows = self.collect(Family::Answers, &prefix, None, |key, value| {
            let spot = Spot::decode(key.get(prefix.len()..)?)?;
            let said = answers::decode(value)?;
            Some(AnswerRow {
                position: position(&logs, spot)?,
                bytes: said.bytes,
                author: said.author,
                other: position(&logs, said.other)?,
                verdict: verdicts.state(spot).verdict(),
            })
        })?;
        rows.sort_by(|a, b| a.position.cmp(&b.position));
        Ok(rows)
    }

    /// The records of some classes that refer to whatever statements and were not refused, the newest day
    /// first; and whether these are all: at most so many are given.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: ADM-352
    pub fn referring_records(
        &self,
        classes: &[Class],
        most: usize,
    ) -> Result<(Vec<RecordRow>, bool), StoreError> {
        let prefix = Bytes::key(Family::Referred).finish();
        let place = prefix.len() + POSITION_BYTES;
        let logs = read(&self.logs);
        let verdicts = read(&self.verdicts);
        let rows = self.collect(Family::Referred, &prefix, None, |key, value| {
            let spot = Spot::decode(key.get(place..)?)?;
            let row = records::decode(value, position(&logs, spot)?)?;
            let verdict = verdicts.state(spot).verdict();
            let is_refused = matches!(verdict, Some(Verdict::Rejected(_)));
            let is_asked = classes.contains(&row.class) && !is_refused;
            Some(is_asked.then_some(RecordRow { verdict, ..row }))
        })?;
        let mut rows: Vec<RecordRow> = rows.into_iter().flatten().collect();
        rows.sort_by(|a, b| b.day.cmp(&a.day).then_with(|| a.position.cmp(&b.position)));
        rows.dedup_by(|a, b| a.position == b.position);
        let is_whole = rows.len() <= most;
        rows.truncate(most);
        Ok((rows, is_whole))
    }

    /// The newest measures of the node's own, the newest first.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-86
    pub fn own_measures(&self, most: usize) -> Result<Vec<Position>, StoreError> {
        self.newest(Family::Measures, most)
    }

    /// The newest penalties of market regulation in a log of the node's own, the newest first: those that are
    /// such from the first on, and those that a correction by anybody says are such.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-106, IDX-121
    pub fn market_penalties(&self, own: &Origin, most: usize) -> Result<Vec<Position>, StoreError> {
        let logs = read(&self.logs);
        let Some(log) = logs.id(own) else {
            return Ok(Vec::new());
        };
        let prefix = Bytes::key(Family::MarketPenalties).log(log).finish();
        let mut found = self.collect(Family::MarketPenalties, &prefix, None, |key, _| {
            position(&logs, Spot::decode(key.get(1..)?)?)
        })?;
        found.reverse();
        found.truncate(most);
        Ok(found)
    }

    /// The last positions of a family that has nothing else in its keys, the last first.
    fn newest(&self, family: Family, most: usize) -> Result<Vec<Position>, StoreError> {
        let logs = read(&self.logs);
        let prefix = Bytes::key(family).finish();
        let mut found = self.collect(family, &prefix, None, |key, _| {
            position(&logs, Spot::decode(key.get(1..)?)?)
        })?;
        found.sort();
        found.reverse();
        found.truncate(most);
        Ok(found)
    }

    /// Whether a log has a record that refers to a statement.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn refers(
        &self,
        log: &Origin,
        origin: &Origin,
        index: LeafIndex,
    ) -> Result<bool, StoreError> {
        let (to, log) = {
            let logs = read(&self.logs);
            (spot(&logs, origin, index), logs.id(log))
        };
        let Some((to, log)) = to.zip(log) else {
            return Ok(false);
        };
        let prefix = Bytes::value().raw(&records::reference_prefix(to)).log(log);
        let found = self.collect(Family::Referred, &prefix.finish(), Some(1), |_, _| Some(()))?;
        Ok(!found.is_empty())
    }

    /// Erasures of what was said about an organisation, by position.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-107
    pub fn erasures_about(&self, subject: SubjectCode) -> Result<Vec<Position>, StoreError> {
        let prefix = records::erasures_prefix(subject);
        let logs = read(&self.logs);
        let mut rows = self.collect(Family::Erasures, &prefix, None, |key, _| {
            position(&logs, Spot::decode(key.get(prefix.len()..)?)?)
        })?;
        rows.sort();
        Ok(rows)
    }

    /// Erasures that name a statement, by position.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-107
    pub fn erasures_of(
        &self,
        origin: &Origin,
        index: LeafIndex,
    ) -> Result<Vec<Position>, StoreError> {
        let logs = read(&self.logs);
        let Some(gone) = spot(&logs, origin, index) else {
            return Ok(Vec::new());
        };
        let prefix = records::erased_prefix(gone);
        let mut rows = self.collect(Family::Erased, &prefix, None, |key, _| {
            position(&logs, Spot::decode(key.get(prefix.len()..)?)?)
        })?;
        rows.sort();
        Ok(rows)
    }

    fn records(&self, family: Family, prefix: &[u8]) -> Result<Vec<RecordRow>, StoreError> {
        let logs = read(&self.logs);
        let verdicts = read(&self.verdicts);
        let mut rows = self.collect(family, prefix, None, |key, value| {
            let spot = Spot::decode(key.get(prefix.len()..)?)?;
            let row = records::decode(value, position(&logs, spot)?)?;
            let verdict = verdicts.state(spot).verdict();
            Some(RecordRow { verdict, ..row })
        })?;
        rows.sort_by(|a, b| a.position.cmp(&b.position));
        Ok(rows)
    }

    /// Decisions under a document number, by position, of every issuer.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn by_document(&self, document_number: &str) -> Result<Vec<Position>, StoreError> {
        let prefix = subjects::document_prefix(DocumentDigest::of(document_number));
        let logs = read(&self.logs);
        let mut rows = self.collect(Family::Documents, &prefix, None, |key, _| {
            position(&logs, Spot::decode(key.get(prefix.len()..)?)?)
        })?;
        rows.sort();
        Ok(rows)
    }

    /// Statements that objections are raised against, by position, each once.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn objected(&self) -> Result<Vec<Position>, StoreError> {
        let prefix = Bytes::key(Family::Acts).finish();
        let logs = read(&self.logs);
        let rows = self.collect(Family::Acts, &prefix, None, |key, value| {
            let class = acts::act_class(value)?;
            let target = position(&logs, acts::target(key)?)?;
            Some((class == Class::Objection).then_some(target))
        })?;
        let mut rows: Vec<Position> = rows.into_iter().flatten().collect();
        rows.sort();
        rows.dedup();
        Ok(rows)
    }

    /// Objections received on a day, by position.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn objections_on(&self, day: Day) -> Result<Vec<Position>, StoreError> {
        let prefix = acts::objections_prefix(day);
        let logs = read(&self.logs);
        let mut rows = self.collect(Family::Objections, &prefix, None, |key, _| {
            position(&logs, Spot::decode(key.get(prefix.len()..)?)?)
        })?;
        rows.sort();
        Ok(rows)
    }

    /// The acts on a statement, by position. The statement itself need not be held.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn acts_on(&self, origin: &Origin, index: LeafIndex) -> Result<Vec<ActRow>, StoreError> {
        let logs = read(&self.logs);
        let Some(target) = self.pointed_at(&logs, origin, index) else {
            return Ok(Vec::new());
        };
        let prefix = acts::prefix(Family::Acts, target);
        let verdicts = read(&self.verdicts);
        let mut rows = self.collect(Family::Acts, &prefix, None, |key, value| {
            let spot = acts::acting(key)?;
            let row = acts::decode_act(value, position(&logs, spot)?)?;
            let verdict = verdicts.state(spot).verdict();
            Some(ActRow { verdict, ..row })
        })?;
        rows.sort_by(|a, b| a.position.cmp(&b.position));
        Ok(rows)
    }

    /// What the home register says acts on a statement, by position in the register.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn notices_on(
        &self,
        origin: &Origin,
        index: LeafIndex,
    ) -> Result<Vec<NoticeRow>, StoreError> {
        let logs = read(&self.logs);
        let Some(target) = self.pointed_at(&logs, origin, index) else {
            return Ok(Vec::new());
        };
        let prefix = acts::prefix(Family::Notices, target);
        let verdicts = read(&self.verdicts);
        let mut rows = self.collect(Family::Notices, &prefix, None, |key, value| {
            let spot = acts::acting(key)?;
            let at = position(&logs, spot)?;
            let row = acts::decode_notice(value, at, |act| position(&logs, act))?;
            let verdict = verdicts.state(spot).verdict();
            Some(NoticeRow { verdict, ..row })
        })?;
        rows.sort_by(|a, b| a.position.cmp(&b.position));
        Ok(rows)
    }

    /// The re-issues of a decision, by position.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn reissues_of(
        &self,
        origin: &Origin,
        index: LeafIndex,
    ) -> Result<Vec<Position>, StoreError> {
        let logs = read(&self.logs);
        let Some(root) = self.pointed_at(&logs, origin, index) else {
            return Ok(Vec::new());
        };
        let prefix = acts::prefix(Family::Chains, root);
        let mut rows = self.collect(Family::Chains, &prefix, None, |key, _| {
            position(&logs, acts::acting(key)?)
        })?;
        rows.sort();
        Ok(rows)
    }

    /// Agreements that name an authority, and its accessions and retirements: of each kind and log the
    /// first [`AGREEMENT_ROWS_MAX`] that hold, and as many that nobody has judged; of what stands there again
    /// the first [`COPIES_MAX`]. In a log in which more stands the others are passed over, and it is named.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-70, IDX-71
    pub fn agreements_of(&self, code: AuthorityCode) -> Result<AgreementRows, StoreError> {
        let mut found = AgreementRows::default();
        for kind in AgreementKind::ALL {
            let prefix = agreements::prefix(code, kind);
            let mut from = Some(prefix.clone());
            while let Some(at) = from {
                from = self.agreements_from(&mut found, kind, &prefix, &at)?;
            }
        }
        for cut in [
            &mut found.cut,
            &mut found.agreements_cut,
            &mut found.words_cut,
        ] {
            cut.sort();
            cut.dedup();
        }
        Ok(found)
    }

    /// Adds rows of a kind from a key on; where to go on, if a log has more than is looked at.
    fn agreements_from(
        &self,
        found: &mut AgreementRows,
        kind: AgreementKind,
        prefix: &[u8],
        from: &[u8],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let logs = read(&self.logs);
        let verdicts = read(&self.verdicts);
        let mut log = LogRows::default();
        let (mut whole, mut go_on) = (true, None);
        self.table().scan(prefix, from, |key, value| {
            let row = agreements::place(key).zip(agreements::decode(value));
            let row = row.and_then(|(spot, (named, digest))| {
                let row = AgreementRow {
                    position: position(&logs, spot)?,
                    kind,
                    named: position(&logs, named)?,
                    digest,
                    verdict: verdicts.state(spot).verdict(),
                };
                Some((spot, row))
            });
            let Some((spot, row)) = row else {
                whole = false;
                return ControlFlow::Break(());
            };
            let take = log.takes(spot, &row);
            match take {
                Take::Yes => found.rows.push(row),
                Take::Copy => {}
                Take::LeftOut | Take::End => log.cut(found, row),
            }
            match take {
                Take::Yes | Take::Copy | Take::LeftOut => ControlFlow::Continue(()),
                Take::End => {
                    go_on = agreements::behind(prefix, spot.log);
                    ControlFlow::Break(())
                }
            }
        })?;
        match whole {
            true => Ok(go_on),
            false => Err(self.table().judged(StoreError::damaged(Family::Agreements))),
        }
    }

    /// Own decisions of an issuer with a document number and item, by position: the first is the
    /// original, and an import that finds one brings nothing new.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn natural(
        &self,
        issuer: AuthorityCode,
        document_number: &str,
        item: &Code,
    ) -> Result<Vec<Position>, StoreError> {
        let prefix = subjects::natural_prefix(issuer, document_number, item);
        let logs = read(&self.logs);
        let mut rows = self.collect(Family::Natural, &prefix, None, |key, _| {
            position(&logs, Spot::decode(key.get(prefix.len()..)?)?)
        })?;
        rows.sort();
        Ok(rows)
    }

    /// One of the node's own statements, whole. Its body has been compared with its leaf.
    ///
    /// # Errors
    /// `Engine`; `Damaged` when the body does not fit its leaf: the journal has it.
    pub fn own(
        &self,
        origin: &Origin,
        index: LeafIndex,
    ) -> Result<Option<OwnStatement>, StoreError> {
        match spot(&read(&self.logs), origin, index) {
            Some(spot) => {
                let table = self.table();
                own::read(&table, spot).map_err(|error| table.judged(error))
            }
            None => Ok(None),
        }
    }

    /// Rows of the register of look-ups that are kept, by number.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn lookups(&self, range: Range<u64>) -> Result<Vec<KeptRow>, StoreError> {
        let mut rows = Vec::new();
        self.look_through(range, |row| {
            rows.push(row);
            ControlFlow::Continue(())
        })?;
        Ok(rows)
    }

    /// Looks at the rows of the register of look-ups that are kept, by number.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn look_through(
        &self,
        range: Range<u64>,
        mut look: impl FnMut(KeptRow) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let prefix = Bytes::key(Family::Lookups).finish();
        let (from, end) = (
            ledger::lookup_key(range.start),
            ledger::lookup_key(range.end),
        );
        let mut whole = true;
        self.table().scan(&prefix, &from, |key, value| {
            if *key >= *end {
                return ControlFlow::Break(());
            }
            match ledger::decode_lookup(value) {
                Some(Some(row)) => look(row),
                Some(None) => ControlFlow::Continue(()),
                None => {
                    whole = false;
                    ControlFlow::Break(())
                }
            }
        })?;
        match whole {
            true => Ok(()),
            false => Err(self.table().judged(StoreError::damaged(Family::Lookups))),
        }
    }

    /// The numbers of the rows of the register of look-ups that are indexed, and whether they are kept.
    ///
    /// # Errors
    /// `Engine`.
    pub fn look_ups_indexed(&self) -> Result<BTreeMap<u64, bool>, StoreError> {
        let prefix = Bytes::key(Family::Lookups).finish();
        let mut rows = BTreeMap::new();
        self.table().scan(&prefix, &prefix, |key, value| {
            if let Some(number) = key.get(1..).and_then(|key| Fields(key).u64()) {
                rows.insert(number, !value.is_empty());
            }
            ControlFlow::Continue(())
        })?;
        Ok(rows)
    }

    /// Marks on rows of the register of look-ups, by number, kind and instant.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn lookup_marks(&self, range: Range<u64>) -> Result<Vec<Mark>, StoreError> {
        let prefix = Bytes::key(Family::Marks).finish();
        let from = ledger::marks_prefix(range.start).finish();
        let end = ledger::marks_prefix(range.end).finish();
        let mut marks = Vec::new();
        let mut whole = true;
        self.table().scan(&prefix, &from, |key, value| {
            if *key >= *end {
                return ControlFlow::Break(());
            }
            match Mark::decode(value) {
                Ok(mark) => marks.push(mark),
                Err(_) => whole = false,
            }
            ControlFlow::Continue(())
        })?;
        match whole {
            true => Ok(marks),
            false => Err(self.table().judged(StoreError::damaged(Family::Marks))),
        }
    }

    /// Decisions that rows of the register of look-ups showed and that something points at, by decision and
    /// number, with how each row showed them: those after a place, no more than `most`; and the place to go
    /// on from where there may be more.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    // spec: IDX-83
    pub fn shown_and_pointed_at(
        &self,
        after: Option<&ShownAt>,
        most: usize,
    ) -> Result<ShownPage, StoreError> {
        let prefix = Bytes::key(Family::Shown).finish();
        let from = after.map_or_else(|| prefix.clone(), ShownAt::next_key);
        let (mut found, mut next) = (Vec::new(), None);
        let mut whole = true;
        let pointed_at = read(&self.pointed_at);
        self.table().scan(&prefix, &from, |key, value| {
            let shown = codec::decode::<Shown>(value, Limits::STATEMENT);
            match (ledger::decode_shown(key), shown) {
                (Some((spot, number)), Ok(shown)) => {
                    if pointed_at.contains(&spot) {
                        found.push((number, shown));
                    }
                }
                _ => whole = false,
            }
            if found.len() < most {
                return ControlFlow::Continue(());
            }
            next = Some(ShownAt(key.to_vec()));
            ControlFlow::Break(())
        })?;
        match whole {
            true => Ok((found, next)),
            false => Err(self.table().judged(StoreError::damaged(Family::Shown))),
        }
    }

    /// What was delivered to a peer.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn deliveries(&self, peer: AuthorityCode) -> Result<Vec<Delivery>, StoreError> {
        let prefix = ledger::delivery_prefix(peer).finish();
        let logs = read(&self.logs);
        self.collect(Family::Deliveries, &prefix, None, |key, _| {
            let (log, begin, end, at) = ledger::decode_delivery(key)?;
            Some(Delivery {
                peer,
                origin: logs.origin(log)?.clone(),
                begin: LeafIndex::new(begin),
                end: LeafIndex::new(end),
                at,
            })
        })
    }

    /// What administrators noted about a peer.
    ///
    /// # Errors
    /// `Engine`.
    pub fn peer(&self, code: AuthorityCode) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.table().value(&peers::key(code))?)
    }

    /// What administrators noted about all peers, by code.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn peers(&self) -> Result<Vec<(AuthorityCode, Vec<u8>)>, StoreError> {
        let prefix = peers::prefix().finish();
        self.collect(Family::Peers, &prefix, None, |key, value| {
            Some((peers::decode_key(key)?, value.to_vec()))
        })
    }

    /// Statements that were refused when they were verified, and why.
    ///
    /// # Errors
    /// `Engine`, `Damaged`.
    pub fn quarantine(&self, limit: usize) -> Result<Vec<(Position, RejectReason)>, StoreError> {
        let prefix = Bytes::key(Family::Quarantine).finish();
        let logs = read(&self.logs);
        self.collect(Family::Quarantine, &prefix, Some(limit), |key, value| {
            let spot = Spot::decode(key.get(1..)?)?;
            match State::from_code(*value.first()?).verdict()? {
                Verdict::Rejected(reason) => Some((position(&logs, spot)?, reason)),
                Verdict::Verified => None,
            }
        })
    }

    /// Statements that are held and have not been verified, at most `limit`, and where to go on;
    /// `None` at the end.
    #[must_use]
    pub fn unverified(
        &self,
        from: UnverifiedCursor,
        limit: usize,
    ) -> (Vec<Position>, Option<UnverifiedCursor>) {
        let logs = read(&self.logs);
        let (spots, next) = read(&self.verdicts).unverified(from.0, limit);
        let positions = spots
            .into_iter()
            .filter_map(|spot| position(&logs, spot))
            .collect();
        (positions, next.map(UnverifiedCursor))
    }

    /// The logs that statements stand in or refer to, in the order in which they came in.
    #[must_use]
    pub fn logs(&self) -> Vec<Origin> {
        read(&self.logs).origins().to_vec()
    }

    /// Whether an act, a notice or a re-issue names a place.
    #[must_use]
    pub fn is_pointed_at(&self, at: &Position) -> bool {
        let logs = read(&self.logs);
        self.pointed_at(&logs, &at.origin, at.index).is_some()
    }

    /// Where a statement stands, if anything points at it.
    fn pointed_at(&self, logs: &Logs, origin: &Origin, index: LeafIndex) -> Option<Spot> {
        let spot = spot(logs, origin, index)?;
        read(&self.pointed_at).contains(&spot).then_some(spot)
    }

    /// The entries under a prefix, as `row` reads them; `None` from it means damage.
    pub(super) fn collect<T>(
        &self,
        family: Family,
        prefix: &[u8],
        limit: Option<usize>,
        mut row: impl FnMut(&[u8], &[u8]) -> Option<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut rows = Vec::new();
        let mut whole = true;
        self.table().scan(prefix, prefix, |key, value| {
            if limit.is_some_and(|limit| rows.len() >= limit) {
                return ControlFlow::Break(());
            }
            match row(key, value) {
                Some(row) => rows.push(row),
                None => whole = false,
            }
            ControlFlow::Continue(())
        })?;
        match whole {
            true => Ok(rows),
            false => Err(self.table().judged(StoreError::damaged(family))),
        }
    }
}

fn spot(logs: &Logs, origin: &Origin, index: LeafIndex) -> Option<Spot> {
    let log = logs.id(origin)?;
    let index = index.value();
    Some(Spot { log, index })
}

pub(super) fn position(logs: &Logs, spot: Spot) -> Option<Position> {
    let origin = logs.origin(spot.log)?.clone();
    let index = LeafIndex::new(spot.index);
    Some(Position { origin, index })
}
