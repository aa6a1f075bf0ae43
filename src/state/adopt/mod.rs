//! Taking over keys that exist: who managed them, what they tell, and what would come of it. Nothing is changed here.
//!
//! ```text
//! K*.key, K*.private ──────────────┐
//! K*.state (BIND) ─ bind ─┐        │
//! list, PEM (Knot) ─ knot ┼─ Told ─┼─ reconstruct ─▶ ZoneState, what was assumed
//! times in the files ─────┘        │
//! signed zone, parent ─────────────┘
//! ```

pub mod bind;
pub mod knot;

use super::reconstruct::{Content, Reconstructed, reconstruct};
use super::told::{Told, ToldKeys};
use crate::base::{Diagnostic, Diagnostics, NameBuf, Ttl, UnixTime};
use crate::keys::file::{LoadOptions, load};
use crate::keys::{KeyError, KeyId, ZoneKey};
use crate::policy::Policy;
use crate::rollover::{Observations, Step, step};
use bind::BindState;
use knot::{KnotKey, read_list};
use std::path::{Path, PathBuf};

/// Who managed the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// BIND: `.state` files where there are any, else the times in the key files.
    Files,
    /// BIND with `dnssec-policy`: every key has a `.state` file.
    Bind,
    /// ldns, or anybody whose key files tell no times.
    Ldns,
    /// Knot DNS.
    Knot {
        /// What `keymgr -j ZONE list` printed.
        list: PathBuf,
        /// Folder with the PEM files.
        store: PathBuf,
    },
}

impl Source {
    /// One word.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Bind => "bind",
            Self::Ldns => "ldns",
            Self::Knot { .. } => "knot",
        }
    }
}

/// Keys, and what their source tells of them.
#[derive(Debug)]
pub struct Gathered {
    /// The keys.
    pub keys: Vec<ZoneKey>,
    /// What is told of them.
    pub told: ToldKeys,
    /// Keys of Knot's that are to become key files.
    pub to_write: Vec<KnotKey>,
}

/// Reads the keys of a zone and what their source tells. What is doubtful about the files is said in `findings`.
///
/// # Errors
/// The first [`KeyError`]: a file that cannot be read or is malformed, halves that do not fit, a PEM file that is not the
/// key its list says.
pub fn gather(
    source: &Source,
    zone: &NameBuf,
    directory: &Path,
    ttl: Option<Ttl>,
    now: UnixTime,
    findings: &mut Diagnostics,
) -> Result<Gathered, KeyError> {
    let options = LoadOptions { directory: Some(directory.to_owned()), ..LoadOptions::default() };
    let mut gathered =
        Gathered { keys: load(zone.as_name(), &options, findings)?, told: ToldKeys::new(), to_write: Vec::new() };
    match source {
        Source::Bind | Source::Files => {
            for key in &gathered.keys {
                if let Some(state) = BindState::read(&key.source.with_extension("state"))? {
                    gathered.told.insert(KeyId::of_file(&key.source), Told::by_bind(&state, now));
                } else if *source == Source::Bind {
                    let message = format!("{}: there is no .state file beside the key", key.source.display());
                    findings.push(
                        Diagnostic::error("no-bind-state", message).help("--from auto goes by the times in key files"),
                    );
                }
            }
        }
        Source::Ldns => {
            for key in &gathered.keys {
                let timing = crate::keys::KeyTiming { is_timeless: true, ..crate::keys::KeyTiming::default() };
                gathered.told.insert(KeyId::of_file(&key.source), Told::by_timing(&timing, now));
            }
        }
        Source::Knot { list, store } => gather_knot(&mut gathered, zone, directory, (list, store), ttl, now, findings)?,
    }
    Ok(gathered)
}

/// Adds Knot's keys to those that are key files already.
fn gather_knot(
    gathered: &mut Gathered,
    zone: &NameBuf,
    directory: &Path,
    (list, store): (&Path, &Path),
    ttl: Option<Ttl>,
    now: UnixTime,
    findings: &mut Diagnostics,
) -> Result<(), KeyError> {
    for entry in read_list(list, zone.as_name())? {
        let told = Told::by_knot(&entry, now);
        let known = gathered.keys.iter().find(|key| (key.algorithm, key.key_tag) == (entry.algorithm, entry.tag));
        if let Some(known) = known {
            gathered.told.insert(KeyId::of_file(&known.source), told);
            continue;
        }
        if entry.is_public_only {
            let message = format!(
                "key {} ({}) has no private half in Knot, and there is no .key file of it here",
                entry.tag, entry.id
            );
            findings.push(
                Diagnostic::warning("no-private-half", message)
                    .help("make one of what \"keymgr ZONE dnskey TAG\" prints"),
            );
            continue;
        }
        let key = entry.load(zone.as_name(), store, ttl, now)?;
        let zone_key = key.to_zone_key(directory)?;
        gathered.told.insert(KeyId::of_file(&zone_key.source), told);
        gathered.keys.push(zone_key);
        gathered.to_write.push(key);
    }
    Ok(())
}

/// What taking over would mean.
#[derive(Clone, Debug)]
pub struct AdoptPlan {
    /// The state, and what it was made from.
    pub made: Reconstructed,
    /// What the engine does now: nothing, for it holds.
    pub first: Step,
    /// What it does when it may move, as far as nothing else happens before.
    pub after_hold: Step,
}

/// Works out what taking over would mean. `may_roll`: leave the keys to the policy, whose lifetimes, roles and algorithms
/// may then ask for a roll.
#[must_use]
pub fn plan(content: &Content<'_>, policy: &Policy, may_roll: bool, now: UnixTime) -> AdoptPlan {
    let mut made = reconstruct(content, policy, now);
    made.state.is_kept_as_found = !may_roll;
    let nothing_new = Observations::default();
    let first = step(policy, &made.state, &nothing_new, now);
    let later = made.state.hold_until.unwrap_or(now);
    let after_hold = step(policy, &made.state, &nothing_new, later);
    AdoptPlan { made, first, after_hold }
}
