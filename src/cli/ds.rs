//! `zoneseal ds`

use super::{Env, Failure, Outcome};
use crate::base::text::{push_base64, push_hex};
use crate::base::{Diagnostics, DigestType, NameBuf, Rtype, Ttl};
use crate::keys::ds::{digest_type_from_text, ds_rdata, may_have_ds, refuse_digest};
use crate::keys::inspect::read_dnskey;
use crate::rdata::dnskey::{Dnskey, key_tag};
use crate::rdata::ds::Ds;
use crate::zonefile::{self, Includes, Input, ReadOptions};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Print DS records for the parent, or what else a registrar asks for
///
/// Of the keys given or found, those with the SEP flag are taken; if no key file named has it, all those named.
#[derive(Debug, clap::Args)]
pub(super) struct DsArgs {
    /// Key files (.key, .private or their base name) or zone files; "-" is a zone on standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Digests to make
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "sha256", value_parser = parse_digest)]
    digest: Vec<DigestType>,
    /// What to print: one kind of record, all of them, or JSON with every field by itself
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "ds")]
    format: Format,
    /// Print the CDS and CDNSKEY records the zone itself would hold instead
    #[arg(long, conflicts_with_all = ["format", "json"])]
    cds: bool,
    /// Take zone-signing keys too
    #[arg(long)]
    all: bool,
    /// TTL to print; none by default
    #[arg(long, value_parser = super::keygen::parse_ttl)]
    ttl: Option<Ttl>,
    /// Origin of zone files; only DNSKEYs there are taken
    #[arg(short, long, value_name = "ORIGIN")]
    origin: Option<NameBuf>,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

/// What registrars ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// DS records, as most registrars take them
    Ds,
    /// DNSKEY records, for parents that make the DS themselves
    Dnskey,
    /// CDS records, as the zone would hold them
    Cds,
    /// CDNSKEY records, as the zone would hold them
    Cdnskey,
    /// All of these
    All,
    /// The DS records as one JSON object, with the fields of each and of its key
    Json,
}

impl DsArgs {
    fn is_json(&self) -> bool {
        self.json || self.format == Format::Json
    }

    /// The types of record to print, in order.
    fn types(&self) -> &'static [Rtype] {
        match self.format {
            _ if self.cds => &[Rtype::CDS, Rtype::CDNSKEY],
            Format::Ds | Format::Json => &[Rtype::DS],
            Format::Dnskey => &[Rtype::DNSKEY],
            Format::Cds => &[Rtype::CDS],
            Format::Cdnskey => &[Rtype::CDNSKEY],
            Format::All => &[Rtype::DS, Rtype::DNSKEY, Rtype::CDS, Rtype::CDNSKEY],
        }
    }
}

/// Reads a digest type that may be published.
pub(super) fn parse_digest(text: &str) -> Result<DigestType, String> {
    let digest = digest_type_from_text(text).ok_or("no such digest: sha256 and sha384 are")?;
    refuse_digest(digest).map_or(Ok(digest), |why| Err(why.into()))
}

/// A DNSKEY to be pointed at.
#[derive(Debug)]
struct Key {
    zone: NameBuf,
    rdata: Vec<u8>,
}

impl Key {
    fn dnskey(&self) -> Option<Dnskey<'_>> {
        Dnskey::parse(&self.rdata)
    }

    fn is_sep(&self) -> bool {
        self.dnskey().is_some_and(|dnskey| dnskey.has_sep_flag())
    }
}

/// The result as JSON.
#[derive(Debug, Serialize)]
struct Shown {
    schema: &'static str,
    records: Vec<ShownRecord>,
}

#[derive(Debug, Serialize)]
struct ShownRecord {
    owner: String,
    ttl: Option<u32>,
    #[serde(rename = "type")]
    rtype: String,
    rdata: String,
    key_tag: u16,
    algorithm: u8,
    /// Of a DS: how the digest was made, and the digest in hex.
    digest_type: Option<u8>,
    digest: Option<String>,
    /// Of the key.
    flags: Option<u16>,
    protocol: Option<u8>,
    /// Base64.
    public_key: Option<String>,
}

pub(super) fn run(args: &DsArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let mut keys = Vec::new();
    for file in &args.files {
        let found = if is_key_file(file) { keys_of_key_file(file)? } else { keys_of_zone(args, file, env)? };
        keys.push((is_key_file(file), found));
    }
    let keys = select(args, keys, env)?;
    let records: Vec<_> = keys.iter().flat_map(|key| records_of(args, key)).collect();
    if args.is_json() {
        super::key_show::print_json(&Shown { schema: "zoneseal.ds/1", records }, env)?;
    } else {
        for record in &records {
            let ttl = record.ttl.map(|ttl| format!("{ttl} ")).unwrap_or_default();
            writeln!(env.stdout, "{} {ttl}IN {} {}", record.owner, record.rtype, record.rdata)?;
        }
    }
    Ok(Outcome::Done)
}

/// Whether an argument is a key file and not a zone: by its ending, or as the base name of one.
fn is_key_file(path: &Path) -> bool {
    let has_ending = path.extension().is_some_and(|ending| ending == "key" || ending == "private");
    has_ending || (!path.is_file() && crate::keys::name::paths_of(path, None).public.is_file())
}

