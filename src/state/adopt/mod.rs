//! x
pub mod bind;
pub mod knot;
