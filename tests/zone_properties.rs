//! Zones of random names over few labels, against definitions that take the long way round.

mod zone_support;

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use zone_support::lenient;
use zoneseal::base::{Diagnostics, Name, Rtype};
use zoneseal::crypto::digest::nsec3_hash;
use zoneseal::denial::{Nsec3Chain, Nsec3Params, NsecChain};
use zoneseal::rdata::nsec3::Nsec3;
use zoneseal::zone::{self, NodeStatus, RecordStore, Zone};

/// A record: labels of its owner in front of the apex, from left to right, and its type and data as text.
type Record = (Vec<&'static str>, &'static str);

const DS: &str = "DS 1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Few labels, deep names and many cuts, so that names share ancestors and hide each other.
fn records() -> impl Strategy<Value = Vec<Record>> {
    let label = prop::sample::select(vec!["a", "b", "B", "ab", "*", "\\000", "\\001", "\\255", "-"]);
    let owner = prop::collection::vec(label, 0..5);
    let data = prop_oneof![
        4 => Just("A 192.0.2.1"), 2 => Just("A 192.0.2.2"), 2 => Just("TXT x"), 1 => Just("MX 1 Mail.test."),
        1 => Just("MX 1 mail.test."), 3 => Just("NS ns.test."), 2 => Just(DS), 1 => Just("DNAME t.test."),
    ];
    prop::collection::vec((owner, data), 0..25)
}

fn text(records: &[Record]) -> String {
    let mut text = "example. 60 IN SOA . . 1 7200 900 1209600 900\n".to_owned();
    for (labels, data) in records {
        let owner: String = labels.iter().flat_map(|label| [*label, "."]).collect();
        text += &format!("{owner}example. 60 IN {data}\n");
    }
    text
}

fn build(store: RecordStore) -> Zone {
    zone::build(store, &lenient(), &mut Diagnostics::new(0)).unwrap()
}

/// A name as its labels lowered, from right to left, the apex left out.
type Path = Vec<String>;

fn path(labels: &[&str]) -> Path {
    labels.iter().rev().map(|label| label.to_ascii_lowercase()).collect()
}

/// What the definitions say about the names of a zone: which own what, and what each name is.
struct Naive {
    types: BTreeMap<Path, BTreeSet<&'static str>>,
}

impl Naive {
    fn new(records: &[Record]) -> Self {
        let mut types: BTreeMap<Path, BTreeSet<&str>> = BTreeMap::new();
        types.entry(vec![]).or_default().insert("SOA");
        for (labels, data) in records {
            types.entry(path(labels)).or_default().insert(data.split(' ').next().unwrap());
        }
        Self { types }
    }

    fn has(&self, path: &[String], rtype: &str) -> bool {
        self.types.get(path).is_some_and(|types| types.contains(rtype))
    }

    /// Whether some name above is a cut or has a DNAME; whether that one is hidden itself makes no difference.
    fn is_occluded(&self, path: &Path) -> bool {
        (0..path.len()).any(|len| (len > 0 && self.has(&path[..len], "NS")) || self.has(&path[..len], "DNAME"))
    }

    fn is_delegation(&self, path: &Path) -> bool {
        !path.is_empty() && self.has(path, "NS") && !self.is_occluded(path)
    }

    /// The names with authoritative data or a delegation.
    fn owners(&self) -> BTreeSet<Path> {
        self.types.keys().filter(|path| !self.is_occluded(path)).cloned().collect()
    }

    /// The names above `names` that own nothing.
    fn empty_non_terminals(&self, names: &BTreeSet<Path>) -> BTreeSet<Path> {
        let above = names.iter().flat_map(|path| (1..path.len()).map(|len| path[..len].to_vec()));
        above.filter(|path| !self.types.contains_key(path)).collect()
    }

    /// The names that NSEC3 records are about (N3-3).
    fn hashed(&self, opt_out: bool) -> BTreeSet<Path> {
        let is_out = |path: &Path| opt_out && self.is_delegation(path) && !self.has(path, "DS");
        let owners: BTreeSet<Path> = self.owners().into_iter().filter(|path| !is_out(path)).collect();
        let empty = self.empty_non_terminals(&owners);
        owners.into_iter().chain(empty).collect()
    }

    fn status(&self, path: &Path) -> NodeStatus {
        if path.is_empty() {
            NodeStatus::Apex
        } else if self.is_occluded(path) {
            NodeStatus::Occluded
        } else if self.is_delegation(path) {
            NodeStatus::Delegation
        } else if self.types.contains_key(path) {
            NodeStatus::Authoritative
        } else {
            NodeStatus::EmptyNonTerminal
        }
    }
}

/// The path of a name at or below `example.`, labels in their text form.
fn path_of(name: Name<'_>) -> Path {
    let text = |label: &[u8]| {
        let mut wire = vec![u8::try_from(label.len()).unwrap()];
        wire.extend(label);
        wire.push(0);
        Name::from_wire(&wire).unwrap().to_string().trim_end_matches('.').to_ascii_lowercase()
    };
    let labels: Vec<String> = name.labels().map(text).collect();
    labels[..labels.len() - 1].iter().rev().cloned().collect()
}

/// Follows the NSEC records from the apex until they are back there.
fn follow_nsec(zone: &Zone) -> Vec<Path> {
    let chain = NsecChain::build(zone);
    let mut visited = Vec::new();
    let mut at = path_of(zone.apex());
    for _ in 0..=chain.links().len() {
        visited.push(at.clone());
        let link = (0..chain.links().len()).find(|&link| path_of(chain.owner(zone, link)) == at).unwrap();
        let mut rdata = Vec::new();
        chain.push_rdata(zone, link, &mut rdata);
        at = path_of(Name::parse_wire(&rdata).unwrap().0);
        if at.is_empty() {
            break;
        }
    }
    visited
}

