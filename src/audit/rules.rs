//! The rules by their ids: what `docs/rules.md` says of each, and which of them a zone and its key files cannot show.

/// The page that explains every rule.
const PAGE: &str = include_str!("../../docs/rules.md");

/// Rules that no file shows, and why.
const NEVER: &[(&str, &str)] = &[
    ("N-4", "nothing to check until an algorithm is specified"),
    ("N-11", "superseded by N-10"),
    ("N-14", "no advice is known"),
    ("N-15", "superseded by N-1 to N-3"),
    ("N-16", "where keys are kept while they are not in use cannot be seen"),
    ("N-17", "whether a key is in a hardware module cannot be seen"),
    ("N-19", "how keys are rolled shows in the state of rolls, not in a zone"),
    ("N-20", "follows from N-6; signatures over the zone's own DS are the parent's"),
    ("N-24", "TIM-4 asks for less where signatures are short"),
    ("N-27", "no advice is known"),
    ("N-30", "transfers are the name server's"),
    ("N-31", "NOTIFY and updates are the name server's"),
    ("N-34", "needs questions to the servers; `zoneseal observe` asks them"),
    ("N-35", "where servers stand cannot be seen"),
    ("N-36", "logging is the name server's"),
    ("N-37", "asks nothing of a signer"),
    ("ALG-2", "needs the policy before; `zoneseal policy check --from` compares two"),
];

/// Rules about key files.
const NEEDS_KEYS: &[(&str, &str)] = &[
    ("N-12", "needs the key files: --keys"),
    ("N-13", "needs the key files: --keys"),
    ("N-18", "needs the key files: --keys"),
];

/// The families of rule ids.
const FAMILIES: [&str; 14] =
    ["ALG", "SIG", "CAN", "TIM", "NSEC", "N3", "ENC", "CDS", "ZMD", "SER", "ZF", "V", "N", "I"];

/// The rules that an audit does not check, and why.
#[must_use]
pub fn not_checked(has_keys: bool) -> Vec<(&'static str, &'static str)> {
    let mut list = NEVER.to_vec();
    if !has_keys {
        list.extend(NEEDS_KEYS);
    }
    list.sort_by_key(|(id, _)| {
        let (family, number) = id.split_once('-').unwrap_or((id, ""));
        (family, number.parse::<u16>().unwrap_or(u16::MAX))
    });
    list
}

/// What a rule asks, in a sentence; `None` for an id that there is not.
#[must_use]
pub fn text(id: &str) -> Option<&'static str> {
    PAGE.lines().find_map(|line| {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        (cells.next()? == id).then(|| cells.next()).flatten()
    })
}

/// The rule id in a reference such as `RFC 4035 section 2.2, SIG-2`; that the zone is verified at all where there is
/// none.
pub(super) fn id_in(reference: &'static str) -> &'static str {
    let mut ids = reference.split([',', ' ']).filter(|word| {
        word.split_once('-').is_some_and(|(family, number)| {
            FAMILIES.contains(&family) && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    });
    ids.next_back().unwrap_or("SIG-18")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Rule;

    #[test]
    fn every_id_has_its_text() {
        for (id, _) in NEVER.iter().chain(NEEDS_KEYS) {
            assert!(text(id).is_some(), "{id}");
        }
        for rule in Rule::ALL {
            let id = id_in(rule.reference());
            assert!(text(id).is_some(), "{id} of {}", rule.code());
        }
        assert_eq!(text("none"), None);
        assert!(text("N-5").is_some_and(|text| text.starts_with("signatures last 5 to 7 days")));
    }

    #[test]
    fn keys_at_hand_are_checked() {
        let ids = |has_keys| not_checked(has_keys).iter().map(|(id, _)| *id).collect::<Vec<_>>();
        assert!(ids(false).contains(&"N-18") && !ids(true).contains(&"N-18"));
        assert_eq!(ids(true)[..3], ["ALG-2", "N-4", "N-11"]);
    }
}
