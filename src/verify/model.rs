//! What each name of a signed zone really is, with the signer's own records thought away.
//!
//! The zone's [`NodeStatus`] counts every record as data. A chain must not: a name with nothing but an NSEC does not
//! exist (NSEC-1), and an NSEC3's owner is no name of the zone (N3-9).

use crate::base::Rtype;
use crate::zone::{NodeRef, NodeStatus, Zone};

/// What a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The zone's own name.
    Apex,
    /// Owns authoritative data.
    Data,
    /// A zone cut with DS.
    SecureDelegation,
    /// A zone cut without DS.
    InsecureDelegation,
    /// Owns nothing; something authoritative or a secure delegation lies below.
    EmptyNonTerminal,
    /// Owns nothing; only insecure delegations lie below, which opt-out may leave out of the chain (N3-3).
    EmptyAboveInsecure,
    /// Below a cut or a DNAME.
    Occluded,
    /// Not a name of the zone: only signer-made records stand there.
    Nothing,
}

impl Role {
    /// Whether the name has an NSEC in a right chain (NSEC-1).
    pub(super) const fn needs_nsec(self) -> bool {
        matches!(self, Self::Apex | Self::Data | Self::SecureDelegation | Self::InsecureDelegation)
    }

    /// Whether the name may have an NSEC3 (N3-3).
    pub(super) const fn may_have_nsec3(self) -> bool {
        !matches!(self, Self::Occluded | Self::Nothing)
    }

    /// Whether opt-out may leave the name out of an NSEC3 chain.
    pub(super) const fn may_opt_out(self) -> bool {
        matches!(self, Self::InsecureDelegation | Self::EmptyAboveInsecure)
    }

    /// For messages.
    pub(super) const fn describe(self) -> &'static str {
        match self {
            Self::Apex => "the apex",
            Self::Data => "a name with data",
            Self::SecureDelegation => "a delegation with DS",
            Self::InsecureDelegation => "a delegation without DS",
            Self::EmptyNonTerminal | Self::EmptyAboveInsecure => "an empty non-terminal",
            Self::Occluded => "a name below a zone cut or a DNAME",
            Self::Nothing => "a name without data",
        }
    }
}

/// The roles of all nodes, and which kinds of signer-made records there are.
#[derive(Debug)]
pub(super) struct Model {
    roles: Vec<Role>,
    /// Nodes with NSEC3 records, ascending.
    pub(super) nsec3_nodes: Vec<u32>,
    pub(super) has_nsec: bool,
    pub(super) has_rrsig: bool,
}

/// Whether a type is data of the zone rather than made by its signer for the data.
const fn is_data(rtype: Rtype) -> bool {
    !matches!(rtype, Rtype::RRSIG | Rtype::NSEC | Rtype::NSEC3)
}

impl Model {
    /// Looks at every node once, in canonical order.
    pub(super) fn new(zone: &Zone) -> Self {
        let mut model = Self {
            roles: Vec::with_capacity(zone.node_count()),
            nsec3_nodes: Vec::new(),
            has_nsec: false,
            has_rrsig: false,
        };
        let apex_depth = zone.apex().label_count();
        // The names above the node at hand, topmost first: nodes by depth below the apex.
        let mut path: Vec<usize> = Vec::new();
        for node in zone.nodes() {
            let role = model.look_at(node);
            model.roles.push(role);
            if role == Role::Occluded {
                continue;
            }
            let depth = node.owner().label_count() - apex_depth;
            path.truncate(depth);
            if role != Role::Nothing {
                model.mark_ancestors(&path, role);
            }
            path.push(node.index());
        }
        model
    }

