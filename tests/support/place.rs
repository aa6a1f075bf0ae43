//! A directory with a small zone and a place for keys, and the program run in it at a time of one's choosing.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;
use zoneseal::base::UnixTime;

/// 2027-01-01 00:00:00 UTC.
pub(crate) const START: UnixTime = UnixTime(1_798_761_600);
const ZONE: &str = "\
$ORIGIN example.
$TTL 3600
@ IN SOA ns1 hostmaster 1 7200 900 172800 900
@ IN NS ns1
ns1 IN A 192.0.2.1
";

/// `example.zone` and the empty directory `keys`.
pub(crate) struct Place {
    directory: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self { directory: TempDir::new().unwrap() };
        fs::write(place.path("example.zone"), ZONE).unwrap();
        fs::create_dir(place.path("keys")).unwrap();
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn run(&self, now: UnixTime, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zoneseal"));
        command.current_dir(self.directory.path()).arg("--now").arg(now.to_date_text()).args(arguments);
        command.output().unwrap()
    }
}

pub(crate) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}
