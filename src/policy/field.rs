//! The fields of policy.toml. One table drives reading, printing, explaining and the presets, so that they cannot differ.

mod table;

pub use table::GROUPS;

use super::model::Policy;
use super::preset::{Confidence, Preset};
use toml::de::DeValue;

/// A group of fields, under one heading.
#[derive(Debug)]
pub struct Group {
    /// The heading.
    pub title: &'static str,
    /// The fields, in the order in which they are read and printed.
    pub fields: &'static [Field],
}

/// A field of a policy.
#[derive(Debug)]
pub struct Field {
    /// Its name below `[policy.NAME]`: `keys.zsk.lifetime`.
    pub name: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// What bounds it; see [`super::check`] for the exact inequalities.
    pub bounds: &'static str,
    /// Its value in the presets that have none of their own.
    common: Origin,
    /// Values of presets that differ, or have another source.
    own: &'static [(Preset, Origin)],
    access: Access,
}

/// A value of a preset and where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// As TOML; empty where the preset leaves the field out.
    pub value: &'static str,
    /// Who says so.
    pub source: &'static str,
    /// How sure that is.
    pub confidence: Confidence,
}

/// How a field is found in a policy.
#[derive(Clone, Copy, Debug)]
struct Access {
    /// What it takes, for messages.
    form: &'static str,
    set: fn(&mut Policy, &DeValue<'_>) -> Result<(), SetError>,
    /// As TOML; `None` if the policy has no such field.
    get: fn(&Policy) -> Option<String>,
}

/// Why a field cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetError {
    /// The value has not the field's form.
    Form,
    /// The field belongs to NSEC3, and the policy has NSEC.
    NeedsNsec3,
}

impl Field {
    /// What its value looks like.
    #[must_use]
    pub const fn form(&self) -> &'static str {
        self.access.form
    }

    /// Its value in a preset, and where that comes from.
    #[must_use]
    pub fn origin(&self, preset: Preset) -> Origin {
        self.own.iter().find(|(owner, _)| *owner == preset).map_or(self.common, |&(_, origin)| origin)
    }

    /// Its value in a policy as TOML; `None` if the policy has none, as NSEC3 parameters of a zone with NSEC.
    #[must_use]
    pub fn get(&self, policy: &Policy) -> Option<String> {
        (self.access.get)(policy)
    }

    /// Sets it.
    ///
    /// # Errors
    /// See [`SetError`].
    pub fn set(&self, value: &DeValue<'_>, policy: &mut Policy) -> Result<(), SetError> {
        (self.access.set)(policy, value)
    }

    /// Sets it to what a preset has.
    pub(super) fn set_to_preset(&self, preset: Preset, policy: &mut Policy) {
        let origin = self.origin(preset);
        if origin.value.is_empty() {
            return;
        }
        let value = DeValue::parse(origin.value).expect("preset values are TOML, as a test shows");
        self.set(value.get_ref(), policy).expect("preset values fit their fields, as a test shows");
    }
}

/// All fields, in order.
pub fn all() -> impl Iterator<Item = &'static Field> {
    GROUPS.iter().flat_map(|group| group.fields)
}

/// The field with a name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Field> {
    all().find(|field| field.name == name)
}

/// The known name nearest to one that is not known, if any is near.
#[must_use]
pub fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let candidates = known.map(|candidate| (likeness(name, candidate), candidate));
    let best = candidates.max_by(|(left, _), (right, _)| left.total_cmp(right))?;
    (best.0 > 0.6).then_some(best.1)
}

/// How like a name is to a known one; a name that is all of a known one's last part is near too (`lifetime`).
fn likeness(name: &str, known: &str) -> f64 {
    let last = known.rsplit('.').next().unwrap_or(known);
    let whole = strsim::normalized_damerau_levenshtein(name, known);
    whole.max(strsim::normalized_damerau_levenshtein(name, last) * 0.95)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn presets_set_every_field_to_what_the_table_says() {
        for preset in Preset::ALL {
            let policy = Policy::preset(preset);
            for field in all() {
                let expected = field.origin(preset).value;
                let found = field.get(&policy).unwrap_or_default();
                assert_eq!(found, expected, "{} of {}", field.name, preset.name());
            }
        }
    }

    #[test]
    fn names_are_unique_and_every_entry_is_whole() {
        let names: BTreeSet<_> = all().map(|field| field.name).collect();
        assert_eq!(names.len(), all().count());
        for field in all() {
            assert!(
                !field.summary.is_empty() && !field.bounds.is_empty() && !field.form().is_empty(),
                "{}",
                field.name
            );
            for preset in Preset::ALL {
                assert!(field.origin(preset).source.len() > 5, "{} of {}", field.name, preset.name());
            }
        }
    }

    #[test]
    fn near_names() {
        for (name, known) in [
            ("signature-validity", Some("signatures-validity")),
            ("signatures-validty", Some("signatures-validity")),
            ("max-zone-tll", Some("max-zone-ttl")),
            ("lifetime", Some("keys.ksk.lifetime")),
            ("colour", None),
        ] {
            let found = nearest(name, all().map(|field| field.name));
            let last = |path: &'static str| path.rsplit('.').next();
            assert_eq!(found.and_then(last), known.and_then(last), "{name}");
        }
    }
}
