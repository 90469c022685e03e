//! Who a record is about: an organisation, by its unified social credit code.
//!
//! Implements `spec/identifiers.md`. [`SubjectCode`] is the only place that knows alphabet and
//! layout of GB 32100-2015; a value of it has the layout, and [`SubjectCode::check`] says whether
//! its check character holds. [`Subject`] adds what a record must state about it.
//!
//! Out of scope: whether a code was issued, who stands behind it, natural persons. A code that is a
//! resident identity number is refused wherever it comes from.

mod arithmetic;
mod code;
mod form;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) use arithmetic::is_identity_number;
pub use code::{CodeCheck, CodeError, SubjectCode};
pub use form::{Form, UnknownForm};

use crate::text::{Text, deserialize_parsed};

/// Longest name of a subject, in Unicode scalar values (double-publicity standard, C200).
pub const SUBJECT_NAME_CHARS_MAX: usize = 200;

/// Longest registrar's reference, in Unicode scalar values (document number, C128).
pub const REGISTRAR_REFERENCE_CHARS_MAX: usize = 128;

/// The organisation that a record is about (信用主体).
///
/// Code, check, form and name agree with each other: [`Subject::new`] is the only constructor.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    code: SubjectCode,
    check: SubjectCheck,
    form: Form,
    name: Text<SUBJECT_NAME_CHARS_MAX>,
}

impl Subject {
    /// Takes a subject as a record states it.
    ///
    /// # Errors
    /// [`SubjectError::ReferenceMissing`] when the check character does not hold and no registrar
    /// confirms the code; [`SubjectError::ReferenceIdle`] when it holds and a reference is given all
    /// the same; [`SubjectError::FormContradictsCode`] when the first two places of the code belong
    /// to another form.
    pub fn new(
        code: SubjectCode,
        check: SubjectCheck,
        form: Form,
        name: Text<SUBJECT_NAME_CHARS_MAX>,
    ) -> Result<Self, SubjectError> {
        // spec: ID-11
        match (code.check(), &check) {
            (CodeCheck::Mismatch, SubjectCheck::Ok) => return Err(SubjectError::ReferenceMissing),
            (CodeCheck::Ok, SubjectCheck::Mismatch { .. }) => {
                return Err(SubjectError::ReferenceIdle);
            }
            (CodeCheck::Ok, SubjectCheck::Ok)
            | (CodeCheck::Mismatch, SubjectCheck::Mismatch { .. }) => {}
        }
        // spec: ID-13
        if !form.agrees_with(code.department(), code.category()) {
            return Err(SubjectError::FormContradictsCode { form });
        }
        Ok(Self {
            code,
            check,
            form,
            name,
        })
    }

    /// The code.
    pub const fn code(&self) -> SubjectCode {
        self.code
    }

    /// Whether the check character holds, and on whose word the code stands if not.
    pub const fn check(&self) -> &SubjectCheck {
        &self.check
    }

    /// The legal form.
    pub const fn form(&self) -> Form {
        self.form
    }

    /// The registered name.
    pub const fn name(&self) -> &Text<SUBJECT_NAME_CHARS_MAX> {
        &self.name
    }

    /// Whether the record comes close to a person: restricted view, no bulk export, no public page.
    pub const fn near_personal(&self) -> bool {
        // spec: ID-14
        self.form.near_personal() || self.code.is_self_employed()
    }
}

/// What a record states about the check character of its subject's code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectCheck {
    /// It holds.
    Ok,
    /// It does not hold, and the registrar confirmed that the code was issued so.
    Mismatch {
        /// Where the registrar's confirmation is found: its document number or the like.
        registrar_reference: Text<REGISTRAR_REFERENCE_CHARS_MAX>,
    },
}

impl SubjectCheck {
    /// A reference stands for a mismatch, none for a check that holds.
    pub fn from_reference(reference: Option<Text<REGISTRAR_REFERENCE_CHARS_MAX>>) -> Self {
        reference.map_or(Self::Ok, |registrar_reference| Self::Mismatch {
            registrar_reference,
        })
    }

    /// The registrar's reference of a mismatch.
    pub const fn registrar_reference(&self) -> Option<&Text<REGISTRAR_REFERENCE_CHARS_MAX>> {
        match self {
            Self::Ok => None,
            Self::Mismatch {
                registrar_reference,
            } => Some(registrar_reference),
        }
    }
}

/// Why parts do not make a [`Subject`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubjectError {
    /// The check character does not hold and no registrar's reference is given.
    #[error("the check character does not hold and no registrar's reference confirms the code")]
    ReferenceMissing,
    /// The check character holds, so there is nothing for a registrar to confirm.
    #[error("the check character holds, yet a mismatch is stated")]
    ReferenceIdle,
    /// The first two places of the code belong to another form.
    #[error("the form {form:?} contradicts the first two places of the code")]
    FormContradictsCode {
        /// The stated form.
        form: Form,
    },
}

/// The code of a public authority (机关、部门): a subject code whose check character holds and that
/// is not of a self-employed household.
///
/// Whether the body has any authority is for the registry to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthorityCode(SubjectCode);

impl AuthorityCode {
    /// Takes a code.
    ///
    /// # Errors
    /// [`AuthorityError::CheckMismatch`] or [`AuthorityError::SelfEmployed`].
    pub fn new(code: SubjectCode) -> Result<Self, AuthorityError> {
        // spec: ID-15
        match code.check() {
            CodeCheck::Mismatch => Err(AuthorityError::CheckMismatch),
            CodeCheck::Ok if code.is_self_employed() => Err(AuthorityError::SelfEmployed),
            CodeCheck::Ok => Ok(Self(code)),
        }
    }

