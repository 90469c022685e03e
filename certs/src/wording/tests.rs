use std::collections::BTreeSet;

use super::*;

fn in_chinese(english: &str) -> String {
    said(Language::Chinese, english)
}

#[test]
fn sentence_keeps_its_blanks_and_causes_are_read_too() {
    // spec: ADM-14
    for (english, chinese) in [
        ("the text is empty", "文字为空"),
        (
            "the text has 201 characters, at most 200 are allowed",
            "文字有 201 个字符，最多 200 个",
        ),
        (
            "the genesis file: cannot use /x y/genesis.cbor: Permission denied (os error 13)",
            "创世文件：无法使用 /x y/genesis.cbor：权限不足（系统错误 13）",
        ),
        (
            "the transport: Address already in use (os error 98)",
            "网络传输：地址已被占用（系统错误 98）",
        ),
        (
            "the text holds personal data (mobile phone number); subjects are organisations only",
            "文字中含有个人信息（手机号码）；记录只涉及组织，请删去",
        ),
        ("wholly: unknown", "wholly: unknown"),
        ("", ""),
    ] {
        assert_eq!(in_chinese(english), chinese);
        assert_eq!(said(Language::English, english), english);
    }
}

#[test]
fn deep_chains_end() {
    let chain = "the store: ".repeat(10_000);
    assert!(in_chinese(&chain).starts_with("数据库"));
}

#[test]
fn no_sentence_comes_twice_and_every_blank_exists() {
    let mut seen = BTreeSet::new();
    for (pattern, chinese) in table::sentences() {
        assert!(seen.insert(pattern), "{pattern} comes twice");
        let count = pattern.matches("{}").count();
        for number in 1..=count {
            assert!(chinese.contains(&format!("{{{number}}}")), "{pattern}");
        }
        assert_eq!(chinese.matches('{').count(), count, "{pattern}");
    }
}

// spec: ADM-14
#[test]
fn no_sentence_keeps_english_words() {
    let all = table::sentences().chain(table::LINES).chain(&table::MARKS);
    for (pattern, chinese) in all {
        let left = remains::english(chinese);
        assert!(left.is_empty(), "{pattern}: {left:?}");
    }
}

#[test]
fn sentence_with_the_most_words_of_its_own_counts() {
    let day = "the day of service lies before the day of the decision";
    assert_eq!(in_chinese(day), "送达日期早于决定日期");
    let other = "valid_from lies before the day of the decision";
    assert_eq!(in_chinese(other), "valid_from 早于决定日期");
}

#[test]
fn what_libraries_say_is_read_line_by_line() {
    let toml = "TOML parse error at line 2, column 8\n  |\n2 | name = \n  |        ^\n\
                string values must be quoted, expected literal string";
    let said = in_chinese(toml);
    assert!(
        said.starts_with("第 2 行第 8 列的 TOML 有误\n  |\n2 | name = \n"),
        "{said}"
    );
    assert!(said.ends_with("文字须加引号，应为 单引号文字"), "{said}");
    for (english, chinese) in [
        (
            "unknown field `cash_mib`, expected one of `cache_mib`, `compaction_hours`",
            "没有键 `cash_mib`，可用：`cache_mib`、`compaction_hours`",
        ),
        (
            "invalid utf-8 sequence of 1 bytes from index 4",
            "第 4 字节起有 1 字节不是 UTF-8",
        ),
        (
            "expected value at line 1 column 1",
            "应为值（第 1 行第 1 列）",
        ),
        (
            "cannot open a socket on 10.0.0.1:7: address in use",
            "无法在 10.0.0.1:7 打开套接字：地址已被占用",
        ),
    ] {
        assert_eq!(in_chinese(english), chinese);
    }
}

#[test]
fn usage_errors_and_help_are_read_line_by_line() {
    let english = "error: invalid value 'x' for '--from <INDEX>': invalid digit found in string\n\
                   \n  tip: a similar argument exists: '--form'\n\nUsage: concordat [OPTIONS]\n\n\
                   For more information, try '--help'.\n";
    let chinese = "错误：'--from <INDEX>' 的值 'x' 无效：含有非数字字符\n\n  \
                   提示：有相近的参数：'--form'\n\n用法：concordat [OPTIONS]\n\n\
                   详情请用 '--help'。\n";
    assert_eq!(command_line(Language::Chinese, english), chinese);
    assert_eq!(command_line(Language::English, english), english);
}

/// The sentences of this crate's errors stand in its source as `#[error("…")]`.
#[test]
fn every_error_of_this_crate_has_a_chinese_sentence() {
    // spec: ADM-14
    let mut missing = Vec::new();
    for source in SOURCES {
        for part in source.split("#[error(\"").skip(1) {
            let sentence = part.split("\")]").next().unwrap_or_default();
            let sentence = sentence.split("\", ").next().unwrap_or_default();
            let text: String = sentence
                .split('{')
                .enumerate()
                .map(|(index, part)| match (index, part.split_once('}')) {
                    (0, _) | (_, None) => part.to_owned(),
                    (_, Some((_, after))) => format!("@{after}"),
                })
                .collect();
            // Blanks and a colon alone are for their parts.
            if text != "@: @" && in_chinese(&text) == text {
                missing.push(text);
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

const SOURCES: [&str; 13] = [
    include_str!("../certificate.rs"),
    include_str!("../certificate_file.rs"),
    include_str!("../change.rs"),
    include_str!("../configuration.rs"),
    include_str!("../configuration/filter.rs"),
    include_str!("../enrolment.rs"),
    include_str!("../file.rs"),
    include_str!("../fingerprint.rs"),
    include_str!("../genesis.rs"),
    include_str!("../key_file.rs"),
    include_str!("../key_ring.rs"),
    include_str!("../randomness.rs"),
    include_str!("../registry_entries.rs"),
];

#[test]
fn language_is_that_of_the_argument_before_that_of_the_environment() {
    // spec: ADM-15
    let asked = |arguments: &str, variables: &[(&str, &str)]| {
        let arguments: Vec<_> = arguments.split(' ').map(OsString::from).collect();
        language(&arguments, |name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    };
    let zh = [("LANG", "zh_CN.UTF-8")];
    let both = [("LC_ALL", "C"), ("LANG", "zh_CN.UTF-8")];
    assert_eq!(asked("concordat", &[]), Language::English);
    assert_eq!(asked("concordat", &zh), Language::Chinese);
    assert_eq!(asked("concordat", &both), Language::English);
    assert_eq!(
        asked("concordat --lang zh status", &both),
        Language::Chinese
    );
    assert_eq!(asked("concordat --lang=en", &zh), Language::English);
}
