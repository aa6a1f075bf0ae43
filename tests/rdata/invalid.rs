//! Text that must not be read, with the error of each: code, and how the message begins.

use crate::tokens::{rtype, wire};

/// One bad record a line: type, data, code without `rdata-`, start of the message after the type.
const CASES: &str = include_str!("../data/rdata/invalid.tsv");

#[test]
fn bad_text_is_refused_with_type_and_field() {
    let mut failures = Vec::new();
    let mut seen = 0;
    for line in CASES.lines().filter(|line| !line.starts_with('#')) {
        let [mnemonic, given, code, message] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line:?}") };
        seen += 1;
        let expected = format!("{mnemonic}{message}");
        match wire(rtype(mnemonic), given.as_bytes()) {
            Ok(rdata) => failures.push(format!("{mnemonic} {given} is read as {rdata:02x?}")),
            Err(error) => {
                if error.code.strip_prefix("rdata-") != Some(code) || !error.message.starts_with(&expected) {
                    failures.push(format!("{mnemonic}\t{given}\t{}\t{}", error.code, error.message));
                }
                assert!(!error.reference.is_empty(), "{line}");
                assert!(!error.message.ends_with('.') && !error.help.ends_with('.'), "{error}");
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(seen > 100, "the file has all its lines");
}
