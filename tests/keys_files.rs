//! Key files of other makers and broken ones. Aim: what BIND and ldns write loads, and whatever is wrong is said with
//! the file and the field, without a panic. Method: recorded files in `tests/data/keys`, and garbled copies of them.

use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zoneseal::base::{Algorithm, Diagnostics, DigestType, NameBuf, Rtype, UnixTime};
use zoneseal::crypto::{CryptoError, PrivateKey};
use zoneseal::keys::ds::SyncRecords;
use zoneseal::keys::file::load_named;
use zoneseal::keys::generate::{KeySpec, generate};
use zoneseal::keys::inspect::{KeyForm, inspect};
use zoneseal::keys::private_file::PrivateFile;
use zoneseal::keys::public_file::PublicFile;
use zoneseal::keys::write::write_pair;
use zoneseal::keys::{KeyErrorKind, KeyRole, KeySet, KeyTiming, LoadOptions, ZoneKey, load};

/// A moment after all recorded keys were made, and after the times of `timed.test.`.
const NOW: UnixTime = UnixTime(1_800_000_000);

/// Tag of the KSK of `timed.test.` before it was revoked.
const REVOKED_TAG: u16 = 18125;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/keys").join(name)
}

#[track_caller]
fn load_zone(directory: &Path, zone: &str, findings: &mut Diagnostics) -> Vec<ZoneKey> {
    let zone: NameBuf = zone.parse().unwrap();
    let options = LoadOptions { directory: Some(directory.to_owned()), ..LoadOptions::default() };
    load(zone.as_name(), &options, findings).unwrap_or_else(|error| panic!("{error}"))
}

/// All keys of a zone in the recorded ones, sorted out at a time.
#[track_caller]
fn key_set(directory: &str, zone: &str, now: UnixTime) -> (KeySet, Vec<&'static str>) {
    let mut findings = Diagnostics::new(100);
    let keys = load_zone(&data(directory), zone, &mut findings);
    let name: NameBuf = zone.parse().unwrap();
    let set = KeySet::new(name.as_name(), keys, now, &mut findings);
    let codes = findings.list().iter().map(|finding| finding.code).filter(|code| *code != "key-file-permissions");
    (set, codes.collect())
}

#[test]
fn keys_of_dnssec_keygen_load_and_sign() {
    let (set, codes) = key_set("bind", "BIND.test", NOW);
    let algorithms: Vec<_> = set.signing_algorithms().iter().map(|algorithm| algorithm.0).collect();
    let expected: &[u8] = if cfg!(feature = "ed448") { &[8, 10, 13, 14, 15, 16] } else { &[8, 10, 13, 14, 15] };
    assert_eq!(algorithms, expected);
    assert_eq!(codes, ["algorithm-not-recommended"; 2], "algorithm 10, KSK and ZSK");
    assert_eq!(set.published().len(), 2 * expected.len());
    for (index, key) in set.published().iter().enumerate() {
        // The flag decides here because both kinds are there; the name tells what dnssec-keygen computed.
        let role = if key.is_sep() { KeyRole::Ksk } else { KeyRole::Zsk };
        assert_eq!(set.role(index), Some(role));
        assert!(key.source.to_string_lossy().ends_with(&format!("+{:03}+{:05}.key", key.algorithm.0, key.key_tag)));
        let mut signature = Vec::new();
        key.signer.as_ref().unwrap().sign(b"data", &mut signature).unwrap();
        let public = zoneseal::crypto::PublicKey::from_dnskey(key.algorithm, key.dnskey().public_key).unwrap();
        assert!(public.verify(b"data", &signature));
    }
    assert_eq!(set.ttl().unwrap().seconds(), 3600);
    assert_eq!(set.signers_of(Rtype::CDS).count(), expected.len());
}

