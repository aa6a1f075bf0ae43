//! The check of text that has much in common with text of ours that was checked before.
//!
//! ```text
//! text before ─┐ lines of an owner the same, octet for octet, and the owner what it was: it stands ─▶ its signatures too
//! text now ────┴─ lines of all others, and all but the signatures of those that stand ─ read ─▶ zone ─▶ content, chain,
//!                                                                                               signatures of the others
//! ```
//!
//! So all that is said of the zone is read from the text that was written, and compared and verified as in any check;
//! what is taken from the check before is only that signatures which were right over these very octets, with these very
//! keys, still are. Their times are looked at again. Whether an RRset must be signed depends on the names above its owner
//! too: where one of those has become a zone cut or a DNAME, or has ceased to be, nothing below it stands.
//!
//! What does not come out right here is not called bad, but checked in full, which gives the findings their places.

use super::lines::{Lines, lines, type_and_rdata};
use super::self_check::read_zone;
use crate::base::{Name, NameBuf, Rtype, Timestamp, UnixTime};
use crate::zone::Zone;
use memchr::memchr_iter;
use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;
use std::cmp::Ordering;

/// Blocks looked at as one piece of work.
const CHUNK_BLOCKS: usize = 1 << 12;

/// What there is to verify.
#[derive(Debug)]
pub(super) struct Rest {
    /// The zone, without the signatures that stand.
    pub(super) zone: Zone,
    /// For each node whether its signatures stand.
    pub(super) is_standing: Vec<bool>,
    /// How many signatures stand.
    pub(super) signatures: u64,
}

/// Finds what there is to verify in `text` at a time, `before` having been right at an earlier one; `None` if there is too
/// little in common, or something is not as in text of ours.
pub(super) fn rest(text: &[u8], before: &Lines<Vec<u8>>, apex: Name<'_>, at: UnixTime) -> Option<Rest> {
    let now = Lines::of(text).ok()?;
    // What was right by other keys, or for another zone, may not be right by these.
    if before.owner(0) != now.owner(0) || !keys(before.block(0)).eq(keys(now.block(0))) {
        return None;
    }
    let mut blocks = standing_blocks(before, &now)?;
    let (rest, signatures) = without_standing_signatures(&now, &mut blocks, at.to_timestamp());
    let zone = read_zone(&rest, apex).ok()?;
    // A line is a record, so none goes on in a line that was left out.
    let is_plain = memchr_iter(b'\n', &rest).count() == zone.record_count();
    let is_standing = standing_nodes(&now, &blocks, &zone).filter(|_| is_plain)?;
    Some(Rest { zone, is_standing, signatures })
}

/// The keys among the lines of the apex.
fn keys(apex: &[u8]) -> impl Iterator<Item = &[u8]> {
    lines(apex).filter(|line| rtype_of(line) == Some(Rtype::DNSKEY))
}

fn rtype_of(line: &[u8]) -> Option<Rtype> {
    type_and_rdata(line).and_then(|(rtype, _)| Rtype::from_text(rtype))
}

/// For each block of the text now, whether it stands; `None` if a text is not in order as far as that matters.
fn standing_blocks(before: &Lines<Vec<u8>>, now: &Lines<&[u8]>) -> Option<Vec<bool>> {
    let mut is_standing = Vec::with_capacity(now.len());
    let mut hidden = Hidden::default();
    let (mut was, mut is) = (0, 0);
    while was < before.len() || is < now.len() {
        let order = match (was < before.len(), is < now.len()) {
            (true, true) if before.block(was) == now.block(is) => {
                is_standing.push(is > 0 && !hidden.has(now, is)?);
                (was, is) = (was + 1, is + 1);
                continue;
            }
            (true, true) => before.cmp_owner(was, Name::from_wire(&now.owner_wire(is)?).ok()?)?,
            (true, false) => Ordering::Less,
            (false, _) => Ordering::Greater,
        };
        match order {
            Ordering::Less => {
                // The names now are in order, as will be seen; those that are gone must stand between them.
                let is_between = is.checked_sub(1).is_none_or(|last| is_behind(before, was, now, last));
                if !is_between {
                    return None;
                }
                hidden.see(before, was, cuts(before.block(was)) != Cuts::default())?;
                was += 1;
            }
            Ordering::Greater => {
                hidden.see(now, is, cuts(now.block(is)) != Cuts::default())?;
                is_standing.push(false);
                is += 1;
            }
            Ordering::Equal => {
                hidden.see(now, is, cuts(before.block(was)) != cuts(now.block(is)))?;
                is_standing.push(false);
                (was, is) = (was + 1, is + 1);
            }
        }
    }
    Some(is_standing)
}

fn is_behind(before: &Lines<Vec<u8>>, was: usize, now: &Lines<&[u8]>, is: usize) -> bool {
    let order = now.owner_wire(is).and_then(|owner| before.cmp_owner(was, Name::from_wire(&owner).ok()?));
    order == Some(Ordering::Greater)
}

