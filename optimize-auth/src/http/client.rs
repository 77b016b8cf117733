//! The seam to whatever sends HTTP requests.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::Stream;
use http::{Request, Response};

use super::failure::{TransportError, TransportProblem};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Sends HTTP requests: the default is made by [`HttpOptions`](super::HttpOptions), with reqwest.
///
/// One of your own can add a proxy, a recorder or a fake. What keeps a program safe stays above it: timeouts, limits on
/// bodies, retries, renewal of the token, and hiding of secrets. It must
///
/// * send each request once, and follow no redirect: a redirect is a response like any other;
/// * decompress the body, unless it does not send `Accept-Encoding`;
/// * report in [`TransportError`] at which stage a request ended. [`TransportProblem::Connect`] says that the server has
///   received nothing, so that the request is sent again even if it must not be repeated.
///
/// A panic inside it is an error of the request, and ends no caller.
///
/// ```
/// use optimize_auth::http::{Body, Bytes, HttpClient, Request, Response, TransportError};
///
/// /// Responds to every request with the same token.
/// #[derive(Debug)]
/// struct Fake;
///
/// #[optimize_auth::async_trait]
/// impl HttpClient for Fake {
///     async fn send(&self, _: Request<Bytes>) -> Result<Response<Body>, TransportError> {
///         Ok(Response::new(Body::from(r#"{"access_token": "abc", "token_type": "Bearer", "expires_in": 60}"#)))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use optimize_auth::{ClientAuth, ClientCredentials, Credentials, ServiceUrl};
///
/// let endpoint = ServiceUrl::parse("https://login.example.com/oauth/token")?;
/// let source = ClientCredentials::new(endpoint, "my-client", ClientAuth::Post("secret".into()));
/// let credentials = Credentials::new(source.with_http_client(Arc::new(Fake)));
/// assert_eq!(credentials.headers().await?.as_map()["authorization"], "Bearer abc");
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait HttpClient: fmt::Debug + Send + Sync {
    /// Sends `request`, whose URI is absolute, and returns the response as soon as its head has arrived.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError>;
}

/// Marks a request whose connection must not be kept for later ones: an extension of the [`Request`].
///
/// Token requests have it. They are minutes apart, and a connection that is kept belongs to the runtime that made it,
/// which may not be driven any more when another one needs a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SingleConnection;

/// The body of a response, in chunks as they arrive.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use optimize_auth::http::Body;
///
/// let mut body = Body::from("whole");
/// assert_eq!(body.chunk().await.ok_or("one chunk")??, "whole");
/// assert!(body.chunk().await.is_none());
/// # Ok(())
/// # }
/// ```
pub struct Body {
    chunks: Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>,
}

impl Body {
    /// A body of chunks. An error ends it: the connection broke, unless it is a [`TransportError`].
    pub fn from_stream<E: Into<BoxError>>(chunks: impl Stream<Item = Result<Bytes, E>> + Send + 'static) -> Self {
        Self { chunks: Box::pin(Chunks(Box::pin(chunks))) }
    }

    /// The next chunk; `None` at the end.
    pub async fn chunk(&mut self) -> Option<Result<Bytes, TransportError>> {
        std::future::poll_fn(|context| self.chunks.as_mut().poll_next(context)).await
    }
}

impl Stream for Body {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.chunks.as_mut().poll_next(context)
    }
}

/// A body that is there already.
impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        Self { chunks: Box::pin(Whole(Some(bytes.into()))) }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body")
    }
}

struct Whole(Option<Bytes>);

impl Stream for Whole {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().filter(|bytes| !bytes.is_empty()).map(Ok))
    }
}

/// Chunks whose errors become those of this crate.
struct Chunks<S>(Pin<Box<S>>);

impl<S: Stream<Item = Result<Bytes, E>>, E: Into<BoxError>> Stream for Chunks<S> {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let broken = |error: E| match error.into().downcast() {
            Ok(error) => *error,
            Err(other) => TransportError::new(TransportProblem::Exchange).with_source(other),
        };
        self.0.as_mut().poll_next(context).map(|chunk| chunk.map(|chunk| chunk.map_err(broken)))
    }
}
