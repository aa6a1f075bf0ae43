//! RSA public keys as DNSKEY carries them (RFC 3110 section 2, ENC-1).

/// Largest modulus DNSSEC knows, in bits (RFC 3110 section 2).
pub const MODULUS_BITS_MAX: usize = 4096;
/// Least bits of a modulus that signs, by policy (RFC 9904); both libraries draw the same line.
pub(super) const SIGNING_BITS_MIN: usize = 2048;
/// Least bits of a modulus that both libraries verify with.
pub(super) const VERIFYING_BITS_MIN: usize = 1024;
/// Most bits of an exponent that both libraries take.
pub(super) const EXPONENT_BITS_MAX: usize = 33;

/// An RSA public key: numbers as big-endian octets without leading zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RsaPublic<'a> {
    /// Public exponent.
    pub exponent: &'a [u8],
    /// Modulus.
    pub modulus: &'a [u8],
}

impl<'a> RsaPublic<'a> {
    /// Reads the public key field: exponent length in one octet, or 0 and two octets; exponent; modulus.
    ///
    /// Leading zero octets are forbidden (RFC 3110 section 2), yet validators read the numbers and never notice; they
    /// are passed over here too, so that a key that validates elsewhere does not fail with us.
    ///
    /// # Errors
    /// What is wrong with the field.
    pub fn parse(field: &'a [u8]) -> Result<Self, &'static str> {
        let (exponent_len, rest) = match *field {
            [] => return Err("it is empty"),
            [0, high, low, ref rest @ ..] => (usize::from(u16::from_be_bytes([high, low])), rest),
            [0, ..] => return Err("the exponent's length is cut off"),
            [len, ref rest @ ..] => (usize::from(len), rest),
        };
        let (exponent, modulus) = rest.split_at_checked(exponent_len).ok_or("the exponent is cut off")?;
        let key = Self { exponent: strip_zeros(exponent), modulus: strip_zeros(modulus) };
        if key.exponent.is_empty() {
            return Err("the exponent is zero");
        }
        if key.modulus.is_empty() {
            return Err("there is no modulus");
        }
        if key.modulus_bits() > MODULUS_BITS_MAX {
            return Err("the modulus is longer than 4096 bits (RFC 3110 section 2)");
        }
        Ok(key)
    }

    /// Appends the public key field, with the short form of the exponent's length where it fits.
    pub fn push_field(&self, out: &mut Vec<u8>) {
        match u8::try_from(self.exponent.len()) {
            Ok(len) if len > 0 => out.push(len),
            _ => {
                let len = u16::try_from(self.exponent.len()).expect("an exponent is no longer than its modulus");
                out.push(0);
                out.extend_from_slice(&len.to_be_bytes());
            }
        }
        out.extend_from_slice(self.exponent);
        out.extend_from_slice(self.modulus);
    }

    /// Bits of the modulus.
    #[must_use]
    pub fn modulus_bits(&self) -> usize {
        bits(self.modulus)
    }
}

/// Bits of a number without leading zero octets.
pub(super) fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

/// Without leading zero octets.
pub(super) fn strip_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|&&octet| octet == 0).count();
    &number[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3110_both_exponent_lengths() {
        let short = [&[3, 1, 0, 1][..], &[0xc1; 64]].concat();
        let key = RsaPublic::parse(&short).unwrap();
        assert_eq!((key.exponent, key.modulus_bits()), (&[1, 0, 1][..], 512));
        let mut back = Vec::new();
        key.push_field(&mut back);
        assert_eq!(back, short);

        let long = [&[0, 1, 0][..], &[7; 256], &[0x01; 64]].concat();
        let key = RsaPublic::parse(&long).unwrap();
        assert_eq!((key.exponent.len(), key.modulus_bits()), (256, 505));
        back.clear();
        key.push_field(&mut back);
        assert_eq!(back, long);
    }

    #[test]
    fn leading_zeros_do_not_count() {
        let padded = [&[5, 0, 0, 1, 0, 1, 0, 0][..], &[0x80; 128]].concat();
        let key = RsaPublic::parse(&padded).unwrap();
        assert_eq!((key.exponent, key.modulus_bits()), (&[1, 0, 1][..], 1024));
    }

    #[test]
    fn malformed_fields_are_named() {
        for (field, what) in [
            (&[][..], "empty"),
            (&[0, 1], "length is cut off"),
            (&[3, 1, 0], "exponent is cut off"),
            (&[0, 0, 0, 1], "exponent is zero"),
            (&[1, 0, 1], "exponent is zero"),
            (&[3, 1, 0, 1], "no modulus"),
            (&[&[1, 3][..], &[0xff; 513]].concat(), "4096 bits"),
        ] {
            assert!(RsaPublic::parse(field).unwrap_err().contains(what), "{field:?}");
        }
    }
}
