//! Authoritative DNSSEC zone signing: parse, sign, verify.
//!
//! ```text
//! zone file ─ zonefile ─▶ zone (arena, sorted nodes, cuts) ─ denial ─▶ sign (plan, run) ─▶ output ─▶ signed file
//!                                     ▲ apex DNSKEY/CDS/CDNSKEY          ▲ signers
//! key files ─ keys ───────────────────┴──────────────────────────────────┘
//! signed file ─ zonefile ─▶ zone ─ verify ─▶ findings, verdicts
//! ```

pub mod audit;
pub mod base;
pub mod cli;
pub mod crypto;
pub mod denial;
pub mod fleet;
pub mod keys;
pub mod observe;
pub mod output;
pub mod policy;
pub mod rdata;
pub mod release;
pub mod rollover;
pub mod sign;
pub mod state;
pub mod timeline;
pub mod verify;
pub mod zone;
pub mod zonefile;
