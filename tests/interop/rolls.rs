//! Whole rolls with real servers: named serves a parent and its child, unbound validates from the parent's trust anchor,
//! the test is the clock, cron and the registrar. At every step the zone must be valid for unbound and for `verify`.
//!
//! The clock flies: every command has `--now`, unbound has a date of its own. Servers are started anew at each step, so
//! unbound's cache is empty; what caches of any age would say is the simulator's subject.

use crate::peer;
use crate::server::{Authority, Question, Served, Server, start_unbound_at};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// Where the clock begins: 2027-01-01.
const START: i64 = 1_798_761_600;
/// Time between two runs when something has just changed.
const MINUTE: i64 = 60;
const DAY: i64 = 86_400;
/// Runs a roll may take; a stuck one must not take for ever.
const RUNS_MAX: usize = 60;

const PARENT: &str = "parent.";
const CHILD: &str = "child.parent.";

/// A roll: the policy at first, and what begins it.
#[derive(Clone, Copy, Debug)]
struct Roll {
    name: &'static str,
    /// Lines of the policy.
    policy: &'static str,
    begin: Begin,
    end: End,
}

/// How the zone is in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Other keys, the DS as it was.
    SameDs,
    /// Other keys and another DS.
    OtherDs,
    /// No keys and no DS.
    Insecure,
}

