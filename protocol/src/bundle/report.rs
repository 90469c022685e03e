//! What a verified bundle says, as plain fields for a table or a machine.
//!
//! No field holds words to be translated: names are the authorities' own, and everything else is a
//! code, a number or hexadecimal. Instants are Unix milliseconds under names that end in `_at`, days
//! are written `2025-03-01`.

use serde::Serialize;

use crate::bundle::head::Head;
use crate::bundle::verified::{VerifiedBundle, notice_of};
use crate::bundle::{Cosigner, LaterActs};
use crate::log::CosignatureTime;
use crate::statement::StatementRef;
use crate::trust::{Authority, Verified};

/// Everything that a verified bundle shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BundleReport {
    /// Bytes of the file.
    pub bytes: usize,
    /// The digest that ends it.
    pub digest: String,
    /// The registry by which it was verified.
    pub registry: RegistryReport,
    /// The statement.
    pub statement: StatementReport,
    /// Its chain and what it rests on.
    pub related: Vec<StatementReport>,
    /// The acts.
    pub acts: Vec<StatementReport>,
    /// The notices.
    pub notices: Vec<NoticeReport>,
    /// The heads of the logs used.
    pub heads: Vec<HeadReport>,
    /// Up to where.
    pub horizon: HorizonReport,
    /// `not_proven`: acts that are not in the bundle may exist.
    pub later_acts: &'static str,
}

/// The registry by which a bundle was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegistryReport {
    /// The anchor: the id of the genesis.
    pub genesis: String,
    /// `test` or `prod`.
    pub network: &'static str,
    /// The size of the newest registry that the verifier has.
    pub size: u64,
}

/// A verified statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatementReport {
    /// Its log.
    pub origin: String,
    /// Its position.
    pub index: u64,
    /// Its leaf hash.
    pub leaf_hash: String,
    /// The code of its class.
    pub class: u64,
    /// The code of the authority that signed.
    pub issuer: String,
    /// The name of that authority at `ctx`.
    pub issuer_name: String,
    /// The organisation that it is about.
    pub subject: String,
    /// The key that signed.
    pub key: String,
    /// The size of the registry that it was signed under.
    pub ctx_size: u64,
    /// When the issuer says it was made.
    pub issued_at: u64,
    /// `mandate` or `supervision`.
    pub authority: &'static str,
    /// First day of the mandate.
    pub mandate_from: Option<String>,
    /// Last day of the mandate.
    pub mandate_until: Option<String>,
    /// Whether its key was cut off at or before its position.
    pub cut_off: bool,
    /// Whether a quorum stands behind the head that covers it.
    pub witnessed: bool,
    /// The log of what it acts on.
    pub target_origin: Option<String>,
    /// The position of what it acts on.
    pub target_index: Option<u64>,
    /// The position of its first notice in the home register.
    pub notice_index: Option<u64>,
}

/// A notice of the home register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoticeReport {
    /// Its position.
    pub index: u64,
    /// The code of the class of the act.
    pub class: u64,
    /// The log of the act.
    pub act_origin: String,
    /// The position of the act.
    pub act_index: u64,
    /// Whether the act is in the bundle.
    pub act_held: bool,
}

/// The head of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeadReport {
    /// The log.
    pub origin: String,
    /// Its size.
    pub size: u64,
    /// Its root.
    pub root: String,
    /// Whether a quorum cosigned; `false` means provisional.
    pub witnessed: bool,
    /// How many cosigners a quorum takes.
    pub quorum: u64,
    /// By when the quorum had cosigned.
    pub quorum_at: Option<u64>,
    /// The cosigners.
    pub cosigners: Vec<CosignerReport>,
}

/// A cosigner of a head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CosignerReport {
    /// Its code.
    pub member: String,
    /// Its name in the newest registry.
    pub name: String,
    /// When it cosigned, by its clock.
    pub cosigned_at: u64,
    /// Whether it counts towards the quorum.
    pub counts: bool,
}

/// Up to where the logs were known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HorizonReport {
    /// N: leaves of the statement's log.
    pub issuer: u64,
    /// M: leaves of the home register.
    pub register: u64,
    /// Leaves of the registry.
    pub registry: u64,
}

