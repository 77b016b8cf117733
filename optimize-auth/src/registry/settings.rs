//! The settings of one strategy, taken one by one.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use secrecy::SecretString;
use serde_json::Value;

use super::SecretSetting;
use crate::error::AuthError;
use crate::secret_file::read_secret_file;
use crate::words::UnknownWord;
use crate::words::nearest;

/// Settings by name. A builder of a source takes those it knows; one that is left over is an error.
///
/// ```
/// use optimize_auth::{BuildContext, StrategyRegistry, StrategySettings};
/// use serde_json::json;
///
/// let settings = StrategySettings::from_value(json!({ "strategy": "client-credentials", "client_id": "c", "client_secert": "s" }))?;
/// let error = StrategyRegistry::default().build(settings, &BuildContext::default()).unwrap_err();
/// assert!(!error.to_string().contains("\"s\""));
/// # Ok::<(), optimize_auth::AuthError>(())
/// ```
#[derive(Default)]
pub struct StrategySettings {
    values: BTreeMap<String, Setting>,
    /// Names that were taken, to suggest one for a misspelt setting.
    known: Vec<&'static str>,
}

enum Setting {
    Text(String),
    Secret(SecretString),
    /// A secret in a file.
    File(PathBuf),
    List(Vec<String>),
    Nested(Vec<StrategySettings>),
    /// Something of a third party's own.
    Other(Value),
}

impl StrategySettings {
    /// No settings but the name of the strategy.
    pub fn new(strategy: impl Into<String>) -> Self {
        Self::default().with_text("strategy", strategy)
    }

