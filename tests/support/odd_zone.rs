//! Odd but valid zones: every trap of signing in one place, then random ones from a fixed seed.
//!
//! The text is plain RFC 1035 form that BIND, ldns, Knot and NSD all read: one record a line, TTL before class, no
//! directive but `$ORIGIN` and `$TTL`.

use std::collections::HashSet;
use std::fmt::Write;

/// The traps that no zone of the generator goes without. `@` is the apex.
const TRAPS: &str = r#"
; the SOA's TTL is above its last field: the chain takes the lower one (RFC 9077)
@ 7200 IN SOA ns1 host\.master 2026010100 14400 1800 172800 600
@ IN NS ns1
@ IN NS NS2
@ IN MX 10 Mail.Example.NET.
@ IN TXT "quoted; \"text\"" plain \255\000\032x
ns1 IN A 127.0.0.1
ns2 IN A 127.0.0.1
; one name spelled twice, one RR in two cases
MiXed IN A 192.0.2.1
mixed IN AAAA 2001:db8::1
mixed IN MX 10 Mail.Example.NET.
; empty non-terminals: two deep; one beside a name that sorts between
host.ent.deep IN A 192.0.2.2
ent-x IN A 192.0.2.3
; wildcards: with an explicit sibling, below one, and an asterisk that is no wildcard
*.wild IN A 192.0.2.4
*.wild IN TXT "expanded"
there.wild IN A 192.0.2.5
sub.*.wild IN TXT "below an asterisk"
a.*.b IN TXT "an asterisk inside"
a*b IN TXT "an asterisk in a label"
; order: labels, not text; octets, not characters
\001 IN TXT "before the asterisk"
\000a IN TXT "starts with zero"
a\.b IN TXT "a dot inside a label"
a.b-c IN TXT "sorts by label"
a-b IN TXT "hyphen"
a\!b IN TXT "exclamation mark"
\200 IN TXT "high octet"
\032space IN TXT "space"
back\\slash IN TXT "backslash"
quote\"d IN TXT "quote"
semi\;colon IN TXT "semicolon"
at\@sign IN TXT "at"
ABC IN TXT "upper"
zz.abc IN TXT "below upper"
; secure delegation with glue, a stray text, an occluded delegation below
secure IN NS ns.secure
secure IN DS 60485 13 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A
secure IN DS 60485 13 4 72D7B62976CE06438E9C0BF319013CF801F09ECC84B8D7E9495F27E305C6A9B0563A9B5F4D288405C3008A946DF983D6
ns.secure IN A 127.0.0.1
under.secure IN TXT "occluded"
; insecure delegations: in a row, below an empty non-terminal, with another cut below
insecure IN NS ns.insecure
ns.insecure IN A 127.0.0.1
under.insecure IN NS ns.insecure
x.under.insecure IN A 192.0.2.7
only.here.cut IN NS ns.elsewhere.example.
far IN NS ns.elsewhere.example.
; an empty non-terminal with a secure and an insecure delegation below
one.both IN NS ns.elsewhere.example.
two.both IN NS ns.elsewhere.example.
two.both IN DS 1234 8 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A
; aliases
alias IN CNAME MiXed
*.aliases IN CNAME mixed
tree IN DNAME Other.Example.NET.
tree IN TXT "beside a DNAME"
moved IN DNAME new.home
leaf.new.home IN A 192.0.2.6
; names in RDATA that canonical form lowers, and names that it leaves
_sip._tcp IN SRV 1 2 5060 Sip.Example.NET.
naptr IN NAPTR 1 2 "U" "E2U+sip" "!^.*$!sip:a@example.net!" .
svc IN SVCB 1 Svc.Example.NET. alpn="h2,h3" port=8443
web IN HTTPS 0 Web.Example.NET.
kx IN KX 1 Kx.Example.NET.
rp IN RP Mbox.Example.NET. Txt.Example.NET.
; types by number; a bitmap of several windows
num IN TYPE65280 \# 4 DEADbeef
num IN TYPE731 \# 0
num IN CAA 0 issue "ca.example.net"
num IN A 192.0.2.9
tlsa IN TLSA 3 1 1 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A
; a TTL of its own
short 60 IN A 192.0.2.10
"#;

