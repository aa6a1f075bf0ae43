//! `zoneseal diff`

use super::input::{FINDINGS_MAX, read_zone};
use super::{Env, Failure, Outcome};
use crate::base::time::serial_cmp;
use crate::base::{Name, NameBuf, Rtype};
use crate::output::text::push_record;
use crate::rdata::{self, soa};
use crate::zone::build::{BuildOptions, MixedTtl, OutOfZone};
use crate::zone::changes::{Change, changes};
use crate::zone::{RecordRef, Zone};
use serde::Serialize;
use std::cmp::Ordering;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Print what changed between two versions of a zone
///
/// Signatures, denial chains and ZONEMD digests do not count, as they change with everything else. Exits with 0 if the
/// zones say the same and with 1 if they differ.
#[derive(Debug, clap::Args)]
pub(super) struct DiffArgs {
    /// Print no summary
    #[arg(short, long)]
    quiet: bool,
    /// The zones' name; else that is the owner of the SOA record
    #[arg(short, long, value_name = "ORIGIN")]
    origin: Option<NameBuf>,
    /// Print the result as one JSON object
    #[arg(long, group = "form")]
    json: bool,
    /// Print commands for nsupdate that make the old zone's content that of the new one; what the server's own signer
    /// keeps (the serial, DNSKEY, CDS, CDNSKEY, NSEC3PARAM) is left to it. A big difference becomes several updates
    #[arg(long, group = "form")]
    nsupdate: bool,
    /// Print the difference as an incremental transfer has it (RFC 1995), signatures and chain included: old SOA, records
    /// that go, new SOA, records that come
    #[arg(long, group = "form")]
    ixfr: bool,
    /// The old zone; - is standard input
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The new zone; - is standard input
    #[arg(value_name = "NEW")]
    new: PathBuf,
}

pub(super) fn run(args: &DiffArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    if [&args.old, &args.new].iter().all(|path| *path == Path::new("-")) {
        return Err(Failure::new("only one of the two zones can be standard input"));
    }
    let (Some(old), Some(new)) = (read(&args.old, args, env)?, read(&args.new, args, env)?) else {
        return Ok(Outcome::Failed);
    };
    if old.apex() != new.apex() {
        return Err(Failure::new(format_args!(
            "these are two zones: {} is {}, {} is {}",
            args.old.display(),
            old.apex(),
            args.new.display(),
            new.apex()
        )));
    }
    let found: Vec<Change<'_>> = changes(&old, &new, if args.ixfr { is_anything } else { is_content }).collect();
    let difference = Difference { old: &old, new: &new, changes: &found };
    if args.json {
        difference.write_json(&mut env.stdout)?;
    } else if args.nsupdate {
        difference.write_nsupdate(&mut env.stdout)?;
    } else if args.ixfr {
        difference.write_ixfr(&mut env.stdout)?;
    } else {
        difference.write_lines(&mut env.stdout)?;
    }
    if !args.quiet {
        env.say(difference.summary());
    }
    Ok(if found.is_empty() { Outcome::Done } else { Outcome::Finding })
}

/// Reads a zone; `None` if it has errors, which are printed then.
fn read(path: &Path, args: &DiffArgs, env: &mut Env<'_>) -> Result<Option<Zone>, Failure> {
    let options = BuildOptions { apex: args.origin.clone(), mixed_ttl: MixedTtl::Keep, out_of_zone: OutOfZone::Error };
    Ok(read_zone(path, &options, FINDINGS_MAX, env)?.map(|(zone, _)| zone))
}

/// Types that change with everything else.
const fn is_content(rtype: Rtype, is_apex: bool) -> bool {
    match rtype {
        Rtype::RRSIG | Rtype::NSEC | Rtype::NSEC3 => false,
        Rtype::ZONEMD => !is_apex,
        _ => true,
    }
}

const fn is_anything(_: Rtype, _: bool) -> bool {
    true
}

/// Types at the apex that a signing server keeps itself.
const fn is_of_signer(rtype: Rtype) -> bool {
    matches!(rtype, Rtype::DNSKEY | Rtype::CDS | Rtype::CDNSKEY | Rtype::NSEC3PARAM)
}

