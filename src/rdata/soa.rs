//! The numbers of an SOA (RFC 1035 section 3.3.13).

use crate::base::Name;

/// The names and numbers of an SOA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Soa<'a> {
    /// The primary server.
    pub mname: Name<'a>,
    /// The mailbox of the person responsible.
    pub rname: Name<'a>,
    /// Version of the zone, compared by RFC 1982.
    pub serial: u32,
    /// Seconds between a secondary's checks.
    pub refresh: u32,
    /// Seconds between its tries after a failed check.
    pub retry: u32,
    /// Seconds after which it stops answering.
    pub expire: u32,
    /// Upper bound of the TTL of negative answers, in seconds (RFC 2308 section 4).
    pub minimum: u32,
}

/// Octets of the five numbers.
const NUMBERS_LEN: usize = 20;

impl<'a> Soa<'a> {
    /// Reads RDATA in wire form; `None` if it is malformed.
    #[must_use]
    pub fn parse(rdata: &'a [u8]) -> Option<Self> {
        let (mname, rest) = Name::parse_wire(rdata).ok()?;
        let (rname, rest) = Name::parse_wire(rest).ok()?;
        if rest.len() != NUMBERS_LEN {
            return None;
        }
        let (numbers, _) = rest.as_chunks::<4>();
        let [serial, refresh, retry, expire, minimum] = numbers else { return None };
        Some(Self {
            mname,
            rname,
            serial: u32::from_be_bytes(*serial),
            refresh: u32::from_be_bytes(*refresh),
            retry: u32::from_be_bytes(*retry),
            expire: u32::from_be_bytes(*expire),
            minimum: u32::from_be_bytes(*minimum),
        })
    }
}

/// Sets the serial in SOA RDATA; false, and nothing changed, if it is malformed.
#[must_use]
pub fn set_serial(rdata: &mut [u8], serial: u32) -> bool {
    if Soa::parse(rdata).is_none() {
        return false;
    }
    let at = rdata.len() - NUMBERS_LEN;
    rdata[at..at + 4].copy_from_slice(&serial.to_be_bytes());
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_and_set_serial() {
        let mut rdata = b"\x02ns\0\0".to_vec();
        for number in [1_u32, 2, 3, 4, 5] {
            rdata.extend_from_slice(&number.to_be_bytes());
        }
        assert!(set_serial(&mut rdata, 0xdead_beef));
        let soa = Soa::parse(&rdata).unwrap();
        assert_eq!(soa.mname.as_wire(), b"\x02ns\0");
        assert!(soa.rname.is_root());
        assert_eq!((soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum), (0xdead_beef, 2, 3, 4, 5));
        rdata.pop();
        assert_eq!(Soa::parse(&rdata), None);
        assert!(!set_serial(&mut rdata, 1));
    }
}
