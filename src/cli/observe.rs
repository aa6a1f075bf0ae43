//! `zoneseal observe`

mod keys;
mod output;

use super::{ClockArg, Env, Failure, Outcome};
use crate::base::{Diagnostic, DigestType, NameBuf, Severity};
use crate::fleet::anchor;
use crate::observe::findings::{Wanted, find};
use crate::observe::{Ask, Client, Plan, ServerName, file, observe, resolver_of};
use crate::output::{AtomicFile, Output};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// See what the servers of a zone and of its parent answer
///
/// Asks every server of the parent for the DS RRset, and every server of the zone for SOA, DNSKEY and a sample of signed
/// data, and says where they disagree, what is missing, extra or stale at the parent, and the exact change it needs. Exit
/// code 0: all is as wanted; 1: findings of severity error; 2: nobody gave an answer that counts.
#[derive(Debug, clap::Args)]
pub(super) struct ObserveArgs {
    #[command(flatten)]
    pub(super) clock: ClockArg,
    /// A server of the parent: 192.0.2.1, 192.0.2.1@5300, [2001:db8::1]:53 or a host name [default: all, by the resolver]
    #[arg(long, value_name = "SERVER")]
    parent_server: Vec<ServerName>,
    /// A server of the zone, likewise
    #[arg(long, value_name = "SERVER")]
    child_server: Vec<ServerName>,
    /// Do not ask the parent's servers
    #[arg(long, conflicts_with = "parent_server")]
    no_parent: bool,
    /// Do not ask the zone's servers
    #[arg(long, conflicts_with_all = ["child_server", "no_parent"])]
    no_child: bool,
    /// The resolver that finds servers and leads from trust anchors to the parent [default: that of /etc/resolv.conf]
    #[arg(long, value_name = "ADDRESS", value_parser = parse_resolver)]
    resolver: Option<SocketAddr>,
    /// DS or DNSKEY records of the parent or of a zone above it: only answers validated with them count
    #[arg(long, value_name = "FILE")]
    anchor: Option<PathBuf>,
    /// Seconds to wait for an answer, for example 3 or 0.5
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = parse_timeout)]
    timeout: Duration,
    /// How often to ask a server that does not answer
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    tries: u32,
    /// Directory of the zone's keys: the DS at the parent is compared with what they ask for
    #[arg(short = 'K', long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// Digests of the DS records to ask for
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "sha256", value_parser = super::ds::parse_digest)]
    digest: Vec<DigestType>,
    /// Write what was seen to this file, for `rollover --observations` here or elsewhere
    #[arg(short = 'f', long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print the observation as one JSON object, the same as in the file
    #[arg(long)]
    json: bool,
    /// Print findings only
    #[arg(short, long)]
    quiet: bool,
    /// The zone
    zone: NameBuf,
}

fn parse_resolver(text: &str) -> Result<SocketAddr, String> {
    match text.parse()? {
        ServerName::Address(address) => Ok(address),
        ServerName::Host(..) => Err("a resolver is named by its address, such as 192.0.2.53 or 127.0.0.1@5353".into()),
    }
}

pub(super) fn parse_timeout(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds")?;
    match (0.01..=60.0).contains(&seconds) {
        true => Ok(Duration::from_secs_f64(seconds)),
        false => Err("a timeout is 0.01 to 60 seconds".into()),
    }
}

pub(super) fn run(args: &ObserveArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let keys = args.keys.as_deref().map(|directory| keys::known(directory, args.zone.as_name(), env)).transpose()?;
    let plan = plan(args)?;
    let seen = observe(&plan, env.now);
    let wanted = keys.as_ref().map(|known| Wanted {
        keys: &known.keys,
        digests: &args.digest,
        has_other_signers: known.has_other_signers,
    });
    let (findings, changes) = find(&seen, wanted);
    let json = file::to_json(&seen, &findings, &changes).map_err(Failure::new)?;
    if args.json {
        env.stdout.write_all(json.as_bytes())?;
    } else {
        output::write_text(&seen, &findings, args.quiet, &mut env.stdout)?;
    }
    if !seen.has_answers() {
        return Err(Failure::new(format_args!(
            "no server of {} or of its parent gave an answer that counts",
            args.zone
        )));
    }
    if let Some(path) = &args.output {
        write_file(path, &json)?;
    }
    Ok(outcome(&findings))
}

fn plan(args: &ObserveArgs) -> Result<Plan, Failure> {
    let ask = |servers: &[ServerName], is_off: bool| match (servers, is_off) {
        (_, true) => Ask::Nobody,
        ([], false) => Ask::Found,
        (given, false) => Ask::Given(given.to_vec()),
    };
    Ok(Plan {
        zone: args.zone.clone(),
        parent: ask(&args.parent_server, args.no_parent),
        child: ask(&args.child_server, args.no_child),
        resolver: args.resolver.or_else(system_resolver),
        trusted: args.anchor.as_deref().map(anchor::read_all).transpose().map_err(Failure::new)?.unwrap_or_default(),
        client: Client { timeout: args.timeout, tries: args.tries },
    })
}

/// The resolver this host uses. A host without one is asked nothing of until servers have to be found.
pub(super) fn system_resolver() -> Option<SocketAddr> {
    resolver_of(&std::fs::read_to_string("/etc/resolv.conf").ok()?)
}

/// Puts the file in place as a whole: whoever reads it meanwhile sees the old one.
fn write_file(path: &Path, json: &str) -> Result<(), Failure> {
    let mut file = AtomicFile::create(path).map_err(Failure::new)?;
    let written = file.write_all(json.as_bytes()).and_then(|()| Box::new(file).commit());
    written.map_err(|error| Failure::new(format_args!("{}: {error}", path.display())))
}

fn outcome(findings: &[Diagnostic]) -> Outcome {
    let has_error = findings.iter().any(|finding| finding.severity == Severity::Error);
    if has_error { Outcome::Finding } else { Outcome::Done }
}
