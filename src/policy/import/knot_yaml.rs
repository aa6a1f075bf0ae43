//! Knot's `policy:` section as a tree with lines.

use saphyr_parser::{Event, Parser};

/// A value.
#[derive(Debug)]
pub(super) enum Value {
    Scalar(String),
    List(Vec<Node>),
    /// Keys and values, in the order of the file.
    Map(Vec<(Node, Node)>),
}

/// A value and its line.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) value: Value,
}

impl Node {
    /// Its text, if it is a scalar.
    pub(super) fn text(&self) -> &str {
        match &self.value {
            Value::Scalar(text) => text,
            Value::List(_) | Value::Map(_) => "",
        }
    }

    /// The texts of a list, or of a scalar that stands for a list of one.
    pub(super) fn texts(&self) -> Vec<&str> {
        match &self.value {
            Value::List(items) => items.iter().map(Self::text).collect(),
            Value::Scalar(text) => vec![text],
            Value::Map(_) => Vec::new(),
        }
    }
}

/// The items of the `policy` section.
///
/// Only that section is given to the YAML parser: in others Knot takes text that is no YAML.
///
/// # Errors
/// The line and what is wrong there.
pub(super) fn policies(text: &str) -> Result<Vec<Node>, (usize, String)> {
    let section = only_section(text, "policy");
    let Some(root) = parse(&section)? else { return Ok(Vec::new()) };
    let Value::Map(entries) = root.value else { return Ok(Vec::new()) };
    let lists = entries.into_iter().filter_map(|(_, node)| match node.value {
        Value::List(items) => Some(items),
        Value::Map(_) => Some(vec![node]),
        Value::Scalar(_) => None,
    });
    Ok(lists.flatten().collect())
}

/// The text with all lines emptied that are not in sections of a name.
fn only_section(text: &str, name: &str) -> String {
    let mut is_inside = false;
    let mut section = String::with_capacity(text.len());
    let mut is_first = true;
    for line in text.lines() {
        if line.starts_with(|sign: char| sign.is_ascii_alphabetic()) {
            is_inside = line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with(':'));
            if is_inside && !std::mem::take(&mut is_first) {
                // The items of a section that is there again go on with those of the first.
                section.push('\n');
                continue;
            }
        }
        if is_inside {
            section.push_str(line);
        }
        section.push('\n');
    }
    section
}

/// A list or map that is being read.
enum Open {
    List(usize, Vec<Node>),
    Map(usize, Vec<(Node, Node)>, Option<Node>),
}

/// Reads one document into a tree, without recursion.
fn parse(text: &str) -> Result<Option<Node>, (usize, String)> {
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| (error.marker().line(), error.info().to_owned()))?;
        let line = span.start.line();
        let done = match event {
            Event::Scalar(text, ..) => Node { line, value: Value::Scalar(text.into_owned()) },
            Event::Alias(_) => return Err((line, "Knot's configuration has no aliases".into())),
            Event::SequenceStart(..) => {
                open.push(Open::List(line, Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Map(line, Vec::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(line, items)) => Node { line, value: Value::List(items) },
                Some(Open::Map(line, entries, _)) => Node { line, value: Value::Map(entries) },
                None => return Err((line, "an end without a beginning".into())),
            },
            _ => continue,
        };
        match open.last_mut() {
            None => return Ok(Some(done)),
            Some(Open::List(_, items)) => items.push(done),
            Some(Open::Map(_, entries, key)) => match key.take() {
                None => *key = Some(done),
                Some(key) => entries.push((key, done)),
            },
        }
    }
    Ok(None)
}
