//! The moves: what keys should do next by the method of their roll. The gate decides whether they may.
//!
//! ```text
//! publish ─▶ data ─▶ leave ─▶ ds
//! ```
//!
//! Each looks at what is published, tries the step its method has next, and leaves a word where it must wait.

mod data;
mod ds;
mod leave;
mod publish;

pub(super) use ds::Delegation;
pub(super) use leave::leaves_unrevoked;

use super::plan::{Plan, Planner};
use super::timing::Purpose;
use crate::policy::DnssecGoal;

/// Makes all moves the gate lets through.
pub(super) fn make(planner: &mut Planner<'_>) {
    if planner.policy.dnssec == DnssecGoal::Insecure {
        go_insecure(planner);
        if planner.plan == Plan::default() {
            return;
        }
    }
    publish::bring_back(planner);
    publish::publish(planner);
    data::sign(planner);
    leave::leave(planner);
    data::drop_signatures(planner);
}

/// Makes the moves that no cache can mind, whatever was published before: successors of stolen keys come in beside them.
pub(super) fn make_in_hold(planner: &mut Planner<'_>) {
    publish::publish_successors(planner);
}

/// Everything goes at once, when no cache can have a DS (E-1).
fn go_insecure(planner: &mut Planner<'_>) {
    let conflicts = planner.refuse(Plan::default(), Purpose::Retire);
    if let Some(key) = planner.state.keys.first() {
        let step = super::plan::Move { key, what: "take out all keys and signatures", purpose: Purpose::Retire };
        planner.note(step, &conflicts);
    }
}
