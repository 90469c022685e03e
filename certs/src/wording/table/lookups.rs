//! Sentences about look-ups: rows of the register, receipts and their files.

use super::Entry;

#[rustfmt::skip]
pub(super) const SENTENCES: &[Entry] = &[
    ("{} is no key of the register of look-ups: it has {} bytes instead of 32; restore it from a backup", "{1} 不是查询登记簿的密钥：为 {2} 字节，应为 32 字节；请从备份中恢复"),
    ("row {} of the register of look-ups does not open with the key of its day", "查询登记簿第 {1} 行无法用其当日密钥解开"),
    ("the file is no receipt of a look-up", "该文件不是查询回执"),
    ("the file is damaged: its digest is another. Take it again from where it came from", "文件已损坏：摘要不符。请重新取得该文件"),
    ("the file is of version {}; this program reads version 1", "文件版本为 {1}；本程序读取版本 1"),
    ("the file is no receipt of a look-up: {}", "该文件不是查询回执：{1}"),
    ("the receipt was signed under a state of the registry that the file does not have", "文件中没有签署该回执时的名册状态"),
    ("{} had no such statement key when the receipt was signed", "签署该回执时，{1} 没有这一声明密钥"),
    ("the logged root is not one of the authority that signed the receipt", "入日志的根不属于签署该回执的机关"),
    ("the row does not lie under the logged root: {}", "该行不在入日志的根之下：{1}"),
    ("no receipt of a look-up: {}", "不是查询回执：{1}"),
    ("the receipt names another organisation than the row in it", "回执所指组织与其中的登记行不一致"),
    ("the number of the row is out of range", "行号超出范围"),
    ("the receipt does not hold together: {}", "回执前后不一致：{1}"),
    ("the signature of the receipt does not hold: it was changed, or is another's", "回执签名验证不通过：内容被改动，或并非其所签"),
    ("the row of the register of look-ups: {}", "查询登记簿的行：{1}"),
    ("a look-up shows {} statements, more than the 128 of an answer", "一次查询所示声明为 {1} 条，超过答复上限 128 条"),
];
