//! A year of cron over a dozen zones that roll their keys in every way, judged at every step with the DS of a parent that
//! takes its time.
//!
//! Method: the parent is played here: some days after a zone asks for another DS RRset by its CDS it has it, and an
//! observation file says so, as `zoneseal observe` would on a machine that can see it. After every run every zone is verified
//! under that DS RRset, by us and, where they are installed, by ldns and now and then by Knot. Set `ZONESEAL_LONG` for a
//! year of hourly runs beside the year of daily ones.

use crate::place::{DAY, FAILED, HOUR, NOW, Place, REFUSED, zone_text};
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::process::{Command, Stdio};
use zoneseal::base::{Rtype, Seconds, Ttl, UnixTime};
use zoneseal::observe::{DsSeen, Observation, ParentSeen, Seen, Server, Trustworthiness, file};
use zoneseal::rdata::dnskey::key_tag;
use zoneseal::verify::Anchor;

/// Keys that live so shortly that a year sees many of them.
const POLICIES: &str = r#"
[policy.default]
base = "nist-81r3"
serial = "unixtime"
roles = "ksk+zsk"
keys.zsk.lifetime = "40d"
keys.ksk.lifetime = "120d"
run-interval = "1d"
max-zone-ttl = "12h"
cds = "publish"
purge-keys = "20d"
"#;

/// What one zone has besides; the second text is its policy from the middle of the year on.
const KINDS: [(&str, &str, &str); 15] = [
    ("plain", "", ""),
    ("csk", "roles = \"csk\"\nkeys.csk.lifetime = \"60d\"\n", "roles = \"csk\"\nkeys.csk.lifetime = \"60d\"\n"),
    ("double-signature", "keys.zsk.method = \"double-signature\"\n", "keys.zsk.method = \"double-signature\"\n"),
    ("double-ds", "keys.ksk.method = \"double-ds\"\n", "keys.ksk.method = \"double-ds\"\n"),
    ("double-rrset", "keys.ksk.method = \"double-rrset\"\n", "keys.ksk.method = \"double-rrset\"\n"),
    ("denial", "denial = \"nsec3\"\n", "denial = \"nsec\"\n"),
    ("algorithm", "", "keys.ksk.algorithm = \"ED25519\"\nkeys.zsk.algorithm = \"ED25519\"\n"),
    (
        "liberal",
        "algorithm-roll = \"liberal\"\nstrict-algorithms = false\n",
        "algorithm-roll = \"liberal\"\nstrict-algorithms = false\nkeys.ksk.algorithm = \"ED25519\"\nkeys.zsk.algorithm = \"ED25519\"\n",
    ),
    ("insecure", "", "dnssec = \"insecure\"\n"),
    ("standby", "keys.zsk.standby = 1\nkeys.ksk.standby = 1\n", ""),
    ("gradual", "signatures-replacement = \"gradual\"\n", "signatures-replacement = \"gradual\"\n"),
    ("roles", "", "roles = \"csk\"\nkeys.csk.lifetime = \"120d\"\n"),
    ("emergency", "", ""),
    ("revoked", "", ""),
    ("comeback", "", ""),
];

/// What is asked for by hand: the day, the zone, and what follows `rollover start ZONE`; KSK stands for the tag of one.
const ORDERS: [(i64, &str, &[&str]); 4] = [
    (70, "comeback", &["insecure"]),
    (200, "comeback", &["secure"]),
    (100, "emergency", &["ksk", "--emergency", "--keep-chain"]),
    (100, "revoked", &["revoke", "KSK"]),
];

/// Zones that kzonecheck 3.2 has no objection to in any state. It has both of two CSKs sign the data, and every CDNSKEY be a
/// DNSKEY, which double-DS cannot do; ldns and BIND ask for neither.
const FOR_KNOT: [&str; 6] = ["plain", "double-signature", "denial", "algorithm", "standby", "gradual"];