    /// Reads the canonical form, as [`SubjectCode::parse`].
    ///
    /// # Errors
    /// [`AuthorityError::Code`], then as [`AuthorityCode::new`].
    pub fn parse(text: &str) -> Result<Self, AuthorityError> {
        Self::new(SubjectCode::parse(text)?)
    }

    /// The code.
    pub const fn code(self) -> SubjectCode {
        self.0
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for AuthorityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for AuthorityCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AuthorityCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_parsed(
            deserializer,
            "an authority's code of 18 characters",
            Self::parse,
        )
    }
}

/// Why a value is no [`AuthorityCode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// Not a subject code at all.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// The check character does not hold; authorities get no registrar's exception.
    #[error("the check character of the authority's code does not hold")]
    CheckMismatch,
    /// A self-employed household is no authority.
    #[error("a code beginning 92 belongs to a self-employed household, not to an authority")]
    SelfEmployed,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUED: &str = "91110108551385082Q";

    fn subject(code: &str, form: Form) -> Result<Subject, SubjectError> {
        let code = SubjectCode::parse(code).unwrap();
        let name = Text::new("示例").unwrap();
        Subject::new(code, SubjectCheck::Ok, form, name)
    }

    fn composed(prefix: &str) -> String {
        let region = crate::region::RegionCode::parse("230400").unwrap();
        SubjectCode::compose(prefix, region, "MA00007L")
            .unwrap()
            .to_string()
    }

    #[test]
    fn forms_agree_with_codes_exactly_as_the_table_says() {
        use Form::{Cooperative, Enterprise, Other, SelfEmployed, SoleProprietorship, Unknown};
        // spec: ID-13
        for (prefix, admitted) in [
            (
                "91",
                &[Enterprise, Cooperative, SoleProprietorship, Other, Unknown][..],
            ),
            ("92", &[SelfEmployed]),
            ("93", &[Cooperative, Unknown]),
        ] {
            for form in Form::ALL {
                let expected = admitted.contains(&form);
                let found = subject(&composed(prefix), form);
                assert_eq!(found.is_ok(), expected, "{prefix} {form:?}");
                if let Err(error) = found {
                    assert_eq!(error, SubjectError::FormContradictsCode { form });
                }
            }
        }
        for prefix in ["11", "12", "31", "52", "A1", "N3", "Y1"] {
            for form in Form::ALL {
                assert_eq!(
                    subject(&composed(prefix), form).is_ok(),
                    form != SelfEmployed
                );
            }
        }
    }

    #[test]
    fn near_personal_follows_the_form() {
        // spec: ID-14
        let near = |code: &str, form| subject(code, form).unwrap().near_personal();
        assert!(near(&composed("92"), Form::SelfEmployed)); // spec: ID-12
        assert!(near(ISSUED, Form::SoleProprietorship));
        assert!(near(ISSUED, Form::Unknown));
        assert!(!near(ISSUED, Form::Enterprise));
        assert!(!near(ISSUED, Form::Other));
    }

    #[test]
    fn form_codes_are_one_to_nine() {
        // spec: ID-10
        let codes: Vec<u64> = Form::ALL.into_iter().map(Form::code).collect();
        assert_eq!(codes, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        for form in Form::ALL {
            assert_eq!(Form::try_from(form.code()), Ok(form));
            assert_eq!(
                serde_json::to_string(&form).unwrap(),
                form.code().to_string()
            );
        }
        for code in [0, 10, 257, u64::MAX] {
            assert_eq!(Form::try_from(code), Err(UnknownForm { code }));
            assert!(serde_json::from_str::<Form>(&code.to_string()).is_err());
        }
        assert!(serde_json::from_str::<Form>("\"Enterprise\"").is_err());
    }

    #[test]
    fn deserialised_codes_are_canonical() {
        // spec: ID-27
        let code = |text: &str| serde_json::from_value::<SubjectCode>(text.into());
        let authority = |text: &str| serde_json::from_value::<AuthorityCode>(text.into());
        assert_eq!(code(ISSUED).unwrap().as_str(), ISSUED);
        assert_eq!(
            authority("11230500001755309F").unwrap().as_str(),
            "11230500001755309F"
        );
        for text in [
            "91110108551385082q",
            " 91110108551385082Q",
            "362322198709086409",
            "",
        ] {
            assert!(code(text).is_err(), "{text}");
            assert!(authority(text).is_err(), "{text}");
        }
        assert!(code("91350203M0001QKT19").is_ok());
        assert!(authority("91350203M0001QKT19").is_err()); // spec: ID-15
        assert!(authority(&composed("92")).is_err());
    }

    #[test]
    fn refusal_of_an_identity_number_does_not_repeat_it() {
        // spec: ID-4
        let error = SubjectCode::parse("362322198709086409").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("3623"));
    }

    #[test]
    fn builders_of_codes_refuse_what_the_reader_refuses() {
        let region = crate::region::RegionCode::parse("230400").unwrap();
        let length = |expected, found| Err(CodeError::Length { expected, found });
        assert_eq!(SubjectCode::with_check("9111010855138508"), length(17, 16));
        assert_eq!(SubjectCode::compose("9", region, "MA000001"), length(2, 1));
        assert_eq!(SubjectCode::compose("91", region, "MA00001"), length(8, 7));
        let prefix = CodeError::Prefix {
            department: '9',
            category: '9',
        };
        assert_eq!(SubjectCode::compose("99", region, "MA000001"), Err(prefix));
        let character = CodeError::Character {
            character: 'I',
            place: 2,
        };
        assert_eq!(
            SubjectCode::compose("91", region, "MI000001"),
            Err(character)
        );
    }
}
