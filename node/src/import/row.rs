//! One row to one decision. Every cell is looked at, so that one run names everything that is wrong.

mod boundary;
mod cells;
mod listing;

use concordat_protocol::screen::{self, PersonalNumber};
use concordat_protocol::statement::{
    ActType, Code, Decision, DecisionFields, Duty, LegalBasis, PenaltyClass, Remedy, Service,
    ServiceWay,
};
use concordat_protocol::subject::{
    CodeError, Form, Subject, SubjectCheck, SubjectCode, SubjectError,
};
use concordat_protocol::text::{Text, TextError};
use concordat_protocol::time::{Day, DayError};

use super::basis::BasisError;
use super::field::Field;
use super::layout::Layout;
use super::money::parse_fen;
use super::names::{Named, says_nothing};
use super::profile::{CellSource, DayBase, DutySource, Part, RemedyBody, RemedySource, Source};
use super::profile_file::Because;
use super::reason::ImportReason;
use super::report::RowError;
use super::{Importer, decision_bytes};

/// A cell as it came out of the file.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    /// Decoded and trimmed.
    Text(String),
    /// Refused already, or never read.
    Unusable,
}

/// The error is in the list already.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused;

/// A cell that may be blank.
type Read<T> = Result<Option<T>, Refused>;

/// A row that is being read.
pub(super) struct RowBuilder<'a> {
    pub(super) importer: &'a Importer<'a>,
    pub(super) layout: &'a Layout,
    pub(super) cells: &'a [Cell],
    pub(super) line: u64,
    pub(super) last_line: u64,
    pub(super) errors: Vec<RowError>,
    /// Whether a text was brought into normalisation form C.
    pub(super) normalised: bool,
}

impl<'a> RowBuilder<'a> {
    /// Reads the whole row. `Err` when the list of errors is not empty.
    // spec: IMP-1, IMP-5
    pub(super) fn decision(&mut self) -> Result<Decision, Refused> {
        self.refusals();
        self.agency();
        let fields = self.fields();
        if !self.errors.is_empty() {
            return Err(Refused);
        }
        let decision = Decision::new(fields?)
            .map_err(|invalid| self.error(None, None, ImportReason::Rule(invalid)))?;
        decision_bytes(&decision).map_err(|reason| self.error(None, None, reason))?;
        Ok(decision)
    }

    /// Whether a filter passes over the row. A cell that could not be read does not count.
    pub(super) fn is_filtered(&self) -> bool {
        let profile = &self.importer.profile;
        let mut filters = profile.filters.iter().chain(&self.importer.options.filters);
        filters.any(|filter| match self.cell(&filter.column) {
            Ok(said) => !filter
                .one_of
                .iter()
                .any(|value| value == said.unwrap_or_default()),
            Err(Refused) => false,
        })
    }

    /// Refuses the row as a duplicate.
    pub(super) fn duplicate(&mut self, reason: ImportReason) {
        self.field_error(Field::DocumentNumber, reason);
    }

    /// Refuses the row for its shape, at the place of a cell.
    pub(super) fn row_error(&mut self, index: Option<usize>, reason: ImportReason) {
        let column = index
            .and_then(|index| self.layout.name(index))
            .map(str::to_owned);
        self.push(column, None, reason);
    }

