//! The `docimo` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    docimo::cli::main()
}
