//! Output: records as text, and files that appear whole or not at all.

pub mod atomic;
mod temporary;
pub mod text;

pub use atomic::{AtomicFile, Output, OutputError, Spool};