#[test]
fn keys_of_ldns_keygen_load() {
    let (set, codes) = key_set("ldns", "ldns.test", NOW);
    let roles: Vec<_> = (0..set.published().len())
        .map(|index| (set.published()[index].algorithm.0, set.published()[index].key_tag, set.role(index)))
        .collect();
    assert_eq!(codes, ["key-refused", "algorithm-without-signer"], "its RSA key has 1024 bits");
    assert!(
        roles.contains(&(13, 18599, Some(KeyRole::Ksk))) && roles.contains(&(13, 33458, Some(KeyRole::Zsk))),
        "{roles:?}"
    );
    assert!(
        roles.contains(&(14, 3073, Some(KeyRole::Csk))) && roles.contains(&(15, 400, Some(KeyRole::Csk))),
        "{roles:?}"
    );
}

#[test]
fn odd_names_versions_and_flags() {
    for (zone, tag) in [("a/b.EX\\.x.test", 60269), (".", 44721), ("v12.test", 16456)] {
        let (set, codes) = key_set("bind", zone, NOW);
        assert_eq!((set.published()[0].key_tag, set.role(0), codes), (tag, Some(KeyRole::Csk), vec![]), "{zone}");
    }
    let (set, codes) = key_set("bind", "revoked.test", NOW);
    assert_eq!((set.role(0), set.published()[0].flags()), (Some(KeyRole::Revoked), 385));
    assert_eq!(codes, ["algorithm-without-signer"]);
    assert_eq!(set.signers_of(Rtype::DNSKEY).count(), 1);
    assert_eq!(set.signers_of(Rtype::CDS).count() + set.signers_of(Rtype::A).count(), 0);
}

#[test]
fn sha1_and_small_keys_publish_but_refuse_to_sign() {
    for (zone, refused) in [("old.test", 2), ("small.test", 1)] {
        let (set, codes) = key_set("bind", zone, NOW);
        assert_eq!(set.published().len(), refused);
        assert!(set.published().iter().all(|key| key.signer.is_none() && key.refusal.is_some()), "{zone}");
        assert_eq!(codes.iter().filter(|code| **code == "key-refused").count(), refused);
        assert_eq!(codes.iter().filter(|code| **code == "algorithm-without-signer").count(), refused);
    }
}

/// `timed.test.`: a KSK revoked, and a ZSK with every time in January 2026.
#[test]
fn times_decide() {
    let date = |text: &str| UnixTime::from_text(text).unwrap();
    for (now, published, zone_signers) in [
        ("20251231235959", 0, 0),
        ("20260101000000", 1, 0),
        ("20260102000000", 1, 1),
        ("20260103000000", 1, 0),
        ("20260104000000", 0, 0),
    ] {
        let (set, _) = key_set("bind", "timed.test", date(now));
        let counts = (set.published().len(), set.signers_of(Rtype::A).count());
        assert_eq!(counts, (published, zone_signers), "{now}");
        // SyncPublish and SyncDelete fall together with Activate and Inactive; the key is a CSK then.
        assert_eq!(SyncRecords::for_set(&set, &[DigestType::SHA256]).cdnskey.len(), zone_signers, "{now}");
    }
    let (set, _) = key_set("bind", "timed.test", NOW);
    let tags: Vec<_> = set.published().iter().map(|key| (key.key_tag, key.flags())).collect();
    assert_eq!(tags, [(REVOKED_TAG + 128, 385)], "the tag changes with the flag");
}

/// Copies a key pair to a directory of its own; returns its `.key` and `.private`.
fn copy_pair(base: &str, directory: &Path) -> (PathBuf, PathBuf) {
    let [public, private] = [".key", ".private"].map(|ending| {
        let from = data(&format!("{base}{ending}"));
        let to = directory.join(from.file_name().unwrap());
        fs::write(&to, fs::read(&from).unwrap()).unwrap();
        to
    });
    (public, private)
}

