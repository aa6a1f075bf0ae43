//! The substitution expression of a NAPTR (RFC 3402 section 3.2): `!pattern!replacement!flags` with any mark for `!`.

use super::super::error::{self, Fault, shown};
use super::counted;

/// Measures a character-string that is empty or a substitution expression. BIND refuses to load any other.
pub(super) fn measure_regexp(rest: &[u8]) -> Result<usize, Fault> {
    let len = counted(rest)?;
    let expression = &rest[1..len];
    match defect(expression) {
        None => Ok(len),
        Some(what) => Err(Fault::new(
            error::VALUE,
            format!("{} is not a substitution expression: {what}", shown(expression)),
            "write !PATTERN!REPLACEMENT! or nothing; in a zone file each backslash is doubled (RFC 3402 section 3.2)",
        )),
    }
}

/// What is wrong with an expression, if anything is. Of the pattern only groups and brackets are looked at.
fn defect(expression: &[u8]) -> Option<&'static str> {
    let (&mark, rest) = expression.split_first()?;
    if mark.is_ascii_digit() || matches!(mark, b'\\' | b'i' | 0) {
        return Some("it cannot be marked off with a digit, a backslash, an i or a NUL");
    }
    let Some((pattern, rest)) = split_at_mark(rest, mark) else { return Some("its pattern has no end") };
    let Some((replacement, flags)) = split_at_mark(rest, mark) else { return Some("its replacement has no end") };
    if pattern.is_empty() {
        return Some("its pattern is empty");
    }
    let Some(group_count) = count_groups(pattern) else {
        return Some("a parenthesis or bracket of its pattern is not closed");
    };
    if !has_groups(replacement, group_count) {
        return Some("its replacement refers to a group that the pattern does not have");
    }
    flags.iter().any(|&flag| flag != b'i').then_some("the only flag is i")
}

/// Splits at the first mark that no backslash precedes.
fn split_at_mark(text: &[u8], mark: u8) -> Option<(&[u8], &[u8])> {
    let mut at = 0;
    while let Some(&octet) = text.get(at) {
        if octet == mark {
            return Some((&text[..at], &text[at + 1..]));
        }
        at += if octet == b'\\' { 2 } else { 1 };
    }
    None
}

/// How many groups an extended regular expression has; `None` if a group or a bracket is left open.
fn count_groups(pattern: &[u8]) -> Option<usize> {
    let (mut count, mut depth) = (0_usize, 0_usize);
    let mut at = 0;
    while let Some(&octet) = pattern.get(at) {
        at += 1;
        match octet {
            b'\\' => at += 1,
            b'[' => {
                // A bracket right at the start, negated or not, is a member of the set.
                at += usize::from(pattern.get(at) == Some(&b'^'));
                at += usize::from(pattern.get(at) == Some(&b']'));
                at += memchr::memchr(b']', pattern.get(at..)?)? + 1;
            }
            b'(' => (count, depth) = (count + 1, depth + 1),
            // On its own it stands for itself.
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    (depth == 0).then_some(count)
}

/// Whether every `\1` to `\9` of a replacement has its group, and there is no `\0`.
fn has_groups(replacement: &[u8], group_count: usize) -> bool {
    let mut rest = replacement;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let Some((escaped, after)) = rest[at + 1..].split_first() else { return true };
        let group = usize::from(escaped.wrapping_sub(b'0'));
        if escaped.is_ascii_digit() && !(1..=group_count).contains(&group) {
            return false;
        }
        rest = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_as_bind_takes_them() {
        for good in [
            "",
            "!^.*$!sip:info@example.com!",
            "!^(.*)$!\\1!i",
            "!(a)!\\1!ii",
            "/urn:cid:.+@([^\\.]+\\.)(.*)$/\\2/i",
            "!a\\!b!c!",
            "!a!b\\!c!",
            "!a)!x!",
            "![](]!x!",
            "!a!!",
            "!a!\\\\!",
        ] {
            assert_eq!(defect(good.as_bytes()), None, "{good}");
        }
        for (bad, what) in [
            ("blurgh", "no end"),
            ("!", "no end"),
            ("!a", "no end"),
            ("!a!b", "no end"),
            ("!a!b\\!", "no end"),
            ("!!x!", "empty"),
            ("1a1b1", "digit"),
            ("iaibi", "an i"),
            ("!(a!x!", "not closed"),
            ("![a!x!", "not closed"),
            ("![]!x!", "not closed"),
            ("!a!\\1!", "group"),
            ("!(a)(b)!\\2\\0!", "group"),
            ("!(a)!\\1!g", "flag"),
            ("!a!b!c!", "flag"),
        ] {
            assert!(
                defect(bad.as_bytes()).is_some_and(|found| found.contains(what)),
                "{bad}: {:?}",
                defect(bad.as_bytes())
            );
        }
    }
}
