//! The observation file: what was seen, as JSON, made on one machine and used on another.

use super::address::{AddressText, Server, parse_address};
use super::advice::{Change, Deed, ds_line, rdata_text};
use super::model::{ChildSeen, DsSeen, Observation, ParentSeen, Sample, Seen, Trustworthiness, ZoneSeen};
use super::signed::SignerId;
use crate::base::{Algorithm, Diagnostic, Name, NameBuf, Rtype, Ttl, UnixTime};
use crate::rdata::{Token, push_wire_from_text};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;

/// Kind and version of the file; also that of `zoneseal observe --json`, which prints the same object.
pub const SCHEMA: &str = "zoneseal.observe/1";
/// Before the version.
const SCHEMA_FAMILY: &str = "zoneseal.observe/";

/// Largest file that is read.
const FILE_LEN_MAX: u64 = 16 << 20;

/// Why a file is no observation. Names the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    file: String,
    what: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.what)
    }
}

impl std::error::Error for FileError {}

/// The whole file. Findings and changes are for people: they are worked out anew from what was seen.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    schema: String,
    zone: String,
    at: String,
    parent: Option<ParentForm>,
    child: Option<ChildForm>,
    #[serde(default)]
    faults: Vec<String>,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default)]
    findings: Vec<serde_json::Value>,
    #[serde(default)]
    changes: Vec<serde_json::Value>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParentForm {
    zone: Option<String>,
    servers: Vec<SeenForm<DsForm>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChildForm {
    servers: Vec<SeenForm<ZoneForm>>,
}

/// One server: with an answer or with an error.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeenForm<T> {
    server: String,
    host: Option<String>,
    answer: Option<T>,
    error: Option<String>,
    trust: TrustForm,
    refusal: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TrustForm {
    Unchecked,
    Validated,
    Refused,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DsForm {
    ds: Vec<String>,
    ttl: u32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ZoneForm {
    serial: u32,
    negative_ttl: u32,
    dnskeys: Vec<String>,
    dnskey_ttl: u32,
    dnskey_signers: Vec<SignerForm>,
    samples: Vec<SampleForm>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleForm {
    owner: String,
    #[serde(rename = "type")]
    rtype: String,
    ttl: u32,
    signers: Vec<SignerForm>,
    expires: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignerForm {
    algorithm: u8,
    key_tag: u16,
}

/// A change as scripts take it.
#[derive(Debug, Serialize)]
struct ChangeForm<'a> {
    code: &'static str,
    deed: Deed,
    record: String,
    why: &'a str,
    optional: bool,
}

/// The file's text, findings and changes of the moment with it.
///
/// # Errors
/// What serde_json says; numbers and text can always be written.
pub fn to_json(seen: &Observation, findings: &[Diagnostic], changes: &[Change]) -> serde_json::Result<String> {
    let zone = seen.zone.as_name();
    let form = Form {
        schema: SCHEMA.into(),
        zone: zone.to_string(),
        at: seen.at.to_iso_text(),
        parent: seen.parent.as_ref().map(|parent| ParentForm {
            zone: parent.zone.as_ref().map(NameBuf::to_string),
            servers: parent.servers.iter().map(|server| seen_form(server, ds_form)).collect(),
        }),
        child: seen.child.as_ref().map(|child| ChildForm {
            servers: child.servers.iter().map(|server| seen_form(server, zone_form)).collect(),
        }),
        faults: seen.faults.clone(),
        notes: seen.notes.clone(),
        findings: findings.iter().map(serde_json::to_value).collect::<Result<_, _>>()?,
        changes: changes.iter().map(|each| serde_json::to_value(change_form(zone, each))).collect::<Result<_, _>>()?,
    };
    let mut text = serde_json::to_string_pretty(&form)?;
    text.push('\n');
    Ok(text)
}

fn change_form<'a>(zone: Name<'_>, change: &'a Change) -> ChangeForm<'a> {
    ChangeForm {
        code: change.code,
        deed: change.deed,
        record: ds_line(zone, &change.ds),
        why: &change.why,
        optional: change.is_optional,
    }
}

fn seen_form<T, F>(seen: &Seen<T>, answer: impl Fn(&T) -> F) -> SeenForm<F> {
    let (trust, refusal) = match &seen.trust {
        Trustworthiness::Unchecked => (TrustForm::Unchecked, None),
        Trustworthiness::Validated => (TrustForm::Validated, None),
        Trustworthiness::Refused(why) => (TrustForm::Refused, Some(why.clone())),
    };
    SeenForm {
        server: AddressText(seen.server.address).to_string(),
        host: seen.server.host.as_ref().map(NameBuf::to_string),
        answer: seen.answer.as_ref().ok().map(answer),
        error: seen.answer.as_ref().err().cloned(),
        trust,
        refusal,
    }
}

fn ds_form(seen: &DsSeen) -> DsForm {
    DsForm { ds: seen.ds.iter().map(|ds| rdata_text(Rtype::DS, ds)).collect(), ttl: seen.ttl.seconds() }
}

fn zone_form(seen: &ZoneSeen) -> ZoneForm {
    ZoneForm {
        serial: seen.serial,
        negative_ttl: seen.negative_ttl.seconds(),
        dnskeys: seen.dnskeys.iter().map(|key| rdata_text(Rtype::DNSKEY, key)).collect(),
        dnskey_ttl: seen.dnskey_ttl.seconds(),
        dnskey_signers: seen.dnskey_signers.iter().map(signer_form).collect(),
        samples: seen.samples.iter().map(sample_form).collect(),
    }
}

fn sample_form(sample: &Sample) -> SampleForm {
    SampleForm {
        owner: sample.owner.to_string(),
        rtype: sample.rtype.to_string(),
        ttl: sample.ttl.seconds(),
        signers: sample.signers.iter().map(signer_form).collect(),
        expires: sample.expires.map(UnixTime::to_iso_text),
    }
}

const fn signer_form(&(algorithm, key_tag): &SignerId) -> SignerForm {
    SignerForm { algorithm: algorithm.0, key_tag }
}

/// Reads an observation of a zone from a file.
///
/// # Errors
/// [`FileError`] if it cannot be read, is no observation, is of another version or of another zone, or contradicts itself.
pub fn read(path: &Path, zone: Name<'_>) -> Result<Observation, FileError> {
    let file = path.display().to_string();
    let error = |what: String| FileError { file: file.clone(), what };
    let len = std::fs::metadata(path).map_err(|fault| error(fault.to_string()))?.len();
    if len > FILE_LEN_MAX {
        return Err(error("not an observation: it is too large".into()));
    }
    let text = std::fs::read_to_string(path).map_err(|fault| error(fault.to_string()))?;
    let seen = from_json(&text).map_err(error)?;
    match seen.zone.as_name() == zone {
        true => Ok(seen),
        false => Err(error(format!("it is an observation of {}, not of {zone}", seen.zone))),
    }
}

/// Reads an observation from JSON.
///
/// # Errors
/// What is wrong with it.
pub fn from_json(text: &str) -> Result<Observation, String> {
    check_schema(text)?;
    let form: Form = serde_json::from_str(text).map_err(|error| format!("not an observation: {error}"))?;
    let zone = name(&form.zone)?;
    let parent = form.parent.map(|parent| read_parent(&parent, zone.as_name())).transpose()?;
    let child = form.child.map(|child| read_child(&child, zone.as_name())).transpose()?;
    Ok(Observation { zone, at: time(&form.at)?, parent, child, faults: form.faults, notes: form.notes })
}

/// Looks at the version first: what another version adds would only confuse.
fn check_schema(text: &str) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Head {
        schema: String,
    }
    let head: Head = serde_json::from_str(text).map_err(|error| format!("not an observation: {error}"))?;
    match head.schema.as_str() {
        SCHEMA => Ok(()),
        other if other.starts_with(SCHEMA_FAMILY) => Err(format!(
            "an observation of the form {other}; this program reads {SCHEMA}: observe anew with the same version"
        )),
        other => Err(format!("not an observation: its schema is \"{other}\", not {SCHEMA}")),
    }
}

fn read_parent(form: &ParentForm, zone: Name<'_>) -> Result<ParentSeen, String> {
    let parent = form.zone.as_deref().map(name).transpose()?;
    if let Some(parent) = parent.as_ref().filter(|parent| !zone.is_below(parent.as_name())) {
        return Err(format!("the parent zone {parent} is not above {zone}"));
    }
    let answer = |form: &DsForm| {
        let ds = rdatas(Rtype::DS, &form.ds)?;
        Ok(DsSeen { ds, ttl: ttl(form.ttl)? })
    };
    let servers = form.servers.iter().map(|server| read_seen(server, answer)).collect::<Result<_, _>>()?;
    Ok(ParentSeen { zone: parent, servers })
}

fn read_child(form: &ChildForm, zone: Name<'_>) -> Result<ChildSeen, String> {
    let answer = |form: &ZoneForm| {
        Ok(ZoneSeen {
            serial: form.serial,
            negative_ttl: ttl(form.negative_ttl)?,
            dnskeys: rdatas(Rtype::DNSKEY, &form.dnskeys)?,
            dnskey_ttl: ttl(form.dnskey_ttl)?,
            dnskey_signers: form.dnskey_signers.iter().map(signer).collect(),
            samples: form.samples.iter().map(|sample| read_sample(sample, zone)).collect::<Result<_, _>>()?,
        })
    };
    let servers = form.servers.iter().map(|server| read_seen(server, answer)).collect::<Result<_, _>>()?;
    Ok(ChildSeen { servers })
}

fn read_sample(form: &SampleForm, zone: Name<'_>) -> Result<Sample, String> {
    let owner = name(&form.owner)?;
    if !owner.as_name().is_at_or_below(zone) {
        return Err(format!("the sample {owner} is not in {zone}"));
    }
    let rtype = Rtype::from_text(form.rtype.as_bytes()).ok_or_else(|| format!("\"{}\" is no type", form.rtype))?;
    let expires = form.expires.as_deref().map(time).transpose()?;
    Ok(Sample { owner, rtype, ttl: ttl(form.ttl)?, signers: form.signers.iter().map(signer).collect(), expires })
}

fn read_seen<F, T>(form: &SeenForm<F>, answer: impl Fn(&F) -> Result<T, String>) -> Result<Seen<T>, String> {
    let address = parse_address(&form.server).ok_or_else(|| format!("\"{}\" is no server address", form.server))?;
    let host = form.host.as_deref().map(name).transpose()?;
    let answer = match (&form.answer, &form.error) {
        (Some(found), None) => Ok(answer(found)?),
        (None, Some(error)) => Err(error.clone()),
        _ => return Err(format!("the server {} must have either an answer or an error", form.server)),
    };
    let trust = match (form.trust, &form.refusal) {
        (TrustForm::Unchecked, None) => Trustworthiness::Unchecked,
        (TrustForm::Validated, None) if answer.is_ok() => Trustworthiness::Validated,
        (TrustForm::Refused, Some(why)) => Trustworthiness::Refused(why.clone()),
        _ => return Err(format!("the trust in the server {} and its refusal do not fit", form.server)),
    };
    Ok(Seen { server: Server { host, address }, answer, trust })
}

fn name(text: &str) -> Result<NameBuf, String> {
    text.parse().map_err(|error| format!("\"{text}\" is no name: {error}"))
}

fn time(text: &str) -> Result<UnixTime, String> {
    UnixTime::from_iso_text(text).ok_or_else(|| format!("\"{text}\" is no time such as 2026-01-31T12:00:00Z"))
}

fn ttl(seconds: u32) -> Result<Ttl, String> {
    Ttl::new(seconds).ok_or_else(|| format!("{seconds} is no TTL: it is above 2147483647"))
}

const fn signer(form: &SignerForm) -> SignerId {
    (Algorithm(form.algorithm), form.key_tag)
}

/// RDATA from presentation form, in canonical order.
fn rdatas(rtype: Rtype, texts: &[String]) -> Result<Vec<Vec<u8>>, String> {
    let mut found = texts.iter().map(|text| rdata(rtype, text)).collect::<Result<Vec<_>, _>>()?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn rdata(rtype: Rtype, text: &str) -> Result<Vec<u8>, String> {
    let words = text.split_ascii_whitespace().map(str::as_bytes);
    let tokens: Vec<Token<'_>> = words.map(|text| Token { text, is_quoted: false, offset: 0 }).collect();
    let mut wire = Vec::new();
    push_wire_from_text(rtype, &tokens, Some(Name::ROOT), &mut wire).map_err(|error| error.message)?;
    Ok(wire)
}
