//! Validators that trust the zone's keys directly and follow them by RFC 5011, each at its own pace.

use super::cache::{Caches, Dnskeys};
use super::keys::{Keys, Mask, members};
use super::scenario::{DAY, HOUR};

/// RFC 5011 section 2.4.1.
const ADD_HOLD_DOWN: i64 = 30 * DAY;

/// A validator.
#[derive(Clone, Debug, Default)]
pub(crate) struct Anchors {
    pub(crate) trusted: Mask,
    /// Keys seen and not trusted yet, each with when it was seen first.
    pending: Vec<(usize, i64)>,
}

impl Anchors {
    /// A human puts the keys in that sign the DNSKEY RRset.
    pub(crate) fn configured(keys: &Keys, dnskey: Dnskeys) -> Self {
        Self { trusted: entries(keys, dnskey), pending: Vec::new() }
    }

    /// Looks at a DNSKEY RRset with a TTL, and gives when it looks again (section 2.3).
    pub(crate) fn poll(&mut self, keys: &Keys, dnskey: Dnskeys, ttl: i64, now: i64) -> i64 {
        if self.trusted & entries(keys, dnskey) != 0 {
            self.take_in(keys, dnskey, ttl, now);
        }
        now + (ttl / 2).clamp(HOUR, 15 * DAY)
    }

    fn take_in(&mut self, keys: &Keys, dnskey: Dnskeys, ttl: i64, now: i64) {
        let is_there = |key: &usize| dnskey.keys >> key & 1 == 1;
        self.pending.retain(|(key, _)| is_there(key));
        for key in members(dnskey.keys & sep(keys, dnskey.keys)) {
            if self.trusted >> key & 1 == 0 && !self.pending.iter().any(|(known, _)| *known == key) {
                self.pending.push((key, now));
            }
        }
        let hold_down = ADD_HOLD_DOWN.max(ttl);
        let due = self.pending.iter().filter(|(_, since)| since + hold_down <= now);
        self.trusted |= due.fold(0, |all, (key, _)| all | 1 << key);
        let trusted = self.trusted;
        self.pending.retain(|(key, _)| trusted >> key & 1 == 0);
        // A key that says itself that it is revoked is trusted no more, for ever.
        for key in keys.of(dnskey.keys & dnskey.signers).filter(|key| key.rdata[1] & 0x80 != 0) {
            let mut plain = key.rdata.clone();
            plain[1] &= 0x7f;
            self.trusted &= !keys.known(&plain);
        }
    }

    /// The keys it knows.
    pub(crate) fn keys(&self) -> Mask {
        self.pending.iter().fold(self.trusted, |all, (key, _)| all | 1 << key)
    }

    /// What it cannot validate of what caches may hold, if it has any trust in the zone.
    pub(crate) fn judge(&self, caches: &Caches, keys: &Keys, now: i64) -> Result<(), String> {
        for dnskey in caches.dnskey.contents(now) {
            if self.trusted & entries(keys, dnskey) == 0 {
                let (trusted, shown, signers) =
                    (keys.words(self.trusted), keys.words(dnskey.keys), keys.words(dnskey.signers));
                return Err(format!("who trusts {trusted} cannot validate DNSKEY {shown} signed by {signers}"));
            }
            let bad = caches.data.contents(now).find(|data| keys.unrevoked(dnskey.keys & data) == 0);
            if let Some(data) = bad {
                let (shown, signers) = (keys.words(dnskey.keys), keys.words(data));
                return Err(format!("DNSKEY {shown} does not go with data signed by {signers}, for who trusts a key"));
            }
        }
        Ok(())
    }
}

/// The keys by which a validator that trusts them enters a DNSKEY RRset.
fn entries(keys: &Keys, dnskey: Dnskeys) -> Mask {
    keys.unrevoked(dnskey.keys & dnskey.signers) & sep(keys, dnskey.keys)
}

/// Those of a set with the SEP flag, not revoked.
fn sep(keys: &Keys, mask: Mask) -> Mask {
    members(keys.unrevoked(mask))
        .filter(|&index| keys.of(1 << index).all(|key| key.rdata[1] & 1 == 1))
        .fold(0, |all, index| all | 1 << index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use zoneseal::base::NameBuf;

    /// Trust grows over the hold-down, begins anew when the key is missing, and ends with the REVOKE flag.
    #[test]
    fn trust_comes_and_goes() {
        let mut keys = Keys::new(NameBuf::from_text(b"example.", None).expect("a name"));
        let of = |keys: &mut Keys, flags, number| keys.mask_of(&[1, flags, 3, 13, number]);
        let (a, b, revoked) = (of(&mut keys, 1, 1), of(&mut keys, 1, 2), of(&mut keys, 0x81, 1));
        let set = |all: Mask| Dnskeys { keys: all, signers: all };
        let mut anchors = Anchors::configured(&keys, set(a));
        anchors.poll(&keys, set(a | b), HOUR, 0);
        anchors.poll(&keys, set(a | b), HOUR, 29 * DAY);
        assert_eq!(anchors.trusted, a);
        anchors.poll(&keys, set(a), HOUR, 29 * DAY + HOUR);
        anchors.poll(&keys, set(a | b), HOUR, 30 * DAY);
        anchors.poll(&keys, set(a | b), HOUR, 59 * DAY);
        assert_eq!(anchors.trusted, a, "it was missing");
        assert_eq!(anchors.poll(&keys, set(a | b), HOUR, 60 * DAY), 60 * DAY + HOUR);
        assert_eq!(anchors.trusted, a | b);
        anchors.poll(&keys, set(b | revoked), HOUR, 61 * DAY);
        assert_eq!(anchors.trusted, b);
        let mut caches = Caches::default();
        caches.dnskey.start(set(b), 0);
        caches.data.start(b, 0);
        assert!(anchors.judge(&caches, &keys, 1).is_ok());
        caches.dnskey.start(set(a), 0);
        assert!(anchors.judge(&caches, &keys, 1).is_err());
    }
}
