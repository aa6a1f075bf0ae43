//! The syntax of named.conf: statements of words and blocks, ended by semicolons; three kinds of comments.

/// A statement: `words { block } words;`.
#[derive(Debug)]
pub(super) struct Statement {
    /// The line of its first word.
    pub(super) line: usize,
    /// Its words before and after the block.
    pub(super) words: Vec<String>,
    /// What is between its braces.
    pub(super) block: Option<Vec<Self>>,
}

impl Statement {
    /// A word by its place; empty if there is none.
    pub(super) fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", String::as_str)
    }

    /// Its words, for messages.
    pub(super) fn text(&self) -> String {
        self.words.join(" ")
    }
}

/// What a text is made of.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Open,
    Close,
    End,
}

/// Deeper than any configuration nests.
const DEPTH_MAX: usize = 50;

/// Reads statements.
///
/// # Errors
/// The line and what is wrong there.
pub(super) fn parse(text: &str) -> Result<Vec<Statement>, (usize, &'static str)> {
    // The statements of each open block, the innermost last, each with the statement that is being read.
    let mut open: Vec<(Vec<Statement>, Option<Statement>)> = vec![(Vec::new(), None)];
    let mut lexer = Lexer { rest: text, line: 1 };
    while let Some((line, token)) = lexer.next_token()? {
        let depth = open.len();
        let Some((statements, current)) = open.last_mut() else { return Err((line, "a closing brace too many")) };
        match token {
            Token::Word(word) => {
                let statement = current.get_or_insert_with(|| Statement { line, words: Vec::new(), block: None });
                statement.words.push(word);
            }
            Token::End => statements.extend(current.take()),
            Token::Open if depth >= DEPTH_MAX => return Err((line, "blocks nest too deep")),
            Token::Open => {
                current.get_or_insert_with(|| Statement { line, words: Vec::new(), block: None });
                open.push((Vec::new(), None));
            }
            Token::Close => {
                if current.is_some() {
                    return Err((line, "a semicolon is missing before the closing brace"));
                }
                let block = std::mem::take(statements);
                open.pop();
                match open.last_mut() {
                    Some((_, Some(statement))) => statement.block = Some(block),
                    _ => return Err((line, "a closing brace too many")),
                }
            }
        }
    }
    match (open.pop(), open.is_empty()) {
        (Some((statements, None)), true) => Ok(statements),
        (_, true) => Err((lexer.line, "the last statement has no semicolon")),
        (_, false) => Err((lexer.line, "a closing brace is missing")),
    }
}

struct Lexer<'t> {
    rest: &'t str,
    line: usize,
}

impl Lexer<'_> {
    /// The next token and its line.
    fn next_token(&mut self) -> Result<Option<(usize, Token)>, (usize, &'static str)> {
        self.skip_blanks()?;
        let line = self.line;
        let token = match self.rest.bytes().next() {
            None => return Ok(None),
            Some(b'{') => self.take_sign(Token::Open),
            Some(b'}') => self.take_sign(Token::Close),
            Some(b';') => self.take_sign(Token::End),
            Some(b'"') => self.take_string()?,
            Some(_) => {
                let is_end = |sign: char| sign.is_whitespace() || matches!(sign, '{' | '}' | ';' | '"');
                let end = self.rest.find(is_end).unwrap_or(self.rest.len());
                let (word, rest) = self.rest.split_at(end);
                self.rest = rest;
                Token::Word(word.to_owned())
            }
        };
        Ok(Some((line, token)))
    }

    fn take_sign(&mut self, token: Token) -> Token {
        self.rest = &self.rest[1..];
        token
    }

    /// A quoted string; a backslash shelters the sign after it.
    fn take_string(&mut self) -> Result<Token, (usize, &'static str)> {
        let mut word = String::new();
        let mut signs = self.rest.char_indices().skip(1);
        while let Some((at, sign)) = signs.next() {
            match sign {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(Token::Word(word));
                }
                '\\' => word.extend(signs.next().map(|(_, sheltered)| sheltered)),
                '\n' => break,
                _ => word.push(sign),
            }
        }
        Err((self.line, "a quote is not closed"))
    }

    fn skip_blanks(&mut self) -> Result<(), (usize, &'static str)> {
        loop {
            let trimmed = self.rest.trim_start();
            self.skip_to(self.rest.len() - trimmed.len());
            if self.rest.starts_with('#') || self.rest.starts_with("//") {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.skip_to(end);
            } else if self.rest.starts_with("/*") {
                let end = self.rest.find("*/").ok_or((self.line, "a comment is not closed"))?;
                self.skip_to(end + 2);
            } else {
                return Ok(());
            }
        }
    }

    fn skip_to(&mut self, end: usize) {
        let (skipped, rest) = self.rest.split_at(end);
        self.line += skipped.bytes().filter(|byte| *byte == b'\n').count();
        self.rest = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_words_and_blocks() {
        let statements = parse("a b; // x;\n# y;\n/* z;\n */ c \"d e\\\"\" {\n f; g { h 1; }; } tail;\n")
            .expect("the test's text is right");
        let shown: Vec<_> = statements.iter().map(|statement| (statement.line, statement.text())).collect();
        assert_eq!(shown, [(1, "a b".to_owned()), (4, "c d e\" tail".to_owned())]);
        let block = statements[1].block.as_ref().expect("c has a block");
        assert_eq!((block[1].line, block[1].word(0), block[1].block.as_ref().map(Vec::len)), (5, "g", Some(1)));
    }

    #[test]
    fn what_is_wrong_has_a_line() {
        for (text, expected) in [
            ("a;\nb", (2, "the last statement has no semicolon")),
            ("a {\n b;", (2, "a closing brace is missing")),
            ("a;\n}", (2, "a closing brace too many")),
            ("a {\n b }", (2, "a semicolon is missing before the closing brace")),
            ("\n\"a", (2, "a quote is not closed")),
            ("/* a", (1, "a comment is not closed")),
        ] {
            assert_eq!(parse(text).map(|_| ()), Err(expected), "{text}");
        }
        assert!(parse(&"a {".repeat(100)).is_err());
    }
}
