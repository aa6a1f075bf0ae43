//! Entries to records: owner, TTL and class defaults, and the directives that change them.

mod blocks;
mod plain;
mod windows;

use super::header::Header;
use super::lexer::{Entry, Lexer};
use super::problem;
use super::report::{Problem, fault_problem};
use super::source::Source;
use super::{ReadOptions, directive};
use crate::base::name::{self, NameError};
use crate::base::{Class, Diagnostics, Name, NameBuf, Rtype, Ttl};
use crate::rdata::{self, RdataError, Token};
use crate::zone::arena::Span;
use crate::zone::{RawRecord, RecordStore};
use plain::Leads;

/// What an entry inherits from those before it. `$INCLUDE` puts origin and owner back afterwards.
#[derive(Clone)]
pub(super) struct State {
    pub origin: Option<NameBuf>,
    /// From `$TTL`, or from the SOA's MINIMUM where that has to do.
    pub default_ttl: Option<Ttl>,
    /// Of the last record that had a TTL of its own.
    pub last_ttl: Option<Ttl>,
    pub owner: Owner,
}

/// The owner that a blank-led entry continues.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// There was no record yet.
    Nobody,
    /// It was malformed, and that has been reported.
    Malformed,
    Known(Span),
}

/// How far a source has been read.
struct Cursor<'a> {
    lexer: Lexer<'a>,
    tokens: Vec<Token<'a>>,
    /// The owner field read last, if the same text would still mean the owner in the state.
    owner_text: Option<&'a [u8]>,
    leads: Leads<'a>,
    /// Whether the source goes on behind its text, which ends with a line.
    goes_on: bool,
    /// The entry that may go on behind the text.
    open_end: Option<Entry>,
}

impl<'a> Cursor<'a> {
    fn new(lexer: Lexer<'a>, goes_on: bool) -> Self {
        let tokens = Vec::with_capacity(32);
        Self { lexer, tokens, owner_text: None, leads: Leads::default(), goes_on, open_end: None }
    }
}

/// A run of reading: what all its sources share.
pub(super) struct Reader<'r> {
    pub options: &'r ReadOptions,
    pub findings: &'r mut Diagnostics,
    pub store: RecordStore,
    pub state: State,
    /// How long the blocks are that workers read ahead; shorter sources are read in order.
    pub block_len: usize,
    /// The class of the first record, which all others must have.
    zone_class: Option<Class>,
    pub include_count: u32,
    pub generated_count: u64,
    /// Whether the record that should have given a TTL is faulty, or the lack of a TTL has been reported: no more of it.
    pub lacks_ttl_by_fault: bool,
    /// Wire form of the owner stored last, and where it is stored.
    owner_wire: Vec<u8>,
    owner_span: Option<Span>,
    /// Wire form of the name being read.
    scratch: Vec<u8>,
    /// RDATA of the record being read.
    rdata: Vec<u8>,
}

impl<'r> Reader<'r> {
    pub(super) fn new(options: &'r ReadOptions, findings: &'r mut Diagnostics) -> Self {
        let origin = options.origin.clone();
        Self {
            options,
            findings,
            store: RecordStore::new(),
            state: State { origin, default_ttl: None, last_ttl: None, owner: Owner::Nobody },
            block_len: usize::MAX,
            zone_class: None,
            include_count: 0,
            generated_count: 0,
            lacks_ttl_by_fault: false,
            owner_wire: Vec::new(),
            owner_span: None,
            scratch: Vec::new(),
            rdata: Vec::new(),
        }
    }

    /// Reads all entries of a source.
    pub(super) fn read_source(&mut self, source: &Source<'_>) {
        self.read_part(source, None, false);
    }

    /// Reads the entries of a part of a source, from an offset in it on, which is in some line, or from its beginning; up to
    /// the first that may go on behind the part, if there is more. Returns where, and in which line, reading stopped; `None`
    /// if there is nothing to be read.
    fn read_part(&mut self, source: &Source<'_>, from: Option<(usize, u32)>, goes_on: bool) -> Option<(usize, u32)> {
        let (start, line) = match from {
            Some(from) => from,
            None => (self.skip_byte_order_mark(source)?, 1),
        };
        let lexer = Lexer::new(source.text, start).at_line(line);
        let mut cursor = Cursor::new(lexer, goes_on);
        if source.is_generated() {
            self.read_entries(source, &mut cursor, source.text.len());
        } else {
            blocks::read(self, source, &mut cursor);
        }
        let Cursor { lexer, open_end, .. } = cursor;
        Some(open_end.map_or_else(|| (lexer.at(), lexer.line()), |entry| (entry.start, entry.line)))
    }

