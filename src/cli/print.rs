//! `zoneseal print`

use super::input::{FINDINGS_MAX, ZoneText, count_text, write_findings};
use super::{Env, Failure, Outcome};
use crate::base::{Class, Diagnostics, Name, NameBuf, Rtype, Ttl};
use crate::output::text::{push_record, push_record_generic};
use crate::zone::build::{BuildOptions, MixedTtl, build};
use crate::zone::{RecordStore, Zone};
use std::io::Write;
use std::path::PathBuf;

/// Print a zone, one record a line
///
/// Every record is printed with its absolute owner, TTL and class, in the order of the file. A zone with errors is not
/// printed at all.
#[derive(Debug, clap::Args)]
pub(super) struct PrintArgs {
    /// Print findings only, not how many there were
    #[arg(short, long)]
    quiet: bool,
    /// The origin until the first $ORIGIN, and for --sorted the zone's name; else that is the owner of the SOA record
    #[arg(short, long, value_name = "ORIGIN")]
    origin: Option<NameBuf>,
    /// Print every type and its data in the form for unknown types: TYPEnnn \# LENGTH HEX
    #[arg(long)]
    generic: bool,
    /// Print in canonical order without duplicates, so that two zones can be compared with diff
    #[arg(long)]
    sorted: bool,
    /// The zone file; - is standard input
    #[arg(value_name = "ZONEFILE")]
    zone_file: PathBuf,
}

pub(super) fn run(args: &PrintArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let mut findings = Diagnostics::new(FINDINGS_MAX);
    let text = ZoneText::open(&args.zone_file, env)?;
    let records = text.read(args.origin.as_ref(), &mut findings)?;
    let content = if args.sorted && !findings.has_errors() {
        let options = BuildOptions { apex: args.origin.clone(), mixed_ttl: MixedTtl::Keep, ..BuildOptions::default() };
        build(records, &options, &mut findings).map(Content::Sorted)
    } else {
        Some(Content::AsRead(records))
    };
    text.add_source_lines(&mut findings);
    // A closed standard error is no reason to stop.
    let _ = write_findings(&findings, &mut env.stderr);
    match content {
        Some(content) if !findings.has_errors() => {
            content.write(args.generic, &mut env.stdout)?;
            Ok(Outcome::Done)
        }
        _ => {
            if !args.quiet {
                env.say(format_args!("{}: {}; nothing was printed", args.zone_file.display(), count_text(&findings)));
            }
            Ok(Outcome::Failed)
        }
    }
}

/// What is printed.
enum Content {
    AsRead(RecordStore),
    Sorted(Zone),
}

impl Content {
    fn write(&self, is_generic: bool, out: &mut dyn Write) -> std::io::Result<()> {
        let mut printer =
            Printer { push: if is_generic { push_record_generic } else { push_record }, line: Vec::new(), out };
        match self {
            Self::AsRead(records) => records.records().try_for_each(|record| {
                printer.print(records.owner(&record), record.ttl, record.class, record.rtype, records.rdata(&record))
            }),
            Self::Sorted(zone) => zone.nodes().try_for_each(|node| {
                node.rrsets().try_for_each(|rrset| {
                    rrset.records().try_for_each(|record| {
                        printer.print(node.owner(), record.ttl(), zone.class(), rrset.rtype(), record.rdata())
                    })
                })
            }),
        }
    }
}

/// Writes records, one line each.
struct Printer<'a> {
    push: fn(Name<'_>, Ttl, Class, Rtype, &[u8], &mut Vec<u8>),
    line: Vec<u8>,
    out: &'a mut dyn Write,
}

impl Printer<'_> {
    fn print(&mut self, owner: Name<'_>, ttl: Ttl, class: Class, rtype: Rtype, rdata: &[u8]) -> std::io::Result<()> {
        self.line.clear();
        (self.push)(owner, ttl, class, rtype, rdata, &mut self.line);
        self.out.write_all(&self.line)
    }
}
