//! An import: read row by row, signed, appended in batches.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::time::Instant;

use concordat_protocol::admin::{
    AdminError, ErrorCode, ImportAsk, ImportReport, ProfileChoice, Progress, REFUSED_ROWS_MAX,
    Refused, Reply, RowFilter, RowRefusal, Stage,
};
use concordat_protocol::codec::Ext;
use concordat_protocol::log::{Hash, TreeSize};
use concordat_protocol::statement::{
    BatchId, Code, Content, Decision, Payload, Statement, StatementRef, Vis,
};
use concordat_protocol::trust::{LogNumber, Registry, RejectReason};
use serde_bytes::ByteBuf;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use crate::admin::desk::{Answer, Desk, Piece};
use crate::admin::{act, refusal, stored};
use crate::clock;
use crate::import::{
    Accepted, Field, Filter, ImportError, ImportOptions, Importer, Language, NaturalKey, Profile,
    ProfileError, Report, SHIPPED, Stored,
};

/// Statements appended at once, unless it is all or nothing.
const BATCH: usize = 256;
const RETRY_AFTER_MS: u64 = 5_000;

/// `import`
pub(super) fn answer(desk: &mut Desk, ask: ImportAsk) -> Answer {
    let began = Instant::now();
    act::require_own_key(desk.node(), ask.issuer)?;
    let office = std::sync::Arc::clone(&desk.office);
    let Ok(_alone) = office.importing.try_lock() else {
        return Err(AdminError::new(ErrorCode::Busy).with("retry_after_ms", RETRY_AFTER_MS));
    };
    if !ask.dry_run && !desk.node().is_signing() {
        return Err(refusal::not_signing(desk.node()));
    }
    let profile = profile(&ask)?;
    let chunks = desk.chunks.take();
    let streamed = chunks.is_some();
    let mut source = Source::open(desk, &ask, chunks)?;
    let mut read = read(desk, &ask, &profile, &mut source, !streamed)?;
    let digest = source.digest()?;
    let batch = batch_id()?;
    let mut refused: Vec<RowRefusal> = read.report.errors.iter().filter_map(row_refusal).collect();
    let mut counts = Counts {
        accepted: read.report.accepted,
        refused: read.report.refused,
    };
    look_ahead(
        desk,
        &profile,
        &mut read.accepted,
        batch,
        &mut refused,
        &mut counts,
    )?;
    if ask.all_or_nothing && counts.refused > 0 {
        counts.accepted = 0;
        read.accepted.clear();
    }
    for rows in refused.chunks(REFUSED_ROWS_MAX) {
        desk.send(Reply::Refused(Refused {
            rows: rows.to_vec(),
        }));
    }
    let decisions = read.accepted.iter().map(|row| &row.decision);
    let history = of_history(&desk.node().registry(), decisions);
    let written = match ask.dry_run {
        true => Vec::new(),
        false => append(desk, &ask, &read.accepted, batch, &read.report, &counts)?,
    };
    let node = desk.node();
    let origin = node.genesis().origin(node.member(), LogNumber::Statements);
    let size = node.shared().logs().get(&origin).map(|log| log.size());
    Ok(Reply::Imported(ImportReport {
        rows: read.report.rows,
        accepted: counts.accepted,
        present: read.report.already_there,
        refused: counts.refused,
        written: written.len() as u64,
        dry_run: ask.dry_run,
        all_or_nothing: ask.all_or_nothing,
        batch: (!written.is_empty()).then_some(batch),
        first: written.first().map(|reference| reference.index),
        size: size.unwrap_or(TreeSize::ZERO),
        origin,
        profile: profile.name().to_owned(),
        digest,
        elapsed_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        filtered: read.report.filtered,
        history,
    }))
}

