//! JSON as a tree: members sorted by name, numbers as they are written.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::error::Error;

/// A JSON value. Numbers keep their spelling; the order and the spacing of members do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it is written.
    Number(String),
    /// A string, decoded.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object.
    Object(BTreeMap<String, Json>),
}

/// What git leaves in a file where two branches changed the same lines.
const CONFLICT: &str = "<<<<<<< ";

impl Json {
    /// Reads a text. An error names the line, or the member.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if let Some(line) = text.lines().position(|line| line.starts_with(CONFLICT)) {
            return Err(Error::input(format!("line {}: a merge conflict was left in it", line + 1))
                .with_hint("resolve the conflict: keep one side, and remove the lines <<<<<<<, ======= and >>>>>>>"));
        }
        // Looks at the syntax first, for the place of an error; what comes after it only has to find its way.
        let raw = serde_json::from_str::<&serde_json::value::RawValue>(text)
            .map_err(|error| Error::input(format!("it is not JSON: {error}")))?;
        Reader { rest: raw.get() }.value(&Place::Top)
    }

    /// The canonical text: two spaces a level, members sorted, a line break at the end.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, 0);
        text.push('\n');
        text
    }

    fn write(&self, out: &mut String, level: usize) {
        let indent = |out: &mut String, level: usize| {
            out.push('\n');
            out.extend(std::iter::repeat_n("  ", level));
        };
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => out.push_str(number),
            Self::Text(text) => quote(out, text),
            Self::List(items) if items.is_empty() => out.push_str("[]"),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    indent(out, level + 1);
                    item.write(out, level + 1);
                }
                indent(out, level);
                out.push(']');
            }
            Self::Object(members) if members.is_empty() => out.push_str("{}"),
            Self::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    indent(out, level + 1);
                    quote(out, name);
                    out.push_str(": ");
                    value.write(out, level + 1);
                }
                indent(out, level);
                out.push('}');
            }
        }
    }

    /// The value in one line, for people.
    pub fn to_line(&self) -> String {
        match self {
            Self::List(items) => format!("[{}]", items.iter().map(Self::to_line).collect::<Vec<_>>().join(", ")),
            Self::Object(members) => {
                let members = members.iter().map(|(name, value)| {
                    let mut line = String::new();
                    quote(&mut line, name);
                    line + ": " + &value.to_line()
                });
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }
            other => other.to_text().trim_end().to_owned(),
        }
    }

    /// The string that this is.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_object(&self) -> Option<&BTreeMap<String, Self>> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    pub(crate) fn as_object_mut(&mut self) -> Option<&mut BTreeMap<String, Self>> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    pub(crate) fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn as_list_mut(&mut self) -> Option<&mut Vec<Self>> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.parse().ok(),
            _ => None,
        }
    }

    /// The member of this name, if this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_object()?.get(name)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Self> {
        self.as_object_mut()?.get_mut(name)
    }
}

/// How deep values may be nested, as `serde_json` has it.
const DEEPEST: usize = 128;

/// Where a value is; only an error makes a text of it.
#[derive(Clone, Copy)]
enum Place<'a> {
    Top,
    Member(&'a Place<'a>, &'a str),
    Element(&'a Place<'a>, usize),
}

impl Place<'_> {
    fn depth(&self) -> usize {
        match self {
            Self::Top => 0,
            Self::Member(parent, _) | Self::Element(parent, _) => 1 + parent.depth(),
        }
    }

    fn path(&self) -> String {
        match self {
            Self::Top => String::new(),
            Self::Member(parent, name) => join(&parent.path(), name),
            Self::Element(parent, index) => format!("{}[{index}]", parent.path()),
        }
    }

    fn error(&self, problem: &str) -> Error {
        let path = self.path();
        Error::input(format!("{}: {problem}", if path.is_empty() { "the top" } else { &path }))
    }
}

