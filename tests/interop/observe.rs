//! `observe` against real servers: what they say of a DS, of its absence, and of a zone is seen and validated.

use crate::peer::{self, Denial};
use crate::server::{self, Authority, Served};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;

/// Parents with each denial, a secure child of each and a grandchild below the first; what is trusted of each parent.
struct Fixture {
    folder: TempDir,
    served: Vec<Served>,
}

pub fn trials() -> Vec<Trial> {
    let fixture = Arc::new(OnceLock::<Result<Fixture, String>>::new());
    let mut trials: Vec<Trial> = Authority::ALL
        .iter()
        .map(|&authority| {
            let fixture = Arc::clone(&fixture);
            peer::trial(format!("observe::{}", authority.program()), &[authority.program()], move || {
                let fixture = fixture.get_or_init(make_fixture).as_ref().map_err(Clone::clone)?;
                see_everything(authority, fixture)
            })
        })
        .collect();
    trials.push(peer::trial("observe::chain::unbound", &["named", "unbound"], move || {
        let fixture = fixture.get_or_init(make_fixture).as_ref().map_err(Clone::clone)?;
        walk_the_chain(fixture)
    }));
    trials
}

/// The zone of a denial.
fn parent(denial: Denial) -> String {
    format!("{}.parent.", denial.name())
}

fn make_fixture() -> Result<Fixture, String> {
    let mut fixture = Fixture { folder: peer::folder(), served: Vec::new() };
    for denial in Denial::ALL {
        let parent = parent(denial);
        // The grandchild first: each zone holds the DS of the one below.
        let below = format!("grand.secure.{parent}");
        let ds = if denial == Denial::Nsec { add_zone(&mut fixture, &below, denial, "")? } else { String::new() };
        let cut = if ds.is_empty() { String::new() } else { format!("grand NS ns.grand\nns.grand A 127.0.0.1\n{ds}") };
        let ds = add_zone(&mut fixture, &format!("secure.{parent}"), denial, &cut)?;
        let cuts = format!("secure NS ns.secure\nns.secure A 127.0.0.1\n{ds}bare NS ns.bare\nns.bare A 127.0.0.1\n");
        add_zone(&mut fixture, &parent, denial, &cuts)?;
    }
    Ok(fixture)
}

/// Makes keys for a zone, signs it, writes its trust anchor, and gives its DS records.
fn add_zone(fixture: &mut Fixture, apex: &str, denial: Denial, records: &str) -> Result<String, String> {
    let folder = fixture.folder.path();
    let keys = keys_of(folder, apex);
    std::fs::create_dir(&keys).map_err(|error| error.to_string())?;
    peer::make_keys(&keys, 13, apex)?;
    let text = format!(
        "$ORIGIN {apex}\n$TTL 900\n@ SOA ns host 7 7200 900 1209600 300\n@ NS ns\nns A 127.0.0.1\n\
         www A 192.0.2.1\n$TTL 600\n{records}"
    );
    let file = peer::write(folder, &format!("{apex}zone"), text);
    let signed = folder.join(format!("{apex}signed"));
    peer::sign(&file, &keys, &signed, denial.arguments())?;
    let ds = peer::run(peer::zoneseal().arg("ds").arg(&signed))?;
    peer::write(folder, &format!("{apex}anchor"), &ds);
    fixture.served.push(Served { apex: apex.to_owned(), file: signed });
    Ok(ds)
}

fn keys_of(folder: &Path, apex: &str) -> PathBuf {
    folder.join(format!("{apex}keys"))
}

/// Runs observe and expects an exit code; gives its JSON.
fn observe(zone: &str, server: SocketAddr, code: i32, arguments: &[&str]) -> Result<Value, String> {
    let server = format!("{}@{}", server.ip(), server.port());
    let mut command = peer::zoneseal();
    command.args(["observe", zone, "--json", "--parent-server", &server]).args(arguments);
    if !arguments.contains(&"--no-child") {
        command.args(["--child-server", &server]);
    }
    let text = peer::run_for_code(&mut command, code)?;
    serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))
}

/// A field of the one server of a side.
fn of_server<'v>(seen: &'v Value, side: &str, field: &str) -> &'v Value {
    &seen[side]["servers"][0][field]
}

fn check(what: &str, is_so: bool, seen: &Value) -> Result<(), Failed> {
    if is_so { Ok(()) } else { Err(format!("not so: {what}\n{seen:#}").into()) }
}