/// Every line removed in turn, the file cut off at every octet, and every octet replaced: no panic, and an error names
/// its file; for a missing line of the private half, the field too.
#[test]
fn garbled_files_are_named() {
    let directory = TempDir::new().unwrap();
    for base in ["bind/Kbind.test.+008+00377", "bind/Kbind.test.+013+17083"] {
        let (public, private) = copy_pair(base, directory.path());
        for path in [&public, &private] {
            let whole = fs::read_to_string(path).unwrap();
            let lines: Vec<_> = whole.lines().collect();
            for removed in 0..lines.len() {
                let rest: Vec<_> =
                    lines.iter().enumerate().filter(|(at, _)| *at != removed).map(|(_, line)| *line).collect();
                fs::write(path, rest.join("\n")).unwrap();
                let field = lines[removed].split(':').next().unwrap();
                match load_named(&public, &LoadOptions::default(), &mut Diagnostics::new(9)) {
                    Ok(_) => assert!(
                        lines[removed].starts_with(';') || ["Created", "Publish", "Activate"].contains(&field),
                        "{base}: {field} is needed"
                    ),
                    Err(error) => {
                        let message = error.to_string();
                        assert!(message.starts_with(&path.display().to_string()), "{message}");
                        assert!(message.contains(field) || message.contains("DNSKEY"), "{field}: {message}");
                    }
                }
            }
            let octets = whole.as_bytes();
            for at in (0..octets.len()).step_by(7) {
                fs::write(path, &octets[..at]).unwrap();
                check_garbled(&public, path);
                let mut changed = octets.to_vec();
                changed[at] = 0xff;
                fs::write(path, &changed).unwrap();
                check_garbled(&public, path);
            }
            fs::write(path, whole).unwrap();
        }
        assert!(load_named(&public, &LoadOptions::default(), &mut Diagnostics::new(9)).is_ok());
    }
}

#[track_caller]
fn check_garbled(public: &Path, garbled: &Path) {
    if let Err(error) = load_named(public, &LoadOptions::default(), &mut Diagnostics::new(9)) {
        let message = error.to_string();
        assert!(message.contains(&garbled.display().to_string()), "{message}");
        assert!(matches!(
            error.kind,
            KeyErrorKind::Syntax(_) | KeyErrorKind::Crypto(_) | KeyErrorKind::HalvesDiffer(..)
        ));
    }
}

#[test]
fn halves_that_do_not_fit() {
    for (one, other, problem) in [
        ("bind/Kbind.test.+013+17083", "bind/Kbind.test.+013+61665", "the public keys differ"),
        ("bind/Kbind.test.+008+00377", "bind/Kbind.test.+008+33049", "the public keys differ"),
        ("bind/Kbind.test.+015+32732", "bind/Kbind.test.+015+35543", "the public keys differ"),
        ("bind/Kbind.test.+013+17083", "bind/Kbind.test.+015+35543", "the algorithms differ"),
    ] {
        let directory = TempDir::new().unwrap();
        let (public, private) = copy_pair(one, directory.path());
        fs::copy(data(&format!("{other}.private")), &private).unwrap();
        let message = load_named(&public, &LoadOptions::default(), &mut Diagnostics::new(9)).unwrap_err().to_string();
        let expected = format!("{}: does not belong to {}: {problem}", private.display(), public.display());
        assert!(message.starts_with(&expected), "{message}");
        assert!(inspect(&public).unwrap().halves.unwrap().is_err());
    }
}

/// RSA keys whose parts were exchanged, each in turn, are found when loaded, not when signing.
#[test]
fn damaged_rsa_parts() {
    let directory = TempDir::new().unwrap();
    let (public, private) = copy_pair("bind/Kbind.test.+008+00377", directory.path());
    let whole = fs::read_to_string(&private).unwrap();
    let value = |name: &str| whole.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
    let pairs = [("Prime1: ", "Prime2: "), ("Exponent1: ", "Exponent2: "), ("Coefficient: ", "Exponent1: ")];
    for (name, from) in pairs {
        fs::write(&private, whole.replace(&value(name), &value(from))).unwrap();
        let error = load_named(&public, &LoadOptions::default(), &mut Diagnostics::new(9)).unwrap_err();
        assert!(error.to_string().contains("damaged: its parts do not belong together"), "{name}: {error}");
    }
}

