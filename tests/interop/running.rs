//! `zoneseal run` as operators have it: run by a timer for weeks, its hook makes the server load each new version, and a
//! validating resolver is content with every one of them: edits, signatures that fall due, and a roll of the ZSK.

use crate::peer;
use crate::server::{self, Authority, Question, Served, Server};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{RData, RecordType};
use libtest_mimic::{Failed, Trial};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use zoneseal::base::{Seconds, UnixTime};

const ZONE: &str = "run.example.";
/// 2027-01-01 00:00:00 UTC.
const START: UnixTime = UnixTime(1_798_761_600);
/// The timer of the test.
const PERIOD: Seconds = Seconds(12 * 3600);
/// How often it runs: a ZSK lives for eight days, and its successor is published before its end.
const RUNS: i64 = 26;
/// The file's content changes in every so many runs.
const EDIT_EVERY: i64 = 5;

pub fn trials() -> Vec<Trial> {
    let trial = |authority: Authority| {
        let name = format!("run::{}::unbound", authority.program());
        peer::trial(name, &[authority.program(), authority.control_program(), "unbound"], move || weeks(authority))
    };
    Authority::ALL.into_iter().map(trial).collect()
}

/// A zone under `zoneseal run`.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Result<Self, String> {
        let place = Self { folder: peer::folder() };
        for name in ["zones", "keys", "state", "signed"] {
            fs::create_dir(place.path(name)).map_err(|error| error.to_string())?;
        }
        let policy = "[policy.weeks]\nbase = \"nist-81r3\"\nkeys.zsk.lifetime = \"8d\"\npurge-keys = \"1d\"\n";
        peer::write(place.folder.path(), "policy.toml", policy);
        place.configure(&[]);
        place.edit(0);
        Ok(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn output(&self) -> PathBuf {
        self.path("signed/run.example.zone.signed")
    }

    fn configure(&self, hook: &[String]) {
        let hook: Vec<String> = hook.iter().map(|word| format!("{word:?}")).collect();
        let text = format!(
            "policy-file = \"policy.toml\"\n\n[defaults]\npolicy = \"weeks\"\nhook = [{}]\n\n[[zones]]\nfiles = \"zones/*.zone\"\n",
            hook.join(", ")
        );
        peer::write(self.folder.path(), "zoneseal.toml", text);
    }

    /// Writes the zone with an address that tells the version.
    fn edit(&self, version: i64) {
        let text = format!(
            "$ORIGIN {ZONE}\n$TTL 300\n@ SOA ns hostmaster 1 7200 600 86400 300\n@ NS ns\nns A 127.0.0.1\n\
             www A 192.0.2.{version}\n*.wild TXT \"any\"\n"
        );
        peer::write(&self.path("zones"), "run.example.zone", text);
    }

    /// Runs once; whether a new version was published.
    fn run(&self, now: UnixTime) -> Result<bool, String> {
        let mut command = peer::zoneseal();
        command.arg("run").arg("--now").arg(now.0.to_string()).arg("--config").arg(self.path("zoneseal.toml"));
        let output = command.output().map_err(|error| error.to_string())?;
        match output.status.code() {
            Some(0) => Ok(false),
            Some(3) => Ok(true),
            _ => Err(format!(
                "run at {now}: {}\n{}{}",
                output.status,
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            )),
        }
    }

    /// The serial in the signed file.
    fn serial(&self) -> Result<u32, String> {
        let text = peer::read(&self.output())?;
        let soa = text.lines().find(|line| line.split_whitespace().nth(3) == Some("SOA"));
        let serial = soa.and_then(|line| line.split_whitespace().nth(6)?.parse().ok());
        serial.ok_or_else(|| "no serial in the signed zone".into())
    }

    /// The zone-signing keys in the signed file.
    fn zsks(&self) -> Result<BTreeSet<String>, String> {
        let text = peer::read(&self.output())?;
        let is_zsk = |line: &&str| line.split_whitespace().skip(3).take(2).eq(["DNSKEY", "256"]);
        Ok(text.lines().filter(is_zsk).map(str::to_owned).collect())
    }
}