/// Reads values of a text whose syntax is known to be right. `serde_json` would keep the value of a number, not its spelling.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// What comes next, without white space.
    fn next(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_ascii_start();
        self.rest.bytes().next()
    }

    /// Everything up to a place, which is then the next.
    fn take(&mut self, end: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// Whether this comes next, which is passed then.
    fn passes(&mut self, byte: u8) -> bool {
        let is_next = self.next() == Some(byte);
        if is_next {
            self.take(1);
        }
        is_next
    }

    fn value(&mut self, place: &Place<'_>) -> Result<Json, Error> {
        Ok(match self.next() {
            Some(b'{' | b'[') if place.depth() == DEEPEST => {
                return Err(Error::input(format!("it is nested more than {DEEPEST} levels deep")));
            }
            Some(b'{') => Json::Object(self.object(place)?),
            Some(b'[') => Json::List(self.list(place)?),
            Some(b'"') => Json::Text(self.text().ok_or_else(|| place.error("it is no valid text"))?.into_owned()),
            _ => match self.take(self.rest.find([',', '}', ']', ' ', '\t', '\r', '\n']).unwrap_or(self.rest.len())) {
                "null" => Json::Null,
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                number => Json::Number(number.to_owned()),
            },
        })
    }

    fn object(&mut self, place: &Place<'_>) -> Result<BTreeMap<String, Json>, Error> {
        let mut members = BTreeMap::new();
        self.take(1);
        while self.next() == Some(b'"') {
            let name = self.text().ok_or_else(|| place.error("a name is not text"))?;
            self.passes(b':');
            let place = Place::Member(place, &name);
            let value = self.value(&place)?;
            if members.contains_key(&*name) {
                return Err(place.error("the member is there twice"));
            }
            members.insert(name.into_owned(), value);
            self.passes(b',');
        }
        self.passes(b'}');
        Ok(members)
    }

    fn list(&mut self, place: &Place<'_>) -> Result<Vec<Json>, Error> {
        let mut items = Vec::new();
        self.take(1);
        while !self.passes(b']') {
            items.push(self.value(&Place::Element(place, items.len()))?);
            self.passes(b',');
        }
        Ok(items)
    }

    /// The string that comes next; `None` if its escapes are no characters.
    fn text(&mut self) -> Option<Cow<'a, str>> {
        let bytes = self.rest.as_bytes();
        let mut end = 1;
        let mut is_plain = true;
        loop {
            end += memchr::memchr2(b'"', b'\\', bytes.get(end..)?)?;
            if bytes[end] == b'"' {
                break;
            }
            is_plain = false;
            end += 2;
        }
        let quoted = self.take(end + 1);
        if is_plain { Some(Cow::Borrowed(&quoted[1..end])) } else { serde_json::from_str(quoted).ok() }
    }
}

/// A path to a member of an object.
pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Appends a text as JSON.
fn quote(out: &mut String, text: &str) {
    let quoted = serde_json::to_string(text);
    out.push_str(&quoted.expect("a text is always JSON"));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::Bool),
            "-?(0|[1-9][0-9]{0,18})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,3})?".prop_map(Json::Number),
            any::<String>().prop_map(Json::Text),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Json::List),
                prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(Json::Object),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again_to_the_letter(json in any_json()) {
            let text = json.to_text();
            prop_assume!(!text.lines().any(|line| line.starts_with(CONFLICT)));
            let again = Json::parse(&text).unwrap();
            prop_assert_eq!(&again, &json);
            prop_assert_eq!(again.to_text(), text);
        }
    }

    #[test]
    fn numbers_keep_their_spelling_and_members_are_sorted() {
        let json = Json::parse(r#"{"b":[1.0,1e400,0.10],"a":{},"c":"\u00e9\/"}"#).unwrap();
        assert_eq!(
            json.to_text(),
            "{\n  \"a\": {},\n  \"b\": [\n    1.0,\n    1e400,\n    0.10\n  ],\n  \"c\": \"é/\"\n}\n"
        );
        assert_eq!(Json::parse(&json.to_text()).unwrap(), json);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let problem = |text: &str| Json::parse(text).unwrap_err().to_string();
        assert!(problem("{\n\"a\": }").contains("line 2"));
        assert_eq!(problem("{\n<<<<<<< HEAD\n}"), "line 2: a merge conflict was left in it");
        assert_eq!(problem(r#"{"a":{"b":1,"b":2}}"#), "a.b: the member is there twice");
        assert_eq!(problem(r#"{"a":["\ud800"]}"#), "a[0]: it is no valid text");
        assert_eq!(problem(r#"{"a":{"\ud800":1}}"#), "a: a name is not text");
        assert_eq!(problem(&"[".repeat(100_000)), "it is not JSON: EOF while parsing a list at line 1 column 100000");
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(problem(&deep(100_000)), "it is nested more than 128 levels deep");
        assert!(Json::parse(&deep(128)).is_ok());
    }
}
