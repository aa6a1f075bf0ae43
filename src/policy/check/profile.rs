//! What a profile asks for beyond what keeps a zone alive.

use crate::base::Seconds;
use crate::policy::Preset;

/// Bounds of a span: outside `good` is warned of, outside `allowed` refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// From and to, both included.
    pub good: (Seconds, Seconds),
    /// From and to, both included.
    pub allowed: (Seconds, Seconds),
    /// Who asks for it.
    pub reference: &'static str,
}

/// The limits of a profile; `docs/policies.md` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of signatures over the zone's data.
    pub validity: Option<Range>,
    /// Of signatures over DNSKEY, CDS and CDNSKEY.
    pub dnskey_validity: Option<Range>,
    /// TTLs of records that the profile likes.
    pub ttl: Option<(Seconds, Seconds)>,
    /// Lifetimes of KSK and CSK: beyond the first warned of, beyond the second refused.
    pub ksk_lifetime: Option<(Seconds, Seconds)>,
    /// Of ZSK.
    pub zsk_lifetime: Option<(Seconds, Seconds)>,
    /// Whether NSEC3 is more than a choice like another.
    pub prefers_nsec: bool,
    /// Whether opt-out is at home here.
    pub expects_opt_out: bool,
    /// Whether RSA is worth a word (N-1, N-2).
    pub prefers_elliptic: bool,
}

const fn days(count: i64) -> Seconds {
    Seconds(count * Seconds::DAY.0)
}

/// Three years, the most that SP 800-57 part 1 gives a private signature key.
const YEARS_3: Seconds = days(3 * 365 + 1);

impl Limits {
    /// The limits of a profile.
    #[must_use]
    pub const fn of(profile: Preset) -> Self {
        let nist = Self {
            // 30 days is where one account of SP 800-81r3 draws its line; below 2 days N-6 ends.
            validity: Some(Range { good: (days(5), days(7)), allowed: (days(2), days(30)), reference: "N-5" }),
            dnskey_validity: Some(Range { good: (days(2), days(7)), allowed: (days(2), days(30)), reference: "N-6" }),
            ttl: Some((Seconds(1800), Seconds::DAY)),
            ksk_lifetime: Some((days(2 * 365 + 1), YEARS_3)),
            zsk_lifetime: Some((days(366), YEARS_3)),
            prefers_nsec: true,
            expects_opt_out: false,
            prefers_elliptic: true,
        };
        match profile {
            Preset::Nist81r3 => nist,
            Preset::Stig => Self {
                dnskey_validity: Some(Range {
                    good: (days(2), days(7)),
                    allowed: (days(2), days(7)),
                    reference: "N-6",
                }),
                ksk_lifetime: Some((days(366), days(366))),
                ..nist
            },
            Preset::RfcCurrent | Preset::Tld => Self {
                validity: None,
                dnskey_validity: None,
                ttl: None,
                ksk_lifetime: None,
                zsk_lifetime: None,
                prefers_nsec: false,
                expects_opt_out: matches!(profile, Preset::Tld),
                prefers_elliptic: false,
            },
        }
    }
}