fn weeks(authority: Authority) -> Result<(), Failed> {
    let place = Place::new()?;
    if !place.run(START)? {
        return Err("the first run published nothing".into());
    }
    let anchors = anchors(&place.output())?;
    let (server, hook) = authority.start_controlled(&[Served { apex: ZONE.into(), file: place.output() }])?;
    place.configure(&hook);
    let (mut keys, mut changes) = (place.zsks()?, 0);
    check(&place, &server, &anchors, START, 0)?;
    for run in 1..=RUNS {
        let now = START.plus(Seconds(PERIOD.0 * run));
        let version = run / EDIT_EVERY;
        if run % EDIT_EVERY == 0 {
            place.edit(version);
        }
        let before = place.serial()?;
        let is_changed = place.run(now)?;
        if is_changed != (place.serial()? != before) || (run % EDIT_EVERY == 0 && !is_changed) {
            return Err(format!("run {run}: changed {is_changed}, serial {before} to {}", place.serial()?).into());
        }
        if is_changed {
            changes += 1;
            check(&place, &server, &anchors, now, version)
                .map_err(|error| format!("run {run} at {now}: {error}\n--- server\n{}", server.log()))?;
        }
        keys.extend(place.zsks()?);
    }
    match (keys.len(), changes) {
        (2.., 6..) => Ok(()),
        (keys, changes) => Err(format!("only {keys} ZSKs and {changes} changes: the test has seen no roll").into()),
    }
}

/// The DS records of the signed zone.
fn anchors(signed: &Path) -> Result<Vec<String>, String> {
    let text = peer::run(peer::zoneseal().arg("ds").arg(signed))?;
    let lines: Vec<_> = text.lines().filter(|line| line.contains(" DS ")).map(str::to_owned).collect();
    if lines.is_empty() { Err(format!("no DS record in: {text}")) } else { Ok(lines) }
}

/// The hook has made the server load the version, and a resolver whose clock is that of the run validates it.
fn check(place: &Place, server: &Server, anchors: &[String], now: UnixTime, version: i64) -> Result<(), String> {
    await_serial(server, place.serial()?)?;
    let date = now.to_date_text();
    let resolver = server::start_unbound_at(server.address, &[ZONE.to_owned()], anchors, Some(&date))?;
    for (name, rtype, code, count) in [
        ("www.", RecordType::A, ResponseCode::NoError, 1),
        ("", RecordType::DNSKEY, ResponseCode::NoError, 1),
        ("any.wild.", RecordType::TXT, ResponseCode::NoError, 1),
        ("www.", RecordType::MX, ResponseCode::NoError, 0),
        ("nothing.", RecordType::A, ResponseCode::NXDomain, 0),
    ] {
        let answer = resolver.ask(&Question::new(&format!("{name}{ZONE}"), rtype))?;
        let found = answer.answers.iter().filter(|record| record.record_type() == rtype).count();
        let is_right = answer.metadata.response_code == code && found.min(1) == count && answer.metadata.authentic_data;
        if !is_right {
            return Err(format!("{name}{ZONE} {rtype}: {answer}\n--- resolver\n{}", resolver.log()));
        }
        let is_old = |data: &RData| matches!(data, RData::A(address) if i64::from(address.octets()[3]) != version);
        if answer.answers.iter().any(|record| is_old(&record.data)) {
            return Err(format!("{name}{ZONE}: not version {version}: {answer}"));
        }
    }
    Ok(())
}

/// Servers load a zone after the command that told them to has returned.
fn await_serial(server: &Server, serial: u32) -> Result<(), String> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = server.ask(&Question::new(ZONE, RecordType::SOA))?;
        let served = answer.answers.iter().find_map(|record| match &record.data {
            RData::SOA(soa) => Some(soa.serial),
            _ => None,
        });
        if served == Some(serial) {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!("serial {serial} is signed, {served:?} is served"));
        }
        thread::sleep(Duration::from_millis(50));
    }
}
