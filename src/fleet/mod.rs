//! Many zones under policies, run after run: which zones there are, and what must not be published.
//!
//! ```text
//! zoneseal.toml ─ config ─▶ zones, each with its policy, keys, limits
//! last output + next one ─ guards ─▶ refusals
//! last run ─ ledger ─▶ what need not be done again, and which serials are taken
//! ledgers ─ status ─▶ how all zones stand ─ metrics ─▶ a file for Prometheus
//! ```

pub mod advance;
pub mod by_state;
pub mod catalog;
pub mod config;
pub mod guard;
pub mod hook;
pub mod ledger;
pub mod metrics;
pub mod status;