    fn fields(&mut self) -> Result<DecisionFields, Refused> {
        let subject = self.subject();
        let document_number = self.document_number();
        let act_type = self.act_type();
        let item = self.item();
        let decided_on = self.day(Field::DecidedOn, Ok(None), Ok(None));
        let published_on = self.day(Field::PublishedOn, decided_on, Ok(None));
        let later = |builder: &mut Self, field| builder.day(field, decided_on, published_on);
        let served_on = later(self, Field::ServedOn);
        let valid_from = later(self, Field::ValidFrom);
        let valid_until = later(self, Field::ValidUntil);
        let publication_until = later(self, Field::PublicationUntil);
        let decided_on = self.present(Field::DecidedOn, decided_on);
        let service = self.service(served_on, [Field::ServedOn, Field::ServiceWay]);
        let pre_notice_on = later(self, Field::PreNoticeOn);
        let listing = self.listing(pre_notice_on);
        let basis = self.basis();
        let facts = self.text(Field::Facts);
        let content = self.text(Field::Content);
        let penalty_classes = self.penalty_classes();
        let fine_fen = self.money(Field::Fine);
        let confiscation_fen = self.money(Field::Confiscation);
        let duties = self.duties();
        let remedies = self.remedies();
        let source = self.text(Field::Source);

        let restricts = act_type.is_ok_and(ActType::is_adverse)
            || penalty_classes
                .as_ref()
                .map_or(true, |list| !list.is_empty())
            || duties.as_ref().map_or(true, |list| !list.is_empty())
            || fine_fen.map_or(true, |fine| fine.is_some())
            || confiscation_fen.map_or(true, |amount| amount.is_some());
        if restricts {
            self.boundary(&service, &basis, publication_until, &remedies);
        }
        if let Ok(decided_on) = decided_on {
            let today = self.importer.options.today;
            let served = service.as_ref().ok().and_then(Option::as_ref);
            // spec: IMP-19
            if decided_on > today {
                self.field_error(Field::DecidedOn, ImportReason::NotDecidedYet);
            // spec: IMP-60
            } else if served.is_some_and(|service| service.on > today) {
                self.field_error(Field::ServedOn, ImportReason::NotServedYet);
            }
            self.order(
                decided_on,
                &service,
                valid_from,
                valid_until,
                publication_until,
            );
        }
        self.ends(restricts, valid_until, publication_until);
        self.duty_ends(decided_on, &duties);

        let mut fields = DecisionFields {
            subject: subject?,
            document_number: document_number?,
            act_type: act_type?,
            item: item?,
            decided_on: decided_on?,
            service: service?,
            basis: basis?,
            facts: facts?,
            content: content?,
            penalty_classes: penalty_classes?,
            fine_fen: fine_fen?,
            confiscation_fen: confiscation_fen?,
            duties: duties?,
            valid_from: valid_from?,
            valid_until: valid_until?,
            publication_until: publication_until?,
            remedies: remedies?,
            reissues: None,
            rests_on: Vec::new(),
            synthetic: Vec::new(),
            source: source?,
            published_on: published_on?,
            listing: listing?,
        };
        // spec: IMP-12
        let mut keys = self.importer.profile.synthetic_keys();
        keys.retain(|key| is_filled(&fields, *key));
        fields.synthetic = keys;
        Ok(fields)
    }

    /// Columns that only rows outside the boundary fill.
    fn refusals(&mut self) {
        let profile = self.importer.profile;
        for refusal in &profile.refuse {
            let Ok(Some(said)) = self.cell(&refusal.column) else {
                continue;
            };
            let is_refused = refusal
                .values
                .as_ref()
                .is_none_or(|values| values.iter().any(|value| value == said));
            if is_refused {
                // spec: IMP-9
                let reason = match refusal.because {
                    Because::NaturalPerson => ImportReason::NaturalPerson,
                    Because::SourceState => ImportReason::SourceState,
                };
                self.error(Some(&refusal.column), None, reason);
            }
        }
    }

    /// The agency that the row names, if the profile reads it, is the one that imports.
    fn agency(&mut self) {
        self.agency_name();
        let field = Field::AgencyCode;
        if !self.importer.profile.sources.contains_key(&field) {
            return;
        }
        let Ok(code) = self.required(field, Self::code) else {
            return;
        };
        // spec: IMP-15
        if code != self.importer.options.issuer.code() {
            self.field_error(field, ImportReason::OtherAuthority);
        }
    }

    /// Without it, somebody who forgets a filter signs what others have decided, for good.
    fn agency_name(&mut self) {
        let field = Field::AgencyName;
        let importer = self.importer;
        let Some(own) = &importer.options.issuer_name else {
            return;
        };
        if !importer.profile.sources.contains_key(&field) {
            return;
        }
        let Ok(name) = self.required(field, Self::text::<200>) else {
            return;
        };
        // spec: IMP-70
        if name != *own {
            self.field_error(field, ImportReason::OtherAuthority);
        }
    }

    fn subject(&mut self) -> Result<Subject, Refused> {
        let code = self.required(Field::SubjectCode, Self::code);
        let reference = self.text(Field::RegistrarReference);
        let form = self.form(code.ok());
        let name = self.required(Field::SubjectName, Self::text);
        // Without a name the rest is still looked at.
        let placeholder = || Text::new("-").map_err(|_| Refused);
        let stated = match &name {
            Ok(name) => name.clone(),
            Err(Refused) => placeholder()?,
        };
        let check = SubjectCheck::from_reference(reference?);
        let subject = Subject::new(code?, check, form?, stated).map_err(|error| match error {
            SubjectError::ReferenceMissing => {
                self.field_error(Field::SubjectCode, ImportReason::CodeCheck)
            }
            SubjectError::ReferenceIdle => {
                self.field_error(Field::RegistrarReference, ImportReason::ReferenceIdle)
            }
            SubjectError::FormContradictsCode { form } => self.field_error(
                Field::SubjectForm,
                ImportReason::FormContradictsCode { form },
            ),
            _ => self.field_error(Field::SubjectCode, ImportReason::CodePrefix),
        })?;
        name.map(|_| subject)
    }

