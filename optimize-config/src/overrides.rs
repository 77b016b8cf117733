//! What a program sets itself, above files and environment.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::keys::Key;
use crate::layers::Layer;
use crate::setting::{Origin, SecretRef, Setting};

/// What a program sets itself. It has priority over files and environment. Errors name the flags of the command line.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The profile to use, `--profile`.
    pub profile: Option<String>,
    /// A further configuration file, `--config`.
    pub config: Option<PathBuf>,
    /// Whether that file is used even if it is not trusted.
    pub trust_config: bool,
    /// The base URL.
    pub base_url: Option<String>,
    /// Whether the embedded server is to be used.
    pub sandbox: bool,
    /// A file with the client secret; `-` is standard input.
    pub client_secret_file: Option<PathBuf>,
    /// A file with a token; `-` is standard input.
    pub token_file: Option<PathBuf>,
    /// The word of an output format.
    pub output: Option<&'static str>,
    /// How long one request may take.
    pub timeout: Option<Duration>,
}

impl Overrides {
    /// The layer of these settings.
    pub(crate) fn layer(&self) -> Layer {
        let (mut settings, mut hides) = (Vec::new(), Vec::new());
        let mut add = |key, value: figment::value::Value, flag| {
            settings.push(Setting::new(key, value, Origin::Flag(flag)));
        };
        if let Some(url) = &self.base_url {
            add(Key::BaseUrl, url.as_str().into(), "--base-url");
        }
        if let Some(format) = self.output {
            add(Key::Output, format.into(), "--output");
        }
        if let Some(timeout) = self.timeout {
            add(Key::Timeout, format!("{timeout:?}").into(), "--timeout");
        }
        let secret = |path: &Path| SecretRef::File(path.to_owned()).value();
        let others = |kept: &[Key]| Key::CREDENTIALS.into_iter().filter(|key| !kept.contains(key)).collect();
        if let Some(path) = &self.client_secret_file {
            add(Key::ClientSecret, secret(path), "--client-secret-file");
            // The flag completes a client id from elsewhere, so it does not hide that id.
            hides = others(&[Key::ClientId, Key::ClientSecret]);
        }
        if let Some(path) = &self.token_file {
            add(Key::Token, secret(path), "--token-file");
            hides = others(&[Key::Token]);
        }
        Layer::completing(settings, hides)
    }
}
