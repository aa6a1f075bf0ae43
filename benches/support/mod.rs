//! What the benchmarks share: generated zones, always the same for the same numbers, and medians.
#![allow(dead_code, reason = "each benchmark uses its part")]

use std::fmt::Write;
use std::time::{Duration, Instant};

/// Numbers that look random and never change (SplitMix64), so that a zone of a size is the same everywhere.
pub(crate) struct Numbers(u64);

impl Numbers {
    /// From a seed.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The next number below a bound.
    pub(crate) const fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Whether something comes about that does so in so many of a hundred cases.
    pub(crate) const fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// The numbers below `count` in random order.
    fn shuffled(&mut self, count: u64) -> Vec<u64> {
        let mut list: Vec<u64> = (0..count).collect();
        for at in (1..list.len()).rev() {
            list.swap(at, usize::try_from(self.below(at as u64 + 1)).expect("below the length"));
        }
        list
    }
}

/// A zone like those of top-level domains, in no order: `count` delegations of two NS each, 30 % with a DS, 10 % with
/// their servers inside and glue for them.
pub(crate) fn tld(count: u64) -> String {
    let mut numbers = Numbers::new(7);
    let mut out = head("tld.", 86400);
    for i in numbers.shuffled(count) {
        let name = format!("d{:06}x{i:x}.tld.", i * 7919 % 1_000_003);
        let host = numbers.below(5000);
        let servers = if numbers.percent(10) { name.clone() } else { format!("host{host}.example.") };
        for n in [1, 2] {
            push(&mut out, format_args!("{name}\t86400\tIN\tNS\tns{n}.{servers}"));
        }
        if servers == name {
            push(&mut out, format_args!("ns1.{name}\t86400\tIN\tA\t192.0.2.{}", i % 250));
            push(&mut out, format_args!("ns2.{name}\t86400\tIN\tA\t198.51.100.{}", i % 250));
        }
        if numbers.percent(30) {
            let tag = numbers.below(1 << 16);
            let [a, b, c, d] = [(); 4].map(|()| numbers.next());
            push(&mut out, format_args!("{name}\t86400\tIN\tDS\t{tag} 13 2 {a:016X}{b:016X}{c:016X}{d:016X}"));
        }
    }
    out
}

/// A zone of `count` hosts: A each, and AAAA, MX, TXT and SRV for some, or CNAME alone.
pub(crate) fn host(count: u64) -> String {
    let mut numbers = Numbers::new(7);
    let mut out = head("host.example.", 3600);
    for i in 0..count {
        let name = format!("h{:06}x{i:x}", i * 7919 % 1_000_003);
        let kind = numbers.below(100);
        if kind < 10 {
            push(&mut out, format_args!("{name} 3600 IN CNAME h{}.other.example.", numbers.below(count)));
            continue;
        }
        push(&mut out, format_args!("{name} 3600 IN A 192.0.2.{}", i % 250));
        if kind < 60 {
            push(&mut out, format_args!("{name} 3600 IN AAAA 2001:db8::{:x}", i % 65536));
        }
        if kind < 40 {
            push(&mut out, format_args!("{name} 3600 IN MX 10 mail.example."));
        }
        if kind < 30 {
            push(&mut out, format_args!("{name} 3600 IN TXT \"v=spf1 include:_spf{i}.example -all\""));
        }
        if kind > 90 {
            push(&mut out, format_args!("_sip._tcp.{name} 3600 IN SRV 0 5 5060 {name}"));
        }
    }
    out
}

/// The name of the zone number `number` of many small ones.
pub(crate) fn small_name(number: u64) -> String {
    format!("z{number}.example.")
}

/// The zone number `number` of many small ones: twelve records.
pub(crate) fn small(number: u64) -> String {
    let mut out = head(&small_name(number), 3600);
    for line in ["@ A 192.0.2.10", "@ AAAA 2001:db8::10", "@ MX 10 mail", "mail A 192.0.2.11", "www CNAME @"] {
        push(&mut out, format_args!("{line}"));
    }
    push(&mut out, format_args!("@ TXT \"v=spf1 mx -all\"\nhost{number} A 192.0.2.{}", number % 250));
    out
}

/// The first lines of a zone: its SOA, two NS and their addresses.
fn head(origin: &str, ttl: u32) -> String {
    format!(
        "$ORIGIN {origin}\n$TTL {ttl}\n@ {ttl} IN SOA ns1 hostmaster 2026010100 7200 900 1209600 3600\n@ IN NS ns1\n\
         @ IN NS ns2\nns1 IN A 192.0.2.1\nns2 IN A 192.0.2.2\n"
    )
}

fn push(out: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(out, "{line}").expect("a String takes everything");
}

/// The median of the times that `work` takes on what `prepare` makes, which is not measured.
pub(crate) fn median_time<T, R>(runs: usize, mut prepare: impl FnMut() -> T, mut work: impl FnMut(T) -> R) -> Duration {
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let input = prepare();
            let start = Instant::now();
            let result = work(input);
            let time = start.elapsed();
            drop(result);
            time
        })
        .collect();
    times.sort_unstable();
    times[runs / 2]
}
