//! A small splitter of record data into tokens, and the calls under test in terms of plain text.

use zoneseal::base::{NameBuf, Rtype};
use zoneseal::rdata::{RdataError, Token, push_text, push_wire_from_text};

/// Tokens of one line: words, and strings in quotes. Quotes inside a word belong to it, as in `alpn="h2 h3"`.
pub(crate) fn tokens(line: &[u8]) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < line.len() {
        if line[at] == b' ' {
            at += 1;
            continue;
        }
        let start = at;
        let mut is_open = false;
        while at < line.len() && (is_open || line[at] != b' ') {
            match line[at] {
                b'\\' => at += 1,
                b'"' => is_open = !is_open,
                _ => {}
            }
            at += 1;
        }
        let word = &line[start..at.min(line.len())];
        tokens.push(match word {
            [b'"', inner @ .., b'"'] => Token { text: inner, is_quoted: true, offset: start + 1 },
            _ => Token { text: word, is_quoted: false, offset: start },
        });
    }
    tokens
}

/// Wire form of text, names completed with `example.`.
pub(crate) fn wire(rtype: Rtype, text: &[u8]) -> Result<Vec<u8>, RdataError> {
    let origin: NameBuf = "example.".parse().unwrap();
    let mut out = Vec::new();
    push_wire_from_text(rtype, &tokens(text), Some(origin.as_name()), &mut out)?;
    Ok(out)
}

/// Text of wire form.
pub(crate) fn text(rtype: Rtype, rdata: &[u8]) -> String {
    let mut out = Vec::new();
    push_text(rtype, rdata, &mut out);
    String::from_utf8(out).expect("text is ASCII")
}

/// The type a mnemonic names.
#[track_caller]
pub(crate) fn rtype(mnemonic: &str) -> Rtype {
    Rtype::from_text(mnemonic.as_bytes()).unwrap_or_else(|| panic!("{mnemonic} is a type"))
}

/// Hex in capitals.
pub(crate) fn hex(data: &[u8]) -> String {
    data_encoding::HEXUPPER.encode(data)
}
