//! `zoneseal.toml`: which zones there are, where their files are, and under which policy each stands.
//!
//! ```toml
//! policy-file = "policy.toml"
//!
//! [defaults]
//! keys = "keys"
//! output = "signed/{file}.signed"
//!
//! [[zones]]
//! files = "zones/*.zone"
//!
//! [[zones]]
//! file = "special/example.org.zone"
//! policy = "tld"
//! hook = ["rndc", "reload", "{zone}"]
//! ```
//!
//! Paths are relative to the file. What a zone does not say, `[defaults]` says, and then the program.

use super::catalog::{self, LastMembers};
use super::guard::Limits;
use crate::base::{NameBuf, Rtype, Seconds};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// The state directory where none is configured.
const STATE: &str = "state";

/// What a run has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The file it was read from.
    pub path: PathBuf,
    /// Where the policies that zones name are defined, besides the presets.
    pub policy_file: Option<PathBuf>,
    /// Metrics go here, if anywhere.
    pub metrics: Option<PathBuf>,
    /// The zones, in the order of their files' names within the order of the file.
    pub zones: Vec<ZoneConfig>,
    /// The state directory of zones that have none of their own.
    pub state: PathBuf,
    /// Entries whose zones cannot be found, such as those of a catalog that is broken: the others are there all the same.
    pub faults: Vec<String>,
    /// What the catalogs list that are whole, with the state directory where that is to be kept for when they are not.
    pub catalogs: Vec<(PathBuf, LastMembers)>,
}

/// A zone and all that is configured for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneConfig {
    /// Its name, if the configuration or a catalog says it; else its SOA record does.
    pub name: Option<NameBuf>,
    /// The unsigned zone.
    pub file: PathBuf,
    /// The signed zone.
    pub output: PathBuf,
    /// The directory of its keys and their state.
    pub keys: PathBuf,
    /// The directory of what is remembered from run to run.
    pub state: PathBuf,
    /// The policy's name: a preset, or one of the policy file.
    pub policy: Option<String>,
    /// Run after each change.
    pub hook: Option<Hook>,
    /// How much may change at once.
    pub limits: Limits,
    /// Whom to ask about the DS RRset and about what is served.
    pub servers: Servers,
    /// Why it cannot be worked on as it is configured. That is no reason to leave the others.
    pub fault: Option<String>,
}

/// A command that is run after a zone changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Program and arguments; `{zone}`, `{file}`, `{serial}` stand for the zone's.
    pub command: Vec<String>,
    /// It is killed after this.
    pub timeout: Seconds,
}

impl Hook {
    /// Program and arguments for a zone.
    #[must_use]
    pub fn command_for(&self, zone: &str, file: &Path, serial: u32) -> Vec<String> {
        let name = if zone == "." { zone } else { zone.trim_end_matches('.') };
        let file = file.display().to_string();
        let fill = |word: &String| {
            word.replace("{zone}", name).replace("{file}", &file).replace("{serial}", &serial.to_string())
        };
        self.command.iter().map(fill).collect()
    }
}

/// Servers to observe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Servers {
    /// Of the parent; empty: found through the resolver.
    pub parent: Vec<String>,
    /// Of the zone; empty: found through the resolver.
    pub child: Vec<String>,
    /// Finds the servers; none: only those named are asked.
    pub resolver: Option<String>,
    /// Trust anchor by which the parent's answers are validated.
    pub anchor: Option<PathBuf>,
}

impl Servers {
    /// Whether anybody is to be asked.
    #[must_use]
    pub fn is_any(&self) -> bool {
        !self.parent.is_empty() || !self.child.is_empty() || self.resolver.is_some()
    }
}

/// What of a configuration is wrong.
#[derive(Debug)]
pub struct ConfigError {
    /// The file, and what of it.
    pub message: String,
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}

fn fail(path: &Path, what: impl std::fmt::Display) -> ConfigError {
    ConfigError { message: format!("{}: {what}", path.display()) }
}

impl Config {
    /// The directories of all that is remembered from run to run, those of zones that are gone included.
    #[must_use]
    pub fn state_directories(&self) -> BTreeSet<&Path> {
        self.zones.iter().map(|zone| zone.state.as_path()).chain([self.state.as_path()]).collect()
    }

    /// The name it has where none is given.
    pub const FILE_NAME: &'static str = "zoneseal.toml";

