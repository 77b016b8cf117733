//! Finding the token endpoint of an issuer: OpenID Connect Discovery 1.0 §4 and RFC 8414 §3.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::clock::{Clock, SystemClock};
use crate::error::{AuthError, AuthErrorDetail, AuthErrorKind};
use crate::http::HttpOptions;
use crate::secret::scrub;
use crate::service_url::{ServiceUrl, ServiceUrlError};

use super::{exchange, refused, reply, unusable};

/// How long the response of an issuer is used before a new request. If that fails, the old one stays.
const KEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// An issuer identifier (RFC 8414 §2): an https URL, compared exactly.
///
/// ```
/// use optimize_auth::{ClientAuth, ClientCredentials, Issuer};
///
/// let issuer = Issuer::parse("https://login.example.com/realms/camunda")?;
/// let source = ClientCredentials::new(issuer, "my-client", ClientAuth::Post("my-secret".into()));
/// # drop(source);
/// # Ok::<(), optimize_auth::ServiceUrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    text: String,
    url: ServiceUrl,
    allows_insecure_http: bool,
}

impl Issuer {
    /// The issuer of this identifier, under the rules of [`ServiceUrl::parse`]; so is the endpoint it will name.
    pub fn parse(text: &str) -> Result<Self, ServiceUrlError> {
        Ok(Self { text: text.to_owned(), url: ServiceUrl::parse(text)?, allows_insecure_http: false })
    }

    /// The same, under the rules of [`ServiceUrl::parse_allowing_insecure_http`].
    pub fn parse_allowing_insecure_http(text: &str) -> Result<Self, ServiceUrlError> {
        let url = ServiceUrl::parse_allowing_insecure_http(text)?;
        Ok(Self { text: text.to_owned(), url, allows_insecure_http: true })
    }

    /// The identifier as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where it is reached.
    pub fn url(&self) -> &ServiceUrl {
        &self.url
    }

    /// Asks the issuer for its token endpoint.
    ///
    /// Its metadata must name this very issuer (RFC 8414 §3.3), and redirects are not followed. `timeout` is for each of
    /// up to four requests.
    pub async fn discover(&self, options: &HttpOptions, timeout: Duration) -> Result<ServiceUrl, AuthError> {
        ask(self, options, timeout).await
    }

    fn parse_endpoint(&self, text: &str) -> Result<ServiceUrl, ServiceUrlError> {
        if self.allows_insecure_http { ServiceUrl::parse_allowing_insecure_http(text) } else { ServiceUrl::parse(text) }
    }

    /// Where its metadata may be: behind the identifier as OpenID Connect says, before its path as RFC 8414 says, or behind
    /// it under the name of RFC 8414, as django-oauth-toolkit has it.
    fn metadata_urls(&self) -> Vec<ServiceUrl> {
        let path = self.url.as_url().path().trim_end_matches('/');
        let mut paths = vec![
            format!("{path}/.well-known/openid-configuration"),
            format!("/.well-known/oauth-authorization-server{path}"),
            format!("/.well-known/openid-configuration{path}"),
            format!("{path}/.well-known/oauth-authorization-server"),
        ];
        // Without a path the second two are the first two.
        if path.is_empty() {
            paths.truncate(2);
        }
        paths.iter().map(|path| self.url.with_path(path)).collect()
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What an issuer has published.
#[derive(Debug, Default)]
pub(super) struct Discovered {
    response: Mutex<Option<Response>>,
}

#[derive(Debug)]
struct Response {
    token_endpoint: ServiceUrl,
    at: Duration,
}

#[derive(Deserialize)]
struct Metadata {
    issuer: Option<String>,
    token_endpoint: Option<String>,
}

impl Discovered {
    pub(super) async fn token_endpoint(
        &self,
        issuer: &Issuer,
        options: &HttpOptions,
        timeout: Duration,
    ) -> Result<ServiceUrl, AuthError> {
        let mut response = self.response.lock().await;
        let now = SystemClock.monotonic();
        if let Some(response) = response.as_ref().filter(|response| now.saturating_sub(response.at) < KEEP) {
            return Ok(response.token_endpoint.clone());
        }
        match (ask(issuer, options, timeout).await, response.as_ref()) {
            (Ok(token_endpoint), _) => {
                *response = Some(Response { token_endpoint: token_endpoint.clone(), at: now });
                Ok(token_endpoint)
            }
            (Err(error), Some(old)) if error.is_transient() => Ok(old.token_endpoint.clone()),
            (Err(error), _) => Err(error),
        }
    }
}

async fn ask(issuer: &Issuer, options: &HttpOptions, timeout: Duration) -> Result<ServiceUrl, AuthError> {
    let urls = issuer.metadata_urls();
    for url in &urls {
        let request = Request::get(url.as_url().as_str()).header(header::ACCEPT, "application/json");
        let request = request.body(Bytes::new()).map_err(|error| unusable(url, error))?;
        let (status, headers, body) = exchange(options, url, request, timeout).await?;
        tracing::debug!(%url, status = status.as_u16(), "issuer responded");
        if matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) {
            continue;
        }
        if status.is_redirection() {
            let problem = format!("{url} returned {} with a redirect, which is not followed", status.as_u16());
            return Err(failed(issuer, &problem));
        }
        if !status.is_success() {
            let problem = format!("it returned {} to discovery", status.as_u16());
            let kind = reply::kind_of(status);
            return Err(refused(url, status, &headers, reply::Failure { kind, code: None, detail: None, problem }));
        }
        return read(issuer, url, &body);
    }
    let tried = urls.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let error = failed(issuer, &format!("it publishes no metadata; tried {tried}"));
    Err(error.with_detail(AuthErrorDetail::NoMetadata))
}

fn read(issuer: &Issuer, url: &ServiceUrl, body: &[u8]) -> Result<ServiceUrl, AuthError> {
    let Ok(metadata) = serde_json::from_slice::<Metadata>(body) else {
        return Err(failed(issuer, &format!("{url} returned no metadata: not a JSON object of the right form")));
    };
    // RFC 8414 §3.3: another issuer may be an attacker that poses as this one.
    if metadata.issuer.as_deref() != Some(issuer.as_str()) {
        let named = metadata.issuer.map_or_else(|| "none".to_owned(), |named| scrub(&named, &[]));
        let error = failed(issuer, &format!("{url} names another issuer: {named}"));
        return Err(error.with_detail(AuthErrorDetail::OtherIssuer { named }));
    }
    let Some(text) = metadata.token_endpoint else {
        return Err(failed(issuer, &format!("{url} names no token_endpoint")));
    };
    issuer.parse_endpoint(&text).map_err(|error| failed(issuer, &format!("the token_endpoint of {url}: {error}")))
}

fn failed(issuer: &Issuer, problem: &str) -> AuthError {
    AuthError::new(AuthErrorKind::Protocol, format!("failed to discover the token endpoint of {issuer}: {problem}"))
        .with_setting("issuer")
}
