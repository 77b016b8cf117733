//! Which settings are used, and where each is set.

use crate::error::Error;
use crate::keys::Key;
use crate::settings::{SANDBOX_PROFILE, Settings};

/// A setting as it is used.
pub struct Explained {
    /// Its key.
    pub setting: &'static str,
    /// Of a secret, where it is.
    pub value: Option<String>,
    /// Where it is set.
    pub source: String,
    /// Where else it is set, the place of the highest priority first.
    pub hides: Vec<String>,
}

impl Settings {
    /// Every setting that is set, or has a default.
    pub fn explain(&self) -> Result<Vec<Explained>, Error> {
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
            let hides: Vec<_> = self.layers.hidden(key).map(|setting| setting.origin.to_string()).collect();
            let found = match self.set(key) {
                Some(setting) => Some((setting.shown(), setting.origin.to_string())),
                None => self.supplied(key)?,
            };
            match found {
                Some((value, source)) => all.push(Explained { setting: key.path(), value: Some(value), source, hides }),
                // Another credential set is used.
                None if !hides.is_empty() => {
                    all.push(Explained { setting: key.path(), value: None, source: String::new(), hides });
                }
                None => {}
            }
        }
        Ok(all)
    }

    /// What a setting is if the user does not set it, by its preset or by default.
    fn supplied(&self, key: Key) -> Result<Option<(String, String)>, Error> {
        if Key::USE.contains(&key) {
            let requested = self.requested(key)?;
            return Ok(requested.map(|requested| (requested.value, requested.source.name().to_owned())));
        }
        if key == Key::BaseUrl {
            self.preset()?;
        }
        Ok(self.layers.get(key).map(|setting| (setting.shown(), setting.origin.to_string())))
    }
}