    /// Reads a configuration and finds its zones.
    ///
    /// # Errors
    /// The first thing that is wrong with the file itself, with its place. What is wrong with single zones, which may come
    /// and go by themselves, stands in [`Config::faults`] and [`ZoneConfig::fault`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        let raw: RawConfig = toml::from_str(&text).map_err(|error| fail(path, error.to_string().trim_end()))?;
        let base = path.parent().unwrap_or_else(|| Path::new("")).to_owned();
        let single = raw.zones.iter().filter(|entry| entry.catalog.is_none()).filter_map(|entry| entry.file.as_ref());
        let single = single.map(|file| plain(&base.join(file))).collect();
        let reader = Reader { path, base, defaults: raw.defaults, single };
        let (mut zones, mut catalogs, mut faults) = (Vec::new(), Vec::new(), Vec::new());
        for (index, entry) in raw.zones.iter().enumerate() {
            let place = |what: &dyn std::fmt::Display| format!("{what} (entry {} of [[zones]])", index + 1);
            match reader.push_zones(entry, &mut zones, &mut catalogs) {
                Err(Wrong::File(error)) => return Err(ConfigError { message: place(&error) }),
                Err(Wrong::Entry(message)) => faults.push(place(&message)),
                Ok(()) => {}
            }
        }
        note_clashes(&mut zones);
        Ok(Self {
            path: path.to_owned(),
            policy_file: raw.policy_file.map(|file| reader.base.join(file)),
            state: reader.state(&Settings::default()),
            metrics: raw.metrics.map(|file| reader.base.join(file)),
            zones,
            faults,
            catalogs,
        })
    }
}

/// Why there is no configuration, and what to do about it.
fn unreadable(path: &Path, error: &io::Error) -> ConfigError {
    let help = match error.kind() {
        io::ErrorKind::NotFound => {
            "\n   = help: begin one here with zoneseal init ZONES-DIR, or say where it is with --config FILE"
        }
        _ => "",
    };
    fail(path, format_args!("{error}{help}"))
}

/// A path without `.` in it, to know a file by that is written in two ways.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

/// No two zones may write one file, and none its own input or another's: which of them is meant nobody knows, so all of
/// them stay as they are.
fn note_clashes(zones: &mut [ZoneConfig]) {
    let mut by_output: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
    for (index, zone) in zones.iter_mut().enumerate() {
        by_output.entry(plain(&zone.output)).or_default().push(index);
        if plain(&zone.file) == plain(&zone.output) {
            zone.fault = Some(format!("{} would be replaced by its own signed zone", zone.file.display()));
        }
    }
    let inputs: BTreeSet<PathBuf> = zones.iter().map(|zone| plain(&zone.file)).collect();
    for zone in zones.iter_mut().filter(|zone| zone.fault.is_none() && inputs.contains(&plain(&zone.output))) {
        let (output, file) = (zone.output.display(), zone.file.display());
        zone.fault = Some(format!("{output} is the output of {file}, and the file of another zone"));
    }
    for group in by_output.values().filter(|group| group.len() > 1) {
        let files: Vec<String> = group.iter().map(|&index| zones[index].file.display().to_string()).collect();
        for &index in group {
            let zone = &mut zones[index];
            zone.fault = Some(format!(
                "{} is the output of both {}\n   = help: give each its own output; a file that two patterns have needs one",
                zone.output.display(),
                files.join(" and ")
            ));
        }
    }
}

/// What is wrong with an entry.
enum Wrong {
    /// The configuration is not one.
    File(ConfigError),
    /// Its zones cannot be found now.
    Entry(String),
}

impl From<ConfigError> for Wrong {
    fn from(error: ConfigError) -> Self {
        Self::File(error)
    }
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawConfig {
    policy_file: Option<PathBuf>,
    metrics: Option<PathBuf>,
    #[serde(default)]
    defaults: Settings,
    #[serde(default)]
    zones: Vec<RawZones>,
}

/// What zones may have in common or each for itself.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Settings {
    policy: Option<String>,
    output: Option<String>,
    keys: Option<PathBuf>,
    state: Option<PathBuf>,
    hook: Option<Vec<String>>,
    hook_timeout: Option<Length>,
    names_vanished_percent: Option<u8>,
    kept_types: Option<Vec<String>>,
    parent_servers: Option<Vec<String>>,
    child_servers: Option<Vec<String>>,
    resolver: Option<String>,
    anchor: Option<PathBuf>,
}

/// An entry of `[[zones]]`: one zone, all files of a pattern, or the members of a catalog.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawZones {
    name: Option<String>,
    file: Option<String>,
    files: Option<String>,
    catalog: Option<PathBuf>,
    #[serde(flatten)]
    settings: toml::Table,
}

/// A length of time: `"30s"`, `"1h30m"`, or seconds.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "RawLength")]
struct Length(Seconds);

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum RawLength {
    Number(u32),
    Text(String),
}

impl TryFrom<RawLength> for Length {
    type Error = String;

    fn try_from(raw: RawLength) -> Result<Self, String> {
        match raw {
            RawLength::Number(seconds) => Ok(Self(Seconds(i64::from(seconds)))),
            RawLength::Text(text) => Seconds::from_text(&text)
                .map(Self)
                .ok_or_else(|| format!("\"{text}\" is no length of time such as \"30s\" or \"1h30m\"")),
        }
    }
}