fn name(kind: &str) -> String {
    format!("{kind}.example")
}

/// The parent of all zones.
#[derive(Default)]
struct Parent {
    /// DS RDATA by kind.
    ds: HashMap<&'static str, BTreeSet<Vec<u8>>>,
    /// Since when a zone asks for something else.
    asked: HashMap<&'static str, UnixTime>,
}

/// How long the parent takes.
const DELAY: Seconds = Seconds(3 * DAY.0);

impl Parent {
    /// Does what the CDS of a zone ask for, late, and shows what there is.
    fn turn(&mut self, place: &Place, kind: &'static str, now: UnixTime) {
        let zone = place.published(&name(kind));
        let cds: BTreeSet<Vec<u8>> = zone
            .apex_node()
            .rrset(Rtype::CDS)
            .map(|set| set.records().map(|one| one.rdata().to_vec()).collect())
            .unwrap_or_default();
        let wanted: Option<BTreeSet<Vec<u8>>> = match cds.first() {
            None => None,
            Some(one) if one == &[0, 0, 0, 0, 0] => Some(BTreeSet::new()),
            Some(_) => Some(cds),
        };
        let at_parent = self.ds.entry(kind).or_default();
        let before = at_parent.clone();
        match wanted.filter(|wanted| wanted != at_parent) {
            None => drop(self.asked.remove(kind)),
            Some(wanted) if now.since(*self.asked.entry(kind).or_insert(now)) >= DELAY => {
                *at_parent = wanted;
                self.asked.remove(kind);
            }
            Some(_) => {}
        }
        // Whoever carries observations does so when something is new, and now and then.
        let is_new = before != *at_parent || now.since(NOW).0 % (10 * DAY.0) == 0;
        if !is_new {
            return;
        }
        let seen = Observation {
            zone: zone.apex().to_owned(),
            at: now,
            parent: Some(ParentSeen {
                zone: Some("example.".parse().unwrap()),
                servers: vec![Seen {
                    server: Server::at("192.0.2.53:53".parse().unwrap()),
                    answer: Ok(DsSeen { ds: at_parent.iter().cloned().collect(), ttl: Ttl::new(86_400).unwrap() }),
                    trust: Trustworthiness::Unchecked,
                }],
            }),
            child: None,
            faults: Vec::new(),
            notes: Vec::new(),
        };
        let text = file::to_json(&seen, &[], &[]).unwrap();
        fs::write(place.path(&format!("state/{}.observation.json", name(kind))), text).unwrap();
    }

    fn anchors(&self, kind: &str) -> Vec<Anchor> {
        self.ds.get(kind).into_iter().flatten().cloned().map(Anchor::Ds).collect()
    }
}

/// A place with all kinds of zones.
fn place(is_second_half: bool, place: Option<Place>) -> Place {
    let place = place.unwrap_or_else(|| {
        let place = Place::new(&[]);
        for (kind, ..) in KINDS {
            place.write(
                &format!("zones/{}.zone", name(kind)),
                &zone_text(&name(kind), 1, "a.b.c IN TXT \"deep\"\nsub IN NS ns.elsewhere.test.\n"),
            );
        }
        let zones =
            KINDS.map(|(kind, ..)| format!("[[zones]]\nfile = 'zones/{}.zone'\npolicy = '{kind}'\n", name(kind)));
        place.write("zoneseal.toml", &format!("policy-file = 'policy.toml'\n{}", zones.concat()));
        place
    });
    let body = POLICIES.split_once("[policy.default]\n").unwrap().1;
    let policy = |(kind, first, second): (&str, &str, &str)| {
        let own = if is_second_half { second } else { first };
        let kept: String = body
            .lines()
            .filter(|line| line.split_once(" = ").is_none_or(|(field, _)| !own.contains(&format!("{field} ="))))
            .map(|line| format!("{line}\n"))
            .collect();
        format!("[policy.{kind}]\n{kept}{own}")
    };
    place.write("policy.toml", &KINDS.map(policy).concat());
    place
}

