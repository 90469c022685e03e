//! What a file says, in words for the person who has to answer for it.
//!
//! Lines of a fixed name, a label in the reader's language, and a value: in that language for people,
//! and with the stable names of codes for programs. Out of scope: layout.

mod agreement;
pub mod words;

use std::fmt;

use concordat_protocol::key::PublicKey;
use concordat_protocol::log::Hash;
use concordat_protocol::statement::{
    Agreement, Calendar, CatalogueItem, Content, CutOff, DeadlineRule, DeadlineRules, Enrolment,
    ItemCatalogue, KeyUse, Loss, Mandate, MeasureCatalogue, MeasureItem, Payload, Policy, Rotation,
    Succession, Suspension,
};
use concordat_protocol::time::{Day, Timestamp};
use time::OffsetDateTime;

use crate::fingerprint::Fingerprint;
use crate::summary::words::Word;

/// The reader's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// 中文.
    Chinese,
}

/// One line: a name that programs may rely on, a label and a value for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Lower-case ASCII with underscores, the same in every language. May repeat.
    pub name: &'static str,
    /// The label.
    pub label: &'static str,
    /// The value for people.
    pub value: String,
    /// The value for programs: the same in every language.
    pub code: String,
}

/// What a file says, line by line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    language: Language,
    lines: Vec<Line>,
}

