//! Where output goes: standard output for what was asked, standard error for what went wrong.

use std::io::{self, BufRead, IsTerminal, Write};
use std::process::ExitCode as ProcessExit;

use concordat_certs::wording::{self, Language};
use concordat_protocol::admin::ExitCode;
use serde_json::{Value, json};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

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
    let (text, exit) = match (&result, arguments.global.output) {
        (Ok(report), Output::Human) => (report.page.as_str().to_owned(), report.exit),
        (Ok(report), Output::Json) if report.json.is_null() => (String::new(), report.exit),
        (Ok(report), Output::Json) => (json_line(&report.json), report.exit),
        (Err(failure), Output::Human) => {
            print_error(&text::failure(language, failure));
            (String::new(), failure.exit)
        }
        (Err(failure), Output::Json) => (failure_json(failure, language), failure.exit),
    };
    ended(&text, exit, language)
}

/// Prints the last of the output, and gives the exit code: that of the command, or of the output
/// where the command went well.
// spec: ADM-101
pub(crate) fn ended(text: &str, exit: ExitCode, language: Language) -> ProcessExit {
    let exit = match print(text) {
        Err(failure) if exit == ExitCode::Ok => {
            print_error(&text::failure(language, &failure));
            failure.exit
        }
        // Nobody is told that a command was carried out which was not.
        Err(failure) => {
            let key = "output-failed-too";
            print_error(&text::failure(language, &Failure { key, ..failure }));
            exit
        }
        Ok(Reader::There | Reader::Gone) => exit,
    };
    ProcessExit::from(u8::try_from(exit.code()).unwrap_or(1))
}

fn failure_json(failure: &Failure, language: Language) -> String {
    let message = text::failure(language, failure);
    let details = failure.blanks.iter().map(|(n, v)| (n.clone(), json!(v)));
    let details: serde_json::Map<_, _> = details.collect();
    let (code, exit) = (failure.key, failure.exit.code());
    let error = json!({"code": code, "exit": exit, "message": message, "details": details});
    json_line(&json!({ "error": error }))
}

/// One object on a line of its own.
// spec: ADM-104
pub(crate) fn json_line(value: &Value) -> String {
    let mut line = wording::plain_json(&value.to_string()).into_owned();
    line.push('\n');
    line
}

/// What is wrong with the command line itself, as JSON.
// spec: ADM-10
pub(crate) fn usage_error(said: &str) -> String {
    let exit = ExitCode::Usage.code();
    let message = said.trim_end();
    let error = json!({"code": "usage", "exit": exit, "message": message, "details": {}});
    json_line(&json!({ "error": error }))
}

/// Whether anybody still reads the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    There,
    /// As `head` goes once it has its lines: no failure, and nothing more to say.
    Gone,
}

/// Writes to standard output what people or programs read.
///
/// # Errors
/// `output-failed`, as on a full disk.
// spec: ADM-104
pub(crate) fn print(text: &str) -> Result<Reader, Failure> {
    print_raw(&wording::plain(text))
}

/// Writes to standard output as it stands.
///
/// # Errors
/// `output-failed`, as on a full disk.
// spec: ADM-101
pub(crate) fn print_raw(text: &str) -> Result<Reader, Failure> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        Ok(()) => Ok(Reader::There),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(Failure::new(ExitCode::Failed, "output-failed").with("cause", error)),
    }
}

/// Returns once nobody reads standard output any more. Of what is no pipe that is known only when
/// something is written: then it does not return.
#[allow(
    deprecated,
    reason = "what replaces it is unsafe; standard output stays open as long as the process"
)]
pub(crate) async fn reader_gone() {
    if let Ok(out) = AsyncFd::with_interest(io::stdout(), Interest::ERROR)
        && out.ready(Interest::ERROR).await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

/// Writes a line to standard error. Whoever does so ends with an exit code of its own.
pub(crate) fn print_error(text: &str) {
    // spec: ADM-104
    let _ = writeln!(io::stderr().lock(), "{}", wording::plain(text));
}

/// Whether standard output is a terminal.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Shows a person who will be asked what it is about. Programs are not asked, and are told in the end.
// spec: ADM-166
pub(crate) fn show(arguments: &Arguments, report: &Report) {
    if is_asked(arguments) {
        let shown = writeln!(
            io::stderr().lock(),
            "{}",
            wording::plain(report.page.as_str())
        );
        // What cannot be shown cannot be asked about either, and the question says so.
        drop(shown);
    }
}

/// Whether there is somebody who will be asked.
pub(crate) fn is_asked(arguments: &Arguments) -> bool {
    !arguments.global.yes && io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Whether an answer agrees, in whatever letters.
// spec: ADM-196
fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "是")
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
    if !is_asked(arguments) {
        return Err(Failure::usage("confirmation-wanted"));
    }
    let question = text::fill(language, "word.confirm", &[("what", what)]);
    let mut answer = String::new();
    let asked = write!(io::stderr().lock(), "{} ", wording::plain(&question));
    let answered = asked.and_then(|()| io::stdin().lock().read_line(&mut answer));
    match answered.is_ok() && is_yes(&answer) {
        true => Ok(()),
        false => Err(Failure::new(ExitCode::Failed, "not-confirmed")),
    }
}
