//! What operators ask for in the place of what the policy says: in force until the policy says so too, or it is taken back.

use super::model::{Role, ZoneState};
use super::outcome::Action;
use super::view::DenialView;
use crate::base::{Algorithm, UnixTime};
use crate::policy::{Denial, DnssecGoal, Nsec3Policy, Policy, Roles};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A choice, and who knows when and why it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked<T> {
    /// What is asked for.
    pub value: T,
    /// When it was.
    pub at: UnixTime,
    /// Why, in the operator's words.
    #[serde(default)]
    pub reason: String,
}

/// An algorithm with the size of its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyKind {
    /// Algorithm.
    pub algorithm: Algorithm,
    /// Bits of an RSA modulus.
    #[serde(default)]
    pub bits: Option<u16>,
}

/// What is asked for in the place of what the policy says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Overrides {
    /// The algorithm of all keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<Asked<KeyKind>>,
    /// Whether the zone is to be signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dnssec: Option<Asked<DnssecGoal>>,
    /// The chain, with its salt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denial: Option<Asked<DenialView>>,
    /// How many keys stand by.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub standby: BTreeMap<Role, Asked<u8>>,
}

impl Overrides {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The policy with what is asked for in its place.
    #[must_use]
    pub fn in_force<'p>(&self, policy: &'p Policy) -> Cow<'p, Policy> {
        if self.is_empty() {
            return Cow::Borrowed(policy);
        }
        let mut policy = policy.clone();
        if let Some(Asked { value: KeyKind { algorithm, bits }, .. }) = self.algorithm {
            (policy.ksk.algorithm, policy.zsk.algorithm, policy.csk.algorithm) = (algorithm, algorithm, algorithm);
            (policy.ksk.bits, policy.zsk.bits, policy.csk.bits) = (bits, bits, bits);
        }
        if let Some(asked) = &self.dnssec {
            policy.dnssec = asked.value;
        }
        match self.denial.as_ref().map(|asked| &asked.value) {
            Some(DenialView::Nsec3(view)) => {
                let salt_length = u8::try_from(view.salt.0.len()).unwrap_or(u8::MAX);
                policy.denial =
                    Denial::Nsec3(Nsec3Policy { iterations: view.iterations, salt_length, opt_out: view.opt_out });
            }
            Some(DenialView::Nsec) => policy.denial = Denial::Nsec,
            Some(DenialView::None) | None => {}
        }
        for (role, asked) in &self.standby {
            *standby_of(&mut policy, *role) = asked.value;
        }
        Cow::Owned(policy)
    }
}

fn standby_of(policy: &mut Policy, role: Role) -> &mut u8 {
    match role {
        Role::Ksk => &mut policy.ksk.standby,
        Role::Zsk => &mut policy.zsk.standby,
        Role::Csk => &mut policy.csk.standby,
    }
}

impl ZoneState {
    /// Drops what the policy says too by now, and what is done and stays so without it.
    pub(super) fn drop_served_overrides(&mut self, policy: &Policy) -> Vec<Action> {
        let mut served = Vec::new();
        if self.overrides.algorithm.as_ref().is_some_and(|asked| self.has_algorithm(policy, asked.value)) {
            served.push("the algorithm");
            self.overrides.algorithm = None;
        }
        if self.overrides.dnssec.as_ref().is_some_and(|asked| asked.value == policy.dnssec) {
            served.push("whether the zone is signed");
            self.overrides.dnssec = None;
        }
        if self.overrides.denial.as_ref().is_some_and(|asked| self.has_denial(policy, &asked.value)) {
            served.push("the denial of existence");
            self.overrides.denial = None;
        }
        let mut plain = policy.clone();
        let count = self.overrides.standby.len();
        self.overrides.standby.retain(|role, asked| *standby_of(&mut plain, *role) != asked.value);
        if self.overrides.standby.len() < count {
            served.push("the keys that stand by");
        }
        let message = |what| Action::Notify {
            message: format!(
                "What was asked for about {what} is as the policy says now: the policy goes on from here."
            ),
        };
        served.into_iter().map(message).collect()
    }

    /// Whether the policy, or the keys of a zone whose keys stay as they are found, have an algorithm.
    fn has_algorithm(&self, policy: &Policy, kind: KeyKind) -> bool {
        if self.is_kept_as_found {
            let mut keys = self.keys.iter().filter(|key| key.goal == super::model::Goal::In).peekable();
            return keys.peek().is_some() && keys.all(|key| key.algorithm == kind.algorithm);
        }
        let fits = |algorithm, bits| (algorithm, bits) == (kind.algorithm, kind.bits);
        match policy.roles {
            Roles::Csk => fits(policy.csk.algorithm, policy.csk.bits),
            Roles::KskZsk => fits(policy.ksk.algorithm, policy.ksk.bits) && fits(policy.zsk.algorithm, policy.zsk.bits),
        }
    }

    /// Whether a chain is there, and stays by the policy alone.
    fn has_denial(&self, policy: &Policy, asked: &DenialView) -> bool {
        let stays = self.is_kept_as_found
            || match (policy.denial, asked) {
                (Denial::Nsec, DenialView::Nsec) => true,
                (Denial::Nsec3(policy), DenialView::Nsec3(view)) => view.fits(policy),
                _ => false,
            };
        stays && self.confirmed.denial == *asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Octets;
    use crate::rollover::view::Nsec3View;

    fn asked<T>(value: T) -> Asked<T> {
        Asked { value, at: UnixTime(1), reason: String::new() }
    }

    #[test]
    fn what_is_asked_for_is_in_force_until_the_policy_says_so_too() {
        let mut state = ZoneState::new("example.".parse().unwrap());
        let policy = Policy::default();
        let kind = KeyKind { algorithm: Algorithm::ED25519, bits: None };
        state.overrides.algorithm = Some(asked(kind));
        state.overrides.standby.insert(Role::Zsk, asked(2));
        let changed = state.overrides.in_force(&policy).into_owned();
        assert_eq!((changed.ksk.algorithm, changed.zsk.algorithm), (Algorithm::ED25519, Algorithm::ED25519));
        assert_eq!((changed.zsk.standby, changed.ksk.standby), (2, policy.ksk.standby));
        assert_eq!(state.drop_served_overrides(&policy), []);
        assert_eq!(state.drop_served_overrides(&changed).len(), 2);
        assert!(state.overrides.is_empty());
    }

    /// A salt of the same length is no change of the policy: it is done when it is published.
    #[test]
    fn a_salt_stays_asked_for_until_it_is_published() {
        let mut state = ZoneState::new("example.".parse().unwrap());
        let salted = Nsec3Policy { salt_length: 2, ..Nsec3Policy::default() };
        let policy = Policy { denial: Denial::Nsec3(salted), ..Policy::default() };
        let view = DenialView::Nsec3(Nsec3View { salt: Octets(vec![1, 2]), ..Nsec3View::default() });
        state.overrides.denial = Some(asked(view.clone()));
        assert_eq!(state.drop_served_overrides(&policy), []);
        state.confirmed.denial = view;
        assert_eq!(state.drop_served_overrides(&policy).len(), 1);
    }
}
