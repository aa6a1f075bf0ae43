//! Sees what the servers of a zone and of its parent answer, so that nothing has to be assumed about them.
//!
//! ```text
//! --parent-server, --child-server ─┐                        ┌─ parent: DS and TTL   ─┐
//! resolver ─ find (SOA, NS, A) ────┴▶ servers ─ client ─────┤                        ├─ chain ─▶ Observation ─▶ file, views
//!                                     (UDP, TCP, retries)   └─ child: SOA, DNSKEY, … ┘    ▲        │
//! trust anchors ──────────────────────────────────────────────────────────────────────────┘        ├─▶ advice: the DS to add or remove
//!                                                                                                   └─▶ findings: who is behind, wrong, silent
//! ```
//!
//! An answer counts only if it is authoritative, and where a trust anchor is given only if it is validated (I-4).

mod address;
pub mod advice;
mod chain;
mod child;
mod client;
mod denial;
pub mod file;
mod find;
pub mod findings;
mod message;
mod model;
mod parent;
mod signed;
mod views;

pub use address::{PORT, Server, ServerName};
pub use chain::{Trust, nearest};
pub use client::{Client, Problem};
pub use find::resolver_of;
pub use message::{Answer, Question, Record};
pub use model::{ChildSeen, DsSeen, Observation, ParentSeen, Sample, Seen, Trustworthiness, ZoneSeen};
pub use signed::SignerId;

use crate::base::{NameBuf, UnixTime};
use crate::verify::Anchor;
use chain::Walker;
use find::Finder;
use parent::DsAnswer;
use std::net::SocketAddr;

/// Servers asked at the same time.
const PARALLEL_MAX: usize = 32;

/// Which servers of a side are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Those that a resolver finds.
    Found,
    /// These.
    Given(Vec<ServerName>),
    /// None.
    Nobody,
}

/// What to observe, and how.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The zone.
    pub zone: NameBuf,
    /// Whom to ask about the DS.
    pub parent: Ask,
    /// Whom to ask about the zone.
    pub child: Ask,
    /// Finds servers, and leads from trust anchors to the parent.
    pub resolver: Option<SocketAddr>,
    /// The trust anchors; empty: nothing is validated.
    pub trusted: Vec<Trust>,
    /// How to ask.
    pub client: Client,
}

/// Asks everybody, at a time: the moment the questions are sent, and for which signatures must be valid.
#[must_use]
pub fn observe(plan: &Plan, now: UnixTime) -> Observation {
    let mut seen = Observation {
        zone: plan.zone.clone(),
        at: now,
        parent: None,
        child: None,
        faults: Vec::new(),
        notes: Vec::new(),
    };
    seen.parent = observe_parent(plan, now, &mut seen.faults, &mut seen.notes);
    let trust = trust_in_child(plan, seen.parent.as_ref());
    seen.child = observe_child(plan, trust.as_ref(), now, &mut seen.faults, &mut seen.notes);
    seen
}

fn observe_parent(plan: &Plan, now: UnixTime, faults: &mut Vec<String>, notes: &mut Vec<String>) -> Option<ParentSeen> {
    let zone = plan.zone.as_name();
    let finder = Finder { client: &plan.client, resolver: plan.resolver };
    let mut parent_zone = None;
    let servers = match &plan.parent {
        Ask::Nobody => return None,
        Ask::Given(names) => finder.given(names),
        Ask::Found => finder.parent_zone(zone).and_then(|parent| {
            let servers = finder.servers(parent.as_name());
            parent_zone = Some(parent);
            servers
        }),
    };
    let servers = servers.map_err(|why| faults.push(format!("The parent's servers are not known: {why}."))).ok()?;
    let answers = in_parallel(&servers, |server| parent::ask_ds(&plan.client, server.address, zone));
    let answers = without_unroutable(servers, answers, notes);
    parent_zone = parent_zone.or_else(|| answers.iter().find_map(|(_, answer)| answer.as_ref().ok()?.parent.clone()));
    let trust = trust_in_parent(plan, parent_zone.as_ref(), now);
    let servers = in_parallel(&answers, |(server, answer)| judge_ds(plan, server, answer, trust.as_ref(), now));
    Some(ParentSeen { zone: parent_zone, servers })
}