/// Follows the NSEC3 records from the first until they are back there; returns the hashes met.
fn follow_nsec3(zone: &Zone, chain: &Nsec3Chain) -> Vec<Vec<u8>> {
    let mut visited = Vec::new();
    let mut at = chain.links()[0].hash.to_vec();
    for _ in 0..=chain.links().len() {
        visited.push(at.clone());
        let link = chain.links().iter().position(|link| link.hash == at[..]).unwrap();
        let mut rdata = Vec::new();
        chain.push_rdata(zone, link, &mut rdata);
        at = Nsec3::parse(&rdata).unwrap().next_hashed.to_vec();
        if at == chain.links()[0].hash {
            break;
        }
    }
    visited
}

/// A node: its owner, what it is, and the RDATA of its RRsets.
type Node = (Vec<u8>, NodeStatus, Vec<(Rtype, Vec<Vec<u8>>)>);

/// All that a zone holds, names and RDATA as they are spelled.
fn content(zone: &Zone) -> Vec<Node> {
    zone.nodes()
        .map(|node| {
            let rdatas = |rrset: zone::RrsetRef<'_>| rrset.records().map(|record| record.rdata().to_vec()).collect();
            let rrsets = node.rrsets().map(|rrset| (rrset.rtype(), rdatas(rrset))).collect();
            (node.owner().as_wire().to_vec(), node.status(), rrsets)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// SIG-4 to SIG-6: each name is what the definitions say, and the empty non-terminals are all there.
    #[test]
    fn status_is_as_defined(records in records()) {
        let naive = Naive::new(&records);
        let zone = build(zone_support::store(&text(&records)));
        let found: Vec<Path> = zone.nodes().map(|node| path_of(node.owner())).collect();
        for (path, node) in found.iter().zip(zone.nodes()) {
            prop_assert_eq!(node.status(), naive.status(path), "{:?}", path);
            prop_assert_eq!(zone.find(node.owner()).map(|found| found.index()), Some(node.index()));
        }
        let owners: BTreeSet<Path> = naive.types.keys().cloned().collect();
        let expected: BTreeSet<Path> = owners.into_iter().chain(naive.empty_non_terminals(&naive.owners())).collect();
        prop_assert_eq!(found.len(), expected.len());
        prop_assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
    }

    /// NSEC-1, NSEC-2: one cycle over exactly the names with authoritative data or a delegation.
    #[test]
    fn nsec_chain_is_one_cycle(records in records()) {
        let naive = Naive::new(&records);
        let zone = build(zone_support::store(&text(&records)));
        let visited = follow_nsec(&zone);
        prop_assert_eq!(visited.len(), naive.owners().len());
        prop_assert_eq!(visited.into_iter().collect::<BTreeSet<_>>(), naive.owners());
    }

    /// N3-3, N3-6: one cycle over the hashes of exactly the names that need a record.
    #[test]
    fn nsec3_chain_is_one_cycle(records in records(), opt_out in any::<bool>(), salt in prop::collection::vec(any::<u8>(), 0..3)) {
        let naive = Naive::new(&records);
        let zone = build(zone_support::store(&text(&records)));
        let chain = Nsec3Chain::build(&zone, Nsec3Params { iterations: 1, salt: salt.clone(), opt_out }).unwrap();
        let hash = |path: &Path| {
            let labels: String = path.iter().rev().map(|label| format!("{label}.")).collect();
            let name = zone_support::name(&format!("{labels}example."));
            nsec3_hash(name.as_name().to_canonical().as_name().as_wire(), 1, &salt).to_vec()
        };
        let expected: BTreeSet<Vec<u8>> = naive.hashed(opt_out).iter().map(hash).collect();
        let visited = follow_nsec3(&zone, &chain);
        prop_assert_eq!(visited.len(), expected.len());
        prop_assert_eq!(visited.into_iter().collect::<BTreeSet<_>>(), expected);
    }

    /// The order of the file changes nothing but which spelling of a name or of RDATA is the first one.
    #[test]
    fn order_of_records_does_not_matter((records, shuffled) in records().prop_flat_map(|records| {
        (Just(records.clone()), Just(records).prop_shuffle())
    })) {
        let lowered = |records: &[Record]| {
            let text = text(records).to_ascii_lowercase();
            content(&build(zone_support::store(&text)))
        };
        prop_assert_eq!(lowered(&records), lowered(&shuffled));
    }
}

/// One thread and several give the same zone and the same chain, with names enough for the work to be split.
#[test]
fn threads_do_not_matter() {
    let mut text = text(&[]);
    for n in 0..20_000u32 {
        // Scattered order, shared first octets, and every name twice in different case.
        let scattered = n.wrapping_mul(2_654_435_761) % 10_000;
        let name = format!("shared-prefix-{scattered}.{}", scattered % 7);
        text +=
            &format!("{}.example. 60 IN A 192.0.2.{}\n", if n % 2 == 0 { name } else { name.to_uppercase() }, n % 5);
    }
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let zone = build(zone_support::store(&text));
            let chain = Nsec3Chain::build(&zone, Nsec3Params::default()).unwrap();
            (content(&zone), chain.links().to_vec())
        })
    };
    let (one, several) = (run(1), run(4));
    assert!(one.0.len() > 10_000);
    assert!(one == several, "zones differ");
}
