//! A zone's rollover state on disk: kept whole, changed by one process at a time, and every change logged.
//!
//! ```text
//! <KEYDIR>/example.com.zoneseal.json    the state and the log entry it was written with; replaced in one step
//!          example.com.zoneseal.log     one entry a line, each with the hash of the line before
//!          example.com.zoneseal.lock    one process at a time
//!          trash/                       key files no longer needed; nothing is ever deleted
//! ```
//!
//! The state is never trusted over content: where it is missing, or the keys and the signed zone say otherwise, it is made
//! anew from them.

pub mod adopt;
mod disk;
pub mod error;
pub mod lock;
pub mod log;
pub mod paths;
pub mod reconstruct;
pub mod store;
pub mod told;
pub mod trash;
pub mod who;

pub use error::{StateError, StateErrorKind};
pub use lock::{Lock, LockOptions};
pub use log::{LogEntry, LogLine, LoggedEntry};
pub use paths::StatePaths;
pub use store::{Guard, SCHEMA, StateFile};
pub use who::Who;

/// Mode of the files, whatever the umask.
const FILE_MODE: u32 = 0o600;
