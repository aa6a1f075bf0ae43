//! The NSEC3 chains: which parameters count, which names must be there, how the ring closes (N3-1 to N3-10).

use super::context::Context;
use super::findings::{Findings, Note};
use super::model::{self, Role};
use super::nsec::ChainTtls;
use super::rules::Rule;
use crate::base::{Name, Rtype, text};
use crate::crypto::digest::nsec3_hash;
use crate::rdata::nsec3::{HASH_SHA1, Nsec3, Nsec3Param};
use crate::zone::RecordRef;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// An owner's hash.
type Hash = [u8; 20];

/// Links or names handled by one job.
const CHUNK_LEN: usize = 1024;

/// The parameters that tell chains apart; all use SHA-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Params<'z> {
    iterations: u16,
    salt: &'z [u8],
}

impl Params<'_> {
    fn describe(&self) -> String {
        let mut salt = Vec::new();
        text::push_hex(self.salt, &mut salt);
        let salt = if salt.is_empty() { "-".into() } else { String::from_utf8_lossy(&salt).into_owned() };
        format!("1 {} {salt}", self.iterations)
    }
}

/// An NSEC3 of a chain.
#[derive(Clone, Copy, Debug)]
struct Link<'z> {
    hash: Hash,
    node: u32,
    record: RecordRef<'z>,
    nsec3: Nsec3<'z>,
}

/// What the NSEC3 records of a zone come to.
#[derive(Debug)]
pub(super) struct Nsec3Result {
    pub(super) findings: Findings,
    pub(super) ttls: ChainTtls,
    pub(super) has_chain: bool,
    pub(super) is_opt_out: bool,
}

/// Checks every NSEC3 chain that servers may use.
pub(super) fn check(context: &Context<'_>) -> Nsec3Result {
    let mut result = Nsec3Result {
        findings: Findings::new(context.options.findings_max),
        ttls: ChainTtls::default(),
        has_chain: false,
        is_opt_out: false,
    };
    let mut chains = collect(context, &mut result.findings);
    for params in chosen_params(context, &chains, &mut result.findings) {
        let Some(mut links) = chains.remove(&params) else {
            let found = format!("NSEC3PARAM {} and no NSEC3 of these parameters", params.describe());
            let note = Note::new(Rule::Nsec3ParamAlone, context.zone.apex_node(), found, "a complete chain");
            result.findings.push(note.of(Rtype::NSEC3PARAM));
            continue;
        };
        result.has_chain = true;
        result.is_opt_out |= links.iter().any(|link| link.nsec3.is_opt_out());
        note_iterations(context, params, &mut result.findings);
        links.sort_by_key(|link| link.hash);
        result = check_chain(context, params, &links, result);
    }
    for (params, links) in chains {
        let found = format!("{} NSEC3 records with parameters {}, not checked", links.len(), params.describe());
        let note =
            Note::new(Rule::Nsec3OtherParameters, context.zone.apex_node(), found, "parameters of an NSEC3PARAM");
        result.findings.push(note.of(Rtype::NSEC3));
    }
    result
}

/// All NSEC3 records by their parameters, those without a proper owner or hash algorithm reported.
fn collect<'z>(context: &Context<'z>, findings: &mut Findings) -> BTreeMap<Params<'z>, Vec<Link<'z>>> {
    let mut chains: BTreeMap<Params<'z>, Vec<Link<'z>>> = BTreeMap::new();
    for &node_index in &context.model.nsec3_nodes {
        let node = context.zone.node(node_index as usize);
        let hash = if context.is_hash_owner(node) { hash_of_label(node.owner()) } else { None };
        for record in node.rrset(Rtype::NSEC3).into_iter().flat_map(|rrset| rrset.records()) {
            let Some(nsec3) = Nsec3::parse(record.rdata()) else {
                let note = Note::new(Rule::Nsec3Bitmap, node, "a malformed NSEC3", "an NSEC3 that can be read");
                findings.push(note.of(Rtype::NSEC3).at(record));
                continue;
            };
            if nsec3.hash_algorithm != HASH_SHA1 {
                let found = format!("an NSEC3 with hash algorithm {}, not checked", nsec3.hash_algorithm);
                let note = Note::new(Rule::Nsec3OtherParameters, node, found, "hash algorithm 1");
                findings.push(note.of(Rtype::NSEC3).at(record));
                continue;
            }
            let Some(hash) = hash else {
                let asked = "a hash of 32 base32hex digits, one label below the apex";
                let note = Note::new(Rule::Nsec3Owner, node, "the owner of an NSEC3 is no hash", asked);
                findings.push(note.of(Rtype::NSEC3).at(record));
                continue;
            };
            let params = Params { iterations: nsec3.iterations, salt: nsec3.salt };
            chains.entry(params).or_default().push(Link { hash, node: node_index, record, nsec3 });
        }
    }
    chains
}

/// The hash that a name's leftmost label spells.
fn hash_of_label(owner: Name<'_>) -> Option<Hash> {
    let mut hash = Vec::with_capacity(20);
    let is_hash = owner.labels().next().is_some_and(|label| text::decode_base32hex(label, &mut hash));
    if is_hash { hash.try_into().ok() } else { None }
}

