//! Every word of an agreement.

use concordat_protocol::statement::{AgreementFields, Clause, ClauseMeasure, StatementRef};

use super::words::{self, Word};
use super::{Language, Summary, joined};

impl Summary {
    pub(super) fn agreement(&mut self, fields: &AgreementFields) {
        self.add("agreement", ("Agreement", "协议"), &fields.title);
        self.add("version", ("Version", "版本"), fields.version);
        if let Some(first) = &fields.first {
            self.add("first", ("First version", "首个版本"), reference(first));
        }
        for party in &fields.parties {
            self.add("party", ("Party", "缔约机关"), party);
        }
        self.add("from", ("First day", "生效日"), fields.from);
        let none = self.word(("none", "无"));
        let until = fields.until.map(|until| until.to_string());
        let code = until.clone().unwrap_or_else(|| "null".to_owned());
        let until = until.unwrap_or_else(|| none.to_owned());
        self.both("until", ("Last day", "终止日"), until, code);
        let open = self.word(match fields.open {
            Some(_) => (
                "yes: others may accede by their own word",
                "是：其他机关可自行加入",
            ),
            None => ("no", "否"),
        });
        let code = fields.open.is_some().to_string();
        self.both("open", ("Open", "开放加入"), open.to_owned(), code);
        for clause in &fields.clauses {
            let text = self.clause(clause, |word, language| word.text(language).to_owned());
            let english = Self::new(Language::English);
            let code = english.clause(clause, |word, _| word.name.to_owned());
            self.both("clause", ("Clause", "条款"), text, code);
        }
    }

    /// A clause on one line, with its codes said in some way.
    fn clause(&self, clause: &Clause, say: impl Fn(Word, Language) -> String) -> String {
        let every = || self.word(("every party", "全部缔约机关")).to_owned();
        let parties = |named: &[_]| match named.is_empty() {
            true => every(),
            false => joined(named),
        };
        let of = |label: (&'static str, &'static str), value: String| {
            format!("{} {value}", self.word(label))
        };
        let mut parts = vec![
            clause.number.to_string(),
            of(("decisions of", "作出机关"), parties(&clause.issuers)),
            of(("relied on by", "采信机关"), parties(&clause.receivers)),
            of(("items", "事项"), joined(&clause.items)),
        ];
        let types = clause.act_types.iter();
        let types: Vec<_> = types
            .map(|one| say(words::act_type(*one), self.language))
            .collect();
        parts.push(match types.is_empty() {
            true => self.word(("every type of act", "全部行为类别")).to_owned(),
            false => of(("types of act", "行为类别"), types.join(", ")),
        });
        if let Some(from) = clause.decided_from {
            parts.push(of(("decided from", "决定日期自"), from.to_string()));
        }
        if let Some(until) = clause.decided_until {
            parts.push(of(("decided until", "决定日期至"), until.to_string()));
        }
        if clause.local_basis.is_some() {
            parts.push(
                self.word(("local basis will do", "认可地方依据"))
                    .to_owned(),
            );
        }
        let measures = clause.measures.iter();
        parts.extend(measures.map(|one| self.measure(one, &say)));
        if clause.measures.is_empty() {
            parts.push(self.word(("no measure", "无措施")).to_owned());
        }
        parts.join("; ")
    }

    fn measure(&self, one: &ClauseMeasure, say: impl Fn(Word, Language) -> String) -> String {
        let force = say(words::force(one.force), self.language);
        let level = say(words::basis_level(one.basis.level), self.language);
        let (measure, law, article) = (&one.measure, &one.basis.law, &one.basis.article);
        let measure_label = self.word(("measure", "措施"));
        let by = self.word(("by", "依据"));
        format!("{measure_label} {measure} {force} {by} {law} {article} ({level})")
    }
}

fn reference(named: &StatementRef) -> String {
    format!("{}#{}", named.origin, named.index)
}
