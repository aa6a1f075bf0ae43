//! Writes a generated zone to standard output: `cargo bench --bench generate -- tld|host|small COUNT`; for `small` COUNT
//! is the zone's number. `smalls DIRECTORY COUNT` writes the first of those zones into `DIRECTORY/zones`, and for each, in
//! `DIRECTORY/keys`, copies of the keys that are there for the first. The same words give the same zones everywhere;
//! `scripts/bench` signs them.

mod support;

use std::fs;
use std::io::{self, Write};
use std::path::Path;
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
        ["smalls", directory, count] => match count.parse().map(|count| write_smalls(Path::new(directory), count)) {
            Ok(Ok(())) => return ExitCode::SUCCESS,
            Ok(Err(error)) => {
                eprintln!("generate: {directory}: {error}");
                return ExitCode::FAILURE;
            }
            Err(_) => return usage(),
        },
        _ => return usage(),
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Writes so many small zones, and copies the keys of the first for the others.
fn write_smalls(directory: &Path, count: u64) -> io::Result<()> {
    let (zones, keys) = (directory.join("zones"), directory.join("keys"));
    let first = support::small_name(0);
    let mut templates = Vec::new();
    for entry in fs::read_dir(&keys)? {
        let path = entry?.path();
        if let Some(rest) = path.file_name().and_then(|name| name.to_str()?.strip_prefix(&format!("K{first}"))) {
            templates.push((rest.to_owned(), fs::read_to_string(&path)?, fs::metadata(&path)?.permissions()));
        }
    }
    for number in 0..count {
        let name = support::small_name(number);
        fs::write(zones.join(format!("{name}zone")), support::small(number))?;
        for (rest, text, permissions) in templates.iter().filter(|_| number > 0) {
            let path = keys.join(format!("K{name}{rest}"));
            fs::write(&path, text.replace(&first, &name))?;
            fs::set_permissions(&path, permissions.clone())?;
        }
    }
    Ok(())
}

fn usage() -> ExitCode {
    eprintln!("generate: tld COUNT | host COUNT | small NUMBER | smalls DIRECTORY COUNT");
    ExitCode::from(2)
}
