//! A configuration to begin with, for a directory of zone files.

use std::fmt::Write as _;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Something that is made: a directory, or a file with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A directory, for its owner only or for all.
    Directory {
        /// Where.
        path: PathBuf,
        /// Whether nobody else may look into it.
        is_private: bool,
    },
    /// A file.
    File {
        /// Where.
        path: PathBuf,
        /// What is in it.
        text: String,
    },
}

impl Piece {
    /// Where it goes.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Directory { path, .. } | Self::File { path, .. } => path,
        }
    }
}

/// All that is made in a folder for the zones of a directory. `program` is how the units call zoneseal.
#[must_use]
pub fn pieces(folder: &Path, zones: &str, place: &str, program: &str) -> Vec<Piece> {
    let directory = |name: &str, is_private| Piece::Directory { path: folder.join(name), is_private };
    let file = |name: &str, text: String| Piece::File { path: folder.join(name), text };
    let config = format!("{place}/zoneseal.toml");
    let command =
        |quoted: fn(&str) -> String| [quoted(program), "run --quiet --config".into(), quoted(&config)].join(" ");
    vec![
        directory("keys", true),
        directory("state", true),
        directory("signed", false),
        directory("examples", false),
        file("zoneseal.toml", config_text(zones)),
        file("policy.toml", POLICY.into()),
        file("examples/zoneseal.service", service_text(place, &command(unit_word))),
        file("examples/zoneseal.timer", TIMER.into()),
        file(
            "examples/zoneseal.cron",
            format!("# An alternative to the timer, for /etc/cron.d.\n17 * * * * root {}\n", command(cron_word)),
        ),
    ]
}

fn config_text(zones: &str) -> String {
    let mut text = String::new();
    // Writing to a text does not fail.
    let _ = write!(
        text,
        "# What zoneseal run signs. Paths are relative to this file; zoneseal config check looks for mistakes.\n\
         policy-file = \"policy.toml\"\n\
         # metrics = \"/var/lib/prometheus/node-exporter/zoneseal.prom\"\n\
         \n\
         # What all zones have in common; an entry of [[zones]] may say otherwise.\n\
         [defaults]\n\
         keys = \"keys\"\n\
         state = \"state\"\n\
         output = \"signed/{{file}}.signed\"\n\
         # Run after a zone has changed, without a shell; {{zone}}, {{file}} and {{serial}} are filled in.\n\
         # hook = [\"rndc\", \"reload\", \"{{zone}}\"]\n\
         # hook-timeout = \"30s\"\n\
         # Whom to ask whether the parent has the DS. Without them say so with zoneseal rollover ds-seen.\n\
         # resolver = \"127.0.0.1\"\n\
         # parent-servers = [\"192.0.2.1\"]\n\
         # names-vanished-percent = 10\n\
         # kept-types = [\"NS\", \"MX\", \"DS\"]\n\
         \n\
         # Every NAME.zone; the zone's name is that of its SOA record.\n\
         [[zones]]\n\
         files = {}\n",
        toml_string(&format!("{}/*.zone", glob::Pattern::escape(zones)))
    );
    text
}

/// A word of a command in a unit: its own quotes, and `%` and `$` stand for themselves.
fn unit_word(word: &str) -> String {
    unit_quoted(word).replace('$', "$$")
}

/// A path in a unit.
fn unit_quoted(path: &str) -> String {
    let path = path.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
    if path.contains([' ', '\t', '\'', '"', ';']) { format!("\"{path}\"") } else { path }
}

/// A word of a command in a crontab: as the shell takes it, and `%` as cron does.
fn cron_word(word: &str) -> String {
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || b"/.,:=@_+-".contains(&octet);
    let word = if word.bytes().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) };
    word.replace('%', "\\%")
}

/// A text as a TOML string.
fn toml_string(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

const POLICY: &str = "\
# How zones are signed and keys are rolled. zoneseal policy explain policy.toml says what comes of it, zoneseal policy show
# nist-81r3 what every field is.
[policy.default]
base = \"nist-81r3\"
# One more with every change, from the later of the zone file's and the published one.
serial = \"increment\"
# How often zoneseal run is started.
run-interval = \"1h\"
";

fn service_text(place: &str, command: &str) -> String {
    format!(
        "[Unit]\n\
         Description=Sign DNS zones\n\
         After=network-online.target\n\
         Wants=network-online.target\n\
         \n\
         [Service]\n\
         Type=oneshot\n\
         WorkingDirectory={}\n\
         ExecStart={command}\n\
         # Zones were signed and published: that is no failure.\n\
         SuccessExitStatus=3\n\
         NoNewPrivileges=yes\n\
         PrivateTmp=yes\n\
         ProtectHome=read-only\n\
         ProtectSystem=strict\n\
         ReadWritePaths={}\n",
        // Taken as it stands, up to the end of the line.
        place.replace('%', "%%"),
        unit_quoted(place)
    )
}

const TIMER: &str = "\
[Unit]
Description=Sign DNS zones every hour

[Timer]
OnCalendar=hourly
RandomizedDelaySec=5min
Persistent=true

[Install]
WantedBy=timers.target
";

/// Makes a piece, never over something that is there.
///
/// # Errors
/// From the system; `AlreadyExists` if there is something of this name.
pub fn make(piece: &Piece) -> io::Result<()> {
    match piece {
        Piece::Directory { path, is_private } => {
            let mut builder = DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, if *is_private { 0o700 } else { 0o755 });
            #[cfg(not(unix))]
            let _ = is_private;
            builder.create(path)
        }
        Piece::File { path, text } => {
            let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicyFile;

    /// Folders are called what they are called.
    #[test]
    fn units_and_crontabs_take_any_path() {
        for (path, unit, cron) in [
            ("/etc/dns", "/etc/dns", "/etc/dns"),
            ("/my zones", "\"/my zones\"", "'/my zones'"),
            ("/a%b$c", "/a%%b$$c", "'/a\\%b$c'"),
            ("/it's \"x\"", "\"/it's \\\"x\\\"\"", "'/it'\\''s \"x\"'"),
        ] {
            assert_eq!((unit_word(path), cron_word(path)), (unit.to_owned(), cron.to_owned()));
        }
    }

    #[test]
    fn what_is_made_can_be_read() {
        let file = PolicyFile::from_toml(POLICY, "policy.toml").unwrap();
        let policy = file.select(None).unwrap();
        assert_eq!(policy.check(), [], "a policy to begin with gives no cause for warnings");
        let text = config_text("z [1]\"");
        assert!(text.contains("[[]1[]]"), "{text}");
        assert!(toml::from_str::<toml::Table>(&text).is_ok(), "{text}");
    }
}
