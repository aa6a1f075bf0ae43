//! Zones that other signers made and signed a moment ago are taken over: each key is known for what it is, no roll begins,
//! and what is signed by the state after that is what BIND's verifier accepts, with the same keys.

use crate::peer;
use crate::server::free_port;
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const ZONE: &str = "$TTL 3600\n@ SOA ns hostmaster 1 3600 600 86400 300\n@ NS ns\nns A 192.0.2.1\n";
const APEX: &str = "adopted.example.";

pub fn trials() -> Vec<Trial> {
    let named = &["named", "named-compilezone", "dnssec-verify", "kill"];
    vec![
        peer::trial("adopt::named::ksk_and_zsk", named, || {
            let keys = "ksk key-directory lifetime unlimited algorithm ecdsap256sha256; \
                        zsk key-directory lifetime P30D algorithm ecdsap256sha256;";
            from_named(keys, &["ksk in", "zsk in"])
        }),
        peer::trial("adopt::named::csk", named, || from_named("csk lifetime P1Y algorithm ed25519;", &["csk in"])),
        peer::trial("adopt::dnssec-signzone", &["dnssec-keygen", "dnssec-signzone", "dnssec-verify"], from_signzone),
        peer::trial("adopt::ldns", &["ldns-keygen", "ldns-signzone", "dnssec-verify"], from_ldns),
        peer::trial("adopt::knot", &["keymgr", "kzonesign", "dnssec-verify"], from_knot),
    ]
}

/// A server that ends with the value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Lets named make the keys and sign the zone by a policy, ends it, and takes over.
fn from_named(keys: &str, roles: &[&str]) -> Result<(), Failed> {
    let folder = peer::folder();
    let path = folder.path();
    peer::write(path, "zone", ZONE);
    let config = format!(
        "options {{ directory \"{0}\"; key-directory \"{0}\"; pid-file \"{0}/pid\"; session-keyfile \"{0}/session\"; \
         listen-on port {1} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; recursion no; notify no; }};\ncontrols {{ }};\n\
         dnssec-policy \"p\" {{ keys {{ {keys} }}; }};\n\
         zone \"{APEX}\" {{ type primary; file \"zone\"; dnssec-policy \"p\"; inline-signing yes; }};\n",
        path.display(),
        free_port()
    );
    let config = peer::write(path, "named.conf", config);
    let log = std::fs::File::create(path.join("log"))?;
    let mut command = peer::program("named");
    command
        .arg("-g")
        .arg("-n")
        .arg("1")
        .arg("-c")
        .arg(config)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    let mut server = Running(command.spawn()?);
    let deadline = Instant::now() + Duration::from_secs(30);
    while has_states(path)? < roles.len() || !path.join("zone.signed.jnl").exists() {
        if Instant::now() > deadline {
            return Err(format!("named did not sign the zone:\n{}", peer::read(&path.join("log"))?).into());
        }
        thread::sleep(Duration::from_millis(100));
    }
    // Asked to end, it writes down what it has.
    peer::run(peer::program("kill").arg(server.0.id().to_string()))?;
    server.0.wait()?;
    let mut compile = peer::program("named-compilezone");
    compile
        .args(["-q", "-j", "-f", "raw", "-F", "text", "-o"])
        .arg(path.join("signed"))
        .arg(APEX)
        .arg(path.join("zone.signed"));
    peer::run(&mut compile)?;
    take_over(path, path, &["--from", "bind"], roles)
}

/// How many keys have a state that named manages.
fn has_states(folder: &Path) -> Result<usize, Failed> {
    let mut count = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "state") {
            count += usize::from(peer::read(&path)?.contains("GoalState"));
        }
    }
    Ok(count)
}

fn from_signzone() -> Result<(), Failed> {
    let folder = peer::folder();
    let path = folder.path();
    let zone = peer::write(path, "zone", ZONE);
    peer::make_bind_keys(path, "ECDSAP256SHA256", APEX)?;
    let mut sign = peer::program("dnssec-signzone");
    sign.args(["-S", "-q", "-o", APEX, "-K"]).arg(path).arg("-f").arg(path.join("signed")).arg(zone).current_dir(path);
    peer::run(&mut sign)?;
    take_over(path, path, &[], &["ksk in", "zsk in"])
}

fn from_ldns() -> Result<(), Failed> {
    let folder = peer::folder();
    let path = folder.path();
    peer::write(path, "zone", format!("$ORIGIN {APEX}\n{ZONE}"));
    let mut sign = peer::program("ldns-signzone");
    sign.args(["-o", APEX, "-f", "signed", "zone"]).current_dir(path);
    for role in [&["-k"][..], &[]] {
        let mut keygen = peer::program("ldns-keygen");
        let made = peer::run(keygen.args(["-a", "ECDSAP256SHA256"]).args(role).arg(APEX).current_dir(path))?;
        sign.arg(made.trim());
    }
    peer::run(&mut sign)?;
    take_over(path, path, &["--from", "ldns"], &["ksk in", "zsk in"])
}

