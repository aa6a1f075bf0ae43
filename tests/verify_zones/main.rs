//! The verifier against zones signed by others, and against every way to break them.

mod chain;
mod mutations;
mod rules;
mod support;
mod zones;
