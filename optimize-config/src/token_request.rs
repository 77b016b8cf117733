//! The parameters of a token request. What is sent and what is shown come from here.

use optimize_auth::{BuiltinStrategy, ClientAuthMethod, Preset};

use crate::error::Error;
use crate::keys::{Auth, Key};
use crate::layers::Layers;
use crate::setting::{Origin, Setting};
use crate::settings::Settings;

/// Stands for no audience at all.
const NO_AUDIENCE: &str = "none";

/// A parameter of the token request, and where it comes from.
pub struct Requested {
    pub value: String,
    pub source: RequestSource,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
/// Where a parameter of the token request comes from.
pub enum RequestSource {
    /// The user set it.
    Setting,
    /// The preset supplies it.
    Preset,
    /// Nobody set it.
    Default,
}

impl RequestSource {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Setting => "setting",
            Self::Preset => "preset",
            Self::Default => "default",
        }
    }
}

impl Settings {
    /// A setting of the token request as it is sent; `None` is not sent. This is what is shown, too.
    pub fn requested(&self, key: Key) -> Result<Option<Requested>, Error> {
        let strategy = self.strategy().map_or(BuiltinStrategy::None, |(strategy, _)| strategy);
        self.requested_by(&self.auth, &self.layers, strategy, key)
    }

    /// The same of a member of a chain: what is not set there is as it is for all. What nobody has set comes from the
    /// preset, and the audience by default from Camunda's documentation.
    pub(crate) fn requested_by(
        &self,
        auth: &Auth,
        member: &Layers,
        strategy: BuiltinStrategy,
        key: Key,
    ) -> Result<Option<Requested>, Error> {
        let of_member = |key: Key| member.get(key).filter(|setting| setting.origin.is_set()).map(Setting::shown);
        let set = |key: Key| of_member(key).or_else(|| self.set_text(key));
        if let Some(value) = set(key) {
            let is_none = key == Key::Audience && value == NO_AUDIENCE;
            return Ok((!is_none).then_some(Requested { value, source: RequestSource::Setting }));
        }
        // An issuer that is set has its own token endpoint.
        if key == Key::TokenUrl && set(Key::Issuer).is_some() {
            return Ok(None);
        }
        let preset = self.preset()?;
        if let Some(value) = self.layers.get(key).filter(|setting| setting.origin == Origin::Preset) {
            return Ok(Some(Requested { value: value.shown(), source: RequestSource::Preset }));
        }
        let is_client = match strategy {
            BuiltinStrategy::ClientCredentials | BuiltinStrategy::ClientAssertion => true,
            BuiltinStrategy::Exec => auth.client_id.is_some(),
            _ => false,
        };
        let says_what_for = preset.is_some() || set(Key::Scope).is_some() || set(Key::Resource).is_some();
        let is_default = key == Key::Audience && is_client && !says_what_for;
        let value = Preset::DEFAULT_AUDIENCE.to_owned();
        Ok(is_default.then_some(Requested { value, source: RequestSource::Default }))
    }

    /// What a strategy makes no use of is left out, since it may stand in the environment for other runs.
    pub(crate) fn is_of_use(&self, auth: &Auth, strategy: BuiltinStrategy, key: Key) -> bool {
        let client_auth = auth.client_auth.as_deref().copied().or_else(|| self.client_auth());
        let is_key = auth.private_key.is_some() || client_auth == Some(ClientAuthMethod::PrivateKeyJwt);
        let is_client = strategy == BuiltinStrategy::ClientCredentials;
        let has_grant = strategy != BuiltinStrategy::Exec || auth.client_id.is_some();
        match key {
            Key::KeyId | Key::SigningAlgorithm => is_client && is_key,
            Key::AssertionAudience => is_client && (is_key || client_auth == Some(ClientAuthMethod::ClientSecretJwt)),
            Key::ClientAuth => is_client || strategy == BuiltinStrategy::Exec && has_grant,
            Key::Issuer => has_grant,
            _ => true,
        }
    }
}
