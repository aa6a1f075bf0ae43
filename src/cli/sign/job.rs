//! One zone to sign: what the single form of the command and the list have in common.

use super::super::Failure;
use super::super::input::{ZoneText, build_zone};
use super::watch::Watch;
use crate::base::{Diagnostics, Name, UnixTime};
use crate::crypto::Backend;
use crate::keys::{self, KeySource};
use crate::output::{AtomicFile, Output, Spool};
use crate::sign::{self, Loaded, OwnKeys, Previous, SignError, SignOptions, Summary};
use crate::zone::{BuildOptions, Zone};
use crate::zonefile::Input;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where the signed zone goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    File(PathBuf),
    StandardOutput,
}

/// A zone to sign.
#[derive(Debug)]
pub(super) struct Job<'a> {
    pub(super) text: ZoneText<'a>,
    pub(super) build: BuildOptions,
    pub(super) keys: KeySource<'a>,
    /// The library that signs.
    pub(super) backend: Backend,
    pub(super) destination: Destination,
    /// The previous signed zone.
    pub(super) previous: Option<PathBuf>,
    /// Whether the caller syncs the output's directory, for many zones at once.
    pub(super) leaves_directory: bool,
    /// Where the `dsset-` file goes.
    pub(super) dsset: Option<&'a Path>,
}

impl Job<'_> {
    /// From the zone file to the signed zone in its place, with its dsset file; the keys were those used.
    pub(super) fn run(
        &self,
        options: &SignOptions,
        now: UnixTime,
        stdout: &mut (dyn Write + Send),
        watch: &Watch,
        findings: &mut Diagnostics,
    ) -> Result<Result<(Summary, OwnKeys), SignError>, Failure> {
        watch.begin("read");
        let mut dropped = 0;
        let zone = build_zone(&self.text, &self.build, findings, |store| {
            watch.begin("build");
            dropped = sign::load::drop_signed(store, self.build.apex.as_ref());
        })?;
        let Some(zone) = zone.filter(|_| !findings.has_errors()) else { return Ok(Err(SignError::Refused)) };
        watch.begin("keys");
        let own_keys = self.load_keys(&zone, now, findings)?;
        if findings.has_errors() {
            return Ok(Err(SignError::Refused));
        }
        let previous = match &self.previous {
            Some(path) => {
                watch.begin("read-previous");
                self.load_previous(path, findings)?
            }
            None => None,
        };
        let dsset = self.dsset.map(|directory| Dsset::begin(directory, zone.apex())).transpose()?;
        let output: Box<dyn Output + '_> = match &self.destination {
            Destination::File(path) => {
                let file = AtomicFile::create(path).map_err(Failure::new)?;
                Box::new(if self.leaves_directory { file.without_directory_sync() } else { file })
            }
            Destination::StandardOutput => {
                Box::new(Spool::create(stdout).map_err(|error| Failure::new(format!("spooling: {error}")))?)
            }
        };
        let loaded = Loaded { zone, dropped, previous };
        let signed = sign::sign_zone(loaded, &own_keys, options, now, output, watch, findings);
        if let (Ok(_), Some(dsset)) = (&signed, dsset) {
            dsset.write(&own_keys)?;
        }
        Ok(signed.map(|summary| (summary, own_keys)))
    }

    fn load_keys(&self, zone: &Zone, now: UnixTime, findings: &mut Diagnostics) -> Result<OwnKeys, Failure> {
        // Each record may be an RRset of its own, each name has one more in the chain.
        let expected_count = zone.record_count() + zone.node_count();
        let backend = self.backend.for_signatures(expected_count);
        let loaded = self.keys.load(zone.apex(), backend, findings).map_err(Failure::new)?;
        Ok(OwnKeys::new(zone.apex(), loaded, now, findings))
    }

    /// The previous signed zone; none if there is no such file, as before the first run.
    fn load_previous(&self, path: &Path, findings: &mut Diagnostics) -> Result<Option<Previous>, Failure> {
        if matches!(fs::metadata(path), Err(error) if error.kind() == std::io::ErrorKind::NotFound) {
            return Ok(None);
        }
        let is_in_place = match &self.destination {
            Destination::File(output) => is_same_file(path, output),
            Destination::StandardOutput => false,
        };
        Previous::read(Input::Path(path), is_in_place, findings).map_err(Failure::new)
    }
}

/// Whether two paths lead to one file.
fn is_same_file(left: &Path, right: &Path) -> bool {
    matches!((fs::canonicalize(left), fs::canonicalize(right)), (Ok(left), Ok(right)) if left == right)
}

/// The `dsset-` file, begun before signing so that a bad directory is known early.
struct Dsset {
    path: PathBuf,
    file: Box<AtomicFile>,
}

impl Dsset {
    fn begin(directory: &Path, apex: Name<'_>) -> Result<Self, Failure> {
        let path = directory.join(format!("dsset-{}", keys::name::file_form(apex)));
        let file = Box::new(AtomicFile::create(&path).map_err(Failure::new)?);
        Ok(Self { path, file })
    }

    fn write(mut self, keys: &OwnKeys) -> Result<(), Failure> {
        let written = self.file.write_all(&sign::dsset::text(keys.set())).and_then(|()| self.file.commit());
        written.map_err(|error| Failure::new(format!("{}: {error} (the zone is signed)", self.path.display())))
    }
}