/// What of a block decides over the names below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cuts {
    has_ns: bool,
    has_dname: bool,
}

fn cuts(block: &[u8]) -> Cuts {
    lines(block).fold(Cuts::default(), |cuts, line| match rtype_of(line) {
        Some(Rtype::NS) => Cuts { has_ns: true, ..cuts },
        Some(Rtype::DNAME) => Cuts { has_dname: true, ..cuts },
        _ => cuts,
    })
}

/// The name last seen that has become a cut, or has ceased to be one: what stood below it may have to be signed now, or
/// must not be any more. Names are seen in canonical order, so those below follow it.
#[derive(Debug, Default)]
struct Hidden(Option<NameBuf>);

impl Hidden {
    /// Takes in the owner of a block.
    fn see<T: AsRef<[u8]>>(&mut self, lines: &Lines<T>, block: usize, is_changed: bool) -> Option<()> {
        if is_changed && !self.has(lines, block)? {
            let owner = lines.owner_wire(block)?;
            self.0 = Some(Name::from_wire(&owner).ok()?.to_owned());
        }
        Some(())
    }

    /// Whether the owner of a block is at or below it.
    fn has<T: AsRef<[u8]>>(&mut self, lines: &Lines<T>, block: usize) -> Option<bool> {
        let Some(top) = &self.0 else { return Some(false) };
        let owner = lines.owner_wire(block)?;
        let is_below = Name::from_wire(&owner).ok()?.is_at_or_below(top.as_name());
        if !is_below {
            self.0 = None;
        }
        Some(is_below)
    }
}

/// The text without the signatures of the blocks that stand, and how many those are. A block with a signature that does
/// not hold at the time does not stand.
fn without_standing_signatures(now: &Lines<&[u8]>, blocks: &mut [bool], at: Timestamp) -> (Vec<u8>, u64) {
    let chunks = blocks.par_chunks_mut(CHUNK_BLOCKS).enumerate();
    let rests: Vec<(Vec<u8>, u64)> = chunks
        .map(|(chunk, blocks)| {
            let (mut rest, mut signatures) = (Vec::new(), 0);
            for (index, is_standing) in blocks.iter_mut().enumerate() {
                let block = now.block(chunk * CHUNK_BLOCKS + index);
                match is_standing.then(|| push_unsigned(block, at, &mut rest)).flatten() {
                    Some(count) => signatures += count,
                    None => {
                        *is_standing = false;
                        rest.extend_from_slice(block);
                    }
                }
            }
            (rest, signatures)
        })
        .collect();
    let signatures = rests.iter().map(|(_, signatures)| signatures).sum();
    let rests: Vec<Vec<u8>> = rests.into_iter().map(|(rest, _)| rest).collect();
    (rests.concat(), signatures)
}

/// Appends the lines of a block that are no signatures, and counts those that are; `None`, and nothing is appended, if
/// one does not hold at the time.
fn push_unsigned(block: &[u8], at: Timestamp, out: &mut Vec<u8>) -> Option<u64> {
    let start = out.len();
    let mut count = 0;
    for line in lines(block) {
        match type_and_rdata(line) {
            Some((b"RRSIG", rdata)) if holds(rdata, at) => count += 1,
            Some((b"RRSIG", _)) => {
                out.truncate(start);
                return None;
            }
            _ => {
                out.extend_from_slice(line);
                out.push(b'\n');
            }
        }
    }
    Some(count)
}

/// Whether a signature holds at a time.
fn holds(rdata: &[u8], at: Timestamp) -> bool {
    let mut times = rdata.split(|&octet| octet == b' ').skip(4).map(Timestamp::from_text);
    match (times.next().flatten(), times.next().flatten()) {
        (Some(expiration), Some(inception)) => inception.is_at_or_before(at) && at.is_at_or_before(expiration),
        _ => false,
    }
}

