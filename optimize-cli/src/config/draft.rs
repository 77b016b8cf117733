//! A profile that is being set up.

use std::path::PathBuf;

use secrecy::SecretString;
use toml_edit::{DocumentMut, InlineTable, Item, Table, Value, value};

use super::layers::Layers;
use super::schema::{Key, Origin, SecretRef, Setting, SettingValue};
use super::{Settings, paths};
use crate::env_vars::Environment;
use crate::error::CliError;

/// The settings of a profile to be, in the order in which they were given.
#[derive(Default)]
pub(crate) struct Draft {
    texts: Vec<(&'static str, String)>,
    secret: Option<(&'static str, SecretString, String)>,
}

impl Draft {
    /// A setting by its place in a profile; `auth.x` is `x` in the table `auth`.
    pub(crate) fn set(&mut self, path: &'static str, value: String) {
        self.texts.push((path, value));
    }

    /// The secret, and the name of the file it will be in, beside the configuration.
    pub(crate) fn set_secret(&mut self, path: &'static str, secret: SecretString, file: &str) {
        self.secret = Some((path, secret, file.to_owned()));
    }

    /// The secret and the name of its file.
    pub(crate) fn secret_file(&self) -> Option<(&str, &SecretString)> {
        self.secret.as_ref().map(|(_, secret, file)| (file.as_str(), secret))
    }

    /// The settings as if the profile were saved and chosen.
    pub(crate) fn settings(&self, profile: &str) -> Settings {
        let key = |path: &str| Key::ALL.iter().copied().find(|key| key.path() == path);
        let origin = Origin::Flag("auth login");
        let texts = self.texts.iter().filter_map(|(path, text)| Some((key(path)?, SettingValue::Text(text.clone()))));
        let secret = self.secret.iter().filter_map(|(path, secret, _)| {
            Some((key(path)?, SettingValue::Secret(SecretRef::Inline(secret.clone()))))
        });
        let settings: Vec<_> =
            texts.chain(secret).map(|(key, value)| Setting { key, value, origin: origin.clone() }).collect();
        let mut layers = Layers::default();
        layers.push(&settings);
        Settings { layers, profile: Some(profile.to_owned()), ..Settings::default() }
    }

    /// A configuration file with the profile added or replaced. All else stays as it is, remarks included. The profile
    /// becomes the default if there is no default yet.
    pub(crate) fn written_into(&self, before: &str, profile: &str) -> Result<String, String> {
        // The error shows the line, which may hold a secret.
        let mut document: DocumentMut = before.parse().map_err(|_| "the file is not TOML".to_owned())?;
        if !document.contains_key("default_profile") {
            document.insert("default_profile", value(profile));
        }
        let profiles = document.entry("profiles").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        let profiles = profiles.as_table_like_mut().ok_or("`profiles` is not a table")?;
        let mut table = Table::new();
        let mut auth = Table::new();
        let secret = self.secret.iter().map(|(path, _, file)| {
            let reference: InlineTable = [("file", Value::from(file.as_str()))].into_iter().collect();
            (*path, Item::Value(Value::from(reference)))
        });
        for (path, item) in self.texts.iter().map(|(path, text)| (*path, value(text))).chain(secret) {
            match path.strip_prefix("auth.") {
                Some(name) => auth.insert(name, item),
                None => table.insert(path, item),
            };
        }
        table.insert("auth", Item::Table(auth));
        profiles.insert(profile, Item::Table(table));
        Ok(document.to_string())
    }
}

/// The folder of the user's configuration.
pub(crate) fn user_folder(environment: &Environment) -> Result<PathBuf, CliError> {
    let file = paths::user_file(environment);
    let folder = file.and_then(|file| file.parent().map(std::path::Path::to_owned));
    folder.ok_or_else(|| CliError::config("find your configuration: there is no home directory").with_hint("set HOME"))
}
