//! What the signer puts at the apex before anything is signed (SER-2): serial, keys, CDS, NSEC3PARAM, ZONEMD.
//!
//! The TTL of the DNSKEY RRset is what `--dnskey-ttl` says; else that of the DNSKEYs in the zone file; else the
//! shortest that a published key's file gives; else the SOA's. So does dnssec-signzone, but for the order: there an
//! option yields to what stands in the files.

use super::options::{CdsPolicy, DenialOptions, ForeignDnskeys, SignOptions};
use super::own_keys::OwnKeys;
use super::zonemd;
use crate::base::{Diagnostic, Diagnostics, DigestType, Rtype, Ttl};
use crate::crypto::{CryptoError, PublicKey};
use crate::denial::chain_ttl;
use crate::keys::KeySet;
use crate::keys::ds::{self, SyncRecords};
use crate::rdata::dnskey::{Dnskey, key_tag};
use crate::rdata::ds::Ds;
use crate::zone::{RecordRef, Zone};

/// What became of the DNSKEYs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dnskeys {
    /// Of others, published.
    pub(super) foreign_kept: usize,
    /// Of others, dropped because that was asked for.
    pub(super) foreign_dropped: usize,
}

/// Makes the apex what it will be when it is signed, with this serial.
///
/// # Errors
/// A finding for what must not be signed.
pub(super) fn prepare(
    zone: &mut Zone,
    keys: &OwnKeys,
    options: &SignOptions,
    serial: u32,
    findings: &mut Diagnostics,
) -> Result<Dnskeys, Box<Diagnostic>> {
    zone.set_soa_serial(serial);
    if options.denial == DenialOptions::Unsigned {
        return Ok(unsign(zone, options));
    }
    let dnskeys = set_dnskeys(zone, keys, options, findings)?;
    set_cds(zone, keys.set(), options, findings)?;
    if let DenialOptions::Nsec3(params) = &options.denial {
        let mut rdata = Vec::new();
        params.push_nsec3param(&mut rdata);
        zone.set_apex_rrset(Rtype::NSEC3PARAM, chain_ttl(zone), [rdata]);
    }
    if !options.zonemd.is_empty() {
        zonemd::place(zone, &options.zonemd);
    }
    Ok(dnskeys)
}

/// Leaves the apex without anything that speaks of keys.
fn unsign(zone: &mut Zone, options: &SignOptions) -> Dnskeys {
    for rtype in [Rtype::DNSKEY, Rtype::CDS, Rtype::CDNSKEY] {
        zone.remove_apex_rrset(rtype);
    }
    if !options.zonemd.is_empty() {
        zonemd::place(zone, &options.zonemd);
    }
    Dnskeys::default()
}

/// The DNSKEY RRset: our keys as their timing says, and those of others unless told otherwise.
fn set_dnskeys(
    zone: &mut Zone,
    keys: &OwnKeys,
    options: &SignOptions,
    findings: &mut Diagnostics,
) -> Result<Dnskeys, Box<Diagnostic>> {
    let mut counts = Dnskeys::default();
    let mut rdatas: Vec<Vec<u8>> = keys.set().published().iter().map(|key| key.dnskey_rdata.clone()).collect();
    let in_zone = zone.apex_node().rrset(Rtype::DNSKEY);
    for record in in_zone.iter().flat_map(|rrset| rrset.records()) {
        let rdata = record.rdata();
        if keys.is_published(rdata) {
            continue;
        }
        if let Some(withheld) = keys.withheld(rdata) {
            let tag = key_tag(rdata);
            let source = withheld.source.display();
            let (message, help) = match keys.set().is_by_uses() {
                true => (
                    format!("the DNSKEY {tag} of {source} is left out, as the zone's state has it"),
                    "take the record out of the zone file: the state decides which keys are published",
                ),
                false => (
                    format!("the DNSKEY {tag} is left out, as the times in {source} have it"),
                    "change the key's times, or take the record out of the zone file",
                ),
            };
            findings.push(Diagnostic::warning("dnskey-timing", message).at(record.position()).help(help));
        } else if options.foreign_dnskeys == ForeignDnskeys::Keep {
            check_foreign_fields(record)?;
            check_foreign_algorithm(record, keys.set())?;
            rdatas.push(rdata.to_vec());
            counts.foreign_kept += 1;
        } else {
            counts.foreign_dropped += 1;
        }
    }
    let ttl = dnskey_ttl(zone, keys.set(), options.dnskey_ttl);
    if ttl == Ttl::ZERO {
        let help = "answers that nobody may cache load servers and validators; give --dnskey-ttl 3600, say";
        findings.push(Diagnostic::warning("ttl-zero", "the DNSKEY RRset gets TTL 0").because("N-21").help(help));
    }
    zone.set_apex_rrset(Rtype::DNSKEY, ttl, rdatas);
    Ok(counts)
}

/// See the head of this module.
fn dnskey_ttl(zone: &Zone, keys: &KeySet, asked: Option<Ttl>) -> Ttl {
    let ttl_of = |rtype| zone.apex_node().rrset(rtype).map(|rrset| rrset.ttl());
    asked
        .or_else(|| ttl_of(Rtype::DNSKEY))
        .or_else(|| keys.ttl())
        .or_else(|| ttl_of(Rtype::SOA))
        .expect("a zone has an SOA")
}

