//! `cargo run --release -p concordat-tests --bin bench -- [NAME…|all] --output json`

use std::process::ExitCode;

fn main() -> ExitCode {
    concordat_tests::bench::main()
}
