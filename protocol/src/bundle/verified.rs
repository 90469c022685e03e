//! The verdict on a bundle, and what a verifier may read from it.

use std::borrow::Cow;
use std::sync::Arc;

use crate::bundle::entry::Entry;
use crate::bundle::error::{BundleError, Part};
use crate::bundle::head::Head;
use crate::bundle::recognition::{self, BundleRecognition};
use crate::bundle::trust_chain::{Established, establish};
use crate::bundle::{Bundle, LaterActs, format, relation};
use crate::effect::{Fact, History, Horizon, LogHorizon};
use crate::log::{CosignatureTime, Hash, Origin, SignedCheckpoint, TreeSize};
use crate::statement::{Mandate, Notice, StatementRef};
use crate::time::Timestamp;
use crate::trust::{Authority, HeadsSeen, Member, Registry, Verified, judged_by};

/// Up to where the logs were known when the bundle was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BundleHorizon {
    /// N: size of the head of the statement's log.
    pub issuer: TreeSize,
    /// M: size of the head of the home register.
    pub register: TreeSize,
    /// Size of the registry that the bundle was made under.
    pub registry: TreeSize,
}

/// Who signed a statement, and on what authority.
#[derive(Clone, Copy, Debug)]
pub struct SignedBy<'a> {
    /// The authority as the registry had it at the statement's `ctx`.
    pub member: &'a Member,
    /// The mandate there that lets it stand; `None` for notices, which need none.
    pub mandate: Option<&'a Mandate>,
    /// Whether by an ordinary mandate or as supervisor.
    pub authority: Authority,
    /// Whether it stands at or after the position at which its key was cut off, by the newest
    /// registry that the verifier has: then it is void as far as it restricts.
    pub cut_off: bool,
}

/// A bundle of which every byte was verified. Only [`verify`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedBundle<'r> {
    registry: Cow<'r, Registry>,
    registry_size: TreeSize,
    heads: Vec<Head>,
    statement: Verified,
    related: Vec<Verified>,
    acts: Vec<Verified>,
    notices: Vec<Verified>,
    agreements: Vec<Verified>,
    recognition: Option<BundleRecognition>,
    later_acts: LaterActs,
    digest: Hash,
    bytes: usize,
}

/// Verifies a bundle by the id of the genesis. `registry` is one that the verifier holds and has
/// verified itself; it is needed where the bundle leaves the trust chain out, and where it does not,
/// a newer one adds the cut-offs that came since.
///
/// # Errors
/// [`BundleError`] names the first part that does not hold. A head without a quorum is no error,
/// except the registry's: see [`VerifiedBundle::is_witnessed`].
// spec: BUN-9
pub fn verify<'r>(
    bytes: &[u8],
    anchor: &Hash,
    registry: Option<&'r Registry>,
) -> Result<VerifiedBundle<'r>, BundleError> {
    verify_decoded(&Bundle::decode(bytes)?, bytes, anchor, registry)
}

/// The same of a bundle that was taken apart already, with the bytes that it came out of.
pub(super) fn verify_decoded<'r>(
    bundle: &Bundle,
    bytes: &[u8],
    anchor: &Hash,
    registry: Option<&'r Registry>,
) -> Result<VerifiedBundle<'r>, BundleError> {
    let mut verified = unclaimed(bundle, anchor, registry)?;
    verified.digest = format::file_digest(bytes);
    verified.bytes = bytes.len();
    // spec: BUN-74
    if let Some(part) = &bundle.recognition {
        let found = recognition::answer(&verified, part.receiver)?;
        if part.claim.as_ref() != Some(&found.answer) {
            return Err(BundleError::RecognitionDiffers);
        }
        verified.recognition = Some(found);
    }
    Ok(verified)
}

/// Everything but what is claimed of recognition.
pub(super) fn unclaimed<'r>(
    bundle: &Bundle,
    anchor: &Hash,
    registry: Option<&'r Registry>,
) -> Result<VerifiedBundle<'r>, BundleError> {
    let Established { registry, size } = establish(bundle, anchor, registry)?;
    let heads = verify_heads(bundle.heads(), &registry, size)?;
    check_heads_used(bundle, &registry, &heads)?;
    let entries = |part, entries| verify_entries(part, entries, &heads, &registry, size);
    let statement = verify_entry(
        Part::Statement,
        (0, bundle.statement()),
        &heads,
        &registry,
        size,
    )?;
    let related = entries(Part::Related, bundle.related())?;
    let acts = entries(Part::Acts, bundle.acts())?;
    let notices = entries(Part::Notices, bundle.notices())?;
    let said = bundle.recognition.as_ref();
    let said = said.map_or(&[][..], |part| &part.said);
    let agreements = entries(Part::Agreements, said)?;
    relation::check(
        &statement,
        (&related, &acts),
        (&notices, &agreements),
        &registry,
    )?;
    let later_acts = bundle.later_acts();
    Ok(VerifiedBundle {
        registry,
        registry_size: size,
        heads,
        statement,
        related,
        acts,
        notices,
        agreements,
        recognition: None,
        later_acts,
        digest: Hash::from_bytes([0; 32]),
        bytes: 0,
    })
}

