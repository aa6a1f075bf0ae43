//! Fixed timelines of every kind of roll, with the quantities of RFC 7583 written out, and what a step does beside them.
//!
//! The figures are those of the worked example: TTLsig 1 d, TTLkey 1 h, TTLds 1 d, Dprp 1 h, DprpP 1 h, margins 1 h
//! each, and a parent that has a DS a day after it is handed in (Dreg 24 h).

mod asked;
mod example;
mod kinds;
mod parent;
mod steps;