/// What entries are resolved with.
struct Reader<'a> {
    path: &'a Path,
    base: PathBuf,
    defaults: Settings,
    /// Files that have an entry of their own, which patterns leave to it.
    single: BTreeSet<PathBuf>,
}

impl Reader<'_> {
    fn fail(&self, what: impl std::fmt::Display) -> ConfigError {
        fail(self.path, what)
    }

    /// The zones of an entry.
    fn push_zones(
        &self,
        entry: &RawZones,
        zones: &mut Vec<ZoneConfig>,
        catalogs: &mut Vec<(PathBuf, LastMembers)>,
    ) -> Result<(), Wrong> {
        let own: Settings =
            entry.settings.clone().try_into().map_err(|error: toml::de::Error| self.fail(error.message()))?;
        match (&entry.file, &entry.files, &entry.catalog) {
            (Some(file), None, None) => {
                let name = entry.name.as_deref().map(|name| self.name(name)).transpose()?;
                zones.push(self.zone(self.base.join(file), name, &own)?);
            }
            (None, Some(pattern), None) if entry.name.is_none() => {
                let (files, unreadable) = self.files_of(pattern)?;
                for file in files {
                    zones.push(self.zone(file, None, &own)?);
                }
                if let Some(error) = unreadable {
                    return Err(Wrong::Entry(format!("files = \"{pattern}\": {error}")));
                }
            }
            (Some(file), None, Some(catalog)) if entry.name.is_none() => {
                if !file.contains("{zone}") {
                    return Err(self.fail("the file of a catalog's zones needs {zone} in its name").into());
                }
                let (catalog, state) = (self.base.join(catalog), self.state(&own));
                let (last, fault) = match catalog::members(&catalog) {
                    Ok(members) => (Some(LastMembers::new(&catalog, members)), None),
                    Err(message) => (LastMembers::read(&state, &catalog), Some(message)),
                };
                for member in last.iter().flat_map(|last| &last.members) {
                    let path = self.base.join(file.replace("{zone}", &file_form(member)));
                    zones.push(self.zone(path, Some(member.clone()), &own)?);
                }
                match (last, fault) {
                    (Some(last), None) => catalogs.push((state, last)),
                    (Some(_), Some(message)) => {
                        return Err(Wrong::Entry(format!("{message}; the zones it had before go on")));
                    }
                    (None, fault) => return fault.map_or(Ok(()), |message| Err(Wrong::Entry(message))),
                }
            }
            _ => {
                return Err(self.fail(
                    "an entry of [[zones]] has either file (with name or not), files (a pattern such as \"zones/*.zone\"), or catalog and file (with {zone} in it)",
                ).into());
            }
        }
        Ok(())
    }

    fn name(&self, text: &str) -> Result<NameBuf, ConfigError> {
        text.parse().map_err(|error| self.fail(format_args!("zone name \"{text}\": {error}")))
    }

    /// The files of a pattern, by name, and what of its directories cannot be read. A link that leads nowhere is among them,
    /// so that it is told of; a file that has an entry of its own is not.
    fn files_of(&self, pattern: &str) -> Result<(Vec<PathBuf>, Option<String>), ConfigError> {
        let full = self.base.join(pattern);
        let text = full.to_str().ok_or_else(|| self.fail("the pattern is not UTF-8"))?;
        let wrong = |error: glob::PatternError| self.fail(format_args!("files = \"{pattern}\": {error}"));
        let (mut files, mut unreadable) = (Vec::new(), None);
        for path in glob::glob(text).map_err(wrong)? {
            match path {
                Ok(path) if is_to_be_read(&path) && !self.single.contains(&plain(&path)) => files.push(path),
                Ok(_) => {}
                Err(error) => unreadable = Some(error.to_string()),
            }
        }
        files.extend(files_not_utf8(text).map_err(wrong)?);
        Ok((files, unreadable))
    }

    /// The state directory of zones with settings of their own.
    fn state(&self, own: &Settings) -> PathBuf {
        let directory = own.state.as_ref().or(self.defaults.state.as_ref());
        self.base.join(directory.map_or_else(|| Path::new(STATE), PathBuf::as_path))
    }

    /// One zone, with what is not its own from the defaults.
    fn zone(&self, file: PathBuf, name: Option<NameBuf>, own: &Settings) -> Result<ZoneConfig, ConfigError> {
        let defaults = &self.defaults;
        let pick = |own: &Option<String>, default: &Option<String>| own.clone().or_else(|| default.clone());
        let path = |own: &Option<PathBuf>, default: &Option<PathBuf>, fallback: &str| {
            self.base.join(own.as_ref().or(default.as_ref()).map_or_else(|| Path::new(fallback), PathBuf::as_path))
        };
        let list = |own: &Option<Vec<String>>, default: &Option<Vec<String>>| {
            own.as_ref().or(default.as_ref()).cloned().unwrap_or_default()
        };
        let anchor = own.anchor.as_ref().or(defaults.anchor.as_ref());
        Ok(ZoneConfig {
            output: self.output(&file, name.as_ref(), pick(&own.output, &defaults.output))?,
            keys: path(&own.keys, &defaults.keys, "keys"),
            state: self.state(own),
            policy: pick(&own.policy, &defaults.policy),
            hook: self.hook(own)?,
            limits: self.limits(own)?,
            servers: Servers {
                parent: list(&own.parent_servers, &defaults.parent_servers),
                child: list(&own.child_servers, &defaults.child_servers),
                resolver: pick(&own.resolver, &defaults.resolver),
                anchor: anchor.map(|file| self.base.join(file)),
            },
            fault: file
                .to_str()
                .is_none()
                .then(|| format!("{}: the name of the file is not UTF-8\n   = help: rename it", file.display())),
            name,
            file,
        })
    }

    /// The signed zone's file: `{file}` in the pattern is the name of the unsigned one.
    fn output(&self, file: &Path, name: Option<&NameBuf>, pattern: Option<String>) -> Result<PathBuf, ConfigError> {
        let pattern = pattern.unwrap_or_else(|| "signed/{file}.signed".into());
        let file_name = file.file_name().map(OsStr::to_string_lossy);
        let file_name = file_name.ok_or_else(|| self.fail(format_args!("{}: not a file's name", file.display())))?;
        let mut output = pattern.replace("{file}", &file_name);
        if output.contains("{zone}") {
            let name = name.ok_or_else(|| {
                self.fail(format_args!(
                    "output \"{pattern}\": the name of {} is not configured, use {{file}}",
                    file.display()
                ))
            })?;
            output = output.replace("{zone}", &file_form(name));
        }
        Ok(self.base.join(output))
    }

    fn hook(&self, own: &Settings) -> Result<Option<Hook>, ConfigError> {
        let Some(command) = own.hook.as_ref().or(self.defaults.hook.as_ref()).filter(|words| !words.is_empty()) else {
            return Ok(None);
        };
        let timeout = own.hook_timeout.or(self.defaults.hook_timeout).map_or(Seconds(30), |length| length.0);
        if timeout.0 <= 0 {
            return Err(self.fail("hook-timeout must be longer than nothing"));
        }
        Ok(Some(Hook { command: command.clone(), timeout }))
    }

    fn limits(&self, own: &Settings) -> Result<Limits, ConfigError> {
        let standard = Limits::default();
        let percent = own.names_vanished_percent.or(self.defaults.names_vanished_percent);
        let percent = percent.unwrap_or(standard.names_vanished_percent);
        if percent > 100 {
            return Err(self.fail("names-vanished-percent is at most 100"));
        }
        let kept_types = match own.kept_types.as_ref().or(self.defaults.kept_types.as_ref()) {
            None => standard.kept_types,
            Some(names) => names
                .iter()
                .map(|name| {
                    Rtype::from_text(name.as_bytes())
                        .ok_or_else(|| self.fail(format_args!("kept-types: no type \"{name}\"")))
                })
                .collect::<Result<_, _>>()?,
        };
        Ok(Limits { names_vanished_percent: percent, kept_types })
    }
}

