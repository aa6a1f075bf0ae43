//! An observation as the rollover engine takes it.

use super::model::{DsSeen, Observation, ParentSeen, Seen, Trustworthiness, ZoneSeen};
use super::signed::SignerId;
use crate::base::Octets;
use crate::rollover::{
    ChildAnswer, ChildServer, ChildView, DsAnswer, Observations, ParentServer, ParentView, SignerTag, Source,
};
use std::collections::BTreeSet;

impl Observation {
    /// What the engine may act on: an answer that does not count comes as the reason.
    #[must_use]
    pub fn views(&self) -> Observations {
        let parent = self.parent.as_ref().map(|parent| ParentView {
            at: self.at,
            source: Source::Observed,
            servers: parent.servers.iter().map(parent_server).collect(),
            validated: validated(parent),
        });
        let children = self
            .child
            .as_ref()
            .map(|child| ChildView { at: self.at, servers: child.servers.iter().map(child_server).collect() });
        Observations { parent, children, zone: None }
    }
}

/// Whether every answer was validated; `None` if nobody tried.
fn validated(parent: &ParentSeen) -> Option<bool> {
    let answered: Vec<_> = parent.servers.iter().filter(|seen| seen.answer.is_ok()).collect();
    let is_tried = answered.iter().any(|seen| seen.trust != Trustworthiness::Unchecked);
    is_tried.then(|| answered.iter().all(|seen| seen.trust == Trustworthiness::Validated))
}

fn parent_server(seen: &Seen<DsSeen>) -> ParentServer {
    let answer = seen.taken().map(|answer| DsAnswer { ds: octets(&answer.ds), ttl: answer.ttl });
    ParentServer { name: seen.server.to_string(), answer }
}

fn child_server(seen: &Seen<ZoneSeen>) -> ChildServer {
    let answer = seen.taken().map(|answer| ChildAnswer {
        serial: answer.serial,
        negative_ttl: answer.negative_ttl,
        dnskeys: octets(&answer.dnskeys),
        dnskey_ttl: answer.dnskey_ttl,
        data_signers: answer.samples.iter().map(|sample| signers(&sample.signers)).collect(),
    });
    ChildServer { name: seen.server.to_string(), answer }
}

fn octets(rdatas: &[Vec<u8>]) -> Vec<Octets> {
    rdatas.iter().cloned().map(Octets).collect()
}

fn signers(signers: &BTreeSet<SignerId>) -> BTreeSet<SignerTag> {
    signers.iter().map(|&(algorithm, tag)| SignerTag(algorithm, tag)).collect()
}
