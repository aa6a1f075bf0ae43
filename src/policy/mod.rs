//! Policies: how a zone is to be signed and its keys are to be rolled.
//!
//! ```text
//! preset ─ fields of policy.toml over it ─▶ Policy ─ check across fields ─▶ findings
//! ```

pub mod check;
pub mod field;
mod file;
pub mod import;
mod intervals;
pub mod load;
mod mark;
mod model;
mod preset;
mod print;
pub mod timing;
mod value;

pub use field::Field;
pub use file::{FilePolicy, PolicyFile};
pub use intervals::Intervals;
pub use mark::PolicyMark;
pub use model::{
    AlgorithmRoll, CdsPublication, Delays, Denial, DnssecGoal, KeySpec, KskMethod, Lifetime, Nsec3Policy, Policy,
    PurgeDelay, Replacement, Roles, SerialMethod, SignaturePolicy, TtlPolicy, ZonemdDigest, ZskMethod,
};
pub use preset::{Confidence, Preset};
pub use print::{push_comment, to_toml};

use crate::base::Position;
use std::sync::Arc;

/// The place of an octet of a text.
fn text_position(file: &Arc<str>, text: &str, offset: usize) -> Position {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Position { file: file.clone(), line: number(line), column: number(before.len() - line_start + 1) }
}
