//! The rollover engine: a pure function from what is known to what is to be done. No I/O, no clock, no randomness.
//!
//! ```text
//! Policy ───────────────┐
//! ZoneState (histories) ┼─ step(now) ─▶ ZoneState, transitions, actions, waiting, next event
//! Observations ─────────┘
//! signed zone ─ ZoneView ─ confirm ─▶ ZoneState: a version ends, another begins
//! ```
//!
//! What caches hold follows from what was published. The state keeps short histories of versions: of the DS RRset at
//! the parent, of the DNSKEY RRset, of the signatures over the zone's data. A move proposes a new version, and the gate
//! holds it against every version that a cache may still have. What it refuses waits, with the reason and the end.

mod asked;
mod children;
mod confirm;
mod essentials;
mod forecast;
mod gate;
mod goals;
mod history;
mod model;
mod moves;
mod outcome;
mod parent;
mod plan;
mod published;
mod states;
mod step;
pub mod timing;
mod view;

pub use asked::{Asked, KeyKind, Overrides};
pub use essentials::{Published, published};
pub use forecast::{Assumptions, EmergencyTimelines, Event, Future, WITHDRAWAL, emergency, forecast};
pub use history::{History, Reach, Version};
pub use model::{
    CdsTarget, Confirmed, DsRequest, Goal, KeyOrder, KeyRecord, KeyTimes, LeaveCause, RecordKind, RecordState,
    RecordStates, Request, RequestKind, Role, Target, ZoneState,
};
pub use outcome::{Action, Gate, Step, Transition, Waiting};
pub use published::{DataSigners, DnskeySet, DsSet, Keys, algorithm_of, algorithms_of, foreign_key};
pub use states::next_look;
pub use step::step;
pub use view::{
    ChildAnswer, ChildServer, ChildView, DenialView, DsAnswer, Nsec3View, Observations, ParentServer, ParentView,
    SignerTag, Source, ZoneView,
};