    fn code(&mut self, field: Field) -> Read<SubjectCode> {
        let profile = self.importer.profile;
        let made = match profile.sources.get(&field) {
            Some(Source::Composed {
                column,
                prefix,
                region,
                serial_prefix,
            }) => {
                let Some(said) = self.cell(column)? else {
                    return Ok(None);
                };
                let digits: String = said.chars().filter(char::is_ascii_digit).collect();
                let width = 8_usize.saturating_sub(serial_prefix.len());
                let serial = format!("{serial_prefix}{digits:0>width$}");
                (!digits.is_empty())
                    .then(|| SubjectCode::compose(prefix, *region, &serial).ok())
                    .flatten()
                    .ok_or(ImportReason::SyntheticSource { field })
            }
            Some(
                Source::Cell(_)
                | Source::Joined { .. }
                | Source::Constant(_)
                | Source::Template(_)
                | Source::DaysAfter { .. }
                | Source::On(_),
            )
            | None => {
                let Some(said) = self.said(field)? else {
                    return Ok(None);
                };
                read_code(&said)
            }
        };
        made.map(Some)
            .map_err(|reason| self.field_error(field, reason))
    }

    fn form(&mut self, code: Option<SubjectCode>) -> Result<Form, Refused> {
        let field = Field::SubjectForm;
        let source = self.importer.profile.sources.get(&field);
        let by_code = matches!(source, Some(Source::Cell(CellSource { by_code: true, .. })));
        if by_code {
            let code = code.ok_or(Refused)?;
            if let Some(form) = form_by_code(code) {
                return Ok(form);
            }
        }
        match self.name(field, ImportReason::UnknownForm)? {
            Some(name) => Form::by_name(name)
                .ok_or_else(|| self.field_error(field, ImportReason::UnknownForm)),
            None => Ok(Form::Unknown),
        }
    }

    fn document_number(&mut self) -> Result<Text<128>, Refused> {
        let field = Field::DocumentNumber;
        let number: Text<128> = self.required(field, Self::text)?;
        // spec: ID-42
        let mut characters = number.as_str().chars();
        let unshown = number.unshown();
        match unshown.and_then(|unshown| characters.position(|c| c == unshown).zip(Some(unshown))) {
            Some((offset, character)) => Err(self.field_error(
                field,
                ImportReason::Invisible {
                    code_point: character.into(),
                    offset,
                },
            )),
            None => Ok(number),
        }
    }

    fn act_type(&mut self) -> Result<ActType, Refused> {
        let field = Field::ActType;
        let name = self.name(field, ImportReason::UnknownActType);
        let name = self.present(field, name)?;
        ActType::by_name(name).ok_or_else(|| self.field_error(field, ImportReason::UnknownActType))
    }

    fn item(&mut self) -> Result<Code, Refused> {
        let field = Field::Item;
        let name = self.name(field, ImportReason::UnknownItem);
        let name = self.present(field, name)?;
        let catalogue = self.importer.options.items.as_ref();
        Code::new(name)
            .ok()
            .filter(|code| catalogue.is_none_or(|items| items.contains(code)))
            .ok_or_else(|| self.field_error(field, ImportReason::UnknownItem))
    }

    /// What tells of a day and a way together: of service, or of a notice before it.
    fn service(&mut self, served_on: Read<Day>, [day, field]: [Field; 2]) -> Read<Service> {
        let way = match self.name(field, ImportReason::UnknownServiceWay) {
            Ok(Some(name)) => match ServiceWay::by_name(name) {
                Some(way) => Ok(Some(way)),
                None => Err(self.field_error(field, ImportReason::UnknownServiceWay)),
            },
            Ok(None) => Ok(None),
            Err(Refused) => Err(Refused),
        };
        match (served_on?, way?) {
            (Some(on), Some(way)) => Ok(Some(Service { on, way })),
            (None, None) => Ok(None),
            // A way by itself is a constant of the profile, more often than not.
            (None, Some(_)) if self.locate(field).is_none() => Ok(None),
            (None, Some(_)) => Err(self.field_error(day, ImportReason::MissingService)),
            (Some(_), None) => Err(self.field_error(field, ImportReason::MissingService)),
        }
    }

