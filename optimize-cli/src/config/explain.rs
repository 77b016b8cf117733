//! Which settings count, and where they were made.

use super::auth::{RequestSource, TokenCache};
use super::schema::{Key, Setting, SettingValue};
use super::{DEFAULT_TIMEOUT, SANDBOX_PROFILE, Settings};
use crate::env_vars::Environment;
use crate::error::CliError;

/// A setting as it counts.
pub(crate) struct Explained {
    pub(crate) setting: &'static str,
    /// Of a secret, where it is.
    pub(crate) value: Option<String>,
    /// Where it was made.
    pub(crate) source: String,
    /// Where else it was made, the one that counts most first.
    pub(crate) hides: Vec<String>,
}

impl Settings {
    /// Every setting that is made, or has a default.
    pub(crate) fn explain(&self, environment: &Environment) -> Result<Vec<Explained>, CliError> {
        let mut all = Vec::new();
        if self.sandbox || self.profile.is_some() {
            let sandbox = || Some(SANDBOX_PROFILE.to_owned());
            all.push(Explained {
                setting: "profile",
                value: self.profile.clone().or_else(sandbox),
                source: self.profile_origin.clone().unwrap_or_else(|| "--sandbox".to_owned()),
                hides: Vec::new(),
            });
        }
        for key in Key::ALL.iter().copied() {
            let said = |setting: &&Setting| !matches!(setting.value, SettingValue::Unset);
            let winner = self.layers.said(key);
            let hidden = self.layers.history(key).filter(said).rev().skip(usize::from(winner.is_some()));
            let hides: Vec<_> = hidden.map(|setting| setting.origin.to_string()).collect();
            let found = match winner {
                Some(setting) => Some((shown(setting), setting.origin.to_string())),
                None => self.supplied(key, environment)?,
            };
            match found {
                Some((value, source)) => all.push(Explained { setting: key.path(), value: Some(value), source, hides }),
                // Another credential set counts.
                None if !hides.is_empty() => {
                    all.push(Explained { setting: key.path(), value: None, source: String::new(), hides });
                }
                None => {}
            }
        }
        Ok(all)
    }

    /// What a setting is if nobody makes it, by its preset or by default.
    fn supplied(&self, key: Key, environment: &Environment) -> Result<Option<(String, String)>, CliError> {
        if Key::USE.contains(&key) {
            let requested = self.requested(key)?;
            return Ok(requested.map(|requested| (requested.value, requested.source.name().to_owned())));
        }
        let of_preset = || Ok::<_, CliError>(self.preset()?.and_then(|preset| preset.base_url));
        if key == Key::BaseUrl {
            return Ok(of_preset()?.map(|url| (url, RequestSource::Preset.name().to_owned())));
        }
        let value = match key {
            Key::Output => "auto".to_owned(),
            Key::Timeout => format!("{DEFAULT_TIMEOUT}s"),
            Key::AllowInsecureHttp => "false".to_owned(),
            Key::TokenCache => match self.token_cache(environment)? {
                TokenCache::Directory(directory) => directory.display().to_string(),
                TokenCache::Off => "off".to_owned(),
                #[cfg(feature = "keyring")]
                TokenCache::Keyring(_) => "keyring".to_owned(),
            },
            _ => return Ok(None),
        };
        Ok(Some((value, "default".to_owned())))
    }
}

fn shown(setting: &Setting) -> String {
    match &setting.value {
        SettingValue::Text(text) => text.clone(),
        SettingValue::Secret(secret) => format!("(secret: {secret})"),
        SettingValue::List(words) => words.join(" "),
        SettingValue::Tables(tables) => format!("({} members)", tables.len()),
        SettingValue::Unset => String::new(),
    }
}
