//! Code lists of trust material as words: the stable name for programs, English, 中文.
//!
//! What a summary says and what the admin CLI says of the same code are one word in each language; a
//! test there compares them.

use concordat_protocol::statement::{
    ActType, Audience, BasisLevel, Class, DeadlineEvent, Force, KeyUse, Level, ListScope, Role,
    Standing, TermUnit,
};
use concordat_protocol::trust::Network;

use super::Language;

/// A code in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its stable name, the same in every language.
    pub name: &'static str,
    english: &'static str,
    chinese: &'static str,
}

impl Word {
    /// The word in a language.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Chinese => self.chinese,
        }
    }
}

const fn word(name: &'static str, english: &'static str, chinese: &'static str) -> Word {
    Word {
        name,
        english,
        chinese,
    }
}

/// The type of an administrative act.
#[must_use]
#[rustfmt::skip]
pub const fn act_type(code: ActType) -> Word {
    match code {
        ActType::Licence => word("licence", "licence", "行政许可"),
        ActType::Penalty => word("penalty", "penalty", "行政处罚"),
        ActType::Compulsion => word("compulsion", "compulsion", "行政强制"),
        ActType::Confirmation => word("confirmation", "confirmation", "行政确认"),
        ActType::Levy => word("levy", "levy", "行政征收"),
        ActType::Payment => word("payment", "payment", "行政给付"),
        ActType::Adjudication => word("adjudication", "adjudication", "行政裁决"),
        ActType::Compensation => word("compensation", "compensation", "行政补偿"),
        ActType::Reward => word("reward", "reward", "行政奖励"),
        ActType::Inspection => word("inspection", "inspection", "行政监督检查"),
        ActType::RedList => word("red-list", "red list", "列入守信激励名单"),
        ActType::SeriousList => word("serious-list", "list of serious breaches", "列入严重失信主体名单"),
        ActType::WatchList => word("watch-list", "watch list", "列入重点关注名单"),
    }
}

/// The level of a legal basis.
#[must_use]
#[rustfmt::skip]
pub const fn basis_level(code: BasisLevel) -> Word {
    match code {
        BasisLevel::Law => word("law", "law", "法律"),
        BasisLevel::AdministrativeRegulation => word("administrative-regulation", "administrative regulation", "行政法规"),
        BasisLevel::LocalRegulation => word("local-regulation", "local regulation", "地方性法规"),
        BasisLevel::MinisterialRule => word("ministerial-rule", "ministerial rule", "部门规章"),
        BasisLevel::LocalGovernmentRule => word("local-government-rule", "local government rule", "地方政府规章"),
        BasisLevel::CentralPolicy => word("central-policy", "central policy", "中央政策文件"),
    }
}

/// Whose list an item is for.
#[must_use]
pub const fn list_scope(code: ListScope) -> Word {
    match code {
        ListScope::National => word("national-list", "national list", "国家名单"),
        ListScope::Local => word("local-list", "local list", "地方名单"),
    }
}

/// Who may see a class of visibility.
#[must_use]
#[rustfmt::skip]
pub const fn audience(code: Audience) -> Word {
    match code {
        Audience::Public => word("public", "public", "公众"),
        Audience::Members => word("members", "members", "全体成员"),
        Audience::Named => word("named", "named", "指定成员"),
    }
}