/// How a roll begins.
#[derive(Clone, Copy, Debug)]
enum Begin {
    /// By `rollover start` with these words.
    Start(&'static str),
    /// By another policy.
    Policy(&'static str),
}

const ROLLS: [Roll; 10] = [
    Roll { name: "zsk", policy: "roles = \"ksk+zsk\"\n", begin: Begin::Start("zsk"), end: End::SameDs },
    Roll { name: "ksk", policy: "roles = \"ksk+zsk\"\n", begin: Begin::Start("ksk"), end: End::OtherDs },
    Roll { name: "csk", policy: "roles = \"csk\"\n", begin: Begin::Start("csk"), end: End::OtherDs },
    Roll {
        name: "ksk by double-DS",
        policy: "roles = \"ksk+zsk\"\nkeys.ksk.method = \"double-ds\"\n",
        begin: Begin::Start("ksk"),
        end: End::OtherDs,
    },
    Roll {
        name: "ksk by double-RRset",
        policy: "roles = \"ksk+zsk\"\nkeys.ksk.method = \"double-rrset\"\n",
        begin: Begin::Start("ksk"),
        end: End::OtherDs,
    },
    Roll {
        name: "algorithm",
        policy: "roles = \"ksk+zsk\"\n",
        begin: Begin::Policy("keys.ksk.algorithm = \"ED25519\"\nkeys.zsk.algorithm = \"ED25519\"\n"),
        end: End::OtherDs,
    },
    Roll {
        name: "algorithm liberally",
        policy: "roles = \"ksk+zsk\"\nalgorithm-roll = \"liberal\"\nstrict-algorithms = false\n",
        begin: Begin::Start("algorithm --to ED25519"),
        end: End::OtherDs,
    },
    Roll { name: "insecure", policy: "roles = \"csk\"\n", begin: Begin::Start("insecure"), end: End::Insecure },
    Roll {
        name: "stolen ksk, keeping the chain",
        policy: "roles = \"ksk+zsk\"\n",
        begin: Begin::Start("ksk --emergency --keep-chain"),
        end: End::OtherDs,
    },
    Roll {
        name: "stolen csk, breaking the chain",
        policy: "roles = \"csk\"\n",
        begin: Begin::Start("csk --emergency --break-chain"),
        end: End::OtherDs,
    },
];

pub fn trials() -> Vec<Trial> {
    let trial =
        |roll: Roll| peer::trial(format!("rolls::{}", roll.name), &["named", "unbound"], move || carry_out(roll));
    ROLLS.into_iter().map(trial).collect()
}

fn carry_out(roll: Roll) -> Result<(), Failed> {
    let mut world = World::new(roll.policy)?;
    world.run_until_settled()?;
    let before = (world.dnskeys()?, world.ds.clone());
    if before.1.len() != 1 {
        return Err(world.explain("the parent has no DS, or more than one").into());
    }
    match roll.begin {
        Begin::Start(words) => {
            let words: Vec<&str> = words.split(' ').chain(["--why", "a test"]).collect();
            world.rollover("start", &words)?;
        }
        Begin::Policy(lines) => world.write_policy(&format!("{}{lines}", roll.policy)),
    }
    world.run_until_settled()?;
    let after = (world.dnskeys()?, world.ds.clone());
    if roll.end == End::Insecure {
        let is_so = after.0.is_empty() && after.1.is_empty();
        return if is_so { Ok(()) } else { Err(world.explain(&format!("left: {after:?}")).into()) };
    }
    if after.0 == before.0 || after.0.len() != before.0.len() {
        return Err(world.explain(&format!("the keys were {:?} and are {:?}", before.0, after.0)).into());
    }
    if (after.1 != before.1) != (roll.end == End::OtherDs) || after.1.len() != 1 {
        return Err(world.explain(&format!("the DS was {:?} and is {:?}", before.1, after.1)).into());
    }
    Ok(())
}

/// Parent, child, registrar and clock.
struct World {
    folder: TempDir,
    now: i64,
    /// The DS records the registrar has put into the parent.
    ds: BTreeSet<String>,
    /// The parent's key, as unbound trusts it.
    anchor: String,
    /// What was done, for failures.
    story: Vec<String>,
}

impl World {
    fn new(policy: &str) -> Result<Self, String> {
        let folder = peer::folder();
        for keys in ["parent-keys", "keys"] {
            std::fs::create_dir(folder.path().join(keys)).map_err(|error| error.to_string())?;
        }
        let mut world = Self { folder, now: START, ds: BTreeSet::new(), anchor: String::new(), story: Vec::new() };
        let parent_keys = world.path("parent-keys");
        let published = (START - 86_400).to_string();
        peer::run(
            peer::zoneseal().args(["keygen", "-q", "--csk", "--publish", &published, PARENT, "-K"]).arg(&parent_keys),
        )?;
        peer::write(world.folder.path(), "child.zone", zone_text(CHILD, ""));
        peer::write(world.folder.path(), "child.signed", zone_text(CHILD, ""));
        world.write_policy(policy);
        world.sign_parent()?;
        world.anchor = peer::run(peer::zoneseal().arg("ds").arg(world.path("parent.signed")))?.trim().to_owned();
        peer::write(world.folder.path(), "anchor", &world.anchor);
        Ok(world)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Short times, so that few signatures and little virtual time are needed; keys live until they are rolled.
    fn write_policy(&self, lines: &str) {
        let text = format!(
            "[policy.test]\nbase = \"rfc-current\"\nkeys.ksk.lifetime = \"unlimited\"\nkeys.zsk.lifetime = \"unlimited\"\n\
             keys.csk.lifetime = \"unlimited\"\ndnskey-ttl = \"5m\"\npurge-keys = \"1d\"\n{lines}"
        );
        peer::write(self.folder.path(), "policy.toml", text);
    }

    /// A command of ours at the time of the world.
    fn zoneseal(&self, command: &str) -> Command {
        let mut program = peer::zoneseal();
        program.args(["--now", &self.now.to_string(), command]);
        program
    }

    fn sign_parent(&self) -> Result<(), String> {
        let ds: String = self.ds.iter().map(|line| format!("{line}\n")).collect();
        let cut = format!("child NS ns.child\nns.child A 127.0.0.1\n$TTL 600\n{ds}");
        let zone = peer::write(self.folder.path(), "parent.zone", zone_text(PARENT, &cut));
        let mut sign = self.zoneseal("sign");
        sign.args(["-q", "-K"]).arg(self.path("parent-keys")).arg("-f").arg(self.path("parent.signed")).arg(zone);
        peer::run(&mut sign).map(drop)
    }

    /// Runs as cron would, until nothing is left to be done and nothing is waited for.
    fn run_until_settled(&mut self) -> Result<(), String> {
        for _ in 0..RUNS_MAX {
            let (is_changed, next) = self.run_once().map_err(|error| self.explain(&error))?;
            match (is_changed, next.filter(|&next| next > self.now)) {
                (true, _) => self.now += MINUTE,
                // Signatures must be made again in time, so cron runs daily whatever the engine waits for.
                (false, Some(next)) => self.now = next.min(self.now + DAY),
                (false, None) => return Ok(()),
            }
        }
        Err(self.explain("it does not end"))
    }

    /// One run: publish, look, have the parent changed, step, sign. Gives whether anything changed, and the time the
    /// engine names for the next step.
    fn run_once(&mut self) -> Result<(bool, Option<i64>), String> {
        self.sign_parent()?;
        let authority = self.publish()?;
        self.check_by_resolver(&authority)?;
        self.check_by_verify()?;
        let is_ds_changed = self.observe(&authority)?;
        drop(authority);
        let status = self.rollover("apply", &["--observations", &self.path("seen.json").display().to_string()])?;
        let keys_before = self.published()?;
        let mut sign = self.zoneseal("sign");
        sign.args(["-q", "-K"])
            .arg(self.path("keys"))
            .arg("-f")
            .arg(self.path("child.signed"))
            .arg(self.path("child.zone"));
        peer::run(&mut sign)?;
        let is_signing_changed = self.published()? != keys_before;
        let has_changes = status["changes"].as_array().is_some_and(|changes| !changes.is_empty());
        self.note(&status);
        Ok((is_ds_changed || is_signing_changed || has_changes, time(&status["next_event"])))
    }

    /// Serves parent and child.
    fn publish(&self) -> Result<Server, String> {
        let zone = |apex: &str, file| Served { apex: apex.to_owned(), file: self.path(file) };
        Authority::Named.start(&[zone(PARENT, "parent.signed"), zone(CHILD, "child.signed")])
    }

    /// What a validating resolver says now: all answers are there, and once there is a DS they are authentic.
    fn check_by_resolver(&self, authority: &Server) -> Result<(), String> {
        let date = zoneseal::base::UnixTime(self.now).to_date_text();
        let zones = [PARENT.to_owned(), CHILD.to_owned()];
        let resolver = start_unbound_at(authority.address, &zones, std::slice::from_ref(&self.anchor), Some(&date))?;
        for (name, rtype, code) in [
            (CHILD.to_owned(), RecordType::SOA, ResponseCode::NoError),
            (format!("www.{CHILD}"), RecordType::A, ResponseCode::NoError),
            (format!("nothing.{CHILD}"), RecordType::A, ResponseCode::NXDomain),
            (CHILD.to_owned(), RecordType::DNSKEY, ResponseCode::NoError),
        ] {
            let answer = resolver.ask(&Question::new(&name, rtype))?.metadata;
            let wanted = (code, !self.ds.is_empty());
            if (answer.response_code, answer.authentic_data) != wanted {
                let found = (answer.response_code, answer.authentic_data);
                return Err(format!("unbound says {found:?}, not {wanted:?}, to {name} {rtype}\n{}", resolver.log()));
            }
        }
        Ok(())
    }

    /// What our own verifier says of the published zone, from the DS at the parent.
    fn check_by_verify(&self) -> Result<(), String> {
        if self.ds.is_empty() {
            return Ok(());
        }
        let ds: String = self.ds.iter().map(|line| format!("{line}\n")).collect();
        let anchor = peer::write(self.folder.path(), "child.ds", ds);
        let mut verify = self.zoneseal("verify");
        verify.args(["-q", "--anchor"]).arg(anchor).arg(self.path("child.signed"));
        peer::run(&mut verify).map(drop)
    }

    /// Looks at all servers, and does as the registrar is asked. Gives whether that changed the DS.
    fn observe(&mut self, authority: &Server) -> Result<bool, String> {
        let server = format!("{}@{}", authority.address.ip(), authority.address.port());
        let mut observe = self.zoneseal("observe");
        observe.args([CHILD, "--json", "--parent-server", &server, "--child-server", &server, "--anchor"]);
        observe.arg(self.path("anchor")).arg("-f").arg(self.path("seen.json"));
        if self.has_state() {
            observe.arg("-K").arg(self.path("keys"));
        }
        let seen = parse(&peer::run_for_codes(&mut observe, &[0, 1])?)?;
        let before = self.ds.clone();
        for change in seen["changes"].as_array().map_or(&[][..], Vec::as_slice) {
            let record = change["record"].as_str().unwrap_or_default().to_owned();
            self.story.push(format!("{}: registrar: {} {record}", self.now, change["deed"]));
            match change["deed"].as_str() {
                Some("add") => self.ds.insert(record),
                _ => self.ds.remove(&record),
            };
        }
        Ok(self.ds != before)
    }

    fn has_state(&self) -> bool {
        self.path("keys").join("child.parent.zoneseal.json").exists()
    }

    /// A `rollover` command; 1 says that somebody has something to do, which is what the test is there for.
    fn rollover(&self, what: &str, arguments: &[&str]) -> Result<Value, String> {
        let mut command = self.zoneseal("rollover");
        command.args([what, CHILD, "--json", "-K"]).arg(self.path("keys"));
        command.arg("--policy").arg(self.path("policy.toml")).args(arguments);
        parse(&peer::run_for_codes(&mut command, &[0, 1])?)
    }

    /// The DNSKEY records of the signed child, and who signs its keys and its SOA.
    fn published(&self) -> Result<BTreeSet<String>, String> {
        let text = peer::read(&self.path("child.signed"))?;
        let of_keys = |line: &&str| {
            let words: Vec<_> = line.split_whitespace().collect();
            words.contains(&"DNSKEY") || words.windows(2).any(|pair| pair == ["RRSIG", "SOA"])
        };
        // Signatures themselves are new every time: of them only what is before the times counts, and the tag.
        let short = |line: &str| match line.contains("RRSIG") {
            true => {
                let words: Vec<_> = line.split_whitespace().collect();
                format!("{} {} {}", words[4], words[5], words.get(10).copied().unwrap_or_default())
            }
            false => line.to_owned(),
        };
        Ok(text.lines().filter(of_keys).map(short).collect())
    }

    /// The DNSKEY records of the signed child.
    fn dnskeys(&self) -> Result<BTreeSet<String>, String> {
        let is_key = |line: &String| !line.contains("RRSIG") && line.contains("DNSKEY") && line.starts_with(CHILD);
        Ok(self.published()?.into_iter().filter(is_key).collect())
    }

    fn note(&mut self, status: &Value) {
        for change in status["changes"].as_array().map_or(&[][..], Vec::as_slice) {
            self.story.push(format!("{}: {}", self.now, change.as_str().unwrap_or_default()));
        }
        let waiting: Vec<_> =
            status["waiting"].as_array().map_or(&[][..], Vec::as_slice).iter().map(|one| &one["what"]).collect();
        self.story.push(format!("{}: waiting {waiting:?}, next {}", self.now, status["next_event"]));
    }

    fn explain(&self, what: &str) -> String {
        format!("{what}\n--- at {}\n{}", self.now, self.story.join("\n"))
    }
}

fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("{error}: {text}"))
}

/// A time in JSON, as seconds or as text.
fn time(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| zoneseal::base::UnixTime::from_iso_text(value.as_str()?).map(|time| time.0))
}

fn zone_text(apex: &str, records: &str) -> String {
    format!(
        "$ORIGIN {apex}\n$TTL 600\n@ SOA ns host 1 7200 900 1209600 300\n@ NS ns\nns A 127.0.0.1\nwww A 192.0.2.1\n{records}"
    )
}
