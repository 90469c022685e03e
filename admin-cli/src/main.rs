//! The admin CLI of Concordat: parse, ask once, print.
//!
//! Implements `spec/admin.md`. Everything that is known about a network is asked of a node or read
//! from a file; nothing is computed here. Out of scope: what a node does, which this crate never
//! depends on.
//!
//! ```text
//! args → command → client → node
//!           ↓
//!        report → people or JSON, exit code
//! ```

// A reply of any other kind, and an error that needs no words of its own, are one case each here.
#![allow(clippy::wildcard_enum_match_arm)]

mod agreement;
mod args;
mod cases;
mod catalogue;
mod client;
mod clock;
mod command;
mod deadlines;
mod decision;
mod failure;
mod json;
mod measures;
mod names;
mod page;
mod parse;
mod record;
mod report;
mod terminal;
mod text;

use std::process::ExitCode;

use concordat_certs::wording;
use concordat_protocol::admin;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let language = wording::language(&arguments, |name| std::env::var(name).ok());
    let parsed = match args::parse(&arguments, language) {
        Ok(parsed) => parsed,
        Err(error) => {
            let said = wording::command_line(language, &error.render().to_string());
            // spec: ADM-9
            if error.use_stderr() {
                let exit = admin::ExitCode::Usage;
                return match wording::asks_for_json(&arguments) {
                    // spec: ADM-10
                    true => terminal::ended(&terminal::usage_error(&said), exit, language),
                    false => {
                        terminal::print_error(said.trim_end());
                        terminal::ended("", exit, language)
                    }
                };
            }
            return terminal::ended(&said, admin::ExitCode::Ok, language);
        }
    };
    terminal::finish(&parsed, language, command::run(&parsed, language))
}
