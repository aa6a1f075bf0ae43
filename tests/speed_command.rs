//! `zoneseal speed` as a program: that what is asked for is measured and said. How fast it is, no test can know.

use serde_json::Value;
use std::process::{Command, Output};

fn speed(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zoneseal"));
    command.args(["speed", "--seconds", "0.001"]).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn json_has_a_figure_for_each_algorithm_library_and_thread_count() {
    let output = speed(&["--json", "--algorithm", "15,ECDSAP256SHA256", "--threads", "3,1,3"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["schema"], "zoneseal.speed/1");
    let mut seen = Vec::new();
    for speed in json["signatures"].as_array().unwrap() {
        for figure in ["signatures_per_second", "verifications_per_second"] {
            assert!(speed[figure].as_f64().unwrap() > 1.0, "{speed}");
        }
        let is_aws_lc = speed["library"] == "aws-lc";
        assert_eq!((&speed["signs_by_default"], &speed["verifies_by_default"]), (&is_aws_lc.into(), &is_aws_lc.into()));
        let number = |name: &str| speed[name].as_u64().unwrap();
        seen.push((number("algorithm"), speed["library"].as_str().unwrap().to_owned(), number("threads")));
    }
    let expected = [15, 13].into_iter().flat_map(|algorithm| {
        let libraries = ["ring", "aws-lc"].into_iter();
        libraries.flat_map(move |library| [1, 3].map(|threads| (algorithm, library.to_owned(), threads)))
    });
    assert_eq!(seen, expected.collect::<Vec<_>>());
    let hashes = json["nsec3"].as_array().unwrap();
    assert_eq!(hashes.iter().map(|hash| &hash["threads"]).collect::<Vec<_>>(), [1, 3]);
    assert!(hashes.iter().all(|hash| hash["hashes_per_second"].as_f64().unwrap() > 1.0));
}

/// By default each algorithm that signs, RSA once; Ed448 has one library.
#[test]
fn the_table_has_a_line_for_each_figure() {
    let output = speed(&["--threads", "1"]);
    let table = text(&output.stdout);
    let column = |index: usize| {
        let lines = table.lines().skip(1).take_while(|line| !line.starts_with('*'));
        lines.map(move |line| line.split_whitespace().nth(index).unwrap()).collect::<Vec<_>>()
    };
    let ed448 = if cfg!(feature = "ed448") { &["16"][..] } else { &[] };
    assert_eq!(column(0), [&["8", "8", "13", "13", "14", "14", "15", "15"], ed448].concat());
    assert_eq!(column(2)[..4], ["ring", "aws-lc", "ring", "aws-lc"]);
    assert_eq!(column(4).iter().filter(|figure| figure.ends_with('*')).count(), 4 + ed448.len());
    assert!(table.contains("* what --backend auto takes\n"));
    assert!(table.contains("hashes/s\nSHA-1, 0 iterations        1 "), "{table}");
}

#[test]
fn usage() {
    for (arguments, part) in [
        (&["--algorithm", "5"][..], "SHA-1 must not sign (RFC 9905)"),
        (&["--algorithm", "none"], "use a number or a mnemonic"),
        (&["--algorithm", "3"], "DSA must not be used"),
        (&["--threads", "0"], "0 is not in 1..=1024"),
        (&["--seconds", "0"], "0.001 to 3600"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_zoneseal")).arg("speed").args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(part), "{arguments:?}: {}", text(&output.stderr));
    }
}
