//! Who runs the program, for logs and locks, and how long to wait for a lock: what the commands that change state share.

use super::{Env, Failure};
use crate::base::Seconds;
use crate::state::{LockOptions, Who};
use std::time::Duration;

/// `--who` and `--lock-timeout`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct WhoArgs {
    /// Who you are, for the log; beside the user's name, which is logged anyway (default: $ZONESEAL_WHO)
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    #[command(flatten)]
    lock: LockArg,
}

/// `--lock-timeout`, of every command that reads or changes state.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct LockArg {
    /// How long to wait while another process works on the zone
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_duration)]
    lock_timeout: Seconds,
}

fn parse_duration(text: &str) -> Result<Seconds, String> {
    Seconds::from_text(text).ok_or_else(|| "not a duration: for example 30s or 5m".into())
}

impl LockArg {
    /// As the library wants it.
    pub(super) fn timeout(self) -> Duration {
        Duration::from_secs(self.lock_timeout.0.unsigned_abs())
    }
}

impl WhoArgs {
    /// The person and the process.
    pub(super) fn who(&self) -> Who {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let uid = uid();
        let arguments: Vec<_> = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
        Who {
            user: uid.and_then(user_name).or_else(|| variable("USER")).or_else(|| variable("LOGNAME")),
            uid,
            sudo_user: variable("SUDO_USER"),
            said: self.who.clone().or_else(|| variable("ZONESEAL_WHO")),
            program: concat!("zoneseal ", env!("CARGO_PKG_VERSION")).into(),
            pid: std::process::id(),
            command: arguments.join(" "),
        }
    }

    /// How long to wait for a lock.
    pub(super) fn timeout(&self) -> Duration {
        self.lock.timeout()
    }

    /// How to take the lock.
    pub(super) fn lock_options<'a>(&self, who: &'a Who, env: &Env<'_>) -> LockOptions<'a> {
        LockOptions { who, at: env.now, timeout: self.lock.timeout() }
    }
}

/// The user the process runs as: Linux shows it as the owner of the process's folder.
fn uid() -> Option<u32> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata("/proc/self").ok().map(|metadata| metadata.uid())
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// The name of a user in the local list of users.
fn user_name(uid: u32) -> Option<String> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// From the state of a zone.
impl From<crate::state::StateError> for Failure {
    fn from(error: crate::state::StateError) -> Self {
        match error.is_locked() {
            true => Self::Locked(error.to_string()),
            false => Self::new(error),
        }
    }
}