/// The class of a statement.
#[must_use]
#[rustfmt::skip]
pub const fn class(code: Class) -> Word {
    match code {
        Class::Decision => word("decision", "decision", "行政决定"),
        Class::ListEntry => word("list-entry", "list entry", "列入名单"),
        Class::Commitment => word("commitment", "commitment", "信用承诺"),
        Class::CommitmentOutcome => word("commitment-outcome", "commitment outcome", "承诺履行结果"),
        Class::SelfDeclaration => word("self-declaration", "self-declaration", "自主申报"),
        Class::Evaluation => word("evaluation", "evaluation", "信用评价"),
        Class::Interview => word("interview", "interview", "约谈"),
        Class::Measure => word("measure", "measure", "惩戒措施"),
        Class::Initiation => word("initiation", "initiation", "发起"),
        Class::Response => word("response", "response", "响应"),
        Class::Push => word("push", "push", "推送"),
        Class::Feedback => word("feedback", "feedback", "反馈"),
        Class::CodeChange => word("code-change", "change of code", "统一社会信用代码变更"),
        Class::Objection => word("objection", "objection", "异议"),
        Class::Ruling => word("ruling", "ruling", "处理结果"),
        Class::Stay => word("stay", "stay", "停止执行"),
        Class::Correction => word("correction", "correction", "更正"),
        Class::Withdrawal => word("withdrawal", "withdrawal", "撤销"),
        Class::Repair => word("repair", "repair", "信用修复"),
        Class::Erasure => word("erasure", "erasure", "删除"),
        Class::Admission => word("admission", "admission", "采纳"),
        Class::Agreement => word("agreement", "agreement", "互认协议"),
        Class::Accession => word("accession", "accession", "加入协议"),
        Class::Retirement => word("retirement", "retirement", "终止协议"),
        Class::RecognitionResponse => word("recognition-response", "recognition response", "互认答复"),
        Class::ItemCatalogue => word("item-catalogue", "item catalogue", "信息目录"),
        Class::MeasureCatalogue => word("measure-catalogue", "measure catalogue", "措施清单"),
        Class::Calendar => word("calendar", "calendar", "工作日历"),
        Class::DeadlineRules => word("deadline-rules", "deadline rules", "期限规则"),
        Class::Policy => word("policy", "policy", "名册策略"),
        Class::Enrolment => word("enrolment", "enrolment", "入网"),
        Class::Rotation => word("rotation", "rotation", "密钥轮换"),
        Class::Suspension => word("suspension", "suspension", "暂停"),
        Class::CutOff => word("cut-off", "cut-off", "密钥停用"),
        Class::Loss => word("loss", "declaration of loss", "失联认定"),
        Class::Succession => word("succession", "succession", "职能承继"),
        Class::Notice => word("notice", "notice", "通知"),
        Class::Holdings => word("holdings", "holdings", "持有情况"),
        Class::DeliveryBatch => word("delivery-batch", "delivery batch", "交付批次"),
        Class::ReceiptBatch => word("receipt-batch", "receipt batch", "回执批次"),
        Class::QueryRoot => word("query-root", "query root", "查询登记根"),
        Class::HeadSeen => word("head-seen", "head seen", "所见检查点"),
        Class::Restart => word("restart", "restart", "重启"),
    }
}

/// An event that a deadline counts from, or that meets it.
#[must_use]
#[rustfmt::skip]
pub const fn deadline_event(code: DeadlineEvent) -> Word {
    match code {
        DeadlineEvent::Decided => word("decided", "decided", "作出决定"),
        DeadlineEvent::MarketPenaltyDecided => word("market-penalty-decided", "market penalty decided", "市场监管处罚（本省当事人）"),
        DeadlineEvent::MarketPenaltyElsewhereDecided => word("market-penalty-elsewhere-decided", "market penalty elsewhere decided", "市场监管处罚（外省当事人）"),
        DeadlineEvent::MinorBreachDecided => word("minor-breach-decided", "minor breach decided", "轻微失信决定"),
        DeadlineEvent::GeneralBreachDecided => word("general-breach-decided", "general breach decided", "一般失信决定"),
        DeadlineEvent::SeriousBreachDecided => word("serious-breach-decided", "serious breach decided", "严重失信决定"),
        DeadlineEvent::Published => word("published", "published", "公示"),
        DeadlineEvent::Served => word("served", "served", "送达"),
        DeadlineEvent::Pushed => word("pushed", "pushed", "推送外省"),
        DeadlineEvent::DataReceived => word("data-received", "data received", "数据报送"),
        DeadlineEvent::DataChecked => word("data-checked", "data checked", "数据核验"),
        DeadlineEvent::ObjectionReceived => word("objection-received", "objection received", "收到异议"),
        DeadlineEvent::ObjectionMarked => word("objection-marked", "objection marked", "标注异议"),
        DeadlineEvent::ObjectionInOwnScope => word("objection-in-own-scope", "objection in own scope", "收到异议（本单位信息）"),
        DeadlineEvent::ObjectionNeedsProvider => word("objection-needs-provider", "objection needs provider", "收到异议（需提供单位核查）"),
        DeadlineEvent::ObjectionForwarded => word("objection-forwarded", "objection forwarded", "转交异议"),
        DeadlineEvent::ObjectionChecked => word("objection-checked", "objection checked", "核查异议"),
        DeadlineEvent::ProviderAnswered => word("provider-answered", "provider answered", "提供单位答复"),
        DeadlineEvent::ObjectionExtended => word("objection-extended", "objection extended", "异议延期"),
        DeadlineEvent::Ruled => word("ruled", "ruled", "处理异议"),
        DeadlineEvent::DecisionRevoked => word("decision-revoked", "decision revoked", "变更或撤销决定"),
        DeadlineEvent::TakenDown => word("taken-down", "taken down", "撤下公示并说明理由"),
        DeadlineEvent::BasisRevoked => word("basis-revoked", "basis revoked", "依据撤销更新"),
        DeadlineEvent::MeasuresWithdrawn => word("measures-withdrawn", "measures withdrawn", "停止措施"),
        DeadlineEvent::WithdrawalReported => word("withdrawal-reported", "withdrawal reported", "反馈停止情况"),
        DeadlineEvent::RepairApplied => word("repair-applied", "repair applied", "申请修复"),
        DeadlineEvent::RepairPreReviewed => word("repair-pre-reviewed", "repair pre reviewed", "修复预审"),
        DeadlineEvent::RepairAccepted => word("repair-accepted", "repair accepted", "受理修复"),
        DeadlineEvent::RepairExtended => word("repair-extended", "repair extended", "修复延期"),
        DeadlineEvent::RepairAnswered => word("repair-answered", "repair answered", "答复修复"),
        DeadlineEvent::MeasuresApplied => word("measures-applied", "measures applied", "实施措施"),
        DeadlineEvent::MeasuresFedBack => word("measures-fed-back", "measures fed back", "反馈措施"),
        DeadlineEvent::RedListFound => word("red-list-found", "red list found", "红名单认定"),
        DeadlineEvent::RedListPublished => word("red-list-published", "red list published", "发布红名单"),
        DeadlineEvent::StatisticsPeriodEnded => word("statistics-period-ended", "statistics period ended", "统计期末"),
        DeadlineEvent::StatisticsReported => word("statistics-reported", "statistics reported", "报送统计"),
        DeadlineEvent::LastBreach => word("last-breach", "last breach", "最近一次失信"),
        DeadlineEvent::FastLaneOpened => word("fast-lane-opened", "fast lane opened", "绿色通道"),
        DeadlineEvent::ShortestPublicationEnded => word("shortest-publication-ended", "shortest publication ended", "最短公示期满"),
        DeadlineEvent::LongestPublicationEnded => word("longest-publication-ended", "longest publication ended", "最长公示期满"),
        DeadlineEvent::BreachEnded => word("breach-ended", "breach ended", "不良行为终止"),
        DeadlineEvent::DisclosureEnded => word("disclosure-ended", "disclosure ended", "停止披露"),
        DeadlineEvent::Queried => word("queried", "queried", "查询"),
        DeadlineEvent::QueryRecordKept => word("query-record-kept", "query record kept", "查询记录保存期满"),
        DeadlineEvent::Asked => word("asked", "asked by an initiation or a push", "发起或推送"),
        DeadlineEvent::Responded => word("responded", "responded", "响应"),
    }
}