impl Summary {
    /// The lines in the order in which they should be read.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The values under a name.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        let named = move |line: &&Line| line.name == name;
        self.lines
            .iter()
            .filter(named)
            .map(|line| line.value.as_str())
    }

    pub(crate) const fn new(language: Language) -> Self {
        let lines = Vec::new();
        Self { language, lines }
    }

    /// Adds a line; the label in English and in Chinese.
    pub(crate) fn add(
        &mut self,
        name: &'static str,
        label: (&'static str, &'static str),
        value: impl fmt::Display,
    ) {
        let value = value.to_string();
        self.both(name, label, value.clone(), value);
    }

    /// Adds a line whose value is a code.
    pub(crate) fn coded(
        &mut self,
        name: &'static str,
        label: (&'static str, &'static str),
        word: Word,
    ) {
        let value = word.text(self.language).to_owned();
        self.both(name, label, value, word.name.to_owned());
    }

    /// Adds a line that says something else to people than to programs.
    // spec: ADM-105
    fn both(
        &mut self,
        name: &'static str,
        label: (&'static str, &'static str),
        value: String,
        code: String,
    ) {
        let label = self.word(label);
        self.lines.push(Line {
            name,
            label,
            value,
            code,
        });
    }

    pub(crate) const fn word(
        &self,
        (english, chinese): (&'static str, &'static str),
    ) -> &'static str {
        match self.language {
            Language::English => english,
            Language::Chinese => chinese,
        }
    }

    pub(crate) fn key(
        &mut self,
        name: &'static str,
        label: (&'static str, &'static str),
        key: &PublicKey,
    ) {
        self.add(name, label, Fingerprint::of_key(key));
    }

    /// Every word of an agreement that is logged.
    #[must_use]
    pub fn of_agreement(agreement: &Agreement, language: Language) -> Self {
        let mut summary = Self::new(language);
        summary.agreement(agreement.fields());
        summary
    }

    pub(crate) fn payload(&mut self, payload: &Payload) {
        let class = words::class(payload.content.class());
        self.coded("change", ("Change", "变更"), class);
        self.add(
            "issued_at",
            ("Proposed at", "提出时间"),
            instant(payload.issued_at),
        );
        match &payload.content {
            Content::Enrolment(enrolment) => self.enrolment(enrolment),
            Content::Rotation(rotation) => self.rotation(rotation),
            Content::Suspension(suspension) => self.suspension(suspension),
            Content::CutOff(cut_off) => self.cut_off(cut_off),
            Content::Loss(loss) => self.loss(loss),
            Content::Succession(succession) => self.succession(succession),
            Content::ItemCatalogue(catalogue) => self.catalogue(catalogue),
            Content::MeasureCatalogue(catalogue) => self.measures(catalogue),
            Content::Calendar(calendar) => self.calendar(calendar),
            Content::DeadlineRules(rules) => self.deadline_rules(rules),
            Content::Policy(policy) => self.policy(policy),
            Content::Agreement(agreement) => self.agreement(agreement.fields()),
            Content::Decision(_)
            | Content::Objection(_)
            | Content::Ruling(_)
            | Content::Correction(_)
            | Content::Withdrawal(_)
            | Content::Admission(_)
            | Content::Stay(_)
            | Content::Erasure(_)
            | Content::Repair(_)
            | Content::Accession(_)
            | Content::Retirement(_)
            | Content::RecognitionResponse(_)
            | Content::Notice(_)
            | Content::DeliveryBatch(_)
            | Content::Holdings(_)
            | Content::ReceiptBatch(_)
            | Content::QueryRoot(_)
            | Content::HeadSeen(_)
            | Content::Restart(_)
            | Content::Record(_) => {}
        }
    }

    pub(crate) fn enrolment(&mut self, enrolment: &Enrolment) {
        self.add("member", MEMBER, enrolment.member);
        self.add("name", ("Name", "名称"), &enrolment.name);
        self.add("region", ("Region", "区划"), enrolment.region);
        self.coded("level", ("Level", "层级"), words::level(enrolment.level));
        self.coded("role", ("Role", "角色"), words::role(enrolment.role));
        if let Some(through) = enrolment.publishes_through {
            self.add(
                "publishes_through",
                ("Publishes through", "发布节点"),
                through,
            );
        }
        for mandate in &enrolment.mandates {
            let (text, code) = (mandate_text(mandate, self.language), mandate_code(mandate));
            self.both("mandate", ("Mandate", "职权"), text, code);
        }
        for address in &enrolment.addresses {
            self.add("address", ("Address", "地址"), address);
        }
        for (key_use, key) in crate::enrolment::keys(enrolment) {
            self.key(key_name(key_use), key_words(key_use), &key);
        }
        for (key_use, digest) in &enrolment.next_keys {
            let word = words::key_use(*key_use);
            let digest = Fingerprint::of_digest(digest);
            let colon = self.word((": ", "："));
            let value = format!("{}{colon}{digest}", word.text(self.language));
            let code = format!("{}: {digest}", word.name);
            self.both(
                "next_key",
                ("Next key committed", "下一密钥承诺"),
                value,
                code,
            );
        }
    }

    pub(crate) fn policy(&mut self, policy: &Policy) {
        for cosigner in &policy.cosigners {
            self.add("cosigner", ("Cosigner", "见证方"), cosigner);
        }
        self.add("quorum", ("Cosigner quorum", "见证法定数"), policy.quorum);
        self.add(
            "faults",
            ("Cosigners that may be dishonest", "可容忍的不诚实见证方数"),
            policy.faults,
        );
        self.add(
            "heartbeat_ms",
            ("Heartbeat in ms", "心跳（毫秒）"),
            policy.heartbeat_ms,
        );
        self.add(
            "ctx_grace_ms",
            ("Registry grace in ms", "名册宽限（毫秒）"),
            policy.ctx_grace_ms,
        );
    }

    fn rotation(&mut self, rotation: &Rotation) {
        self.add("member", MEMBER, rotation.member);
        self.coded("key_use", KEY_USE, words::key_use(rotation.key_use));
        self.key("old_key", ("Key that ends", "停用密钥"), &rotation.old);
        self.key(
            "new_key",
            ("Key that takes over", "启用密钥"),
            &rotation.new,
        );
        self.next_key(rotation.next.as_ref());
    }

    /// The key after the one that takes over, which can follow it alone.
    fn next_key(&mut self, next: Option<&Hash>) {
        if let Some(next) = next {
            let value = Fingerprint::of_digest(next);
            self.add(
                "next_key",
                ("Commitment to the key after it", "后续密钥承诺"),
                value,
            );
        }
    }

    fn suspension(&mut self, suspension: &Suspension) {
        self.add("member", MEMBER, suspension.member);
        let standing = words::standing(suspension.standing);
        self.coded("standing", ("Standing from here on", "此后状态"), standing);
        self.add("reasons", ("Reasons", "理由"), &suspension.reasons);
    }

    fn cut_off(&mut self, cut_off: &CutOff) {
        self.add("member", MEMBER, cut_off.member);
        self.coded("key_use", KEY_USE, words::key_use(cut_off.key_use));
        self.key("old_key", ("Key that ends", "停用密钥"), &cut_off.key);
        if let Some(from) = cut_off.from {
            self.add("from", from_label(cut_off.key_use), from);
        }
        if let Some((size, root)) = &cut_off.continues {
            let value = format!("{size} {}", Fingerprint::of_digest(root));
            self.add("continues", ("Log continues from", "日志续自"), value);
        }
        if let Some(key) = &cut_off.replacement {
            self.key("new_key", ("Key that takes over", "启用密钥"), key);
        }
        self.next_key(cut_off.next.as_ref());
    }

    fn loss(&mut self, loss: &Loss) {
        self.add("member", MEMBER, loss.member);
        self.add("reasons", ("Reasons", "理由"), &loss.reasons);
        for basis in &loss.basis {
            let value = format!("{} {}", basis.law, basis.article);
            self.add("basis", ("Legal basis", "法律依据"), value);
        }
    }

    fn succession(&mut self, succession: &Succession) {
        self.add(
            "member",
            ("Authority that ends", "被承继的机关"),
            succession.member,
        );
        self.add(
            "by",
            ("Authority that takes over", "承继机关"),
            succession.by,
        );
        self.add("reasons", ("Reasons", "理由"), &succession.reasons);
        for basis in &succession.basis {
            let value = format!("{} {}", basis.law, basis.article);
            self.add("basis", ("Legal basis", "法律依据"), value);
        }
    }

    fn calendar(&mut self, calendar: &Calendar) {
        let fields = calendar.fields();
        self.add("region", ("Region", "区划"), fields.region);
        let span = format!("{} – {}", fields.covers_from, fields.covers_until);
        self.add("covers", ("Covers", "覆盖期间"), span);
        let holidays = joined(&fields.holidays);
        self.add("holidays", ("Weekdays off", "放假"), holidays);
        let workdays = joined(&fields.workdays);
        self.add("workdays", ("Weekend days worked", "调休上班"), workdays);
        self.add("source", ("Source", "来源"), &fields.source);
    }

    fn deadline_rules(&mut self, rules: &DeadlineRules) {
        for rule in rules.rules() {
            let in_language = |word: Word| word.text(self.language).to_owned();
            let value = deadline_rule(rule, in_language);
            let code = deadline_rule(rule, |word| word.name.to_owned());
            self.both("rule", ("Rule", "规则"), value, code);
        }
    }

    fn measures(&mut self, catalogue: &MeasureCatalogue) {
        for item in catalogue.measures() {
            let in_language = |word: Word| word.text(self.language).to_owned();
            let value = measure_item(item, in_language, self.language);
            let code = measure_item(item, |word| word.name.to_owned(), Language::English);
            self.both("measure", ("Measure", "措施"), value, code);
        }
    }

    fn catalogue(&mut self, catalogue: &ItemCatalogue) {
        for item in &catalogue.items {
            let in_language = |word: Word| word.text(self.language).to_owned();
            let value = catalogue_item(item, in_language, self.language);
            let code = catalogue_item(item, |word| word.name.to_owned(), Language::English);
            self.both("item", ("Item", "目录条目"), value, code);
        }
        for class in &catalogue.classes {
            let audience = words::audience(class.audience);
            let (text, colon) = (audience.text(self.language), self.word((": ", "：")));
            let members = joined(&class.members);
            let value = format!("{}{colon}{text} {members}", class.code);
            let code = format!("{}: {} {members}", class.code, audience.name);
            self.both(
                "visibility_class",
                ("Visibility class", "可见级别"),
                value.trim_end().to_owned(),
                code.trim_end().to_owned(),
            );
        }
        let near_personal = ("Class of near-personal subjects", "近个人主体的可见级别");
        self.add("near_personal", near_personal, catalogue.near_personal);
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = self.word((": ", "："));
        self.lines
            .iter()
            .try_for_each(|line| writeln!(f, "{}{colon}{}", line.label, line.value))
    }
}

