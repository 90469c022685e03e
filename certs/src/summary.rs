//! What a file says, in words for the person who has to answer for it.
//!
//! Lines of a fixed name, a label in the reader's language, and a value. Out of scope: layout.

use std::fmt;

use concordat_protocol::key::PublicKey;
use concordat_protocol::statement::{
    Content, CutOff, Enrolment, ItemCatalogue, KeyUse, Level, Mandate, Payload, Policy, Role,
    Rotation, Standing, Suspension,
};
use concordat_protocol::time::{Day, Timestamp};
use time::OffsetDateTime;

use crate::fingerprint::Fingerprint;

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
    /// The value.
    pub value: String,
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
        let label = self.word(label);
        let value = value.to_string();
        self.lines.push(Line { name, label, value });
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

    pub(crate) fn payload(&mut self, payload: &Payload) {
        self.add(
            "change",
            ("Change", "变更"),
            self.word(change_words(&payload.content)),
        );
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
            Content::ItemCatalogue(catalogue) => self.catalogue(catalogue),
            Content::Policy(policy) => self.policy(policy),
            Content::Decision(_)
            | Content::Objection(_)
            | Content::Ruling(_)
            | Content::Correction(_)
            | Content::Withdrawal(_)
            | Content::Admission(_)
            | Content::Notice(_)
            | Content::HeadSeen(_)
            | Content::Restart(_) => {}
        }
    }

    pub(crate) fn enrolment(&mut self, enrolment: &Enrolment) {
        self.add("member", MEMBER, enrolment.member);
        self.add("name", ("Name", "名称"), &enrolment.name);
        self.add("region", ("Region", "行政区划"), enrolment.region);
        self.add(
            "level",
            ("Level", "行政层级"),
            self.word(level_words(enrolment.level)),
        );
        self.add(
            "role",
            ("Role", "角色"),
            self.word(role_words(enrolment.role)),
        );
        if let Some(through) = enrolment.publishes_through {
            self.add(
                "publishes_through",
                ("Publishes through", "发布节点"),
                through,
            );
        }
        for mandate in &enrolment.mandates {
            let text = self.mandate(mandate);
            self.add("mandate", ("Mandate", "职权"), text);
        }
        for address in &enrolment.addresses {
            self.add("address", ("Address", "地址"), address);
        }
        for (key_use, key) in crate::enrolment::keys(enrolment) {
            self.key(key_name(key_use), key_words(key_use), &key);
        }
        for (key_use, digest) in &enrolment.next_keys {
            let use_words = self.word(key_words(*key_use));
            let digest = Fingerprint::of_digest(digest);
            let value = format!("{use_words}: {digest}");
            self.add("next_key", ("Next key committed", "下一密钥承诺"), value);
        }
    }

    pub(crate) fn policy(&mut self, policy: &Policy) {
        for cosigner in &policy.cosigners {
            self.add("cosigner", ("Cosigner", "见证方"), cosigner);
        }
        self.add("quorum", ("Cosigner quorum", "见证门限"), policy.quorum);
        self.add(
            "faults",
            ("Cosigners that may be dishonest", "可容忍失信见证方数"),
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
        self.add("key_use", KEY_USE, self.word(key_words(rotation.key_use)));
        self.key("old_key", ("Key that ends", "停用密钥"), &rotation.old);
        self.key(
            "new_key",
            ("Key that takes over", "启用密钥"),
            &rotation.new,
        );
    }

    fn suspension(&mut self, suspension: &Suspension) {
        self.add("member", MEMBER, suspension.member);
        let standing = self.word(standing_words(suspension.standing));
        self.add("standing", ("Standing from here on", "此后状态"), standing);
        self.add("reasons", ("Reasons", "理由"), &suspension.reasons);
    }

    fn cut_off(&mut self, cut_off: &CutOff) {
        self.add("member", MEMBER, cut_off.member);
        self.add("key_use", KEY_USE, self.word(key_words(cut_off.key_use)));
        self.key("old_key", ("Key that ends", "停用密钥"), &cut_off.key);
        if let Some(from) = cut_off.from {
            self.add("from", ("From log position", "起始日志位置"), from);
        }
        if let Some((size, root)) = &cut_off.continues {
            let value = format!("{size} {}", Fingerprint::of_digest(root));
            self.add("continues", ("Log continues from", "日志续自"), value);
        }
        if let Some(key) = &cut_off.replacement {
            self.key("new_key", ("Key that takes over", "启用密钥"), key);
        }
        if let Some(next) = &cut_off.next {
            let value = Fingerprint::of_digest(next);
            self.add(
                "next_key",
                ("Commitment to the key after it", "后续密钥承诺"),
                value,
            );
        }
    }

    fn catalogue(&mut self, catalogue: &ItemCatalogue) {
        for item in &catalogue.items {
            let value = format!("{} {} (vis {})", item.code, item.title, item.vis);
            self.add("item", ("Item", "目录条目"), value);
        }
        for class in &catalogue.classes {
            let value = format!(
                "{}: {:?} {}",
                class.code,
                class.audience,
                joined(&class.members)
            );
            self.add(
                "visibility_class",
                ("Visibility class", "可见类别"),
                value.trim_end(),
            );
        }
        let near_personal = ("Class of near-personal subjects", "近个人主体类别");
        self.add("near_personal", near_personal, catalogue.near_personal);
    }

    fn mandate(&self, mandate: &Mandate) -> String {
        let classes: Vec<String> = mandate.classes.iter().map(|c| format!("{c:?}")).collect();
        let mut text = classes.join(", ");
        if !mandate.act_types.is_empty() {
            let types: Vec<String> = mandate.act_types.iter().map(|t| format!("{t:?}")).collect();
            text.push_str(&format!(
                "; {} {}",
                self.word(("acts", "行为")),
                types.join(", ")
            ));
        }
        if !mandate.items.is_empty() {
            text.push_str(&format!(
                "; {} {}",
                self.word(("items", "条目")),
                joined(&mandate.items)
            ));
        }
        text.push_str(&format!(
            "; {} {}",
            self.word(("from", "自")),
            day(mandate.from)
        ));
        if let Some(until) = mandate.until {
            text.push_str(&format!(" {} {}", self.word(("until", "至")), day(until)));
        }
        if mandate.supervises.is_some() {
            text.push_str(&format!(
                "; {}",
                self.word(("supervises every authority", "监督全部机关"))
            ));
        }
        if let Some(cap) = mandate.objections_daily_cap {
            let words = self.word(("objections a day", "件异议/日"));
            text.push_str(&format!("; {cap} {words}"));
        }
        text
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines
            .iter()
            .try_for_each(|line| writeln!(f, "{}: {}", line.label, line.value))
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

fn joined<T: fmt::Display>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(T::to_string).collect();
    items.join(", ")
}

const fn change_words(content: &Content) -> (&'static str, &'static str) {
    match content {
        Content::Enrolment(_) => ("enrolment", "入网"),
        Content::Rotation(_) => ("key rotation", "密钥轮换"),
        Content::Suspension(_) => ("change of standing", "状态变更"),
        Content::CutOff(_) => ("key cut-off", "密钥切断"),
        Content::ItemCatalogue(_) => ("item catalogue", "信息目录"),
        Content::Policy(_) => ("registry policy", "名册策略"),
        Content::Decision(_)
        | Content::Objection(_)
        | Content::Ruling(_)
        | Content::Correction(_)
        | Content::Withdrawal(_)
        | Content::Admission(_)
        | Content::Notice(_)
        | Content::HeadSeen(_)
        | Content::Restart(_) => ("no change of the registry", "非名册变更"),
    }
}

const fn level_words(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::National => ("national", "国家级"),
        Level::Provincial => ("provincial", "省级"),
        Level::Prefectural => ("prefectural", "设区的市级"),
        Level::County => ("county", "县级"),
    }
}

const fn role_words(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::Member => ("member", "成员"),
        Role::Hub => ("hub", "省级枢纽"),
        Role::Issuer => ("issuer under a member", "经成员发布的机关"),
    }
}

const fn standing_words(standing: Standing) -> (&'static str, &'static str) {
    match standing {
        Standing::Active => ("active", "正常"),
        Standing::Suspended => ("suspended", "暂停"),
        Standing::Left => ("left", "已退出"),
    }
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
