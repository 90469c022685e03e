//! What members say during a run: decisions, and acts on each other's decisions.

use concordat_protocol::codec::Ext;
use concordat_protocol::log::TreeSize;
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{
    ActType, Class, Code, Content, Correction, Ctx, Decision, DecisionFields, Ground, Objection,
    ObjectorRole, Outcome, Payload, Ruling, StatementRef, Withdrawal, WithdrawalReason, sign,
};
use concordat_protocol::subject::{AuthorityCode, Form, Subject, SubjectCheck, SubjectCode};
use concordat_protocol::text::Text;
use concordat_protocol::time::{Day, Timestamp};
use ed25519_dalek::SigningKey;

use super::Rng;

/// A statement that stands somewhere, to act on.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) class: Class,
    pub(crate) reference: StatementRef,
    pub(crate) about: SubjectCode,
}

/// Who speaks, and under what.
pub(crate) struct Speaker<'a> {
    pub(crate) code: AuthorityCode,
    pub(crate) key: &'a SigningKey,
    pub(crate) ctx: Ctx,
    pub(crate) register_size: TreeSize,
    pub(crate) now: Timestamp,
}

/// A statement to submit, what it is about, and what it acts on.
#[derive(Clone, Debug)]
pub(crate) struct Utterance {
    pub(crate) class: Class,
    pub(crate) about: SubjectCode,
    pub(crate) bytes: Vec<u8>,
}

/// Makes up something to say; `None` when chance picked an act without anything to act on.
pub(crate) fn utter(rng: &mut Rng, speaker: &Speaker<'_>, said: &[Said]) -> Option<Utterance> {
    let choice = rng.within(0, 10);
    let wanted = match choice {
        0..=4 => return decision(rng).and_then(|content| spoken(speaker, None, content)),
        8 => Class::Objection,
        5..=7 | 9.. => Class::Decision,
    };
    let targets: Vec<&Said> = said.iter().filter(|said| said.class == wanted).collect();
    let target = *rng.pick(&targets)?;
    let own = target.reference.origin.member() == speaker.code.as_str();
    let content = match (choice, own) {
        (5, true) => Content::Withdrawal(Withdrawal {
            reason: WithdrawalReason::Duplicate,
            reasons: text("reported twice")?,
            exit: None,
        }),
        (6, true) => correction(rng, target)?,
        (8, _) => Content::Ruling(
            Ruling::new(
                Outcome::Rejected,
                vec![target.reference.clone()],
                text("the facts stand")?,
            )
            .ok()?,
        ),
        _ => {
            let ground = *rng.pick(Ground::ALL)?;
            let day = Day::of(speaker.now).ok()?;
            let role = ObjectorRole::Subject;
            Content::Objection(Objection::new(role, ground, day, rng.one_in(8), None))
        }
    };
    spoken(speaker, Some(target), content)
}

fn spoken(speaker: &Speaker<'_>, target: Option<&Said>, content: Content) -> Option<Utterance> {
    let about = match target {
        Some(target) => target.about,
        None => content.subject()?,
    };
    let payload = Payload {
        issued_at: speaker.now,
        target: target.map(|said| said.reference.clone()),
        register_size: target.map(|_| speaker.register_size),
        batch: None,
        content,
        ext: Ext::default(),
    };
    let bytes = sign(speaker.key, speaker.code, about, speaker.ctx, &payload).ok()?;
    let class = payload.class();
    Some(Utterance {
        class,
        about,
        bytes,
    })
}

fn correction(rng: &mut Rng, target: &Said) -> Option<Content> {
    let Content::Decision(replacement) = decision_about(rng, target.about)? else {
        return None;
    };
    Some(Content::Correction(Box::new(Correction {
        reasons: text("the number of the document was wrong")?,
        replacement: *replacement,
    })))
}

fn decision(rng: &mut Rng) -> Option<Content> {
    let region = RegionCode::parse("230100").ok()?;
    // One in ten is about a household, whose records fewer may see.
    let category = if rng.one_in(10) { "92" } else { "91" };
    let serial = format!("MA{:06}", rng.within(0, 1_000_000));
    decision_about(rng, SubjectCode::compose(category, region, &serial).ok()?)
}

fn decision_about(rng: &mut Rng, code: SubjectCode) -> Option<Content> {
    let form = match code.is_self_employed() {
        true => Form::SelfEmployed,
        false => Form::Enterprise,
    };
    let subject = Subject::new(code, SubjectCheck::Ok, form, text("Test subject")?).ok()?;
    // Of rewards, the plan lets only the first member see the bodies. Whether it is one follows from
    // the organisation, so that a correction keeps the visibility class of its target.
    let digits = code.as_str().bytes().map(u32::from).sum::<u32>();
    let (act_type, item) = match digits.is_multiple_of(4) {
        true => (ActType::Reward, "test.reward"),
        false => (ActType::Licence, "test.licence"),
    };
    let length = if rng.one_in(20) {
        4_000
    } else {
        rng.within(1, 200)
    };
    let facts = "f".repeat(usize::try_from(length).ok()?);
    let fields = DecisionFields {
        subject,
        document_number: text(&format!("No. {}", rng.within(0, 1_000_000)))?,
        act_type,
        item: Code::new(item).ok()?,
        decided_on: Day::from_ymd(2026, 3, 2).ok()?,
        service: None,
        basis: Vec::new(),
        facts: text(&facts),
        content: None,
        penalty_classes: Vec::new(),
        fine_fen: None,
        confiscation_fen: None,
        duties: Vec::new(),
        valid_from: None,
        valid_until: None,
        publication_until: None,
        remedies: Vec::new(),
        reissues: None,
        rests_on: Vec::new(),
        synthetic: Vec::new(),
        source: None,
        published_on: None,
        listing: None,
    };
    Some(Content::Decision(Box::new(Decision::new(fields).ok()?)))
}

fn text<const MAX: usize>(text: &str) -> Option<Text<MAX>> {
    Text::new(text).ok()
}