fn keys_of_key_file(path: &Path) -> Result<Vec<Key>, Failure> {
    let (zone, rdata) = read_dnskey(path).map_err(Failure::new)?;
    Ok(vec![Key { zone, rdata }])
}

/// The DNSKEYs of a zone: those at its apex, if a SOA or `-o` tells which that is.
fn keys_of_zone(args: &DsArgs, path: &Path, env: &mut Env<'_>) -> Result<Vec<Key>, Failure> {
    let options = ReadOptions { origin: args.origin.clone(), includes: Includes::Follow, ..ReadOptions::default() };
    let mut findings = Diagnostics::new(20);
    let store = if path == Path::new("-") {
        let mut text = Vec::new();
        env.stdin.read_to_end(&mut text).map_err(|error| Failure::new(format_args!("standard input: {error}")))?;
        zonefile::read(Input::Bytes { name: "-", text: &text }, &options, &mut findings)
    } else {
        zonefile::read(Input::Path(path), &options, &mut findings)
    }
    .map_err(Failure::new)?;
    for finding in findings.list() {
        env.say(finding);
    }
    if findings.has_errors() {
        return Err(Failure::new(format_args!("{}: the zone has errors, so no DS was made", path.display())));
    }
    let soa = store.soas().next();
    let apex = args.origin.clone().or_else(|| soa.map(|soa| store.owner(&soa).to_owned()));
    let is_at_apex = |owner| apex.as_ref().is_none_or(|apex| apex.as_name() == owner);
    let dnskeys = store.records().filter(|record| record.rtype == Rtype::DNSKEY);
    let keys: Vec<_> = dnskeys
        .filter(|record| is_at_apex(store.owner(record)))
        .map(|record| Key { zone: store.owner(&record).to_owned(), rdata: store.rdata(&record).to_vec() })
        .collect();
    match keys.is_empty() {
        true => Err(Failure::new(format_args!("{}: there is no DNSKEY in it", path.display()))),
        false => Ok(keys),
    }
}

/// Drops keys the parent must not point at, and ZSKs unless they are wanted.
fn select(args: &DsArgs, found: Vec<(bool, Vec<Key>)>, env: &mut Env<'_>) -> Result<Vec<Key>, Failure> {
    let named_sep = found.iter().any(|(is_key_file, keys)| *is_key_file && keys.iter().any(Key::is_sep));
    let mut selected: Vec<Key> = Vec::new();
    for (is_key_file, keys) in found {
        for key in keys {
            let may_have_ds = key.dnskey().is_some_and(|dnskey| may_have_ds(&dnskey));
            if !may_have_ds {
                env.say(format_args!(
                    "warning: key {} of {} is revoked or no zone key: no DS for it",
                    key_tag(&key.rdata),
                    key.zone
                ));
                continue;
            }
            let is_wanted = args.all || key.is_sep() || (is_key_file && !named_sep);
            let is_new =
                !selected.iter().any(|other| other.rdata == key.rdata && other.zone.as_name() == key.zone.as_name());
            if is_wanted && is_new {
                selected.push(key);
            }
        }
    }
    match selected.is_empty() {
        true => {
            Err(Failure::new("there is no key with the SEP flag that the parent may point at; --all takes the others"))
        }
        false => Ok(selected),
    }
}

/// The records for one key, of each kind asked for.
fn records_of(args: &DsArgs, key: &Key) -> Vec<ShownRecord> {
    let zone = key.zone.as_name();
    let of_type = |&rtype: &Rtype| -> Vec<(Rtype, Vec<u8>)> {
        match rtype {
            Rtype::DNSKEY | Rtype::CDNSKEY => vec![(rtype, key.rdata.clone())],
            _ => {
                let digests = args.digest.iter().filter_map(|&digest| ds_rdata(digest, zone, &key.rdata));
                digests.map(|rdata| (rtype, rdata)).collect()
            }
        }
    };
    let records = args.types().iter().flat_map(of_type);
    records.map(|(rtype, rdata)| shown(args, key, rtype, &rdata)).collect()
}

/// A record with its fields.
fn shown(args: &DsArgs, key: &Key, rtype: Rtype, rdata: &[u8]) -> ShownRecord {
    let mut text = Vec::new();
    crate::rdata::push_text(rtype, rdata, &mut text);
    let ds = Ds::parse(rdata).filter(|_| matches!(rtype, Rtype::DS | Rtype::CDS));
    let dnskey = key.dnskey();
    ShownRecord {
        owner: key.zone.to_string(),
        ttl: args.ttl.map(Ttl::seconds),
        rtype: rtype.to_string(),
        rdata: String::from_utf8_lossy(&text).into_owned(),
        key_tag: key_tag(&key.rdata),
        algorithm: dnskey.map_or(0, |dnskey| dnskey.algorithm.0),
        digest_type: ds.map(|ds| ds.digest_type.0),
        digest: ds.map(|ds| encoded(ds.digest, push_hex)),
        flags: dnskey.map(|dnskey| dnskey.flags),
        protocol: dnskey.map(|dnskey| dnskey.protocol),
        public_key: dnskey.map(|dnskey| encoded(dnskey.public_key, push_base64)),
    }
}

fn encoded(data: &[u8], push: fn(&[u8], &mut Vec<u8>)) -> String {
    let mut text = Vec::new();
    push(data, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}
