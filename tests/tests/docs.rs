//! What the documents say about the tree is true: links, paths, and the commands of both READMEs.
//!
//! Out of scope: whether the commands succeed, and addresses on the network.

use std::path::{Component, Path, PathBuf};

use concordat_tests::tree;

const READMES: [&str; 2] = ["README.md", "README.zh-CN.md"];

/// The headings of the section that lists paths.
const LAYOUT_HEADINGS: [&str; 2] = ["## Layout", "## 目录"];

#[test]
fn relative_links_lead_somewhere() {
    let top = tree::root();
    let mut links = 0;
    let mut problems = Vec::new();
    for page in tree::files(".md") {
        for target in relative_links(&page.text) {
            links += 1;
            if !resolve(&page.path, &target).is_some_and(|path| top.join(path).exists()) {
                problems.push(format!("{} links to {target}", page.path));
            }
        }
    }
    assert!(links > 0, "no link was read");
    tree::assert_no_problems(&problems);
}

#[test]
fn layout_tables_name_paths_that_exist() {
    for (readme, heading) in READMES.into_iter().zip(LAYOUT_HEADINGS) {
        let paths = layout_paths(&tree::text(readme), heading);
        assert!(!paths.is_empty(), "{readme} has no table under {heading}");
        for path in paths {
            assert!(tree::root().join(&path).exists(), "{readme} lists {path}");
        }
    }
}

#[test]
fn layout_tables_name_every_folder_of_the_top() {
    for (readme, heading) in READMES.into_iter().zip(LAYOUT_HEADINGS) {
        let paths = layout_paths(&tree::text(readme), heading);
        for folder in [
            "admin-cli/",
            "certs/",
            "node/",
            "protocol/",
            "spec/",
            "tests/",
        ] {
            assert!(
                paths.iter().any(|path| path == folder),
                "{readme} leaves out {folder}"
            );
        }
    }
}

#[test]
fn both_readmes_have_the_same_layout() {
    let [english, chinese] = READMES.map(tree::text);
    assert_eq!(
        layout_paths(&english, LAYOUT_HEADINGS[0]),
        layout_paths(&chinese, LAYOUT_HEADINGS[1])
    );
}

#[test]
fn both_readmes_have_the_same_commands() {
    let [english, chinese] = READMES.map(|readme| commands(&tree::text(readme)));
    assert_eq!(english, chinese);
}

#[test]
fn first_commands_run_the_main_job_and_the_tests() {
    let commands = commands(&tree::text(READMES[0]));
    assert_eq!(
        commands.get(..2),
        Some(
            &[
                "cargo run --release --bin concordat-node -- quickstart".to_owned(),
                "cargo test --workspace".to_owned(),
            ][..]
        )
    );
}

/// Scripts go by the codes of the tool as by those of a node.
// spec: ADM-176
#[test]
fn codes_of_the_tools_own_errors_are_in_the_specification() {
    let texts = tree::text("admin-cli/src/text/errors.rs");
    let own = texts.split("// Of the tool itself.").nth(1).unwrap();
    let own = own.split("(\"error.").skip(1);
    let own = own.filter_map(|text| text.split('"').next());
    let mut own: Vec<_> = own.map(str::to_owned).collect();
    let page = tree::text("spec/admin.md");
    let mut listed = codes(&page, "## Errors of the tool itself");
    own.sort();
    listed.sort();
    assert!(own.len() > 40, "{own:?}");
    assert_eq!(own, listed);
}

/// The codes that the table of a section begins its rows with.
fn codes(page: &str, heading: &str) -> Vec<String> {
    let lines = page.lines().skip_while(|line| line.trim() != heading);
    let section = lines.skip(1).take_while(|line| !line.starts_with("## "));
    let codes = section.filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    codes.map(str::to_owned).collect()
}

#[test]
fn link_check_reads_links_and_leaves_out_code_and_addresses() {
    let page = "[a](b.md) [c](d/e.md#f \"title\") ![g](h.png) [i](https://j.example/)\n\
                [k](#l) `[m](n.md)` [o](mailto:p@q.example)\n```\n[r](s.md)\n```\n[t]: u.md\n";
    assert_eq!(relative_links(page), ["b.md", "d/e.md", "h.png", "u.md"]);
}

#[test]
fn link_check_refuses_to_leave_the_tree() {
    assert_eq!(
        resolve("spec/log.md", "../README.md"),
        Some(PathBuf::from("README.md"))
    );
    assert_eq!(
        resolve("spec/log.md", "vectors/log/"),
        Some(PathBuf::from("spec/vectors/log"))
    );
    assert_eq!(resolve("spec/log.md", "../../elsewhere"), None);
    assert_eq!(resolve("README.md", "/etc/passwd"), None);
}

#[test]
fn layout_check_reads_only_the_table_of_its_section() {
    let page = "| `x/` | no |\n## Layout\n| path | what |\n|---|---|\n| `a/` | `b` |\n| `c.toml` | d |\n\
                ## Next\n| `y/` | no |\n";
    assert_eq!(layout_paths(page, "## Layout"), ["a/", "c.toml"]);
}

#[test]
fn command_check_leaves_out_comments_and_prompts_stay() {
    let page = "```sh\n# one\ncargo a\n\ncargo b  # two\n```\ntext\n```\ncargo c\n```\n";
    assert_eq!(commands(page), ["cargo a", "cargo b", "cargo c"]);
}

/// Targets of links that lead to a file, without what follows `#`.
fn relative_links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    for line in outside_fences(text) {
        let plain: String = line.split('`').step_by(2).collect();
        let inline = plain
            .match_indices("](")
            .filter_map(|(at, _)| plain[at + 2..].split(')').next());
        let reference = plain
            .split_once("]: ")
            .filter(|(name, _)| name.starts_with('['));
        for target in inline.chain(reference.map(|(_, target)| target)) {
            let target = target.split_whitespace().next().unwrap_or_default();
            let path = target.split('#').next().unwrap_or_default();
            if !path.is_empty() && !path.contains("://") && !path.starts_with("mailto:") {
                links.push(path.to_owned());
            }
        }
    }
    links
}

/// The path from the top that a link on a page means, unless it leaves the workspace.
fn resolve(page: &str, target: &str) -> Option<PathBuf> {
    let mut path = Path::new(page).parent()?.to_path_buf();
    for part in Path::new(target).components() {
        match part {
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !path.pop() {
                    return None;
                }
            }
            Component::Prefix(_) | Component::RootDir => return None,
        }
    }
    Some(path)
}

fn layout_paths(text: &str, heading: &str) -> Vec<String> {
    text.lines()
        .skip_while(|line| line.trim() != heading)
        .skip(1)
        .take_while(|line| !line.starts_with("## "))
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect()
}

/// The lines of all fences, without comments, which may be in the reader's language.
fn commands(text: &str) -> Vec<String> {
    let mut in_fence = false;
    let mut commands = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            in_fence = !in_fence;
        } else if in_fence {
            let command = line.split(" #").next().unwrap_or_default().trim();
            if !command.is_empty() && !command.starts_with('#') {
                commands.push(command.to_owned());
            }
        }
    }
    commands
}

fn outside_fences(text: &str) -> Vec<&str> {
    let mut in_fence = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
        } else if !in_fence {
            lines.push(line);
        }
    }
    lines
}
