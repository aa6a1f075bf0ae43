//! `zoneseal init`, `config check` and `run`: what they do, what stops them, and that a year of cron keeps zones valid.
//!
//! Method: the program's own entry point with a time of its own, in temporary folders; the published zones are judged by
//! the verifier with the DS a parent would have.

mod basics;
mod faults;
mod guards;
mod place;
mod plans;
mod year;
