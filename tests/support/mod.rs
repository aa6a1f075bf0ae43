//! What several test programs share.

pub mod odd_zone;
