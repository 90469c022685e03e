//! Sentences about records: commitments, declarations, evaluations, interviews, measures, and what
//! authorities ask of each other.

use super::Entry;

#[rustfmt::skip]
pub(super) const SENTENCES: &[Entry] = &[
    ("the catalogue item is not for this class of statement", "目录事项不适用于该类声明"),
    ("an interview is seen by members named in the catalogue alone, and this item is open to more", "约谈记录只供目录指定的成员查看，而该事项对更多成员公开"),
    ("item {} of the catalogue is beyond repair by no law, regulation or central policy, or is for no decisions", "目录第 {1} 个事项：不可修复须以法律、法规或党中央、国务院政策文件为依据，且只用于行政决定或名单的事项"),
    ("item {} in the order of codes: classes of statements ascend and are 1 to 13, and types of act belong to items for decisions or lists", "按代码排序的第 {1} 个事项：声明类别须为 1 至 13 且按升序排列，行政行为类别只用于行政决定或名单的事项"),
    ("the record burdens the organisation but says nothing of {}", "该记录使组织承受不利后果，却未写明 {1}"),
    ("{} has no place in such a record", "这类记录不含 {1}"),
    ("such a record has to say {}", "这类记录须写明 {1}"),
    ("a self-declaration holds the organisation's promise that it is true; this one does not", "自主申报须含组织对其真实性的承诺，该申报没有"),
    ("no evaluation is made of a subject that is close to a natural person: codes beginning 92, sole proprietorships, unknown forms", "不得评价接近自然人的主体：以 92 开头的代码、个人独资企业、形式不明的主体"),
    ("a grade is a word of the issuer's scheme; one with digits would be a score", "等级应为评价办法中的文字；带数字的即为评分，不予受理"),
    ("a measure has a last day; this one has none", "措施须有截止日期，该措施没有"),
    ("{} lies before the day of the record", "{1} 早于记录日期"),
    ("{} lies before the day on which it begins", "{1} 早于起始日期"),
    ("the day of service lies before the day of the record", "送达日期早于记录日期"),
    ("{} names 1 to {}, in ascending order without repetition", "{1} 须列 1 至 {2} 项，按升序排列且不得重复"),
    ("{} holds U+{}, which does not show", "{1} 含有不可见的 U+{2}"),
    ("a measure names an agreement together with its clause, or neither", "措施须同时写明协议及其条款，或两者都不写"),
    ("the month lies after the day of the record", "月份晚于记录日期"),
    ("a feedback says what was done, or what verifying it found", "反馈须写明执行情况或核实结果"),
    ("what was not found, or concerns another subject, was not applied", "查无此主体或主体有误的，不应已经执行"),
    ("the record names no organisation, and no statement held here that it refers to does", "该记录没有写明组织，本节点所持的相关声明也没有"),
    ("what is pushed from above is verified before it is applied: say what verifying found", "上级下发的推送须先核实后执行：请写明核实结果"),
    ("the day of the application lies after that of the decision on the repair", "申请修复的日期晚于作出修复决定的日期"),
    ("MEASURE=DAY is wanted: a measure has a last day", "应写为“措施=日期”：措施须有截止日期"),
    ("YEAR-MONTH is wanted, as 2026-11", "应写为“年-月”，例如 2026-11"),
    ("YEAR-QUARTER is wanted, as 2026-1", "应写为“年-季度”，例如 2026-1"),
    ("true is wanted, or no such line at all", "只能写 true；不适用时请删去该行"),
    ("only what is pushed from above is verified; this was not", "只有上级下发的推送需要核实，该项不是"),
    ("the code that the organisation had is the one that it has", "变更前后的代码相同"),
    ("the check character of a code does not hold; a change of code names two whose checks do", "代码校验码不符；代码变更的前后两个代码均须校验相符"),
    ("a code beginning 92 becomes no other, nor another one: that would be another organisation", "以 92 开头的代码与其他代码之间不得变更：那已是另一主体"),
];
