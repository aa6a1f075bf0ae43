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

/// How servers are looked at.
pub(super) struct How<'a> {
    /// Whether the parent is waited for.
    pub(super) is_waiting: bool,
    /// When the first wait ends that needs a look younger than one of a time.
    pub(super) wait_ends: &'a dyn Fn(UnixTime) -> Option<UnixTime>,
    /// Whether what was seen is kept.
    pub(super) is_kept: bool,
}

/// Looks at a zone's servers if it is time, keeps what was seen if it is to be kept, and gives what is known.
///
/// # Errors
/// If the configuration of the servers, or the file, is of no use.
pub(super) fn look(
    servers: &Servers,
    directory: &Path,
    zone: Name<'_>,
    client: Client,
    how: &How<'_>,
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
    let next = |seen: &Observation| {
        let old = seen.at.plus(if how.is_waiting || is_wrong(seen) { OLD_WAITING } else { OLD });
        (how.wait_ends)(seen.at).map_or(old, |ends| ends.min(old))
    };
    let fresh = kept.filter(|seen| seen.at <= now && now < next(seen));
    let (seen, is_new) = match fresh {
        Some(seen) => (seen, false),
        None => (observe(&plan(servers, zone, client)?, now), true),
    };
    let (findings, changes) = find(&seen, None);
    let faults = findings.iter().filter(is_error).map(ToString::to_string).collect();
    if is_new && how.is_kept {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const START: UnixTime = UnixTime(1_800_000_000);

    /// What is still young enough for a day's look is too old when a wait ends that needs one.
    #[test]
    fn the_end_of_a_wait_needs_a_look() {
        let place = tempfile::tempdir().unwrap();
        let zone: crate::base::NameBuf = "example.".parse().unwrap();
        // Nobody listens: that nobody answered is seen as well, and is no error where the servers are not to be asked.
        let port = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let servers = Servers { parent: vec![format!("127.0.0.1@{port}")], ..Servers::default() };
        let client = Client { timeout: Duration::from_millis(20), tries: 1 };
        let ends = |last: UnixTime| Some(START.plus(Seconds(60))).filter(|ends| last < *ends);
        let how = How { is_waiting: false, wait_ends: &ends, is_kept: true };
        let look = |after: i64| {
            let now = START.plus(Seconds(after));
            let sight = super::look(&servers, place.path(), zone.as_name(), client, &how, now).unwrap();
            let path = observation_path(place.path(), zone.as_name());
            (sight.next.unwrap().since(START).0, file::read(&path, zone.as_name()).unwrap().at.since(START).0)
        };
        assert_eq!(look(0), (60, 0), "the end of the wait is before the look is old");
        assert_eq!(look(59), (60, 0));
        assert_eq!(look(60), (660, 60), "after it the look is old when it was before");
        assert_eq!(look(61), (660, 60));
    }
}
