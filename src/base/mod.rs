//! Leaf types: names, types, algorithms, times, text codecs and findings. No I/O; imports no other module of ours.

pub mod algorithm;
pub mod class;
pub mod diagnostic;
pub mod name;
pub(crate) mod octets;
pub mod rtype;
pub mod serde;
pub mod sort_key;
pub mod text;
pub mod time;

pub use self::serde::Octets;
pub use algorithm::{Algorithm, DigestType};
pub use class::Class;
pub use diagnostic::{Diagnostic, Diagnostics, Position, Severity};
pub use name::{Name, NameBuf, NameError};
pub use rtype::Rtype;
pub use time::{Seconds, TimeSpec, Timestamp, Ttl, UnixTime};