/// How many decisions are of a day before any catalogue had their item.
// spec: ADM-383
fn of_history<'d>(registry: &Registry, decisions: impl Iterator<Item = &'d Decision>) -> u64 {
    let is_history = |decision: &&Decision| {
        let fields = decision.fields();
        registry.precedes_item(&fields.item, fields.decided_on, registry.size())
    };
    decisions.filter(is_history).count() as u64
}

struct Counts {
    accepted: u64,
    refused: u64,
}

fn profile(ask: &ImportAsk) -> Result<Profile, AdminError> {
    let parsed = match ask.profile_choice {
        ProfileChoice::Inline => Profile::parse(&ask.profile),
        ProfileChoice::BuiltIn => Profile::shipped(&ask.profile).ok_or_else(|| {
            let known: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
            AdminError::new(ErrorCode::ProfileUnknown)
                .with("profile", &ask.profile)
                .with("known", known.join(", "))
        })?,
    };
    parsed.map_err(|error| {
        let (line, column, cause) = match &error {
            ProfileError::TooLarge { .. } => (0, 0, error.to_string()),
            ProfileError::Syntax {
                line,
                column,
                message,
            } => (*line, *column, message.clone()),
            ProfileError::Rule { line, column, rule } => (*line, *column, rule.to_string()),
        };
        AdminError::new(ErrorCode::ProfileInvalid)
            .with("line", line)
            .with("column", column)
            .with("cause", cause)
    })
}

fn read(
    desk: &Desk,
    ask: &ImportAsk,
    profile: &Profile,
    source: &mut Source,
    tell: bool,
) -> Result<crate::import::Import, AdminError> {
    let node = desk.node();
    let network = node.genesis().fields().network.kind();
    let registry = node.registry();
    let own = registry.member(node.member());
    let options = ImportOptions {
        bytes_total: ask.bytes.or(source.total),
        filters: filters(&ask.filters),
        // spec: IMP-70
        issuer_name: own.map(|member| member.enrolment().name.clone()),
        ..ImportOptions::new(node.member(), desk.node().today())
    };
    let importer =
        Importer::new(profile, network, options).map_err(|error| unusable(&error, ask, profile))?;
    let query = node.query().map_err(refusal::index)?;
    let failure = std::cell::RefCell::new(None);
    let known = |key: &NaturalKey, decision: &Decision| {
        stored::stored(node, query, key, decision).unwrap_or_else(|error| {
            failure.replace(Some(error));
            Stored::Differs
        })
    };
    let mut progress = |progress: crate::import::Progress| {
        if tell {
            desk.send(Reply::Progress(Progress {
                stage: Stage::Reading,
                done: progress.bytes,
                total: progress.bytes_total.unwrap_or(progress.bytes),
                rows: progress.rows,
                refused: 0,
            }));
        }
    };
    let read = importer.run(&mut *source, &known, &mut progress);
    let read = read.map_err(|error| unusable(&error, ask, profile))?;
    match failure.into_inner() {
        Some(error) => Err(error),
        None => Ok(read),
    }
}

/// Filters of one column are alternatives; those of several columns must all hold.
fn filters(asked: &[RowFilter]) -> Vec<Filter> {
    let mut by_column: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for filter in asked {
        let values = by_column.entry(&filter.column).or_default();
        values.push(filter.value.clone());
    }
    let filters = by_column.into_iter().map(|(column, one_of)| Filter {
        column: column.to_owned(),
        one_of,
    });
    filters.collect()
}

fn unusable(error: &ImportError, ask: &ImportAsk, profile: &Profile) -> AdminError {
    if let ImportError::SyntheticOutsideTest { .. } = error {
        let fields: Vec<_> = profile.synthetic_fields().map(|f| f.to_string()).collect();
        let fields = match fields.is_empty() {
            true => "[synthetic]".to_owned(),
            false => fields.join(", "),
        };
        return AdminError::new(ErrorCode::SyntheticRefused).with("fields", fields);
    }
    if let ImportError::Io(cause) = error {
        return AdminError::new(ErrorCode::FileUnreadable)
            .with("path", ask.path.as_deref().unwrap_or(&ask.file_name))
            .with("cause", cause);
    }
    AdminError::new(ErrorCode::FileUnusable).with("cause", error)
}

