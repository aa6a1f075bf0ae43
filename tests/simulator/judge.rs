//! Whether every validator can validate, whatever it has cached. RFC 4035 section 5, and nothing of the engine's.

use super::cache::{Caches, Dnskeys};
use super::keys::{Keys, Mask};

/// What the validators insist on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Every algorithm among the DNSKEYs must sign all data (SIG-9). Otherwise, as every validator does: for each
    /// algorithm in the DS there must be a chain, since a validator may know that one alone (RFC 6840 section 5.11).
    pub(crate) is_strict: bool,
    /// Keys whose DS was asked for. A DS that the parent made up promises nothing.
    pub(crate) asked: Mask,
}

/// A combination of cached RRsets that does not validate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bogus(pub String);

/// Looks at all combinations that caches may hold.
pub(crate) fn judge(caches: &Caches, keys: &Keys, rules: Rules, now: i64) -> Result<(), Bogus> {
    let mut algorithms = 0;
    for ds in caches.ds.contents(now).map(|ds| ds & rules.asked).filter(|ds| *ds != 0) {
        let promised = keys.algorithms(ds);
        algorithms |= promised;
        for dnskey in caches.dnskey.contents(now) {
            let trusted = keys.unrevoked(ds & dnskey.keys & dnskey.signers);
            let missing = promised & !keys.algorithms(trusted);
            if missing != 0 {
                return Err(broken_entry(keys, ds, dnskey, missing));
            }
        }
    }
    if algorithms == 0 {
        return Ok(()); // Insecure for everybody.
    }
    for dnskey in caches.dnskey.contents(now) {
        let obliging = if rules.is_strict { keys.algorithms(keys.unrevoked(dnskey.keys)) } else { 0 };
        for data in caches.data.contents(now) {
            let signing = keys.algorithms(keys.unrevoked(dnskey.keys & data));
            let missing = (algorithms | obliging) & !signing;
            if missing != 0 {
                return Err(broken_data(keys, dnskey, data, missing));
            }
        }
    }
    Ok(())
}

#[cold]
fn broken_entry(keys: &Keys, ds: Mask, dnskey: Dnskeys, missing: u32) -> Bogus {
    Bogus(format!(
        "DS {} with DNSKEY {} signed by {}: no chain for algorithms {missing:#b}",
        keys.words(ds),
        keys.words(dnskey.keys),
        keys.words(dnskey.signers)
    ))
}

#[cold]
fn broken_data(keys: &Keys, dnskey: Dnskeys, data: Mask, missing: u32) -> Bogus {
    Bogus(format!(
        "DNSKEY {} with data signed by {}: no signature of algorithms {missing:#b}",
        keys.words(dnskey.keys),
        keys.words(data)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use zoneseal::base::NameBuf;

    /// Keys A and B of algorithm 8, C of algorithm 13, and R: B revoked.
    fn keys() -> (Keys, [Mask; 4]) {
        let mut keys = Keys::new(NameBuf::from_text(b"example.", None).expect("a name"));
        let of = |keys: &mut Keys, flags, algorithm, number| keys.mask_of(&[1, flags, 3, algorithm, number]);
        let masks = [of(&mut keys, 1, 8, 1), of(&mut keys, 1, 8, 2), of(&mut keys, 1, 13, 3), of(&mut keys, 129, 8, 2)];
        (keys, masks)
    }

    /// What caches have at time 0 of these, and whether that validates leniently and strictly.
    fn verdicts(ds: &[Mask], dnskey: &[(Mask, Mask)], data: &[Mask]) -> (bool, bool) {
        let (keys, _) = keys();
        let mut caches = Caches::default();
        ds.iter().for_each(|&set| _ = caches.ds.start(set, 0));
        dnskey.iter().for_each(|&(keys, signers)| _ = caches.dnskey.start(Dnskeys { keys, signers }, 0));
        data.iter().for_each(|&set| _ = caches.data.start(set, 0));
        let verdict = |is_strict| judge(&caches, &keys, Rules { is_strict, asked: Mask::MAX }, 0).is_ok();
        (verdict(false), verdict(true))
    }

    #[test]
    fn what_validates() {
        let (_, [a, b, c, r]) = keys();
        for (what, verdict, wanted) in [
            ("unsigned", verdicts(&[0], &[(0, 0)], &[0]), (true, true)),
            ("unsigned under a DS", verdicts(&[a], &[(0, 0)], &[0]), (false, false)),
            ("unsigned and no DS in some caches", verdicts(&[0, a], &[(a, a), (0, 0)], &[a]), (false, false)),
            ("signed", verdicts(&[a], &[(a, a)], &[a]), (true, true)),
            ("KSK and ZSK", verdicts(&[a], &[(a | b, a)], &[b]), (true, true)),
            ("the KSK does not sign", verdicts(&[a], &[(a | b, b)], &[b]), (false, false)),
            ("old signatures, new key", verdicts(&[a], &[(a, a)], &[a, b]), (false, false)),
            ("both keys, both signatures", verdicts(&[a], &[(a | b, a)], &[a, b]), (true, true)),
            ("one RRset unsigned", verdicts(&[a], &[(a, a)], &[a, 0]), (false, false)),
            ("the DS is of a key that is gone", verdicts(&[a, b], &[(b, b)], &[b]), (false, false)),
            ("two algorithms", verdicts(&[a], &[(a | c, a | c)], &[a | c]), (true, true)),
            ("a key before its signatures", verdicts(&[a], &[(a, a), (a | c, a | c)], &[a, a | c]), (true, false)),
            ("an algorithm of the DS is gone", verdicts(&[a | c], &[(c, c)], &[c]), (false, false)),
            ("the chain ends in a revoked key", verdicts(&[r], &[(a | r, a | r)], &[a]), (false, false)),
            ("a revoked key stands beside", verdicts(&[a], &[(a | r, a | r)], &[a]), (true, true)),
        ] {
            assert_eq!(verdict, wanted, "{what}");
        }
    }

    /// What nobody serves any more is looked at until its TTL is over, and no longer.
    #[test]
    fn caches_forget_when_the_ttl_is_over() {
        let (keys, [a, b, ..]) = keys();
        let mut caches = Caches::default();
        caches.ds.start(a, 0);
        for set in [Dnskeys { keys: a, signers: a }, Dnskeys { keys: a | b, signers: a }] {
            caches.dnskey.start(set, 0);
        }
        caches.data.start(b, 0);
        let verdict = |caches: &Caches, now| judge(caches, &keys, Rules { is_strict: true, asked: a }, now).is_ok();
        assert!(!verdict(&caches, 0));
        caches.dnskey.stop(Dnskeys { keys: a, signers: a }, 100);
        assert!(!verdict(&caches, 99));
        assert!(verdict(&caches, 100));
    }
}
