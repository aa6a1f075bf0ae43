//! Checks of a configuration before it is run: everything that is wrong, not only the first thing.

use super::anchor;
use super::config::{Config, ZoneConfig};
use super::eyes;
use super::guard;
use super::run::policy_of;
use super::zone::name_of_file;
use crate::base::{Diagnostic, Diagnostics};
use crate::observe::ServerName;
use crate::policy::Policy;
use crate::zone::{BuildOptions, Zone, build};
use crate::zonefile::{self, Input, ReadOptions};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The findings of a configuration that can be read.
#[must_use]
pub fn check(config: &Config) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    findings.extend(config.faults.iter().map(|fault| Diagnostic::error("entry-unusable", fault.clone())));
    let faults = config.zones.iter().filter_map(|zone| zone.fault.as_ref());
    findings.extend(faults.map(|fault| Diagnostic::error("zone-unusable", fault.clone())));
    if config.zones.is_empty() && config.faults.is_empty() {
        let message = format!("{}: there are no zones", config.path.display());
        findings.push(
            Diagnostic::warning("no-zones", message).help("add an entry of [[zones]], or see whether its pattern fits"),
        );
    }
    let policies = check_policies(config, &mut findings);
    check_directories(config, &mut findings);
    let mut names: BTreeMap<String, &ZoneConfig> = BTreeMap::new();
    for zone in &config.zones {
        check_servers(zone, &mut findings);
        check_hook(zone, &mut findings);
        if zone.fault.is_some() {
            continue;
        }
        let Some(read) = read(zone, &mut findings) else { continue };
        let name = read.apex().to_string().to_ascii_lowercase();
        if let Some(other) =
            names.insert(name.clone(), zone).filter(|other| (&other.keys, &other.state) == (&zone.keys, &zone.state))
        {
            let message =
                format!("{name} is configured twice, with {} and {}", other.file.display(), zone.file.display());
            findings.push(Diagnostic::error("zone-twice", message).help("give each its own keys and state"));
        }
        if let Some(Some(policy)) = policies.get(&zone.policy) {
            check_budget(zone, &read, policy, &mut findings);
        }
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

type Policies = BTreeMap<Option<String>, Option<Policy>>;

fn check_policies(config: &Config, findings: &mut Vec<Diagnostic>) -> Policies {
    let mut policies = Policies::new();
    for zone in &config.zones {
        if policies.contains_key(&zone.policy) {
            continue;
        }
        let policy = match policy_of(config, zone.policy.as_deref()) {
            Ok((policy, warnings)) => {
                findings.extend(warnings);
                Some(policy)
            }
            Err(message) => {
                findings.push(Diagnostic::error("policy", message));
                None
            }
        };
        policies.insert(zone.policy.clone(), policy);
    }
    policies
}

/// Directories must be there; those of keys and states are for their owner only.
fn check_directories(config: &Config, findings: &mut Vec<Diagnostic>) {
    let mut directories: BTreeSet<(&Path, bool)> = BTreeSet::new();
    for zone in &config.zones {
        directories.insert((&zone.keys, true));
        directories.insert((&zone.state, true));
        directories.insert((zone.output.parent().unwrap_or_else(|| Path::new(".")), false));
    }
    for (directory, is_private) in directories {
        let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        let shown = directory.display();
        match fs::metadata(directory) {
            Err(error) => findings
                .push(Diagnostic::error("directory", format!("{shown}: {error}")).help(format!("mkdir -p {shown}"))),
            Ok(metadata) if !metadata.is_dir() => {
                findings.push(Diagnostic::error("directory", format!("{shown}: not a directory")));
            }
            Ok(metadata) => {
                if metadata.permissions().readonly() {
                    findings.push(Diagnostic::error("directory", format!("{shown}: cannot be written")));
                }
                if is_private {
                    findings.extend(open_to_others(directory, &metadata));
                }
            }
        }
    }
}

/// N-18: private keys, and what the world was promised, are for their owner only.
fn open_to_others(directory: &Path, metadata: &fs::Metadata) -> Option<Diagnostic> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode() & 0o777;
        let shown = directory.display();
        (mode & 0o077 != 0).then(|| {
            Diagnostic::warning(
                "directory-permissions",
                format!("{shown}: others than its owner can use it (mode {mode:04o})"),
            )
            .because("N-18")
            .help(format!("chmod 700 {shown}"))
        })
    }
    #[cfg(not(unix))]
    {
        let _ = (directory, metadata);
        None
    }
}

fn check_servers(zone: &ZoneConfig, findings: &mut Vec<Diagnostic>) {
    let servers = &zone.servers;
    let at = zone.file.display();
    for name in servers.parent.iter().chain(&servers.child) {
        if let Err(why) = name.parse::<ServerName>() {
            findings.push(Diagnostic::error("server", format!("{at}: server \"{name}\": {why}")));
        }
    }
    if let Some(Err(why)) = servers.resolver.as_deref().map(eyes::resolver) {
        findings.push(Diagnostic::error("server", format!("{at}: {why}")));
    }
    if let Some(Err(why)) = servers.anchor.as_deref().map(anchor::read_all) {
        findings.push(Diagnostic::error("anchor", why));
    }
}

/// A hook named by its path must be there to be run.
fn check_hook(zone: &ZoneConfig, findings: &mut Vec<Diagnostic>) {
    let Some(program) = zone.hook.as_ref().and_then(|hook| hook.command.first()) else { return };
    let is_found = match program.contains('/') {
        true => Path::new(program).is_file(),
        false => std::env::var_os("PATH")
            .is_some_and(|paths| std::env::split_paths(&paths).any(|path| path.join(program).is_file())),
    };
    if !is_found {
        let message = format!("{}: the hook {program} is not there", zone.file.display());
        findings.push(
            Diagnostic::error("hook", message).help("name it by its whole path: cron and systemd have a short PATH"),
        );
    }
}

/// Reads a zone, with its own findings.
fn read(zone: &ZoneConfig, findings: &mut Vec<Diagnostic>) -> Option<Zone> {
    const FINDINGS_MAX: usize = 5;
    let mut own = Diagnostics::new(FINDINGS_MAX);
    let origin = zone.name.clone().or_else(|| name_of_file(&zone.file));
    let records = match zonefile::read(Input::Path(&zone.file), &ReadOptions::trusted(origin), &mut own) {
        Ok(records) => records,
        Err(error) => {
            findings.push(Diagnostic::error("zone-file", error.to_string()));
            return None;
        }
    };
    let options = BuildOptions { apex: zone.name.clone(), ..BuildOptions::default() };
    let read = if own.has_errors() { None } else { build(records, &options, &mut own) };
    let read = read.filter(|_| !own.has_errors());
    if read.is_none() {
        findings.extend(own.list().iter().filter(|finding| finding.severity == crate::base::Severity::Error).cloned());
    }
    read
}

/// TIM-4 to TIM-7, with the inequality that does not hold.
fn check_budget(zone: &ZoneConfig, read: &Zone, policy: &Policy, findings: &mut Vec<Diagnostic>) {
    let mut warnings = Vec::new();
    let refusal = guard::validity_budget(read, policy, &mut warnings);
    let refusals = refusal.into_iter().chain(guard::ttl_explosion(read, policy.ttl.max_zone));
    let at = zone.file.display();
    findings.extend(refusals.map(|refusal| {
        Diagnostic::error(refusal.guard.name(), format!("{at}: {}", refusal.message)).help(refusal.help)
    }));
    findings.extend(
        warnings.into_iter().map(|warning| Diagnostic { message: format!("{at}: {}", warning.message), ..warning }),
    );
}
