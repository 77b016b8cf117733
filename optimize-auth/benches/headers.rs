//! Headers from the cache, beside the least that anything could do: a read lock and a clone of the header.

use std::pin::pin;
use std::sync::RwLock;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use divan::{AllocProfiler, Bencher};
use http::HeaderValue;
use optimize_auth::{AuthError, AuthHeaders, Credentials, FetchContext, Token, TokenSource};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const THREADS: [usize; 2] = [1, 16];

fn main() {
    divan::main();
}

/// A token that expires, so that the cache has to look at the clock.
#[derive(Debug)]
struct Source;

#[async_trait]
impl TokenSource for Source {
    async fn fetch(&self, _: &FetchContext) -> Result<Token, AuthError> {
        Ok(Token::bearer("x".repeat(1000).into())?.with_lifetime(Duration::from_secs(3600)))
    }
}

/// The headers, which are there without waiting.
fn headers(credentials: &Credentials) -> AuthHeaders {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(credentials.headers()).poll(&mut context) {
        Poll::Ready(Ok(headers)) => headers,
        other => panic!("no headers at once: {other:?}"),
    }
}

#[divan::bench(threads = THREADS, sample_size = 1000)]
fn cached(bencher: Bencher<'_, '_>) {
    let credentials = Credentials::new(Source);
    headers(&credentials);
    bencher.bench(|| headers(&credentials));
}

#[divan::bench(threads = THREADS, sample_size = 1000)]
fn lock_and_clone(bencher: Bencher<'_, '_>) {
    let header = RwLock::new(HeaderValue::from_str(&format!("Bearer {}", "x".repeat(1000))).expect("a valid header"));
    bencher.bench(|| header.read().expect("nobody panics").clone());
}
