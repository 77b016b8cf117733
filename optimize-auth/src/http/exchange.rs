//! One request and its response, within the limits: above whatever sends it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, USER_AGENT};
use http::{HeaderValue, Request, Response};
use secrecy::zeroize::Zeroizing;
use tokio::time::timeout;

use super::client::{Body, HttpClient};
use super::failure::{TransportError, TransportProblem};
use super::options::HttpOptions;

/// For `optimize-api`, which shares the limits.
#[doc(hidden)]
impl HttpOptions {
    /// Sends `request` and waits for the head of its response.
    pub async fn send(
        &self,
        client: &dyn HttpClient,
        mut request: Request<Bytes>,
    ) -> Result<Response<Body>, TransportError> {
        if let Ok(user_agent) = HeaderValue::from_str(self.user_agent()) {
            request.headers_mut().entry(USER_AGENT).or_insert(user_agent);
        }
        let response = without_panic(client.send(request));
        match self.head_timeout() {
            Some(limit) => within(limit, response).await,
            None => response.await,
        }
    }

    /// The body of `response`, if it has no more than `limit` bytes. At most one chunk more is read.
    pub async fn read_body(&self, response: Response<Body>, limit: usize) -> Result<Vec<u8>, TransportError> {
        if announced(&response).is_some_and(|length| length > limit as u64) {
            return Err(TransportError::too_large(limit));
        }
        match self.read_up_to(response, limit).await? {
            (body, true) => Ok(body),
            (_, false) => Err(TransportError::too_large(limit)),
        }
    }

    /// The first `limit` bytes of the body of `response`: for errors, where a part is enough.
    pub async fn read_start(&self, response: Response<Body>, limit: usize) -> Result<Vec<u8>, TransportError> {
        Ok(self.read_up_to(response, limit).await?.0)
    }

    /// At most `limit` bytes, and whether that is all.
    async fn read_up_to(&self, response: Response<Body>, limit: usize) -> Result<(Vec<u8>, bool), TransportError> {
        let announced = announced(&response).and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        let mut body = Zeroizing::new(Vec::with_capacity(announced.min(limit)));
        let mut chunks = response.into_body();
        let mut is_all = true;
        while is_all && let Some(chunk) = within(self.idle_timeout(), without_panic(next(&mut chunks))).await? {
            let room = limit - body.len();
            is_all = chunk.len() <= room;
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        Ok((std::mem::take(&mut *body), is_all))
    }
}

async fn next(body: &mut Body) -> Result<Option<Bytes>, TransportError> {
    body.chunk().await.transpose()
}

/// The length of a body, if it is known. Of one that was compressed it is not.
fn announced(response: &Response<Body>) -> Option<u64> {
    response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A panic of someone else's client is a failure of this request, not of the program.
async fn without_panic<T>(work: impl Future<Output = Result<T, TransportError>>) -> Result<T, TransportError> {
    let mut work = pin!(work);
    std::future::poll_fn(|context| {
        // What has panicked is not polled again.
        catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)))
            .unwrap_or_else(|panic| Err(panicked(&*panic)).into())
    })
    .await
}

fn panicked(panic: &(dyn Any + Send)) -> TransportError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    TransportError::new(TransportProblem::Exchange).with_source(format!("the HTTP client panicked: {text}"))
}

/// Waits for `work` at most `limit`, which then ends as a request that got no response in time.
pub(crate) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, TransportError>>,
) -> Result<T, TransportError> {
    timeout(limit, work).await.map_err(|_| TransportError::timed_out())?
}
