//! A profile that is being set up.

use secrecy::SecretString;
use toml_edit::{InlineTable, Item, Value, value};

use super::layers::Layers;
use super::schema::{Key, Origin, SecretRef, Setting, SettingValue};
use super::{Settings, paths};
use crate::env_vars::Environment;

/// The settings of a profile to be, in the order in which they were given.
#[derive(Default)]
pub(crate) struct Draft {
    texts: Vec<(Key, String)>,
    /// The secret, and the name of the file it will be in, beside the configuration.
    secret: Option<(Key, SecretString, String)>,
}

impl Draft {
    pub(crate) fn set(&mut self, key: Key, value: String) {
        self.texts.push((key, value));
    }

    /// The secret, and the name of the file it will be in, beside the configuration.
    pub(crate) fn set_secret(&mut self, key: Key, secret: SecretString, file: &str) {
        self.secret = Some((key, secret, file.to_owned()));
    }

    /// The secret and the name of its file.
    pub(crate) fn secret_file(&self) -> Option<(&str, &SecretString)> {
        self.secret.as_ref().map(|(_, secret, file)| (file.as_str(), secret))
    }

    /// What is written into a file: places and values, of the secret the name of its file.
    pub(super) fn items(&self) -> impl Iterator<Item = (&'static str, Item)> {
        let secret = self.secret.iter().map(|(key, _, file)| {
            let reference: InlineTable = [("file", Value::from(file.as_str()))].into_iter().collect();
            (key.path(), Item::Value(Value::from(reference)))
        });
        self.texts.iter().map(|(key, text)| (key.path(), value(text))).chain(secret)
    }

    /// The settings as if the profile were saved and chosen.
    pub(crate) fn settings(&self, profile: &str, environment: &Environment) -> Settings {
        let origin = Origin::Flag("auth login");
        let texts = self.texts.iter().map(|(key, text)| (*key, SettingValue::Text(text.clone())));
        let secret = self.secret.iter();
        let secret = secret.map(|(key, secret, _)| (*key, SettingValue::Secret(SecretRef::Inline(secret.clone()))));
        let settings: Vec<_> =
            texts.chain(secret).map(|(key, value)| Setting { key, value, origin: origin.clone() }).collect();
        let mut layers = Layers::of(paths::home(environment));
        layers.push(&settings);
        Settings { layers, profile: Some(profile.to_owned()), ..Settings::default() }
    }
}
