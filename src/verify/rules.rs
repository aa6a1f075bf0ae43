//! The rules a signed zone is held to: stable codes, what each rests on, and what to do when it is broken.

use crate::base::Severity;

/// Which verdict a broken rule touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// The zone itself: keys, signatures, denial, digests. Does not depend on the clock.
    Validity,
    /// The time the zone was verified for lies outside a signature's window.
    Time,
    /// A signature will expire sooner than asked for.
    Expiry,
    /// Works, but is against current advice, or deserves to be known.
    Policy,
}

macro_rules! rules {
    ($($(#[$meta:meta])* $ident:ident $code:literal $category:ident $severity:ident $reference:literal $help:literal;)*) => {
        /// A rule of the verifier.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[$meta])* $ident,)*
        }

        impl Rule {
            /// All rules, in the order of their verdicts' importance within each part of a zone.
            pub const ALL: &'static [Self] = &[$(Self::$ident),*];

            /// Its stable short name, for scripts.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$ident => $code,)* }
            }

            /// Which verdict it touches.
            #[must_use]
            pub const fn category(self) -> Category {
                match self { $(Self::$ident => Category::$category,)* }
            }

            /// How bad it is, unless the case at hand says otherwise.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$ident => Severity::$severity,)* }
            }

            /// What it rests on: RFC and section, guidance id.
            #[must_use]
            pub const fn reference(self) -> &'static str {
                match self { $(Self::$ident => $reference,)* }
            }

            /// What to do about it.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self { $(Self::$ident => $help,)* }
            }
        }
    };
}