const MEMBER: (&str, &str) = ("Authority", "机关");
const KEY_USE: (&str, &str) = ("Key use", "密钥用途");

/// An instant in UTC as RFC 3339, to the second.
pub(crate) fn instant(at: Timestamp) -> String {
    let seconds = i64::try_from(at.value() / 1_000).unwrap_or(i64::MAX);
    match OffsetDateTime::from_unix_timestamp(seconds) {
        Ok(at) => {
            let (hour, minute, second) = at.to_hms();
            let (year, month, day) = at.to_calendar_date();
            let month = u8::from(month);
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
        }
        // Past the year 9999 the number itself says more than any date.
        Err(_) => format!("{} ms", at.value()),
    }
}

fn day(day: Day) -> String {
    let (year, month, day) = day.ymd();
    format!("{year:04}-{month:02}-{day:02}")
}

/// All that an item says on one line, with its codes said in some way: whoever approves it sees what it
/// lets others decide.
// spec: ADM-166
fn catalogue_item(
    item: &CatalogueItem,
    say: impl Fn(Word) -> String,
    language: Language,
) -> String {
    let label = |english: &'static str, chinese: &'static str| match language {
        Language::English => english,
        Language::Chinese => chinese,
    };
    let act_types = item.act_types.iter();
    let act_types: Vec<String> = act_types.map(|one| say(words::act_type(*one))).collect();
    let classes = item.classes.iter();
    let basis = item.basis.iter();
    let basis = basis.map(|basis| {
        let level = say(words::basis_level(basis.level));
        format!("{} {} ({level})", basis.law, basis.article)
    });
    let basis: Vec<String> = basis.collect();
    let mut parts = vec![
        format!("{} {}", item.code, item.title),
        format!("{} {}", label("visibility class", "可见级别"), item.vis),
        format!("{} {}", label("for", "适用于"), act_types.join(", ")),
        format!(
            "{} {}",
            label("published at most days", "公示最长天数"),
            item.publication_days_max
        ),
        format!("{} {}", label("valid from", "有效期自"), item.valid_from),
    ];
    let until = item.valid_until;
    parts.extend(until.map(|until| format!("{} {until}", label("until", "至"))));
    let fresh = item.freshness_days;
    parts.extend(
        fresh.map(|days| format!("{} {days}", label("unknown after days", "状态未知天数"))),
    );
    parts.extend(item.list_scope.map(|scope| say(words::list_scope(scope))));
    if !item.classes.is_empty() {
        let classes: Vec<String> = classes.map(|one| say(words::class(*one))).collect();
        let classes = classes.join(", ");
        parts.push(format!(
            "{} {classes}",
            label("classes of statements", "声明类别")
        ));
    }
    if let Some(basis) = &item.beyond_repair {
        parts.push(format!(
            "{} {} {} ({})",
            label("beyond repair by", "不可修复，依据"),
            basis.law,
            basis.article,
            say(words::basis_level(basis.level))
        ));
    }
    if !item.measures.is_empty() {
        let measures = joined(&item.measures);
        parts.push(format!("{} {measures}", label("measures", "措施")));
    }
    if !basis.is_empty() {
        parts.push(format!(
            "{} {}",
            label("rests on", "依据"),
            basis.join(", ")
        ));
    }
    parts.join("; ")
}