fn from_knot() -> Result<(), Failed> {
    let folder = peer::folder();
    let path = folder.path();
    peer::write(path, "zone", ZONE);
    let config = format!(
        "server:\n  rundir: {0}\ndatabase:\n  storage: {0}\npolicy:\n  - id: p\n    algorithm: ecdsap256sha256\n    \
         ksk-lifetime: 0\n    zsk-lifetime: 30d\nzone:\n  - domain: {APEX}\n    file: {0}/zone\n    dnssec-signing: on\n    \
         dnssec-policy: p\n",
        path.display()
    );
    let config = peer::write(path, "knot.conf", config);
    for role in [["ksk=yes", "zsk=no"], ["ksk=no", "zsk=yes"]] {
        let mut generate = peer::program("keymgr");
        peer::run(generate.arg("-c").arg(&config).args([APEX, "generate", "algorithm=13"]).args(role))?;
    }
    peer::run(peer::program("kzonesign").arg("-c").arg(&config).arg("-o").arg(path.join("out")).arg(APEX))?;
    let signed = only_file(&path.join("out"))?;
    std::fs::rename(signed, path.join("signed"))?;
    let list = peer::run(peer::program("keymgr").arg("-c").arg(&config).args(["-j", APEX, "list"]))?;
    let list = peer::write(path, "list", list).display().to_string();
    let store = path.join("keys/keys").display().to_string();
    let keys = path.join("ours");
    std::fs::create_dir(&keys)?;
    take_over(path, &keys, &["--knot-list", &list, "--knot-keys", &store], &["ksk in", "zsk in"])
}

fn only_file(folder: &Path) -> Result<PathBuf, Failed> {
    let first = std::fs::read_dir(folder)?.next().ok_or("kzonesign wrote nothing")?;
    Ok(first?.path())
}

/// Takes over the keys in `keys` of the zone `signed` in `folder`, and signs on.
fn take_over(folder: &Path, keys: &Path, more: &[&str], roles: &[&str]) -> Result<(), Failed> {
    let mut adopt = peer::zoneseal();
    adopt
        .args(["adopt", APEX, "--json", "--write", "--signed"])
        .arg(folder.join("signed"))
        .arg("-K")
        .arg(keys)
        .args(more);
    let plan: Value = serde_json::from_str(&peer::run(&mut adopt)?).map_err(|error| error.to_string())?;
    let key = |key: &Value| {
        let word = |name: &str| key[name].as_str().unwrap_or_default().to_owned();
        format!("{} {}", word("role"), word("goal"))
    };
    let found: Vec<String> = plan["keys"].as_array().into_iter().flatten().map(key).collect();
    if found != roles || plan["causes_roll"] != false {
        return Err(format!("taken for {found:?}: {plan:#}").into());
    }
    let contradictions = ["told-contradicted", "times-contradicted", "role-contradicted", "foreign-key"];
    let findings = plan["findings"].as_array().into_iter().flatten();
    if let Some(finding) = findings.into_iter().find(|one| contradictions.iter().any(|code| one["code"] == *code)) {
        return Err(format!("the zone was signed a moment ago by who tells of the keys: {finding:#}").into());
    }
    let output = folder.join("again");
    let mut sign = peer::zoneseal();
    sign.args(["sign", "-q", "-o", APEX, "-K"]).arg(keys).arg("-f").arg(&output).arg(folder.join("zone"));
    peer::run(&mut sign)?;
    // -z: one key may sign everything.
    let for_csk: &[&str] = if roles.len() == 1 { &["-z"] } else { &[] };
    peer::run(peer::program("dnssec-verify").args(["-q", "-o", APEX]).args(for_csk).arg(&output))?;
    let (before, after) = (dnskeys(&folder.join("signed"))?, dnskeys(&output)?);
    if before != after || before.is_empty() {
        return Err(format!("the DNSKEY RRset changed from {before:?} to {after:?}").into());
    }
    Ok(())
}

/// The DNSKEY RRset of a zone, in order.
fn dnskeys(zone: &Path) -> Result<Vec<String>, Failed> {
    let printed = peer::run(peer::zoneseal().args(["print", "-o", APEX]).arg(zone))?;
    let rdata = printed.lines().filter_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let at = fields.iter().position(|field| *field == "DNSKEY")?;
        (at <= 3).then(|| fields[at..].concat())
    });
    let mut all: Vec<String> = rdata.collect();
    all.sort();
    Ok(all)
}
