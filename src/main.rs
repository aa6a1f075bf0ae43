//! The zoneseal program: hands the process to the library.

use std::process::ExitCode;
use zoneseal::cli::{Env, run};

fn main() -> ExitCode {
    run(std::env::args_os(), &mut Env::of_process())
}
