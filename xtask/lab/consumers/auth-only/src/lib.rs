//! A program that has an HTTP client of its own and needs a token.

use optimize_auth::{AuthError, ClientAuth, ClientCredentials, Credentials, ServiceUrl};

/// Credentials for the token endpoint at `token_url`.
pub fn credentials(token_url: &str, client_id: &str, secret: String) -> Result<Credentials, AuthError> {
    let url = ServiceUrl::parse(token_url).map_err(|error| AuthError::invalid_setting("token_url", &error.to_string()))?;
    Ok(Credentials::new(ClientCredentials::new(url, client_id, ClientAuth::Post(secret.into()))))
}