    /// Reads the entries of a source in order, up to the first that starts at `stop` or further on. Generated text ends at
    /// its first error: the others would be the same.
    fn read_entries<'a>(&mut self, source: &Source<'a>, cursor: &mut Cursor<'a>, stop: usize) {
        cursor.lexer.stop_at(stop);
        let errors_before = self.findings.error_count();
        loop {
            if self.read_plain_line(source, cursor) {
                continue;
            }
            let Some((entry, lexed)) = cursor.lexer.next_entry(&mut cursor.tokens) else { return };
            let result = match lexed {
                Ok(()) => self.read_entry(source, entry, cursor),
                Err(fault) if cursor.goes_on && fault.is_open_end => {
                    cursor.open_end = Some(entry);
                    return cursor.lexer.skip(source.text.len(), 0);
                }
                Err(fault) => {
                    self.inherit_owner_of_faulty(source, entry, &cursor.tokens, &mut cursor.owner_text);
                    Err(fault_problem(fault))
                }
            };
            if let Err(problem) = result {
                self.report(source, entry, problem);
            }
            if source.is_generated() && self.findings.error_count() > errors_before {
                return;
            }
        }
    }

    /// Where the text starts behind a byte order mark, which is reported (ZF-17); `None` if the text is UTF-16.
    fn skip_byte_order_mark(&mut self, source: &Source<'_>) -> Option<usize> {
        const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
        let (start, problem) = match source.text {
            _ if source.is_generated() => return Some(0),
            text if text.starts_with(BYTE_ORDER_MARK) => (Some(BYTE_ORDER_MARK.len()), problem::byte_order_mark()),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => (None, problem::utf_16()),
            _ => return Some(0),
        };
        self.report(source, Entry { start: 0, line: 1, is_blank_led: false }, problem);
        start
    }

    /// Adds a finding about an entry.
    #[cold]
    pub(super) fn report(&mut self, source: &Source<'_>, entry: Entry, problem: Problem) {
        self.findings.push_with(problem.severity(), || problem.locate(source, entry));
    }

    /// Reads the entry whose tokens the cursor has.
    fn read_entry<'a>(&mut self, source: &Source<'a>, entry: Entry, cursor: &mut Cursor<'a>) -> Result<(), Problem> {
        let Cursor { tokens, owner_text, leads, .. } = cursor;
        let mut header_at = 0;
        if !entry.is_blank_led {
            if is_directive(entry, tokens) && !source.is_generated() {
                *owner_text = None;
                return directive::obey(self, source, entry, tokens);
            }
            self.read_owner(source, entry, &tokens[0], owner_text);
            header_at = 1;
        }
        let header = Header::read(tokens, header_at)?;
        self.read_record(source, entry, tokens, header)?;
        leads.note(source.text, entry, tokens, header);
        Ok(())
    }

    /// An entry that could not be read whole still names the owner of the blank-led entries after it.
    #[cold]
    fn inherit_owner_of_faulty<'a>(
        &mut self,
        source: &Source<'a>,
        entry: Entry,
        tokens: &[Token<'a>],
        owner_text: &mut Option<&'a [u8]>,
    ) {
        self.lacks_ttl_by_fault = true;
        let Some(first) = tokens.first().filter(|_| !entry.is_blank_led) else { return };
        if first.is_quoted || first.text.first() != Some(&b'$') {
            self.read_owner(source, entry, first, owner_text);
        }
    }

    /// Reads the owner field into the state; `previous` is the text of the one before, if it still means the same.
    fn read_owner<'a>(
        &mut self,
        source: &Source<'a>,
        entry: Entry,
        token: &Token<'a>,
        previous: &mut Option<&'a [u8]>,
    ) {
        if *previous == Some(token.text) && !token.is_quoted {
            return;
        }
        *previous = None;
        let mut wire = std::mem::take(&mut self.scratch);
        wire.clear();
        match self.push_name(source, entry, token, &mut wire) {
            Ok(()) => {
                let owner = Owner::Known(self.intern_owner(&mut wire));
                *previous = (!token.is_quoted).then_some(token.text);
                // Once for records that follow each other, whether or not the text of the one before is known.
                if std::mem::replace(&mut self.state.owner, owner) != owner {
                    self.warn_if_owner_looks_absolute(source, entry, token);
                }
            }
            Err(problem) => {
                self.state.owner = Owner::Malformed;
                self.report(source, entry, problem);
            }
        }
        self.scratch = wire;
    }

    /// Stores an owner, or finds it to be the one stored last under another spelling such as `@`. Swaps it with
    /// `owner_wire`.
    fn intern_owner(&mut self, wire: &mut Vec<u8>) -> Span {
        if let Some(span) = self.owner_span
            && *wire == self.owner_wire
        {
            return span;
        }
        let span = self.store.intern(wire);
        self.owner_span = Some(span);
        std::mem::swap(wire, &mut self.owner_wire);
        span
    }

    /// Appends the wire form of a name. Without an origin a relative name is reported once, and then the root stands in:
    /// the zone is refused anyway, and what else is wrong with it can still be told.
    pub(super) fn push_name(
        &mut self,
        source: &Source<'_>,
        entry: Entry,
        token: &Token<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        // In quotes an at sign is no origin, but a label (ZF-3).
        let text = if token.is_quoted && token.text == b"@" { b"\\@" } else { token.text };
        let origin = self.state.origin.as_ref().map(NameBuf::as_name);
        match name::push_wire_from_text(text, origin, out) {
            Ok(()) => Ok(()),
            Err(NameError::NoOrigin) => {
                self.report_no_origin(source, entry, token);
                let result = name::push_wire_from_text(text, Some(Name::ROOT), out);
                result.map_err(|error| problem::bad_name(token, error))
            }
            Err(error) => Err(problem::bad_name(token, error)),
        }
    }

    #[cold]
    fn report_no_origin(&mut self, source: &Source<'_>, entry: Entry, token: &Token<'_>) {
        self.report(source, entry, problem::no_origin(token));
        self.state.origin = Some(NameBuf::root());
    }

    /// `www.example.com` without its final dot, in example.com, is www.example.com.example.com.
    fn warn_if_owner_looks_absolute(&mut self, source: &Source<'_>, entry: Entry, token: &Token<'_>) {
        let Some(origin) = self.state.origin.as_ref().map(NameBuf::as_name) else { return };
        if ends_in_origin_twice(&self.owner_wire, origin) && !token.text.ends_with(b".") {
            self.report(source, entry, problem::looks_absolute(token, origin));
        }
    }

    /// Reads the data of a record and stores it.
    fn read_record(
        &mut self,
        source: &Source<'_>,
        entry: Entry,
        tokens: &[Token<'_>],
        header: Header,
    ) -> Result<(), Problem> {
        let Header { rtype, rdata_at, .. } = header;
        // Taken first: the records after a faulty one still inherit its TTL.
        self.state.last_ttl = header.ttl.or(self.state.last_ttl);
        let class = self.check_class(tokens, &header)?;
        if rtype.is_meta() {
            return Err(problem::meta_type(&tokens[rdata_at - 1], rtype));
        }
        self.read_rdata(source, entry, tokens, &header)
            .inspect_err(|_| self.lacks_ttl_by_fault |= rtype == Rtype::SOA)?;
        let ttl = self.choose_ttl(source, entry, tokens, &header)?;
        match self.state.owner {
            Owner::Known(owner) => {
                self.push_record(source, entry, owner, ttl, class, rtype);
                Ok(())
            }
            Owner::Malformed => Ok(()),
            Owner::Nobody => {
                // Once: the entries after it have no owner for the same reason.
                self.state.owner = Owner::Malformed;
                Err(problem::no_owner(&tokens[0]))
            }
        }
    }

    /// Stores the record whose RDATA was just read.
    fn push_record(&mut self, source: &Source<'_>, entry: Entry, owner: Span, ttl: Ttl, class: Class, rtype: Rtype) {
        let rdata = self.store.intern(&self.rdata);
        let (line, file) = (source.record_line(entry), source.file);
        self.store.push(RawRecord { owner, rdata, ttl, line, rtype, class, file });
    }

    /// The class of a record: its own, or that of the zone, which is IN if the first record does not say.
    fn check_class(&mut self, tokens: &[Token<'_>], header: &Header) -> Result<Class, Problem> {
        let class = header.class.or(self.zone_class).unwrap_or(Class::IN);
        match self.zone_class {
            Some(zone_class) if zone_class == class => Ok(class),
            Some(zone_class) => Err(problem::class_mismatch(&tokens[header.rdata_at - 1], class, zone_class)),
            None if matches!(class.0, 0 | 254 | 255) => Err(problem::meta_class(&tokens[header.rdata_at - 1], class)),
            None => {
                self.zone_class = Some(class);
                Ok(class)
            }
        }
    }

    /// Reads the RDATA into `self.rdata`.
    fn read_rdata(
        &mut self,
        source: &Source<'_>,
        entry: Entry,
        tokens: &[Token<'_>],
        header: &Header,
    ) -> Result<(), Problem> {
        let fields = &tokens[header.rdata_at..];
        let rtype = header.rtype;
        self.rdata.clear();
        let origin = self.state.origin.as_ref().map(NameBuf::as_name);
        let mut result = rdata::push_wire_from_text(rtype, fields, origin, &mut self.rdata);
        if result.is_err() && origin.is_none() {
            result = self.retry_with_stand_in_origin(source, entry, fields, rtype, result);
        }
        result.map_err(|error| problem::rdata_problem(tokens, header.rdata_at, error))?;
        if let Some(problem) = self.rdata_warning(fields, rtype) {
            self.report(source, entry, problem);
        }
        Ok(())
    }

    /// If the root as origin makes the RDATA readable, then the missing origin was the fault.
    #[cold]
    fn retry_with_stand_in_origin(
        &mut self,
        source: &Source<'_>,
        entry: Entry,
        fields: &[Token<'_>],
        rtype: Rtype,
        result: Result<(), RdataError>,
    ) -> Result<(), RdataError> {
        self.rdata.clear();
        let retried = rdata::push_wire_from_text(rtype, fields, Some(Name::ROOT), &mut self.rdata);
        let at_fault = result.as_ref().err().and_then(|error| fields.get(error.token?));
        match (retried, at_fault) {
            (Ok(()), Some(token)) => {
                self.report_no_origin(source, entry, token);
                Ok(())
            }
            _ => result,
        }
    }

    /// What is legal in RDATA and yet probably not meant.
    fn rdata_warning(&self, fields: &[Token<'_>], rtype: Rtype) -> Option<Problem> {
        match rtype {
            // The types that zones name hosts with, and whose last field is the name.
            Rtype::NS | Rtype::CNAME | Rtype::PTR | Rtype::MX | Rtype::DNAME | Rtype::SRV => {
                let origin = self.state.origin.as_ref()?.as_name();
                let last = fields.last()?;
                (!last.text.ends_with(b".") && ends_in_origin_twice(&self.rdata, origin))
                    .then(|| problem::looks_absolute(last, origin))
            }
            Rtype::SVCB | Rtype::HTTPS if self.rdata.starts_with(&[0, 0]) => {
                let (_, parameters) = Name::parse_wire(&self.rdata[2..]).ok()?;
                (!parameters.is_empty()).then(|| problem::alias_with_parameters(&fields[0], rtype))
            }
            _ => None,
        }
    }

    /// The TTL a record has of its own, or from those before it.
    fn inherit_ttl(&self, header: &Header) -> Option<Ttl> {
        header.ttl.or(self.state.default_ttl).or(self.state.last_ttl)
    }

    /// The TTL of the record whose RDATA was just read (ZF-6): its own, that of `$TTL`, that of the record before, or for
    /// want of all these the SOA's MINIMUM, which then stands for `$TTL`.
    fn choose_ttl(
        &mut self,
        source: &Source<'_>,
        entry: Entry,
        tokens: &[Token<'_>],
        header: &Header,
    ) -> Result<Ttl, Problem> {
        if let Some(ttl) = self.inherit_ttl(header) {
            return Ok(ttl);
        }
        let type_token = &tokens[header.rdata_at - 1];
        if header.rtype != Rtype::SOA {
            if std::mem::replace(&mut self.lacks_ttl_by_fault, true) {
                return Ok(Ttl::ZERO);
            }
            return Err(problem::no_ttl(type_token));
        }
        let minimum = self.rdata.last_chunk::<4>().map_or(0, |octets| u32::from_be_bytes(*octets));
        let Some(ttl) = Ttl::new(minimum) else {
            self.lacks_ttl_by_fault = true;
            return Err(problem::minimum_too_large(tokens, minimum));
        };
        self.state.default_ttl = Some(ttl);
        if !self.lacks_ttl_by_fault {
            self.report(source, entry, problem::ttl_from_minimum(type_token, ttl));
        }
        Ok(ttl)
    }
}

/// Whether an entry is a directive. In generated text a `$` is no sign of one.
fn is_directive(entry: Entry, tokens: &[Token<'_>]) -> bool {
    !entry.is_blank_led && tokens.first().is_some_and(|first| first.text.first() == Some(&b'$') && !first.is_quoted)
}

/// Whether wire bytes end in the origin twice over. A short origin (`com.`) is too likely to be meant.
fn ends_in_origin_twice(wire: &[u8], origin: Name<'_>) -> bool {
    let origin = origin.as_wire();
    let labels = &origin[..origin.len() - 1];
    let Some(front) = wire.len().checked_sub(origin.len()) else { return false };
    let Some(start) = front.checked_sub(labels.len()) else { return false };
    wire[start..front].eq_ignore_ascii_case(labels)
        && wire[front..].eq_ignore_ascii_case(origin)
        && labels.first().is_some_and(|&len| usize::from(len) + 1 < labels.len())
}