/// The parameters whose chains are checked: those of NSEC3PARAM, or else what the zone seems to mean.
fn chosen_params<'z>(
    context: &Context<'z>,
    chains: &BTreeMap<Params<'z>, Vec<Link<'z>>>,
    findings: &mut Findings,
) -> BTreeSet<Params<'z>> {
    let apex = context.zone.apex_node();
    let mut usable = BTreeSet::new();
    let mut flagged = BTreeSet::new();
    for record in apex.rrset(Rtype::NSEC3PARAM).into_iter().flat_map(|rrset| rrset.records()) {
        let Some(param) = Nsec3Param::parse(record.rdata()) else { continue };
        let params = Params { iterations: param.iterations, salt: param.salt };
        let mut note = |rule, found: String, asked: &str| {
            findings.push(Note::new(rule, apex, found, asked).of(Rtype::NSEC3PARAM).at(record));
        };
        if param.hash_algorithm != HASH_SHA1 {
            note(Rule::Nsec3ParamAlgorithm, format!("hash algorithm {}", param.hash_algorithm), "hash algorithm 1");
        } else if param.flags != 0 {
            note(Rule::Nsec3ParamFlags, format!("flags {}", param.flags), "flags 0");
            flagged.insert(params);
        } else {
            usable.insert(params);
        }
    }
    if usable.len() > 1 {
        let found = format!("{} usable NSEC3PARAM records", usable.len());
        findings.push(Note::new(Rule::Nsec3ParamSeveral, apex, found, "one").of(Rtype::NSEC3PARAM));
    }
    if !usable.is_empty() {
        return usable;
    }
    // Beside an NSEC chain, NSEC3 records without NSEC3PARAM are a chain that is being built or taken down (N3-11).
    if flagged.is_empty() && context.next_nsec.is_none() {
        let largest = chains.iter().max_by_key(|(_, links)| links.len());
        if let Some((params, links)) = largest {
            let found = format!("{} NSEC3 records with parameters {}", links.len(), params.describe());
            let asked = format!("NSEC3PARAM {} at the apex", params.describe().replacen(' ', " 0 ", 1));
            findings.push(Note::new(Rule::Nsec3ParamMissing, apex, found, asked).of(Rtype::NSEC3PARAM));
            flagged.insert(*params);
        }
    }
    flagged
}

fn note_iterations(context: &Context<'_>, params: Params<'_>, findings: &mut Findings) {
    if params.iterations > 0 {
        let found = format!("{} extra iterations", params.iterations);
        let note = Note::new(Rule::Nsec3Iterations, context.zone.apex_node(), found, "0 iterations");
        findings.push(note.of(Rtype::NSEC3PARAM));
    }
}

/// A chain laid beside the zone's names.
#[derive(Debug)]
struct Match {
    /// For each link the node whose hash its owner is.
    names: Vec<Option<u32>>,
    /// Hashes of required names without a link, ascending.
    missing: Vec<Hash>,
}

fn check_chain<'z>(
    context: &Context<'z>,
    params: Params<'z>,
    links: &[Link<'z>],
    mut result: Nsec3Result,
) -> Nsec3Result {
    let names = hash_names(context, params);
    note_collisions(context, &names, &mut result.findings);
    let matched = match_links(context, &names, links, &mut result.findings);
    let (findings, ttls) = (0..links.len())
        .into_par_iter()
        .chunks(CHUNK_LEN)
        .map(|indices| {
            let mut findings = Findings::new(context.options.findings_max);
            let mut ttls = ChainTtls::default();
            let mut types = Vec::new();
            for index in indices {
                let node = context.zone.node(links[index].node as usize);
                ttls.add(context, node, Rtype::NSEC3, links[index].record);
                check_link(context, links, index, &matched, &mut findings);
                if let Some(name) = matched.names[index] {
                    check_bitmap(context, &links[index], name, &mut types, &mut findings);
                }
            }
            (findings, ttls)
        })
        .reduce(
            || (Findings::new(context.options.findings_max), ChainTtls::default()),
            |left, right| (left.0.merge(right.0), left.1.merge(right.1)),
        );
    result.findings = result.findings.merge(findings);
    result.ttls = result.ttls.merge(ttls);
    result
}

/// The hashes of all names that may be in the chain, ascending.
fn hash_names(context: &Context<'_>, params: Params<'_>) -> Vec<(Hash, u32)> {
    let nodes = u32::try_from(context.zone.node_count()).expect("nodes fit 32 bits");
    let mut names: Vec<(Hash, u32)> = (0..nodes)
        .into_par_iter()
        .filter(|&index| context.model.role(index as usize).may_have_nsec3())
        .map_init(Vec::new, |name, index| {
            name.clear();
            context.zone.node(index as usize).owner().push_canonical(name);
            (nsec3_hash(name, params.iterations, params.salt), index)
        })
        .collect();
    names.par_sort_unstable();
    names
}