/// Data below a DNAME, which some servers refuse to load.
const BELOW_DNAME: &str = "under.tree IN TXT \"occluded by the DNAME\"\ncut.under.tree IN NS ns1\n";

/// What a zone of the generator is made from.
#[derive(Clone, Copy, Debug)]
pub struct OddZone<'a> {
    /// Its name, with a final dot.
    pub apex: &'a str,
    /// Same seed, same zone.
    pub seed: u64,
    /// How many random names come after the traps.
    pub random_names: usize,
    /// Whether data lies below the DNAME.
    pub has_data_below_dname: bool,
}

impl<'a> OddZone<'a> {
    /// The traps and 60 random names.
    pub const fn new(apex: &'a str) -> Self {
        Self { apex, seed: 20_260_101, random_names: 60, has_data_below_dname: false }
    }

    /// The zone's text.
    pub fn text(&self) -> String {
        let mut text = format!("$ORIGIN {}\n$TTL 3600\n{TRAPS}", self.apex);
        if self.has_data_below_dname {
            text.push_str(BELOW_DNAME);
        }
        let mut random = Random(self.seed);
        let mut maker = NameMaker::default();
        for _ in 0..self.random_names {
            push_random_node(&mut random, &mut maker, &mut text);
        }
        text
    }
}

/// A small generator of pseudo-random numbers (splitmix64): the same on every machine, for ever.
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (mixed % bound as u64) as usize
    }

    fn pick<'t, T: ?Sized>(&mut self, choices: &[&'t T]) -> &'t T {
        choices[self.below(choices.len())]
    }
}

/// Fresh names below `r`, away from the traps; remembers those that may have names below them.
#[derive(Debug, Default)]
struct NameMaker {
    used: HashSet<String>,
    parents: Vec<String>,
}

impl NameMaker {
    /// A name nobody has, with its random spelling.
    fn fresh(&mut self, random: &mut Random) -> String {
        loop {
            let mut name = random_label(random);
            for _ in 0..random.below(3) {
                name = format!("{name}.{}", random_label(random));
            }
            let parent = match self.parents.len() {
                count if count > 0 && random.below(4) > 0 => &self.parents[random.below(count)],
                _ => "r",
            };
            name = format!("{name}.{parent}");
            if name.len() < 150 && self.used.insert(name.to_ascii_lowercase()) {
                return name;
            }
        }
    }
}

fn random_label(random: &mut Random) -> String {
    const PIECES: &[&str] = &[
        "a", "B", "c", "z", "Z", "0", "9", "-", "_", "\\!", "\\.", "\\001", "\\000", "\\200", "\\255", "\\032", "\\~",
        "\\{",
    ];
    let mut label = random.pick::<str>(&["a", "N", "x", "\\003", "_", "9"]).to_owned();
    for _ in 0..random.below(4) {
        label.push_str(random.pick(PIECES));
    }
    // A number of its own keeps names apart whose spellings mean the same.
    let _ = write!(label, "{}", random.below(1000));
    label
}

fn push_random_node(random: &mut Random, maker: &mut NameMaker, text: &mut String) {
    let name = maker.fresh(random);
    let number = random.below(250);
    let _ = match random.below(10) {
        0 => writeln!(text, "{name} IN CNAME T{number}.example.NET."),
        1 => writeln!(text, "*.{name} IN A 192.0.2.{number}"),
        2 => writeln!(text, "{name} IN NS ns.{name}\nns.{name} IN A 192.0.2.{number}\nu.{name} IN TXT \"occluded\""),
        3 => writeln!(text, "{name} IN NS ns{number}.hoster.example."),
        4 => writeln!(
            text,
            "{name} IN NS ns{number}.hoster.example.\n{name} IN DS {number} 13 2 {:064X}",
            random.below(1 << 30)
        ),
        5 => writeln!(text, "{name} IN TYPE{} \\# 2 {number:04x}", 65_281 + number),
        kind => {
            let result = writeln!(text, "{name} IN A 192.0.2.{number}");
            if kind > 7 {
                let _ = writeln!(text, "{name} IN MX {number} M{number}.Example.NET.\n{name} IN TXT \"{number}\"");
            }
            maker.parents.push(name);
            result
        }
    };
}
