//! What zoneseal signs passes the verifiers of BIND, ldns and Knot, and its own.

use crate::odd_zone::OddZone;
use crate::peer::{self, ALGORITHMS, Denial};
use libtest_mimic::{Failed, Trial};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;

/// Somebody else's verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verifier {
    Bind,
    Ldns,
    Knot,
}

impl Verifier {
    const ALL: [Self; 3] = [Self::Bind, Self::Ldns, Self::Knot];

    const fn program(self) -> &'static str {
        match self {
            Self::Bind => "dnssec-verify",
            Self::Ldns => "ldns-verify-zone",
            Self::Knot => "kzonecheck",
        }
    }

    /// Ready to check a file signed by one key for all or by KSK and ZSK.
    fn command(self, zone: &str, file: &Path, has_single_key: bool) -> Command {
        let mut command = peer::program(self.program());
        if has_single_key && self == Self::Bind {
            // Without it BIND asks for a second key, one without the SEP bit.
            command.arg("-z");
        }
        match self {
            Self::Bind => command.args(["-q", "-o", zone]),
            Self::Ldns => command.arg("-V1"),
            // With "-d on" signatures and chain must be there, and not only be right where they are.
            Self::Knot => command.args(["-d", "on", "-o", zone]),
        };
        command.arg(file);
        command
    }
}

/// Makes zone file and keys in a folder and gives both paths.
type Prepare = Box<dyn Fn(&Path) -> Result<(PathBuf, PathBuf), String> + Send + Sync>;

/// A zone to be signed once for all that look at it.
struct Case {
    /// In test names.
    name: String,
    zone: String,
    /// Whether one key signs all.
    has_single_key: bool,
    prepare: Prepare,
    arguments: Vec<&'static str>,
    signed: OnceLock<Result<(TempDir, PathBuf), String>>,
}

impl Case {
    fn signed(&self) -> Result<&Path, String> {
        let result = self.signed.get_or_init(|| {
            let folder = peer::folder();
            let (zone, keys) = (self.prepare)(folder.path())?;
            let output = folder.path().join("signed");
            peer::sign(&zone, &keys, &output, &self.arguments)?;
            Ok((folder, output))
        });
        result.as_ref().map(|(_, path)| path.as_path()).map_err(Clone::clone)
    }
}

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for case in cases() {
        let case = Arc::new(case);
        for verifier in Verifier::ALL {
            let shared = Arc::clone(&case);
            let name = format!("{}::{}", case.name, verifier.program());
            trials.push(peer::trial(name, &[verifier.program()], move || {
                peer::run(&mut verifier.command(&shared.zone, shared.signed()?, shared.has_single_key))?;
                Ok(())
            }));
        }
        trials.push(peer::trial(format!("{}::zoneseal_verify", case.name), &[], move || {
            peer::run(peer::zoneseal().args(["verify", "-q"]).arg(case.signed()?))?;
            Ok(())
        }));
    }
    for verifier in Verifier::ALL {
        let (program, below) = (verifier.program(), format!("sign::data_below_dname::{}", verifier.program()));
        trials.push(match verifier {
            Verifier::Knot => peer::cannot(below, "Knot refuses zones with data below a DNAME"),
            _ => peer::trial(below, &[program], move || data_below_dname(verifier)),
        });
        let name = format!("sign::every_type::{program}");
        trials.push(peer::trial(name, &[program], move || every_type(verifier)));
    }
    trials
}

/// The odd zone with each algorithm and denial, and the example zones with their example keys and each denial.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (algorithm, _) in ALGORITHMS {
        let keys = Arc::new(OnceLock::<Result<TempDir, String>>::new());
        for denial in Denial::ALL {
            let keys = Arc::clone(&keys);
            cases.push(Case {
                name: format!("sign::odd::algorithm_{algorithm}::{}", denial.name()),
                zone: "odd.example".into(),
                has_single_key: false,
                prepare: Box::new(move |folder| {
                    let keys = keys.get_or_init(|| {
                        let folder = peer::folder();
                        peer::make_keys(folder.path(), algorithm, "odd.example").map(|()| folder)
                    });
                    let keys = keys.as_ref().map_err(Clone::clone)?;
                    let zone = OddZone { seed: u64::from(algorithm), ..OddZone::new("odd.example.") };
                    Ok((peer::write(folder, "zone", zone.text()), keys.path().to_owned()))
                }),
                arguments: denial.arguments().to_vec(),
                signed: OnceLock::new(),
            });
        }
    }
    for zone in ["example.com", "example.net", "registry.example", "2.0.192.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa"] {
        for denial in Denial::ALL {
            cases.push(Case {
                name: format!("sign::zones::{zone}::{}", denial.name()),
                zone: zone.into(),
                has_single_key: zone.ends_with(".arpa"),
                prepare: Box::new(move |_| {
                    let file = peer::project().join("zones").join(format!("{zone}.zone"));
                    Ok((file, peer::project().join("keys-example")))
                }),
                arguments: [denial.arguments(), &["--cds", "--zonemd", "sha384,sha512", "--jitter", "1d"]].concat(),
                signed: OnceLock::new(),
            });
        }
    }
    cases
}

/// Occluded data below a DNAME is neither signed nor in the chain, and the zone still passes.
fn data_below_dname(verifier: Verifier) -> Result<(), Failed> {
    let folder = peer::folder();
    let zone = OddZone { has_data_below_dname: true, ..OddZone::new("odd.example.") };
    let file = peer::write(folder.path(), "zone", zone.text());
    peer::make_keys(folder.path(), 13, "odd.example")?;
    for denial in Denial::ALL {
        let output = folder.path().join(denial.name());
        peer::sign(&file, folder.path(), &output, denial.arguments())?;
        peer::run(&mut verifier.command("odd.example", &output, false))?;
    }
    Ok(())
}

/// One record of every type. BIND reads zoneseal's text; ldns and Knot do not know each type's name, so they get the
/// same zone in the generic form of RFC 3597, without the types they take for others than they are.
fn every_type(verifier: Verifier) -> Result<(), Failed> {
    let folder = peer::folder();
    let types = peer::read(&peer::project().join("tests/interop/types.zone"))?;
    let refused_by_bind = peer::read(&peer::project().join("tests/interop/types-refused-by-bind.txt"))?;
    let is_bind = verifier == Verifier::Bind;
    // A6 names are lowered (RFC 4034 section 6.2): Knot and ldns do not know the type and keep them as they are. ldns
    // reads the generic form of the other two into something else.
    let left_out: &[&str] = match verifier {
        Verifier::Bind => &[],
        Verifier::Knot => &["a6 "],
        Verifier::Ldns => &["a6 ", "nsap-ptr ", "sink "],
    };
    let mut text = types;
    if !is_bind {
        text.push_str(&refused_by_bind);
    }
    let kept = text.lines().filter(|line| !left_out.iter().any(|start| line.starts_with(start)));
    let text = kept.fold(String::new(), |text, line| text + line + "\n");
    peer::make_keys(folder.path(), 15, "types.example")?;
    let signed = folder.path().join("signed");
    peer::sign(&peer::write(folder.path(), "zone", text), folder.path(), &signed, &[])?;
    if !is_bind {
        let generic = peer::run(peer::zoneseal().args(["print", "--generic"]).arg(&signed))?;
        std::fs::write(&signed, generic)?;
    }
    peer::run(&mut verifier.command("types.example", &signed, false))?;
    Ok(())
}
