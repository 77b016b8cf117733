//! Many callers share one token request, and failures are shared and limited.

use std::sync::Arc;
use std::time::Duration;

use optimize_auth::{
    AuthErrorKind, Cached, ClientAuth, ClientCredentials, Credentials, FileStore, MemoryStore, ServiceUrl, TokenSource,
};
use optimize_sandbox::{Fault, FaultRule, Sandbox};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::support::clock::TestClock;
use crate::support::{TOKEN_PATH, broken, client, client_by, sandbox};

/// What `count` callers get who start at the same moment.
async fn crowd(credentials: &Credentials, count: usize) -> Vec<Result<u64, AuthErrorKind>> {
    let barrier = Arc::new(Barrier::new(count));
    let mut callers = JoinSet::new();
    for _ in 0..count {
        let (credentials, barrier) = (credentials.clone(), barrier.clone());
        callers.spawn(async move {
            barrier.wait().await;
            let headers = credentials.headers().await.map_err(|error| error.kind())?;
            Ok(u64::try_from(headers.as_map().len()).unwrap())
        });
    }
    callers.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn ten_thousand_cold_callers_cause_one_token_request_and_so_do_expired_ones() {
    let (sandbox, clock) = (sandbox().await, TestClock::new());
    let credentials: Credentials = Cached::new(client(&sandbox)).with_clock(clock.clone()).into();
    for round in 1..=3 {
        assert!(crowd(&credentials, 10_000).await.iter().all(|outcome| *outcome == Ok(1)));
        assert_eq!(sandbox.token_requests(), round);
        clock.advance(Duration::from_secs(299));
    }
}

/// Starts a refresh on a runtime that nobody drives afterwards, and lets the token expire. What is left holds the refresh.
fn abandoned(credentials: &Credentials, clock: &TestClock) -> tokio::runtime::Runtime {
    let idle = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    idle.block_on(credentials.headers()).unwrap();
    clock.advance(Duration::from_secs(285));
    idle.block_on(credentials.headers()).unwrap();
    clock.advance(Duration::from_secs(10));
    idle
}

#[test]
fn a_runtime_that_nobody_drives_holds_nobody_up() {
    let server = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let sandbox = server.block_on(sandbox());
    let directory = tempfile::TempDir::new().unwrap();
    for with_store in [false, true] {
        let clock = TestClock::new();
        let credentials = || {
            let cached = Cached::new(client(&sandbox)).with_clock(clock.clone()).with_random(|| 0.0);
            let directory = directory.path().join("tokens");
            Credentials::from(if with_store { cached.with_store(FileStore::new(directory)) } else { cached })
        };
        let shared = credentials();
        let before = sandbox.token_requests();
        let idle = abandoned(&shared, &clock);
        let busy = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // Much longer than it takes, for a machine that is not idle.
        let limit = Duration::from_secs(60);
        let headers = busy.block_on(async { tokio::time::timeout(limit, shared.headers()).await });
        headers.expect("one who waits takes over").unwrap();
        // As another process on the same directory would.
        let other = credentials();
        let headers = busy.block_on(async { tokio::time::timeout(limit, other.headers()).await });
        headers.expect("the lock is taken over, too").unwrap();
        assert_eq!(sandbox.token_requests() - before, if with_store { 2 } else { 3 });
        // The refresh that was left behind ends late and does no harm.
        let newest = busy.block_on(shared.headers()).unwrap();
        idle.block_on(async { tokio::time::sleep(Duration::from_millis(200)).await });
        assert_eq!(busy.block_on(shared.headers()).unwrap().stamp(), newest.stamp());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_slow_endpoint_is_not_taken_for_one_who_does_not_run() {
    let delay = Fault::Delay { milliseconds: 7000 };
    let sandbox = Sandbox::builder().fault(FaultRule::new(TOKEN_PATH, delay)).start().await.unwrap();
    let directory = tempfile::TempDir::new().unwrap();
    let credentials = || Credentials::from(Cached::new(client(&sandbox)).with_store(FileStore::new(directory.path())));
    // Two caches, as in two processes, with callers each.
    let (one, other) = (credentials(), credentials());
    let (ours, theirs) = tokio::join!(crowd(&one, 50), crowd(&other, 50));
    assert!(ours.iter().chain(&theirs).all(|outcome| *outcome == Ok(1)));
    assert_eq!(sandbox.token_requests(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_hundred_bursts_in_a_row_cause_one_request_each() {
    let sandbox = sandbox().await;
    for round in 1..=100 {
        let credentials = Credentials::new(client(&sandbox));
        crowd(&credentials, 100).await;
        assert_eq!(sandbox.token_requests(), round);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_dead_endpoint_is_asked_at_most_once_a_second_however_many_callers_retry() {
    let sandbox = broken(Fault::status(503)).await;
    let clock = TestClock::new();
    let credentials: Credentials = Cached::new(client(&sandbox)).with_attempts(1).with_clock(clock.clone()).into();
    // Ten seconds, in each of which a thousand callers try again.
    for _ in 0..10 {
        let outcomes = crowd(&credentials, 1000).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Err(AuthErrorKind::Unavailable)));
        clock.advance(Duration::from_secs(1));
    }
    // After 1, 2, 4 and 8 seconds.
    assert_eq!(sandbox.token_requests(), 4);
}

#[tokio::test]
async fn a_retry_after_is_respected_in_both_forms() {
    let date =
        httpdate::fmt_http_date(optimize_auth::Clock::wall(&optimize_auth::SystemClock) + Duration::from_secs(21));
    for asked in ["20".to_owned(), date] {
        let sandbox = sandbox().await;
        sandbox.add_fault(FaultRule::new(
            TOKEN_PATH,
            Fault::response(503, "text/plain", "").with_header("retry-after", &asked),
        ));
        let clock = TestClock::new();
        let credentials: Credentials = Cached::new(client(&sandbox)).with_attempts(1).with_clock(clock.clone()).into();
        credentials.token().await.unwrap_err();
        clock.advance(Duration::from_secs(18));
        credentials.token().await.unwrap_err();
        assert_eq!(sandbox.token_requests(), 1, "{asked}");
        clock.advance(Duration::from_secs(4));
        credentials.token().await.unwrap();
    }
}

#[tokio::test]
async fn a_slow_and_then_failing_refresh_is_felt_by_nobody_before_the_token_ends() {
    let sandbox = Sandbox::builder().token_lifetime(Duration::from_secs(60)).start().await.unwrap();
    let clock = TestClock::new();
    let cached = Cached::new(client(&sandbox)).with_attempts(1).with_clock(clock.clone()).with_random(|| 0.0);
    let credentials: Credentials = cached.into();
    credentials.headers().await.unwrap();
    sandbox.add_fault(FaultRule::new(TOKEN_PATH, Fault::Delay { milliseconds: 300 }));
    sandbox.add_fault(FaultRule::new(TOKEN_PATH, Fault::status(500)).times(u32::MAX));
    clock.advance(Duration::from_secs(49));
    // The slow one responds after 300 ms; nobody waits for it.
    for _ in 0..200 {
        let served = tokio::time::timeout(Duration::from_millis(100), credentials.headers()).await;
        served.expect("served at once").unwrap();
    }
    credentials.settle(Duration::from_secs(5)).await;
    assert_eq!(sandbox.token_requests(), 2);
    // A minute later the next refreshes fail until the token ends; the pauses between them grow.
    clock.advance(Duration::from_secs(49));
    for _ in 0..40 {
        credentials.headers().await.unwrap();
        credentials.settle(Duration::from_secs(5)).await;
        clock.advance(Duration::from_millis(100));
    }
    assert!(sandbox.token_requests() <= 2 + 3, "{}", sandbox.token_requests());
    clock.advance(Duration::from_secs(5));
    assert_eq!(credentials.headers().await.unwrap_err().kind(), AuthErrorKind::Unavailable);
}

#[tokio::test]
async fn the_refresh_time_of_the_issuer_is_respected() {
    let sandbox = Sandbox::builder().token_response("refresh_in", 20.into()).start().await.unwrap();
    let clock = TestClock::new();
    let credentials: Credentials = Cached::new(client(&sandbox)).with_clock(clock.clone()).into();
    credentials.headers().await.unwrap();
    clock.advance(Duration::from_secs(21));
    credentials.headers().await.unwrap();
    credentials.settle(Duration::from_secs(5)).await;
    assert_eq!(sandbox.token_requests(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_rejections_of_one_token_cause_one_token_request() {
    let sandbox = sandbox().await;
    let credentials = Credentials::new(client(&sandbox));
    let rejected = credentials.headers().await.unwrap().stamp();
    let mut callers = JoinSet::new();
    for _ in 0..1000 {
        let credentials = credentials.clone();
        callers.spawn(async move {
            credentials.reject(rejected, Some("Bearer error=\"invalid_token\""));
            credentials.headers().await.unwrap().stamp()
        });
    }
    let stamps: std::collections::HashSet<_> = callers.join_all().await.into_iter().collect();
    assert_eq!((stamps.len(), sandbox.token_requests()), (1, 2));
    // A late one for the old token changes nothing.
    credentials.reject(rejected, None);
    credentials.headers().await.unwrap();
    assert_eq!(sandbox.token_requests(), 2);
}

#[test]
fn everything_that_changes_the_token_changes_its_key() {
    let url = |text: &str| ServiceUrl::parse(text).unwrap();
    let secret = |text: &str| text.to_owned().into();
    let base = || ClientCredentials::new(url("https://login.example/token"), "id", ClientAuth::Post(secret("s")));
    let http = optimize_auth::http::HttpOptions::default;
    let others = [
        ("token url", ClientCredentials::new(url("https://login.example/other"), "id", ClientAuth::Post(secret("s")))),
        ("client id", ClientCredentials::new(url("https://login.example/token"), "id2", ClientAuth::Post(secret("s")))),
        ("secret", ClientCredentials::new(url("https://login.example/token"), "id", ClientAuth::Post(secret("t")))),
        ("method", ClientCredentials::new(url("https://login.example/token"), "id", ClientAuth::Basic(secret("s")))),
        ("audience", base().with_audience("a")),
        ("another audience", base().with_audience("b")),
        ("scope", base().with_scope("a")),
        ("resource", base().with_resource("a")),
        ("certificate", base().with_http(http().with_client_identity(secret("pem")))),
        ("authorities", base().with_http(http().with_root_certificates("pem"))),
        (
            "issuer",
            ClientCredentials::new(
                optimize_auth::Issuer::parse("https://login.example/token").unwrap(),
                "id",
                ClientAuth::Post(secret("s")),
            ),
        ),
    ];
    let mut keys = vec![base().store_key().unwrap()];
    for (what, other) in others {
        let key = other.store_key().unwrap();
        assert!(!keys.contains(&key), "{what}");
        keys.push(key);
    }
    assert_eq!(base().store_key(), base().store_key());
    let (one, other) = (base().with_scope("b a  a"), base().with_scope("a b"));
    assert_eq!(one.store_key(), other.store_key(), "a scope is a set");
    assert!(keys.iter().all(|key| key.as_str().len() == 64));
}

#[tokio::test]
async fn two_clients_with_one_store_share_a_token_only_if_nothing_differs() {
    let sandbox = sandbox().await;
    let store = MemoryStore::default();
    let shared = |source: ClientCredentials| -> Credentials { Cached::new(source).with_store(store.clone()).into() };
    shared(client(&sandbox).with_audience("a")).token().await.unwrap();
    shared(client(&sandbox).with_audience("a")).token().await.unwrap();
    assert_eq!(sandbox.token_requests(), 1);
    shared(client(&sandbox).with_audience("b")).token().await.unwrap();
    let proof = ClientAuth::Basic(sandbox.client_secret().to_owned().into());
    shared(client_by(&sandbox, proof).with_audience("a")).token().await.unwrap();
    assert_eq!(sandbox.token_requests(), 3);
}

#[tokio::test]
async fn a_refusal_is_not_repeated_for_a_while_but_not_for_ever() {
    let sandbox = Sandbox::builder().client_secret("right").start().await.unwrap();
    let clock = TestClock::new();
    let source = client_by(&sandbox, ClientAuth::Post("wrong".to_owned().into()));
    let credentials: Credentials = Cached::new(source).with_clock(clock.clone()).into();
    for _ in 0..50 {
        assert_eq!(credentials.token().await.unwrap_err().code(), Some("invalid_client"));
    }
    assert_eq!(sandbox.token_requests(), 1, "neither at once nor again");
    clock.advance(Duration::from_secs(31));
    credentials.token().await.unwrap_err();
    assert_eq!(sandbox.token_requests(), 2);
}

#[tokio::test]
async fn a_changed_secret_ends_the_wait() {
    use optimize_auth::{AuthError, FetchContext, StoreKey, Token};
    use std::sync::atomic::{AtomicU32, Ordering};
    #[derive(Debug, Default, Clone)]
    struct Changing(Arc<(AtomicU32, AtomicU32)>);
    #[async_trait::async_trait]
    impl TokenSource for Changing {
        async fn fetch(&self, _: &FetchContext) -> Result<Token, AuthError> {
            self.0.1.fetch_add(1, Ordering::SeqCst);
            Err(AuthError::new(AuthErrorKind::Refused, "get a token"))
        }
        fn store_key(&self) -> Option<StoreKey> {
            let secret = self.0.0.load(Ordering::SeqCst).to_string();
            Some(StoreKey::builder("x").with_secret("s", &secret.into()).build())
        }
    }
    let source = Changing::default();
    let credentials = Credentials::new(source.clone());
    for (secret, expected) in [(1, 1), (1, 1), (2, 2), (2, 2), (3, 3)] {
        source.0.0.store(secret, Ordering::SeqCst);
        credentials.token().await.unwrap_err();
        assert_eq!(source.0.1.load(Ordering::SeqCst), expected);
    }
}