/// Whether a record that should speak of hosts has a name that is no host's, which nsupdate refuses by itself.
fn has_other_than_hostnames(change: &Change<'_>) -> bool {
    let is_owner_bad = matches!(change.rtype, Rtype::A | Rtype::AAAA | Rtype::MX) && !is_hostname(change.owner);
    let has_hosts = matches!(change.rtype, Rtype::NS | Rtype::MX | Rtype::SRV | Rtype::PTR | Rtype::SOA);
    is_owner_bad || (has_hosts && rdata::names(change.rtype, change.rdata).take(1).any(|name| !is_hostname(name)))
}

/// Letters, digits and inner hyphens (RFC 952, RFC 1123 section 2.1); also behind an asterisk.
fn is_hostname(name: Name<'_>) -> bool {
    let is_label = |label: &[u8]| {
        let ends = [label.first(), label.last()];
        label.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-')
            && ends.into_iter().flatten().all(|octet| *octet != b'-')
    };
    name.labels().enumerate().all(|(index, label)| is_label(label) || (index == 0 && label == b"*"))
}

/// Octets of records in one update message, with room to the 65,535 of a message for the last of them.
const UPDATE_OCTETS_MAX: usize = 32_000;

/// Type, class, TTL and length of RDATA.
const RECORD_HEADER_OCTETS: usize = 10;

/// Two versions of a zone and what is not in both.
struct Difference<'z> {
    old: &'z Zone,
    new: &'z Zone,
    changes: &'z [Change<'z>],
}

/// The result as `--json` prints it.
#[derive(Serialize)]
struct DiffJson {
    schema: &'static str,
    zone: String,
    old_serial: u32,
    new_serial: u32,
    /// Whether nothing differs.
    same: bool,
    removed: Vec<RecordJson>,
    added: Vec<RecordJson>,
}

/// A record, in the words of a zone file.
#[derive(Serialize)]
struct RecordJson {
    owner: String,
    ttl: u32,
    #[serde(rename = "type")]
    rtype: String,
    rdata: String,
}

impl RecordJson {
    fn of(change: &Change<'_>) -> Self {
        let mut text = Vec::new();
        rdata::push_text(change.rtype, change.rdata, &mut text);
        Self {
            owner: change.owner.to_string(),
            ttl: change.ttl.seconds(),
            rtype: change.rtype.to_string(),
            rdata: String::from_utf8_lossy(&text).into_owned(),
        }
    }
}

