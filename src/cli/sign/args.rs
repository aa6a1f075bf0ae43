//! The arguments of `zoneseal sign`.

use super::by_state::{StateSource, directory_of_keys};
use super::record::RecordPlace;
use crate::base::{Diagnostic, NameBuf, Seconds, TimeSpec, Ttl, text};
use crate::cli::who::WhoArgs;
use crate::cli::{BackendArg, ClockArg, VerifierArg};
use crate::denial::Nsec3Params;
use crate::sign::{
    CdsPolicy, DenialOptions, End, ForeignDnskeys, SelfCheck, SerialPolicy, SignOptions, TimeOptions, ZonemdHash,
};
use crate::state::Who;
use crate::zone::{BuildOptions, MixedTtl, OutOfZone};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Sign a zone
///
/// Reads a zone file, signs it with the zone's keys, checks the result and puts it in place in one step: a run that
/// fails or is killed leaves the old signed zone as it was.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct SignArgs {
    #[command(flatten)]
    pub(in crate::cli) clock: ClockArg,
    /// The zone file; `-` for standard input; a directory for all *.zone in it
    #[arg(value_name = "ZONEFILE", required_unless_present = "zones")]
    pub(super) zone_file: Option<PathBuf>,
    /// Base names of key files, with or without .key or .private; all keys of the zone in the key directory if none is
    /// named
    #[arg(value_name = "KEY")]
    pub(super) keys: Vec<PathBuf>,
    /// Origin of relative names and name of the zone; by default the zone is the owner of the SOA
    #[arg(short, long, value_name = "NAME")]
    pub(super) origin: Option<NameBuf>,
    /// Where the signed zone goes; `-` for standard output; a directory if ZONEFILE is one [default: ZONEFILE.signed]
    #[arg(short = 'f', long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Keep what still stands of this signed zone, without a value of the last output, and make only the rest. If the
    /// output would be the same file unchanged, it is left alone
    #[arg(long, value_name = "SIGNED")]
    #[expect(clippy::option_option, reason = "clap's form of an option whose value may be left out")]
    pub(super) previous: Option<Option<PathBuf>>,
    /// Sign all zones of a list, a line each: zone file, origin or `-`, key directory or `-`, output. Relative paths
    /// start at the list's directory; `#` begins a comment
    #[arg(long, value_name = "LIST", conflicts_with = "zone_file")]
    pub(super) zones: Option<PathBuf>,

    #[command(flatten)]
    pub(super) keys_section: KeyArgs,
    #[command(flatten)]
    pub(super) record: RecordArgs,
    #[command(flatten)]
    pub(super) denial: DenialArgs,
    #[command(flatten)]
    pub(super) times: TimeArgs,
    #[command(flatten)]
    pub(super) zone: ZoneArgs,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

/// Keys.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keys")]
pub(super) struct KeyArgs {
    /// Directory of the key files: of those named without a path, or of all the zone's [default: .]
    #[arg(short = 'K', long, value_name = "DIR")]
    pub(super) key_directory: Option<PathBuf>,
    /// TTL of the DNSKEY RRset [default: that of the DNSKEYs in the zone, else the shortest in the key files, else the
    /// SOA's]
    #[arg(long, value_name = "TTL", value_parser = parse_ttl)]
    dnskey_ttl: Option<Ttl>,
    /// Drop DNSKEYs in the zone that belong to none of the keys; by default they stay, for zones with several signers
    #[arg(long)]
    drop_foreign_dnskeys: bool,
    /// Publish CDS and CDNSKEY for the key-signing keys that should be in the parent
    #[arg(long)]
    cds: bool,
    /// Publish the CDS and CDNSKEY that ask the parent to delete the DS RRset
    #[arg(long, conflicts_with = "cds")]
    cds_delete: bool,
    /// Go by the times in the key files, though the zone has a rollover state in the key directory; the state is not told
    /// of the signed zone
    #[arg(long)]
    ignore_state: bool,
    /// Write the DS records for the parent to DIR/dsset-ZONE.
    #[arg(long, value_name = "DIR")]
    pub(super) dsset: Option<PathBuf>,
}