/// Asks for what somebody wants on a day.
fn order(place: &Place, day: i64, now: UnixTime) {
    let keys = place.path("keys");
    for (_, kind, words) in ORDERS.iter().filter(|(when, ..)| *when == day) {
        let zone = name(kind);
        let dnskeys = place.published(&zone);
        let ksk = dnskeys.apex_node().rrset(Rtype::DNSKEY).and_then(|set| {
            let tag = set.records().find(|one| one.rdata()[..2] == [1, 1]).map(|one| key_tag(one.rdata()))?;
            Some(tag.to_string())
        });
        let words = words.iter().map(|word| if *word == "KSK" { ksk.as_deref().unwrap() } else { word });
        let fixed = ["rollover", "start", &zone].into_iter().chain(words).chain(["-K", keys.to_str().unwrap()]);
        let ran = place.command(now, &fixed.collect::<Vec<_>>());
        assert_ne!(ran.code, FAILED.into(), "{kind}: {}{}", ran.out, ran.err);
    }
}

/// Lives through days with so many runs a day.
fn live(days: i64, runs_a_day: i64) {
    let mut place = place(false, None);
    let mut parent = Parent::default();
    let mut witness = Witness::default();
    for run in 0..days * runs_a_day {
        let now = NOW.plus(Seconds(run * DAY.0 / runs_a_day));
        if run == days * runs_a_day / 2 {
            place = self::place(true, Some(place));
        }
        if run % runs_a_day == 0 {
            order(&place, run / runs_a_day, now);
        }
        let ran = place.run(now, &["--json"]);
        assert!(![FAILED.into(), REFUSED.into()].contains(&ran.code), "at {now}: {}{}", ran.out, ran.err);
        witness.judge(&place, &parent, now);
        if run % runs_a_day == 0 {
            KINDS.iter().for_each(|(kind, ..)| parent.turn(&place, kind, now));
        }
    }
    for (kind, ..) in KINDS {
        let keys = &witness.keys[kind];
        assert!(keys.len() >= 4, "{kind}: only {} keys were ever published", keys.len());
    }
    assert!(parent.ds["insecure"].is_empty() && !place.published("insecure.example").apex_node().has(Rtype::DNSKEY));
    let algorithms = |kind: &str| -> BTreeSet<u8> {
        let zone = place.published(&name(kind));
        zone.apex_node().rrset(Rtype::DNSKEY).unwrap().records().map(|one| one.rdata()[3]).collect()
    };
    assert_eq!((algorithms("algorithm"), algorithms("liberal")), ([15].into(), [15].into()));
    assert!(!place.published("denial.example").apex_node().has(Rtype::NSEC3PARAM));
    // By hand: out and back, and a key that was revoked before it went.
    assert_eq!(witness.unsigned, ["insecure", "comeback"].into());
    assert!(!parent.ds["comeback"].is_empty());
    let is_revoked = |kind: &str| witness.keys[kind].iter().any(|key| key[1] & 0x80 != 0);
    assert!(is_revoked("revoked") && !is_revoked("plain"));
}

/// What was seen of the zones.
#[derive(Default)]
struct Witness {
    /// Serial and text as they were published last.
    last: HashMap<&'static str, (u32, Vec<u8>)>,
    /// All keys that were ever published, as RDATA.
    keys: HashMap<&'static str, BTreeSet<Vec<u8>>>,
    /// Zones that were seen without signatures.
    unsigned: BTreeSet<&'static str>,
}

