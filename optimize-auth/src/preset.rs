//! What is the same for everybody at one provider.

use crate::endpoint::{Issuer, TokenEndpoint};
use crate::error::AuthError;
use crate::service_url::ServiceUrl;
use crate::strategy::client_credentials::{AssertionAudience, ClientAuth, ClientCredentials};

/// Where tokens come from and what is requested, at a known kind of provider.
///
/// ```
/// use optimize_auth::Preset;
///
/// let saas = Preset::saas("bru-2", "0f3c2a74-6f3e-4a52-9c7e-2f3c0a7d1b11")?;
/// assert_eq!(saas.token_url, "https://login.cloud.camunda.io/oauth/token");
/// assert_eq!(saas.audience.as_deref(), Some("optimize.camunda.io"));
/// # Ok::<(), optimize_auth::AuthError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preset {
    /// The base URL of Optimize, if it follows from the provider.
    pub base_url: Option<String>,
    /// The token endpoint.
    pub token_url: String,
    /// The issuer, where it is known. No request goes to it, since the token endpoint is known too.
    pub issuer: Option<String>,
    /// The `audience` parameter.
    pub audience: Option<String>,
    /// The `scope` parameter.
    pub scope: Option<String>,
    /// For whom signed assertions are meant, where that is not the issuer: `token-endpoint`.
    pub assertion_audience: Option<&'static str>,
}

impl Preset {
    /// The audience to request where nothing else is known, as Camunda documents it.
    pub const DEFAULT_AUDIENCE: &str = "optimize.camunda.io";

    /// Camunda 8 SaaS: a region such as `bru-2` and the id of a cluster. Tokens are for that one cluster.
    pub fn saas(region: &str, cluster_id: &str) -> Result<Self, AuthError> {
        let region = label("region", region)?;
        let cluster_id = label("cluster_id", cluster_id)?;
        let base_url = Some(format!("https://{region}.optimize.camunda.io/{cluster_id}"));
        Ok(Self { base_url, ..Self::saas_with_known_url() })
    }

    /// Camunda 8 SaaS where the base URL of Optimize is known already: the token endpoint and the audience.
    pub fn saas_with_known_url() -> Self {
        Self {
            base_url: None,
            token_url: "https://login.cloud.camunda.io/oauth/token".to_owned(),
            issuer: None,
            audience: Some(Self::DEFAULT_AUDIENCE.to_owned()),
            scope: None,
            assertion_audience: None,
        }
    }

    /// Self-managed with Keycloak: the URL of the realm, for example
    /// `https://keycloak.example.com/auth/realms/camunda-platform`. Which audience a token has is set there.
    pub fn keycloak(realm_url: &str) -> Self {
        let realm_url = realm_url.trim_end_matches('/');
        Self {
            base_url: None,
            token_url: format!("{realm_url}/protocol/openid-connect/token"),
            issuer: Some(realm_url.to_owned()),
            audience: None,
            scope: None,
            assertion_audience: None,
        }
    }

    /// Microsoft Entra ID: the tenant, and the client id of the application registration of Optimize, which the token is
    /// for.
    pub fn entra(tenant: &str, application_id: &str) -> Result<Self, AuthError> {
        let tenant = label("tenant", tenant)?;
        let application_id = label("application_id", application_id.trim_start_matches("api://"))?;
        Ok(Self {
            base_url: None,
            token_url: format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"),
            issuer: Some(format!("https://login.microsoftonline.com/{tenant}/v2.0")),
            audience: None,
            scope: Some(format!("{application_id}/.default")),
            assertion_audience: Some("token-endpoint"),
        })
    }

    /// A source for a client at this provider.
    pub fn client_credentials(&self, client_id: &str, client_auth: ClientAuth) -> Result<ClientCredentials, AuthError> {
        let invalid = |name, error: crate::ServiceUrlError| AuthError::invalid_setting(name, &error.to_string());
        let url = ServiceUrl::parse(&self.token_url).map_err(|error| invalid("token_url", error))?;
        let mut endpoint = TokenEndpoint::from(url);
        if let Some(issuer) = &self.issuer {
            endpoint = endpoint.with_issuer(Issuer::parse(issuer).map_err(|error| invalid("issuer", error))?);
        }
        let mut client = ClientCredentials::new(endpoint, client_id, client_auth);
        if let Some(audience) = &self.audience {
            client = client.with_audience(audience);
        }
        if let Some(scope) = &self.scope {
            client = client.with_scope(scope);
        }
        if self.assertion_audience.is_some() {
            client = client.with_assertion_audience(AssertionAudience::TokenEndpoint);
        }
        Ok(client)
    }
}

/// One word that may become a part of a host name or a path, so that it cannot lead elsewhere.
fn label<'a>(name: &str, text: &'a str) -> Result<&'a str, AuthError> {
    let is_plain = text.chars().all(|character| character.is_ascii_alphanumeric() || "-_.".contains(character));
    if text.is_empty() || !is_plain || text.starts_with('.') {
        return Err(AuthError::invalid_setting(name, "expected letters, digits and hyphens"));
    }
    Ok(text)
}
