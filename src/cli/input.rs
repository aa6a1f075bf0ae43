//! What the commands that read zones share: from a path or standard input to a checked zone, and findings to a stream.

use super::{Env, Failure};
use crate::base::{Diagnostics, NameBuf};
use crate::zone::build::{BuildOptions, build};
use crate::zone::{RecordStore, Zone, check};
use crate::zonefile::{self, Input, ReadOptions, shown_line};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

/// How many errors, and how many warnings, are printed; the rest are counted.
pub(super) const FINDINGS_MAX: usize = 20;

/// Zone text as the command line names it.
#[derive(Debug)]
pub(super) enum ZoneText<'a> {
    File(&'a Path),
    /// Standard input or a pipe with a name, read to its end.
    Stream {
        /// What findings call it: `-` for standard input.
        name: String,
        text: Vec<u8>,
    },
}

impl<'a> ZoneText<'a> {
    /// Takes a path; `-` is standard input. A pipe that is named, such as the shell makes of `<(command)`, can be read
    /// only once and is read here.
    pub(super) fn open(path: &'a Path, env: &mut Env<'_>) -> Result<Self, Failure> {
        let mut text = Vec::new();
        if path == Path::new("-") {
            env.stdin.read_to_end(&mut text).map_err(|error| Failure::new(format_args!("standard input: {error}")))?;
            return Ok(Self::Stream { name: "-".into(), text });
        }
        if !is_pipe(path) {
            return Ok(Self::File(path));
        }
        let name = path.display().to_string();
        let read = File::open(path).and_then(|mut pipe| pipe.read_to_end(&mut text));
        read.map_err(|error| Failure::new(format_args!("{name}: {error}")))?;
        Ok(Self::Stream { name, text })
    }

    /// Reads the records. `$INCLUDE` is followed: the zone is the operator's own.
    pub(super) fn read(&self, origin: Option<&NameBuf>, findings: &mut Diagnostics) -> Result<RecordStore, Failure> {
        let input = match self {
            Self::File(path) => Input::Path(path),
            Self::Stream { name, text } => Input::Bytes { name, text },
        };
        zonefile::read(input, &ReadOptions::trusted(origin.cloned()), findings).map_err(Failure::new)
    }

    /// All of the text.
    pub(super) fn octets(&self) -> Result<Cow<'_, [u8]>, Failure> {
        match self {
            Self::File(path) => zonefile::read_file(path).map(Cow::Owned).map_err(Failure::new),
            Self::Stream { text, .. } => Ok(Cow::Borrowed(text)),
        }
    }

    /// The path that stands for it where its includes matter: they are looked for beside a file, and for a stream in the
    /// working directory.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Stream { .. } => Path::new("-"),
        }
    }

    /// Gives findings about whole records the lines they stand on; parse errors have theirs.
    pub(super) fn add_source_lines(&self, findings: &mut Diagnostics) {
        for finding in findings.list_mut() {
            if let (Some(position), None) = (&finding.position, &finding.source_line) {
                let line = match self {
                    Self::Stream { name, text } if *position.file == **name => nth_line(text.as_slice(), position.line),
                    // A file that has gone meanwhile leaves the finding without its line.
                    _ => {
                        File::open(&*position.file).ok().and_then(|file| nth_line(BufReader::new(file), position.line))
                    }
                };
                finding.source_line = line.map(|line| shown_line(&line));
            }
        }
    }
}

/// Whether a path is that of a pipe.
fn is_pipe(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// A line by its number from 1, without its end.
fn nth_line(text: impl BufRead, number: u32) -> Option<Vec<u8>> {
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    text.split(b'\n').nth(index)?.ok()
}

/// Reads and builds a zone, and gives what was doubtful about that. `None` if it cannot be read, which is said: a zone that
/// was read in part must not be judged (ZF-16).
pub(super) fn read_zone(
    path: &Path,
    options: &BuildOptions,
    findings_max: usize,
    env: &mut Env<'_>,
) -> Result<Option<(Zone, Diagnostics)>, Failure> {
    let mut findings = Diagnostics::new(findings_max);
    let text = ZoneText::open(path, env)?;
    let records = text.read(options.apex.as_ref(), &mut findings)?;
    let zone = if findings.has_errors() { None } else { build(records, options, &mut findings) };
    match zone.filter(|_| !findings.has_errors()) {
        Some(zone) => Ok(Some((zone, findings))),
        None => {
            text.add_source_lines(&mut findings);
            write_findings(&findings, &mut env.stderr)?;
            Ok(None)
        }
    }
}

/// Reads a zone, builds it and checks it. `prepare` sees the records before the zone is built.
///
/// `None` if there is no zone: with parse errors it would not be whole (ZF-16), and its checks would find what follows
/// from those errors alone. A zone with errors among its findings is only fit to be described.
pub(super) fn load_zone(
    path: &Path,
    options: &BuildOptions,
    env: &mut Env<'_>,
    findings: &mut Diagnostics,
    prepare: impl FnOnce(&mut RecordStore),
) -> Result<Option<Zone>, Failure> {
    build_zone(&ZoneText::open(path, env)?, options, findings, prepare)
}

/// The same, of text that is known already.
pub(super) fn build_zone(
    text: &ZoneText<'_>,
    options: &BuildOptions,
    findings: &mut Diagnostics,
    prepare: impl FnOnce(&mut RecordStore),
) -> Result<Option<Zone>, Failure> {
    let mut records = text.read(options.apex.as_ref(), findings)?;
    if findings.has_errors() {
        return Ok(None);
    }
    prepare(&mut records);
    Ok(build_records(text, records, options, findings))
}

/// The same, of records that were read from the text.
pub(super) fn build_records(
    text: &ZoneText<'_>,
    records: RecordStore,
    options: &BuildOptions,
    findings: &mut Diagnostics,
) -> Option<Zone> {
    let zone = build(records, options, findings);
    if let Some(zone) = &zone {
        check::check(zone, findings);
    }
    text.add_source_lines(findings);
    zone
}

/// Prints the findings kept, and how many more there were.
pub(super) fn write_findings(findings: &Diagnostics, out: &mut dyn Write) -> io::Result<()> {
    for finding in findings.list() {
        writeln!(out, "{finding}")?;
    }
    match findings.suppressed_count() {
        0 => Ok(()),
        count => writeln!(out, "… and {count} more"),
    }
}

/// `2 errors, 1 warning`; empty if there are none.
pub(super) fn count_text(findings: &Diagnostics) -> String {
    let counts = [(findings.error_count(), "error"), (findings.warning_count(), "warning")];
    let parts = counts.iter().filter(|(count, _)| *count > 0);
    let parts = parts.map(|&(count, noun)| format!("{count} {noun}{}", if count == 1 { "" } else { "s" }));
    parts.collect::<Vec<_>>().join(", ")
}