/// What is trusted for the parent zone; `None` if nothing is to be validated.
fn trust_in_parent(plan: &Plan, parent: Option<&NameBuf>, now: UnixTime) -> Option<Result<Trust, String>> {
    let walker = Walker { client: &plan.client, resolver: plan.resolver, now };
    // An anchor for the zone itself says nothing about the parent.
    let above: Vec<Trust> = plan.trusted.iter().filter(|trust| trust.zone != plan.zone).cloned().collect();
    (!above.is_empty()).then(|| match parent {
        Some(parent) => walker.reach(&above, parent.as_name()),
        None => Err("no answer tells which zone the parent is".into()),
    })
}

fn judge_ds(
    plan: &Plan,
    server: &Server,
    answer: &Result<DsAnswer, Problem>,
    trust: Option<&Result<Trust, String>>,
    now: UnixTime,
) -> Seen<DsSeen> {
    let trust = match (answer, trust) {
        (Err(_), _) | (_, None) => Trustworthiness::Unchecked,
        (Ok(_), Some(Err(why))) => Trustworthiness::Refused(why.clone()),
        (Ok(answer), Some(Ok(trust))) => {
            parent::validate(&plan.client, server.address, plan.zone.as_name(), answer, trust, now)
        }
    };
    let answer = answer.as_ref().map(|answer| answer.seen.clone()).map_err(Problem::to_string);
    Seen { server: server.clone(), answer, trust }
}

/// What is trusted for the zone itself: anchors given for it, else the DS of parent servers where those are validated.
fn trust_in_child(plan: &Plan, parent: Option<&ParentSeen>) -> Option<Trust> {
    if let Some(trust) = plan.trusted.iter().find(|trust| trust.zone == plan.zone) {
        return Some(trust.clone());
    }
    let validated = parent?.servers.iter().filter(|seen| seen.trust == Trustworthiness::Validated);
    let ds = validated.filter_map(|seen| seen.answer.as_ref().ok()).flat_map(|answer| &answer.ds);
    let mut anchors: Vec<Anchor> = ds.cloned().map(Anchor::Ds).collect();
    anchors.dedup();
    (!anchors.is_empty()).then(|| Trust { zone: plan.zone.clone(), anchors })
}

fn observe_child(
    plan: &Plan,
    trust: Option<&Trust>,
    now: UnixTime,
    faults: &mut Vec<String>,
    notes: &mut Vec<String>,
) -> Option<ChildSeen> {
    let zone = plan.zone.as_name();
    let finder = Finder { client: &plan.client, resolver: plan.resolver };
    let servers = match &plan.child {
        Ask::Nobody => return None,
        Ask::Given(names) => finder.given(names),
        Ask::Found => finder.servers(zone),
    };
    let servers = servers.map_err(|why| faults.push(format!("The servers of {zone} are not known: {why}."))).ok()?;
    let answers =
        in_parallel(&servers, |server| child::ask_all(&plan.client, server.address, zone)?.judge(zone, trust, now));
    let answers = without_unroutable(servers, answers, notes);
    let seen = |(server, answer): (Server, Result<(ZoneSeen, Trustworthiness), Problem>)| match answer {
        Ok((answer, trust)) => Seen { server, answer: Ok(answer), trust },
        Err(problem) => Seen { server, answer: Err(problem.to_string()), trust: Trustworthiness::Unchecked },
    };
    Some(ChildSeen { servers: answers.into_iter().map(seen).collect() })
}

/// Leaves out addresses of a kind this host has no route to, where the same server answered at another address.
fn without_unroutable<T>(
    servers: Vec<Server>,
    answers: Vec<Result<T, Problem>>,
    notes: &mut Vec<String>,
) -> Vec<(Server, Result<T, Problem>)> {
    let both: Vec<_> = servers.into_iter().zip(answers).collect();
    let reached: Vec<NameBuf> =
        both.iter().filter(|(_, answer)| answer.is_ok()).filter_map(|(server, _)| server.host.clone()).collect();
    let is_left_out = |(server, answer): &(Server, Result<T, Problem>)| {
        matches!(answer, Err(Problem::NoRoute)) && server.host.as_ref().is_some_and(|host| reached.contains(host))
    };
    let (left_out, kept): (Vec<_>, Vec<_>) = both.into_iter().partition(is_left_out);
    for (server, _) in left_out {
        notes.push(format!("{server} was left out: this host has no route there, and the server answers elsewhere."));
    }
    kept
}

/// Does the same for all items, some at a time; results in the order of the items.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let mut results = Vec::with_capacity(items.len());
    for chunk in items.chunks(PARALLEL_MAX) {
        std::thread::scope(|scope| {
            let threads: Vec<_> = chunk.iter().map(|item| scope.spawn(|| work(item))).collect();
            results.extend(
                threads
                    .into_iter()
                    .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))),
            );
        });
    }
    results
}
