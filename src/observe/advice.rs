//! The difference between the DS RRset at the parent and the one there should be, as changes to ask the registrar for.

use super::findings::Wanted;
use crate::base::{Diagnostic, Name, Rtype};
use crate::crypto::digest::ds_digest;
use crate::keys::ds::{ds_rdata, may_have_ds, names_key, refuse_digest};
use crate::rdata;
use crate::rdata::dnskey::{Dnskey, key_tag};
use crate::rdata::ds::Ds;
use serde::Serialize;

/// Whether the parent should point at a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It should.
    In,
    /// It should not.
    Out,
    /// It may: the key is on its way in or out.
    Either,
}

/// A key of the zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownKey {
    /// DNSKEY RDATA.
    pub dnskey_rdata: Vec<u8>,
    /// Whether the parent should point at it.
    pub wish: Wish,
}

impl KnownKey {
    /// `key 12345 of algorithm 13 (…)`.
    pub(super) fn describe(&self) -> String {
        let algorithm = Dnskey::parse(&self.dnskey_rdata).map(|key| key.algorithm.to_string()).unwrap_or_default();
        format!("key {} of algorithm {algorithm}", key_tag(&self.dnskey_rdata))
    }
}

/// What to do with a record at the parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Deed {
    /// Put it in.
    Add,
    /// Take it out.
    Remove,
}

/// A change to the DS RRset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Stable short name: `ds-missing`, `ds-extra`, `ds-stale`, `ds-unknown`, `ds-wrong`, `ds-sha1`.
    pub code: &'static str,
    /// In or out.
    pub deed: Deed,
    /// The DS RDATA.
    pub ds: Vec<u8>,
    /// Why, as a sentence without its full stop.
    pub why: String,
    /// Whether the delegation may be left as it is without harm.
    pub is_optional: bool,
}

impl Change {
    /// The finding, with the exact record to add or remove.
    #[must_use]
    pub fn finding(&self, zone: Name<'_>) -> Diagnostic {
        let record = ds_line(zone, &self.ds);
        let help = match self.deed {
            Deed::Add => format!("have the parent add: {record}"),
            Deed::Remove => format!("have the parent remove: {record}"),
        };
        let make = if self.is_optional { Diagnostic::warning } else { Diagnostic::error };
        make(self.code, self.why.clone()).help(help)
    }
}

/// A DS record in presentation form, without TTL: what a registrar asks for.
#[must_use]
pub fn ds_line(zone: Name<'_>, ds: &[u8]) -> String {
    format!("{zone} IN DS {}", rdata_text(Rtype::DS, ds))
}

/// RDATA in presentation form.
pub(super) fn rdata_text(rtype: Rtype, data: &[u8]) -> String {
    let mut text = Vec::new();
    rdata::push_text(rtype, data, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// The changes that make the DS RRset what the keys ask for. Where others sign the zone too, a DS that fits no key here is
/// theirs to change (RFC 8901). `published` are the DNSKEYs the zone's servers show, if that
/// is known. Additions come first: a registrar that works from top to bottom must not leave the zone without DS (I-1).
#[must_use]
pub fn advise(zone: Name<'_>, wanted: Wanted<'_>, at_parent: &[Vec<u8>], published: Option<&[Vec<u8>]>) -> Vec<Change> {
    let mut changes = Vec::new();
    let is_ours = |ds: &[u8]| wanted.keys.iter().any(|key| names_key(ds, zone, &key.dnskey_rdata));
    for key in wanted.keys.iter().filter(|key| key.wish == Wish::In && is_eligible(key)) {
        let mut own = at_parent.iter().filter(|ds| names_key(ds, zone, &key.dnskey_rdata));
        // SHA-1 alone is as good as no DS: validators may ignore it (RFC 9905).
        if own.any(|ds| is_current(ds)) {
            continue;
        }
        for &digest in wanted.digests {
            changes.extend(ds_rdata(digest, zone, &key.dnskey_rdata).map(|ds| Change {
                code: "ds-missing",
                deed: Deed::Add,
                ds,
                why: format!("the parent has no DS for {}", key.describe()),
                is_optional: false,
            }));
        }
    }
    let judged = at_parent.iter().filter(|ds| !wanted.has_other_signers || is_ours(ds));
    changes.extend(judged.filter_map(|ds| removal(zone, wanted.keys, ds, published)));
    changes
}

/// Whether the digest type is one to publish today.
fn is_current(ds: &[u8]) -> bool {
    Ds::parse(ds).is_some_and(|ds| refuse_digest(ds.digest_type).is_none())
}

fn is_eligible(key: &KnownKey) -> bool {
    Dnskey::parse(&key.dnskey_rdata).is_some_and(|key| may_have_ds(&key))
}

/// Why a DS at the parent should go; `None` if it may stay.
fn removal(zone: Name<'_>, keys: &[KnownKey], ds: &[u8], published: Option<&[Vec<u8>]>) -> Option<Change> {
    let fields = Ds::parse(ds);
    let (tag, algorithm) = fields.map(|ds| (ds.key_tag, ds.algorithm.to_string())).unwrap_or_default();
    let change = |code, why, is_optional| Some(Change { code, deed: Deed::Remove, ds: ds.to_vec(), why, is_optional });
    if let Some(key) = keys.iter().find(|key| names_key(ds, zone, &key.dnskey_rdata)) {
        return match key.wish {
            _ if !is_eligible(key) => change(
                "ds-extra",
                format!("the parent points at {}, which is revoked or no zone key", key.describe()),
                false,
            ),
            Wish::Out => {
                change("ds-extra", format!("the parent points at {}, which is not to have a DS", key.describe()), false)
            }
            Wish::In | Wish::Either if !is_current(ds) => change(
                "ds-sha1",
                format!("the parent points at {} by a digest that must not be used any more", key.describe()),
                true,
            ),
            Wish::In | Wish::Either => None,
        };
    }
    let has_names = |rdata: &[u8]| {
        fields.is_some_and(|ds| {
            ds.key_tag == key_tag(rdata) && Dnskey::parse(rdata).is_some_and(|key| key.algorithm == ds.algorithm)
        })
    };
    if published.is_some_and(|published| published.iter().any(|key| names_key(ds, zone, key))) {
        let why = format!(
            "the parent points at key {tag} of algorithm {algorithm}, which is published but not among the keys here"
        );
        return change("ds-unknown", why, true);
    }
    let is_named = keys.iter().any(|key| has_names(&key.dnskey_rdata));
    // What no digest is made of here can be neither right nor wrong.
    if is_named && fields.is_some_and(|ds| ds_digest(ds.digest_type, &[], &[]).is_none()) {
        let why =
            format!("a DS for key {tag} of algorithm {algorithm} has a digest of a type that cannot be checked here");
        return change("ds-unknown", why, true);
    }
    if is_named {
        let why = format!(
            "a DS has the tag and algorithm of key {tag} of algorithm {algorithm}, but not its digest: it is damaged, or of another zone's key"
        );
        return change("ds-wrong", why, false);
    }
    change(
        "ds-stale",
        format!("the parent points at a key {tag} of algorithm {algorithm} that the zone does not have"),
        false,
    )
}
