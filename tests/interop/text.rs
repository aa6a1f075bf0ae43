//! Reading and printing: `zoneseal print` says what BIND reads in the same file.

use crate::odd_zone::OddZone;
use crate::peer;
use libtest_mimic::{Failed, Trial};
use std::path::{Path, PathBuf};

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for zone in ["example.com", "example.net", "registry.example", "2.0.192.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa"] {
        trials.push(peer::trial(format!("print::named-compilezone::{zone}"), &["named-compilezone"], move || {
            // BIND looks for included files in the working directory.
            same_content(zone, &peer::project().join("zones"), &PathBuf::from(format!("{zone}.zone")))
        }));
    }
    trials.push(peer::trial("print::named-compilezone::every_type", &["named-compilezone"], || {
        same_content("types.example", &peer::project().join("tests/interop"), Path::new("types.zone"))
    }));
    trials.push(peer::trial("print::named-compilezone::odd", &["named-compilezone"], || {
        let folder = peer::folder();
        let odd = OddZone { random_names: 300, has_data_below_dname: true, ..OddZone::new("odd.example.") };
        let file = peer::write(folder.path(), "zone", odd.text());
        same_content("odd.example", folder.path(), &file)
    }));
    trials.push(peer::trial("print::named-compilezone::ttl_after_include", &["named-compilezone"], || {
        let folder = peer::folder();
        peer::write(folder.path(), "part", "$TTL 60\nin A 192.0.2.1\nown 30 A 192.0.2.2\n");
        let text = "$ORIGIN t.example.\n$TTL 3600\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.3\n$INCLUDE part\nx A 192.0.2.4\n";
        same_content("t.example", folder.path(), &peer::write(folder.path(), "zone", text))
    }));
    trials
}

/// Our text of the zone, in both forms, gives BIND the same zone as the file itself.
fn same_content(apex: &str, folder: &Path, file: &Path) -> Result<(), Failed> {
    let theirs = compile(apex, folder, file)?;
    let work = peer::folder();
    for form in [&[][..], &["--sorted"], &["--generic"]] {
        let printed = peer::run(peer::zoneseal().args(["print", "-q"]).args(form).arg(file).current_dir(folder))?;
        let mut ours = compile(apex, folder, &peer::write(work.path(), "printed", &printed))?;
        let mut theirs = theirs.clone();
        if form == ["--sorted"] {
            // A sorted zone has one spelling of an owner, where BIND keeps one for each type.
            ours.make_ascii_lowercase();
            theirs.make_ascii_lowercase();
        }
        if let Some((ours, theirs)) = first_difference(&ours, &theirs) {
            return Err(format!("print {form:?}: ours:\n{ours}\ntheirs:\n{theirs}").into());
        }
    }
    // And without a detour: text against text, but for what may differ in it.
    let printed = peer::run(peer::zoneseal().args(["print", "-q", "--sorted"]).arg(file).current_dir(folder))?;
    let (ours, theirs) = (normal(&printed), normal(&theirs));
    if let Some((ours, theirs)) = first_difference(&ours, &theirs) {
        return Err(format!("text differs: ours:\n{ours}\ntheirs:\n{theirs}").into());
    }
    Ok(())
}

/// The zone as BIND writes it, one record a line.
fn compile(apex: &str, folder: &Path, file: &Path) -> Result<String, String> {
    let mut command = peer::program("named-compilezone");
    command.args(["-q", "-k", "ignore", "-i", "none", "-s", "full", "-f", "text", "-F", "text", "-o", "-", apex]);
    peer::run(command.arg(file).current_dir(folder))
}

/// One line a record: owner, TTL, class and type, then RDATA without white space, all lowered, sorted.
fn normal(text: &str) -> String {
    let mut lines: Vec<_> = text
        .lines()
        .filter(|line| !line.starts_with([';', '$']))
        // Knot reads these with four digits a group only, so zoneseal prints four; BIND leaves zeroes out.
        .filter(|line| ![" NID ", " L64 "].iter().any(|rtype| line.replace('\t', " ").contains(rtype)))
        .map(|line| {
            let fields: Vec<_> = line.split_whitespace().collect();
            let (head, rdata) = fields.split_at(fields.len().min(4));
            // zoneseal escapes in names what Knot refuses bare; BIND does not.
            format!("{} {}", head.join(" "), rdata.concat()).to_ascii_lowercase().replace('\\', "")
        })
        .collect();
    lines.sort();
    lines.dedup();
    lines.join("\n")
}

fn first_difference<'t>(ours: &'t str, theirs: &'t str) -> Option<(&'t str, &'t str)> {
    let (mut ours, mut theirs) = (ours.lines(), theirs.lines());
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return None,
            (Some(a), Some(b)) if a == b => {}
            (a, b) => return Some((a.unwrap_or("(nothing)"), b.unwrap_or("(nothing)"))),
        }
    }
}