#[test]
fn a_missing_private_half_is_an_offline_key() {
    let directory = TempDir::new().unwrap();
    for base in ["bind/Kbind.test.+013+17083", "bind/Kbind.test.+013+61665"] {
        let (public, private) = copy_pair(base, directory.path());
        if fs::read_to_string(&public).unwrap().contains("DNSKEY 257") {
            fs::remove_file(private).unwrap();
        }
    }
    let mut findings = Diagnostics::new(9);
    let zone: NameBuf = "bind.test".parse().unwrap();
    let set = KeySet::new(zone.as_name(), load_zone(directory.path(), "bind.test", &mut findings), NOW, &mut findings);
    assert_eq!(set.published().len(), 2);
    assert_eq!((set.role(0), set.role(1)), (None, Some(KeyRole::Csk)), "the lone signer signs all");
    let codes: Vec<&str> = findings.list().iter().map(|finding| finding.code).collect();
    assert!(codes.ends_with(&["zsk-signs-dnskey", "offline-ksk"]), "{codes:?}");
    assert!(!findings.has_errors());
    // Its CDS stands all the same: the parent points at it.
    assert!(set.in_sync().any(ZoneKey::is_sep));
}

/// A revoked KSK signs for its revocation only (RFC 5011 section 2.1); a ZSK that signs the keys in its place is said.
#[test]
fn a_zsk_in_the_place_of_a_revoked_ksk_is_warned_of() {
    let directory = TempDir::new().unwrap();
    for base in ["bind/Kbind.test.+013+17083", "bind/Kbind.test.+013+61665"] {
        copy_pair(base, directory.path());
    }
    let mut findings = Diagnostics::new(9);
    let zone: NameBuf = "bind.test".parse().unwrap();
    let mut keys = load_zone(directory.path(), "bind.test", &mut findings);
    keys.iter_mut().find(|key| key.is_sep()).unwrap().timing.revoke = Some(NOW);
    let set = KeySet::new(zone.as_name(), keys, NOW, &mut findings);
    assert_eq!((set.role(0), set.role(1)), (Some(KeyRole::Revoked), Some(KeyRole::Csk)));
    let warning = findings.list().iter().find(|finding| finding.code == "zsk-signs-dnskey").unwrap().to_string();
    assert!(warning.contains("is revoked), so the ZSK"), "{warning}");
}

#[test]
fn keys_that_must_not_be_mixed() {
    let zone: NameBuf = "bind.test".parse().unwrap();
    let named = |names: &[&str]| LoadOptions {
        named: names.iter().map(PathBuf::from).collect(),
        directory: Some(data("bind")),
        ..LoadOptions::default()
    };
    let mut findings = Diagnostics::new(9);
    // All ways to name a key give the same one; it is used once.
    let one =
        ["Kbind.test.+013+17083", "Kbind.test.+013+17083.key", "Kbind.test.+013+17083.private", "Kold.test.+005+31983"];
    let keys = load(zone.as_name(), &named(&one), &mut findings).unwrap();
    let set = KeySet::new(zone.as_name(), keys, NOW, &mut findings);
    let codes: Vec<_> = findings.list().iter().map(|finding| finding.code).collect();
    assert_eq!(codes.iter().filter(|code| **code == "duplicate-key").count(), 2, "{codes:?}");
    assert!(codes.contains(&"key-of-other-zone"));
    assert_eq!(set.published().len(), 2);

    let missing = load(zone.as_name(), &named(&["Knone.+013+00001"]), &mut findings).unwrap_err();
    assert!(missing.to_string().contains("Knone.+013+00001.key: No such file"), "{missing}");
    let nowhere = LoadOptions { directory: Some("/nowhere".into()), ..LoadOptions::default() };
    assert!(
        load(zone.as_name(), &nowhere, &mut findings).unwrap_err().to_string().starts_with("/nowhere: No such file")
    );
    let mut findings = Diagnostics::new(9);
    let _ = KeySet::new(zone.as_name(), Vec::new(), NOW, &mut findings);
    assert_eq!(findings.list()[0].code, "no-keys");
}

