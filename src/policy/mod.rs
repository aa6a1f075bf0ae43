//! Policies: how a zone is to be signed and its keys are to be rolled.
//!
//! ```text
//! preset ─ fields of policy.toml over it ─▶ Policy ─ check across fields ─▶ findings
//! ```

pub mod field;
mod model;
mod preset;
mod value;

pub use field::Field;
pub use model::{
    AlgorithmRoll, CdsPublication, Delays, Denial, DnssecGoal, KeySpec, KskMethod, Lifetime, Nsec3Policy, Policy,
    PurgeDelay, Replacement, Roles, SerialMethod, SignaturePolicy, TtlPolicy, ZonemdDigest, ZskMethod,
};
pub use preset::{Confidence, Preset};