/// Refuses rows that the registry would refuse, before anything is appended.
fn look_ahead(
    desk: &Desk,
    profile: &Profile,
    rows: &mut Vec<Accepted>,
    batch: BatchId,
    refused: &mut Vec<RowRefusal>,
    counts: &mut Counts,
) -> Result<(), AdminError> {
    let node = desk.node();
    let registry = node.registry();
    let mut failed = None;
    rows.retain(|row| {
        if failed.is_some() {
            return false;
        }
        let verdict = signed(desk, row, batch).and_then(|bytes| {
            let statement = Statement::decode(&bytes).map_err(|error| refusal::invalid(&error))?;
            Ok(act::verdict(
                node,
                &registry,
                &statement,
                vis(&registry, &row.decision),
            ))
        });
        match verdict {
            Ok(Ok(())) => true,
            Ok(Err(reason)) => {
                refused.extend(refused_by_registry(profile, row, reason));
                counts.accepted = counts.accepted.saturating_sub(1);
                counts.refused += 1;
                false
            }
            Err(error) => {
                failed = Some(error);
                false
            }
        }
    });
    refused.sort_by_key(|row| row.line);
    failed.map_or(Ok(()), Err)
}

fn vis(registry: &Registry, decision: &Decision) -> Vis {
    let fields = decision.fields();
    let catalogue = registry.catalogue_at(registry.size());
    catalogue
        .and_then(|catalogue| {
            let mut items = catalogue.items.iter();
            let item = items.find(|item| item.code == fields.item)?;
            Some(Registry::vis_for(catalogue, item, &fields.subject))
        })
        .unwrap_or(Vis::ALL_MEMBERS)
}

fn signed(desk: &Desk, row: &Accepted, batch: BatchId) -> Result<Vec<u8>, AdminError> {
    let payload = payload(row, batch);
    act::signed(desk.node(), row.decision.fields().subject.code(), &payload)
}

fn payload(row: &Accepted, batch: BatchId) -> Payload {
    Payload {
        issued_at: clock::now(),
        target: None,
        register_size: None,
        batch: Some(batch),
        content: Content::Decision(Box::new(row.decision.clone())),
        ext: Ext::default(),
    }
}

/// Appends the rows: in batches, or all in one where it is all or nothing.
fn append(
    desk: &Desk,
    ask: &ImportAsk,
    rows: &[Accepted],
    batch: BatchId,
    report: &Report,
    counts: &Counts,
) -> Result<Vec<StatementRef>, AdminError> {
    let node = desk.node();
    let mut written = Vec::with_capacity(rows.len());
    let size = match ask.all_or_nothing {
        true => rows.len().max(1),
        false => BATCH,
    };
    for rows_of_batch in rows.chunks(size) {
        let statements: Result<Vec<Vec<u8>>, AdminError> = rows_of_batch
            .iter()
            .map(|row| signed(desk, row, batch))
            .collect();
        let submitted = node.submit(LogNumber::Statements, statements?);
        let references = desk.runtime.block_on(submitted).map_err(|failure| {
            rows_of_batch.first().map_or_else(
                || refusal::internal(&failure),
                |row| refusal::submission(node, &failure, node.member(), &payload(row, batch)),
            )
        })?;
        written.extend(references);
        desk.send(Reply::Progress(Progress {
            stage: Stage::Writing,
            done: written.len() as u64,
            total: rows.len() as u64,
            rows: report.rows,
            refused: counts.refused,
        }));
    }
    Ok(written)
}