/// The record of what was verified.
#[derive(Debug, Args)]
#[command(next_help_heading = "Record of the last run, for --previous")]
pub(super) struct RecordArgs {
    /// Where the record of a run is kept [default: beside the output, with .record added to its name]
    #[arg(long, value_name = "DIR")]
    record_directory: Option<PathBuf>,
    /// Neither read nor write a record
    #[arg(long, conflicts_with = "record_directory")]
    no_record: bool,
}

/// Denial of existence.
#[derive(Debug, Args)]
#[command(next_help_heading = "Denial of existence")]
pub(super) struct DenialArgs {
    /// Prove absence with NSEC records: the default
    #[arg(long, conflicts_with_all = ["nsec3", "opt_out", "nsec3_salt", "nsec3_iterations"])]
    nsec: bool,
    /// Prove absence with NSEC3 records
    #[arg(long)]
    nsec3: bool,
    /// Leave insecure delegations out of the NSEC3 chain
    #[arg(long, requires = "nsec3")]
    opt_out: bool,
    /// NSEC3 salt in hex, `-` for none, which is best [default: -]
    #[arg(long, value_name = "HEX", requires = "nsec3", value_parser = parse_salt)]
    nsec3_salt: Option<Salt>,
    /// Additional NSEC3 hash rounds; anything but 0 makes validators treat the zone as insecure or broken [default: 0]
    #[arg(long, value_name = "N", requires = "nsec3")]
    nsec3_iterations: Option<u16>,
    /// Accept --nsec3-iterations above 0
    #[arg(long, requires = "nsec3_iterations")]
    allow_nsec3_iterations: bool,
}

/// Signature times.
#[derive(Debug, Args)]
#[command(next_help_heading = "Signature times (YYYYMMDDHHMMSS, seconds since 1970, or relative: now-1h, +7d)")]
pub(super) struct TimeArgs {
    /// When signatures begin [default: now-1h]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    inception: Option<TimeSpec>,
    /// When signatures end; a relative time counts from now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with = "validity")]
    expiration: Option<TimeSpec>,
    /// How long signatures last, counted from their inception [default: 7d]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    validity: Option<Seconds>,
    /// How long the signatures over DNSKEY, CDS and CDNSKEY last [default: as the others]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    dnskey_validity: Option<Seconds>,
    /// Let signatures end earlier by up to this much, spread evenly; those over the SOA and the keys do not move
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    jitter: Option<Seconds>,
    /// With --previous, make signatures again that have no more than this left [default: three sevenths of the validity]
    #[arg(long, value_name = "DURATION", requires = "previous", value_parser = parse_duration)]
    refresh: Option<Seconds>,
}

/// The zone's data.
#[derive(Debug, Args)]
#[command(next_help_heading = "Zone data")]
pub(super) struct ZoneArgs {
    /// The SOA serial of the signed zone
    #[arg(long, value_enum, default_value_t)]
    serial: SerialArg,
    /// Publish digests over the zone
    #[arg(long, value_name = "HASH", value_enum, value_delimiter = ',')]
    zonemd: Vec<ZonemdArg>,
    /// Give records of one name and type that differ in TTL the lowest of their TTLs; an error without this
    #[arg(long)]
    fix_ttl: bool,
    /// Drop records outside the zone; an error without this
    #[arg(long)]
    drop_out_of_zone: bool,
}

/// The run.
#[derive(Debug, Args)]
#[command(next_help_heading = "Run")]
pub(super) struct RunArgs {
    /// How much of the signed zone is read back and verified before it replaces the old one; with `sample` all of it
    /// but for most signatures away from the apex
    #[arg(long, value_enum, value_name = "HOW-MUCH", default_value_t)]
    self_check: SelfCheckArg,
    /// Who verifies signatures in the self-check
    #[arg(long, value_enum, value_name = "WHO", default_value_t)]
    verifier: VerifierArg,
    /// The cryptographic library that signs; the self-check verifies with the other one. Algorithm 16 has its own
    #[arg(long, value_enum, value_name = "LIBRARY", default_value_t)]
    pub(super) backend: BackendArg,
    /// Threads that sign [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
    /// Print how long each stage took, and the run's ratio to the floor: the time its signatures alone take, spread
    /// over the cores
    #[arg(long)]
    pub(super) stats: bool,
    /// Print the summary as JSON on standard output (on standard error with `-f -`)
    #[arg(long)]
    pub(super) json: bool,
    /// Print no summary, only findings and the name of the output
    #[arg(short, long)]
    pub(super) quiet: bool,
    #[command(flatten)]
    pub(super) who: WhoArgs,
}

