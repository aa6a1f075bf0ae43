//! `zoneseal nsec3-hash`

use super::{Env, Failure, Outcome};
use crate::base::{NameBuf, text};
use crate::crypto::digest::nsec3_hash;
use serde::Serialize;

/// Print the NSEC3 hashes of names
///
/// One line a name: the hash in base32hex, a space, the name.
#[derive(Debug, clap::Args)]
pub(super) struct Nsec3HashArgs {
    /// Names, absolute with or without the final dot
    #[arg(required = true, value_name = "NAME")]
    names: Vec<NameBuf>,
    /// Additional rounds of hashing (RFC 9276 wants 0)
    #[arg(long, value_name = "N", default_value_t = 0)]
    iterations: u16,
    /// Salt in hex, or "-" for none
    #[arg(long, value_name = "HEX", default_value = "-", value_parser = parse_salt, allow_hyphen_values = true)]
    salt: Salt,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// At most 255 octets.
#[derive(Clone, Debug)]
struct Salt(Vec<u8>);

/// Reads a salt as NSEC3PARAM text has it (RFC 5155 section 4.3).
fn parse_salt(salt: &str) -> Result<Salt, String> {
    let mut octets = Vec::new();
    if salt != "-" && (salt.is_empty() || !text::decode_hex(salt.as_bytes(), &mut octets)) {
        return Err("not hex of whole octets; \"-\" means no salt".into());
    }
    if octets.len() > 255 {
        return Err("a salt has at most 255 octets (RFC 5155 section 3.2)".into());
    }
    Ok(Salt(octets))
}

/// The result as JSON.
#[derive(Debug, Serialize)]
struct Shown {
    schema: &'static str,
    hash_algorithm: u8,
    iterations: u16,
    salt: String,
    hashes: Vec<ShownHash>,
}

#[derive(Debug, Serialize)]
struct ShownHash {
    name: String,
    hash: String,
}

pub(super) fn run(args: &Nsec3HashArgs, env: &mut Env<'_>) -> Result<Outcome, Failure> {
    let hashes = args.names.iter().map(|name| {
        let mut wire = Vec::new();
        name.as_name().push_canonical(&mut wire);
        let hash = in_text(text::push_base32hex, &nsec3_hash(&wire, args.iterations, &args.salt.0));
        ShownHash { name: name.to_string(), hash }
    });
    if args.json {
        let shown = Shown {
            schema: "zoneseal.nsec3-hash/1",
            hash_algorithm: 1,
            iterations: args.iterations,
            salt: in_text(text::push_hex, &args.salt.0),
            hashes: hashes.collect(),
        };
        super::key_show::print_json(&shown, env)?;
    } else {
        for ShownHash { name, hash } in hashes {
            writeln!(env.stdout, "{hash} {name}")?;
        }
    }
    Ok(Outcome::Done)
}

/// Octets in a text form.
fn in_text(push: fn(&[u8], &mut Vec<u8>), octets: &[u8]) -> String {
    let mut out = Vec::new();
    push(octets, &mut out);
    String::from_utf8(out).expect("hex and base32hex are ASCII")
}
