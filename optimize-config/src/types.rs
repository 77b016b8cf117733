//! The types of settings: how each is read, and what its schema is.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::path::PathBuf;
use std::time::Duration;

use figment::value::Value;
use optimize_auth::{BuiltinStrategy, ClientAuthMethod, ServiceUrl, ServiceUrlError, SigningAlgorithm, UnknownWord};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error as _};

use crate::duration::duration;
use crate::env_vars::Environment;
use crate::keys::Auth;
use crate::paths;
use crate::setting::SecretRef;

/// How a setting is written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    /// A path; one in a file is relative to the directory of that file.
    Path,
    Boolean,
    Secret,
    /// Strings.
    List,
    /// Tables with settings of `auth`.
    Tables,
}

/// A type that a setting can have. Errors name what is expected, and never the value, since it may be a secret.
pub(crate) trait SettingType: Sized {
    const FORM: Form = Form::Text;

    fn read(value: &Value) -> Result<Self, String>;

    /// The words it can be, if they are few.
    fn words() -> Vec<&'static str> {
        Vec::new()
    }
}

/// A value of a setting that was checked when the settings were loaded.
#[derive(Clone, Debug)]
pub(crate) struct Checked<T>(T);

impl<T> Deref for Checked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'de, T: SettingType> Deserialize<'de> for Checked<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(&<Value as Deserialize>::deserialize(deserializer)?).map(Self).map_err(D::Error::custom)
    }
}

impl<T: SettingType> JsonSchema for Checked<T> {
    fn schema_name() -> Cow<'static, str> {
        "Setting".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let words = T::words();
        match T::FORM {
            Form::Text if !words.is_empty() => json_schema!({ "type": "string", "enum": words }),
            Form::Text | Form::Path => json_schema!({ "type": "string", "minLength": 1 }),
            Form::Boolean => json_schema!({ "type": "boolean" }),
            Form::Secret => generator.subschema_for::<SecretRef>(),
            Form::List => json_schema!({ "type": "array", "items": { "type": "string" } }),
            Form::Tables => json_schema!({ "type": "array", "items": generator.subschema_for::<Auth>() }),
        }
    }
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "expected a string".to_owned())
}

impl SettingType for String {
    fn read(value: &Value) -> Result<Self, String> {
        text(value).map(str::to_owned)
    }
}

impl SettingType for PathBuf {
    const FORM: Form = Form::Path;

    fn read(value: &Value) -> Result<Self, String> {
        text(value).map(Self::from)
    }
}

/// In the environment it is a word.
impl SettingType for bool {
    const FORM: Form = Form::Boolean;

    fn read(value: &Value) -> Result<Self, String> {
        let word = value.as_str().and_then(|word| word.parse().ok());
        value.to_bool().or(word).ok_or_else(|| "expected true or false".to_owned())
    }
}

impl SettingType for Duration {
    fn read(value: &Value) -> Result<Self, String> {
        duration(text(value)?)
    }
}

impl SettingType for Vec<String> {
    const FORM: Form = Form::List;

    fn read(value: &Value) -> Result<Self, String> {
        value.deserialize().map_err(|_: figment::Error| "expected a list of strings".to_owned())
    }
}

impl SettingType for Vec<Auth> {
    const FORM: Form = Form::Tables;

    fn read(value: &Value) -> Result<Self, String> {
        value.deserialize().map_err(|error: figment::Error| {
            let place = error.path.join(".");
            format!("{place}: {}", crate::layers::problem(&error))
        })
    }
}

impl SettingType for SecretRef {
    const FORM: Form = Form::Secret;

    fn read(value: &Value) -> Result<Self, String> {
        value.deserialize().map_err(|_: figment::Error| format!("expected {}", Self::FORMS))
    }
}

/// The words of the command line's output formats.
pub const OUTPUT_FORMATS: [&str; 5] = ["auto", "table", "json", "ndjson", "csv"];

/// One of the output formats.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutputFormat(pub &'static str);