fn note_collisions(context: &Context<'_>, names: &[(Hash, u32)], findings: &mut Findings) {
    for pair in names.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        let [first, second] = [pair[0], pair[1]].map(|(_, index)| context.zone.node(index as usize));
        let found = format!("has the same hash as {}", first.owner());
        findings.push(Note::new(Rule::Nsec3Collision, second, found, "hashes that differ").of(Rtype::NSEC3));
    }
}

/// Walks names and links side by side, both in the order of their hashes.
fn match_links(context: &Context<'_>, names: &[(Hash, u32)], links: &[Link<'_>], findings: &mut Findings) -> Match {
    let mut matched = Match { names: vec![None; links.len()], missing: Vec::new() };
    let mut lacking: Vec<(u32, Rule)> = Vec::new();
    let has_opt_out = links.iter().any(|link| link.nsec3.is_opt_out());
    let mut at = 0;
    for &(hash, name) in names {
        while links.get(at).is_some_and(|link| link.hash < hash) {
            at += 1;
        }
        let own = links[at..].iter().take_while(|link| link.hash == hash).count();
        matched.names[at..at + own].fill(Some(name));
        if own > 0 {
            continue;
        }
        let role = context.model.role(name as usize);
        let before = &links[(at + links.len() - 1) % links.len()];
        if role.may_opt_out() && before.nsec3.is_opt_out() {
            continue;
        }
        let is_span = has_opt_out && role == Role::InsecureDelegation;
        lacking.push((name, if is_span { Rule::Nsec3OptOutSpan } else { Rule::Nsec3Missing }));
        matched.missing.push(hash);
    }
    lacking.sort_unstable();
    for (name, rule) in lacking {
        let node = context.zone.node(name as usize);
        let role = context.model.role(name as usize).describe();
        let (found, asked) = match rule {
            Rule::Nsec3OptOutSpan => (
                format!("{role} without an NSEC3, and the one that spans it has no opt-out flag"),
                "the flag or an NSEC3",
            ),
            _ => (format!("{role} without an NSEC3"), "an NSEC3"),
        };
        findings.push(Note::new(rule, node, found, asked).of(Rtype::NSEC3));
    }
    matched
}

/// Checks a link's flags, its place in the ring, and that its hash is some name's.
fn check_link(context: &Context<'_>, links: &[Link<'_>], index: usize, matched: &Match, findings: &mut Findings) {
    let link = &links[index];
    let node = context.zone.node(link.node as usize);
    let mut note = |rule, found: String, asked: String| {
        findings.push(Note::new(rule, node, found, asked).of(Rtype::NSEC3).at(link.record));
    };
    if link.nsec3.flags > 1 {
        note(Rule::Nsec3Flags, format!("flags {}", link.nsec3.flags), "0, or 1 for opt-out".into());
    }
    if index > 0 && links[index - 1].hash == link.hash {
        note(Rule::Nsec3Duplicate, "more than one NSEC3 with the same parameters".into(), "one NSEC3".into());
    }
    if matched.names[index].is_none() {
        note(Rule::Nsec3Unexpected, "its owner is the hash of no name of the zone".into(), "no NSEC3 here".into());
    }
    let after = links.partition_point(|other| other.hash <= link.hash);
    let next = links.get(after).unwrap_or(&links[0]).hash;
    // Where a link is missing, its predecessor may well be right in naming it: one finding is enough.
    let names_missing = || {
        let is_missing = |hash: &Hash| matched.missing.binary_search(hash).is_ok();
        link.nsec3.next_hashed.try_into().is_ok_and(|hash: Hash| is_missing(&hash))
    };
    if link.nsec3.next_hashed != next && !names_missing() {
        let shown = |hash: &[u8]| {
            let mut text = Vec::new();
            text::push_base32hex(hash, &mut text);
            String::from_utf8_lossy(&text).into_owned()
        };
        note(Rule::Nsec3Next, format!("the next hash is {}", shown(link.nsec3.next_hashed)), shown(&next));
    }
}

fn check_bitmap(context: &Context<'_>, link: &Link<'_>, name: u32, types: &mut Vec<Rtype>, findings: &mut Findings) {
    let named = context.zone.node(name as usize);
    let role = context.model.role(name as usize);
    model::expected_types(named, role, false, types);
    // While both kinds of chain are out, the NSEC and what it brings may be said or not.
    let ignored: &[Rtype] = match (named.has(Rtype::NSEC), role) {
        (false, _) => &[],
        (true, Role::InsecureDelegation) => &[Rtype::NSEC, Rtype::RRSIG],
        (true, _) => &[Rtype::NSEC],
    };
    if let Some(found) = model::bitmap_difference(|| link.nsec3.types.iter(), types, ignored) {
        let node = context.zone.node(link.node as usize);
        let found = format!("stands for {}, and {found}", named.owner());
        let note = Note::new(Rule::Nsec3Bitmap, node, found, format!("the types of {}", role.describe()));
        findings.push(note.of(Rtype::NSEC3).at(link.record));
    }
}
