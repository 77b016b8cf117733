//! JSON as a tree: members sorted by name, numbers as they are written.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::error::Error;
use crate::json_text::JsonText;

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
        // For its place in the text.
        serde_json::from_str::<&serde_json::value::RawValue>(text)
            .map_err(|error| Error::input(format!("it is not JSON: {error}")))?;
        let text = JsonText::parse(text.as_bytes()).ok_or_else(|| Error::input("it is not JSON"))?;
        Self::of(text, "")
    }

    fn of(text: JsonText<'_>, path: &str) -> Result<Self, Error> {
        let here = || if path.is_empty() { "the top".to_owned() } else { path.to_owned() };
        Ok(match text.kind() {
            "an object" => {
                let members = text.object().ok_or_else(|| Error::input(format!("{}: a name is not text", here())))?;
                let mut object = BTreeMap::new();
                for (name, value) in members {
                    let path = join(path, &name);
                    if object.insert(name.clone().into_owned(), Self::of(value, &path)?).is_some() {
                        return Err(Error::input(format!("{path}: the member is there twice")));
                    }
                }
                Self::Object(object)
            }
            "an array" => {
                let elements = text.elements().unwrap_or_default().into_iter().enumerate();
                Self::List(
                    elements
                        .map(|(index, value)| Self::of(value, &format!("{path}[{index}]")))
                        .collect::<Result<_, _>>()?,
                )
            }
            "a string" => {
                Self::Text(text.string().ok_or_else(|| Error::input(format!("{}: it is no valid text", here())))?)
            }
            "true or false" => Self::Bool(text.json() == "true"),
            "null" => Self::Null,
            _ => Self::Number(text.json().to_owned()),
        })
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
            Self::Bool(value) => {
                // Writing to a String cannot fail, here and below.
                let _ = write!(out, "{value}");
            }
            Self::Number(number) => out.push_str(number),
            Self::Text(text) => out.push_str(&quoted(text)),
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
                    let _ = write!(out, "{}: ", quoted(name));
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
                let members = members.iter().map(|(name, value)| format!("{}: {}", quoted(name), value.to_line()));
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

/// A path to a member of an object.
pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
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
    }
}
