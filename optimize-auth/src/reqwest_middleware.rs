//! A middleware of `reqwest-middleware` that authenticates requests.

use async_trait::async_trait;
use http::header::WWW_AUTHENTICATE;
use http::{Extensions, StatusCode};
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

use crate::credentials::Credentials;

/// Adds the headers of [`Credentials`] to each request, and after a 401 gets a new token and sends the request once more.
///
/// A body that is a stream cannot be sent twice: then the caller gets the 401, and the next request has the new token. A
/// request that has the header already is an error: two layers would authenticate it.
///
/// ```
/// use optimize_auth::Credentials;
/// use optimize_auth::reqwest_middleware::AuthMiddleware;
///
/// # fn example(client: reqwest::Client, credentials: Credentials) {
/// let client = reqwest_middleware::ClientBuilder::new(client).with(AuthMiddleware::new(credentials)).build();
/// # drop(client);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AuthMiddleware {
    credentials: Credentials,
}

impl AuthMiddleware {
    /// A middleware with these credentials.
    pub fn new(credentials: Credentials) -> Self {
        Self { credentials }
    }
}

#[async_trait]
impl Middleware for AuthMiddleware {
    async fn handle(&self, mut request: Request, extensions: &mut Extensions, next: Next<'_>) -> Result<Response> {
        let copy = request.try_clone();
        let auth = self.credentials.headers().await.map_err(Error::middleware)?;
        auth.apply_alone(request.headers_mut()).map_err(Error::middleware)?;
        let response = next.clone().run(request, extensions).await?;
        if response.status() != StatusCode::UNAUTHORIZED || !self.credentials.is_renewable() {
            return Ok(response);
        }
        let challenge = response.headers().get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
        let Some(mut request) = copy else {
            self.credentials.reject(auth.stamp(), challenge);
            return Ok(response);
        };
        // Without another token, the server's own words are the better error.
        let Ok(Some(renewed)) = self.credentials.renewed_after(&auth, challenge).await else { return Ok(response) };
        renewed.apply(request.headers_mut());
        next.run(request, extensions).await
    }
}
