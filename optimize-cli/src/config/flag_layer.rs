//! Settings from flags.

use std::path::Path;

use super::schema::{Key, Origin, SecretRef, Setting, SettingValue};
use crate::flags::GlobalArgs;

pub(crate) fn settings(flags: &GlobalArgs) -> Vec<Setting> {
    let mut settings = Vec::new();
    let mut add = |key, value, flag| settings.push(Setting { key, value, origin: Origin::Flag(flag) });
    if let Some(url) = &flags.base_url {
        add(Key::BaseUrl, SettingValue::Text(url.clone()), "--base-url");
    }
    if let Some(format) = flags.output {
        add(Key::Output, SettingValue::Text(format.to_string()), "--output");
    }
    if let Some(timeout) = flags.timeout {
        add(Key::Timeout, SettingValue::Text(format!("{timeout:?}")), "--timeout");
    }
    let secret = |path: &Path| SettingValue::Secret(SecretRef::File(path.to_owned()));
    if let Some(path) = &flags.client_secret_file {
        add(Key::ClientSecret, secret(path), "--client-secret-file");
        // The flag completes a client id from elsewhere, so it does not hide that id.
        let others = Key::CREDENTIALS.into_iter().filter(|key| !matches!(key, Key::ClientId | Key::ClientSecret));
        others.for_each(|key| add(key, SettingValue::Unset, "--client-secret-file"));
    }
    if let Some(path) = &flags.token_file {
        add(Key::Token, secret(path), "--token-file");
        let others = Key::CREDENTIALS.into_iter().filter(|key| *key != Key::Token);
        others.for_each(|key| add(key, SettingValue::Unset, "--token-file"));
    }
    settings
}
