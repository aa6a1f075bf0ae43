//! Signing by uses: each key does what it is told, whatever its times. Method: four keys of two algorithms sign a small
//! zone through every stage of a conservative algorithm roll and of a gradual ZSK replacement; what is out is verified by
//! somebody who knows only the zone.

#[path = "support/memory.rs"]
mod memory;

use memory::Memory;
use std::collections::BTreeSet;

use std::path::Path;
use tempfile::TempDir;
use zoneseal::base::{Algorithm, Diagnostics, NameBuf, Seconds, Ttl, UnixTime};
use zoneseal::crypto::PrivateKey;
use zoneseal::keys::generate::{KeySpec, generate};
use zoneseal::keys::{self, DataSigning, KeyId, KeyTiming, KeyUse, LoadOptions, ZoneKey};
use zoneseal::sign::{
    self, DenialOptions, KeyName, OwnKeys, Previous, ReuseCounts, SerialPolicy, SignError, SignOptions, SignedText,
    Summary, Unobserved,
};
use zoneseal::verify::{VerifyOptions, verify_zone};
use zoneseal::zone::{BuildOptions, MixedTtl, build};
use zoneseal::zonefile::{self, Input, ReadOptions};

/// 2026-02-01 00:00:00 UTC.
const NOW: UnixTime = UnixTime(1_769_904_000);
const ZONE: &str = "\
$TTL 3600
@ IN SOA ns1 hostmaster 1 7200 900 172800 900
@ IN NS ns1
ns1 IN A 192.0.2.1
a 7200 IN TXT \"x\"
";
/// RRsets of data in the signed zone: SOA, NS, A, TXT and three NSEC.
const DATA_RRSETS: u64 = 7;

/// Four keys in a directory: KSK and ZSK of algorithm 15, then of 13.
struct Keys {
    directory: TempDir,
    ids: [KeyId; 4],
}

const OLD_KSK: usize = 0;
const OLD_ZSK: usize = 1;
const NEW_KSK: usize = 2;
const NEW_ZSK: usize = 3;

impl Keys {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let (ed25519, p256) = (Algorithm::ED25519, Algorithm::ECDSAP256SHA256);
        let ids = [(257, ed25519), (256, ed25519), (257, p256), (256, p256)]
            .map(|(flags, algorithm)| Self::make(directory.path(), flags, algorithm));
        Self { directory, ids }
    }

    /// A key with times that have nobody publish or sign: uses alone decide.
    fn make(directory: &Path, flags: u16, algorithm: Algorithm) -> KeyId {
        let spec = KeySpec {
            zone: "example.".parse().unwrap(),
            algorithm,
            bits: None,
            flags,
            ttl: Some(Ttl::new(300).unwrap()),
            timing: KeyTiming::default(),
        };
        KeyId(generate(&spec, directory, PrivateKey::generate).unwrap().base_name)
    }

    fn load(&self) -> Vec<ZoneKey> {
        let zone: NameBuf = "example.".parse().unwrap();
        let options = LoadOptions { directory: Some(self.directory.path().to_owned()), ..LoadOptions::default() };
        keys::load(zone.as_name(), &options, &mut Diagnostics::new(10)).unwrap()
    }

    /// A second ZSK of the old algorithm.
    fn another_zsk(&self) -> (KeyId, KeyName) {
        let id = Self::make(self.directory.path(), 256, Algorithm::ED25519);
        let key = self.load().into_iter().find(|key| key.id() == id).unwrap();
        (id, (key.algorithm, key.key_tag))
    }

    fn tag(&self, index: usize) -> KeyName {
        let key = self.load().into_iter().find(|key| key.id() == self.ids[index]).unwrap();
        (key.algorithm, key.key_tag)
    }

    fn names(&self, indices: &[usize]) -> BTreeSet<KeyName> {
        indices.iter().map(|&index| self.tag(index)).collect()
    }

    /// A use by letters: `p`ublished, `k` signs keys, `d` signs data, `o` keeps old signatures, `s` in CDS, `r`evoked.
    fn key_use(&self, index: usize, letters: &str) -> KeyUse {
        let has = |letter| letters.contains(letter);
        KeyUse {
            key: self.ids[index].clone(),
            is_published: has('p'),
            signs_dnskey: has('k'),
            signs_data: match (has('d'), has('o')) {
                (true, _) => DataSigning::Yes,
                (_, true) => DataSigning::KeepOld,
                _ => DataSigning::No,
            },
            is_in_sync: has('s'),
            is_revoked: has('r'),
        }
    }

    fn uses(&self, letters: &[(usize, &str)]) -> Vec<KeyUse> {
        letters.iter().map(|(index, letters)| self.key_use(*index, letters)).collect()
    }
}

