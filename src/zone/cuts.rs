//! Zone cuts: what each name is, found in one pass over names in canonical order (SIG-4 to SIG-6).

use super::NodeStatus;
use crate::base::sort_key::{label_at, label_starts};

/// The pass. Feed it the labels of every owner in front of the apex, as in wire form, in canonical order.
///
/// In canonical order all names below a name follow it directly, so the cut last met is the only one that can hide a
/// name, and a cut that is itself hidden never becomes the cut in force: the topmost wins (SIG-6).
#[derive(Clone, Debug, Default)]
pub(super) struct Cuts<'n> {
    /// Labels of the topmost zone cut or DNAME owner last met; names below it are occluded.
    hiding: Option<&'n [u8]>,
}

impl<'n> Cuts<'n> {
    /// What the name with these labels is; the apex has none. NS makes a cut everywhere but at the apex, DNAME hides what
    /// is below its owner even at the apex (RFC 6672 section 2.4).
    pub(super) fn status(&mut self, labels: &'n [u8], has_ns: bool, has_dname: bool) -> NodeStatus {
        if self.hiding.is_some_and(|above| is_below(labels, above)) {
            return NodeStatus::Occluded;
        }
        let is_apex = labels.is_empty();
        let is_cut = has_ns && !is_apex;
        if is_cut || has_dname {
            self.hiding = Some(labels);
        }
        match (is_apex, is_cut) {
            (true, _) => NodeStatus::Apex,
            (false, true) => NodeStatus::Delegation,
            (false, false) => NodeStatus::Authoritative,
        }
    }
}

/// Whether some labels end in others, and are more.
fn is_below(labels: &[u8], above: &[u8]) -> bool {
    let Some(front) = labels.len().checked_sub(above.len()).filter(|&front| front > 0) else { return false };
    let is_label_start = || {
        let mut at = 0;
        while at < front {
            at += 1 + usize::from(labels[at]);
        }
        at == front
    };
    labels[front..].eq_ignore_ascii_case(above) && is_label_start()
}

/// Where the labels of names above a name start among its own, topmost first, if they are neither the apex nor at or above
/// the previous name in canonical order. Nothing stands at them: a name with data would have come between the two.
pub(super) fn missing_ancestors(previous: &[u8], labels: &[u8]) -> impl Iterator<Item = usize> {
    let is_one = labels.first().is_none_or(|&len| usize::from(len) + 1 == labels.len());
    let (starts, ends) = if is_one { ([0; 128], 1) } else { starts_and_ends(previous, labels) };
    (1..ends).rev().map(move |index| usize::from(starts[index]))
}

/// Where labels start, and the index of the first that ends a name which is at or above the previous one.
fn starts_and_ends(previous: &[u8], labels: &[u8]) -> ([u8; 128], usize) {
    let (starts, count) = label_starts(labels);
    let (previous_starts, previous_count) = label_starts(previous);
    let pairs = starts[..count].iter().rev().zip(previous_starts[..previous_count].iter().rev());
    let is_same =
        |&(&start, &other): &(&u8, &u8)| label_at(labels, start).eq_ignore_ascii_case(label_at(previous, other));
    let shared = pairs.take_while(is_same).count();
    (starts, count - shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The wire form of labels given with dots between.
    fn wire(text: &str) -> Vec<u8> {
        let labels = text.split('.').filter(|label| !label.is_empty());
        labels.flat_map(|label| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat()).collect()
    }

    #[test]
    fn ancestors_that_nobody_brought_yet() {
        for (previous, name, missing) in [
            ("", "a", &[][..]),
            ("", "a.b.c", &["c", "b.c"]),
            ("a.b.c", "b.B.C", &[]),
            ("a.b.c", "b.bb.c", &["bb.c"]),
            ("c", "a.b.c", &["b.c"]),
            ("cc", "b.ccc", &["ccc"]),
            ("a.b", "b.a.b", &[]),
        ] {
            let (previous, name) = (wire(previous), wire(name));
            let found: Vec<&[u8]> = missing_ancestors(&previous, &name).map(|start| &name[start..]).collect();
            let missing: Vec<Vec<u8>> = missing.iter().map(|text| wire(text)).collect();
            assert_eq!(found, missing, "{previous:?} {name:?}");
        }
    }

    #[test]
    fn topmost_cut_wins() {
        let names = ["", "a", "c.B.A", "ab", "d", "x.d", "e", "\x01a.e", "a\x01e"].map(wire);
        let mut cuts = Cuts::default();
        let statuses = [
            (true, false, NodeStatus::Apex),
            (true, false, NodeStatus::Delegation),
            (true, false, NodeStatus::Occluded),
            (false, false, NodeStatus::Authoritative),
            (false, true, NodeStatus::Authoritative),
            (true, false, NodeStatus::Occluded),
            (true, false, NodeStatus::Delegation),
            (false, false, NodeStatus::Occluded),
            // Ends in the octets of the cut, and not where a label starts.
            (false, false, NodeStatus::Authoritative),
        ];
        for (name, (has_ns, has_dname, status)) in names.iter().zip(statuses) {
            assert_eq!(cuts.status(name, has_ns, has_dname), status, "{name:?}");
        }
    }

    #[test]
    fn dname_at_the_apex_hides_all_below() {
        let mut cuts = Cuts::default();
        assert_eq!(cuts.status(b"", true, true), NodeStatus::Apex);
        assert_eq!(cuts.status(b"\x01a", false, false), NodeStatus::Occluded);
    }
}
