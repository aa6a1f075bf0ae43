//! A zone signed by its rollover state: what each key does comes from it, and it hears what is out.

use crate::base::{Diagnostics, Name, Octets, UnixTime};
use crate::denial::Nsec3Params;
use crate::keys::ZoneKey;
use crate::rollover::{CdsTarget, DenialView, Nsec3View, SignerTag, Target, ZoneState, ZoneView};
use crate::sign::{CdsPolicy, DenialOptions, OwnKeys, Published, SignOptions, Summary};
use crate::state::{Guard, LogEntry, StateError, Who};

/// The options of a run with what a target decides in place of what was not said.
#[must_use]
pub fn options(target: &Target, options: &SignOptions) -> SignOptions {
    let cds = match target.cds {
        CdsTarget::None => CdsPolicy::Drop,
        CdsTarget::Keys => CdsPolicy::Publish,
        CdsTarget::Delete => CdsPolicy::Delete,
    };
    SignOptions { denial: denial_of(target), cds, cds_digests: target.cds_digests.clone(), ..options.clone() }
}

/// Sorts out keys by what a target has each do.
#[must_use]
pub fn own_keys(target: &Target, zone: Name<'_>, keys: Vec<ZoneKey>, findings: &mut Diagnostics) -> OwnKeys {
    match target.is_signed() {
        true => OwnKeys::by_uses(zone, keys, &target.keys, findings),
        false => OwnKeys::unsigned(),
    }
}

/// The chain a target asks for.
#[must_use]
pub fn denial_of(target: &Target) -> DenialOptions {
    if !target.is_signed() {
        return DenialOptions::Unsigned;
    }
    match &target.denial {
        DenialView::None | DenialView::Nsec => DenialOptions::Nsec,
        DenialView::Nsec3(Nsec3View { iterations, salt, opt_out }) => {
            DenialOptions::Nsec3(Nsec3Params { iterations: *iterations, salt: salt.0.clone(), opt_out: *opt_out })
        }
    }
}

/// A chain in words.
#[must_use]
pub fn denial_words(denial: &DenialOptions) -> String {
    match denial {
        DenialOptions::Nsec => "NSEC".into(),
        DenialOptions::Unsigned => "none, for it is unsigned".into(),
        DenialOptions::Nsec3(params) => {
            let opt_out = if params.opt_out { " with opt-out" } else { "" };
            let salt: String = params.salt.iter().map(|octet| format!("{octet:02x}")).collect();
            let salt = if salt.is_empty() { "-".into() } else { salt };
            format!("NSEC3{opt_out}, iterations {}, salt {salt}", params.iterations)
        }
    }
}

/// Tells the state what is out and saves it, if that is news to it; whether it was.
///
/// # Errors
/// If the state cannot be saved.
pub fn confirm(
    guard: &mut Guard,
    state: &mut ZoneState,
    (summary, published): (&Summary, &Published),
    (who, why): (&Who, &str),
    now: UnixTime,
) -> Result<bool, StateError> {
    let before = state.clone();
    state.confirm(&view(summary, published), now);
    let mut same = before;
    same.confirmed.at = state.confirmed.at;
    if same == *state {
        return Ok(false);
    }
    let what = format!("Serial {} is published: {}.", summary.serial, published_words(published));
    guard.save(state, &LogEntry { at: now, who, what: &what, why })?;
    Ok(true)
}

/// What is out, as the engine looks at it.
fn view(summary: &Summary, published: &Published) -> ZoneView {
    let octets = |rdatas: &[Vec<u8>]| rdatas.iter().cloned().map(Octets).collect();
    let tag = |&(algorithm, tag): &(_, _)| SignerTag(algorithm, tag);
    ZoneView {
        serial: summary.serial,
        dnskeys: published.dnskeys.iter().cloned().map(Octets).collect(),
        dnskey_signers: published.dnskey_signers.iter().map(tag).collect(),
        data_signers: published.data_signers.iter().map(|set| set.iter().map(tag).collect()).collect(),
        dnskey_ttl: published.dnskey_ttl,
        max_ttl: published.max_ttl,
        negative_ttl: published.negative_ttl,
        denial: match &summary.denial {
            DenialOptions::Unsigned => DenialView::None,
            DenialOptions::Nsec => DenialView::Nsec,
            DenialOptions::Nsec3(Nsec3Params { iterations, salt, opt_out }) => {
                DenialView::Nsec3(Nsec3View { iterations: *iterations, salt: Octets(salt.clone()), opt_out: *opt_out })
            }
        },
        cds: octets(&published.cds),
        cdnskey: octets(&published.cdnskey),
    }
}

fn published_words(published: &Published) -> String {
    if published.dnskeys.is_empty() {
        return "unsigned".into();
    }
    let tags =
        |signers: &mut dyn Iterator<Item = u16>| signers.map(|tag| tag.to_string()).collect::<Vec<_>>().join(" ");
    let sets: Vec<String> =
        published.data_signers.iter().map(|set| tags(&mut set.iter().map(|(_, tag)| *tag))).collect();
    format!(
        "{} DNSKEY signed by {}; data signed by {}",
        published.dnskeys.len(),
        tags(&mut published.dnskey_signers.iter().map(|(_, tag)| *tag)),
        sets.join(" or ")
    )
}
