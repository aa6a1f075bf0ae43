//! `zoneseal key show`

use super::key_restore::KeyRestoreArgs;
use super::{ClockArg, Env, Failure, Outcome};
use crate::base::{Algorithm, UnixTime};
use crate::keys::KeyTiming;
use crate::keys::inspect::{KeyForm, KeyInfo, inspect};
use crate::rdata::dnskey::{FLAG_REVOKE, FLAG_SEP};
use serde::Serialize;
use serde_json::{Map, Value};
use std::path::PathBuf;

/// Work with key files
#[derive(Debug, clap::Subcommand)]
pub(super) enum KeyCommand {
    Show(KeyShowArgs),
    Restore(KeyRestoreArgs),
}

/// Show what key files hold, and whether their halves fit
///
/// Exit code 1 if the halves of a key do not fit, 2 if a file cannot be read or its algorithm is refused.
#[derive(Debug, clap::Args)]
pub(super) struct KeyShowArgs {
    #[command(flatten)]
    pub(super) clock: ClockArg,
    /// Key files: .key, .private (v1.2 and v1.3), base names of both, or PKCS#8 in PEM
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// All keys as JSON.
#[derive(Debug, Serialize)]
struct Shown {
    schema: &'static str,
    keys: Vec<ShownKey>,
    errors: Vec<String>,
}

/// A key as JSON.
#[derive(Debug, Serialize)]
struct ShownKey {
    files: Vec<PathBuf>,
    form: &'static str,
    zone: Option<String>,
    role: Option<String>,
    algorithms: Vec<ShownAlgorithm>,
    bits: usize,
    flags: Option<u16>,
    tags: Vec<ShownTag>,
    ttl: Option<u32>,
    state: Option<&'static str>,
    times: Map<String, Value>,
    halves_fit: Option<bool>,
    halves_problem: Option<String>,
    cannot_sign: Option<String>,
}

#[derive(Debug, Serialize)]
struct ShownAlgorithm {
    number: u8,
    mnemonic: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct ShownTag {
    flags: u16,
    algorithm: u8,
    key_tag: u16,
}

pub(super) fn run(command: &KeyCommand, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    match command {
        KeyCommand::Show(args) => show(args, env),
        KeyCommand::Restore(args) => super::key_restore::run(args, env),
    }
}

fn show(args: &KeyShowArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let mut shown = Shown { schema: "zoneseal.key-show/1", keys: Vec::new(), errors: Vec::new() };
    for (index, file) in args.files.iter().enumerate() {
        match inspect(file) {
            Ok(info) if args.json => shown.keys.push(shown_key(&info, env.now)),
            Ok(info) => {
                if index > 0 {
                    writeln!(env.stdout)?;
                }
                write!(env.stdout, "{}", describe(&info, env.now))?;
                shown.keys.push(shown_key(&info, env.now));
            }
            Err(error) => {
                env.say(format_args!("error: {error}"));
                shown.errors.push(error.to_string());
            }
        }
    }
    if args.json {
        print_json(&shown, env)?;
    }
    Ok(if !shown.errors.is_empty() {
        Outcome::Failed
    } else if shown.keys.iter().any(|key| key.halves_fit == Some(false)) {
        Outcome::Finding
    } else {
        Outcome::Done
    })
}

/// The role in words, from the flags: a file cannot tell a KSK from a CSK.
fn role(flags: u16) -> String {
    let role = if flags & FLAG_SEP != 0 { "KSK or CSK" } else { "ZSK" };
    if flags & FLAG_REVOKE != 0 { format!("revoked {role}") } else { role.into() }
}

/// A key for people: one fact a line.
fn describe(info: &KeyInfo, now: UnixTime) -> String {
    let files: Vec<_> = info.files.iter().map(|file| file.display().to_string()).collect();
    let mut out = format!("{}\n", files.join(", "));
    let mut line = |name: &str, value: String| out.push_str(&format!("  {name:<12} {value}\n"));
    line("form", form_text(info.form).into());
    if let Some(zone) = &info.zone {
        line("zone", zone.to_string());
    }
    if let Some(flags) = info.flags {
        line("role", format!("{} (flags {flags})", role(flags)));
    }
    let algorithms: Vec<_> = info.algorithms.iter().map(Algorithm::to_string).collect();
    line("algorithm", algorithms.join(" or "));
    line("bits", info.bits.to_string());
    for &(flags, algorithm, tag) in &info.tags {
        let condition = match (info.flags, info.algorithms.len()) {
            (Some(_), _) => String::new(),
            (None, 1) => format!(" as {} (flags {flags})", role(flags)),
            (None, _) => format!(" as {} (flags {flags}) of algorithm {}", role(flags), algorithm.0),
        };
        line("key tag", format!("{tag}{condition}"));
    }
    if let Some(ttl) = info.ttl {
        line("TTL", ttl.to_string());
    }
    if let Some(timing) = &info.timing {
        line(
            "state",
            format!(
                "{} at {now}{}",
                timing.state(now).as_str(),
                if timing.is_timeless { ", its file has no times" } else { "" }
            ),
        );
        for (name, time) in timing.fields() {
            if let Some(time) = time {
                line(name, time.to_string());
            }
        }
    }
    line(
        "halves",
        match &info.halves {
            Some(Ok(())) => "fit".into(),
            Some(Err(problem)) => format!("DO NOT FIT: {problem}"),
            None if info.form == KeyForm::Public => "public only: it cannot sign here".into(),
            None => "private only: no zone and no flags stand in it".into(),
        },
    );
    if let Some(refusal) = &info.refusal {
        line("signs", format!("no: {refusal}"));
    }
    out
}

const fn form_text(form: KeyForm) -> &'static str {
    match form {
        KeyForm::Pair => "BIND key pair",
        KeyForm::Public => "BIND public key",
        KeyForm::Private => "BIND private key",
        KeyForm::Pkcs8 => "PKCS#8 in PEM",
    }
}

fn shown_key(info: &KeyInfo, now: UnixTime) -> ShownKey {
    ShownKey {
        files: info.files.clone(),
        form: info.form.as_str(),
        zone: info.zone.as_ref().map(ToString::to_string),
        role: info.flags.map(role),
        algorithms: info
            .algorithms
            .iter()
            .map(|algorithm| ShownAlgorithm { number: algorithm.0, mnemonic: algorithm.mnemonic() })
            .collect(),
        bits: info.bits,
        flags: info.flags,
        tags: info
            .tags
            .iter()
            .map(|&(flags, algorithm, key_tag)| ShownTag { flags, algorithm: algorithm.0, key_tag })
            .collect(),
        ttl: info.ttl.map(|ttl| ttl.seconds()),
        state: info.timing.map(|timing| timing.state(now).as_str()),
        times: info.timing.map(|timing| times_json(&timing)).unwrap_or_default(),
        halves_fit: info.halves.as_ref().map(Result::is_ok),
        halves_problem: info.halves.as_ref().and_then(|halves| halves.clone().err()),
        cannot_sign: info.refusal.as_ref().map(ToString::to_string),
    }
}

/// The times that are set, by their names in key files.
pub(super) fn times_json(timing: &KeyTiming) -> Map<String, Value> {
    let set = timing.fields().into_iter().filter_map(|(name, time)| Some((name, time?)));
    set.map(|(name, time)| (name.to_owned(), Value::from(time.to_iso_text()))).collect()
}

/// Prints one object and a line end.
pub(super) fn print_json(value: &impl Serialize, env: &mut Env<'_>) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(Failure::new)?;
    writeln!(env.stdout, "{text}")?;
    Ok(())
}