impl VerifiedBundle<'_> {
    /// Everything that the bundle shows, as plain fields.
    #[must_use]
    pub fn report(&self) -> BundleReport {
        let genesis = self.registry().genesis();
        let statements =
            |list: &[Verified]| list.iter().map(|one| self.statement_report(one)).collect();
        let horizon = self.horizon();
        BundleReport {
            bytes: self.bytes(),
            digest: self.digest().to_string(),
            registry: RegistryReport {
                genesis: genesis.id().to_string(),
                network: genesis.fields().network.kind().as_str(),
                size: self.registry().size().value(),
            },
            statement: self.statement_report(self.statement()),
            related: statements(self.related()),
            acts: statements(self.acts()),
            notices: self.notice_reports(),
            heads: self
                .heads()
                .iter()
                .map(|head| self.head_report(head))
                .collect(),
            horizon: HorizonReport {
                issuer: horizon.issuer.value(),
                register: horizon.register.value(),
                registry: horizon.registry.value(),
            },
            later_acts: match self.later_acts() {
                LaterActs::NotProven => "not_proven",
            },
        }
    }

    fn statement_report(&self, verified: &Verified) -> StatementReport {
        let (header, payload) = (
            verified.statement().header(),
            verified.statement().payload(),
        );
        let StatementRef {
            origin,
            index,
            leaf_hash,
        } = verified.reference();
        let signed_by = self.signed_by(verified);
        let mandate = signed_by.and_then(|signed_by| signed_by.mandate);
        let target = payload.target.as_ref();
        let notice = self.notices_of(verified.reference()).next();
        StatementReport {
            origin: origin.to_string(),
            index: index.value(),
            leaf_hash: leaf_hash.to_string(),
            class: payload.class().code(),
            issuer: header.issuer.as_str().to_owned(),
            issuer_name: signed_by.map_or_else(String::new, |signed_by| {
                signed_by.member.enrolment().name.as_str().to_owned()
            }),
            subject: header.about.as_str().to_owned(),
            key: header.kid.to_string(),
            ctx_size: header.ctx.size.value(),
            issued_at: payload.issued_at.value(),
            authority: match verified.authority() {
                Authority::Mandate => "mandate",
                Authority::Supervision => "supervision",
            },
            mandate_from: mandate.map(|mandate| mandate.from.to_string()),
            mandate_until: mandate
                .and_then(|mandate| mandate.until)
                .map(|day| day.to_string()),
            cut_off: signed_by.is_some_and(|signed_by| signed_by.cut_off),
            witnessed: self.is_witnessed(verified.reference()),
            target_origin: target.map(|target| target.origin.to_string()),
            target_index: target.map(|target| target.index.value()),
            notice_index: notice.map(|notice| notice.reference().index.value()),
        }
    }

    fn notice_reports(&self) -> Vec<NoticeReport> {
        let report = |one: &Verified| {
            let notice = notice_of(one)?;
            Some(NoticeReport {
                index: one.reference().index.value(),
                class: notice.class.code(),
                act_origin: notice.act.origin.to_string(),
                act_index: notice.act.index.value(),
                act_held: self.acts().iter().any(|act| *act.reference() == notice.act),
            })
        };
        self.notices().iter().filter_map(report).collect()
    }

    fn head_report(&self, head: &Head) -> HeadReport {
        let checkpoint = head.checkpoint();
        HeadReport {
            origin: head.origin().to_string(),
            size: checkpoint.size().value(),
            root: checkpoint.root().to_string(),
            witnessed: head.is_witnessed(),
            quorum: head.quorum(),
            quorum_at: head.quorum_time().map(milliseconds),
            cosigners: head
                .cosigners()
                .iter()
                .map(|one| self.cosigner_report(one))
                .collect(),
        }
    }

    fn cosigner_report(&self, cosigner: &Cosigner) -> CosignerReport {
        let member = self.registry().member(cosigner.member);
        CosignerReport {
            member: cosigner.member.as_str().to_owned(),
            name: member.map_or_else(String::new, |member| {
                member.enrolment().name.as_str().to_owned()
            }),
            cosigned_at: milliseconds(cosigner.time),
            counts: cosigner.counts,
        }
    }
}

/// Cosigning times are whole seconds.
const fn milliseconds(time: CosignatureTime) -> u64 {
    time.unix_seconds().saturating_mul(1_000)
}
