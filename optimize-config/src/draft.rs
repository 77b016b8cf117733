//! A profile that is being set up.

use figment::Profile;
use secrecy::SecretString;
use toml_edit::{InlineTable, Item, Value, value};

use crate::env_vars::Environment;
use crate::error::Error;
use crate::keys::Key;
use crate::layers::{Layer, Layers};
use crate::paths;
use crate::setting::{Origin, SecretRef, Setting};
use crate::settings::Settings;

/// The settings of a profile to be, in the order in which they were given.
#[derive(Default)]
pub struct Draft {
    texts: Vec<(Key, String)>,
    /// The secret, and the name of the file it will be in, beside the configuration.
    secret: Option<(Key, SecretString, String)>,
}

impl Draft {
    /// Adds a setting.
    pub fn set(&mut self, key: Key, value: String) {
        self.texts.push((key, value));
    }

    /// The secret, and the name of the file it will be in, beside the configuration.
    pub fn set_secret(&mut self, key: Key, secret: SecretString, file: &str) {
        self.secret = Some((key, secret, file.to_owned()));
    }

    /// The secret and the name of its file.
    pub fn secret_file(&self) -> Option<(&str, &SecretString)> {
        self.secret.as_ref().map(|(_, secret, file)| (file.as_str(), secret))
    }

    /// What is written into a file: places and values, of the secret the name of its file.
    pub(crate) fn items(&self) -> impl Iterator<Item = (&'static str, Item)> {
        let secret = self.secret.iter().map(|(key, _, file)| {
            let reference: InlineTable = [("file", Value::from(file.as_str()))].into_iter().collect();
            (key.path(), Item::Value(Value::from(reference)))
        });
        self.texts.iter().map(|(key, text)| (key.path(), value(text))).chain(secret)
    }

    /// The settings as if the profile were saved and chosen.
    pub fn settings(&self, profile: &str, environment: &Environment) -> Result<Settings, Error> {
        let origin = Origin::Flag("auth login");
        let mut layers = Layers::new(paths::home(environment), None);
        let texts = self.texts.iter().map(|(key, text)| Setting::new(*key, text.as_str(), origin.clone()));
        let mut settings: Vec<_> = texts.collect();
        if let Some((key, secret, _)) = &self.secret {
            let reference = SecretRef::Inline(layers.keep(secret.clone()));
            settings.push(Setting::new(*key, reference.value(), origin.clone()));
        }
        layers.push(Layer::new(Profile::Default, settings));
        Ok(Settings { profile: Some(profile.to_owned()), ..Settings::of(layers)? })
    }
}
