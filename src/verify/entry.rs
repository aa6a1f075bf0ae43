//! Whose signatures count over the RRsets where trust begins: DNSKEY, and CDS and CDNSKEY, by which the parent goes on.
//!
//! A validator takes the DNSKEY RRset from a key that the parent's DS names, with a signature of that key whose window is
//! open (RFC 4035 sections 5.2 and 5.3.1); CDS and CDNSKEY are to be signed by such a key too (SIG-12). What other keys
//! sign there helps nobody.

use super::context::Context;
use super::signatures::{Signature, SignedRrset, State};
use crate::base::Rtype;

/// Which usable signatures over an RRset count, time aside.
#[derive(Debug)]
pub(super) enum Entry {
    /// All: no chain of trust begins at the RRset.
    Anyone,
    /// Of an algorithm that any of these keys has, those by these; of others, those by any key that is not revoked.
    Keys(Vec<usize>),
}

impl Entry {
    /// For an RRset with its signatures.
    ///
    /// The keys are those that the anchors name. If there are none, or none of them signs, they are those with the SEP
    /// flag: a hint only (SIG-10), but the DS of a zone that has such keys names one of them.
    pub(super) fn of(context: &Context<'_>, rrset: &SignedRrset<'_>, signatures: &[Signature<'_>]) -> Self {
        if rrset.node.index() > 0 || !matches!(rrset.rtype, Rtype::DNSKEY | Rtype::CDS | Rtype::CDNSKEY) {
            return Self::Anyone;
        }
        let usable = signatures.iter().filter(|signature| signature.state.is_usable());
        let signers: Vec<usize> = usable.flat_map(|signature| signers_of(context, signature)).collect();
        let those = |is_one: &dyn Fn(usize) -> bool| signers.iter().copied().filter(|&key| is_one(key)).collect();
        let anchored: Vec<usize> = those(&|key| context.anchored.contains(&key));
        match anchored.is_empty() {
            true => Self::Keys(those(&|key| context.keys.keys()[key].has_sep)),
            false => Self::Keys(anchored),
        }
    }

    /// Whether a signature counts, time aside.
    pub(super) fn counts(&self, context: &Context<'_>, signature: &Signature<'_>) -> bool {
        let Self::Keys(entry) = self else { return signature.state.is_usable() };
        let keys = context.keys.keys();
        let decides = entry.iter().any(|&key| keys[key].algorithm == signature.rrsig.algorithm);
        signature.state.is_usable() && signers_of(context, signature).any(|signer| !decides || entry.contains(&signer))
    }
}

/// The keys that a usable signature may be by, without revoked ones: a signature of such a key says that the key is revoked,
/// and nothing of the RRset (RFC 5011 section 2.1).
fn signers_of(context: &Context<'_>, signature: &Signature<'_>) -> impl Iterator<Item = usize> {
    let rrsig = &signature.rrsig;
    let candidates = match signature.state {
        State::Good(key) => key..key + 1,
        _ => context.keys.matching(rrsig.algorithm, rrsig.key_tag),
    };
    candidates.filter(|&key| !context.keys.keys()[key].is_revoked)
}