struct Ran {
    result: Result<Summary, SignError>,
    text: Option<String>,
    codes: Vec<&'static str>,
}

impl Ran {
    #[track_caller]
    fn summary(&self) -> &Summary {
        self.result.as_ref().unwrap_or_else(|error| panic!("{error} {:?}", self.codes))
    }

    #[track_caller]
    fn data_signers(&self) -> &BTreeSet<BTreeSet<KeyName>> {
        &self.summary().published.as_ref().unwrap().data_signers
    }

    #[track_caller]
    fn counts(&self) -> ReuseCounts {
        self.summary().reuse.unwrap().counts
    }
}

/// Signs `ZONE`; the self-check is on.
fn sign(keys: &Keys, uses: &[KeyUse], previous: Option<&str>, now: UnixTime) -> Ran {
    sign_zone(keys, Some(uses), previous, now)
}

/// Signs `ZONE`, or puts it out unsigned without uses.
fn sign_zone(keys: &Keys, uses: Option<&[KeyUse]>, previous: Option<&str>, now: UnixTime) -> Ran {
    let origin: NameBuf = "example.".parse().unwrap();
    let mut findings = Diagnostics::new(20);
    let read = ReadOptions { origin: Some(origin.clone()), ..ReadOptions::default() };
    let input = Input::Bytes { name: "zone", text: ZONE.as_bytes() };
    let store = zonefile::read(input, &read, &mut findings).unwrap();
    let mut loaded = sign::load(store, &BuildOptions::default(), &mut findings).unwrap();
    loaded.previous = previous.map(|text| {
        let signed = SignedText { is_in_place: true, ..SignedText::new("previous", text.as_bytes().to_vec()) };
        Previous::parse(signed, origin.as_name(), &mut findings).unwrap()
    });
    let own = match uses {
        Some(uses) => OwnKeys::by_uses(origin.as_name(), keys.load(), uses, &mut findings),
        None => OwnKeys::unsigned(),
    };
    let codes = |findings: &Diagnostics| findings.list().iter().map(|finding| finding.code).collect();
    if findings.has_errors() {
        return Ran { result: Err(SignError::Refused), text: None, codes: codes(&findings) };
    }
    let denial = if uses.is_some() { DenialOptions::Nsec } else { DenialOptions::Unsigned };
    let options = SignOptions { serial: SerialPolicy::Increment, denial, ..SignOptions::default() };
    let (output, committed) = Memory::new();
    let result = sign::sign_zone(loaded, &own, &options, now, output, &Unobserved, &mut findings);
    Ran { result, text: committed.text(), codes: codes(&findings) }
}

/// Codes of what a stranger says of a signed zone; it must be valid to him.
#[track_caller]
fn verify(text: &str, now: UnixTime) -> BTreeSet<&'static str> {
    let mut findings = Diagnostics::new(20);
    let input = Input::Bytes { name: "signed", text: text.as_bytes() };
    let store = zonefile::read(input, &ReadOptions::default(), &mut findings).unwrap();
    let options = BuildOptions { mixed_ttl: MixedTtl::Keep, ..BuildOptions::default() };
    let report = verify_zone(&build(store, &options, &mut findings).unwrap(), &VerifyOptions::new(now));
    assert!(report.is_valid(), "{:?}", report.findings);
    report.findings.iter().map(|finding| finding.rule.code()).collect()
}

