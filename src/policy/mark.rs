//! Which policy a zone is run under, as its state remembers it: what is not named again stays in force.

use super::model::Policy;
use super::preset::Preset;
use super::print::to_toml;
use crate::base::text::push_hex;
use crate::crypto::digest::sha256;
use serde::{Deserialize, Serialize};
use std::path::{Path, absolute};

/// A policy by the name it was given, and by what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyMark {
    /// How it was named: a preset, FILE or FILE:NAME. A file in the directory of the keys is named from there, any other by
    /// its absolute path.
    pub argument: String,
    /// Its own name.
    pub name: String,
    /// SHA-256 of all its fields, in hexadecimal.
    pub digest: String,
    /// Whether somebody named it, or put it beside the keys; else it is what there was for want of another.
    pub is_named: bool,
}

impl PolicyMark {
    /// The mark of a policy that was found by some argument, for a zone whose keys are in a directory.
    #[must_use]
    pub fn of(policy: &Policy, argument: &str, is_named: bool, directory: &Path) -> Self {
        let mut digest = Vec::new();
        push_hex(&sha256(&[to_toml(policy, |_| None).as_bytes()]), &mut digest);
        Self {
            argument: stored(argument, directory),
            name: policy.name.clone(),
            digest: String::from_utf8_lossy(&digest).to_ascii_lowercase(),
            is_named,
        }
    }

    /// The argument by which to find the policy again.
    #[must_use]
    pub fn find_in(&self, directory: &Path) -> String {
        if Preset::from_name(&self.argument).is_some() {
            return self.argument.clone();
        }
        // Joining an absolute path gives that path.
        directory.join(&self.argument).display().to_string()
    }

    /// How this policy differs from the one before it, in words; `None` if it does not.
    #[must_use]
    pub fn change_since(&self, before: &Self) -> Option<String> {
        if (&self.argument, &self.name) != (&before.argument, &before.name) {
            return Some(format!("another policy: {} in place of {}", self.title(), before.title()));
        }
        (self.digest != before.digest).then(|| format!("the policy {} has changed", self.title()))
    }

    /// The policy as messages name it.
    #[must_use]
    pub fn title(&self) -> String {
        if self.name == self.argument { self.name.clone() } else { format!("{} ({})", self.name, self.argument) }
    }
}

/// An argument in a form that holds wherever the program is run from.
fn stored(argument: &str, directory: &Path) -> String {
    if Preset::from_name(argument).is_some() {
        return argument.to_owned();
    }
    let (Ok(path), Ok(directory)) = (absolute(argument), absolute(directory)) else { return argument.to_owned() };
    path.strip_prefix(&directory).unwrap_or(&path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_hold_wherever_one_stands() {
        let directory = Path::new("/zones/keys");
        let policy = Policy::default();
        for (argument, stored, found) in [
            ("nist-81r3", "nist-81r3", "nist-81r3"),
            ("/zones/keys/policy.toml", "policy.toml", "/zones/keys/policy.toml"),
            ("/zones/keys/policy.toml:strict", "policy.toml:strict", "/zones/keys/policy.toml:strict"),
            ("/etc/policies.toml:strict", "/etc/policies.toml:strict", "/etc/policies.toml:strict"),
        ] {
            let mark = PolicyMark::of(&policy, argument, true, directory);
            assert_eq!((mark.argument.as_str(), mark.find_in(directory).as_str()), (stored, found));
        }
    }

    #[test]
    fn changes_are_told() {
        let mark = |change: fn(&mut Policy), argument| {
            let mut policy = Policy::default();
            change(&mut policy);
            PolicyMark::of(&policy, argument, true, Path::new("/keys"))
        };
        let before = mark(|_| {}, "/keys/policy.toml");
        assert_eq!(mark(|_| {}, "/keys/policy.toml").change_since(&before), None);
        let changed = mark(|policy| policy.rfc5011 = true, "/keys/policy.toml").change_since(&before);
        assert_eq!(changed.as_deref(), Some("the policy nist-81r3 (policy.toml) has changed"));
        let other = mark(|_| {}, "stig").change_since(&before);
        assert_eq!(other.as_deref(), Some("another policy: nist-81r3 (stig) in place of nist-81r3 (policy.toml)"));
    }
}
