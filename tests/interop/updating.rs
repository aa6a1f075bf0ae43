//! `zoneseal diff --nsupdate`, given to a server that has the old zone, makes it serve the new one.

use crate::peer;
use crate::server::{Authority, Served};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

const APEX: &str = "update.example.";
const HEAD: &str = "$ORIGIN update.example.\n$TTL 3600\n";
const SOA: &str = "@ SOA ns admin 5 3600 600 86400 300\n";

/// A step: name, old records, new records.
const STEPS: [(&str, &str, &str); 6] = [
    ("all NS of the apex", "@ NS ns\nns A 192.0.2.1\n", "@ NS ns2\nns A 192.0.2.1\nns2 A 192.0.2.2\n"),
    (
        "a TTL, and one record of several",
        "@ NS ns\nns A 192.0.2.1\nw A 192.0.2.1\nw A 192.0.2.2\n",
        "@ NS ns\nns A 192.0.2.1\nw 300 A 192.0.2.1\nw 300 A 192.0.2.3\n",
    ),
    (
        "a CNAME that comes and one that goes",
        "@ NS ns\nns A 192.0.2.1\nc CNAME ns\na A 192.0.2.4\n",
        "@ NS ns\nns A 192.0.2.1\nc A 192.0.2.5\na CNAME ns\n",
    ),
    (
        "a delegation with its DS, a DNAME that goes",
        "@ NS ns\nns A 192.0.2.1\nx DNAME y.test.\nsub NS ns.sub\nns.sub A 192.0.2.7\n",
        "@ NS ns\nns A 192.0.2.1\nx A 192.0.2.1\nsub NS ns.other.test.\nsub DS 1 13 2 \
         2632A6FAAEC734F33B702A682CE8BAC3EC8806A74864A6864244EF8B99428CD6\n",
    ),
    (
        "odd names and texts, and a type without a name",
        "@ NS ns\nns A 192.0.2.1\n*.w TXT \"x;\\\"y\"\nsp\\032ace TXT \"a b\"\n",
        "@ NS ns\nns A 192.0.2.1\n*.w TXT \"x;\\\\z\"\nsp\\032ace TXT \"a c\" \"\"\nmy_host A 192.0.2.9\nd\\.ot A 192.0.2.8\n\
         mail MX 1 un_der\nu TYPE65400 \\# 3 010203\ns SVCB 1 ns alpn=h2\n",
    ),
    ("nothing but the SOA", "@ NS ns\nns A 192.0.2.1\n", "@ NS ns\nns A 192.0.2.1\n; 7\n"),
];

pub fn trials() -> Vec<Trial> {
    vec![peer::trial("diff::nsupdate::named", &["named", "nsupdate", "dig"], updates)]
}

fn updates() -> Result<(), Failed> {
    for (name, old, new) in STEPS {
        // What of the SOA is changed beside the serial.
        let new_soa = SOA.replace(" admin 5 ", " boss 2027010100 ");
        for soa in [SOA, new_soa.as_str()] {
            step(&format!("{HEAD}{SOA}{old}"), &format!("{HEAD}{soa}{new}"))
                .map_err(|why| format!("{name}, {soa}: {why}"))?;
        }
    }
    Ok(())
}

fn step(old: &str, new: &str) -> Result<(), String> {
    let folder = peer::folder();
    let [old, new] = [("old", old), ("new", new)].map(|(name, text)| peer::write(folder.path(), name, text));
    // The server keeps a journal beside its own copy.
    let served = peer::write(folder.path(), "served", peer::read(&old)?);
    let server = Authority::Named.start_updatable(&[Served { apex: APEX.into(), file: served }])?;
    let (address, port) = (server.address.ip().to_string(), server.address.port().to_string());
    let commands =
        peer::run_for_codes(peer::zoneseal().args(["diff", "-q", "--nsupdate"]).args([&old, &new]), &[0, 1])?;
    let commands = peer::write(folder.path(), "commands", format!("server {address} {port}\n{commands}"));
    peer::run(peer::program("nsupdate").arg("-v").arg(&commands))?;
    let transfer = peer::run(peer::program("dig").args([
        &format!("@{address}"),
        "-p",
        &port,
        APEX,
        "AXFR",
        "+noall",
        "+answer",
        "+onesoa",
    ]))?;
    let after = peer::write(folder.path(), "after", transfer);
    let left = peer::run_for_codes(peer::zoneseal().args(["diff", "-q", "--json"]).args([&after, &new]), &[0, 1])?;
    let left: Value = serde_json::from_str(&left).map_err(|error| format!("{error}: {left}"))?;
    // The serial is the server's, where nothing else of the SOA changes.
    let without_serial = |record: &Value| {
        let mut words: Vec<&str> = record["rdata"].as_str().unwrap_or_default().split(' ').collect();
        if record["type"] == "SOA" && words.get(1) == Some(&"admin.update.example.") {
            words[2] = "-";
        }
        (record["owner"].clone(), record["ttl"].clone(), words.join(" "))
    };
    let those = |key: &str| left[key].as_array().into_iter().flatten().map(without_serial).collect::<Vec<_>>();
    let (removed, added) = (those("removed"), those("added"));
    if removed == added { Ok(()) } else { Err(format!("served {removed:?}, wanted {added:?}\n{}", server.log())) }
}
