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

use super::outcome::Gate;
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

/// Everything goes at once, when no cache can have a DS (E-1). Who trusts a key directly is not told by a DS that goes: if the
/// last key were revoked they would fail until they look again, and without that for ever (RFC 5011 section 5). So that they
/// do not any more must be said by whoever knows.
fn go_insecure(planner: &mut Planner<'_>) {
    let anchor = planner.state.keys.iter().find(|key| {
        key.role.signs_dnskey() && leave::is_anchor(planner.policy, key) && planner.plan.published.contains(&key.id)
    });
    if let Some(key) = anchor {
        let reason = "others trust it directly: for them the zone would be bogus, not insecure, when it is unsigned";
        let help = "have everybody who trusts a key of the zone take it out of their configuration; when they have, say so by \
                    rfc5011 = false in the policy, and with zoneseal rollover start revoke KEY --cancel for a key asked to be \
                    revoked";
        let (what, gate) = ("take out all keys and signatures", Gate::Policy);
        planner.wait(key, what, gate, "RFC 5011 section 5", reason.to_owned(), None, help.to_owned());
        planner.needs_word = true;
        return;
    }
    let conflicts = planner.refuse(Plan::default(), Purpose::Retire);
    if let Some(key) = planner.state.keys.first() {
        let step = super::plan::Move { key, what: "take out all keys and signatures", purpose: Purpose::Retire };
        planner.note(step, &conflicts);
    }
}
