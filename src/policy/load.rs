//! A policy as the command line names it: a preset, a file, or one of several policies in a file.

use super::file::{FilePolicy, PolicyFile};
use super::model::Policy;
use super::preset::Preset;
use crate::base::{Diagnostic, Severity};
use std::fs;
use std::path::Path;

/// A policy with what is doubtful about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The policy.
    pub policy: Policy,
    /// Warnings; there are no errors.
    pub warnings: Vec<Diagnostic>,
}

/// Why there is no policy.
#[derive(Clone, Debug)]
pub enum LoadError {
    /// The file could not be read, or has no such policy: one sentence that names the file.
    Unusable(String),
    /// The file is no policy file, or the policy breaks what [`Policy::check`] asks for: errors, and warnings after them.
    Invalid(Vec<Diagnostic>),
}

/// A policy that was named, before it is checked.
#[derive(Clone, Debug)]
pub enum Named {
    /// A preset.
    Preset(Preset),
    /// One of a file.
    File(Box<FilePolicy>),
}

impl Named {
    /// The policy.
    #[must_use]
    pub fn policy(&self) -> Policy {
        match self {
            Self::Preset(preset) => Policy::preset(*preset),
            Self::File(file) => file.policy.clone(),
        }
    }
}

/// Finds what `NAME`, `FILE` or `FILE:NAME` names. The name of a preset is that preset, whatever files there are.
///
/// # Errors
/// See [`LoadError`]; what is wrong across fields is not looked for.
pub fn find(argument: &str) -> Result<Named, LoadError> {
    if let Some(preset) = Preset::from_name(argument) {
        return Ok(Named::Preset(preset));
    }
    let (path, name) = match argument.rsplit_once(':') {
        Some((path, name)) if !Path::new(argument).exists() && !path.is_empty() => (path, Some(name)),
        _ => (argument, None),
    };
    let file = read_file(path)?;
    let policy =
        file.select(name).map_err(|message| LoadError::Unusable(format!("{path}: {message}; use FILE:NAME")))?;
    Ok(Named::File(Box::new(policy.clone())))
}

/// Reads a policy file.
///
/// # Errors
/// See [`LoadError`]; what is wrong across fields is not looked for.
pub fn read_file(path: &str) -> Result<PolicyFile, LoadError> {
    let text = fs::read_to_string(path).map_err(|error| {
        let known = Preset::ALL.map(Preset::name);
        let help =
            if path.contains(['/', '.']) { String::new() } else { format!("; the presets are {}", known.join(", ")) };
        LoadError::Unusable(format!("{path}: {error}{help}"))
    })?;
    PolicyFile::from_toml(&text, path).map_err(LoadError::Invalid)
}

/// Finds and checks what `NAME`, `FILE` or `FILE:NAME` names.
///
/// # Errors
/// See [`LoadError`].
pub fn load(argument: &str) -> Result<Loaded, LoadError> {
    let (policy, findings) = match find(argument)? {
        Named::Preset(preset) => (Policy::preset(preset), Vec::new()),
        Named::File(file) => (file.policy.clone(), file.check()),
    };
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(LoadError::Invalid(findings));
    }
    Ok(Loaded { policy, warnings: findings })
}
