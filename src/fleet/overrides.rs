//! Guards that an operator overrides once, with a reason.

use super::guard::{Guard, Refusal};
use super::ledger::OverrideNote;
use crate::base::{Name, NameBuf, UnixTime};
use std::str::FromStr;

/// A guard to override, for one zone or for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The guard.
    pub guard: Guard,
    /// The zone; all that the run is for, if none is named.
    pub zone: Option<NameBuf>,
}

impl FromStr for Override {
    type Err = String;

    /// Reads `GUARD` or `GUARD=ZONE`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (guard, zone) = match text.split_once('=') {
            Some((guard, zone)) => (guard, Some(zone)),
            None => (text, None),
        };
        let zone = zone.map(|zone| zone.parse().map_err(|error| format!("zone \"{zone}\": {error}"))).transpose()?;
        Ok(Self { guard: guard.parse()?, zone })
    }
}

/// All that are overridden in a run.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Which.
    pub list: Vec<Override>,
    /// Why, in the operator's words.
    pub reason: String,
}

impl Overrides {
    /// Whether a guard is overridden for a zone.
    #[must_use]
    pub fn covers(&self, guard: Guard, zone: Name<'_>) -> bool {
        let is_for = |one: &Override| one.zone.as_ref().is_none_or(|name| name.as_name() == zone);
        self.list.iter().any(|one| one.guard == guard && is_for(one))
    }

    /// What is refused all the same, and what was overridden.
    #[must_use]
    pub fn sort(&self, refusals: Vec<Refusal>, zone: Name<'_>, at: UnixTime) -> (Vec<Refusal>, Vec<OverrideNote>) {
        let (covered, refused): (Vec<_>, Vec<_>) =
            refusals.into_iter().partition(|refusal| self.covers(refusal.guard, zone));
        let note = |refusal: Refusal| OverrideNote {
            at,
            guard: refusal.guard.name().to_owned(),
            refused: refusal.message,
            reason: self.reason.clone(),
        };
        (refused, covered.into_iter().map(note).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_told_apart() {
        let overrides = Overrides {
            list: ["names-vanished=a.example", "ttl-explosion"].map(|text| text.parse().unwrap()).to_vec(),
            reason: "meant".into(),
        };
        for (guard, zone, expected) in [
            (Guard::NamesVanished, "a.example.", true),
            (Guard::NamesVanished, "b.example.", false),
            (Guard::TtlExplosion, "b.example.", true),
            (Guard::SerialBackwards, "a.example.", false),
        ] {
            let zone: NameBuf = zone.parse().unwrap();
            assert_eq!(overrides.covers(guard, zone.as_name()), expected, "{guard:?} {zone}");
        }
        for text in ["", "names", "names-vanished=a..b"] {
            assert!(text.parse::<Override>().is_err(), "{text}");
        }
    }
}
