//! An observation as text.

use crate::base::{Diagnostic, Rtype, Severity};
use crate::observe::{DsSeen, Observation, Seen, SignerId, Trustworthiness, ZoneSeen};
use crate::rdata::dnskey::{Dnskey, key_tag};
use crate::rdata::ds::Ds;
use std::collections::BTreeSet;
use std::io::{self, Write};

/// Prints who said what, then the findings, then the verdict.
pub(super) fn write_text(
    seen: &Observation,
    findings: &[Diagnostic],
    is_quiet: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    if !is_quiet {
        write_parent(seen, out)?;
        write_child(seen, out)?;
    }
    for finding in findings {
        writeln!(out, "{finding}")?;
    }
    if is_quiet {
        return Ok(());
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    match errors {
        0 if seen.has_answers() => writeln!(out, "{}: all is as wanted, at {}", seen.zone, seen.at),
        0 => Ok(()),
        1 => writeln!(out, "{}: 1 thing is not as wanted, at {}", seen.zone, seen.at),
        _ => writeln!(out, "{}: {errors} things are not as wanted, at {}", seen.zone, seen.at),
    }
}

fn write_parent(seen: &Observation, out: &mut dyn Write) -> io::Result<()> {
    let Some(parent) = &seen.parent else { return Ok(()) };
    match &parent.zone {
        Some(zone) => writeln!(out, "parent {zone}")?,
        None => writeln!(out, "parent")?,
    }
    for server in &parent.servers {
        write_server(server, ds_words, out)?;
    }
    Ok(())
}

fn write_child(seen: &Observation, out: &mut dyn Write) -> io::Result<()> {
    let Some(child) = &seen.child else { return Ok(()) };
    writeln!(out, "zone {}", seen.zone)?;
    for server in &child.servers {
        write_server(server, zone_words, out)?;
    }
    Ok(())
}

fn write_server<T>(seen: &Seen<T>, words: impl Fn(&T) -> String, out: &mut dyn Write) -> io::Result<()> {
    let server = &seen.server;
    match (&seen.answer, &seen.trust) {
        (Err(why), _) => writeln!(out, "  {server}  {why}"),
        (Ok(answer), Trustworthiness::Unchecked) => writeln!(out, "  {server}  {}", words(answer)),
        (Ok(answer), Trustworthiness::Validated) => writeln!(out, "  {server}  {}, validated", words(answer)),
        (Ok(answer), Trustworthiness::Refused(_)) => writeln!(out, "  {server}  {}, NOT VALIDATED", words(answer)),
    }
}

/// `DS 12345 (13/2), TTL 3600`.
fn ds_words(seen: &DsSeen) -> String {
    let one = |ds: &Vec<u8>| {
        Ds::parse(ds).map_or_else(String::new, |ds| format!("{} ({}/{})", ds.key_tag, ds.algorithm.0, ds.digest_type.0))
    };
    match seen.ds.is_empty() {
        true => format!("no DS, which caches keep for {}", seen.ttl.to_seconds()),
        false => format!("DS {}, TTL {}", seen.ds.iter().map(one).collect::<Vec<_>>().join(", "), seen.ttl),
    }
}

/// `serial 5, DNSKEY 12345 (13), signed by 12345, TTL 3600; data signed by 12345 (SOA, NS, NSEC)`.
fn zone_words(seen: &ZoneSeen) -> String {
    let key = |key: &Vec<u8>| {
        let algorithm = Dnskey::parse(key).map_or(0, |fields| fields.algorithm.0);
        format!("{} ({algorithm})", key_tag(key))
    };
    let keys = match seen.dnskeys.is_empty() {
        true => "no DNSKEY".to_owned(),
        false => format!(
            "DNSKEY {} signed by {}, TTL {}",
            seen.dnskeys.iter().map(key).collect::<Vec<_>>().join(", "),
            signers(&seen.dnskey_signers),
            seen.dnskey_ttl
        ),
    };
    let sets: BTreeSet<&BTreeSet<SignerId>> = seen.samples.iter().map(|sample| &sample.signers).collect();
    let data = sets.into_iter().map(|set| {
        let mut types: Vec<Rtype> =
            seen.samples.iter().filter(|sample| sample.signers == *set).map(|sample| sample.rtype).collect();
        types.sort_unstable();
        types.dedup();
        let types: Vec<String> = types.iter().map(Rtype::to_string).collect();
        format!("data signed by {} ({})", signers(set), types.join(" "))
    });
    let parts: Vec<String> = [format!("serial {}", seen.serial), keys].into_iter().chain(data).collect();
    parts.join("; ")
}

fn signers(set: &BTreeSet<SignerId>) -> String {
    match set.is_empty() {
        true => "nobody".into(),
        false => set.iter().map(|(_, tag)| tag.to_string()).collect::<Vec<_>>().join(" "),
    }
}
