//! Where the files of a zone's state stand: beside its keys.

use crate::base::Name;
use crate::keys::name::file_form;
use std::path::{Path, PathBuf};

/// The paths of one zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatePaths {
    /// The zone's name as messages and files give it.
    pub zone: String,
    /// The key directory.
    pub directory: PathBuf,
    /// `<zone>.zoneseal.json`: the state.
    pub state: PathBuf,
    /// `<zone>.zoneseal.log`: who changed it, when and why.
    pub log: PathBuf,
    /// `<zone>.zoneseal.lock`.
    pub lock: PathBuf,
}

impl StatePaths {
    /// The paths of a zone, whose name is spelt as in the names of its key files.
    ///
    /// ```
    /// use zoneseal::base::NameBuf;
    /// use zoneseal::state::StatePaths;
    /// let zone: NameBuf = "0/25.Example.".parse()?;
    /// let paths = StatePaths::new("keys".as_ref(), zone.as_name());
    /// assert_eq!(paths.state, std::path::Path::new("keys/0%2F25.example.zoneseal.json"));
    /// # Ok::<(), zoneseal::base::NameError>(())
    /// ```
    #[must_use]
    pub fn new(directory: &Path, zone: Name<'_>) -> Self {
        // The form ends in a dot; the root's is that dot alone, which makes its files hidden ones.
        let form = file_form(zone);
        let path = |ending: &str| directory.join(format!("{form}zoneseal.{ending}"));
        Self {
            zone: zone.to_string().to_ascii_lowercase(),
            directory: directory.to_owned(),
            state: path("json"),
            log: path("log"),
            lock: path("lock"),
        }
    }

    /// A free name for a file that cannot be used and is kept aside.
    pub(super) fn aside(path: &Path) -> PathBuf {
        let name = |number: u32| {
            let mut name = path.as_os_str().to_owned();
            name.push(format!(".bad-{number}"));
            PathBuf::from(name)
        };
        (1..).map(name).find(|path| !path.exists()).expect("a directory holds fewer files than there are numbers")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::NameBuf;

    #[test]
    fn zones_have_files_of_their_own() {
        let at = |zone: &str| StatePaths::new(Path::new("k"), zone.parse::<NameBuf>().unwrap().as_name());
        assert_eq!(at("Example.COM.").log, Path::new("k/example.com.zoneseal.log"));
        assert_eq!(at("Example.COM.").zone, "example.com.");
        assert_eq!(at(".").lock, Path::new("k/.zoneseal.lock"));
        assert_eq!(at("a\\.b.").state, Path::new("k/a%2Eb.zoneseal.json"));
    }

    #[test]
    fn names_aside_are_free() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.json");
        let first = StatePaths::aside(&path);
        assert_eq!(first, directory.path().join("x.json.bad-1"));
        std::fs::write(&first, "").unwrap();
        assert_eq!(StatePaths::aside(&path), directory.path().join("x.json.bad-2"));
    }
}
