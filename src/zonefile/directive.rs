//! `$ORIGIN`, `$TTL`, `$INCLUDE`; [`super::generate`] has `$GENERATE`.

use super::header::read_ttl;
use super::lexer::Entry;
use super::parser::{Reader, State};
use super::report::{Problem, end_of, quote, shown, start_of};
use super::source::{Parent, ReadError, Source, read_file};
use super::{Includes, generate, problem};
use crate::base::{Name, text};
use crate::rdata::Token;
use std::path::{Path, PathBuf};

/// How many files may be open inside each other, the first not counted.
pub(super) const INCLUDE_DEPTH_MAX: usize = 20;
/// How many files one zone may include. Without it twenty files that each include the next one ten times would be
/// read 10^20 times.
pub(super) const INCLUDE_COUNT_MAX: u32 = 10_000;

/// Carries out the directive that `tokens` start with.
pub(super) fn obey(
    reader: &mut Reader<'_>,
    source: &Source<'_>,
    entry: Entry,
    tokens: &[Token<'_>],
) -> Result<(), Problem> {
    let name = &tokens[0];
    if name.text.eq_ignore_ascii_case(b"$TTL") {
        let ttl = only_argument(tokens, "$TTL", "a TTL").and_then(read_ttl);
        // There is one to be inherited: it is only not known which.
        reader.lacks_ttl_by_fault |= ttl.is_err();
        reader.state.default_ttl = Some(ttl?);
        Ok(())
    } else if name.text.eq_ignore_ascii_case(b"$ORIGIN") {
        let token = only_argument(tokens, "$ORIGIN", "a name")?;
        set_origin(reader, source, entry, token)
    } else if name.text.eq_ignore_ascii_case(b"$INCLUDE") {
        include(reader, source, entry, tokens)
    } else if name.text.eq_ignore_ascii_case(b"$GENERATE") {
        generate::generate(reader, source, entry, tokens)
    } else {
        Err(unknown_directive(name))
    }
}

#[cold]
fn unknown_directive(token: &Token<'_>) -> Problem {
    Problem::error(token.offset, "unknown-directive", format!("{} is not a directive", quote(token.text)))
        .because("ZF-10")
        .help("the directives are $TTL, $ORIGIN, $INCLUDE and $GENERATE; a name that starts with $ is written \\$")
}

/// The argument of a directive that takes exactly one.
fn only_argument<'t, 'a>(tokens: &'t [Token<'a>], directive: &str, what: &str) -> Result<&'t Token<'a>, Problem> {
    match tokens {
        [_, argument] => Ok(argument),
        [_, _, extra, ..] => Err(extra_argument(extra, directive)),
        _ => Err(missing_argument(tokens, directive, what)),
    }
}

/// Something follows the last argument of a directive.
#[cold]
fn extra_argument(extra: &Token<'_>, directive: &str) -> Problem {
    let message = format!("{} follows the last argument of {directive}", quote(extra.text));
    Problem::error(start_of(extra), "extra-argument", message).because("RFC 1035 section 5.1").help("remove it")
}