    /// The settings in an object. Texts, numbers and booleans are texts; `{"file": "PATH"}` is a secret in a file; a list
    /// of texts is one; a list of objects holds the settings of other strategies.
    pub fn from_value(value: Value) -> Result<Self, AuthError> {
        let Value::Object(members) = value else {
            return Err(AuthError::invalid_setting("strategy", "the settings of a strategy are not an object"));
        };
        let mut settings = Self::default();
        for (name, value) in members {
            let setting = match value {
                Value::Null => continue,
                Value::String(text) => Setting::Text(text),
                Value::Number(number) => Setting::Text(number.to_string()),
                Value::Bool(flag) => Setting::Text(flag.to_string()),
                Value::Object(members) => match members.get("file").and_then(Value::as_str) {
                    Some(path) if members.len() == 1 => Setting::File(path.into()),
                    _ => Setting::Other(Value::Object(members)),
                },
                Value::Array(items) if items.iter().all(Value::is_string) => {
                    Setting::List(items.into_iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
                }
                Value::Array(items) if items.iter().all(Value::is_object) => {
                    Setting::Nested(items.into_iter().map(Self::from_value).collect::<Result<_, _>>()?)
                }
                other @ Value::Array(_) => Setting::Other(other),
            };
            settings.values.insert(name, setting);
        }
        Ok(settings)
    }

    /// Adds a text.
    pub fn with_text(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.values.insert(name.into(), Setting::Text(value.into()));
        self
    }

    /// Adds a secret.
    pub fn with_secret(mut self, name: impl Into<String>, value: SecretString) -> Self {
        self.values.insert(name.into(), Setting::Secret(value));
        self
    }

    /// Adds a secret in a file, which is read when the source is built, or by the source again and again.
    pub fn with_secret_file(mut self, name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        self.values.insert(name.into(), Setting::File(path.into()));
        self
    }

    /// Adds a list of texts.
    pub fn with_list(mut self, name: impl Into<String>, values: Vec<String>) -> Self {
        self.values.insert(name.into(), Setting::List(values));
        self
    }

    /// Adds the settings of other strategies.
    pub fn with_nested(mut self, name: impl Into<String>, values: Vec<Self>) -> Self {
        self.values.insert(name.into(), Setting::Nested(values));
        self
    }

    /// Whether a setting is there.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// A text that is left where it is.
    pub(super) fn peek(&self, name: &str) -> Option<&str> {
        match self.values.get(name)? {
            Setting::Text(text) => Some(text),
            _ => None,
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Setting> {
        self.known.push(name);
        self.values.remove(name)
    }

    /// Takes a text.
    pub fn text(&mut self, name: &'static str) -> Result<Option<String>, AuthError> {
        match self.take(name) {
            None => Ok(None),
            Some(Setting::Text(text)) if text.trim().is_empty() => Err(AuthError::invalid_setting(name, "it is empty")),
            Some(Setting::Text(text)) => Ok(Some(text)),
            Some(_) => Err(AuthError::invalid_setting(name, "it is not a text")),
        }
    }

    /// Takes a word that stands for a choice.
    pub fn word<T: FromStr<Err = UnknownWord>>(&mut self, name: &'static str) -> Result<Option<T>, AuthError> {
        let word = self.text(name)?.map(|word| word.parse());
        word.transpose().map_err(|error: UnknownWord| AuthError::invalid_setting(name, &error.to_string()))
    }

    /// Takes a text that must be there.
    pub fn required_text(&mut self, name: &'static str) -> Result<String, AuthError> {
        self.text(name)?.ok_or_else(|| self.missing(name))
    }

    /// The error about a setting that must be there, with the one that was probably meant to be it.
    pub(super) fn missing(&self, name: &'static str) -> AuthError {
        match nearest(name, self.values.keys().map(String::as_str)) {
            Some(found) => AuthError::invalid_setting(name, &format!("it is not set; is `{found}` misspelt?")),
            None => AuthError::invalid_setting(name, "it is not set"),
        }
    }

    /// Takes a secret, reading the file it is in.
    pub fn secret(&mut self, name: &'static str) -> Result<Option<SecretString>, AuthError> {
        match self.secret_setting(name)? {
            None => Ok(None),
            Some(SecretSetting::Here(secret)) => Ok(Some(secret)),
            Some(SecretSetting::File(path)) => {
                let read = read_secret_file(&path, &name.replace('_', " "));
                Ok(Some(read.map_err(|error| error.with_setting(name))?))
            }
        }
    }

    /// Takes a secret that must be there.
    pub fn required_secret(&mut self, name: &'static str) -> Result<SecretString, AuthError> {
        self.secret(name)?.ok_or_else(|| self.missing(name))
    }

    pub(super) fn secret_setting(&mut self, name: &'static str) -> Result<Option<SecretSetting>, AuthError> {
        match self.take(name) {
            None => Ok(None),
            Some(Setting::Secret(secret)) => Ok(Some(SecretSetting::Here(secret))),
            Some(Setting::Text(text)) if !text.trim().is_empty() => Ok(Some(SecretSetting::Here(text.into()))),
            Some(Setting::Text(_)) => Err(AuthError::invalid_setting(name, "it is empty")),
            Some(Setting::File(path)) => Ok(Some(SecretSetting::File(path))),
            Some(_) => Err(AuthError::invalid_setting(name, "it is neither a text nor a file")),
        }
    }

    /// Takes a list of texts.
    pub fn list(&mut self, name: &'static str) -> Result<Option<Vec<String>>, AuthError> {
        match self.take(name) {
            None => Ok(None),
            Some(Setting::List(list)) => Ok(Some(list)),
            Some(_) => Err(AuthError::invalid_setting(name, "it is not a list of texts")),
        }
    }

    /// Takes the settings of other strategies.
    pub fn nested(&mut self, name: &'static str) -> Result<Option<Vec<Self>>, AuthError> {
        match self.take(name) {
            None => Ok(None),
            Some(Setting::Nested(nested)) => Ok(Some(nested)),
            Some(Setting::List(list)) if list.is_empty() => Ok(Some(Vec::new())),
            Some(_) => Err(AuthError::invalid_setting(name, "it is not a list of strategies")),
        }
    }

    /// Takes a value of any form, for a strategy with settings of its own.
    pub fn value(&mut self, name: &'static str) -> Option<Value> {
        match self.take(name)? {
            Setting::Text(text) => Some(text.into()),
            Setting::List(list) => Some(list.into()),
            Setting::Other(value) => Some(value),
            Setting::Secret(_) | Setting::File(_) | Setting::Nested(_) => None,
        }
    }

    /// The setting of several that is there; more than one contradict each other.
    pub(super) fn one_of(&self, names: &[&'static str]) -> Result<Option<&'static str>, AuthError> {
        let present: Vec<_> = names.iter().copied().filter(|name| self.has(name)).collect();
        match present.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            [first, second, ..] => {
                let problem = format!("it contradicts `{first}`; only one of them can be used");
                Err(AuthError::invalid_setting(second, &problem))
            }
        }
    }

    /// Fails if a setting is left over.
    pub(super) fn finish(&self, strategy: &str) -> Result<(), AuthError> {
        let Some(name) = self.values.keys().next() else { return Ok(()) };
        let nearest = nearest(name, self.known.iter().copied().filter(|known| *known != "strategy"));
        let nearest = nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        let problem = format!("it has no meaning for the strategy `{strategy}` as it is set{nearest}");
        Err(AuthError::invalid_setting(name, &problem))
    }
}

impl fmt::Debug for StrategySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}
