//! The engine under test, behind a seam at which known bugs can be planted.

use zoneseal::base::UnixTime;
use zoneseal::policy::Policy;
use zoneseal::rollover::{self, Observations, Step, ZoneState, ZoneView};

/// What a run of the signer uses of the engine.
pub(crate) trait Engine: Sync {
    fn step(&self, policy: &Policy, state: &ZoneState, seen: &Observations, now: UnixTime) -> Step {
        rollover::step(policy, state, seen, now)
    }

    /// Whether it is the engine itself, which must also keep its promises beside safety. A lie may break those.
    fn is_honest(&self) -> bool {
        false
    }

    fn confirm(&self, state: &mut ZoneState, view: &ZoneView, at: UnixTime) {
        state.confirm(view, at);
    }
}

/// The engine as it is.
#[derive(Debug)]
pub(crate) struct Real;

impl Engine for Real {
    fn is_honest(&self) -> bool {
        true
    }
}
