//! The `atalaya` program: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    atalaya::cli::main()
}
