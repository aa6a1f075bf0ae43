//! Output: records as text, and files that appear whole or not at all.

pub mod atomic;
mod committer;
mod replaced;
mod syncing;
mod temporary;
pub mod text;

pub use atomic::{AtomicFile, Output, OutputError, Spool};
pub use committer::{Committer, Deferred, Outcome};
