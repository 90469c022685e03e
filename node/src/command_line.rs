//! The command line of `concordat-node`, and its help in both languages.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use concordat_certs::wording::{self, Language};
use concordat_node::output;

#[derive(Debug, Parser)]
#[command(name = "concordat-node", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[arg(long, global = true, value_parser = ["en", "zh"])]
    lang: Option<String>,
}

/// What the program is to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the node of a directory until it is told to stop.
    Run {
        #[arg(long, env = "CONCORDAT_NODE")]
        directory: PathBuf,
        #[arg(long)]
        accept_loss: bool,
        #[arg(long)]
        first_start: bool,
    },
    /// Looks at configurations.
    Config {
        #[command(subcommand)]
        verb: ConfigVerb,
    },
    /// Shows the whole job on this machine, on real decisions.
    Quickstart {
        #[arg(long)]
        once: bool,
        #[arg(long, value_enum, default_value_t = Output::Human)]
        output: Output,
        #[arg(long, default_value = "concordat-quickstart")]
        directory: PathBuf,
    },
}

/// What is done with a configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigVerb {
    /// Reads `node.toml` and says what is wrong with it.
    Check {
        #[arg(long, env = "CONCORDAT_NODE")]
        directory: PathBuf,
    },
}

/// Whom the quickstart reports to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    Human,
    Json,
}

/// Reads the command line. Where that ends the program, help or an error has been printed.
///
/// # Errors
/// The exit code.
// spec: ADM-9
pub(crate) fn parse(arguments: &[OsString], language: Language) -> Result<Command, ExitCode> {
    let mut command = command(language);
    let matches = command.try_get_matches_from_mut(arguments);
    let parsed = matches.and_then(|matches| {
        Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
    });
    parsed.map(|arguments| arguments.command).map_err(|error| {
        let said = wording::command_line(language, &error.render().to_string());
        let (shown, exit) = match (error.use_stderr(), wording::asks_for_json(arguments)) {
            (false, _) => (said, ExitCode::SUCCESS),
            // spec: ADM-10
            (true, true) => {
                let json = failure_json("usage", 2, said.trim_end());
                (json, ExitCode::from(2))
            }
            (true, false) => {
                let _ = write!(std::io::stderr(), "{}", wording::plain(&said));
                return ExitCode::from(2);
            }
        };
        match (output::print(&shown), error.use_stderr()) {
            (Err(failed), false) => {
                crate::say(language, &failed);
                ExitCode::FAILURE
            }
            (Ok(()) | Err(_), _) => exit,
        }
    })
}

/// What went wrong, as one line of JSON.
// spec: ADM-10
pub(crate) fn failure_json(code: &str, exit: i32, message: &str) -> String {
    let error = serde_json::json!({
        "error": {"code": code, "exit": exit, "message": message, "details": {}},
    });
    let line = error.to_string();
    format!("{}\n", wording::plain_json(&line))
}

fn command(language: Language) -> clap::Command {
    let command = localised(Arguments::command(), "", language);
    match language {
        Language::English => command,
        // The parser breaks lines at spaces, of which Chinese has few.
        Language::Chinese => command.term_width(0),
    }
}

fn localised(mut command: clap::Command, path: &str, language: Language) -> clap::Command {
    command = command.about(help(path, language)).long_about(None);
    let names: Vec<_> = command
        .get_arguments()
        .map(|arg| arg.get_id().to_string())
        .collect();
    for name in names {
        let own = help(&format!("{path} {name}"), language);
        let text = if own.is_empty() {
            help(&name, language)
        } else {
            own
        };
        command = command.mut_arg(name, |arg| arg.help(text).long_help(None));
    }
    command.mut_subcommands(|sub| {
        let path = format!("{path} {}", sub.get_name());
        let path = path.trim_start().to_owned();
        localised(sub, &path, language)
    })
}

fn help(key: &str, language: Language) -> &'static str {
    let found = HELP.iter().find(|(found, _, _)| *found == key);
    found.map_or("", |(_, english, chinese)| match language {
        Language::English => english,
        Language::Chinese => chinese,
    })
}

/// Command or argument, English, 中文.
#[rustfmt::skip]
const HELP: [(&str, &str, &str); 13] = [
    ("", "A Concordat node.", "互证节点。"),
    ("lang", "Language of messages: en or zh; else that of LC_ALL, LC_MESSAGES or LANG", "消息语言：en 或 zh；缺省依 LC_ALL、LC_MESSAGES 或 LANG"),
    ("run", "Runs the node of a directory until it is told to stop", "运行目录中的节点，直至收到停止信号"),
    ("directory", "The node's directory: genesis.cbor, node.toml, keys", "节点目录：genesis.cbor、node.toml、keys"),
    ("accept_loss", "Goes on although records of the journal are lost. Copy the directory first: what is left is cut to what is whole", "记录丢失时仍继续运行；请先备份目录：其余部分将截至完整之处"),
    ("first_start", "This is the hub of a network that starts here and now", "本枢纽的网络在此首次启动"),
    ("config", "Looks at configurations", "检查配置"),
    ("config check", "Reads node.toml and says what is wrong with it", "读取 node.toml 并指出其中的错误"),
    ("quickstart", "Shows the whole job on this machine, on real decisions", "在本机上用真实决定演示全过程"),
    ("once", "Ends after the tour instead of leaving the nodes running", "演示后结束，不让节点继续运行"),
    ("output", "How to report", "报告形式"),
    ("quickstart directory", "The directory to make, below the current folder", "要创建的目录，位于当前文件夹之下"),
    ("version", "Prints the version", "显示版本"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_and_argument_has_help_in_both_languages() {
        fn unexplained(command: &clap::Command, found: &mut Vec<String>) {
            let about = command.get_about().map(ToString::to_string);
            if about.unwrap_or_default().is_empty() {
                found.push(command.get_name().to_owned());
            }
            for arg in command.get_arguments().filter(|arg| !arg.is_global_set()) {
                if arg
                    .get_help()
                    .is_none_or(|help| help.to_string().is_empty())
                {
                    found.push(arg.get_id().to_string());
                }
            }
            command
                .get_subcommands()
                .for_each(|sub| unexplained(sub, found));
        }
        for language in [Language::English, Language::Chinese] {
            let mut found = Vec::new();
            unexplained(&command(language), &mut found);
            assert_eq!(found, Vec::<String>::new(), "{language:?}");
            command(language).debug_assert();
        }
    }
}
