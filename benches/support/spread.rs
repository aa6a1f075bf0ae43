//! How many signatures many zones need an hour, run after run, by the functions that decide it: a zone of some names is
//! signed for the first time, and then what is due is made anew in each run.
#![allow(unreachable_pub, reason = "a benchmark has no outside")]

use zoneseal::base::{Rtype, Seconds, UnixTime};
use zoneseal::fleet::options::sign_options;
use zoneseal::policy::Policy;
use zoneseal::sign::SignatureTimes;

/// When all zones are signed for the first time.
const START: UnixTime = UnixTime(1_800_000_000);

/// An RRset that is signed.
struct Rrset {
    owner: Vec<u8>,
    rtype: Rtype,
    expiration: UnixTime,
}

/// The RRsets of a small zone by its number: apex, a name server, some hosts; every name has its NSEC.
fn rrsets(number: u32) -> Vec<Rrset> {
    let label = |text: &str| [&[u8::try_from(text.len()).expect("a short label")], text.as_bytes()].concat();
    let apex = [label(&format!("zone{number}")), label("example"), vec![0]].concat();
    let mut rrsets = Vec::new();
    let mut push = |owner: &[u8], types: &[Rtype]| {
        rrsets.extend(types.iter().map(|&rtype| Rrset { owner: owner.to_owned(), rtype, expiration: START }));
    };
    use Rtype as R;
    push(&apex, &[R::SOA, R::NS, R::MX, R::TXT, R::NSEC, R::DNSKEY, R::CDS, R::CDNSKEY]);
    // From one host to eight, the same ones in every run.
    for host in 0..=number.wrapping_mul(2_654_435_761) >> 29 {
        let owner = [label(&format!("host{host}")), apex.clone()].concat();
        push(&owner, &[R::A, R::AAAA, R::NSEC]);
    }
    rrsets
}

/// The signatures made in each hour from the first signing on, for so many hours, by zones that are run every hour.
pub fn signatures_an_hour(policy: &Policy, zones: u32, hours: usize) -> Vec<u64> {
    made_an_hour(policy, zones, hours, true)
}

/// The same, with a first signing like any other.
pub fn signatures_an_hour_unspread(policy: &Policy, zones: u32, hours: usize) -> Vec<u64> {
    made_an_hour(policy, zones, hours, false)
}

fn made_an_hour(policy: &Policy, zones: u32, hours: usize, is_first_spread: bool) -> Vec<u64> {
    let times = |hour: usize| {
        let now = START.plus(Seconds(i64::try_from(hour).expect("hours of some months") * Seconds::HOUR.0));
        SignatureTimes::resolve(&sign_options(policy, hour == 0 && is_first_spread).times, now)
            .expect("a policy that may be used")
    };
    let runs: Vec<SignatureTimes> = (0..hours).map(times).collect();
    let mut made = vec![0; hours];
    for number in 0..zones {
        run_zone(policy, &runs, rrsets(number), &mut made);
    }
    made
}

fn run_zone(policy: &Policy, runs: &[SignatureTimes], mut rrsets: Vec<Rrset>, made: &mut [u64]) {
    let refresh = Some(policy.signatures.refresh);
    let mut hour = 0;
    while let Some(times) = runs.get(hour) {
        let is_due = |rrset: &Rrset| hour == 0 || times.is_due(rrset.expiration, rrset.rtype, refresh);
        let is_any_due = rrsets.iter().any(&is_due);
        // The serial rises with any change, so the SOA is signed again too.
        for rrset in rrsets.iter_mut().filter(|rrset| is_due(rrset) || (is_any_due && rrset.rtype == Rtype::SOA)) {
            rrset.expiration = times.expiration(&rrset.owner, rrset.rtype);
            made[hour] += 1;
        }
        let first = rrsets.iter().map(|rrset| rrset.expiration).min().expect("a zone has a SOA");
        let due = first.minus(policy.signatures.refresh).since(START).0.max(0);
        let next = usize::try_from(due).expect("not negative").div_ceil(3600);
        hour = next.max(hour + 1);
    }
}

/// The largest hour as a multiple of the mean one.
pub fn max_to_mean(hours: &[u64]) -> f64 {
    let max = hours.iter().max().copied().unwrap_or_default();
    let sum: u64 = hours.iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "counts of some millions")]
    let ratio = max as f64 * hours.len() as f64 / sum as f64;
    ratio
}