impl VerifiedBundle<'_> {
    /// The statement that the bundle is about.
    #[must_use]
    pub const fn statement(&self) -> &Verified {
        &self.statement
    }

    /// Decisions of the same chain and those that it rests on, by log and position.
    #[must_use]
    pub fn related(&self) -> &[Verified] {
        &self.related
    }

    /// Acts, by log and position.
    #[must_use]
    pub fn acts(&self) -> &[Verified] {
        &self.acts
    }

    /// Entries of the hub's logs by log and position: notices of the home register, and the heads seen
    /// that tell whether a statement came in time.
    #[must_use]
    pub fn notices(&self) -> &[Verified] {
        &self.notices
    }

    /// Agreements, accessions and retirements by which recognition is worked out, by log and position.
    #[must_use]
    pub fn agreements(&self) -> &[Verified] {
        &self.agreements
    }

    /// What recognition gives the receiver that it was made for, where it was made for one.
    #[must_use]
    pub const fn recognition(&self) -> Option<&BundleRecognition> {
        self.recognition.as_ref()
    }

    /// Everything that effect is computed from: statement, related ones, acts and notices.
    pub fn verified(&self) -> impl Iterator<Item = &Verified> {
        std::iter::once(&self.statement)
            .chain(&self.related)
            .chain(&self.acts)
            .chain(&self.notices)
    }

    /// The facts that effect is computed from. Whoever made the bundle chose the heads seen that are in
    /// it, so what they do not show to have come in time counts as late.
    // spec: BUN-60
    #[must_use]
    pub fn history(&self) -> History {
        self.facts_of(self.verified()).into_iter().collect()
    }

    /// The facts that some of its statements are.
    // spec: BUN-60
    pub(super) fn facts_of<'a>(
        &'a self,
        some: impl IntoIterator<Item = &'a Verified>,
    ) -> Vec<Arc<Fact>> {
        let shown = self.notices.iter();
        // What nobody but the hub has vouched for was never said to anybody else, for all that is known.
        // spec: BUN-62
        let shown = shown.filter(|entry| self.is_witnessed(entry.reference()));
        let seen = HeadsSeen::of(shown, &self.registry);
        let fact = |one: &Verified| {
            let reference = one.reference();
            let head = self
                .head(&reference.origin)
                .filter(|_| self.is_witnessed(reference));
            let cosigned_at = head.and_then(Head::quorum_by).and_then(instant);
            let timing = seen.judge_shown(one, &self.registry, cosigned_at);
            Arc::new(Fact::from_verified(one, &self.registry, timing))
        };
        some.into_iter().map(fact).collect()
    }

    /// The horizon that effect is computed under: the heads, as far as a quorum stands behind each.
    #[must_use]
    pub fn effect_horizon(&self) -> Horizon {
        let logs = self.heads.iter().map(|head| {
            let size = head.checkpoint().size();
            let log = LogHorizon {
                size,
                witnessed: match head.is_witnessed() {
                    true => size,
                    false => TreeSize::ZERO,
                },
                quorum_time: head.quorum_time().and_then(instant),
                frozen_at: None,
            };
            (head.origin().clone(), log)
        });
        Horizon {
            logs: logs.collect(),
            register: self.registry.genesis().register_origin(),
        }
    }

    /// The newest registry that the verifier has: that of the bundle, or the one given.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The heads of the logs used, ascending by origin.
    #[must_use]
    pub fn heads(&self) -> &[Head] {
        &self.heads
    }

    /// The head of a log, where it is used.
    #[must_use]
    pub fn head(&self, origin: &Origin) -> Option<&Head> {
        head_of(&self.heads, origin)
    }

    /// Whether a quorum stands behind the head that covers a statement. One that restricts binds
    /// others only then; until then it is provisional.
    #[must_use]
    pub fn is_witnessed(&self, reference: &StatementRef) -> bool {
        let head = self.head(&reference.origin);
        head.is_some_and(|head| {
            head.is_witnessed() && head.checkpoint().size().contains(reference.index)
        })
    }

    /// Up to where *nothing newer was held* is said.
    #[must_use]
    pub fn horizon(&self) -> BundleHorizon {
        let size = |origin| {
            let head = head_of(&self.heads, origin);
            head.map_or(TreeSize::ZERO, |head| head.checkpoint().size())
        };
        BundleHorizon {
            issuer: size(&self.statement.reference().origin),
            register: size(&self.registry.genesis().register_origin()),
            registry: self.registry_size,
        }
    }

    /// What the bundle claims about acts that it does not hold.
    #[must_use]
    pub const fn later_acts(&self) -> LaterActs {
        self.later_acts
    }

    /// Who signed a statement of the bundle; `None` for one that is not in it.
    #[must_use]
    pub fn signed_by(&self, verified: &Verified) -> Option<SignedBy<'_>> {
        let header = verified.statement().header();
        let member = self.registry.member_at(header.issuer, header.ctx.size)?;
        let newest = self.registry.member(header.issuer);
        let from = newest.and_then(|member| member.cut_off(header.kid));
        Some(SignedBy {
            member,
            mandate: mandate_of(member, verified),
            authority: verified.authority(),
            cut_off: from.is_some_and(|from| verified.reference().index >= from),
        })
    }

    /// The size of the registry that it was made under.
    pub(super) const fn registry_size(&self) -> TreeSize {
        self.registry_size
    }

    /// The notices that the bundle holds of an act.
    pub fn notices_of<'a>(&'a self, act: &'a StatementRef) -> impl Iterator<Item = &'a Verified> {
        let of_act = move |one: &&Verified| notice_of(one).is_some_and(|notice| notice.act == *act);
        self.notices.iter().filter(of_act)
    }

    /// Acts in another log than their target's of which there is no notice: the home register had not
    /// entered them at its horizon.
    pub fn acts_without_notice(&self) -> impl Iterator<Item = &Verified> {
        let missing = |act: &&Verified| {
            let target = act.statement().payload().target.as_ref();
            target.is_some_and(|target| target.origin != act.reference().origin)
                && self.notices_of(act.reference()).next().is_none()
        };
        self.acts.iter().filter(missing)
    }

    /// Notices of acts that the bundle does not hold: such an act exists, and whoever made the bundle
    /// did not have it or left it out.
    pub fn notices_without_act(&self) -> impl Iterator<Item = &Notice> {
        let notices = self.notices.iter().filter_map(notice_of);
        notices.filter(|notice| self.acts.iter().all(|act| *act.reference() != notice.act))
    }

    /// The digest that ends the file.
    #[must_use]
    pub const fn digest(&self) -> Hash {
        self.digest
    }

    /// Bytes of the file.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}

