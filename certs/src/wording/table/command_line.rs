//! What the parser of the command line says.

use super::Entry;

/// Lines of help and of usage errors, without their indentation, and what fills their blanks.
#[rustfmt::skip]
pub(in super::super) const LINES: &[Entry] = &[
    ("error: {}", "错误：{1}"),
    ("tip: {}", "提示：{1}"),
    ("Usage: {}", "用法：{1}"),
    ("Usage:", "用法："),
    ("Commands:", "命令："),
    ("Arguments:", "参数："),
    ("Options:", "选项："),
    ("各命令通用:", "各命令通用："),
    ("For more information, try {}.", "详情请用 {1}。"),
    ("unexpected argument {} found", "意外的参数 {1}"),
    ("unexpected value {} for {} found; no more were expected", "{2} 的值 {1} 多余"),
    ("unrecognized subcommand {}", "没有子命令 {1}"),
    ("invalid value {} for {}", "{2} 的值 {1} 无效"),
    ("invalid value {} for {}: {}", "{2} 的值 {1} 无效：{3}"),
    ("a value is required for {} but none was supplied", "{1} 缺少值"),
    ("equal sign is needed when assigning values to {}", "{1} 赋值须用等号"),
    ("the following required arguments were not provided:", "缺少必需的参数："),
    ("the argument {} cannot be used multiple times", "参数 {1} 不可重复"),
    ("the argument {} cannot be used with:", "参数 {1} 不可与下列参数同用："),
    ("the argument {} cannot be used with {}", "参数 {1} 不可与 {2} 同用"),
    ("the argument {} cannot be used with one or more of the other specified arguments", "参数 {1} 不可与其他参数同用"),
    ("the subcommand {} cannot be used with:", "子命令 {1} 不可与下列参数同用："),
    ("the subcommand {} cannot be used with {}", "子命令 {1} 不可与 {2} 同用"),
    ("{} requires a subcommand but one was not provided", "{1} 须带子命令"),
    ("{} values required by {}; only {} were provided", "{2} 须有 {1} 个值，只有 {3} 个"),
    ("{} values required by {}; only {} was provided", "{2} 须有 {1} 个值，只有 {3} 个"),
    ("{} values required for {} but {} were provided", "{2} 须有 {1} 个值，实有 {3} 个"),
    ("{} values required for {} but {} was provided", "{2} 须有 {1} 个值，实有 {3} 个"),
    ("invalid UTF-8 was detected in one or more arguments", "参数中有非 UTF-8 的内容"),
    ("a similar subcommand exists: {}", "有相近的子命令：{1}"),
    ("some similar subcommands exist: {}", "有相近的子命令：{1}"),
    ("a similar argument exists: {}", "有相近的参数：{1}"),
    ("some similar arguments exist: {}", "有相近的参数：{1}"),
    ("a similar value exists: {}", "有相近的值：{1}"),
    ("some similar values exist: {}", "有相近的值：{1}"),
    ("to pass {} as a value, use {}", "若 {1} 是值，请用 {2}"),
    ("{} exists", "有 {1}"),
    ("unknown cause", "原因未知"),
    ("[subcommands: {}]", "[子命令：{1}]"),
    ("[possible values: {}]", "[可选值：{1}]"),
];

/// What the parser puts into the help of an argument or command, wherever it stands in a line.
pub(in super::super) const MARKS: [Entry; 8] = [
    ("[default: ", "[缺省："),
    ("[possible values: ", "[可选值："),
    ("[env: ", "[环境变量："),
    ("[aliases: ", "[别名："),
    (" (see more with '--help')", "（更多见 '--help'）"),
    ("Print help", "显示帮助"),
    ("Print version", "显示版本"),
    (
        "Print this message or the help of the given subcommand(s)",
        "显示本帮助或子命令的帮助",
    ),
];
