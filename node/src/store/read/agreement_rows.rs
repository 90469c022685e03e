//! Statements about agreements, and how many of them are looked at.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use concordat_protocol::subject::AuthorityCode;

use super::position;
use crate::store::acts::BytesDigest;
use crate::store::agreements::{self, AgreementKind, AgreementRow, AgreementRows, COPIES_MAX};
use crate::store::schema::{Family, LogId, Spot};
use crate::store::verdicts::Verdict;
use crate::store::{Store, StoreError, read};

/// Statements about agreements that are looked at, of one kind, log and authority: so many that hold, and so
/// many that nobody has judged.
// spec: IDX-71
pub const AGREEMENT_ROWS_MAX: usize = 1_024;

/// Statements of one kind, log and authority that are passed over in the index.
// spec: IDX-71
const AGREEMENT_ROWS_PASSED_MAX: usize = 16_384;

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

impl Store {
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
}
