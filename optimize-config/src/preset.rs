//! What is known of the provider of tokens, and what that supplies.

use optimize_auth::{AuthError, Preset};

use crate::auth::how_to_set;
use crate::error::Error;
use crate::keys::Key;
use crate::setting::{Origin, Setting};
use crate::settings::Settings;
use crate::types::{Address, PresetName};

impl Settings {
    /// What is known of the provider. Camunda SaaS is known by the base URL, by a region and a cluster id where there is no
    /// other base URL, or by Camunda's token endpoint.
    pub(crate) fn preset(&self) -> Result<Option<Preset>, Error> {
        let provider = &self.provider;
        let need = |value: Option<&String>, key: Key, preset: &str| {
            value.cloned().ok_or_else(|| {
                Error::config(format!("the preset `{preset}`: {} is not set", key.path()))
                    .stating()
                    .with_hint(how_to_set(key))
            })
        };
        let wrong = |error: AuthError| self.placed(&error).unwrap_or_else(|| error.into());
        let (region, cluster) = (provider.region.as_deref(), provider.cluster_id.as_deref());
        let saas = || {
            let (region, cluster) = (need(region, Key::Region, "saas")?, need(cluster, Key::ClusterId, "saas")?);
            Preset::saas(&region, &cluster).map_err(wrong)
        };
        let has_base_url = self.set(Key::BaseUrl).is_some();
        match provider.preset.as_deref() {
            Some(PresetName::Saas) | None if region.is_some() && cluster.is_some() && !has_base_url => saas().map(Some),
            Some(PresetName::Saas) if has_base_url => Ok(Some(Preset::saas_with_known_url())),
            Some(PresetName::Saas) => saas().map(Some),
            None if self.is_saas_by_url() => Ok(Some(Preset::saas_with_known_url())),
            None => Ok(None),
            Some(PresetName::SelfManaged) => {
                let realm = need(provider.realm_url.as_deref(), Key::RealmUrl, "self-managed")?;
                Ok(Some(Preset::keycloak(&realm)))
            }
            Some(PresetName::Entra) => {
                let tenant = need(provider.tenant.as_deref(), Key::Tenant, "entra");
                let application = provider.application_id.as_deref().or(self.auth.client_id.as_deref());
                let application = need(application, Key::ApplicationId, "entra")?;
                Preset::entra(&tenant?, &application).map_err(wrong).map(Some)
            }
        }
    }

    /// Whether a URL that is set is one of Camunda SaaS.
    fn is_saas_by_url(&self) -> bool {
        let host = |key, address: Option<&Address>| address.filter(|_| self.set(key).is_some()).and_then(Address::host);
        host(Key::BaseUrl, self.server.base_url.as_deref()).is_some_and(|host| host.ends_with(".optimize.camunda.io"))
            || host(Key::TokenUrl, self.auth.token_url.as_deref()).is_some_and(|host| host == "login.cloud.camunda.io")
    }
}

/// What a preset supplies. An issuer that is set has its own token endpoint.
pub(crate) fn supplied(preset: &Preset, has_issuer: bool) -> Vec<Setting> {
    let values = [
        (Key::BaseUrl, preset.base_url.clone()),
        (Key::TokenUrl, (!has_issuer).then(|| preset.token_url.clone())),
        (Key::Issuer, preset.issuer.clone()),
        (Key::Audience, preset.audience.clone()),
        (Key::Scope, preset.scope.clone()),
        (Key::AssertionAudience, preset.assertion_audience.map(str::to_owned)),
    ];
    let setting = |(key, value): (Key, Option<String>)| Some(Setting::new(key, value?, Origin::Preset));
    values.into_iter().filter_map(setting).collect()
}
