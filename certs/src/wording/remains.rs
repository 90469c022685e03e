//! What of a Chinese text is still English: for tests.

/// Names of commands, options' values, keys, codes and units, which stay as they are.
const NAMES: &[&str] = &[
    // Proper names and programs.
    "Concordat",
    "Unicode",
    "Unix",
    "chmod",
    "concordat",
    "elvish",
    "fish",
    "bash",
    "powershell",
    "zsh",
    "shell",
    // Commands and their verbs.
    "accede",
    "add",
    "admission",
    "agreement",
    "approve",
    "bulk",
    "answer",
    "bundle",
    "calendar",
    "catalogue",
    "certificate",
    "change",
    "check",
    "completions",
    "config",
    "correction",
    "create",
    "deadlines",
    "enrol",
    "export",
    "feedback",
    "file",
    "genesis",
    "help",
    "import",
    "init",
    "initiate",
    "issue",
    "ledger",
    "list",
    "lookup",
    "lost",
    "measures",
    "missed",
    "objection",
    "outdated",
    "peer",
    "peers",
    "policy",
    "propagation",
    "propose",
    "prove",
    "push",
    "quickstart",
    "record",
    "remove",
    "renew",
    "repair",
    "request",
    "respond",
    "retire",
    "review",
    "ruling",
    "run",
    "show",
    "slip",
    "statement",
    "statistics",
    "status",
    "stay",
    "subject",
    "submit",
    "suspend",
    "test",
    "told",
    "verify",
    "watch",
    "withdrawal",
    // Businesses in which one looks up, and columns of a table of cases.
    "agency",
    "approval",
    "case",
    "funds",
    "honours",
    "procurement",
    "scenario",
    "supervision",
    "tendering",
    // Codes and keys.
    "administrator",
    "after",
    "amount",
    "approver",
    "basis",
    "code",
    "column",
    "columns",
    "corrected",
    "county",
    "ctx",
    "drop",
    "duplicate",
    "ended",
    "error",
    "facts",
    "fen",
    "fields",
    "hub",
    "rule",
    "human",
    "iss",
    "issuer",
    "join",
    "json",
    "keys",
    "latest",
    "listen",
    "log",
    "mark",
    "member",
    "national",
    "node",
    "null",
    "on",
    "other",
    "prefectural",
    "prefix",
    "procedure",
    "production",
    "provincial",
    "publication",
    "recovery",
    "region",
    "rejected",
    "sub",
    "supervisor",
    "template",
    "text",
    "trace",
    "true",
    "false",
    "upheld",
    "value",
    "withdrawn",
    "witness",
    "yuan",
    "en",
    "zh",
    "base",
];

/// The English words of a text that are no names: runs of small letters, alone or with punctuation.
/// What is quoted with backticks is a name.
#[must_use]
pub fn english(text: &str) -> Vec<String> {
    let unquoted: String = text.split('`').step_by(2).collect::<Vec<_>>().join(" ");
    let tokens = unquoted.split(|c: char| c.is_whitespace() || !c.is_ascii());
    let words = tokens.map(|token| {
        let token = token.trim_start_matches(|c| !is_of_word(c) && c != '.');
        token.trim_end_matches(|c| !is_of_word(c))
    });
    let english = words.filter(|word| {
        let letters = |c: char| c.is_ascii_lowercase() || c == '\'';
        let tail = word.get(1..).unwrap_or_default();
        word.starts_with(|c: char| c.is_ascii_alphabetic())
            && !tail.is_empty()
            && tail.chars().all(letters)
            && !NAMES.contains(word)
    });
    english.map(ToOwned::to_owned).collect()
}

/// A hyphen stays, and a full stop in front: what has one there is an option, a piece of a name or the
/// ending of a file's name.
fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '-'
}