rules! {
    /// No DNSKEY, no signatures, no denial: nothing to verify.
    ZoneUnsigned "zone-unsigned" Validity Error "RFC 4035 section 2, SIG-1" "sign the zone";
    /// Signatures or denial records, and no DNSKEY at the apex.
    DnskeyMissing "dnskey-missing" Validity Error "RFC 4035 section 2.1, SIG-1" "publish the keys that sign the zone at its apex";
    /// A DNSKEY, and no RRSIG in the whole zone.
    SignaturesMissing "signatures-missing" Validity Error "RFC 4035 section 2.2, SIG-2" "sign the zone";
    /// Records of one RRset with different TTLs.
    TtlMixed "ttl-mixed" Validity Error "RFC 2181 section 5.2, SIG-15" "give all records of the RRset one TTL and sign again";

    /// A DNSKEY whose protocol is not 3.
    DnskeyProtocol "dnskey-protocol" Validity Error "RFC 4034 section 2.1.2, SIG-11" "set the protocol field to 3";
    /// A DNSKEY that is no zone key.
    DnskeyZoneFlag "dnskey-zone-flag" Policy Warning "RFC 4034 section 2.1.1, SIG-1" "set the zone flag (256) or remove the key";
    /// A DNSKEY with flags that mean nothing.
    DnskeyFlags "dnskey-flags" Policy Warning "RFC 4034 section 2.1.1, SIG-11" "use flags 256, 257, 384 or 385";
    /// A DNSKEY whose key material does not fit its algorithm.
    DnskeyMalformed "dnskey-malformed" Validity Error "RFC 4034 section 2.1.4, ENC-1" "replace the key";
    /// The DNSKEY RRset is signed, but by no key with the SEP flag.
    DnskeySep "dnskey-signer-sep" Policy Warning "RFC 4034 section 2.1.1, SIG-10" "sign the DNSKEY RRset with the key that the parent's DS names";
    /// A revoked key that does not sign the DNSKEY RRset.
    RevokedUnsigned "revoked-key-unsigned" Policy Warning "RFC 5011 section 2.1, ENC-6" "sign the DNSKEY RRset with the revoked key, or validators do not see the revocation";
    /// Two keys with one tag and one algorithm.
    KeyTagCollision "key-tag-collision" Policy Warning "RFC 4034 appendix B, SIG-17" "replace one of the keys: validators limit how many they try";
    /// More keys fit a signature than were tried.
    KeyTagTries "key-tag-tries" Validity Error "CVE-2023-50387, SIG-17" "replace the keys that share a tag";
    /// An RSA key of fewer than 2048 bits.
    KeyWeak "key-weak" Policy Warning "RFC 9904, N-3" "replace the key, best by one of algorithm 13";
    /// An algorithm that may not be used to sign any more.
    AlgorithmDeprecated "algorithm-deprecated" Policy Warning "RFC 9905 section 2" "move to algorithm 13: validators following RFC 9905 treat the zone as insecure";
    /// An algorithm this program cannot verify.
    AlgorithmUnsupported "algorithm-unsupported" Policy Warning "RFC 6840 section 5.2, ALG-4" "verify the zone with a program that knows the algorithm";
    /// NSEC3 with an algorithm number that does not imply it.
    Nsec3Algorithm "nsec3-algorithm" Policy Warning "RFC 5155 section 2, N3-12" "use algorithm 8 or a later one with NSEC3";

    /// An authoritative RRset without any signature.
    SignatureMissing "signature-missing" Validity Error "RFC 4035 section 2.2, SIG-2" "sign the zone again";
    /// An authoritative RRset without a signature of one of the zone's algorithms.
    SignatureAlgorithmMissing "signature-algorithm-missing" Validity Error "RFC 4035 section 2.2, RFC 6840 section 5.11, SIG-9" "sign every RRset with every algorithm of the DNSKEY RRset, or remove the DNSKEY";
    /// A signature that its key does not verify.
    SignatureBogus "signature-bogus" Validity Error "RFC 4035 section 5.3.3, SIG-13" "sign the RRset again";
    /// The fast verifier accepts a signature that the library refuses.
    VerifierDoubt "verifier-in-doubt" Validity Error "RFC 4035 section 5.3.3, SIG-13" "verify with --verifier library, and report this: it is a fault of this program";
    /// A signature by a key that is not at the apex.
    SignatureKeyMissing "signature-key-missing" Validity Error "RFC 4035 section 5.3.1, RFC 6840 section 5.12, V-2" "publish the key or remove the signature";
    /// A signature by a key that must not verify signatures.
    SignatureKeyUnusable "signature-key-unusable" Validity Error "RFC 4034 section 2.1, SIG-1" "sign with a zone key of protocol 3";
    /// A revoked key signs something other than the DNSKEY RRset, or that one alone.
    SignatureKeyRevoked "signature-key-revoked" Validity Error "RFC 5011 section 2.1, ENC-6" "sign with a key that is not revoked";
    /// The signer is not the zone.
    SignatureSigner "signature-signer" Validity Error "RFC 4035 section 2.2, SIG-2" "sign with the zone's apex as signer";
    /// More labels than the owner has.
    SignatureLabels "signature-labels" Validity Error "RFC 4035 section 5.3.1, RFC 4034 section 3.1.3, V-1, CAN-7" "sign the RRset again";
    /// Fewer labels than the owner has: made for a wildcard and stored expanded.
    SignatureWildcard "signature-wildcard-expanded" Validity Error "RFC 4034 section 3.1.3, V-1" "keep the wildcard's RRset unexpanded in the zone, or sign the name itself";
    /// The original TTL is not the RRset's.
    SignatureOriginalTtl "signature-original-ttl" Validity Error "RFC 4035 section 2.2, SIG-2" "restore the TTL that was signed, or sign again";
    /// The RRSIG's own TTL is not the RRset's.
    SignatureTtl "signature-ttl" Validity Error "RFC 4035 section 2.2, SIG-2" "give the RRSIG the TTL of its RRset";
    /// Expiration before inception.
    SignatureWindow "signature-window" Validity Error "RFC 4034 section 3.1.5, TIM-1" "sign with an expiration after the inception";
    /// Past its expiration.
    SignatureExpired "signature-expired" Time Error "RFC 4035 section 5.3.1, TIM-3" "sign the zone again";
    /// Before its inception.
    SignatureNotYetValid "signature-not-yet-valid" Time Error "RFC 4035 section 5.3.1, TIM-3" "check the clock, or sign with an earlier inception";
    /// Expires sooner than asked for.
    SignatureExpiresSoon "signature-expires-soon" Expiry Error "TIM-6" "sign the zone again before then";
    /// Two signatures of one key over one RRset.
    SignatureDuplicate "signature-duplicate" Policy Warning "SIG-16" "remove the older signature";
    /// Covers a type that the name does not have.
    SignatureCoversNothing "signature-covers-nothing" Validity Error "RFC 4035 section 2.2, SIG-2" "remove the signature";
    /// Covers RRSIG.
    SignatureOverRrsig "signature-over-rrsig" Validity Error "RFC 4035 section 2.2, SIG-3" "remove the signature";
    /// Covers data that is not the zone's: delegation NS, glue, data below a cut or a DNAME.
    SignatureUnexpected "signature-unexpected" Validity Error "RFC 4035 section 2.2, SIG-4, SIG-5" "remove the signature";

    /// Neither NSEC nor NSEC3 in the zone.
    DenialMissing "denial-missing" Validity Error "RFC 4035 section 2.3, SIG-1" "sign the zone again";
    /// A chain record's TTL is not min(SOA TTL, SOA MINIMUM).
    DenialTtl "denial-ttl" Policy Warning "RFC 9077 section 3, NSEC-5" "use the lower of the SOA's TTL and its MINIMUM";
    /// A name without its NSEC.
    NsecMissing "nsec-missing" Validity Error "RFC 4035 section 2.3, NSEC-1" "sign the zone again";
    /// An NSEC at a name that has none in a right chain.
    NsecUnexpected "nsec-unexpected" Validity Error "RFC 4035 section 2.3, NSEC-1" "remove the NSEC and sign again";
    /// More than one NSEC at a name.
    NsecDuplicate "nsec-duplicate" Validity Error "RFC 4035 section 2.3, NSEC-1" "keep one NSEC a name";
    /// An NSEC whose next name is not the next name.
    NsecNext "nsec-next" Validity Error "RFC 4034 section 4.1.1, NSEC-2" "sign the zone again";
    /// An NSEC whose types are not those at its name.
    NsecBitmap "nsec-bitmap" Validity Error "RFC 4034 section 4.1.2, RFC 4035 section 2.3, NSEC-3" "sign the zone again";

    /// NSEC3 records and no usable NSEC3PARAM.
    Nsec3ParamMissing "nsec3param-missing" Validity Error "RFC 5155 sections 4 and 7.1" "publish an NSEC3PARAM with the chain's parameters at the apex";
    /// An NSEC3PARAM with flags, which servers ignore.
    Nsec3ParamFlags "nsec3param-flags" Validity Error "RFC 5155 section 4.1.2, N3-5" "set the flags of NSEC3PARAM to 0; opt-out is said in the NSEC3 records";
    /// An NSEC3PARAM with an unknown hash algorithm.
    Nsec3ParamAlgorithm "nsec3param-algorithm" Validity Error "RFC 5155 section 4.1.1, ALG-1" "use hash algorithm 1";
    /// Several usable NSEC3PARAM records.
    Nsec3ParamSeveral "nsec3param-several" Policy Warning "RFC 5155 section 7.3, N3-11" "remove the parameters that are being replaced once the new chain is out";
    /// An NSEC3PARAM whose chain does not exist.
    Nsec3ParamAlone "nsec3param-without-chain" Validity Error "RFC 5155 section 7.1" "publish the chain or remove the NSEC3PARAM";
    /// NSEC3 records of parameters that no NSEC3PARAM names; they are not looked at.
    Nsec3OtherParameters "nsec3-other-parameters" Policy Warning "RFC 5155 section 7.3, N3-11" "remove them if no chain is being built with them";
    /// An NSEC3 whose owner is not a hash one label below the apex.
    Nsec3Owner "nsec3-owner" Validity Error "RFC 5155 section 3, N3-2" "sign the zone again";
    /// A name without its NSEC3.
    Nsec3Missing "nsec3-missing" Validity Error "RFC 5155 section 7.1, N3-3" "sign the zone again";
    /// An unsigned delegation left out of the chain without opt-out.
    Nsec3OptOutSpan "nsec3-opt-out-span" Validity Error "RFC 5155 section 6, N3-5" "set the opt-out flag on the NSEC3 that covers it, or give it an NSEC3";
    /// An NSEC3 for no name of the zone.
    Nsec3Unexpected "nsec3-unexpected" Validity Error "RFC 5155 section 7.1, N3-3" "remove the NSEC3 and sign again";
    /// More than one NSEC3 of a chain at one name.
    Nsec3Duplicate "nsec3-duplicate" Validity Error "RFC 5155 section 7.1" "keep one NSEC3 a hash";
    /// An NSEC3 whose next hash is not the next one.
    Nsec3Next "nsec3-next" Validity Error "RFC 5155 section 7.1, N3-6" "sign the zone again";
    /// An NSEC3 whose types are not those at the name behind its hash.
    Nsec3Bitmap "nsec3-bitmap" Validity Error "RFC 5155 section 7.1, N3-4" "sign the zone again";
    /// An NSEC3 with flags other than opt-out, which validators ignore.
    Nsec3Flags "nsec3-flags" Validity Error "RFC 5155 sections 3.1.2 and 8.2" "use flags 0 or 1";
    /// Two names with one hash.
    Nsec3Collision "nsec3-collision" Validity Error "RFC 5155 section 7.1, N3-7" "sign with another salt";
    /// Extra iterations.
    Nsec3Iterations "nsec3-iterations" Policy Warning "RFC 9276 section 3.1, N3-10" "use 0 iterations: validators may treat more as insecure or fail";

    /// A CDS or CDNSKEY for a key that is not in the DNSKEY RRset.
    CdsNoDnskey "cds-no-dnskey" Policy Warning "RFC 7344 section 4.1, V-4" "publish the key, or remove the record if the key is gone";
    /// A CDS whose digest is not the digest of its key.
    CdsDigest "cds-digest" Validity Error "RFC 7344 section 4.1, V-4" "make the CDS from the key again";
    /// Following the CDS or CDNSKEY set would leave no chain of trust.
    CdsBreaksChain "cds-breaks-chain" Validity Error "RFC 7344 section 4.1, CDS-3" "name at least one key that signs the DNSKEY RRset";
    /// CDS and CDNSKEY describe different keys.
    CdsDiffer "cds-cdnskey-differ" Validity Error "RFC 7344 section 4, CDS-2" "make both sets from the same keys";
    /// Only one of CDS and CDNSKEY.
    CdsAlone "cds-cdnskey-alone" Policy Warning "RFC 7344 section 4, CDS-2" "publish both";
    /// A delete record that is wrong or not alone.
    CdsDelete "cds-delete" Validity Error "RFC 8078 section 4, CDS-6" "publish CDS 0 0 0 00 and CDNSKEY 0 3 0 AA==, each alone";
    /// CDS or CDNSKEY signed by no key that the parent's DS can name.
    CdsSigner "cds-signer" Validity Error "RFC 7344 section 4.1, SIG-12" "sign CDS and CDNSKEY with the key that signs the DNSKEY RRset";

    /// No ZONEMD where one was asked for.
    ZonemdMissing "zonemd-missing" Validity Error "RFC 8976 section 4, ZMD-4" "publish a ZONEMD";
    /// A ZONEMD for another serial.
    ZonemdSerial "zonemd-serial" Validity Error "RFC 8976 section 4, ZMD-4" "compute the digest again after each change of the serial";
    /// A ZONEMD whose digest is not the zone's.
    ZonemdDigest "zonemd-digest" Validity Error "RFC 8976 section 4, ZMD-3" "compute the digest again; if you did, the zone was changed on its way";
    /// Two ZONEMD records of one scheme and hash.
    ZonemdDuplicate "zonemd-duplicate" Validity Error "RFC 8976 section 2, ZMD-1" "keep one ZONEMD a scheme and hash";
    /// A ZONEMD of a scheme or hash this program does not know.
    ZonemdUnsupported "zonemd-unsupported" Policy Warning "RFC 8976 section 4" "use scheme 1 with hash 1 or 2";

    /// No usable record in the anchor.
    AnchorUnusable "anchor-unusable" Validity Error "RFC 4035 section 5.2, V-4" "give a DS of digest type 2 or 4, or a DNSKEY, for this zone";
    /// No anchor leads to a key that signs the DNSKEY RRset.
    AnchorUnmatched "anchor-unmatched" Validity Error "RFC 4035 section 5.2, V-4" "correct the DS at the parent, or publish and sign with the key it names";
    /// An anchor that names no key of the zone, beside one that does.
    AnchorStale "anchor-stale" Policy Warning "RFC 4035 section 5.2, V-4" "remove the DS from the parent once no roll needs it";
    /// An algorithm in the DS RRset that the DNSKEY RRset is not signed with.
    AnchorAlgorithm "anchor-algorithm" Validity Error "RFC 4035 section 2.2, SIG-9" "remove the DS of the algorithm from the parent, or sign the DNSKEY RRset with it";
    /// A SHA-1 DS.
    AnchorSha1 "anchor-sha1" Policy Warning "RFC 9905 section 2" "replace the DS by one of digest type 2 (SHA-256)";
    /// A DS of an unknown digest type, skipped.
    AnchorDigest "anchor-digest-unsupported" Policy Warning "RFC 6840 section 5.2, ALG-4" "use digest type 2 (SHA-256)";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_and_policy_is_never_an_error_by_default() {
        let codes: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.code()).collect();
        assert_eq!(codes.len(), Rule::ALL.len());
        for rule in Rule::ALL {
            assert_eq!(rule.category() == Category::Policy, rule.severity() == Severity::Warning, "{rule:?}");
            assert!(rule.code().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte.is_ascii_digit()));
        }
    }
}
