//! Who changes something, for the log and the lock.

use serde::{Deserialize, Serialize};

/// The person and the program behind a change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Who {
    /// Name of the user the process runs as, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Number of that user, where the system has such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The user who used `sudo` to become that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sudo_user: Option<String>,
    /// Who it was by their own account: `--who` or `ZONESEAL_WHO`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// Name and version of the program.
    pub program: String,
    /// Process, for the lock only.
    #[serde(skip)]
    pub pid: u32,
    /// Command line, for the lock only.
    #[serde(skip)]
    pub command: String,
}

impl Who {
    /// In a few words: `root (uid 0, sudo by alice), as night shift`.
    #[must_use]
    pub fn words(&self) -> String {
        let mut details = Vec::new();
        if let Some(uid) = self.uid {
            details.push(format!("uid {uid}"));
        }
        if let Some(user) = &self.sudo_user {
            details.push(format!("sudo by {user}"));
        }
        let mut words = self.user.clone().unwrap_or_else(|| "somebody".into());
        if !details.is_empty() {
            words.push_str(&format!(" ({})", details.join(", ")));
        }
        if let Some(said) = &self.said {
            words.push_str(&format!(", as {said}"));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_words() {
        let mut who = Who { program: "zoneseal 0".into(), ..Who::default() };
        assert_eq!(who.words(), "somebody");
        who = Who {
            user: Some("root".into()),
            uid: Some(0),
            sudo_user: Some("alice".into()),
            said: Some("bob".into()),
            ..who
        };
        assert_eq!(who.words(), "root (uid 0, sudo by alice), as bob");
        let text = serde_json::to_string(&who).unwrap();
        assert_eq!(serde_json::from_str::<Who>(&text).unwrap(), who);
    }
}
