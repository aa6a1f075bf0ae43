//! Zone cuts: what each name is, found in one pass over names in canonical order (SIG-4 to SIG-6).

use super::NodeStatus;

/// The pass. Feed it every owner's sort key relative to the apex, ascending.
///
/// In canonical order all names below a name follow it directly, so the cut last met is the only one that can hide a
/// name, and a cut that is itself hidden never becomes the cut in force: the topmost wins (SIG-6).
#[derive(Clone, Debug, Default)]
pub(super) struct Cuts {
    /// Key of the topmost zone cut or DNAME owner last met; names below it are occluded.
    hiding: Option<Vec<u8>>,
}

impl Cuts {
    /// What the name with this key is; the apex has the empty key. NS makes a cut everywhere but at the apex, DNAME
    /// hides what is below its owner even at the apex (RFC 6672 section 2.4).
    pub(super) fn status(&mut self, key: &[u8], has_ns: bool, has_dname: bool) -> NodeStatus {
        let is_below = |above: &Vec<u8>| key.len() > above.len() && key.starts_with(above);
        if self.hiding.as_ref().is_some_and(is_below) {
            return NodeStatus::Occluded;
        }
        let is_apex = key.is_empty();
        let is_cut = has_ns && !is_apex;
        if is_cut || has_dname {
            let hiding = self.hiding.get_or_insert_default();
            hiding.clear();
            hiding.extend_from_slice(key);
        }
        match (is_apex, is_cut) {
            (true, _) => NodeStatus::Apex,
            (false, true) => NodeStatus::Delegation,
            (false, false) => NodeStatus::Authoritative,
        }
    }
}

/// Keys of the names above `key`, topmost first, that are neither the apex nor at or above `previous`, the key before
/// it in canonical order. Nothing stands at them: a name with data would have come between the two.
pub(super) fn missing_ancestors<'k>(previous: &[u8], key: &'k [u8]) -> impl Iterator<Item = &'k [u8]> {
    let same = previous.iter().zip(key).take_while(|(left, right)| left == right).count();
    // Labels end in 0x00, and it occurs nowhere else in a key.
    let shared = key[..same].iter().rposition(|&byte| byte == 0).map_or(0, |at| at + 1);
    let ends = (shared..key.len().saturating_sub(1)).filter(move |&at| key[at] == 0);
    ends.map(move |at| &key[..=at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ancestors_that_nobody_brought_yet() {
        for (previous, key, missing) in [
            (&b""[..], &b"a\0"[..], &[][..]),
            (b"", b"c\0b\0a\0", &[&b"c\0"[..], b"c\0b\0"]),
            (b"c\0b\0a\0", b"c\0b\0b\0", &[]),
            (b"c\0b\0a\0", b"c\0bb\0b\0", &[&b"c\0bb\0"[..]]),
            (b"c\0", b"c\0b\0a\0", &[&b"c\0b\0"[..]]),
            (b"cc\0", b"ccc\0b\0", &[&b"ccc\0"[..]]),
        ] {
            assert_eq!(missing_ancestors(previous, key).collect::<Vec<_>>(), missing, "{previous:?} {key:?}");
        }
    }

    #[test]
    fn topmost_cut_wins() {
        let mut cuts = Cuts::default();
        for (key, has_ns, has_dname, status) in [
            (&b""[..], true, false, NodeStatus::Apex),
            (b"a\0", true, false, NodeStatus::Delegation),
            (b"a\0b\0", true, false, NodeStatus::Occluded),
            (b"a\0b\0c\0", false, false, NodeStatus::Occluded),
            (b"ab\0", false, false, NodeStatus::Authoritative),
            (b"d\0", false, true, NodeStatus::Authoritative),
            (b"d\0x\0", true, false, NodeStatus::Occluded),
            (b"e\0", false, false, NodeStatus::Authoritative),
        ] {
            assert_eq!(cuts.status(key, has_ns, has_dname), status, "{key:?}");
        }
    }

    #[test]
    fn dname_at_the_apex_hides_all_below() {
        let mut cuts = Cuts::default();
        assert_eq!(cuts.status(b"", true, true), NodeStatus::Apex);
        assert_eq!(cuts.status(b"a\0", false, false), NodeStatus::Occluded);
    }
}
