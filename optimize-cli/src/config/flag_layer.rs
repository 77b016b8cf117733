//! Settings from flags.

use std::path::Path;

use super::layers::Layer;
use super::setting::{Origin, SecretRef, Setting};
use super::settings::Key;
use crate::flags::GlobalArgs;

pub(crate) fn layer(flags: &GlobalArgs) -> Layer {
    let (mut settings, mut hides) = (Vec::new(), Vec::new());
    let mut add = |key, value: figment::value::Value, flag| {
        settings.push(Setting::new(key, value, Origin::Flag(flag)));
    };
    if let Some(url) = &flags.base_url {
        add(Key::BaseUrl, url.as_str().into(), "--base-url");
    }
    if let Some(format) = flags.output {
        add(Key::Output, format.to_string().into(), "--output");
    }
    if let Some(timeout) = flags.timeout {
        add(Key::Timeout, shown(timeout).into(), "--timeout");
    }
    let secret = |path: &Path| SecretRef::File(path.to_owned()).value();
    let others = |kept: &[Key]| Key::CREDENTIALS.into_iter().filter(|key| !kept.contains(key)).collect();
    if let Some(path) = &flags.client_secret_file {
        add(Key::ClientSecret, secret(path), "--client-secret-file");
        // The flag completes a client id from elsewhere, so it does not hide that id.
        hides = others(&[Key::ClientId, Key::ClientSecret]);
    }
    if let Some(path) = &flags.token_file {
        add(Key::Token, secret(path), "--token-file");
        hides = others(&[Key::Token]);
    }
    Layer::completing(settings, hides)
}

/// A duration as a person would write it.
fn shown(duration: std::time::Duration) -> String {
    format!("{duration:?}")
}
