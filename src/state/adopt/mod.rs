//! Taking over keys that exist: what other signers left of them becomes a state, and no key moves for that.
//!
//! ```text
//! key files, their times ─┐
//! BIND's .state files ────┼─ take_over ─▶ ZoneState that holds until no cache has anything from before
//! Knot's list and keys ───┤              └ what was taken for what, what was assumed
//! signed zone ────────────┘ (what it shows counts, whatever the files say)
//! ```

pub mod bind;
pub mod knot;
mod take_over;

pub use take_over::{Found, Taken, take_over};
