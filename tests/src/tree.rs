//! The files of this workspace, for tests that read them.
//!
//! Out of scope: what Cargo generates and what a run leaves behind. Those folders are skipped.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file of the workspace.
#[derive(Debug, Clone)]
pub struct TextFile {
    /// Path from the top of the workspace, with `/` between its parts.
    pub path: String,
    /// The whole content.
    pub text: String,
}

/// The folder that holds the workspace's `Cargo.toml`.
///
/// # Panics
///
/// If this crate does not lie in a folder of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this crate is a folder of the workspace")
        .to_path_buf()
}

/// Every file whose name ends in `ending`, in order of their paths.
///
/// # Panics
///
/// If a folder or file cannot be read, or a file is not UTF-8.
#[must_use]
pub fn files(ending: &str) -> Vec<TextFile> {
    let top = root();
    let mut found = Vec::new();
    collect(&top, &top, ending, &mut found);
    found.sort_by(|a: &TextFile, b: &TextFile| a.path.cmp(&b.path));
    found
}

/// The content of the file at `path`, counted from the top of the workspace.
///
/// # Panics
///
/// If the file cannot be read or is not UTF-8.
#[must_use]
pub fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Replaces comments and the content of strings in Rust source by blanks; line breaks stay.
///
/// What is left is what the compiler acts on, so a name found in it is a use of that name.
#[must_use]
pub fn code_only(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let skipped = not_code(rest);
        if skipped == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            let (blank, after) = rest.split_at(skipped);
            code.extend(blank.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = after;
        }
    }
    code
}

/// Fails the test that calls it unless `problems` is empty, and shows them one a line.
///
/// # Panics
///
/// If there is a problem.
#[track_caller]
pub fn assert_no_problems(problems: &[String]) {
    assert!(
        problems.is_empty(),
        "{} problems:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

fn collect(top: &Path, folder: &Path, ending: &str, found: &mut Vec<TextFile>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries {
        let path = entry.expect("a folder that opened can be listed").path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            if !is_left_out(&name) {
                collect(top, &path, ending, found);
            }
        } else if name.ends_with(ending) {
            let below = path.strip_prefix(top).expect("the walk began at the top");
            let path = below.to_string_lossy().replace('\\', "/");
            found.push(TextFile {
                text: text(&path),
                path,
            });
        }
    }
}

fn is_left_out(folder: &str) -> bool {
    folder.starts_with('.') || matches!(folder, "target" | "concordat-quickstart")
}

/// How many bytes at the start of `source` are a comment, a string or a character; 0 if it is code.
fn not_code(source: &str) -> usize {
    let end = |mark: &str, from: usize| match source[from..].find(mark) {
        Some(at) => from + at + mark.len(),
        None => source.len(),
    };
    if source.starts_with("//") {
        return source.find('\n').unwrap_or(source.len());
    }
    if source.starts_with("/*") {
        return end("*/", 2);
    }
    if source.starts_with("r\"") {
        return end("\"", 2);
    }
    if source.starts_with("r#") {
        let hashes = source[1..].bytes().take_while(|b| *b == b'#').count();
        // `r#type` is an identifier.
        if source[1 + hashes..].starts_with('"') {
            return end(&format!("\"{}", "#".repeat(hashes)), hashes + 2);
        }
        return 0;
    }
    if source.starts_with('"') {
        return end_of_quoted(source, '"');
    }
    // Anything else that begins with this mark is a lifetime.
    if source.starts_with("'\\") {
        return end_of_quoted(source, '\'');
    }
    if source.starts_with("'\"'") {
        return 3;
    }
    0
}

fn end_of_quoted(source: &str, mark: char) -> usize {
    let mut escaped = false;
    for (at, c) in source.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == mark => return at + 1,
            _ => {}
        }
    }
    source.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_only_keeps_code_and_line_breaks() {
        let source = "let a = 1; // sled\nlet r#type = 'x';\n";
        assert_eq!(code_only(source), "let a = 1;        \nlet r#type = 'x';\n");
    }

    #[test]
    fn code_only_blanks_comments_strings_and_quotes() {
        for source in [
            "/* sled\n */ fn",
            "\"sled \\\" sled\" fn",
            "r\"sled\" fn",
            "r##\"sled \"# sled\"## fn",
            "'\"' /* \" sled */ fn",
            "'\\'' /* ' sled */ fn",
        ] {
            let code = code_only(source);
            assert!(!code.contains("sled"), "{source:?} gave {code:?}");
            assert!(code.ends_with(" fn"), "{source:?} gave {code:?}");
        }
    }

    #[test]
    #[should_panic(expected = "2 problems:\na is wrong\nb is wrong")]
    fn assert_no_problems_shows_each() {
        assert_no_problems(&["a is wrong".to_owned(), "b is wrong".to_owned()]);
    }

    #[test]
    fn files_finds_this_file_and_skips_what_cargo_makes() {
        let found = files(".rs");
        assert!(found.iter().any(|file| file.path == "tests/src/tree.rs"));
        assert!(!found.iter().any(|file| file.path.starts_with("target/")));
    }
}