impl Difference<'_> {
    fn those(&self, is_added: bool) -> impl Iterator<Item = &Change<'_>> {
        self.changes.iter().filter(move |change| change.is_added == is_added)
    }

    fn write_lines(&self, out: &mut dyn Write) -> Result<(), Failure> {
        self.changes.iter().try_for_each(|change| {
            out.write_all(if change.is_added { b"+ " } else { b"- " })?;
            out.write_all(&self.line(change))
        })?;
        Ok(())
    }

    fn write_json(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let result = DiffJson {
            schema: "zoneseal.diff/1",
            zone: self.new.apex().to_string(),
            old_serial: self.old.soa().serial,
            new_serial: self.new.soa().serial,
            same: self.changes.is_empty(),
            removed: self.those(false).map(RecordJson::of).collect(),
            added: self.those(true).map(RecordJson::of).collect(),
        };
        let text = serde_json::to_string_pretty(&result).map_err(Failure::new)?;
        writeln!(out, "{text}")?;
        Ok(())
    }

    /// What goes comes first, since a server drops an addition that clashes with a CNAME in silence; but the apex's NS
    /// go last, since it keeps the last of them (RFC 2136 section 3.4.2). An update is applied as one, so the order
    /// leaves no gap unless the update is too big for one message.
    fn write_nsupdate(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let is_apex_ns = |change: &Change<'_>| change.rtype == Rtype::NS && change.owner == self.new.apex();
        let is_soa = |change: &Change<'_>| change.rtype == Rtype::SOA;
        let goes_first = self.those(false).filter(|change| !is_apex_ns(change) && !is_soa(change));
        let goes_last = self.those(false).filter(|change| is_apex_ns(change));
        let comes = self.those(true).filter(|change| !is_soa(change));
        let ordered = goes_first.chain(comes).chain(goes_last).filter(|change| !is_of_signer(change.rtype));
        if self.those(true).any(has_other_than_hostnames) {
            writeln!(out, "check-names no")?;
        }
        let mut octets = 0;
        for change in ordered {
            self.begin_update(octets, out)?;
            write!(out, "update {} ", if change.is_added { "add" } else { "delete" })?;
            out.write_all(&self.line(change))?;
            octets += change.owner.as_wire().len() + RECORD_HEADER_OCTETS + change.rdata.len();
            if octets > UPDATE_OCTETS_MAX {
                writeln!(out, "send")?;
                octets = 0;
            }
        }
        if let Some(line) = self.soa_update() {
            self.begin_update(octets, out)?;
            out.write_all(b"update add ")?;
            out.write_all(&line)?;
            octets += line.len();
        }
        if octets > 0 {
            writeln!(out, "send")?;
        }
        Ok(())
    }

    fn begin_update(&self, octets: usize, out: &mut dyn Write) -> Result<(), Failure> {
        if octets == 0 {
            writeln!(out, "zone {}", self.new.apex())?;
        }
        Ok(())
    }

    /// The new SOA, if it is another one in more than its serial. A server takes it only under a later serial (RFC 2136
    /// section 3.4.2.2).
    fn soa_update(&self) -> Option<Vec<u8>> {
        let of = |zone: &'_ Zone| {
            let rrset = zone.apex_node().rrset(Rtype::SOA)?;
            Some((rrset.ttl(), rrset.first().rdata().to_vec()))
        };
        let (old_serial, new_serial) = (self.old.soa().serial, self.new.soa().serial);
        let ((old_ttl, old), (ttl, mut new)) = (of(self.old)?, of(self.new)?);
        let is_same = soa::set_serial(&mut new, old_serial) && (old_ttl, &old) == (ttl, &new);
        let is_later = serial_cmp(old_serial, new_serial) == Some(Ordering::Less);
        let is_set = soa::set_serial(&mut new, if is_later { new_serial } else { old_serial.wrapping_add(1) });
        let mut line = Vec::new();
        push_record(self.new.apex(), ttl, self.new.class(), Rtype::SOA, &new, &mut line);
        (is_set && !is_same).then_some(line)
    }

    /// One difference sequence between SOA records (RFC 1995 section 4). Nothing if nothing differs.
    fn write_ixfr(&self, out: &mut dyn Write) -> Result<(), Failure> {
        if self.changes.is_empty() {
            return Ok(());
        }
        let soa = |zone: &Zone| {
            let rrset = zone.apex_node().rrset(Rtype::SOA);
            let record: Option<RecordRef<'_>> = rrset.map(|rrset| rrset.first());
            let mut line = Vec::new();
            if let Some(record) = record {
                push_record(zone.apex(), record.ttl(), zone.class(), Rtype::SOA, record.rdata(), &mut line);
            }
            line
        };
        let (old, new) = (soa(self.old), soa(self.new));
        out.write_all(&new)?;
        for (soa, is_added) in [(&old, false), (&new, true)] {
            out.write_all(soa)?;
            for change in self.those(is_added).filter(|change| change.rtype != Rtype::SOA) {
                out.write_all(&self.line(change))?;
            }
        }
        out.write_all(&new)?;
        Ok(())
    }

    /// A record as a line of a zone file.
    fn line(&self, change: &Change<'_>) -> Vec<u8> {
        let mut line = Vec::new();
        push_record(change.owner, change.ttl, self.new.class(), change.rtype, change.rdata, &mut line);
        line
    }

    fn summary(&self) -> String {
        let (old, new) = (self.old.soa().serial, self.new.soa().serial);
        let serial = if old == new { format!("serial {old} in both") } else { format!("serial {old} to {new}") };
        let zone = self.new.apex();
        match (self.those(false).count(), self.those(true).count()) {
            (0, 0) => format!("{zone}: nothing changed, {serial}"),
            (removed, added) => format!("{zone}: {removed} removed, {added} added, {serial}"),
        }
    }
}
