//! What the members have to say: tables of decisions to import, each row another one.

use std::fmt::Write as _;

use concordat_protocol::region::RegionCode;
use concordat_protocol::subject::{AuthorityCode, SubjectCode};

use super::Failure;
use crate::sim::Rng;

/// How the tables of [`Rows`] are read.
pub const LOAD_PROFILE: &str = r#"
[profile]
name = "load"
version = 1
about = "Rows that the tests make up"

[file]
format = "tsv"
encoding = "utf-8"

[fields]
subject_code = { column = "code" }
subject_name = { column = "name" }
document_number = { column = "number" }
act_type = { value = "licence" }
item = { value = "test.licence" }
decided_on = { column = "decided" }
facts = { column = "facts" }

[fields.subject_form]
column = "name"
by_code = true
otherwise = "enterprise"
"#;

/// How a table of [`Rows::penalties`] is read.
pub const PENALTY_PROFILE: &str = r#"
[profile]
name = "penalties"
version = 1
about = "Penalties that the tests make up"

[file]
format = "tsv"
encoding = "utf-8"

[fields]
subject_code = { column = "code" }
subject_name = { column = "name" }
document_number = { column = "number" }
decided_on = { column = "decided" }
facts = { column = "facts" }
basis = { column = "basis" }

[fields.subject_form]
column = "name"
by_code = true
otherwise = "enterprise"

[basis]
style = "listed"
article_marks = ["第"]
continues = ["条"]

[[basis.levels]]
suffix = "法"
level = "law"

[synthetic]

[synthetic.fields]
act_type = { value = "penalty" }
item = { value = "test.penalty" }
penalty_classes = { value = "warning" }
served_on = { after = "decided_on", days = 1 }
service_way = { value = "direct" }
publication_until = { after = "decided_on", days = 3600 }

[[synthetic.remedies]]
kind = "reconsideration"
body = "某市人民政府"
within_days = 60
"#;

/// Makes up rows for one member; no document number comes twice.
#[derive(Debug)]
pub struct Rows {
    member: AuthorityCode,
    rng: Rng,
    next: u64,
}

/// Some rows as a table, with the numbers of their documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The file, header included.
    pub text: String,
    /// The numbers, in order.
    pub numbers: Vec<String>,
}

impl Rows {
    /// Rows for a member, from a seed.
    #[must_use]
    pub const fn new(member: AuthorityCode, seed: u64) -> Self {
        Self {
            member,
            rng: Rng::new(seed),
            next: 0,
        }
    }

    /// The next `count` rows.
    ///
    /// # Errors
    /// [`Failure`] when a code could not be composed.
    pub fn table(&mut self, count: u64) -> Result<Table, Failure> {
        let region = RegionCode::parse("230100").map_err(Failure::of("a region"))?;
        let mut text = "code\tname\tnumber\tdecided\tfacts\n".to_owned();
        let mut numbers = Vec::new();
        for _ in 0..count {
            let number = format!("{}-{}", self.member, self.next);
            self.next += 1;
            let serial = format!("MA{:06}", self.rng.within(0, 1_000_000));
            let code = SubjectCode::compose("91", region, &serial);
            let code = code.map_err(Failure::of("a code"))?;
            let facts = "f".repeat(usize::try_from(self.rng.within(1, 200)).unwrap_or(1));
            let day = self.rng.within(1, 29);
            let _ = writeln!(
                text,
                "{code}\tTest subject\t{number}\t2026-03-{day:02}\t{facts}"
            );
            numbers.push(number);
        }
        Ok(Table { text, numbers })
    }

    /// The next `count` rows as penalties, which an objection suspends; [`PENALTY_PROFILE`] reads them.
    ///
    /// # Errors
    /// [`Failure`] when a code could not be composed.
    pub fn penalties(&mut self, count: u64) -> Result<Table, Failure> {
        let Table { text, numbers } = self.table(count)?;
        let mut lines = text.lines();
        let mut text = format!("{}\tbasis\n", lines.next().unwrap_or_default());
        for line in lines {
            let _ = writeln!(text, "{line}\t劳动法第九十一条");
        }
        Ok(Table { text, numbers })
    }
}

#[cfg(test)]
mod tests {
    use concordat_node::import::{ImportOptions, Importer, Profile, Stored};
    use concordat_protocol::log::NetworkKind;

    use concordat_protocol::time::Day;

    use super::*;

    #[test]
    fn every_row_is_a_decision_of_its_own() {
        let member = AuthorityCode::parse("11310000MB00000009").unwrap();
        let table = Rows::new(member, 3).table(50).unwrap();
        let profile = Profile::parse(LOAD_PROFILE).unwrap();
        let options = ImportOptions::new(member, Day::MAX);
        let importer = Importer::new(&profile, NetworkKind::Test, options).unwrap();
        let absent = |_: &_, _: &_| Stored::Absent;
        let read = importer.run(table.text.as_bytes(), &absent, &mut |_| {});
        let read = read.unwrap();
        assert_eq!((read.accepted.len(), read.report.refused), (50, 0));
        assert_eq!(table.numbers.len(), 50);
    }
}
