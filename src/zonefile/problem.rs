//! The findings of the parser, one constructor each.

use super::report::{Problem, end_of, quote, shown, start_of};
use crate::base::{Class, Name, NameError, Rtype, Ttl};
use crate::rdata::{RdataError, Token};

const RFC1035: &str = "RFC 1035 section 5.1";

#[cold]
pub(super) fn byte_order_mark() -> Problem {
    Problem::warning(0, "byte-order-mark", "the file starts with a UTF-8 byte order mark")
        .because("ZF-17")
        .help("save it without: other programs take the mark for a part of the first name")
}

#[cold]
pub(super) fn utf_16() -> Problem {
    Problem::error(0, "utf-16", "the file is UTF-16, which zone files cannot be")
        .because("ZF-17")
        .help("save it as ASCII or UTF-8 without a byte order mark")
}

#[cold]
pub(super) fn bad_name(token: &Token<'_>, error: NameError) -> Problem {
    let (why, reference) = match error {
        NameError::LabelTooLong => ("has a label of more than 63 octets", "RFC 1035 section 2.3.4"),
        NameError::NameTooLong => ("is longer than 255 octets when it is complete", "RFC 1035 section 2.3.4"),
        NameError::EmptyLabel => ("has an empty label", "RFC 1035 section 3.1"),
        NameError::Empty => ("is empty", RFC1035),
        NameError::BadEscape => ("has a bad escape", RFC1035),
        NameError::NoOrigin | NameError::BadWire => ("is not a name", RFC1035),
    };
    Problem::error(start_of(token), "bad-name", format!("the name {} {why}", quote(token.text)))
        .because(reference)
        .help(error.help())
}

#[cold]
pub(super) fn no_origin(token: &Token<'_>) -> Problem {
    let message = format!("{} is relative, and there is no origin to complete it", quote(token.text));
    Problem::error(start_of(token), "no-origin", message)
        .because(RFC1035)
        .help("give -o ORIGIN or add $ORIGIN; names that end in a dot need neither")
}

#[cold]
pub(super) fn no_owner(token: &Token<'_>) -> Problem {
    Problem::error(start_of(token), "no-owner", "the record starts with a blank, and no owner came before it")
        .because(RFC1035)
        .help("start the record in the first column with its owner, for example @")
}

/// A relative name that ends in the text of the origin: the final dot was probably forgotten.
#[cold]
pub(super) fn looks_absolute(token: &Token<'_>, origin: Name<'_>) -> Problem {
    let text = shown(token.text);
    Problem::warning(start_of(token), "looks-absolute", format!("\"{text}\" is relative: it means {text}.{origin}"))
        .because(RFC1035)
        .help(format!("write \"{text}.\" with a final dot if that is the whole name"))
}

#[cold]
pub(super) fn class_mismatch(token: &Token<'_>, class: Class, zone_class: Class) -> Problem {
    let message = format!("the record is of class {class}, and the records before it of class {zone_class}");
    Problem::error(start_of(token), "class-mismatch", message)
        .because("RFC 1035 section 5.2")
        .help("a zone has one class: move the record to a zone of its own, or correct the class")
}

#[cold]
pub(super) fn meta_class(token: &Token<'_>, class: Class) -> Problem {
    Problem::error(start_of(token), "meta-class", format!("no record can be of class {class}"))
        .because("RFC 6895 section 3.2")
        .help("write IN, or leave the class out")
}

#[cold]
pub(super) fn meta_type(token: &Token<'_>, rtype: Rtype) -> Problem {
    Problem::error(start_of(token), "meta-type", format!("no record of a zone can be of type {rtype}"))
        .because("RFC 6895 section 3.1")
        .help("remove the record: the type only has a meaning in queries and messages")
}

#[cold]
pub(super) fn no_ttl(token: &Token<'_>) -> Problem {
    Problem::error(start_of(token), "no-ttl", "the record has no TTL, and none came before it")
        .because("RFC 2308 section 4")
        .help("add a line such as \"$TTL 3600\" at the top of the file")
}

#[cold]
pub(super) fn ttl_from_minimum(token: &Token<'_>, ttl: Ttl) -> Problem {
    let message = format!("there is no $TTL: the SOA and the records after it take its MINIMUM, {ttl} seconds, as TTL");
    Problem::warning(start_of(token), "ttl-from-minimum", message)
        .because("RFC 2308 section 4")
        .help(format!("add the line \"$TTL {ttl}\" at the top of the file"))
}

#[cold]
pub(super) fn minimum_too_large(tokens: &[Token<'_>], minimum: u32) -> Problem {
    let offset = tokens.last().map_or(0, start_of);
    let message = format!("there is no $TTL, and the SOA's MINIMUM {minimum} is too large for a TTL");
    Problem::error(offset, "ttl-too-large", message)
        .because("RFC 2181 section 8")
        .help("add a line such as \"$TTL 3600\" at the top of the file; MINIMUM is best at 1 to 3 hours")
}

#[cold]
pub(super) fn alias_with_parameters(token: &Token<'_>, rtype: Rtype) -> Problem {
    let message = format!("{rtype} with priority 0 is an alias: clients ignore its parameters");
    Problem::warning(start_of(token), "alias-with-parameters", message)
        .because("RFC 9460 section 2.4.2")
        .help("remove the parameters, or give a priority of 1 or more")
}

/// The finding for RDATA that its type refuses; its fields start at token `rdata_at`.
#[cold]
pub(super) fn rdata_problem(tokens: &[Token<'_>], rdata_at: usize, error: RdataError) -> Problem {
    let token = error.token.and_then(|index| tokens.get(rdata_at + index));
    let offset = token.map_or_else(|| tokens.last().map_or(0, end_of), start_of);
    Problem::error(offset, error.code, error.message).because(error.reference).help(error.help)
}