impl SettingType for OutputFormat {
    fn read(value: &Value) -> Result<Self, String> {
        let word = text(value)?;
        let known = OUTPUT_FORMATS.into_iter().find(|known| known.eq_ignore_ascii_case(word));
        known.map(Self).ok_or_else(|| format!("expected one of {}", OUTPUT_FORMATS.join(", ")))
    }

    fn words() -> Vec<&'static str> {
        OUTPUT_FORMATS.to_vec()
    }
}

/// Choices of `optimize-auth`, by their words.
macro_rules! choices {
    ($($type:ty),*) => {$(
        impl SettingType for $type {
            fn read(value: &Value) -> Result<Self, String> {
                text(value)?.parse().map_err(|error: UnknownWord| error.to_string())
            }

            fn words() -> Vec<&'static str> {
                Self::ALL.iter().map(|choice| choice.name()).collect()
            }
        }
    )*};
}

choices!(BuiltinStrategy, ClientAuthMethod, SigningAlgorithm);

/// A URL of a server, and how it was written. Whether plain http is allowed is decided by another setting, so it is checked
/// when the URL is used.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    written: String,
    pub(crate) url: ServiceUrl,
}

impl Address {
    pub(crate) fn parse(written: &str) -> Result<Self, ServiceUrlError> {
        Ok(Self { written: written.to_owned(), url: ServiceUrl::parse_allowing_insecure_http(written)? })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.written
    }

    /// The host, in lower case.
    pub(crate) fn host(&self) -> Option<String> {
        self.url.as_url().host_str().map(str::to_ascii_lowercase)
    }
}

impl SettingType for Address {
    fn read(value: &Value) -> Result<Self, String> {
        Self::parse(text(value)?).map_err(|error| error.to_string())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

fn expected(words: &[&str]) -> String {
    let (last, others) = words.split_last().unwrap_or((&"", &[]));
    format!("expected {} or {last}", others.join(", "))
}

/// Choices of this program, by their words.
macro_rules! words {
    ($($(#[$about:meta])* $name:ident { $($variant:ident = $word:literal),* })*) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name {
            $($variant,)*
        }

        impl SettingType for $name {
            fn read(value: &Value) -> Result<Self, String> {
                match text(value)? {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(expected(&Self::words())),
                }
            }

            fn words() -> Vec<&'static str> {
                vec![$($word,)*]
            }
        }
    )*};
}

words! {
    /// What is known of the provider.
    PresetName { Saas = "saas", SelfManaged = "self-managed", Entra = "entra" }
    /// Whether a credential helper may ask the user.
    Interactive { Never = "never", IfTerminal = "if-tty" }
}

/// Where tokens are kept between runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenCachePlace {
    /// Nowhere: `off` and `memory` are the same to a program that ends.
    Nowhere,
    /// In the operating system's keyring.
    #[cfg(feature = "keyring")]
    Keyring,
    /// In this directory.
    Directory(PathBuf),
}

impl TokenCachePlace {
    /// The directory of the user's cache; nowhere without a home directory.
    pub(crate) fn default_in(environment: &Environment) -> Self {
        paths::token_cache(environment).map_or(Self::Nowhere, Self::Directory)
    }
}

impl fmt::Display for TokenCachePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere => f.write_str("off"),
            #[cfg(feature = "keyring")]
            Self::Keyring => f.write_str("keyring"),
            Self::Directory(directory) => directory.display().fmt(f),
        }
    }
}

impl SettingType for TokenCachePlace {
    fn read(value: &Value) -> Result<Self, String> {
        match text(value)? {
            "off" | "memory" => Ok(Self::Nowhere),
            #[cfg(feature = "keyring")]
            "keyring" => Ok(Self::Keyring),
            path if std::path::Path::new(path).is_absolute() => Ok(Self::Directory(path.into())),
            _ => Err("expected off, memory or the absolute path of a directory".to_owned()),
        }
    }
}