#[cfg(unix)]
#[test]
fn open_permissions_are_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let directory = TempDir::new().unwrap();
    let (public, private) = copy_pair("bind/Kbind.test.+013+17083", directory.path());
    for (mode, warnings) in [(0o600, 0), (0o400, 0), (0o640, 1), (0o604, 1)] {
        fs::set_permissions(&private, fs::Permissions::from_mode(mode)).unwrap();
        let mut findings = Diagnostics::new(9);
        load_named(&public, &LoadOptions::default(), &mut findings).unwrap();
        assert_eq!(findings.list().len(), warnings, "{mode:o}");
    }
}

#[test]
fn pem_files() {
    for (name, algorithms, bits) in [
        ("rsa2048", &[8, 10][..], 2048),
        ("p256", &[13], 256),
        ("p384", &[14], 384),
        ("ed25519", &[15], 256),
        #[cfg(feature = "ed448")]
        ("ed448", &[16], 456),
    ] {
        let info = inspect(&data(&format!("openssl/{name}.pem"))).unwrap();
        let found: Vec<_> = info.algorithms.iter().map(|algorithm| algorithm.0).collect();
        assert_eq!((info.form, &found[..], info.bits, info.flags), (KeyForm::Pkcs8, algorithms, bits, None), "{name}");
        assert_eq!(info.tags.len(), 2 * algorithms.len());
        assert!(info.tags.chunks(2).all(|tags| tags[0].2.wrapping_add(1) == tags[1].2), "SEP adds one");
    }
    for (name, message) in [("p521", "of a kind other than"), ("pkcs1", "\"RSA PRIVATE KEY\": only PKCS#8")] {
        let error = inspect(&data(&format!("openssl/{name}.pem"))).unwrap_err().to_string();
        assert!(error.contains(message) && error.contains(name), "{error}");
    }
    // Cut off and changed at every octet: no panic.
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("cut.pem");
    let whole = fs::read(data("openssl/p256.pem")).unwrap();
    for at in 0..whole.len() {
        fs::write(&path, &whole[..at]).unwrap();
        let _ = inspect(&path);
        let mut changed = whole.clone();
        changed[at] ^= 4;
        fs::write(&path, &changed).unwrap();
        if let Err(error) = inspect(&path) {
            assert!(error.to_string().contains("cut.pem"), "{error}");
        }
    }
}

fn spec(flags: u16) -> KeySpec {
    let zone = "collide.test".parse().unwrap();
    KeySpec { zone, algorithm: Algorithm::ED25519, bits: None, flags, ttl: None, timing: KeyTiming::default() }
}

