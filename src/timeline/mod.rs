//! What is to come, as a table, a calendar and a picture: pure functions from events to text.
//!
//! ```text
//! Timeline: events, lanes of spans ─┬─ table ─▶ text for people
//!                                   ├─ ics ───▶ a calendar (RFC 5545)
//!                                   └─ svg ───▶ a picture: a lane a key, colours for states
//! ```

mod ics;
mod svg;
mod table;

pub use ics::ics;
pub use svg::svg;
pub use table::table;

use crate::base::UnixTime;

/// The events of a zone from now on, and how its keys fare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// The zone.
    pub zone: String,
    /// Where it begins.
    pub now: UnixTime,
    /// Where it ends.
    pub until: UnixTime,
    /// In order of time.
    pub events: Vec<Entry>,
    /// One a key, in the order in which they are drawn.
    pub lanes: Vec<Lane>,
    /// What the forecast rests on, in sentences.
    pub assumptions: Vec<String>,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: UnixTime,
    /// The key, as people name it: `ZSK 12345`; none for the zone as a whole.
    pub key: Option<String>,
    /// What: a name of RFC 7583, `Tpub`.
    pub what: String,
    /// In plain words.
    pub words: String,
    /// Whether somebody has to do something.
    pub is_duty: bool,
}

/// A key in the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The key, as people name it.
    pub label: String,
    /// What else to say of it.
    pub note: String,
    /// Its records, each with its states.
    pub bands: Vec<Band>,
}

/// A record of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    /// `DNSKEY`, `DS`.
    pub record: String,
    /// In order of time; where there is none, no cache has the record.
    pub spans: Vec<Span>,
}

/// A time in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its beginning.
    pub from: UnixTime,
    /// Its end; `None` if it goes on.
    pub to: Option<UnixTime>,
    /// The state.
    pub shade: Shade,
}

/// How far a record is known to caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shade {
    /// Some have it.
    Rumoured,
    /// All have it.
    Omnipresent,
    /// Some still have it.
    Unretentive,
}

impl Shade {
    const ALL: [Self; 3] = [Self::Rumoured, Self::Omnipresent, Self::Unretentive];

    const fn name(self) -> &'static str {
        match self {
            Self::Rumoured => "rumoured",
            Self::Omnipresent => "omnipresent",
            Self::Unretentive => "unretentive",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Rumoured => "published, not yet in every cache",
            Self::Omnipresent => "in every cache",
            Self::Unretentive => "withdrawn, still in some caches",
        }
    }
}

#[cfg(test)]
mod tests;
