//! Observing the servers of a configured zone, and keeping what was seen.

use super::anchor;
use super::config::Servers;
use super::fingerprint::observation_path;
use crate::base::{Diagnostic, Name, Seconds, Severity, UnixTime};
use crate::observe::findings::find;
use crate::observe::{Ask, Client, Observation, Plan, ServerName, file, observe, resolver_of};
use crate::output::{AtomicFile, Output};
use crate::rollover::Observations;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

/// How old an observation may get while nothing is waited for.
const OLD: Seconds = Seconds::DAY;
/// How old while the parent is waited for, or something was wrong.
const OLD_WAITING: Seconds = Seconds(600);

/// What is known of a zone's servers.
#[derive(Debug, Default)]
pub(super) struct Sight {
    /// For the engine.
    pub(super) views: Observations,
    /// What is wrong with what was seen.
    pub(super) faults: Vec<String>,
    /// When to look again.
    pub(super) next: Option<UnixTime>,
}

/// Looks at a zone's servers if it is time, keeps what was seen if `is_kept`, and gives what is known.
///
/// # Errors
/// If the configuration of the servers, or the file, is of no use.
pub(super) fn look(
    servers: &Servers,
    directory: &Path,
    zone: Name<'_>,
    client: Client,
    (is_waiting, is_kept): (bool, bool),
    now: UnixTime,
) -> Result<Sight, String> {
    let path = observation_path(directory, zone);
    let kept = match path.exists() {
        true => Some(file::read(&path, zone).map_err(|error| error.to_string())?),
        false => None,
    };
    if !servers.is_any() {
        // Somebody may have put it there who can see the servers.
        return Ok(Sight { views: kept.map(|seen| seen.views()).unwrap_or_default(), ..Sight::default() });
    }
    // What was wrong is looked at again soon, for it may have been mended.
    let next = |seen: &Observation| seen.at.plus(if is_waiting || is_wrong(seen) { OLD_WAITING } else { OLD });
    let fresh = kept.filter(|seen| seen.at <= now && now < next(seen));
    let (seen, is_new) = match fresh {
        Some(seen) => (seen, false),
        None => (observe(&plan(servers, zone, client)?, now), true),
    };
    let (findings, changes) = find(&seen, None);
    let faults = findings.iter().filter(is_error).map(ToString::to_string).collect();
    if is_new && is_kept {
        let text = file::to_json(&seen, &findings, &changes).map_err(|error| error.to_string())?;
        write(&path, &text)?;
    }
    Ok(Sight { next: Some(next(&seen)), views: views(&seen), faults })
}

fn is_error(finding: &&Diagnostic) -> bool {
    finding.severity == Severity::Error
}

/// Whether anything is wrong with what was seen.
fn is_wrong(seen: &Observation) -> bool {
    find(seen, None).0.iter().any(|finding| is_error(&finding))
}

/// An observation nobody answered says nothing at all.
fn views(seen: &Observation) -> Observations {
    if seen.has_answers() { seen.views() } else { Observations::default() }
}

fn plan(servers: &Servers, zone: Name<'_>, client: Client) -> Result<Plan, String> {
    let resolver = servers.resolver.as_deref().map(resolver).transpose()?.or_else(system_resolver);
    let ask = |names: &[String]| -> Result<Ask, String> {
        let given = names.iter().map(|name| name.parse::<ServerName>()).collect::<Result<Vec<_>, _>>()?;
        Ok(match (given.is_empty(), servers.resolver.is_some()) {
            (false, _) => Ask::Given(given),
            (true, true) => Ask::Found,
            (true, false) => Ask::Nobody,
        })
    };
    Ok(Plan {
        zone: zone.to_owned(),
        parent: ask(&servers.parent)?,
        child: ask(&servers.child)?,
        resolver,
        trusted: servers.anchor.as_deref().map(anchor::read_all).transpose()?.unwrap_or_default(),
        client,
    })
}

/// The address of a resolver.
pub(super) fn resolver(text: &str) -> Result<SocketAddr, String> {
    match text.parse()? {
        ServerName::Address(address) => Ok(address),
        ServerName::Host(..) => Err(format!("resolver \"{text}\": name it by its address, such as 192.0.2.53")),
    }
}

fn system_resolver() -> Option<SocketAddr> {
    resolver_of(&fs::read_to_string("/etc/resolv.conf").ok()?)
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let fail = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut file = Box::new(AtomicFile::create(path).map_err(|error| error.to_string())?);
    file.write_all(text.as_bytes()).and_then(|()| file.commit()).map_err(|error| fail(&error))
}
