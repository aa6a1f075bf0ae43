//! What stands at the apex: that the zone is signed, its keys' algorithms, denial, CDS, ZONEMD.

use super::{Audit, Finding};
use crate::base::algorithm::AlgorithmUse;
use crate::base::{Algorithm, DigestType, Position, Rtype, Severity};
use crate::crypto::rsa::RsaPublic;
use crate::policy::{CdsPublication, Denial, DnssecGoal, ZonemdDigest};
use crate::rdata::dnskey::{Dnskey, key_tag};
use crate::rdata::ds::Ds;
use crate::rdata::nsec3::{Nsec3, Nsec3Param};
use crate::rdata::zonemd::{HASH_SHA384, HASH_SHA512, Zonemd};
use crate::zone::RrsetRef;

impl Audit<'_> {
    /// The apex; whether the zone is signed, so that there is more to look at.
    pub(super) fn check_apex(&mut self) -> bool {
        let apex = self.subject.zone.apex_node();
        let Some(dnskeys) = apex.rrset(Rtype::DNSKEY) else {
            if self.subject.policy.dnssec == DnssecGoal::Signed {
                self.at_apex(
                    "N-28",
                    "zone-unsigned",
                    Severity::Error,
                    Rtype::SOA,
                    "the zone is not signed",
                    "a signed zone",
                    "sign the zone",
                );
            }
            return false;
        };
        self.check_dnskeys(dnskeys);
        self.check_denial_records();
        for rtype in [Rtype::CDS, Rtype::CDNSKEY] {
            if self.subject.policy.cds == CdsPublication::Publish && !apex.has(rtype) {
                let found = format!("there is no {rtype}");
                self.at_apex(
                    "CDS-4",
                    "cds-missing",
                    Severity::Warning,
                    rtype,
                    &found,
                    "cds = \"publish\"",
                    "sign with --cds; by a rollover state they come when every cache can have the keys, and not beside keys of other signers",
                );
            }
        }
        if let Some(cds) = apex.rrset(Rtype::CDS) {
            self.check_cds(cds);
        }
        self.check_zonemd(apex.rrset(Rtype::ZONEMD));
        true
    }

    /// A finding about a type at the apex.
    #[expect(clippy::too_many_arguments, reason = "each is a word of the one sentence")]
    fn at_apex(
        &mut self,
        id: &'static str,
        code: &'static str,
        severity: Severity,
        rtype: Rtype,
        found: &str,
        asked: &str,
        fix: &str,
    ) {
        let apex = self.subject.zone.apex_node();
        let position = apex.rrset(rtype).and_then(|rrset| rrset.first().position());
        let subject = format!("{} {rtype}", apex.owner());
        let (found, asked, fix) = (found.to_owned(), asked.to_owned(), fix.to_owned());
        self.push(Finding { id, code, severity, subject, position, found, asked, fix, count: 1 });
    }

    fn check_dnskeys(&mut self, dnskeys: RrsetRef<'_>) {
        for record in dnskeys.records() {
            let Some(dnskey) = Dnskey::parse(record.rdata()) else { continue };
            let subject = format!("key {} of algorithm {}", key_tag(record.rdata()), dnskey.algorithm);
            self.check_algorithm(dnskey.algorithm, &subject, record.position());
            if dnskey.algorithm.is_rsa()
                && let Some(bits) =
                    RsaPublic::parse(dnskey.public_key).ok().map(|key| key.modulus_bits()).filter(|bits| *bits < 2048)
            {
                self.push(Finding {
                    id: "N-3",
                    code: "key-weak",
                    severity: Severity::Error,
                    subject,
                    position: record.position(),
                    found: format!("its modulus has {bits} bits"),
                    asked: "2048 bits or more".into(),
                    fix: "replace the key, best by one of algorithm 13".into(),
                    count: 1,
                });
            }
        }
        let ttl = dnskeys.ttl();
        let wanted = self.subject.policy.ttl.dnskey;
        if ttl > wanted {
            let found = format!("its TTL is {}", ttl.to_seconds());
            let asked = format!("dnskey-ttl ({})", wanted.to_seconds());
            self.at_apex(
                "TIM-5",
                "dnskey-ttl",
                Severity::Warning,
                Rtype::DNSKEY,
                &found,
                &asked,
                "sign with the policy's TTL",
            );
        }
    }

    fn check_algorithm(&mut self, algorithm: Algorithm, subject: &str, position: Option<Position>) {
        let wanted = self.subject.policy.algorithms();
        let (id, code, severity, asked) = match algorithm.usage() {
            AlgorithmUse::Refuse(why) => ("N-3", "algorithm-refused", Severity::Error, why.to_owned()),
            AlgorithmUse::VerifyOnly => {
                ("N-3", "algorithm-deprecated", Severity::Error, "no signatures with SHA-1 (RFC 9905)".to_owned())
            }
            AlgorithmUse::Sign if !wanted.contains(&algorithm) => {
                let wanted = wanted.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                ("N-1", "algorithm-not-policy", Severity::Warning, format!("algorithm {wanted}"))
            }
            AlgorithmUse::Sign if algorithm.is_rsa() && self.limits.prefers_elliptic => {
                ("N-2", "algorithm-rsa", Severity::Warning, "ECDSA or EdDSA; RSA until the end of 2030".to_owned())
            }
            AlgorithmUse::Sign => return,
        };
        let (found, fix) = (format!("algorithm {algorithm}"), "roll to the policy's algorithm".to_owned());
        self.push(Finding { id, code, severity, subject: subject.to_owned(), position, found, asked, fix, count: 1 });
    }

    /// NSEC3 and its parameters, from NSEC3PARAM and the first NSEC3 there is (N-9, N-10).
    fn check_denial_records(&mut self) {
        let zone = self.subject.zone;
        let param = zone.apex_node().rrset(Rtype::NSEC3PARAM);
        let Some(params) = param.and_then(|rrset| Nsec3Param::parse(rrset.first().rdata())) else {
            if matches!(self.subject.policy.denial, Denial::Nsec3(_)) {
                self.at_apex(
                    "N-9",
                    "denial-not-policy",
                    Severity::Warning,
                    Rtype::SOA,
                    "the zone has NSEC",
                    "denial = \"nsec3\"",
                    "sign with NSEC3",
                );
            }
            return;
        };
        if self.subject.policy.denial == Denial::Nsec {
            let asked = "denial = \"nsec\": the more prudent choice";
            self.at_apex(
                "N-9",
                "nsec3",
                Severity::Warning,
                Rtype::NSEC3PARAM,
                "the zone has NSEC3",
                asked,
                "sign with NSEC",
            );
        }
        if params.iterations > 0 {
            let found = format!("{} extra iterations", params.iterations);
            self.at_apex(
                "N-10",
                "nsec3-iterations",
                Severity::Error,
                Rtype::NSEC3PARAM,
                &found,
                "0 (RFC 9276)",
                "sign with 0 iterations",
            );
        }
        if !params.salt.is_empty() {
            let severity = if self.limits.prefers_nsec { Severity::Error } else { Severity::Warning };
            let found = format!("a salt of {} octets", params.salt.len());
            self.at_apex(
                "N-10",
                "nsec3-salt",
                severity,
                Rtype::NSEC3PARAM,
                &found,
                "no salt (RFC 9276)",
                "sign without a salt",
            );
        }
        let nsec3 = zone.nodes().find_map(|node| node.rrset(Rtype::NSEC3));
        let is_opt_out =
            nsec3.and_then(|rrset| Nsec3::parse(rrset.first().rdata())).is_some_and(|nsec3| nsec3.is_opt_out());
        let wants_opt_out = matches!(self.subject.policy.denial, Denial::Nsec3(params) if params.opt_out);
        if is_opt_out && !wants_opt_out {
            let asked = "no opt-out: it is for very large zones (RFC 9276)";
            self.at_apex(
                "N3-10",
                "nsec3-opt-out",
                Severity::Warning,
                Rtype::NSEC3PARAM,
                "NSEC3 with opt-out",
                asked,
                "sign without opt-out",
            );
        }
    }

    fn check_cds(&mut self, cds: RrsetRef<'_>) {
        if cds.records().any(|record| record.rdata() == crate::keys::ds::CDS_DELETE) {
            if self.subject.policy.dnssec == DnssecGoal::Signed {
                let found = "it asks the parent to delete the DS RRset";
                self.at_apex(
                    "CDS-6",
                    "cds-delete-request",
                    Severity::Error,
                    Rtype::CDS,
                    found,
                    "dnssec = \"signed\"",
                    "publish CDS of the keys",
                );
            }
            return;
        }
        let digests: Vec<DigestType> =
            cds.records().filter_map(|record| Ds::parse(record.rdata())).map(|ds| ds.digest_type).collect();
        if let Some(weak) = digests.iter().find(|digest| matches!(digest.0, 1 | 3)) {
            let found = format!("digest type {}", weak.0);
            self.at_apex(
                "N-26",
                "cds-digest-weak",
                Severity::Error,
                Rtype::CDS,
                &found,
                "SHA-256 (RFC 9904)",
                "publish CDS of digest type 2",
            );
        } else if digests.iter().all(|digest| *digest == DigestType::SHA384) {
            let found = "digest type 4 alone";
            self.at_apex(
                "N-26",
                "cds-digest",
                Severity::Warning,
                Rtype::CDS,
                found,
                "SHA-256 (RFC 9904)",
                "publish CDS of digest type 2 too",
            );
        }
    }

    fn check_zonemd(&mut self, zonemd: Option<RrsetRef<'_>>) {
        let published: Vec<u8> = zonemd
            .into_iter()
            .flat_map(RrsetRef::records)
            .filter_map(|record| Zonemd::parse(record.rdata()))
            .map(|zonemd| zonemd.hash_algorithm)
            .collect();
        for wanted in &self.subject.policy.zonemd {
            let (number, name) = match wanted {
                ZonemdDigest::Sha384 => (HASH_SHA384, "sha384"),
                ZonemdDigest::Sha512 => (HASH_SHA512, "sha512"),
            };
            if !published.contains(&number) {
                let (found, asked) = (format!("there is no {name} digest"), format!("zonemd = [\"{name}\"]"));
                self.at_apex(
                    "N-29",
                    "zonemd-missing",
                    Severity::Warning,
                    Rtype::ZONEMD,
                    &found,
                    &asked,
                    "sign with --zonemd",
                );
            }
        }
    }
}
