//! The words for every reason, in English and Chinese: what is wrong, and what to do about it.

use concordat_certs::wording;
use concordat_protocol::screen::PersonalNumber;

use super::reason::ImportReason;

/// A language that reports are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Language {
    /// English.
    English,
    /// 中文.
    Chinese,
}

impl ImportReason {
    /// What is wrong, as one sentence without its full stop.
    #[must_use]
    pub fn message(&self, language: Language) -> String {
        match language {
            Language::English => self.english(),
            Language::Chinese => self.chinese(),
        }
    }

    /// What to do about it, as one sentence without its full stop.
    #[must_use]
    pub const fn hint(&self, language: Language) -> &'static str {
        let (english, chinese) = self.hints();
        match language {
            Language::English => english,
            Language::Chinese => chinese,
        }
    }

    fn english(&self) -> String {
        match self {
            Self::ColumnCount { expected, found } => {
                format!("the row has {found} cells, the header has {expected}")
            }
            Self::RowTooLong { max } => format!("the row is longer than {max} bytes"),
            Self::TextAfterQuote { offset } => {
                format!("text follows the closing quote of a cell, at byte {offset}")
            }
            Self::UnterminatedQuote => "a quote is never closed: the rest of the file was read as \
                                        this cell"
                .into(),
            Self::NulByte { offset } => format!("a byte of value zero, at byte {offset}"),
            Self::WrongEncoding {
                declared,
                looks_like,
                offset,
            } => {
                let guess = looks_like
                    .name()
                    .map(|name| format!("; it looks like {name}"))
                    .unwrap_or_default();
                format!("byte {offset} is not {declared}, which the profile declares{guess}")
            }
            Self::Missing { field } => format!("{field} is blank"),
            Self::FieldTooLong { max, found } => {
                format!("{found} characters, at most {max} are allowed")
            }
            Self::ControlCharacter { code_point, offset } => {
                format!("control character U+{code_point:04X} at character {offset}")
            }
            Self::Invisible { code_point, offset } => {
                format!("invisible character U+{code_point:04X} at character {offset}")
            }
            Self::PersonalNumber { kind } => {
                format!("the text holds {}", english_number(*kind))
            }
            Self::NaturalPerson => "the row is about a natural person".into(),
            Self::SourceState => "the source marks the record as withdrawn, objected to or in \
                                  another state that an import cannot carry"
                .into(),
            Self::CodeLength { found } => format!("the code has {found} characters instead of 18"),
            Self::CodeCharacter { place } => {
                format!("place {place} of the code is none of 0-9 A-Y without I, O, S, V")
            }
            Self::CodeIsIdentityNumber => {
                "an identity number of a natural person stands in the place of the code".into()
            }
            Self::CodePrefix => "the first two places are no registering department and category \
                                 that exist"
                .into(),
            Self::CodeRegion { place } => {
                format!("place {place} of the code belongs to the region and is no digit")
            }
            Self::CodeCheck => {
                "the check character does not hold and no registrar confirms the code".into()
            }
            Self::CodePlaceholder => "a placeholder stands in the place of the code".into(),
            Self::ReferenceIdle => {
                "a registrar's confirmation is given, but the check character holds".into()
            }
            Self::FormContradictsCode { form } => {
                format!("the form {form:?} contradicts the first two places of the code")
            }
            Self::OtherAuthority => "the decision is another authority's".into(),
            Self::DateShape => "not a date of the form 2019-10-10, 2019/10/10, 2019年10月10日 or \
                                20191010"
                .into(),
            Self::NoSuchDay => "the calendar has no such day".into(),
            Self::DateOutOfRange => "the day lies outside 1900-01-01 to 2199-12-31".into(),
            Self::EndsBeforeDecision { field } => format!("{field} lies before the decision"),
            Self::EndsBeforeItBegins => "valid_until lies before valid_from".into(),
            Self::ServedBeforeDecision => "the day of service lies before the decision".into(),
            Self::NotDecidedYet => "the day of the decision lies after today".into(),
            Self::NotServedYet => "the day of service lies after today".into(),
            Self::NoEnd { field } => format!("{field} stands for no end (2099 or later)"),
            Self::MissingBasis => "it restricts but cites no article of law".into(),
            Self::MissingService => "when and how it was served is not stated in full".into(),
            Self::MissingPublicationEnd => "it restricts but its publication has no end".into(),
            Self::MissingRemedies => "it restricts but names no remedy".into(),
            Self::MissingDutyEnd => "a measure or duty has no end".into(),
            Self::BasisShape => {
                "no act, or no article of it, can be told in the legal basis".into()
            }
            Self::BasisLevelUnknown => {
                "the profile does not know the level of an act in the legal basis".into()
            }
            Self::UnknownActType => "the profile does not know this type of act".into(),
            Self::UnknownItem => "the profile or the catalogue does not know this item".into(),
            Self::UnknownPenaltyClass => "the profile does not know this class of penalty".into(),
            Self::UnknownForm => "the profile does not know this legal form".into(),
            Self::UnknownServiceWay => "the profile does not know this way of service".into(),
            Self::UnknownSeriousGroup => {
                "the profile does not know this group of serious conduct".into()
            }
            Self::QuarterShape => {
                "not a quarter of the form 2026-1, 2026Q1 or 2026年第1季度".into()
            }
            Self::MoneyShape => "not an amount: digits, at most one point, no sign".into(),
            Self::MoneyTooPrecise => "the amount is no whole number of fen (0.01 yuan)".into(),
            Self::MoneyOutOfRange => "the amount is too large".into(),
            Self::SyntheticSource { field } => {
                format!("the cell that {field} is made up from cannot be used")
            }
            Self::DuplicateInFile { first_line } => {
                format!("authority, document number and item are those of line {first_line}")
            }
            Self::DiffersFromStored => {
                "a decision with this document number and item is stored with other content".into()
            }
            Self::LateAndCorrected => "the decision stored under this document number and item \
                 came too late to bind, or stands behind the cut-off of its key, and was corrected \
                 since; the row does not say what the newest correction says"
                .into(),
            Self::StatementTooLarge { max } => {
                format!("the decision as a whole takes more than {max} bytes")
            }
            Self::Rule(invalid) => invalid.to_string(),
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::ColumnCount { expected, found } => {
                format!("本行有 {found} 列，表头有 {expected} 列")
            }
            Self::RowTooLong { max } => format!("本行超过 {max} 字节"),
            Self::TextAfterQuote { offset } => {
                format!("单元格结束引号之后还有文字（第 {offset} 字节）")
            }
            Self::UnterminatedQuote => "引号没有结束，文件其余部分都被读作这一单元格".into(),
            Self::NulByte { offset } => format!("含有零字节（第 {offset} 字节）"),
            Self::WrongEncoding {
                declared,
                looks_like,
                offset,
            } => {
                let guess = looks_like
                    .name()
                    .map(|name| format!("，看起来是 {name}"))
                    .unwrap_or_default();
                format!("第 {offset} 字节不是配置所声明的 {declared} 编码{guess}")
            }
            Self::Missing { field } => format!("{}为空", field.chinese()),
            Self::FieldTooLong { max, found } => format!("有 {found} 个字符，最多 {max} 个"),
            Self::ControlCharacter { code_point, offset } => {
                format!("第 {offset} 个字符处有控制字符 U+{code_point:04X}")
            }
            Self::Invisible { code_point, offset } => {
                format!("第 {offset} 个字符处有不可见字符 U+{code_point:04X}")
            }
            Self::PersonalNumber { kind } => format!("文字中含有{}", chinese_number(*kind)),
            Self::NaturalPerson => "本行涉及自然人".into(),
            Self::SourceState => "来源将该记录标为撤销、异议或其他不能导入的状态".into(),
            Self::CodeLength { found } => format!("代码有 {found} 个字符，应为 18 个"),
            Self::CodeCharacter { place } => format!("代码第 {place} 位不是允许的字符"),
            Self::CodeIsIdentityNumber => "代码栏中是自然人的身份证件号码".into(),
            Self::CodePrefix => "代码前两位不是存在的登记管理部门和机构类别".into(),
            Self::CodeRegion { place } => format!("代码第 {place} 位属于行政区划，却不是数字"),
            Self::CodeCheck => "校验码不符，也没有登记机关的确认".into(),
            Self::CodePlaceholder => "代码栏中是占位符".into(),
            Self::ReferenceIdle => "校验码相符，却给出了登记机关的确认".into(),
            Self::FormContradictsCode { .. } => "主体形式与代码前两位矛盾".into(),
            Self::OtherAuthority => "该决定由其他机关作出".into(),
            Self::DateShape => {
                "日期格式应为 2019-10-10、2019/10/10、2019年10月10日 或 20191010".into()
            }
            Self::NoSuchDay => "没有这一天".into(),
            Self::DateOutOfRange => "日期不在 1900-01-01 至 2199-12-31 之间".into(),
            Self::EndsBeforeDecision { field } => format!("{}早于决定日期", field.chinese()),
            Self::EndsBeforeItBegins => "有效期至早于有效期自".into(),
            Self::ServedBeforeDecision => "送达日期早于决定日期".into(),
            Self::NotDecidedYet => "决定日期晚于今天".into(),
            Self::NotServedYet => "送达日期晚于今天".into(),
            Self::NoEnd { field } => format!("{}表示没有期限（2099 年或以后）", field.chinese()),
            Self::MissingBasis => "减损权益或增加义务，却没有引用法律条文".into(),
            Self::MissingService => "没有完整写明送达日期和送达方式".into(),
            Self::MissingPublicationEnd => "减损权益或增加义务，公示却没有截止期".into(),
            Self::MissingRemedies => "减损权益或增加义务，却没有写明救济途径".into(),
            Self::MissingDutyEnd => "措施或义务没有期限".into(),
            Self::BasisShape => "法律依据中看不出法律名称或条文".into(),
            Self::BasisLevelUnknown => "配置中没有法律依据中某部法律的效力层级".into(),
            Self::UnknownActType => "配置中没有这一行政行为类别".into(),
            Self::UnknownItem => "配置或事项目录中没有这一事项".into(),
            Self::UnknownPenaltyClass => "配置中没有这一处罚种类".into(),
            Self::UnknownForm => "配置中没有这一主体形式".into(),
            Self::UnknownServiceWay => "配置中没有这一送达方式".into(),
            Self::UnknownSeriousGroup => "配置中没有这一严重失信行为类别".into(),
            Self::QuarterShape => "季度格式应为 2026-1、2026Q1 或 2026年第1季度".into(),
            Self::MoneyShape => "不是金额：只能有数字和一个小数点，不能有正负号".into(),
            Self::MoneyTooPrecise => "金额不是整数分".into(),
            Self::MoneyOutOfRange => "金额过大".into(),
            Self::SyntheticSource { field } => {
                format!("用来生成{}的单元格不能使用", field.chinese())
            }
            Self::DuplicateInFile { first_line } => {
                format!("机关、文书号和事项与第 {first_line} 行相同")
            }
            Self::DiffersFromStored => "已有同一文书号和事项的决定，内容不同".into(),
            Self::LateAndCorrected => {
                "同一文书号和事项的已存决定因过晚送达或签名密钥停用而无约束力，且此后已更正；本行与最新更正的内容不一致".into()
            }
            Self::StatementTooLarge { max } => format!("整个决定超过 {max} 字节"),
            Self::Rule(invalid) => {
                let said = wording::said(wording::Language::Chinese, &invalid.to_string());
                format!("不符合决定的规则：{said}")
            }
        }
    }

    const fn hints(&self) -> (&'static str, &'static str) {
        match self {
            Self::ColumnCount { .. } => (
                "quote cells that hold the delimiter, or export the row again",
                "含有分隔符的单元格应加引号，或重新导出本行",
            ),
            Self::RowTooLong { .. } => (
                "look for a quote that is not closed in or before this row",
                "请检查本行或之前是否有未结束的引号",
            ),
            Self::TextAfterQuote { .. } => (
                "write a quote within a quoted cell twice",
                "带引号的单元格内的引号应写两次",
            ),
            Self::UnterminatedQuote => (
                "close the quote; a quote within a quoted cell is written twice",
                "请补上结束引号；单元格内的引号应写两次",
            ),
            Self::NulByte { .. } => (
                "export the file again as text in the declared encoding",
                "请以声明的编码重新导出文本文件",
            ),
            Self::WrongEncoding { .. } => (
                "save the file in the declared encoding, or declare its encoding in the profile",
                "请以声明的编码另存文件，或在配置中声明实际编码",
            ),
            Self::Missing { .. } => ("fill the cell", "请填写该单元格"),
            Self::FieldTooLong { .. } => (
                "shorten the text; larger texts go into an attachment",
                "请缩短文字，较长的文字作为附件",
            ),
            Self::ControlCharacter { .. } | Self::Invisible { .. } => {
                ("remove the character", "请删除该字符")
            }
            Self::PersonalNumber { .. } => (
                "remove the number: records are about organisations only",
                "请删除该号码：记录只涉及组织",
            ),
            Self::NaturalPerson => (
                "leave the row out: natural persons are never the subject of a record",
                "请去掉本行：自然人不能作为记录主体",
            ),
            Self::SourceState => (
                "import the decision as it was made, then issue a correction or withdrawal",
                "请先按原决定导入，再作出更正或撤销",
            ),
            Self::CodeLength { .. }
            | Self::CodeCharacter { .. }
            | Self::CodePrefix
            | Self::CodeRegion { .. } => (
                "compare the code with the organisation's licence",
                "请与营业执照等登记证照核对代码",
            ),
            Self::CodeIsIdentityNumber => (
                "enter the organisation's code; leave the row out when it is about a person",
                "请填写组织的代码；涉及个人的应去掉本行",
            ),
            Self::CodeCheck => (
                "correct the code, or have the registrar confirm it and give the reference",
                "请更正代码，或由登记机关确认并填写确认文号",
            ),
            Self::CodePlaceholder => ("enter the real code", "请填写真实代码"),
            Self::ReferenceIdle => (
                "remove the confirmation, or correct the code",
                "请删除确认文号，或更正代码",
            ),
            Self::FormContradictsCode { .. } => {
                ("correct the form or the code", "请更正主体形式或代码")
            }
            Self::OtherAuthority => (
                "import the row at the node of the authority that decided, and pass over the others: \
                 --where COLUMN=NAME",
                "请由作出决定的机关导入本行，并以 --where 列=名称 跳过其他机关的行",
            ),
            Self::DateShape
            | Self::NoSuchDay
            | Self::DateOutOfRange
            | Self::NotDecidedYet
            | Self::NotServedYet => ("correct the date", "请更正日期"),
            Self::EndsBeforeDecision { .. }
            | Self::EndsBeforeItBegins
            | Self::ServedBeforeDecision => ("compare the dates", "请核对各日期"),
            Self::NoEnd { .. } | Self::MissingPublicationEnd | Self::MissingDutyEnd => (
                "give the last day: nothing that restricts is without an end",
                "请填写截止日期：限制性内容都应有期限",
            ),
            Self::MissingBasis | Self::BasisShape => (
                "cite the act and its article, for example 《中华人民共和国食品安全法》第一百二十四条",
                "请引用法律名称和条文，如《中华人民共和国食品安全法》第一百二十四条",
            ),
            Self::MissingService => (
                "give the day and the way of service",
                "请填写送达日期和送达方式",
            ),
            Self::MissingRemedies => (
                "name the body to turn to and the days for it",
                "请写明救济机关和期限",
            ),
            Self::BasisLevelUnknown => (
                "add the act to [[basis.levels]] of the profile",
                "请在配置的 [[basis.levels]] 中加入该法律",
            ),
            Self::UnknownActType
            | Self::UnknownForm
            | Self::UnknownServiceWay
            | Self::UnknownSeriousGroup
            | Self::QuarterShape => (
                "correct the cell, or add its value to the profile",
                "请更正单元格，或在配置中加入该值",
            ),
            Self::UnknownItem => (
                "use an item of the catalogue in force",
                "请使用现行目录中的事项",
            ),
            Self::UnknownPenaltyClass => (
                "use a class of article 9 of the Administrative Penalty Law; detention concerns persons",
                "请使用行政处罚法第九条的种类；行政拘留涉及个人，不予导入",
            ),
            Self::MoneyShape | Self::MoneyTooPrecise | Self::MoneyOutOfRange => (
                "compare the amount and its unit with the profile",
                "请核对金额及配置中的单位",
            ),
            Self::SyntheticSource { .. } => (
                "fill the cell, or change [synthetic] of the profile",
                "请填写该单元格，或修改配置的 [synthetic]",
            ),
            Self::DuplicateInFile { .. } => (
                "leave one of the rows out, or correct its document number or item",
                "请去掉其中一行，或更正文书号或事项",
            ),
            Self::DiffersFromStored => (
                "issue a correction: an import never changes a stored decision",
                "请作出更正：导入不会改变已存的决定",
            ),
            Self::LateAndCorrected => (
                "decide it anew as corrected: put into the row what the correction says",
                "请按更正后的内容重新作出决定：将本行改为更正所载内容",
            ),
            Self::StatementTooLarge { .. } => ("shorten the texts", "请缩短各项文字"),
            Self::Rule(_) => ("compare the row with the rule", "请对照规则核对本行"),
        }
    }
}

const fn english_number(kind: PersonalNumber) -> &'static str {
    match kind {
        PersonalNumber::IdentityNumber | PersonalNumber::OldIdentityNumber => {
            "an identity number of a natural person"
        }
        PersonalNumber::MobilePhone => "a mobile phone number",
        PersonalNumber::Passport => "a passport number",
        PersonalNumber::TravelPermit => "the number of a travel permit",
        PersonalNumber::ResidencePermit => "the number of a residence card",
    }
}

const fn chinese_number(kind: PersonalNumber) -> &'static str {
    match kind {
        PersonalNumber::IdentityNumber | PersonalNumber::OldIdentityNumber => "公民身份号码",
        PersonalNumber::MobilePhone => "手机号码",
        PersonalNumber::Passport => "护照号码",
        PersonalNumber::TravelPermit => "通行证号码",
        PersonalNumber::ResidencePermit => "永久居留证号码",
    }
}