/// One measure on one line, with its codes said in some way.
fn measure_item(item: &MeasureItem, say: impl Fn(Word) -> String, language: Language) -> String {
    let label = |english: &'static str, chinese: &'static str| match language {
        Language::English => english,
        Language::Chinese => chinese,
    };
    let until = item.valid_until.map(|until| until.to_string());
    let mut parts = vec![
        format!("{} {}", item.measure, item.title),
        say(words::force(item.force)),
        format!("{} – {}", item.valid_from, until.unwrap_or_default()),
    ];
    let levels = item.levels.iter();
    let levels: Vec<String> = levels.map(|one| say(words::level(*one))).collect();
    if !levels.is_empty() {
        parts.push(levels.join(", "));
    }
    let basis = item.basis.iter();
    let basis = basis.map(|basis| {
        let level = say(words::basis_level(basis.level));
        format!("{} {} ({level})", basis.law, basis.article)
    });
    let basis: Vec<String> = basis.collect();
    parts.push(format!(
        "{} {}",
        label("rests on", "依据"),
        basis.join(", ")
    ));
    if let Some(gone) = &item.revoked {
        let revoked = label("revoked from", "废止自");
        parts.push(format!("{revoked} {}: {}", gone.from, gone.source));
    }
    parts.join("; ")
}

/// One rule on one line, with its codes said in some way.
fn deadline_rule(rule: &DeadlineRule, say: impl Fn(Word) -> String) -> String {
    let fields = rule.fields();
    let [from, to] = [fields.event_from, fields.event_to].map(words::deadline_event);
    let (unit, number, dates) = fields.term.clone().into_parts();
    let unit = say(words::term_unit(unit));
    let length = match number {
        Some(number) => format!("{number} {unit}"),
        None if dates.is_empty() => unit,
        None => format!("{unit} {}", joined(&dates)),
    };
    let until = fields.valid_until.map(|until| until.to_string());
    let valid = format!("{} – {}", fields.valid_from, until.unwrap_or_default());
    let act_types = fields.act_types.iter();
    let act_types: Vec<String> = act_types.map(|one| say(words::act_type(*one))).collect();
    let act_types = match act_types.is_empty() {
        true => String::new(),
        false => format!("; {}", act_types.join(", ")),
    };
    let (id, region, source) = (&fields.id, fields.region, &fields.source);
    let (from, to) = (say(from), say(to));
    format!("{id} {region}: {from} → {to}, {length}; {valid}{act_types}; {source}")
}

fn joined<T: fmt::Display>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(T::to_string).collect();
    items.join(", ")
}