impl Witness {
    /// All zones at a time, by us and by others.
    fn judge(&mut self, place: &Place, parent: &Parent, now: UnixTime) {
        let signed: Vec<_> =
            KINDS.iter().map(|(kind, ..)| *kind).filter(|kind| self.judge_one(place, parent, kind, now)).collect();
        assert_peer_agrees(place, &signed, now, "ldns-verify-zone", |file, _| {
            vec!["-t".into(), now.to_date_text(), file.into()]
        });
        if now.since(NOW).0 / HOUR.0 % (10 * 24) == 0 {
            let signed: Vec<_> = signed.into_iter().filter(|kind| FOR_KNOT.contains(kind)).collect();
            assert_peer_agrees(place, &signed, now, "kzonecheck", |file, zone| {
                ["-d", "on", "-t", &now.0.to_string(), "-o", zone, file].map(str::to_owned).to_vec()
            });
        }
    }

    /// A zone at a time: valid by the parent's DS, with more than the budget left, and no serial for two contents. Gives
    /// whether it is signed.
    fn judge_one(&mut self, place: &Place, parent: &Parent, kind: &'static str, now: UnixTime) -> bool {
        let zone = place.published(&name(kind));
        let anchors = parent.anchors(kind);
        let is_signed = zone.apex_node().has(Rtype::DNSKEY);
        assert!(is_signed || anchors.is_empty(), "{kind} at {now}: unsigned under a DS");
        if is_signed {
            place.assert_valid(&name(kind), now, anchors);
            let left = place.ledger(&name(kind)).earliest_expiration.unwrap().since(now);
            assert!(left > Seconds(3 * DAY.0), "{kind} at {now}: only {left} left");
        } else {
            self.unsigned.insert(kind);
        }
        let keys = zone.apex_node().rrset(Rtype::DNSKEY);
        let keys = keys.iter().flat_map(|set| set.records()).map(|one| one.rdata().to_vec());
        self.keys.entry(kind).or_default().extend(keys);
        let (serial, text) = (zone.soa().serial, place.signed(&name(kind)));
        if let Some((old, old_text)) = self.last.insert(kind, (serial, text.clone())) {
            assert_eq!(old == serial, old_text == text, "{kind} at {now}: serial {old}, then {serial}");
        }
        is_signed
    }
}

/// Has another program verify zones, all at once, where it is installed.
fn assert_peer_agrees(
    place: &Place,
    kinds: &[&str],
    now: UnixTime,
    program: &str,
    arguments: impl Fn(&str, &str) -> Vec<String>,
) {
    let begin = |kind: &&str| {
        let zone = name(kind);
        let file = place.signed_path(&zone);
        let mut command = Command::new(program);
        command.args(arguments(file.to_str().unwrap(), &zone)).stdout(Stdio::piped()).stderr(Stdio::piped());
        match command.spawn() {
            Ok(child) => Some((zone, child)),
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
                None
            }
        }
    };
    let begun: Vec<_> = kinds.iter().map(begin).collect();
    for (zone, child) in begun.into_iter().flatten() {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{zone} at {now}: {program}: {said}");
    }
}

#[test]
fn a_year_of_daily_runs() {
    live(365, 1);
}

#[test]
fn hourly_runs() {
    match std::env::var_os("ZONESEAL_LONG") {
        Some(_) => live(365, 24),
        None => live_hourly_briefly(8),
    }
}

/// Some days of hourly runs, at the beginning of which all is made: most of them have nothing due.
fn live_hourly_briefly(days: i64) {
    let place = place(false, None);
    let mut parent = Parent::default();
    let mut witness = Witness::default();
    let mut idle = 0;
    for hour in 0..days * 24 {
        let now = NOW.plus(Seconds(hour * HOUR.0));
        let json = place.run_json(now, &[]);
        idle += json["counts"]["nothing-due"].as_u64().unwrap();
        witness.judge(&place, &parent, now);
        if hour % 24 == 0 {
            KINDS.iter().for_each(|(kind, ..)| parent.turn(&place, kind, now));
        }
    }
    let all = u64::try_from(days * 24).unwrap() * KINDS.len() as u64;
    assert!(idle > all / 2, "{idle} of {all}");
}