/// Uses; who signs data, who DNSKEY; what a stranger finds.
type Stage<'s> = (&'s [(usize, &'s str)], &'s [usize], &'s [usize], &'s [&'s str]);

/// RFC 6781 section 4.1.4, in the order that keeps SIG-9 true in every cache: signatures, DNSKEY, DS, and back.
#[test]
fn conservative_algorithm_roll() {
    let keys = Keys::new();
    let unpublished: &[&str] = &["signature-key-missing"];
    let stages: [Stage<'_>; 5] = [
        (&[(OLD_KSK, "pk"), (OLD_ZSK, "pd")], &[OLD_ZSK], &[OLD_KSK], &[]),
        (&[(OLD_KSK, "pk"), (OLD_ZSK, "pd"), (NEW_ZSK, "d")], &[OLD_ZSK, NEW_ZSK], &[OLD_KSK], unpublished),
        (
            &[(OLD_KSK, "pk"), (OLD_ZSK, "pd"), (NEW_KSK, "pk"), (NEW_ZSK, "pd")],
            &[OLD_ZSK, NEW_ZSK],
            &[OLD_KSK, NEW_KSK],
            &[],
        ),
        (&[(OLD_ZSK, "d"), (NEW_KSK, "pk"), (NEW_ZSK, "pd")], &[OLD_ZSK, NEW_ZSK], &[NEW_KSK], unpublished),
        (&[(NEW_KSK, "pk"), (NEW_ZSK, "pd")], &[NEW_ZSK], &[NEW_KSK], &[]),
    ];
    let mut previous: Option<String> = None;
    let mut signed_before: &[usize] = &[];
    for (at, (letters, data, dnskey, findings)) in (0_i64..).zip(stages) {
        let now = NOW.plus(Seconds(at * 3600));
        let uses = keys.uses(letters);
        // In full, and over the stage before.
        for before in [None, previous.clone()] {
            let ran = sign(&keys, &uses, before.as_deref(), now);
            let published = ran.summary().published.clone().unwrap();
            assert_eq!(published.data_signers, BTreeSet::from([keys.names(data)]), "stage {at}");
            assert_eq!(published.dnskey_signers.into_iter().collect::<BTreeSet<_>>(), keys.names(dnskey));
            assert_eq!(published.dnskeys.len(), letters.iter().filter(|(_, letters)| letters.contains('p')).count());
            assert_eq!((published.max_ttl.seconds(), published.negative_ttl.seconds()), (7200, 900));
            let text = ran.text.clone().unwrap();
            assert_eq!(verify(&text, now), findings.iter().copied().collect(), "stage {at}");
            if let Some(reuse) = ran.summary().reuse {
                // The serial is new and with it the SOA; the rest of what still signs stands.
                let stands = data.iter().filter(|key| signed_before.contains(key)).count() as u64;
                let dnskey = u64::from(at == 1 || at == 4);
                assert_eq!(reuse.counts.kept, stands * (DATA_RRSETS - 1) + dnskey, "stage {at}");
            }
            if before.is_some() || at == 0 {
                previous = Some(text);
            }
        }
        signed_before = data;
        // Nothing changed: the state must still hear what is out.
        let again = sign(&keys, &uses, previous.as_deref(), now);
        assert!(again.text.is_none() && again.summary().reuse.unwrap().is_unchanged);
        assert_eq!(again.data_signers(), &BTreeSet::from([keys.names(data)]));
    }
}

/// Signatures of the old ZSK stay until they are due; then the new one makes them. A full signing replaces all at once.
#[test]
fn gradual_replacement() {
    let keys = Keys::new();
    let old = keys.uses(&[(OLD_KSK, "pk"), (OLD_ZSK, "pd")]);
    let (new, new_name) = keys.another_zsk();
    let old_name = keys.tag(OLD_ZSK);
    let mut uses = keys.uses(&[(OLD_KSK, "pk"), (OLD_ZSK, "po")]);
    uses.push(KeyUse { key: new, ..keys.key_use(OLD_ZSK, "pd") });
    let one = |name| BTreeSet::from([name]);

    let first = sign(&keys, &old, None, NOW);
    let full = sign(&keys, &uses, None, NOW);
    assert_eq!(full.data_signers(), &BTreeSet::from([one(new_name)]), "nothing is kept of nothing");

    // An hour later DNSKEY, and with it the SOA, is new; all else keeps its signature.
    let hour = NOW.plus(Seconds(3600));
    let mixed = sign(&keys, &uses, first.text.as_deref(), hour);
    assert_eq!(mixed.data_signers(), &BTreeSet::from([one(old_name), one(new_name)]));
    assert_eq!(mixed.counts().kept, DATA_RRSETS - 1);
    let made: u64 = mixed.summary().keys.iter().map(|key| key.signatures).sum();
    assert_eq!(made, 2, "DNSKEY and SOA");
    let text = mixed.text.clone().unwrap();
    assert_eq!(verify(&text, hour), BTreeSet::new());
    // One signature an RRset.
    assert_eq!(text.lines().filter(|line| line.contains("\tRRSIG\t")).count() as u64, DATA_RRSETS + 1);

    let again = sign(&keys, &uses, Some(&text), hour.plus(Seconds(60)));
    assert!(again.text.is_none() && again.summary().reuse.unwrap().is_unchanged, "{:?}", again.counts());
    assert_eq!(again.data_signers(), mixed.data_signers());

    // Four days on what the old key made is due.
    let due = NOW.plus(Seconds(4 * 86400 + 3600));
    let last = sign(&keys, &uses, Some(&text), due);
    assert_eq!(last.data_signers(), &BTreeSet::from([one(new_name)]));
    assert_eq!(verify(last.text.as_deref().unwrap(), due), BTreeSet::new());
    // What the new key made is not given back to the old one.
    let old_again = sign(&keys, &uses, last.text.as_deref(), due);
    assert!(old_again.text.is_none());
}

/// An old signature that does not verify is not kept because its key is known.
#[test]
fn a_bad_old_signature_is_replaced() {
    let keys = Keys::new();
    let first = sign(&keys, &keys.uses(&[(OLD_KSK, "pk"), (OLD_ZSK, "pd")]), None, NOW);
    let text = first.text.unwrap();
    let line = text.lines().find(|line| line.contains("RRSIG\tTXT")).unwrap();
    // Another signature's octets.
    let other = text.lines().find(|line| line.contains("RRSIG\tNS ")).unwrap();
    let broken = format!("{} {}", line.rsplit_once(' ').unwrap().0, other.rsplit_once(' ').unwrap().1);
    let previous = text.replace(line, &broken);
    let (new, new_name) = keys.another_zsk();
    let mut uses = keys.uses(&[(OLD_KSK, "pk"), (OLD_ZSK, "po")]);
    uses.push(KeyUse { key: new, ..keys.key_use(OLD_ZSK, "pd") });
    let ran = sign(&keys, &uses, Some(&previous), NOW);
    assert_eq!(ran.counts().bad, 1);
    assert!(ran.codes.contains(&"previous-signature"), "{:?}", ran.codes);
    let text = ran.text.unwrap();
    let line = text.lines().find(|line| line.contains("RRSIG\tTXT")).unwrap();
    assert!(line.contains(&format!(" {} example. ", new_name.1)), "{line}");
    verify(&text, NOW);
}

#[test]
fn what_uses_must_not_ask_for() {
    let keys = Keys::new();
    let refused = |letters: &[(usize, &str)]| {
        let ran = sign(&keys, &keys.uses(letters), None, NOW);
        assert!(ran.result.is_err() && ran.text.is_none());
        ran.codes
    };
    assert_eq!(refused(&[(OLD_KSK, "pk")]), ["algorithm-without-signer"]);
    assert_eq!(refused(&[(OLD_KSK, "pk"), (OLD_ZSK, "pd"), (NEW_KSK, "p")]), ["algorithm-without-signer"]);
    assert_eq!(refused(&[]), ["no-keys"]);
    assert_eq!(refused(&[(OLD_KSK, "pkrd"), (OLD_ZSK, "pd")]), ["revoked-key-use"]);
    let mut uses = keys.uses(&[(OLD_KSK, "pk"), (OLD_ZSK, "pd")]);
    uses[1].key = KeyId("Kexample.+015+99999".into());
    let ran = sign(&keys, &uses, None, NOW);
    assert_eq!(ran.codes, ["key-missing", "algorithm-without-signer"]);
    // The private half of the ZSK is gone.
    let uses = keys.uses(&[(OLD_KSK, "pk"), (OLD_ZSK, "pd")]);
    std::fs::remove_file(keys.directory.path().join(format!("{}.private", keys.ids[OLD_ZSK]))).unwrap();
    let ran = sign(&keys, &uses, None, NOW);
    assert_eq!(ran.codes, ["key-without-private", "algorithm-without-signer"]);
}

/// A revoked key has its flag and signs the DNSKEY RRset alone; nobody minds that its algorithm signs nothing else.
#[test]
fn a_revoked_key() {
    let keys = Keys::new();
    let uses = keys.uses(&[(OLD_KSK, "pkr"), (NEW_KSK, "pk"), (NEW_ZSK, "pd")]);
    let ran = sign(&keys, &uses, None, NOW);
    let flags: Vec<u16> = ran
        .summary()
        .published
        .as_ref()
        .unwrap()
        .dnskeys
        .iter()
        .map(|rdata| u16::from_be_bytes([rdata[0], rdata[1]]))
        .collect();
    assert!(flags.contains(&385), "{flags:?}");
    verify(ran.text.as_deref().unwrap(), NOW);
}

/// A zone that goes insecure: nothing of DNSSEC is left, and the summary says so.
#[test]
fn unsigned() {
    let keys = Keys::new();
    let signed = sign(&keys, &keys.uses(&[(OLD_KSK, "pk"), (OLD_ZSK, "pd")]), None, NOW).text.unwrap();
    for (previous, now) in [(None, NOW), (Some(signed.as_str()), NOW)] {
        let ran = sign_zone(&keys, None, previous, now);
        let published = ran.summary().published.clone().unwrap();
        assert_eq!(published.data_signers, BTreeSet::from([BTreeSet::new()]));
        assert_eq!((published.dnskeys.len(), published.dnskey_signers.len()), (0, 0));
        let text = ran.text.unwrap();
        for rtype in ["DNSKEY", "RRSIG", "NSEC", "CDS"] {
            assert!(!text.contains(rtype), "{text}");
        }
        assert_eq!(text.lines().count(), 4);
        let again = sign_zone(&keys, None, Some(&text), now);
        assert!(again.text.is_none() && again.summary().reuse.unwrap().is_unchanged);
        assert_eq!(again.data_signers(), &BTreeSet::from([BTreeSet::new()]));
    }
}
