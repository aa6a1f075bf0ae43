//! What the signer puts at the apex before anything is signed (SER-2): serial, keys, CDS, NSEC3PARAM, ZONEMD.
//!
//! The TTL of the DNSKEY RRset is what `--dnskey-ttl` says; else that of the DNSKEYs in the zone file; else the
//! shortest that a published key's file gives; else the SOA's. So does dnssec-signzone, but for the order: there an
//! option yields to what stands in the files.

use super::options::{CdsPolicy, DenialOptions, ForeignDnskeys, SignOptions};
use super::own_keys::{OwnKeys, is_same_key};
use super::serial::next_serial;
use super::zonemd;
use crate::base::{Diagnostic, Diagnostics, DigestType, Rtype, Ttl, UnixTime};
use crate::denial::chain_ttl;
use crate::keys::KeySet;
use crate::keys::ds::SyncRecords;
use crate::rdata::dnskey::{Dnskey, key_tag};
use crate::zone::Zone;

/// What became of the DNSKEYs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dnskeys {
    /// Of others, published.
    pub(super) foreign_kept: usize,
    /// Of others, dropped because that was asked for.
    pub(super) foreign_dropped: usize,
}

/// Makes the apex what it will be when it is signed.
///
/// # Errors
/// A finding for what must not be signed.
pub(super) fn prepare(
    zone: &mut Zone,
    keys: &OwnKeys,
    options: &SignOptions,
    now: UnixTime,
    findings: &mut Diagnostics,
) -> Result<Dnskeys, Box<Diagnostic>> {
    let serial = next_serial(options.serial, zone.soa().serial, now)?;
    zone.set_soa_serial(serial);
    let dnskeys = set_dnskeys(zone, keys, options, findings);
    check_foreign_algorithms(zone, keys.set())?;
    set_cds(zone, keys.set(), options.cds)?;
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

/// The DNSKEY RRset: our keys as their timing says, and those of others unless told otherwise.
fn set_dnskeys(zone: &mut Zone, keys: &OwnKeys, options: &SignOptions, findings: &mut Diagnostics) -> Dnskeys {
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
            let message =
                format!("the DNSKEY {tag} is left out, as the times in {} have it", withheld.source.display());
            let help = "change the key's times, or take the record out of the zone file";
            findings.push(Diagnostic::warning("dnskey-timing", message).at(record.position()).help(help));
        } else if options.foreign_dnskeys == ForeignDnskeys::Keep {
            rdatas.push(rdata.to_vec());
            counts.foreign_kept += 1;
        } else {
            counts.foreign_dropped += 1;
        }
    }
    let ttl = dnskey_ttl(zone, keys.set(), options.dnskey_ttl);
    zone.set_apex_rrset(Rtype::DNSKEY, ttl, rdatas);
    counts
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
fn check_foreign_algorithms(zone: &Zone, keys: &KeySet) -> Result<(), Box<Diagnostic>> {
    let rrset = zone.apex_node().rrset(Rtype::DNSKEY);
    for record in rrset.iter().flat_map(|rrset| rrset.records()) {
        let rdata = record.rdata();
        let Some(dnskey) = Dnskey::parse(rdata).filter(|dnskey| dnskey.is_zone_key() && !dnskey.is_revoked()) else {
            continue;
        };
        let algorithm = dnskey.algorithm;
        let is_ours = keys.published().iter().any(|key| is_same_key(&key.dnskey_rdata, rdata));
        let signs = |rtype| keys.signers_of(rtype).any(|key| key.algorithm == algorithm);
        let can_sign = is_ours || (signs(Rtype::SOA) && signs(Rtype::DNSKEY));
        if !can_sign {
            let tag = key_tag(rdata);
            let message = format!(
                "the DNSKEY {tag} of another signer has algorithm {algorithm}, with which no key of ours can sign the zone"
            );
            return Err(Diagnostic::error("foreign-algorithm", message)
                .at(record.position())
                .because("RFC 4035 section 2.2, RFC 8901, SIG-9")
                .help("add a key of this algorithm, or drop foreign keys with --drop-foreign-dnskeys")
                .into());
        }
    }
    Ok(())
}

/// CDS and CDNSKEY, which speak of the whole DS RRset the parent should have (CDS-1, CDS-2).
fn set_cds(zone: &mut Zone, keys: &KeySet, policy: CdsPolicy) -> Result<(), Box<Diagnostic>> {
    let records = match policy {
        CdsPolicy::AsInInput => return Ok(()),
        CdsPolicy::Delete => SyncRecords::delete(),
        CdsPolicy::Publish => SyncRecords::for_set(keys, &[DigestType::SHA256]),
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
