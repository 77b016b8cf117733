use std::borrow::Cow;

use optimize_api::json_text::JsonText;

/// A value of a row.
#[derive(Clone, Debug)]
pub enum Cell<'a> {
    /// As the server sent it.
    Json(JsonText<'a>),
    /// A text that a table has made.
    Made(&'a str),
}

/// What a value is, as far as tables care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    Text,
    /// An object or array.
    Nested,
}

impl<'a> Cell<'a> {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Made(_) => Kind::Text,
            Self::Json(json) => match json.json().as_bytes().first() {
                Some(b'n') => Kind::Null,
                Some(b't' | b'f') => Kind::Bool,
                Some(b'"') => Kind::Text,
                Some(b'{' | b'[') => Kind::Nested,
                _ => Kind::Number,
            },
        }
    }

    /// What a person reads: a text without its quotes, nothing for `null`, anything else as JSON.
    pub fn text(&self) -> Cow<'a, str> {
        match self {
            Self::Json(json) => json.text(),
            Self::Made(text) => Cow::Borrowed(text),
        }
    }

    /// Whether it is an object or an array.
    pub fn is_nested(&self) -> bool {
        self.kind() == Kind::Nested
    }

    /// Whether it is `null`, or a text without characters.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Json(json) => json.is_empty(),
            Self::Made(text) => text.is_empty(),
        }
    }

    /// The JSON text.
    pub fn json(&self) -> Cow<'a, str> {
        match self {
            Self::Json(json) => Cow::Borrowed(json.json()),
            Self::Made(text) => serde_json::Value::from(*text).to_string().into(),
        }
    }

    /// The value inside an object that a path of member names leads to.
    pub fn at(&self, path: &str) -> Option<Self> {
        match self {
            Self::Json(json) => json.at(path).map(Self::Json),
            Self::Made(_) => None,
        }
    }
}
