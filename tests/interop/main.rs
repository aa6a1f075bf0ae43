//! zoneseal against other people's programs: what it signs they accept, what they sign it accepts, and where both make
//! the same thing it is the same.
//!
//! A program that is not installed shows as *ignored* with its name, never as passed; `scripts/setup` installs them all.
//! Servers listen on loopback only, on ports the system picks, and end with their test.

#![expect(unreachable_pub, reason = "the modules of a test program have no outside")]

mod adopting;
mod chains;
#[cfg(target_os = "linux")]
mod crashes;
mod keys;
mod observe;
#[path = "../support/odd_zone.rs"]
mod odd_zone;
mod peer;
mod rolls;
mod running;
mod schemas;
mod server;
mod serving;
mod shipped;
mod signed_by_others;
mod signed_by_us;
mod text;
mod updating;

use libtest_mimic::Arguments;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    trials.extend(signed_by_us::trials());
    trials.extend(signed_by_others::trials());
    trials.extend(chains::trials());
    trials.extend(keys::trials());
    trials.extend(text::trials());
    trials.extend(serving::trials());
    trials.extend(observe::trials());
    trials.extend(rolls::trials());
    trials.extend(adopting::trials());
    #[cfg(target_os = "linux")]
    trials.extend(crashes::trials());
    trials.extend(running::trials());
    trials.extend(updating::trials());
    trials.extend(shipped::trials());
    trials.extend(schemas::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}