// spec: ADM-13
fn row_refusal(error: &crate::import::RowError) -> Option<RowRefusal> {
    let wording = |language| {
        let (message, hint) = (error.reason.message(language), error.reason.hint(language));
        match language {
            Language::English => format!("{message}; {hint}"),
            Language::Chinese => format!("{message}；{hint}"),
        }
    };
    Some(RowRefusal {
        line: error.line,
        column: None,
        column_name: error.column.clone(),
        reason: Code::new(error.reason.code()).ok()?,
        english: wording(Language::English),
        chinese: wording(Language::Chinese),
        field: error.field.map(|field| field.to_string()),
    })
}

/// A row that the registry would refuse, at the column of the field that it is refused for.
fn refused_by_registry(
    profile: &Profile,
    row: &Accepted,
    reason: RejectReason,
) -> Option<RowRefusal> {
    let fields = row.decision.fields();
    let day = fields.decided_on;
    let (code, field, english, chinese) = match reason {
        RejectReason::NoMandate => (
            "no-mandate",
            Some(Field::DecidedOn),
            format!(
                "the mandate does not cover a decision of {day} under {}; see `concordat peer show`",
                fields.item
            ),
            format!(
                "职权不包括 {day} 依 {} 作出的决定；见 `concordat peer show`",
                fields.item
            ),
        ),
        RejectReason::ItemUnknown => (
            "outside-catalogue",
            Some(Field::Item),
            format!(
                "{} is not in the catalogue in force on {day}; the hub records one: `concordat change catalogue`",
                fields.item
            ),
            format!(
                "{} 不在 {day} 有效的目录中；目录由枢纽登记：`concordat change catalogue`",
                fields.item
            ),
        ),
        RejectReason::ItemActType => (
            "item-act-type",
            Some(Field::ActType),
            format!("the catalogue has {} for other types of act", fields.item),
            format!("目录事项 {} 不适用于该决定类型", fields.item),
        ),
        RejectReason::PublicationTooLong => (
            "publication-too-long",
            Some(Field::PublicationUntil),
            "the publication is longer than the catalogue allows".to_owned(),
            "公示期超过目录允许的期限".to_owned(),
        ),
        RejectReason::MeasureUnknown => (
            "measure-unknown",
            Some(Field::Duties),
            format!(
                "the catalogue does not allow the measure under {}",
                fields.item
            ),
            format!("目录事项 {} 不允许该措施", fields.item),
        ),
        RejectReason::ListBasis => (
            "list-basis",
            Some(Field::Basis),
            format!(
                "the entry cites no act of a level that may found the list {}",
                fields.item
            ),
            format!("未引用可以设立名单 {} 的效力层级的依据", fields.item),
        ),
        RejectReason::SyntheticInProduction => (
            "synthetic",
            None,
            "a production network takes no made-up fields".to_owned(),
            "生产网络不接受虚构字段".to_owned(),
        ),
        RejectReason::IssuerSuspended => (
            "member-suspended",
            None,
            "this member is suspended".to_owned(),
            "本成员已被暂停".to_owned(),
        ),
        RejectReason::KeyUnknown => (
            "key-unknown",
            None,
            "the registry does not name this node's statement key for its member".to_owned(),
            "签名密钥不是本成员登记的密钥".to_owned(),
        ),
        RejectReason::CtxAhead
        | RejectReason::CtxForeign
        | RejectReason::CtxDecreases
        | RejectReason::IssuerUnknown
        | RejectReason::IssuerElsewhere
        | RejectReason::BadSignature
        | RejectReason::WrongLog
        | RejectReason::TooFewApprovals
        | RejectReason::WrongVis
        | RejectReason::WrongKind
        | RejectReason::WrongTarget
        | RejectReason::Repeated
        | RejectReason::WrongCommit
        | RejectReason::NotAStatement
        | RejectReason::RegistryConflict
        | RejectReason::OtherNetwork
        | _ => (
            "refused",
            None,
            reason.to_string(),
            "名册拒绝该声明".to_owned(),
        ),
    };
    Some(RowRefusal {
        line: row.line,
        column: None,
        column_name: field
            .and_then(|field| profile.column_of(field))
            .map(str::to_owned),
        reason: Code::new(code).ok()?,
        english,
        chinese,
        field: field.map(|field| field.to_string()),
    })
}