/// For each node whether it stands: nodes and blocks are the same names in the same order, or it is not known.
fn standing_nodes(now: &Lines<&[u8]>, blocks: &[bool], zone: &Zone) -> Option<Vec<bool>> {
    let mut is_standing = vec![false; zone.node_count()];
    let mut block = 0;
    let mut owner = Vec::new();
    for node in zone.nodes().filter(|node| node.rrsets().len() > 0) {
        owner.clear();
        node.owner().push_text(&mut owner);
        if block == now.len() || now.owner(block) != owner {
            return None;
        }
        is_standing[node.index()] = blocks[block];
        block += 1;
    }
    (block == now.len()).then_some(is_standing)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines as `owner type`; the rest of each is of no account here.
    fn text(records: &[&str]) -> Vec<u8> {
        let line = |record: &&str| {
            let (owner, rtype) = record.split_once(' ').unwrap();
            format!("{owner}\t60\tIN\t{rtype}\tx\n")
        };
        records.iter().map(line).collect::<String>().into_bytes()
    }

    /// The owners that stand, by their first letter; `None` if it is not known.
    fn standing(before: &[&str], now: &[&str]) -> Option<String> {
        let (before, now) = (text(before), text(now));
        let (before, now) = (Lines::of(before).unwrap(), Lines::of(&now[..]).unwrap());
        let blocks = standing_blocks(&before, &now)?;
        let names = (0..now.len()).filter(|&block| blocks[block]).map(|block| char::from(now.owner(block)[0]));
        Some(names.collect())
    }

    #[test]
    fn what_is_the_same_stands() {
        let zone = ["z. SOA", "a.z. A", "b.a.z. A", "c.z. A", "d.z. A"];
        let check = |now: &[&str], expected: &str| {
            assert_eq!(standing(&zone, now).as_deref(), Some(expected), "{now:?}");
            assert_eq!(standing(now, &zone).as_deref(), Some(expected), "{now:?}");
        };
        // The apex never does.
        check(&zone, "abcd");
        check(&["z. SOA", "a.z. A", "b.a.z. A", "c.z. AAAA", "d.z. A"], "abd");
        check(&["z. SOA", "a.z. A", "b.a.z. A", "d.z. A"], "abd");
        check(&["z. SOA", "c.z. A", "d.z. A"], "cd");
        check(&["z. SOA", "a.z. A", "b.a.z. A", "c.z. A", "d.z. A", "e.d.z. A"], "abcd");
        check(&["z. SOA"], "");
    }

    /// Below a name that becomes a cut or ceases to be one, signatures come and go.
    #[test]
    fn below_what_hides_nothing_stands() {
        let zone = ["z. SOA", "a.z. A", "b.a.z. A", "c.b.a.z. A", "d.z. A"];
        for rtype in ["NS", "DNAME"] {
            let changed = format!("a.z. {rtype}");
            let added = format!("a.z. A,a.z. {rtype}");
            for lines in [&changed, &added] {
                let mut now = vec!["z. SOA"];
                now.extend(lines.split(',').chain(["b.a.z. A", "c.b.a.z. A", "d.z. A"]));
                assert_eq!(standing(&zone, &now).as_deref(), Some("d"));
                assert_eq!(standing(&now, &zone).as_deref(), Some("d"));
            }
            let under = format!("b.a.z. {rtype}");
            let now = ["z. SOA", "a.z. A", &under, "c.b.a.z. A", "d.z. A"];
            assert_eq!(standing(&zone, &now).as_deref(), Some("ad"));
            // Names that only the one or the other has.
            let without = ["z. SOA", "b.a.z. A", "c.b.a.z. A", "d.z. A"];
            let with = ["z. SOA", &changed, "b.a.z. A", "c.b.a.z. A", "d.z. A"];
            assert_eq!(standing(&without, &with).as_deref(), Some("d"));
            assert_eq!(standing(&with, &without).as_deref(), Some("d"));
        }
        // At the apex a DNAME hides all.
        assert_eq!(standing(&["z. SOA", "z. DNAME", "a.z. A"], &["z. SOA", "a.z. A"]).as_deref(), Some(""));
        // What was a cut and still is one hides what it hid.
        let cut = ["z. SOA", "a.z. NS", "b.a.z. A"];
        assert_eq!(standing(&cut, &["z. SOA", "a.z. NS", "a.z. DS", "b.a.z. A"]).as_deref(), Some("b"));
    }

    /// A name that is gone must be missed where it would stand, or what was below it would not be looked at.
    #[test]
    fn text_that_is_not_in_order_is_not_taken() {
        let now = ["z. SOA", "b.a.z. A", "d.z. A"];
        assert_eq!(standing(&["z. SOA", "b.a.z. A", "d.z. A", "a.z. NS"], &now), None);
        assert_eq!(standing(&["z. SOA", "b.a.z. A", "a.z. NS", "d.z. A"], &now), None);
    }

    #[test]
    fn signatures_must_hold_to_stand() {
        let line = |from: &str, to: &str| {
            format!("a.z.\t60\tIN\tA\tx\na.z.\t60\tIN\tRRSIG\tA 13 2 60 {to} {from} 1 z. AAAA\n").into_bytes()
        };
        let at = UnixTime(1_769_904_000).to_timestamp();
        for (from, to, is_standing) in [
            ("20260101000000", "20260301000000", true),
            ("20260201000000", "20260201000000", true),
            ("20260101000000", "20260131235959", false),
            ("20260201000001", "20260301000000", false),
            ("soon", "20260301000000", false),
        ] {
            let block = line(from, to);
            let mut blocks = [true];
            let (rest, count) = without_standing_signatures(&Lines::of(&block[..]).unwrap(), &mut blocks, at);
            assert_eq!((blocks[0], count), (is_standing, u64::from(is_standing)), "{from} {to}");
            assert_eq!(rest, if is_standing { &block[..15] } else { &block[..] });
        }
    }
}
