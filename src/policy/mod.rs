//! Policies: how a zone is to be signed and its keys are to be rolled.
//!
//! ```text
//! preset ─ fields of policy.toml over it ─▶ Policy ─ check across fields ─▶ findings
//! ```

mod model;
mod preset;

pub use model::{
    AlgorithmRoll, CdsPublication, Delays, Denial, DnssecGoal, KeySpec, KskMethod, Lifetime, Nsec3Policy, Policy,
    PurgeDelay, Replacement, Roles, SerialMethod, SignaturePolicy, TtlPolicy, ZonemdDigest, ZskMethod,
};
pub use preset::Preset;