const EXAMPLES: &str = "\
Examples:
  zoneseal sign example.com.zone -K /etc/dns/keys
      signs with all keys of example.com. there into example.com.zone.signed
  zoneseal sign example.com.zone Kexample.com.+013+12345 -f - > signed
      signs with one key, to standard output
  zoneseal sign big.zone -K keys --nsec3 --opt-out --serial unixtime --jitter 12h --stats

  zoneseal sign --zones /etc/dns/zones.list --previous --serial unixtime
      signs many zones, and of each only what is new or due

Exit codes: 0 signed; 1 the self-check failed and nothing was published; 2 bad input, usage or failure. Of many zones
those that can be signed are, and 2 says that any failed, 1 that any failed the self-check.";

/// `--serial`
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum SerialArg {
    /// As in the zone file
    #[default]
    Keep,
    /// One more
    Increment,
    /// Seconds since 1970
    Unixtime,
    /// Today as YYYYMMDDnn
    Date,
}

/// `--zonemd`
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ZonemdArg {
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
}

/// `--self-check`
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum SelfCheckArg {
    /// Everything
    #[default]
    Full,
    /// One signature in sixteen, everything else in full
    Sample,
    /// Nothing
    Off,
}

/// `--nsec3-salt`
#[derive(Clone, Debug)]
struct Salt(Vec<u8>);

impl SignArgs {
    /// The options of the run, and the warnings they deserve.
    ///
    /// # Errors
    /// What is asked for and must not be.
    pub(super) fn options(&self) -> Result<(SignOptions, Vec<Diagnostic>), Box<Diagnostic>> {
        let mut warnings = Vec::new();
        let mut zonemd: Vec<ZonemdHash> = self.zone.zonemd.iter().map(|hash| hash.hash()).collect();
        zonemd.sort_unstable();
        zonemd.dedup();
        let options = SignOptions {
            times: self.times.options(),
            refresh: self.times.refresh,
            denial: self.denial.options(&mut warnings)?,
            serial: self.zone.serial.policy(),
            serial_floor: None,
            dnskey_ttl: self.keys_section.dnskey_ttl,
            foreign_dnskeys: match self.keys_section.drop_foreign_dnskeys {
                true => ForeignDnskeys::Drop,
                false => ForeignDnskeys::Keep,
            },
            cds: match (self.keys_section.cds, self.keys_section.cds_delete) {
                (true, _) => CdsPolicy::Publish,
                (_, true) => CdsPolicy::Delete,
                _ => CdsPolicy::AsInInput,
            },
            cds_digests: Vec::new(),
            zonemd,
            self_check: self.run.self_check.scope(),
            verifier: self.run.verifier.choice(),
        };
        Ok((options, warnings))
    }

    /// Where records are kept.
    pub(super) fn record_place(&self) -> RecordPlace {
        match (&self.record.record_directory, self.record.no_record) {
            (_, true) => RecordPlace::Nowhere,
            (Some(directory), _) => RecordPlace::Directory(directory.clone()),
            (None, _) => RecordPlace::Beside,
        }
    }

    /// Where the states of zones with keys in a directory are looked for, unless they are to be ignored.
    pub(super) fn state_source<'a>(
        &self,
        who: &'a Who,
        directory: Option<&Path>,
        timeout: Duration,
        is_confirmed: bool,
    ) -> Option<StateSource<'a>> {
        let keys = &self.keys_section;
        let denial = self.denial.is_given().then(|| self.denial.options(&mut Vec::new()).ok()).flatten();
        (!keys.ignore_state).then(|| StateSource {
            directory: directory_of_keys(directory),
            who,
            timeout,
            names_keys: !self.keys.is_empty(),
            denial,
            cds: match (keys.cds, keys.cds_delete) {
                (true, _) => Some(CdsPolicy::Publish),
                (_, true) => Some(CdsPolicy::Delete),
                _ => None,
            },
            is_confirmed,
        })
    }

    /// How the zone is built.
    pub(super) fn build_options(&self, apex: Option<NameBuf>) -> BuildOptions {
        BuildOptions {
            apex,
            out_of_zone: if self.zone.drop_out_of_zone { OutOfZone::Drop } else { OutOfZone::Error },
            mixed_ttl: if self.zone.fix_ttl { MixedTtl::Lowest } else { MixedTtl::Error },
        }
    }
}