const fn key_name(key_use: KeyUse) -> &'static str {
    match key_use {
        KeyUse::Statement => "statement_key",
        KeyUse::Log => "log_key",
        KeyUse::Node => "node_key",
        KeyUse::Witness => "witness_key",
        KeyUse::Administrator => "administrator_key",
        KeyUse::Approver => "approver_key",
        KeyUse::Recovery => "recovery_key",
    }
}

/// A mandate for people: what may be said, about what, from when until when.
#[must_use]
pub fn mandate_text(mandate: &Mandate, language: Language) -> String {
    let (comma, semicolon) = match language {
        Language::English => (", ", "; "),
        Language::Chinese => ("、", "；"),
    };
    let said = |(english, chinese): (&'static str, &'static str)| match language {
        Language::English => english,
        Language::Chinese => chinese,
    };
    let words = |words: &mut dyn Iterator<Item = Word>| {
        let texts: Vec<_> = words.map(|word| word.text(language)).collect();
        texts.join(comma)
    };
    let mut parts = vec![words(
        &mut mandate.classes.iter().copied().map(words::class),
    )];
    if !mandate.act_types.is_empty() {
        let types = words(&mut mandate.act_types.iter().copied().map(words::act_type));
        parts.push(format!("{} {types}", said(("acts", "行为"))));
    }
    if !mandate.items.is_empty() {
        let items = joined(&mandate.items);
        parts.push(format!("{} {items}", said(("items", "事项"))));
    }
    let from = day(mandate.from);
    parts.push(match mandate.until.map(day) {
        None => format!("{} {from}", said(("from", "自"))),
        Some(until) => match language {
            Language::English => format!("from {from} until {until}"),
            Language::Chinese => format!("自 {from} 至 {until}"),
        },
    });
    if mandate.supervises.is_some() {
        parts.push(said(("supervises every authority", "监督全部机关")).to_owned());
    }
    if let Some(cap) = mandate.objections_daily_cap {
        parts.push(match language {
            Language::English => format!("{cap} objections a day"),
            Language::Chinese => format!("每日可收异议 {cap} 件"),
        });
    }
    parts.join(semicolon)
}

/// A mandate for programs: names and values, the names of codes stable.
#[must_use]
pub fn mandate_code(mandate: &Mandate) -> String {
    let names = |words: &mut dyn Iterator<Item = Word>| {
        let names: Vec<_> = words.map(|word| word.name).collect();
        names.join(",")
    };
    let classes = names(&mut mandate.classes.iter().copied().map(words::class));
    let mut parts = vec![format!("classes {classes}")];
    if !mandate.act_types.is_empty() {
        let types = names(&mut mandate.act_types.iter().copied().map(words::act_type));
        parts.push(format!("act_types {types}"));
    }
    if !mandate.items.is_empty() {
        parts.push(format!(
            "items {}",
            joined(&mandate.items).replace(", ", ",")
        ));
    }
    parts.push(format!("from {}", day(mandate.from)));
    parts.extend(mandate.until.map(|until| format!("until {}", day(until))));
    parts.extend(
        mandate
            .supervises
            .is_some()
            .then(|| "supervises".to_owned()),
    );
    let cap = mandate.objections_daily_cap;
    parts.extend(cap.map(|cap| format!("objections_daily_cap {cap}")));
    parts.join("; ")
}

const fn key_words(key_use: KeyUse) -> (&'static str, &'static str) {
    match key_use {
        KeyUse::Statement => ("Statement key", "声明密钥"),
        KeyUse::Log => ("Log key", "日志密钥"),
        KeyUse::Node => ("Node key", "节点密钥"),
        KeyUse::Witness => ("Witness key", "见证密钥"),
        KeyUse::Administrator => ("Administrator key", "管理员密钥"),
        KeyUse::Approver => ("Approver key", "审批密钥"),
        KeyUse::Recovery => ("Recovery key", "恢复密钥"),
    }
}

/// What a position means in the cut-off of a key.
// spec: ADM-193
const fn from_label(key_use: KeyUse) -> (&'static str, &'static str) {
    match key_use {
        KeyUse::Statement => (
            "Statements touched from log position",
            "自该日志位置起声明受影响",
        ),
        KeyUse::Log => (
            "Heads not trusted from log position (statements stay)",
            "自该日志位置起检查点不再可信（声明不受影响）",
        ),
        KeyUse::Node
        | KeyUse::Witness
        | KeyUse::Approver
        | KeyUse::Administrator
        | KeyUse::Recovery => ("From log position", "起始日志位置"),
    }
}