/// Every algorithm in the DNSKEY RRset must sign everything (SIG-9); those of our own keys were checked with the set.
fn check_foreign_algorithm(record: RecordRef<'_>, keys: &KeySet) -> Result<(), Box<Diagnostic>> {
    let rdata = record.rdata();
    let Some(dnskey) = Dnskey::parse(rdata).filter(|dnskey| dnskey.is_zone_key() && !dnskey.is_revoked()) else {
        return Ok(());
    };
    let algorithm = dnskey.algorithm;
    let signs = |rtype| keys.signers_of(rtype).any(|key| key.algorithm == algorithm);
    if signs(Rtype::SOA) && signs(Rtype::DNSKEY) {
        return Ok(());
    }
    let tag = key_tag(rdata);
    let message = format!(
        "the DNSKEY {tag} of another signer has algorithm {algorithm}, with which no key of ours can sign the zone"
    );
    Err(Diagnostic::error("foreign-algorithm", message)
        .at(record.position())
        .because("RFC 4035 section 2.2, RFC 8901, SIG-9")
        .help("add a key of this algorithm, or drop foreign keys with --drop-foreign-dnskeys")
        .into())
}

/// Refuses a DNSKEY that no validator takes while the line it stands on is known; the self-check could not name it.
fn check_foreign_fields(record: RecordRef<'_>) -> Result<(), Box<Diagnostic>> {
    let Some(dnskey) = Dnskey::parse(record.rdata()) else { return Ok(()) };
    let (found, reference) = match PublicKey::from_dnskey(dnskey.algorithm, dnskey.public_key) {
        _ if dnskey.protocol != 3 => {
            (format!("has protocol {}, and only 3 is valid", dnskey.protocol), "RFC 4034 section 2.1.2, SIG-11")
        }
        Err(error @ CryptoError::BadPublicKey(..)) => (format!("is no key: {error}"), "RFC 4034 section 2.1.4, ENC-1"),
        _ => return Ok(()),
    };
    let message = format!("the DNSKEY {} {found}", key_tag(record.rdata()));
    Err(Diagnostic::error("foreign-dnskey", message)
        .at(record.position())
        .because(reference)
        .help("mend the record, or take it out of the zone file")
        .into())
}

/// CDS and CDNSKEY, which speak of the whole DS RRset the parent should have (CDS-1, CDS-2).
fn set_cds(
    zone: &mut Zone,
    keys: &KeySet,
    options: &SignOptions,
    findings: &mut Diagnostics,
) -> Result<(), Box<Diagnostic>> {
    let records = match options.cds {
        CdsPolicy::AsInInput => return check_cds_of_input(zone, keys),
        CdsPolicy::Drop => {
            drop_cds(zone, findings);
            return Ok(());
        }
        CdsPolicy::Delete => SyncRecords::delete(),
        CdsPolicy::Publish if options.cds_digests.is_empty() => SyncRecords::for_set(keys, &[DigestType::SHA256]),
        CdsPolicy::Publish => SyncRecords::for_set(keys, &options.cds_digests),
    };
    if records.cds.is_empty() {
        let help =
            "look at the keys' times with `zoneseal key show`: SyncPublish must be reached, or without one Activate";
        return Err(Diagnostic::error("no-cds", "--cds: no key-signing key should be in the parent now")
            .because("RFC 7344 section 4")
            .help(help)
            .into());
    }
    let ttl = zone.apex_node().rrset(Rtype::DNSKEY).expect("the keys were placed before").ttl();
    zone.set_apex_rrset(Rtype::CDS, ttl, records.cds);
    zone.set_apex_rrset(Rtype::CDNSKEY, ttl, records.cdnskey);
    Ok(())
}

/// Takes out the CDS and CDNSKEY of the zone file.
fn drop_cds(zone: &mut Zone, findings: &mut Diagnostics) {
    for rtype in [Rtype::CDS, Rtype::CDNSKEY] {
        if let Some(rrset) = zone.apex_node().rrset(rtype) {
            let message = format!("the {rtype} records of the zone file are left out, as the zone's state has it");
            let finding = Diagnostic::warning("cds-left-out", message).at(rrset.first().position());
            findings.push(finding.help("take them out of the zone file"));
            zone.remove_apex_rrset(rtype);
        }
    }
}

/// Refuses CDS and CDNSKEY of the zone file that would have the parent break the zone, while their line is known: a
/// request to delete beside other records (CDS-6), or a set that names no key signing the DNSKEY RRset (CDS-3).
fn check_cds_of_input(zone: &Zone, keys: &KeySet) -> Result<(), Box<Diagnostic>> {
    for (rtype, delete) in [(Rtype::CDS, ds::CDS_DELETE), (Rtype::CDNSKEY, ds::CDNSKEY_DELETE)] {
        let Some(rrset) = zone.apex_node().rrset(rtype) else { continue };
        let refuse = |record: RecordRef<'_>, what: &str, reference| {
            Diagnostic::error("cds-in-zone", format!("the {rtype} records of the zone file {what}"))
                .at(record.position())
                .because(reference)
                .help("take them out of the zone file, or have them made with --cds or --cds-delete")
        };
        if let Some(request) = rrset.records().find(|record| record.rdata() == delete) {
            if rrset.len() == 1 {
                continue;
            }
            let what = "ask for deletion and name keys at the same time";
            return Err(refuse(request, what, "RFC 8078 section 4, CDS-6").into());
        }
        let names_signer = |record: RecordRef<'_>| {
            keys.signers_of(Rtype::DNSKEY).any(|key| match Ds::parse(record.rdata()).filter(|_| rtype == Rtype::CDS) {
                Some(cds) => ds::ds_rdata(cds.digest_type, zone.apex(), &key.dnskey_rdata)
                    .is_none_or(|rdata| rdata == record.rdata()),
                None => key.dnskey_rdata == record.rdata(),
            })
        };
        if !rrset.records().any(names_signer) {
            let what = "name no key that signs the DNSKEY RRset: a parent that follows them breaks the zone";
            return Err(refuse(rrset.first(), what, "RFC 7344 section 4.1, CDS-3").into());
        }
    }
    Ok(())
}
