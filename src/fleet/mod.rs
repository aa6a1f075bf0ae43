//! Many zones under policies, run after run: which zones there are, what is due, and what must not be published.
//!
//! ```text
//! zoneseal.toml ─ config ─▶ zones, each with its policy, keys, limits
//! last run ─ ledger, fingerprint ─▶ zones with nothing due; which serials are taken
//! the others ─ zone: eyes, engine, guards (look), sign ─▶ published version, hook, ledger
//! ledgers, last run ─ status ─▶ how all zones stand ─ metrics ─▶ a file for Prometheus
//! ```

pub mod advance;
pub mod anchor;
pub mod by_state;
pub mod catalog;
pub mod check;
pub mod config;
mod eyes;
pub mod fingerprint;
pub mod guard;
pub mod hook;
pub mod init;
pub mod last_run;
pub mod ledger;
pub mod look;
pub mod metrics;
pub mod options;
mod outlook;
pub mod overrides;
pub mod run;
pub mod status;
mod zone;