    fn basis(&mut self) -> Result<Vec<LegalBasis>, Refused> {
        let field = Field::Basis;
        let Some(said) = self.said(field)? else {
            return Ok(Vec::new());
        };
        let Some(rules) = &self.importer.profile.basis else {
            return Ok(Vec::new());
        };
        self.screen(field, &said)?;
        rules.read(&said).map_err(|error| {
            let reason = match error {
                BasisError::Shape => ImportReason::BasisShape,
                BasisError::Level => ImportReason::BasisLevelUnknown,
                BasisError::Text(error) => text_reason(error, field),
            };
            self.field_error(field, reason)
        })
    }

    fn penalty_classes(&mut self) -> Result<Vec<PenaltyClass>, Refused> {
        let field = Field::PenaltyClasses;
        let profile = self.importer.profile;
        let unknown = ImportReason::UnknownPenaltyClass;
        let mut list = Vec::new();
        if let Some(Source::Constant(name)) = profile.sources.get(&field) {
            list.extend(PenaltyClass::by_name(name));
            return Ok(list);
        }
        let Some(Source::Cell(cell)) = profile.sources.get(&field) else {
            return Ok(list);
        };
        let Some(said) = self.said(field)? else {
            return Ok(list);
        };
        let separators: &[char] = match cell.separator {
            // Typed on either kind of keyboard.
            Some(';') => &[';', '；'],
            Some(ref separator) => std::slice::from_ref(separator),
            None => &[],
        };
        let parts = said
            .split(separators)
            .map(str::trim)
            .filter(|part| !part.is_empty());
        for part in parts {
            let name = match &cell.values {
                Some(values) => values.name(part),
                None => Some(part),
            };
            let class = name.and_then(PenaltyClass::by_name);
            list.push(class.ok_or_else(|| self.field_error(field, unknown))?);
        }
        list.sort_unstable();
        list.dedup();
        Ok(list)
    }

    /// An amount; nothing for zero, which is how the tables say "none".
    fn money(&mut self, field: Field) -> Read<u64> {
        let profile = self.importer.profile;
        let Some(Source::Cell(cell)) = profile.sources.get(&field) else {
            return Ok(None);
        };
        let Some(said) = self.said(field)? else {
            return Ok(None);
        };
        let fen = parse_fen(&said, cell.unit).map_err(|reason| self.field_error(field, reason))?;
        Ok((fen > 0).then_some(fen))
    }

    fn duties(&mut self) -> Result<Vec<Duty>, Refused> {
        let profile = self.importer.profile;
        let mut list = Ok(Vec::new());
        for source in &profile.duties {
            match self.duty(source) {
                Ok(duty) => {
                    if let Ok(list) = &mut list {
                        list.extend(duty);
                    }
                }
                Err(Refused) => list = Err(Refused),
            }
        }
        list
    }

    fn duty(&mut self, source: &DutySource) -> Read<Duty> {
        let field = Some(Field::Duties);
        let content = match &source.content {
            Some(column) => match self.cell(column)? {
                Some(said) => {
                    let said = said.to_owned();
                    Some(self.checked_text(Some(column), Field::Duties, &said)?)
                }
                None => None,
            },
            None => None,
        };
        match (self.cell(&source.until)?.map(Day::parse_loose), content) {
            (Some(Ok(until)), content) => Ok(Some(Duty {
                measure: source.measure.clone(),
                until,
                content,
            })),
            (Some(Err(error)), _) => {
                Err(self.error(Some(&source.until), field, day_reason(error, Field::Duties)))
            }
            (None, Some(_)) => {
                Err(self.error(Some(&source.until), field, ImportReason::MissingDutyEnd))
            }
            (None, None) => Ok(None),
        }
    }

    fn remedies(&mut self) -> Result<Vec<Remedy>, Refused> {
        let profile = self.importer.profile;
        let mut list = Vec::new();
        for source in &profile.remedies {
            list.extend(self.remedy(source)?);
        }
        Ok(list)
    }

