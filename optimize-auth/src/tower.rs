//! A layer of tower that authenticates requests: for hyper, the channels of tonic, and everything else that is a
//! `Service` of `http::Request`.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::WWW_AUTHENTICATE;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use tower_layer::Layer;
use tower_service::Service;

use crate::credentials::Credentials;
use crate::lock::lock;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// So much of a body is kept to send it again, in bytes.
const LONGEST_COPY: usize = 1 << 20;

/// Adds the headers of [`Credentials`] to each request, and after a 401, or the gRPC status `UNAUTHENTICATED`, gets a new
/// token and sends the request once more.
///
/// A request is sent again only if its body was sent whole and has at most 1 MiB; else its caller gets the 401, and the
/// next request has the new token. A request that has the header already is an error: two layers would authenticate it.
///
/// The inner service gets an [`AuthBody`]. [`with_body`](Self::with_body) makes another type of it, such as that of tonic:
///
/// ```
/// use http_body_util::Full;
/// use optimize_auth::Credentials;
/// use optimize_auth::http::Bytes;
/// use optimize_auth::tower::{AuthBody, AuthLayer};
/// use tower_layer::Layer as _;
///
/// /// The body of a client, as `tonic::body::Body` is.
/// struct Body;
///
/// impl Body {
///     fn new(_: AuthBody<Full<Bytes>>) -> Self {
///         Self
///     }
/// }
///
/// # struct Channel;
/// # fn example(channel: Channel, credentials: Credentials) {
/// let channel = AuthLayer::new(credentials).with_body(Body::new).layer(channel);
/// # drop(channel);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AuthLayer<F = Same> {
    credentials: Credentials,
    body: F,
}

/// Passes bodies on as they are.
#[derive(Clone, Copy, Debug)]
pub struct Same;

/// Makes the body that an inner service takes.
pub trait MakeBody<B> {
    /// The body of the inner service.
    type Body;

    /// Makes it.
    fn make(&self, body: AuthBody<B>) -> Self::Body;
}

impl<B> MakeBody<B> for Same {
    type Body = AuthBody<B>;

    fn make(&self, body: AuthBody<B>) -> AuthBody<B> {
        body
    }
}

impl<B, T, F: Fn(AuthBody<B>) -> T> MakeBody<B> for F {
    type Body = T;

    fn make(&self, body: AuthBody<B>) -> T {
        self(body)
    }
}

impl AuthLayer {
    /// A layer with these credentials, whose services pass an [`AuthBody`] on.
    pub fn new(credentials: Credentials) -> Self {
        Self { credentials, body: Same }
    }

    /// Makes the body of the inner service, such as `tonic::body::Body::new`.
    pub fn with_body<F>(self, make: F) -> AuthLayer<F> {
        AuthLayer { credentials: self.credentials, body: make }
    }
}

impl<S, F: Clone> Layer<S> for AuthLayer<F> {
    type Service = AuthService<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthService { inner, credentials: self.credentials.clone(), body: self.body.clone() }
    }
}

/// The service of an [`AuthLayer`].
#[derive(Clone, Debug)]
pub struct AuthService<S, F = Same> {
    inner: S,
    credentials: Credentials,
    body: F,
}

impl<S, F, B, R> Service<Request<B>> for AuthService<S, F>
where
    F: MakeBody<B> + Clone + Send + Sync + 'static,
    F::Body: Send,
    S: Service<Request<F::Body>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    R: Send,
{
    type Response = Response<R>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that is ready, not its clone.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let (credentials, body) = (self.credentials.clone(), self.body.clone());
        Box::pin(async move {
            let (head, original) = request.into_parts();
            let auth = credentials.headers().await?;
            let sent = Arc::<Mutex<Copy>>::default();
            let mut first = Request::from_parts(head.clone(), body.make(AuthBody::of(original, sent.clone())));
            auth.apply_alone(first.headers_mut())?;
            let response = inner.call(first).await.map_err(Into::into)?;
            if !is_rejected(&response) || !credentials.is_renewable() {
                return Ok(response);
            }
            let challenge = response.headers().get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
            let Some(chunks) = lock(&sent).whole() else {
                credentials.reject(auth.stamp(), challenge);
                return Ok(response);
            };
            // Without another token, the server's own words are the better error.
            let Ok(Some(renewed)) = credentials.renewed_after(&auth, challenge).await else { return Ok(response) };
            let mut second = Request::from_parts(head, body.make(AuthBody::again(chunks)));
            renewed.apply_alone(second.headers_mut())?;
            poll_fn(|context| inner.poll_ready(context)).await.map_err(Into::into)?;
            inner.call(second).await.map_err(Into::into)
        })
    }
}

/// Whether the server has refused the token: 401, or in gRPC a status in the head of the response.
fn is_rejected<R>(response: &Response<R>) -> bool {
    const UNAUTHENTICATED: &[u8] = b"16";
    response.status() == StatusCode::UNAUTHORIZED
        || response.headers().get("grpc-status").is_some_and(|status| status.as_bytes() == UNAUTHENTICATED)
}

/// The body of a request, of which a copy is kept while it is sent.
#[derive(Debug)]
pub struct AuthBody<B> {
    source: Source<B>,
}

#[derive(Debug)]
enum Source<B> {
    Original { body: B, copy: Arc<Mutex<Copy>> },
    Again(std::vec::IntoIter<Bytes>),
}

/// What was sent of a body.
#[derive(Debug, Default)]
struct Copy {
    chunks: Vec<Bytes>,
    length: usize,
    is_whole: bool,
    /// Whether it is too long, or has trailers.
    is_lost: bool,
}

impl Copy {
    fn add(&mut self, frame: &Frame<Bytes>) {
        match frame.data_ref() {
            Some(chunk) if self.length + chunk.len() <= LONGEST_COPY => {
                self.length += chunk.len();
                self.chunks.push(chunk.clone());
            }
            _ => {
                self.is_lost = true;
                self.chunks = Vec::new();
            }
        }
    }

    fn whole(&mut self) -> Option<Vec<Bytes>> {
        (self.is_whole && !self.is_lost).then(|| std::mem::take(&mut self.chunks))
    }
}

impl<B: Body> AuthBody<B> {
    fn of(body: B, copy: Arc<Mutex<Copy>>) -> Self {
        // Nobody asks such a body for a frame.
        lock(&copy).is_whole = body.is_end_stream();
        Self { source: Source::Original { body, copy } }
    }

    fn again(chunks: Vec<Bytes>) -> Self {
        Self { source: Source::Again(chunks.into_iter()) }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for AuthBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match &mut self.source {
            Source::Again(chunks) => Poll::Ready(chunks.next().map(|chunk| Ok(Frame::data(chunk)))),
            Source::Original { body, copy } => {
                let frame = ready!(Pin::new(&mut *body).poll_frame(context));
                let mut copy = lock(copy);
                match &frame {
                    Some(Ok(frame)) => {
                        copy.add(frame);
                        copy.is_whole = body.is_end_stream();
                    }
                    Some(Err(_)) => copy.is_lost = true,
                    None => copy.is_whole = true,
                }
                Poll::Ready(frame)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Again(chunks) => chunks.len() == 0,
            Source::Original { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Again(chunks) => {
                SizeHint::with_exact(chunks.as_slice().iter().map(|chunk| chunk.len() as u64).sum())
            }
            Source::Original { body, .. } => body.size_hint(),
        }
    }
}
