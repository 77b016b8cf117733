//! The layers of settings, merged. The only place that knows figment, whose errors would show values.

use std::path::{Path, PathBuf};

use figment::value::{Dict, Empty, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::schema::{Form, Key, SecretRef, Setting, SettingValue};

/// Settings from all layers, of which the last one said counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    figment: Figment,
    /// What `~` at the beginning of a path stands for.
    home: Option<PathBuf>,
    /// All that was said, in order.
    history: Vec<Setting>,
    secrets: Vec<SecretRef>,
    tables: Vec<Vec<Vec<Setting>>>,
}

impl Layers {
    /// No layers yet. Paths that begin with `~` lead into `home`.
    pub(crate) fn of(home: Option<PathBuf>) -> Self {
        Self { home, ..Self::default() }
    }

    /// What one member of a chain sets.
    pub(crate) fn of_member(&self, settings: &[Setting]) -> Self {
        let mut member = Self::of(self.home.clone());
        member.push_partial(settings);
        member
    }

    /// Puts a layer on top. If it holds any part of a credential set, it hides the whole set of those below.
    pub(crate) fn push(&mut self, layer: &[Setting]) {
        let is_about_credentials = |setting: &Setting| Key::CREDENTIALS.contains(&setting.key);
        if let Some(first) = layer.iter().find(|setting| is_about_credentials(setting)) {
            for key in Key::CREDENTIALS {
                self.add(&Setting { key, value: SettingValue::Unset, origin: first.origin.clone() });
            }
        }
        self.push_partial(layer);
    }

    /// Puts a layer on top that may complete the credential set of those below.
    pub(crate) fn push_partial(&mut self, layer: &[Setting]) {
        for setting in layer {
            self.add(setting);
        }
    }

    /// What was said of a setting, the last of which counts.
    pub(crate) fn history(&self, key: Key) -> impl DoubleEndedIterator<Item = &Setting> {
        self.history.iter().filter(move |setting| setting.key == key)
    }

    /// What counts of a setting, with where it was said.
    pub(crate) fn said(&self, key: Key) -> Option<&Setting> {
        self.history(key).next_back().filter(|setting| !matches!(setting.value, SettingValue::Unset))
    }

    fn add(&mut self, setting: &Setting) {
        let setting = &self.expanded(setting);
        self.history.push(setting.clone());
        let value = match &setting.value {
            SettingValue::Text(text) => Value::from(text.as_str()),
            SettingValue::Unset => Value::from(Empty::None),
            // Secrets stay outside; what is merged is their number.
            SettingValue::Secret(secret) => {
                self.secrets.push(secret.clone());
                Value::from(self.secrets.len() - 1)
            }
            SettingValue::List(list) => Value::from(list.clone()),
            // They may hold secrets, so they stay outside too.
            SettingValue::Tables(tables) => {
                self.tables.push(tables.clone());
                Value::from(self.tables.len() - 1)
            }
        };
        let figment = std::mem::take(&mut self.figment);
        self.figment = figment.merge(One { key: setting.key, value, origin: setting.origin.to_string() });
    }

    /// The setting with the home directory in place of a `~`.
    fn expanded(&self, setting: &Setting) -> Setting {
        let mut setting = setting.clone();
        let Some(home) = &self.home else { return setting };
        let in_home = |path: &Path| path.strip_prefix("~").ok().map(|rest| home.join(rest));
        match &mut setting.value {
            SettingValue::Text(text) if setting.key.form() == Form::Path || setting.key == Key::TokenCache => {
                if let Some(path) = in_home(Path::new(text)) {
                    *text = path.to_string_lossy().into_owned();
                }
            }
            SettingValue::Secret(SecretRef::File(path)) => {
                if let Some(expanded) = in_home(path) {
                    *path = expanded;
                }
            }
            SettingValue::List(command) | SettingValue::Secret(SecretRef::Command(command))
                if setting.key != Key::EnvAllow =>
            {
                if let Some(program) = command.first_mut()
                    && let Some(path) = in_home(Path::new(program))
                {
                    *program = path.to_string_lossy().into_owned();
                }
            }
            _ => {}
        }
        setting
    }

    /// The text of a setting.
    pub(crate) fn text(&self, key: Key) -> Option<String> {
        self.figment.find_value(key.path()).ok()?.into_string()
    }

    /// Where a secret is.
    pub(crate) fn secret(&self, key: Key) -> Option<&SecretRef> {
        self.secrets.get(self.number(key)?)
    }

    /// The texts of a list.
    pub(crate) fn list(&self, key: Key) -> Option<Vec<String>> {
        let items = self.figment.find_value(key.path()).ok()?.into_array()?;
        Some(items.into_iter().filter_map(Value::into_string).collect())
    }

    /// The settings in tables.
    pub(crate) fn tables(&self, key: Key) -> Option<&[Vec<Setting>]> {
        self.tables.get(self.number(key)?).map(Vec::as_slice)
    }

    /// Whether the setting is made anywhere.
    pub(crate) fn has(&self, key: Key) -> bool {
        match key.form() {
            Form::Secret => self.secret(key).is_some(),
            Form::Tables => self.tables(key).is_some(),
            Form::List => self.list(key).is_some(),
            Form::Text | Form::Path | Form::Boolean => self.text(key).is_some(),
        }
    }

    fn number(&self, key: Key) -> Option<usize> {
        usize::try_from(self.figment.find_value(key.path()).ok()?.to_u128()?).ok()
    }

    /// Where the setting that counts was made.
    pub(crate) fn origin(&self, key: Key) -> String {
        self.figment.find_metadata(key.path()).map(|metadata| metadata.name.to_string()).unwrap_or_default()
    }
}

/// A provider of one setting, so that figment knows the origin of each.
struct One {
    key: Key,
    value: Value,
    origin: String,
}

impl Provider for One {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Profile::Default
            .collect(figment::util::nest(self.key.path(), self.value.clone()).into_dict().unwrap_or_default()))
    }
}
