//! The command line as transcripts: arguments, standard output, standard error and exit code of each case in
//! `tests/cmd/*.toml`, run in the project's folder. `TRYCMD=overwrite cargo test --test cli_transcripts` writes what the
//! program says now; read the difference before it goes in.

#[test]
fn transcripts() {
    // Long help is wrapped to the terminal's width; a test has none.
    trycmd::TestCases::new().env("COLUMNS", "100").env("NO_COLOR", "1").case("tests/cmd/*.toml");
}
