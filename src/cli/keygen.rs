//! `zoneseal keygen`

use super::{ClockArg, Env, Failure, Outcome};
use crate::base::algorithm::AlgorithmUse;
use crate::base::{Algorithm, NameBuf, TimeSpec, Ttl, UnixTime};
use crate::crypto::PrivateKey;
use crate::keys::generate::{KeySpec, NewKey, generate};
use crate::keys::{KeyErrorKind, KeyState, KeyTiming};
use crate::rdata::dnskey::{Dnskey, FLAG_SEP, FLAG_ZONE};
use serde::Serialize;
use std::path::PathBuf;
use std::str::FromStr;

/// Make a key: two files as BIND writes them, the private one readable by its owner only
///
/// Prints the base name of the files. Times are YYYYMMDDHHMMSS (UTC), seconds since 1970, spans from now such as
/// +30d, or "none".
#[derive(Debug, clap::Args)]
pub(super) struct KeygenArgs {
    #[command(flatten)]
    pub(super) clock: ClockArg,
    /// Zone the key is for
    zone: NameBuf,
    /// Algorithm, by name or number: 8, 10, 13, 14, 15 or 16
    #[arg(short = 'a', long, value_name = "ALG", default_value = "ECDSAP256SHA256", value_parser = parse_algorithm)]
    algorithm: Algorithm,
    /// Size of an RSA key: 2048 (default), 3072 or 4096
    #[arg(short = 'b', long, value_name = "BITS")]
    bits: Option<usize>,
    /// Make a key-signing key, for the DNSKEY RRset
    #[arg(long, conflicts_with = "csk")]
    ksk: bool,
    /// Make a key that signs everything
    #[arg(long)]
    csk: bool,
    /// Directory for the files; it must exist
    #[arg(short = 'K', long, value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// TTL to write into the key file
    #[arg(long, value_parser = parse_ttl)]
    ttl: Option<Ttl>,
    #[command(flatten)]
    times: TimeArgs,
    /// Print the base name only
    #[arg(short, long)]
    quiet: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Times of the new key.
#[derive(Debug, clap::Args)]
struct TimeArgs {
    /// Publish from then on (default: now)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    publish: Option<KeyTime>,
    /// Sign from then on (default: when published)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    activate: Option<KeyTime>,
    /// Set the REVOKE flag then (RFC 5011)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    revoke: Option<KeyTime>,
    /// Cease to sign then
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    inactive: Option<KeyTime>,
    /// Take out of the zone then
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    delete: Option<KeyTime>,
    /// Publish CDS and CDNSKEY from then on
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    sync_publish: Option<KeyTime>,
    /// Take CDS and CDNSKEY out then
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    sync_delete: Option<KeyTime>,
}

/// A time, or `none`.
#[derive(Clone, Copy, Debug)]
enum KeyTime {
    At(TimeSpec),
    Never,
}

impl FromStr for KeyTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("none") { Ok(Self::Never) } else { text.parse().map(Self::At) }
    }
}

impl KeyTime {
    fn resolve(self, now: UnixTime) -> Option<UnixTime> {
        match self {
            Self::At(spec) => Some(spec.resolve(now)),
            Self::Never => None,
        }
    }
}

/// Reads an algorithm that signs.
fn parse_algorithm(text: &str) -> Result<Algorithm, String> {
    let algorithm = Algorithm::from_text(text.as_bytes()).ok_or("no such algorithm")?;
    match algorithm.usage() {
        AlgorithmUse::Sign => Ok(algorithm),
        AlgorithmUse::VerifyOnly => Err("SHA-1 must not sign: this algorithm is for verifying only (RFC 9905)".into()),
        AlgorithmUse::Refuse(why) => Err(why.into()),
    }
}

/// Reads a TTL.
pub(super) fn parse_ttl(text: &str) -> Result<Ttl, String> {
    Ttl::from_text(text.as_bytes()).map_err(|_| "not a TTL: 0 to 2147483647 seconds, for example 3600 or 1h".into())
}

impl TimeArgs {
    /// The times meant; Publish is now unless given, Activate is when it is published.
    fn resolve(&self, now: UnixTime) -> KeyTiming {
        let or = |time: Option<KeyTime>, default| time.map_or(default, |time| time.resolve(now));
        let publish = or(self.publish, Some(now));
        KeyTiming {
            created: Some(now),
            publish,
            activate: or(self.activate, publish),
            revoke: or(self.revoke, None),
            inactive: or(self.inactive, None),
            delete: or(self.delete, None),
            sync_publish: or(self.sync_publish, None),
            sync_delete: or(self.sync_delete, None),
            is_timeless: false,
        }
    }
}

/// The result as JSON.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    schema: &'static str,
    name: &'a str,
    zone: String,
    role: &'static str,
    algorithm: u8,
    mnemonic: Option<&'static str>,
    flags: u16,
    key_tag: u16,
    files: [PathBuf; 2],
    times: serde_json::Map<String, serde_json::Value>,
}