    fn remedy(&mut self, source: &RemedySource) -> Read<Remedy> {
        let body = match &source.body {
            RemedyBody::Constant(body) => body.clone(),
            RemedyBody::Column(column) => {
                let Some(said) = self.cell(column)?.map(str::to_owned) else {
                    return Ok(None);
                };
                // spec: IMP-18
                if says_nothing(&said) {
                    return Ok(None);
                }
                self.checked_text(Some(column), Field::Remedies, &said)?
            }
        };
        Ok(Some(Remedy {
            kind: source.kind,
            body,
            within_days: source.within_days,
        }))
    }
}

/// Days from this year on stand for "no end" in the field's tables.
const NO_END_YEAR: u16 = 2099;

/// A code as people write it. What is a person's number is called that, whatever else it fails.
fn read_code(said: &str) -> Result<SubjectCode, ImportReason> {
    if is_placeholder(said) {
        // spec: IMP-15
        return Err(ImportReason::CodePlaceholder);
    }
    SubjectCode::normalise(said).map_err(|error| {
        if let Some(finding) = screen::find_personal(said) {
            return match finding.kind {
                PersonalNumber::IdentityNumber | PersonalNumber::OldIdentityNumber => {
                    ImportReason::CodeIsIdentityNumber
                }
                kind @ (PersonalNumber::MobilePhone
                | PersonalNumber::Passport
                | PersonalNumber::TravelPermit
                | PersonalNumber::ResidencePermit) => ImportReason::PersonalNumber { kind },
            };
        }
        match error {
            CodeError::Length { found, .. } => ImportReason::CodeLength { found },
            CodeError::Character { place, .. } => ImportReason::CodeCharacter { place },
            CodeError::IdentityNumber => ImportReason::CodeIsIdentityNumber,
            CodeError::Region { place } => ImportReason::CodeRegion { place },
            CodeError::Prefix { .. } | _ => ImportReason::CodePrefix,
        }
    })
}

/// Zeros, with an X at most at the end: what tables say for "unknown".
fn is_placeholder(said: &str) -> bool {
    let zeros = said.strip_suffix(['X', 'x']).unwrap_or(said);
    zeros.len() >= 8 && zeros.bytes().all(|byte| byte == b'0')
}

/// The form that the first two places of a code decide by themselves.
fn form_by_code(code: SubjectCode) -> Option<Form> {
    match (code.department(), code.category()) {
        ('1', '1') => Some(Form::GovernmentOrgan),
        ('1', '2') => Some(Form::PublicInstitution),
        ('1', '3') | ('5', '1'..='3') => Some(Form::SocialOrganisation),
        ('9', '2') => Some(Form::SelfEmployed),
        ('9', '3') => Some(Form::Cooperative),
        _ => None,
    }
}

fn text_reason(error: TextError, field: Field) -> ImportReason {
    match error {
        TextError::TooLong { max, found } => ImportReason::FieldTooLong { max, found },
        TextError::Control { character, offset }
        | TextError::Direction { character, offset }
        | TextError::Noncharacter { character, offset } => ImportReason::ControlCharacter {
            code_point: character.into(),
            offset,
        },
        TextError::Invisible { character, offset } => ImportReason::Invisible {
            code_point: character.into(),
            offset,
        },
        TextError::PersonalData { kind } => ImportReason::PersonalNumber { kind },
        TextError::Empty | TextError::NotNormalised | _ => ImportReason::Missing { field },
    }
}

fn day_reason(error: DayError, field: Field) -> ImportReason {
    match error {
        DayError::Empty => ImportReason::Missing { field },
        DayError::NoSuchDay => ImportReason::NoSuchDay,
        DayError::OutOfRange => ImportReason::DateOutOfRange,
        DayError::Shape | _ => ImportReason::DateShape,
    }
}

/// Whether the decision has something under a key.
fn is_filled(fields: &DecisionFields, key: u64) -> bool {
    match key {
        6 => fields.service.is_some(),
        7 => !fields.basis.is_empty(),
        8 => fields.facts.is_some(),
        9 => fields.content.is_some(),
        10 => !fields.penalty_classes.is_empty(),
        11 => fields.fine_fen.is_some(),
        12 => fields.confiscation_fen.is_some(),
        13 => !fields.duties.is_empty(),
        14 => fields.valid_from.is_some(),
        15 => fields.valid_until.is_some(),
        16 => fields.publication_until.is_some(),
        17 => !fields.remedies.is_empty(),
        21 => fields.source.is_some(),
        22 => fields.published_on.is_some(),
        23 => fields.listing.is_some(),
        _ => true,
    }
}
