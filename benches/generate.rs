//! Writes a generated zone to standard output: `cargo bench --bench generate -- tld|host|small COUNT`; for `small` COUNT
//! is the zone's number. The same words give the same zone everywhere; `scripts/bench` signs them.

mod support;

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Cargo passes --bench.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let text = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // `cargo bench` without words runs every benchmark; this one has nothing to measure.
        [] => return ExitCode::SUCCESS,
        [kind, count] => match (kind, count.parse()) {
            ("tld", Ok(count)) => support::tld(count),
            ("host", Ok(count)) => support::host(count),
            ("small", Ok(number)) => support::small(number),
            _ => return usage(),
        },
        _ => return usage(),
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn usage() -> ExitCode {
    eprintln!("generate: tld COUNT | host COUNT | small NUMBER");
    ExitCode::from(2)
}