/// In what a deadline is counted.
#[must_use]
#[rustfmt::skip]
pub const fn term_unit(code: TermUnit) -> Word {
    match code {
        TermUnit::WorkingDay => word("working-day", "working day", "工作日"),
        TermUnit::Day => word("day", "day", "日"),
        TermUnit::Month => word("month", "month", "月"),
        TermUnit::Year => word("year", "year", "年"),
        TermUnit::AtOnce => word("at-once", "at once", "即时"),
        TermUnit::MonthEnd => word("month-end", "month end", "月末"),
        TermUnit::QuarterEnd => word("quarter-end", "quarter end", "季末"),
        TermUnit::Yearly => word("yearly", "yearly", "每年固定日期"),
    }
}

/// What a key is for.
#[must_use]
#[rustfmt::skip]
pub const fn key_use(code: KeyUse) -> Word {
    match code {
        KeyUse::Statement => word("statement", "Statement key", "声明密钥"),
        KeyUse::Log => word("log", "Log key", "日志密钥"),
        KeyUse::Node => word("node", "Node key", "节点密钥"),
        KeyUse::Witness => word("witness", "Witness key", "见证密钥"),
        KeyUse::Administrator => word("administrator", "Administrator key", "管理员密钥"),
        KeyUse::Approver => word("approver", "Approver key", "审批密钥"),
        KeyUse::Recovery => word("recovery", "Recovery key", "恢复密钥"),
    }
}

/// The level of an authority.
#[must_use]
#[rustfmt::skip]
pub const fn level(code: Level) -> Word {
    match code {
        Level::National => word("national", "national", "国家级"),
        Level::Provincial => word("provincial", "provincial", "省级"),
        Level::Prefectural => word("prefectural", "prefectural", "市级"),
        Level::County => word("county", "county", "县级"),
    }
}

/// Whether a measure has to be applied.
#[must_use]
#[rustfmt::skip]
pub const fn force(code: Force) -> Word {
    match code {
        Force::Mandatory => word("mandatory", "mandatory", "强制性"),
        Force::Recommended => word("recommended", "recommended", "推荐性"),
    }
}

/// What a member is.
#[must_use]
#[rustfmt::skip]
pub const fn role(code: Role) -> Word {
    match code {
        Role::Member => word("member", "member", "成员"),
        Role::Hub => word("hub", "hub", "枢纽"),
        Role::Issuer => word("issuer", "issuer", "发布部门"),
    }
}

/// How a member stands.
#[must_use]
#[rustfmt::skip]
pub const fn standing(code: Standing) -> Word {
    match code {
        Standing::Active => word("active", "active", "正常"),
        Standing::Suspended => word("suspended", "suspended", "暂停"),
        Standing::Left => word("left", "left", "已退出"),
    }
}

/// What statements of a network are worth.
#[must_use]
#[rustfmt::skip]
pub const fn network(code: Network) -> Word {
    match code {
        Network::Test => word("test", "test", "测试"),
        Network::Production => word("production", "production", "生产"),
    }
}
