//! A middleware of `reqwest-middleware` that authenticates requests.

use async_trait::async_trait;
use http::header::WWW_AUTHENTICATE;
use http::{Extensions, StatusCode};
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

use crate::credentials::{AuthHeaders, Credentials};

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

    async fn headers(&self) -> Result<AuthHeaders> {
        self.credentials.headers().await.map_err(Error::middleware)
    }
}

#[async_trait]
impl Middleware for AuthMiddleware {
    async fn handle(&self, mut request: Request, extensions: &mut Extensions, next: Next<'_>) -> Result<Response> {
        let copy = request.try_clone();
        let auth = self.headers().await?;
        if let Some(name) = auth.as_map().keys().find(|name| request.headers().contains_key(*name)) {
            let message = format!("the request has the header {name} already: two layers authenticate it");
            return Err(Error::Middleware(std::io::Error::other(message).into()));
        }
        auth.apply(request.headers_mut());
        let response = next.clone().run(request, extensions).await?;
        if response.status() != StatusCode::UNAUTHORIZED || !self.credentials.is_renewable() {
            return Ok(response);
        }
        let challenge = response.headers().get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
        self.credentials.reject(auth.stamp(), challenge);
        let Some(mut request) = copy else { return Ok(response) };
        match self.headers().await {
            Ok(renewed) if renewed.as_map() != auth.as_map() => {
                renewed.apply(request.headers_mut());
                next.run(request, extensions).await
            }
            // Without another token, the server's own words are the better error.
            _ => Ok(response),
        }
    }
}