fn see_everything(authority: Authority, fixture: &Fixture) -> Result<(), Failed> {
    let server = authority.start(&fixture.served)?;
    let folder = fixture.folder.path();
    for denial in Denial::ALL {
        let parent = parent(denial);
        let anchor = folder.join(format!("{parent}anchor")).display().to_string();
        let (secure, bare) = (format!("secure.{parent}"), format!("bare.{parent}"));
        let keys = keys_of(folder, &secure).display().to_string();
        let seen = observe(&secure, server.address, 0, &["--anchor", &anchor, "-K", &keys])?;
        check("the parent's zone is known", seen["parent"]["zone"] == parent.as_str(), &seen)?;
        for side in ["parent", "child"] {
            check(&format!("the {side} is validated"), *of_server(&seen, side, "trust") == "validated", &seen)?;
        }
        let ds = of_server(&seen, "parent", "answer");
        check("DS with its TTL", ds["ds"].as_array().is_some_and(|ds| ds.len() == 1) && ds["ttl"] == 600, &seen)?;
        let zone = of_server(&seen, "child", "answer");
        check("negative TTL", zone["serial"] == 7 && zone["negative_ttl"] == 300, &seen)?;
        let kinds = ["SOA", "NS", "A", if denial == Denial::Nsec { "NSEC" } else { "NSEC3" }];
        for kind in kinds {
            let samples = zone["samples"].as_array().map_or(&[][..], Vec::as_slice);
            let is_signed = samples.iter().any(|sample| sample["type"] == kind && sample["signers"][0].is_object());
            check(&format!("a signed {kind} in the sample"), is_signed, &seen)?;
        }
        let seen = observe(&bare, server.address, 0, &["--anchor", &anchor, "--no-child"])?;
        check("no DS", of_server(&seen, "parent", "answer")["ds"].as_array().is_some_and(Vec::is_empty), &seen)?;
        check("its absence is proven", *of_server(&seen, "parent", "trust") == "validated", &seen)?;
        refuse(&secure, &bare, server.address, &anchor, &folder.join(format!("{secure}signed")))?;
    }
    Ok(())
}

/// What must not be believed: answers at a time when their signatures are over, and keys the anchor does not name.
fn refuse(secure: &str, bare: &str, server: SocketAddr, anchor: &str, other: &Path) -> Result<(), Failed> {
    for zone in [secure, bare] {
        let seen = observe(zone, server, 2, &["--anchor", anchor, "--no-child", "--now", "20400101000000"])?;
        let why = of_server(&seen, "parent", "refusal").as_str().unwrap_or_default();
        check("refused for its time", why.contains("expired"), &seen)?;
    }
    // The key of another zone, given out as this one's.
    let text = peer::run(peer::zoneseal().arg("ds").arg(other))?;
    let parent = secure.split_once('.').map_or(secure, |(_, parent)| parent);
    let fields = text.split_once(" IN ").map_or(text.as_str(), |(_, fields)| fields);
    let folder = peer::folder();
    let forged = peer::write(folder.path(), "anchor", format!("{parent} IN {fields}")).display().to_string();
    let command = ["--anchor", &forged, "--no-child"];
    let seen = observe(secure, server, 2, &command)?;
    check("refused for its key", *of_server(&seen, "parent", "trust") == "refused", &seen)
}

/// From an anchor two zones up, by asking a resolver.
fn walk_the_chain(fixture: &Fixture) -> Result<(), Failed> {
    let authority = Authority::Named.start(&fixture.served)?;
    let top = parent(Denial::Nsec);
    let zones = [top.clone(), format!("secure.{top}"), format!("grand.secure.{top}")];
    let resolver = server::start_unbound(authority.address, &zones, &[])?;
    let resolver = format!("{}@{}", resolver.address.ip(), resolver.address.port());
    let anchor = fixture.folder.path().join(format!("{top}anchor")).display().to_string();
    let grand = format!("grand.secure.{top}");
    let seen = observe(&grand, authority.address, 0, &["--anchor", &anchor, "--resolver", &resolver])?;
    for side in ["parent", "child"] {
        check(&format!("the {side} is validated"), *of_server(&seen, side, "trust") == "validated", &seen)?;
    }
    // Nobody there to ask: not validated, and so no observation.
    let seen =
        observe(&grand, authority.address, 2, &["--anchor", &anchor, "--resolver", "127.0.0.1@1", "--no-child"])?;
    check("refused without the chain", *of_server(&seen, "parent", "trust") == "refused", &seen)
}