/// A directive ends before an argument.
#[cold]
pub(super) fn missing_argument(tokens: &[Token<'_>], directive: &str, what: &str) -> Problem {
    let offset = tokens.last().map_or(0, end_of);
    Problem::error(offset, "missing-argument", format!("{directive} lacks its argument, {what}"))
        .because("RFC 1035 section 5.1")
}

fn set_origin(reader: &mut Reader<'_>, source: &Source<'_>, entry: Entry, token: &Token<'_>) -> Result<(), Problem> {
    let mut wire = Vec::new();
    reader.push_name(source, entry, token, &mut wire)?;
    let origin = Name::from_wire(&wire).map_err(|error| problem::bad_name(token, error))?;
    reader.state.origin = Some(origin.to_owned());
    Ok(())
}

/// `$INCLUDE file [origin]`: the file is relative to the directory of the file that includes it. Afterwards origin
/// and owner are as they were (ZF-8).
fn include(reader: &mut Reader<'_>, source: &Source<'_>, entry: Entry, tokens: &[Token<'_>]) -> Result<(), Problem> {
    let (file, origin) = match tokens {
        [_, file] => (file, None),
        [_, file, origin] => (file, Some(origin)),
        [_, _, _, extra, ..] => return Err(extra_argument(extra, "$INCLUDE")),
        _ => return Err(missing_argument(tokens, "$INCLUDE", "a file name")),
    };
    let path = source.directory.join(file_name(file)?);
    let identity = check_include(reader, source, file, &path)?;
    let text = read_file(&path).map_err(|error| unreadable(file, &error))?;
    let name = path.display().to_string();
    let included = Source {
        text: &text,
        file: reader.store.add_file(&name),
        name: name.into(),
        directory: path.parent().unwrap_or_else(|| Path::new("")),
        identity: Some(identity),
        parent: Parent::Included { by: source, line: entry.line },
    };
    let State { origin: outer_origin, owner, .. } = reader.state.clone();
    if let Some(origin) = origin {
        set_origin(reader, source, entry, origin)?;
    }
    reader.read_source(&included);
    // The TTLs go on, as in BIND and NSD: RFC 1035 has only origin and owner come back.
    reader.state.origin = outer_origin;
    reader.state.owner = owner;
    if reader.options.keeps_included {
        reader.store.keep_included(path, text);
    }
    Ok(())
}

/// The file name in a token, its escapes resolved.
fn file_name(token: &Token<'_>) -> Result<String, Problem> {
    let mut octets = Vec::with_capacity(token.text.len());
    if !text::push_unescaped(token.text, &mut octets) {
        return Err(bad_file_name(token));
    }
    match String::from_utf8(octets) {
        Ok(name) if !name.is_empty() => Ok(name),
        _ => Err(bad_file_name(token)),
    }
}

#[cold]
fn bad_file_name(token: &Token<'_>) -> Problem {
    Problem::error(start_of(token), "bad-file-name", format!("{} is not a file name", quote(token.text)))
        .because("RFC 1035 section 5.1")
        .help("write a file name in UTF-8, in quotes if it holds blanks; a backslash is written \\\\")
}

/// Refuses an include that is not allowed, or would never end; returns the file with symbolic links resolved.
fn check_include(
    reader: &mut Reader<'_>,
    source: &Source<'_>,
    file: &Token<'_>,
    path: &Path,
) -> Result<PathBuf, Problem> {
    let refuse =
        |why: String, help: &str| Problem::error(start_of(file), "include-refused", why).because("ZF-8").help(help);
    if matches!(reader.options.includes, Includes::Refuse) {
        return Err(refuse("$INCLUDE is not allowed here".into(), "put the included text in its place"));
    }
    let identity = path.canonicalize().map_err(|error| cannot_read(file, &format!("{}: {error}", path.display())))?;
    if let Includes::Within(root) = &reader.options.includes
        && !root.canonicalize().is_ok_and(|root| identity.starts_with(root))
    {
        let why = format!("{} lies outside {}, where includes must be", path.display(), root.display());
        return Err(refuse(why, "move the file there"));
    }
    let mut depth = 1;
    let mut outer = Some(source);
    while let Some(open) = outer {
        if open.identity.as_ref() == Some(&identity) {
            let why = format!("{} includes itself", shown(path.as_os_str().as_encoded_bytes()));
            return Err(refuse(why, "remove one of the $INCLUDEs on the way"));
        }
        outer = open.includer().map(|(by, _)| by);
        depth += usize::from(outer.is_some());
    }
    if depth > INCLUDE_DEPTH_MAX {
        let why = format!("files are included more than {INCLUDE_DEPTH_MAX} levels deep");
        return Err(refuse(why, "include the file further up"));
    }
    reader.include_count += 1;
    if reader.include_count > INCLUDE_COUNT_MAX {
        let why = format!("the zone includes more than {INCLUDE_COUNT_MAX} files");
        return Err(refuse(why, "join the files"));
    }
    Ok(identity)
}

#[cold]
fn unreadable(token: &Token<'_>, error: &ReadError) -> Problem {
    cannot_read(token, &error.to_string())
}

#[cold]
fn cannot_read(token: &Token<'_>, why: &str) -> Problem {
    Problem::error(start_of(token), "include-unreadable", format!("the file cannot be included: {why}"))
        .because("ZF-8")
        .help("a relative file name starts at the directory of the file that includes it")
}