pub(super) fn run(args: &KeygenArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let is_sep = args.ksk || args.csk;
    let timing = args.times.resolve(env.now);
    let spec = KeySpec {
        zone: args.zone.clone(),
        algorithm: args.algorithm,
        bits: args.bits,
        flags: if is_sep { FLAG_ZONE | FLAG_SEP } else { FLAG_ZONE },
        ttl: args.ttl,
        timing,
    };
    warn_of_order(&timing, env);
    if args.algorithm == Algorithm::RSASHA512 {
        env.say("warning: algorithm 10 (RSASHA512) is not recommended for signing (RFC 9904); prefer 13");
    }
    let key = generate(&spec, &args.directory, PrivateKey::generate).map_err(|error| match error.kind {
        // About the key that was asked for, not about the directory.
        KeyErrorKind::Crypto(error) => Failure::new(error),
        _ => Failure::new(error),
    })?;
    if !args.quiet {
        talk(args, &key, env);
    }
    if args.json {
        print_json(args, &key, env)?;
    } else {
        writeln!(env.stdout, "{}", key.base_name)?;
    }
    Ok(Outcome::Done)
}

const fn role(args: &KeygenArgs) -> &'static str {
    match (args.ksk, args.csk) {
        (true, _) => "KSK",
        (_, true) => "CSK",
        _ => "ZSK",
    }
}

/// Says what was made.
fn talk(args: &KeygenArgs, key: &NewKey, env: &mut Env<'_>) {
    if key.collisions > 0 {
        env.say(format_args!("{} key(s) thrown away: their tags were taken", key.collisions));
    }
    let state = key.public.timing.state(env.now);
    let directory = args.directory.display();
    env.say(format_args!(
        "made {} {} of algorithm {} for {}, {}, in {directory}",
        role(args),
        key.key_tag,
        args.algorithm,
        args.zone,
        state.as_str(),
    ));
}

fn print_json(args: &KeygenArgs, key: &NewKey, env: &mut Env<'_>) -> Result<(), Failure> {
    let file = |ending: &str| args.directory.join(format!("{}{ending}", key.base_name));
    let shown = Shown {
        schema: "zoneseal.keygen/1",
        name: &key.base_name,
        zone: args.zone.to_string(),
        role: role(args),
        algorithm: args.algorithm.0,
        mnemonic: args.algorithm.mnemonic(),
        flags: Dnskey::parse(&key.public.dnskey_rdata).map_or(0, |dnskey| dnskey.flags),
        key_tag: key.key_tag,
        files: [file(".key"), file(".private")],
        times: super::key_show::times_json(&key.public.timing),
    };
    super::key_show::print_json(&shown, env)
}

/// Warns of times that contradict each other; they are written as given.
fn warn_of_order(timing: &KeyTiming, env: &mut Env<'_>) {
    let pairs = [
        ("--publish", timing.publish, "--activate", timing.activate),
        ("--activate", timing.activate, "--inactive", timing.inactive),
        ("--inactive", timing.inactive, "--delete", timing.delete),
        ("--publish", timing.publish, "--delete", timing.delete),
        ("--revoke", timing.revoke, "--delete", timing.delete),
        ("--sync-publish", timing.sync_publish, "--sync-delete", timing.sync_delete),
    ];
    for (first, early, second, late) in pairs {
        if let (Some(early), Some(late)) = (early, late)
            && early > late
        {
            env.say(format_args!("warning: {first} ({early}) is later than {second} ({late})"));
        }
    }
    if timing.state(env.now) == KeyState::Deleted {
        env.say("warning: by its times the key is deleted already");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime(1_000_000_000);

    #[track_caller]
    fn assert_times(publish: Option<&str>, activate: Option<&str>, expected: (Option<i64>, Option<i64>)) {
        let time = |text: Option<&str>| text.map(|text| text.parse().unwrap());
        let args = TimeArgs {
            publish: time(publish),
            activate: time(activate),
            revoke: None,
            inactive: None,
            delete: None,
            sync_publish: None,
            sync_delete: None,
        };
        let timing = args.resolve(NOW);
        let since = |time: Option<UnixTime>| time.map(|time| time.since(NOW).0);
        assert_eq!((since(timing.publish), since(timing.activate)), expected, "{publish:?} {activate:?}");
    }

    #[test]
    fn default_times() {
        assert_times(None, None, (Some(0), Some(0)));
        assert_times(Some("+60"), None, (Some(60), Some(60)));
        assert_times(None, Some("+60"), (Some(0), Some(60)));
        assert_times(Some("none"), None, (None, None));
        assert_times(Some("none"), Some("+60"), (None, Some(60)));
        assert_times(None, Some("NONE"), (Some(0), None));
    }
}