/// The notice that a statement is.
pub(super) fn notice_of(verified: &Verified) -> Option<&Notice> {
    verified.statement().payload().content.notice()
}

pub(super) fn verify_heads(
    heads: &[SignedCheckpoint],
    registry: &Registry,
    size: TreeSize,
) -> Result<Vec<Head>, BundleError> {
    let verify = |(position, signed)| {
        Head::verify(signed, registry, size).map_err(|fault| BundleError::Head { position, fault })
    };
    heads.iter().enumerate().map(verify).collect()
}

/// Each log used has its head, and each head its use: those of the statement and of the home
/// register are the horizon, that of the registry closes the trust chain.
// spec: BUN-18, BUN-19
fn check_heads_used(
    bundle: &Bundle,
    registry: &Registry,
    heads: &[Head],
) -> Result<(), BundleError> {
    let genesis = registry.genesis();
    let register = genesis.register_origin();
    if head_of(heads, &register).is_none() {
        return Err(BundleError::HeadMissing { origin: register });
    }
    let registry_origin = bundle.includes_trust().then(|| genesis.registry_origin());
    let entries = bundle.entries().map(|entry| &entry.origin);
    let used: Vec<&Origin> = entries.chain(&registry_origin).chain([&register]).collect();
    let unused = |head: &&Head| !used.contains(&head.origin());
    match heads.iter().find(unused) {
        Some(head) => Err(BundleError::HeadUnused {
            origin: head.origin().clone(),
        }),
        None => Ok(()),
    }
}

pub(super) fn verify_entries(
    part: Part,
    entries: &[Entry],
    heads: &[Head],
    registry: &Registry,
    size: TreeSize,
) -> Result<Vec<Verified>, BundleError> {
    let entries = entries.iter().enumerate();
    entries
        .map(|entry| verify_entry(part, entry, heads, registry, size))
        .collect()
}

fn verify_entry(
    part: Part,
    (position, entry): (usize, &Entry),
    heads: &[Head],
    registry: &Registry,
    size: TreeSize,
) -> Result<Verified, BundleError> {
    let head = head_of(heads, &entry.origin);
    let head = head.ok_or_else(|| BundleError::HeadMissing {
        origin: entry.origin.clone(),
    })?;
    let verified = entry.verify(head, registry, size);
    verified.map_err(|fault| format::at(part, position, fault))
}

fn instant(time: CosignatureTime) -> Option<Timestamp> {
    Timestamp::new(time.unix_seconds().saturating_mul(1_000)).ok()
}

fn head_of<'a>(heads: &'a [Head], origin: &Origin) -> Option<&'a Head> {
    let found = heads.binary_search_by(|head| head.origin().cmp(origin));
    found.ok().and_then(|position| heads.get(position))
}

/// The mandate by which a statement stands, chosen as [`crate::trust::verify`] does.
fn mandate_of<'a>(member: &'a Member, verified: &Verified) -> Option<&'a Mandate> {
    let class = verified.statement().payload().class();
    let (day, decision) = judged_by(verified.statement())?;
    match verified.authority() {
        Authority::Mandate => member.mandate(class, day, decision),
        Authority::Supervision => member.enrolment().mandates.iter().find(|mandate| {
            mandate.supervises.is_some()
                && mandate.classes.contains(&class)
                && mandate.from <= day
                && mandate.until.is_none_or(|until| day <= until)
        }),
    }
}
