//! The `dsset-ZONE.` file: the DS records for the parent, as dnssec-signzone writes them.

use crate::base::text::{push_decimal, push_hex};
use crate::base::{DigestType, Name};
use crate::keys::ds::{ds_rdata, may_have_ds};
use crate::keys::{KeyRole, KeySet};
use crate::rdata::ds::Ds;

/// Octets of the digest before the space that dnssec-signzone puts into it.
const DIGEST_GROUP_LEN: usize = 28;

/// The text of the file: a SHA-256 DS for every published key-signing key, active or not, and for keys that sign all.
#[must_use]
pub fn text(keys: &KeySet) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, key) in keys.published().iter().enumerate() {
        let is_entry_point = key.is_sep() || matches!(keys.role(index), Some(KeyRole::Ksk | KeyRole::Csk));
        if !is_entry_point || !may_have_ds(&key.dnskey()) {
            continue;
        }
        if let Some(rdata) = ds_rdata(DigestType::SHA256, key.zone.as_name(), &key.dnskey_rdata) {
            push_line(key.zone.as_name(), &rdata, &mut out);
        }
    }
    out
}

fn push_line(zone: Name<'_>, rdata: &[u8], out: &mut Vec<u8>) {
    let ds = Ds::parse(rdata).expect("it was just made");
    zone.push_text(out);
    out.extend_from_slice(b"\t\tIN DS ");
    for number in [u64::from(ds.key_tag), u64::from(ds.algorithm.0), u64::from(ds.digest_type.0)] {
        push_decimal(number, out);
        out.push(b' ');
    }
    for (index, group) in ds.digest.chunks(DIGEST_GROUP_LEN).enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        push_hex(group, out);
    }
    out.push(b'\n');
}
