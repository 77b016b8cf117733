//! One setting: its value, and where it is set.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use figment::value::{Empty, Value};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::keys::Key;
use crate::types::{Form, SettingType};

/// One setting from one place.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) key: Key,
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

impl Setting {
    pub(crate) fn new(key: Key, value: impl Into<Value>, origin: Origin) -> Self {
        Self { key, value: value.into(), origin }
    }

    /// Where a secret is; `None` for other settings.
    pub(crate) fn secret(&self) -> Option<SecretRef> {
        (self.key.form() == Form::Secret).then(|| SecretRef::read(&self.value).ok()).flatten()
    }

    /// The value as a person would write it; of a secret, where it is.
    pub(crate) fn shown(&self) -> String {
        let members = self.members().len();
        match (self.secret(), self.list()) {
            (Some(secret), _) => format!("(secret: {secret})"),
            (None, Some(words)) => words.join(" "),
            (None, None) if members > 0 => format!("({members} members)"),
            (None, None) => match &self.value {
                Value::Bool(_, value) => value.to_string(),
                value => value.as_str().unwrap_or_default().to_owned(),
            },
        }
    }

    /// The strings of a list.
    pub(crate) fn list(&self) -> Option<Vec<String>> {
        (self.key.form() == Form::List).then(|| Vec::<String>::read(&self.value).ok()).flatten()
    }

    /// The settings of each member of a chain.
    pub(crate) fn members(&self) -> Vec<Vec<Self>> {
        let member = |value: &Value| {
            let settings = value.as_dict().into_iter().flatten();
            let settings = settings.filter_map(|(name, value)| Some((Key::of_auth(name)?, value)));
            settings.map(|(key, value)| Self::new(key, value.clone(), self.origin.clone())).collect()
        };
        self.value.as_array().into_iter().flatten().map(member).collect()
    }
}

/// Where a secret is. What it is stays unread until it is needed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SecretRef {
    /// In an environment variable.
    #[serde(rename = "env")]
    Variable(String),
    /// In a file; `-` is standard input.
    File(PathBuf),
    /// An entry of the operating system's keyring, by its name.
    Keyring(String),
    /// What this program prints.
    Command(Vec<String>),
    /// In a configuration file that only its owner can read: its number among those that the layers keep.
    Inline(usize),
}

impl SecretRef {
    /// How it is written in a file.
    pub(crate) const FORMS: &str =
        "{ env = \"NAME\" }, { file = \"PATH\" }, { keyring = \"ENTRY\" } or { command = [\"PROGRAM\", …] }";

    /// What is merged in its place.
    pub(crate) fn value(&self) -> Value {
        // A reference is a string, a number or a list of strings, so it can always be written.
        Value::serialize(self).unwrap_or_else(|_| Value::from(Empty::None))
    }
}

impl JsonSchema for SecretRef {
    fn schema_name() -> Cow<'static, str> {
        "secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let string = json!({ "type": "string", "minLength": 1 });
        let reference = |name: &str, form: &serde_json::Value| json!({ "type": "object", "properties": { name: form }, "required": [name], "additionalProperties": false });
        json_schema!({ "oneOf": [
            { "type": "string", "minLength": 1, "description": "Only in a file that nobody else can read" },
            reference("env", &string),
            reference("file", &string),
            reference("keyring", &string),
            reference("command", &json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 })),
        ] })
    }
}

/// Where a setting was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    File {
        path: PathBuf,
        line: usize,
        column: usize,
    },
    Variable(String),
    Flag(&'static str),
    /// It follows from the preset.
    Preset,
    /// Nobody set it.
    Default,
}

impl Origin {
    /// Whether the user set it, rather than the preset or the program.
    pub(crate) fn is_set(&self) -> bool {
        !matches!(self, Self::Preset | Self::Default)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => f.write_str(name),
            Self::Preset => f.write_str("preset"),
            Self::Default => f.write_str("default"),
        }
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::File(path) if path.as_os_str() == "-" => f.write_str("standard input"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Inline(_) => f.write_str("configuration file"),
            Self::Command(command) => write!(f, "the program {}", command.first().map_or("", String::as_str)),
            Self::Keyring(entry) => write!(f, "keyring entry {entry}"),
        }
    }
}
