//! Where output goes: standard output for what was asked, standard error for what went wrong.

use std::io::{self, BufRead, IsTerminal, Write};
use std::process::ExitCode as ProcessExit;

use concordat_certs::summary::Language;
use concordat_protocol::admin::ExitCode;
use serde_json::json;

use crate::args::{Arguments, Output};
use crate::failure::Failure;
use crate::report::Report;
use crate::text;

/// Prints how a command ended.
// spec: ADM-10, ADM-11
pub(crate) fn finish(
    arguments: &Arguments,
    language: Language,
    result: Result<Report, Failure>,
) -> ProcessExit {
    let exit = match (&result, arguments.global.output) {
        (Ok(report), Output::Human) => {
            print(report.page.as_str());
            report.exit
        }
        (Ok(report), Output::Json) => {
            let text = if report.json.is_null() {
                String::new()
            } else {
                format!("{}\n", report.json)
            };
            print(&text);
            report.exit
        }
        (Err(failure), output) => {
            let message = text::failure(language, failure);
            match output {
                Output::Human => print_error(&message),
                Output::Json => {
                    let details: serde_json::Map<_, _> = failure
                        .blanks
                        .iter()
                        .map(|(n, v)| (n.clone(), json!(v)))
                        .collect();
                    let (code, exit) = (failure.key, failure.exit.code());
                    let error =
                        json!({"code": code, "exit": exit, "message": message, "details": details});
                    print(&format!("{}\n", json!({ "error": error })));
                }
            }
            failure.exit
        }
    };
    ProcessExit::from(u8::try_from(exit.code()).unwrap_or(1))
}

/// Says as JSON what is wrong with the command line itself.
// spec: ADM-10
pub(crate) fn usage_error(said: &str) {
    let exit = ExitCode::Usage.code();
    let message = said.trim_end();
    let error = json!({"code": "usage", "exit": exit, "message": message, "details": {}});
    print(&format!("{}\n", json!({ "error": error })));
}

/// Writes to standard output. A reader that has gone away is no failure.
pub(crate) fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// Writes a line to standard error.
pub(crate) fn print_error(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Whether standard output is a terminal.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Asks before something that cannot be taken back. Without a terminal nothing is asked: `--yes`
/// is wanted there.
///
/// # Errors
/// `confirmation-wanted` without a terminal, `not-confirmed` when the answer is no.
// spec: ADM-12
pub(crate) fn confirm(
    arguments: &Arguments,
    language: Language,
    what: &str,
) -> Result<(), Failure> {
    if arguments.global.yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Failure::usage("confirmation-wanted"));
    }
    let question = text::fill(language, "word.confirm", &[("what", what)]);
    let _ = write!(io::stderr().lock(), "{question} ");
    let mut answer = String::new();
    let _ = io::stdin().lock().read_line(&mut answer);
    match matches!(answer.trim(), "y" | "Y" | "yes" | "是") {
        true => Ok(()),
        false => Err(Failure::new(ExitCode::Failed, "not-confirmed")),
    }
}