    /// The role of a node by its own records, and notes of what it holds.
    fn look_at(&mut self, node: NodeRef<'_>) -> Role {
        let (mut has_data, mut has_ds) = (false, false);
        for rrset in node.rrsets() {
            match rrset.rtype() {
                Rtype::RRSIG => self.has_rrsig = true,
                Rtype::NSEC => self.has_nsec = true,
                Rtype::NSEC3 => self.nsec3_nodes.push(u32::try_from(node.index()).expect("nodes fit 32 bits")),
                rtype => {
                    has_data |= is_data(rtype);
                    has_ds |= rtype == Rtype::DS;
                }
            }
        }
        match node.status() {
            NodeStatus::Apex => Role::Apex,
            NodeStatus::Delegation if has_ds => Role::SecureDelegation,
            NodeStatus::Delegation => Role::InsecureDelegation,
            NodeStatus::Occluded => Role::Occluded,
            NodeStatus::Authoritative | NodeStatus::EmptyNonTerminal if has_data => Role::Data,
            NodeStatus::Authoritative | NodeStatus::EmptyNonTerminal => Role::Nothing,
        }
    }

    /// Makes the nameless ones above a name empty non-terminals. Stops at the first that is already as much as that,
    /// so the work is linear over the zone.
    fn mark_ancestors(&mut self, path: &[usize], below: Role) {
        let mark = if below == Role::InsecureDelegation { Role::EmptyAboveInsecure } else { Role::EmptyNonTerminal };
        for &ancestor in path.iter().rev() {
            let role = &mut self.roles[ancestor];
            match (*role, mark) {
                (Role::Nothing, _) | (Role::EmptyAboveInsecure, Role::EmptyNonTerminal) => *role = mark,
                _ => return,
            }
        }
    }

    /// The role of the node at an index.
    pub(super) fn role(&self, index: usize) -> Role {
        self.roles[index]
    }

    /// For each node the index of the next node with an NSEC in a right chain; after the last comes the apex.
    pub(super) fn next_nsec_nodes(&self) -> Vec<u32> {
        let mut next = vec![0; self.roles.len()];
        let mut following = 0;
        for (index, role) in self.roles.iter().enumerate().rev() {
            next[index] = following;
            if role.needs_nsec() {
                following = u32::try_from(index).expect("nodes fit 32 bits");
            }
        }
        next
    }
}

/// Puts the types a bitmap must have into `types`, ascending: what is authoritative at the name, RRSIG where something
/// is signed, and NSEC in an NSEC (NSEC-3, N3-4).
pub(super) fn expected_types(node: NodeRef<'_>, role: Role, is_nsec: bool, types: &mut Vec<Rtype>) {
    types.clear();
    let is_delegation = matches!(role, Role::SecureDelegation | Role::InsecureDelegation);
    if !role.may_have_nsec3() {
        return;
    }
    let at_cut = |rtype: &Rtype| !is_delegation || matches!(*rtype, Rtype::NS | Rtype::DS);
    types.extend(node.rrsets().map(|rrset| rrset.rtype()).filter(|rtype| is_data(*rtype)).filter(at_cut));
    if is_nsec {
        types.extend([Rtype::RRSIG, Rtype::NSEC]);
    } else if matches!(role, Role::Apex | Role::Data | Role::SecureDelegation) {
        types.push(Rtype::RRSIG);
    }
    types.sort_unstable();
}

/// How a bitmap differs from the types expected, as text; `None` if it does not. `ignored` counts on neither side.
pub(super) fn bitmap_difference<I: Iterator<Item = Rtype>>(
    actual: impl Fn() -> I,
    expected: &[Rtype],
    ignored: &[Rtype],
) -> Option<String> {
    let counted = |rtype: &Rtype| !ignored.contains(rtype);
    if actual().filter(counted).eq(expected.iter().copied().filter(counted)) {
        return None;
    }
    let actual: Vec<Rtype> = actual().filter(counted).collect();
    let lacking = expected.iter().filter(|rtype| counted(rtype) && actual.binary_search(rtype).is_err());
    let excess = actual.iter().filter(|rtype| expected.binary_search(rtype).is_err());
    let list = |types: &mut dyn Iterator<Item = &Rtype>| types.map(Rtype::to_string).collect::<Vec<_>>().join(" ");
    let (lacking, excess) = (list(&mut lacking.into_iter()), list(&mut excess.into_iter()));
    Some(match (lacking.is_empty(), excess.is_empty()) {
        (false, true) => format!("its types lack {lacking}"),
        (true, _) => format!("its types have {excess} in excess"),
        (false, false) => format!("its types lack {lacking} and have {excess} in excess"),
    })
}