impl DenialArgs {
    /// Whether anything was said about the chain.
    const fn is_given(&self) -> bool {
        self.nsec || self.nsec3
    }

    fn options(&self, warnings: &mut Vec<Diagnostic>) -> Result<DenialOptions, Box<Diagnostic>> {
        if !self.nsec3 {
            return Ok(DenialOptions::Nsec);
        }
        let iterations = self.nsec3_iterations.unwrap_or(0);
        if iterations > 0 {
            let code = "nsec3-iterations";
            let message =
                format!("{iterations} additional NSEC3 iterations: validators may treat the zone as insecure");
            let reference = "RFC 9276 section 3.1, N-10";
            if !self.allow_nsec3_iterations {
                let help = "leave --nsec3-iterations out, or add --allow-nsec3-iterations if it must be";
                return Err(Diagnostic::error(code, message).because(reference).help(help).into());
            }
            warnings.push(Diagnostic::warning(code, message).because(reference));
        }
        let salt = self.nsec3_salt.clone().map_or_else(Vec::new, |Salt(salt)| salt);
        if !salt.is_empty() {
            let message = "an NSEC3 salt protects nothing, as the zone's name already makes the hashes its own";
            warnings.push(Diagnostic::warning("nsec3-salt", message).because("RFC 9276 section 3.1, N3-10"));
        }
        Ok(DenialOptions::Nsec3(Nsec3Params { iterations, salt, opt_out: self.opt_out }))
    }
}

impl TimeArgs {
    fn options(&self) -> TimeOptions {
        let default = TimeOptions::default();
        TimeOptions {
            inception: self.inception.unwrap_or(default.inception),
            end: match (self.expiration, self.validity) {
                (Some(time), _) => End::Expiration(time),
                (None, Some(span)) => End::Validity(span),
                (None, None) => default.end,
            },
            dnskey_validity: self.dnskey_validity,
            jitter: self.jitter.unwrap_or(default.jitter),
            apex_jitter: default.apex_jitter,
        }
    }
}

impl SerialArg {
    const fn policy(self) -> SerialPolicy {
        match self {
            Self::Keep => SerialPolicy::Keep,
            Self::Increment => SerialPolicy::Increment,
            Self::Unixtime => SerialPolicy::UnixTime,
            Self::Date => SerialPolicy::Date,
        }
    }
}

impl ZonemdArg {
    const fn hash(self) -> ZonemdHash {
        match self {
            Self::Sha384 => ZonemdHash::Sha384,
            Self::Sha512 => ZonemdHash::Sha512,
        }
    }
}

impl SelfCheckArg {
    const fn scope(self) -> SelfCheck {
        match self {
            Self::Full => SelfCheck::Full,
            Self::Sample => SelfCheck::Sample,
            Self::Off => SelfCheck::Off,
        }
    }
}

fn parse_ttl(text: &str) -> Result<Ttl, String> {
    Ttl::from_text(text.as_bytes()).map_err(|_| "a TTL is 0 to 2147483647 seconds, for example 3600 or 1h".into())
}

fn parse_duration(text: &str) -> Result<Seconds, String> {
    Seconds::from_text(text).ok_or_else(|| "a duration is for example 7d, 1d12h or 604800".into())
}

fn parse_salt(text: &str) -> Result<Salt, String> {
    let mut salt = Vec::new();
    let is_hex = text == "-" || (!text.is_empty() && text::decode_hex(text.as_bytes(), &mut salt));
    if !is_hex || salt.len() > usize::from(u8::MAX) {
        return Err("a salt is an even number of hex digits, at most 510 of them, or `-` for none".into());
    }
    Ok(Salt(salt))
}
