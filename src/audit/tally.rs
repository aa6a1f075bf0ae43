//! The same thing at many names: the worst place and how many there are.

use super::Finding;
use crate::base::{Position, Rtype, Severity};
use crate::zone::NodeRef;

/// Places at which something is so, and the one where it is most so.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    count: u64,
    worst: Option<Worst>,
}

/// The place that stands for all.
#[derive(Clone, Debug)]
struct Worst {
    degree: i64,
    subject: String,
    position: Option<Position>,
}

/// What a finding says beyond its place.
pub(super) struct Words {
    pub(super) id: &'static str,
    pub(super) code: &'static str,
    pub(super) severity: Severity,
    pub(super) found: String,
    pub(super) asked: String,
    pub(super) fix: String,
}

impl Tally {
    /// Counts a place; the first of the highest degree is kept.
    pub(super) fn add(&mut self, degree: i64, node: NodeRef<'_>, rtype: Rtype, position: Option<Position>) {
        self.count += 1;
        if self.worst.as_ref().is_none_or(|worst| degree > worst.degree) {
            self.worst = Some(Worst { degree, subject: format!("{} {rtype}", node.owner()), position });
        }
    }

    /// The highest degree, if there was any place.
    pub(super) fn degree(&self) -> Option<i64> {
        self.worst.as_ref().map(|worst| worst.degree)
    }

    /// One finding for all places; `None` if there are none. `words` sees the highest degree.
    pub(super) fn into_finding(self, words: impl FnOnce(i64) -> Words) -> Option<Finding> {
        let Worst { degree, subject, position } = self.worst?;
        let Words { id, code, severity, found, asked, fix } = words(degree);
        Some(Finding { id, code, severity, subject, position, found, asked, fix, count: self.count })
    }
}