/// A maker that gives the same key four times and then another: tags taken, in either form, are passed over.
#[test]
fn sig17_tag_collisions_are_retried() {
    let octets = |n: u8| PrivateKey::from_octets(Algorithm::ED25519, &[n; 32]);
    let directory = TempDir::new().unwrap();
    let first = generate(&spec(257), directory.path(), |_, _| octets(1)).unwrap();
    assert_eq!(first.collisions, 0);
    // With REVOKE from the start the key has the tag of the first one's revoked form.
    for flags in [257, 385] {
        let mut calls = 0;
        let maker = |_, _| {
            calls += 1;
            octets(if calls < 4 { 1 } else { 2 + u8::from(flags == 385) })
        };
        let key = generate(&spec(flags), directory.path(), maker).unwrap();
        assert_eq!((key.collisions, calls), (3, 4), "{flags}");
    }
    let error = generate(&spec(257), directory.path(), |_, _| octets(1)).unwrap_err();
    assert!(matches!(error.kind, KeyErrorKind::NoFreeTag), "{error}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 6);
    let error = generate(&spec(257), directory.path(), |algorithm, _| Err(CryptoError::GenerationFailed(algorithm)));
    assert!(error.is_err());
}

/// Whichever of the two files is in the way, it stays as it is, and no other is left behind.
#[test]
fn files_are_never_overwritten() {
    let source = data("bind/Kbind.test.+013+17083");
    let content = |ending: &str| fs::read(format!("{}{ending}", source.display())).unwrap();
    let public = PublicFile::parse(&source, &content(".key")).unwrap();
    let private = PrivateFile::parse(&source, &content(".private")).unwrap();
    for ending in [".key", ".private"] {
        let directory = TempDir::new().unwrap();
        let old = directory.path().join(format!("Kbind.test.+013+17083{ending}"));
        fs::write(&old, "old").unwrap();
        let error = write_pair(directory.path(), &public, &private).unwrap_err();
        assert!(matches!(error.kind, KeyErrorKind::Exists), "{error}");
        assert_eq!(error.path, old);
        assert_eq!(fs::read(&old).unwrap(), b"old");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "no half pair");
    }
    let directory = TempDir::new().unwrap();
    assert_eq!(write_pair(directory.path(), &public, &private).unwrap(), "Kbind.test.+013+17083");
    let path = directory.path().join("Kbind.test.+013+17083");
    let mut findings = Diagnostics::new(9);
    assert_eq!(load_named(&path, &LoadOptions::default(), &mut findings).unwrap().key_tag, 17083);
    assert!(findings.list().is_empty());
    assert!(write_pair(Path::new("/nowhere"), &public, &private).is_err());
}

/// Two keys of one algorithm with one tag, found by trying: a warning, since validators must try both.
#[test]
fn sig17_equal_tags_are_warned_of() {
    let zone: NameBuf = "x".parse().unwrap();
    let mut by_tag = std::collections::HashMap::new();
    let pair = (0_u32..).find_map(|number| {
        let field: Vec<u8> = number.to_be_bytes().repeat(8);
        let rdata = zoneseal::keys::dnskey_rdata(257, Algorithm::ED25519, &field);
        let tag = zoneseal::rdata::dnskey::key_tag(&rdata);
        by_tag.insert(tag, rdata.clone()).map(|other| (tag, [rdata, other]))
    });
    let (key_tag, rdatas) = pair.unwrap();
    let key = |dnskey_rdata: Vec<u8>| ZoneKey {
        zone: zone.clone(),
        dnskey_rdata,
        key_tag,
        algorithm: Algorithm::ED25519,
        signer: None,
        refusal: None,
        timing: KeyTiming { is_timeless: true, ..KeyTiming::default() },
        ttl: None,
        source: "Kx.key".into(),
        is_named: false,
    };
    let mut findings = Diagnostics::new(9);
    let set = KeySet::new(zone.as_name(), rdatas.map(key).into(), NOW, &mut findings);
    assert_eq!(set.published().len(), 2);
    assert!(findings.list().iter().any(|finding| finding.code == "equal-key-tags"));
}

/// A key that is found follows its times; the same key named is used, with a word about it.
#[test]
fn named_keys_are_used_whatever_their_times() {
    let zone: NameBuf = "timed.test".parse().unwrap();
    let named = LoadOptions {
        named: vec!["Ktimed.test.+015+59424".into()],
        directory: Some(data("bind")),
        ..LoadOptions::default()
    };
    let mut findings = Diagnostics::new(9);
    let keys = load(zone.as_name(), &named, &mut findings).unwrap();
    let set = KeySet::new(zone.as_name(), keys, NOW, &mut findings);
    assert_eq!((set.published().len(), set.role(0)), (1, Some(KeyRole::Csk)));
    assert!(findings.list().iter().any(|finding| finding.code == "named-key-not-active"));
}
