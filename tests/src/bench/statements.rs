//! Decisions of about 600 bytes about made-up organisations, eleven to each.

use concordat_protocol::codec::Ext;
use concordat_protocol::key::Signer;
use concordat_protocol::region::RegionCode;
use concordat_protocol::statement::{
    ActType, BasisLevel, Code, Content, Ctx, Decision, DecisionFields, LegalBasis, Payload, Remedy,
    RemedyKind, Service, ServiceWay, sign,
};
use concordat_protocol::subject::{AuthorityCode, Form, Subject, SubjectCheck, SubjectCode};
use concordat_protocol::text::Text;
use concordat_protocol::time::{Day, Timestamp};

use super::Failure;

/// Statements about one organisation.
pub(crate) const PER_SUBJECT: u64 = 11;
/// Scatters numbers over organisations: a prime that no count of organisations is a multiple of.
const SCATTER: u64 = 999_983;

/// How many organisations `count` statements are about.
pub(crate) const fn subjects(count: u64) -> u64 {
    count.div_ceil(PER_SUBJECT)
}

/// The organisation with a number below [`subjects`].
pub(crate) fn subject(number: u64) -> Result<SubjectCode, Failure> {
    let region = RegionCode::parse("230400")?;
    Ok(SubjectCode::compose(
        "91",
        region,
        &format!("MA{number:06}"),
    )?)
}

/// The organisation that the `index`th of `count` statements is about: neighbours in the log are far
/// apart in every order of organisations.
pub(crate) fn subject_of(index: u64, count: u64) -> Result<SubjectCode, Failure> {
    let subjects = subjects(count);
    subject((index % subjects) * SCATTER % subjects)
}

/// Who says what under which state of the registry.
#[derive(Clone, Copy)]
pub(crate) struct Speaker<'a> {
    pub(crate) code: AuthorityCode,
    pub(crate) key: &'a (dyn Signer + Send + Sync),
    pub(crate) ctx: Ctx,
    pub(crate) item: &'static str,
}

/// The `index`th of `count` decisions, signed.
pub(crate) fn decision(speaker: &Speaker<'_>, index: u64, count: u64) -> Result<Vec<u8>, Failure> {
    let about = subject_of(index, count)?;
    let fields = fields(speaker.item, about, index)?;
    let payload = Payload {
        issued_at: Timestamp::new(1_772_409_600_000 + index)?,
        target: None,
        register_size: None,
        batch: None,
        content: Content::Decision(Box::new(Decision::new(fields)?)),
        ext: Ext::default(),
    };
    Ok(sign(
        speaker.key,
        speaker.code,
        about,
        speaker.ctx,
        &payload,
    )?)
}

pub(crate) fn fields(
    item: &str,
    about: SubjectCode,
    number: u64,
) -> Result<DecisionFields, Failure> {
    let name: Text<200> = Text::new(format!("鹤岗市第{number}建筑劳务有限公司"))?;
    Ok(DecisionFields {
        subject: Subject::new(about, SubjectCheck::Ok, Form::Enterprise, name)?,
        document_number: Text::new(format!("鹤劳社监罚字〔2026〕第{number}号"))?,
        act_type: ActType::Penalty,
        item: Code::new(item)?,
        decided_on: Day::from_ymd(2026, 3, 2)?,
        service: Some(Service {
            on: Day::from_ymd(2026, 3, 4)?,
            way: ServiceWay::Direct,
        }),
        basis: vec![LegalBasis {
            law: Text::new("中华人民共和国劳动法")?,
            article: Text::new("第九十一条")?,
            level: BasisLevel::Law,
        }],
        facts: Some(Text::new(
            "未按照劳动合同约定支付劳动者工资，经责令限期改正逾期未改正",
        )?),
        content: None,
        penalty_classes: Vec::new(),
        fine_fen: Some(500_000 + number % 10_000),
        confiscation_fen: None,
        duties: Vec::new(),
        valid_from: None,
        valid_until: None,
        publication_until: Some(Day::from_ymd(2027, 3, 1)?),
        remedies: vec![Remedy {
            kind: RemedyKind::Reconsideration,
            body: Text::new("鹤岗市人民政府")?,
            within_days: 60,
        }],
        reissues: None,
        rests_on: Vec::new(),
        synthetic: Vec::new(),
        source: None,
        published_on: None,
        listing: None,
    })
}