/// Whether a path of a pattern is a file, or a link that should lead to one.
fn is_to_be_read(path: &Path) -> bool {
    fs::metadata(path).map_or(true, |metadata| metadata.is_file())
}

/// The files of a pattern whose names are not UTF-8: patterns do not match them, and a zone must not be left out unseen.
fn files_not_utf8(pattern: &str) -> Result<Vec<PathBuf>, glob::PatternError> {
    let (directory, last) = match pattern.rsplit_once('/') {
        Some(("", last)) => ("/", last),
        Some(parts) => parts,
        None => (".", pattern),
    };
    let last = glob::Pattern::new(last)?;
    let mut files = Vec::new();
    for directory in glob::glob(directory)?.filter_map(Result::ok) {
        let names = fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
        let is_odd = |name: &OsStr| name.to_str().is_none() && last.matches(&name.to_string_lossy());
        files.extend(names.filter(|entry| is_odd(&entry.file_name())).map(|entry| entry.path()));
    }
    files.sort();
    Ok(files)
}

/// A zone's name as part of a file's name: without the last dot, the root as `root`.
#[must_use]
pub fn file_form(name: &NameBuf) -> String {
    let form = crate::keys::name::file_form(name.as_name());
    match form.trim_end_matches('.') {
        "" => "root".into(),
        form => form.into(),
    }
}