/// A new one.
pub(super) fn batch_id() -> Result<BatchId, AdminError> {
    let mut id = [0; 16];
    let filled = getrandom::fill(&mut id).map_err(|error| io::Error::other(error.to_string()));
    filled.map_err(|error| refusal::internal(&error))?;
    Ok(BatchId::from_bytes(id))
}

/// The bytes of the file, hashed as they pass.
struct Source {
    bytes: Bytes,
    hash: Sha256,
    total: Option<u64>,
}

enum Bytes {
    File(File),
    Sent(Sent),
}

/// A file that comes in chunks while it is read.
struct Sent {
    chunks: mpsc::Receiver<Piece>,
    rest: ByteBuf,
    at: usize,
    ended: bool,
}

impl Source {
    fn open(
        desk: &Desk,
        ask: &ImportAsk,
        chunks: Option<mpsc::Receiver<Piece>>,
    ) -> Result<Self, AdminError> {
        let (bytes, total) = match (&ask.path, chunks) {
            (Some(path), _) => {
                if !desk.who.local {
                    return Err(AdminError::new(ErrorCode::LocalOnly));
                }
                let file = File::open(path).map_err(|error| file_error(path, &error))?;
                let total = file.metadata().ok().map(|found| found.len());
                (Bytes::File(file), total)
            }
            (None, Some(chunks)) => {
                let sent = Sent {
                    chunks,
                    rest: ByteBuf::new(),
                    at: 0,
                    ended: false,
                };
                (Bytes::Sent(sent), ask.bytes)
            }
            (None, None) => return Err(AdminError::new(ErrorCode::OutOfTurn)),
        };
        Ok(Self {
            bytes,
            hash: Sha256::new(),
            total,
        })
    }

    /// The digest of the whole file; what the import has not read is read now.
    fn digest(mut self) -> Result<Hash, AdminError> {
        let rest = io::copy(&mut self, &mut io::sink());
        rest.map_err(|error| AdminError::new(ErrorCode::FileUnusable).with("cause", error))?;
        Ok(Hash::from_bytes(self.hash.finalize().into()))
    }
}

fn file_error(path: &str, error: &io::Error) -> AdminError {
    let code = match error.kind() == io::ErrorKind::NotFound {
        true => return AdminError::new(ErrorCode::FileNotFound).with("path", path),
        false => ErrorCode::FileUnreadable,
    };
    AdminError::new(code)
        .with("path", path)
        .with("cause", error)
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.bytes {
            Bytes::File(file) => file.read(buffer)?,
            Bytes::Sent(sent) => sent.read(buffer)?,
        };
        self.hash.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

impl Read for Sent {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut left = self.rest.get(self.at..).unwrap_or_default();
            if !left.is_empty() {
                let read = left.read(buffer)?;
                self.at += read;
                return Ok(read);
            }
            if self.ended {
                return Ok(0);
            }
            match self.chunks.blocking_recv() {
                Some(Piece::Bytes(bytes)) => (self.rest, self.at) = (bytes, 0),
                Some(Piece::End) => self.ended = true,
                // Whoever sent the file has gone before its end.
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, day, penalty, subject};

    /// The catalogue has the item from 2020 on; somebody meant 2020 and wrote 2002.
    // spec: ADM-383
    #[test]
    fn row_with_a_year_from_before_the_catalogue_is_told_of() {
        let fixture = Fixture::new();
        let subject = subject(1);
        let on = |on: &str| {
            let mut fields = penalty(subject, "鹤人社罚〔2020〕1号");
            fields.decided_on = day(on);
            Decision::new(fields).unwrap()
        };
        let decisions = ["2020-01-01", "2002-01-01", "2019-12-31"].map(on);
        assert_eq!(of_history(&fixture.registry, decisions.iter()), 2);
    }
}
