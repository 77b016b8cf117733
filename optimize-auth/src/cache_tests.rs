use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use secrecy::ExposeSecret;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::cache::Cached;
use crate::clock::Clock;
use crate::credentials::Credentials;
use crate::error::{AuthError, AuthErrorKind};
use crate::source::{FetchContext, TokenSource};
use crate::strategy::static_bearer::StaticBearer;
use crate::token::Token;

const SECOND: Duration = Duration::from_secs(1);

/// What the fake source does at its n-th call, counted from 1.
type Script = dyn Fn(u64) -> Result<Token, AuthError> + Send + Sync;

/// A source whose responses take 50 ms and follow a script; it checks that it is never called twice at once.
struct Fake {
    calls: Arc<AtomicU64>,
    is_busy: tokio::sync::Mutex<()>,
    script: Box<Script>,
}

impl std::fmt::Debug for Fake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fake")
    }
}

#[async_trait]
impl TokenSource for Fake {
    async fn fetch(&self, _: &FetchContext) -> Result<Token, AuthError> {
        let _busy = self.is_busy.try_lock().expect("a second call while one is under way");
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        sleep(Duration::from_millis(50)).await;
        (self.script)(number)
    }
}

/// A clock that goes with tokio's paused time.
#[derive(Debug)]
struct PausedClock(Instant);

impl Clock for PausedClock {
    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.0.elapsed()
    }
}

/// A cache around a scripted source, without jitter, and the count of its calls.
fn cache(script: impl Fn(u64) -> Result<Token, AuthError> + Send + Sync + 'static) -> (Cached, Arc<AtomicU64>) {
    let calls = Arc::new(AtomicU64::new(0));
    let fake = Fake { calls: calls.clone(), is_busy: tokio::sync::Mutex::default(), script: Box::new(script) };
    (Cached::new(fake).with_clock(PausedClock(Instant::now())).with_random(|| 0.0), calls)
}

fn credentials(
    script: impl Fn(u64) -> Result<Token, AuthError> + Send + Sync + 'static,
) -> (Credentials, Arc<AtomicU64>) {
    let (cached, calls) = cache(script);
    (cached.into(), calls)
}

/// Tokens `token-1`, `token-2`… of 100 s: refreshed ahead from 80 s on, not handed out from 90 s on.
#[expect(clippy::unnecessary_wraps, reason = "it is a script, and others fail")]
fn tokens(number: u64) -> Result<Token, AuthError> {
    Ok(Token::bearer(format!("token-{number}").into()).unwrap().with_lifetime(100 * SECOND))
}

fn failure(kind: AuthErrorKind) -> AuthError {
    AuthError::new(kind, "get a token")
}

async fn token(credentials: &Credentials) -> Result<String, AuthErrorKind> {
    match credentials.token().await {
        Ok(token) => Ok(token.secret().expose_secret().to_owned()),
        Err(error) => Err(error.kind()),
    }
}

/// What `count` concurrent callers get.
async fn crowd(credentials: &Credentials, count: usize) -> HashSet<Result<String, AuthErrorKind>> {
    let mut callers = JoinSet::new();
    for _ in 0..count {
        let credentials = credentials.clone();
        callers.spawn(async move { token(&credentials).await });
    }
    callers.join_all().await.into_iter().collect()
}

fn calls(calls: &AtomicU64) -> u64 {
    calls.load(Ordering::SeqCst)
}

#[tokio::test(start_paused = true)]
async fn a_thousand_cold_callers_cause_one_request() {
    let (credentials, count) = credentials(tokens);
    assert_eq!(crowd(&credentials, 1000).await, [Ok("token-1".to_owned())].into());
    assert_eq!(calls(&count), 1);
}

#[tokio::test(start_paused = true)]
async fn waiters_share_a_failure() {
    let (credentials, count) = credentials(|_| Err(failure(AuthErrorKind::Refused)));
    assert_eq!(crowd(&credentials, 100).await, [Err(AuthErrorKind::Refused)].into());
    assert_eq!(calls(&count), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_responses_for_a_second_and_then_for_two() {
    let (credentials, count) = credentials(|_| Err(failure(AuthErrorKind::Refused)));
    for (pause, expected) in [(0.0, 1), (0.9, 1), (0.2, 2), (1.8, 2), (0.3, 3)] {
        sleep(Duration::from_secs_f64(pause)).await;
        assert_eq!(token(&credentials).await, Err(AuthErrorKind::Refused));
        assert_eq!(calls(&count), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_transient_failure_is_tried_three_times() {
    let (credentials, count) = credentials(|number| match number {
        1 | 2 => Err(failure(AuthErrorKind::Unavailable)),
        _ => tokens(number),
    });
    let begun = Instant::now();
    assert_eq!(token(&credentials).await, Ok("token-3".to_owned()));
    assert_eq!((calls(&count), begun.elapsed().as_secs()), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_not_tried_again() {
    for kind in [AuthErrorKind::Refused, AuthErrorKind::Protocol, AuthErrorKind::InvalidInput] {
        let (credentials, count) = credentials(move |_| Err(failure(kind)));
        assert_eq!(token(&credentials).await, Err(kind));
        assert_eq!(calls(&count), 1, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_flight_waits_as_long_as_the_endpoint_asks() {
    let (credentials, _) = credentials(|number| match number {
        1 => Err(failure(AuthErrorKind::Unavailable).with_retry_after(7 * SECOND)),
        _ => tokens(number),
    });
    let begun = Instant::now();
    assert_eq!(token(&credentials).await, Ok("token-2".to_owned()));
    assert_eq!(begun.elapsed().as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_distant_retry_after_fails_at_once_and_later_callers_respect_it() {
    let (credentials, count) = credentials(|number| match number {
        1 => Err(failure(AuthErrorKind::Unavailable).with_retry_after(20 * SECOND)),
        _ => tokens(number),
    });
    assert_eq!(token(&credentials).await, Err(AuthErrorKind::Unavailable));
    sleep(19 * SECOND).await;
    assert_eq!(token(&credentials).await, Err(AuthErrorKind::Unavailable));
    assert_eq!(calls(&count), 1);
    sleep(2 * SECOND).await;
    assert_eq!(token(&credentials).await, Ok("token-2".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn past_the_soft_threshold_one_task_refreshes_and_everyone_is_served_at_once() {
    let (credentials, count) = credentials(tokens);
    token(&credentials).await.unwrap();
    sleep(81 * SECOND).await;
    let begun = Instant::now();
    assert_eq!(crowd(&credentials, 100).await, [Ok("token-1".to_owned())].into());
    assert_eq!(begun.elapsed(), Duration::ZERO);
    credentials.settle(SECOND).await;
    assert_eq!(calls(&count), 2);
    assert_eq!(crowd(&credentials, 100).await, [Ok("token-2".to_owned())].into());
}

#[tokio::test(start_paused = true)]
async fn a_failed_refresh_never_discards_a_token_that_is_still_valid() {
    let (credentials, count) = credentials(|number| match number {
        1 => tokens(1),
        _ => Err(failure(AuthErrorKind::Refused)),
    });
    token(&credentials).await.unwrap();
    sleep(81 * SECOND).await;
    assert_eq!(crowd(&credentials, 10).await, [Ok("token-1".to_owned())].into());
    credentials.settle(SECOND).await;
    assert_eq!(crowd(&credentials, 10).await, [Ok("token-1".to_owned())].into());
    assert_eq!(calls(&count), 2, "the failure is remembered, so the others do not ask again");
    sleep(10 * SECOND).await;
    assert_eq!(token(&credentials).await, Err(AuthErrorKind::Refused));
}

#[tokio::test(start_paused = true)]
async fn past_the_hard_threshold_everyone_waits_for_one_new_token() {
    let (credentials, count) = credentials(tokens);
    token(&credentials).await.unwrap();
    sleep(91 * SECOND).await;
    assert_eq!(crowd(&credentials, 100).await, [Ok("token-2".to_owned())].into());
    assert_eq!(calls(&count), 2);
}

#[tokio::test(start_paused = true)]
async fn a_rejected_token_is_replaced_once_however_many_callers_saw_the_401() {
    let (credentials, count) = credentials(tokens);
    let rejected = credentials.headers().await.unwrap();
    for _ in 0..50 {
        credentials.reject(rejected.stamp(), None);
    }
    assert_eq!(crowd(&credentials, 50).await, [Ok("token-2".to_owned())].into());
    assert_eq!(calls(&count), 2);
}

#[tokio::test(start_paused = true)]
async fn a_late_401_does_not_evict_the_new_token() {
    let (credentials, count) = credentials(tokens);
    let old = credentials.headers().await.unwrap();
    credentials.reject(old.stamp(), None);
    let new = credentials.headers().await.unwrap();
    credentials.reject(old.stamp(), None);
    assert_eq!(credentials.headers().await.unwrap().stamp(), new.stamp());
    assert_eq!(calls(&count), 2);
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_token_is_fetched_again() {
    let (credentials, _) = credentials(tokens);
    token(&credentials).await.unwrap();
    assert!(credentials.cached_token().await.is_some());
    credentials.forget();
    assert!(credentials.cached_token().await.is_none());
    assert_eq!(token(&credentials).await, Ok("token-2".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_static_token_survives_a_401() {
    let credentials = Credentials::new(StaticBearer::new("shared".to_owned().into()).unwrap());
    let headers = credentials.headers().await.unwrap();
    credentials.reject(headers.stamp(), None);
    assert_eq!(credentials.headers().await.unwrap().stamp(), headers.stamp());
    assert!(!credentials.is_renewable());
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_goes_away_hands_the_lead_on() {
    let (credentials, count) = credentials(tokens);
    let leader = tokio::spawn({
        let credentials = credentials.clone();
        async move { token(&credentials).await }
    });
    sleep(Duration::from_millis(10)).await;
    let waiter = tokio::spawn({
        let credentials = credentials.clone();
        async move { token(&credentials).await }
    });
    sleep(Duration::from_millis(10)).await;
    leader.abort();
    assert_eq!(waiter.await.unwrap(), Ok("token-2".to_owned()));
    assert_eq!(calls(&count), 2);
}

#[tokio::test(start_paused = true)]
async fn callers_may_go_away_at_any_moment() {
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..500 {
        let (credentials, _) = credentials(tokens);
        let mut callers = JoinSet::new();
        for _ in 0..20 {
            let credentials = credentials.clone();
            let patience = Duration::from_millis(random.u64(0..120));
            let start = Duration::from_millis(random.u64(0..60));
            callers.spawn(async move {
                sleep(start).await;
                timeout(patience, token(&credentials)).await
            });
        }
        for outcome in callers.join_all().await {
            assert!(matches!(outcome, Ok(Ok(_)) | Err(_)), "{outcome:?}");
        }
        timeout(SECOND, token(&credentials)).await.expect("the turn is free").unwrap();
    }
}

/// A clock whose two readings are set apart from each other.
#[derive(Clone, Debug)]
struct TestClock(Arc<Mutex<(Duration, SystemTime)>>);

impl TestClock {
    fn new() -> Self {
        Self(Arc::new(Mutex::new((Duration::ZERO, SystemTime::UNIX_EPOCH + 1_000_000 * SECOND))))
    }

    fn advance(&self, monotonic: Duration, wall: impl FnOnce(SystemTime) -> SystemTime) {
        let mut readings = self.0.lock().unwrap();
        *readings = (readings.0 + monotonic, wall(readings.1));
    }
}

impl Clock for TestClock {
    /// Goes on by a nanosecond with each reading, since no real clock stands still while a program runs.
    fn monotonic(&self) -> Duration {
        let mut readings = self.0.lock().unwrap();
        readings.0 += Duration::from_nanos(1);
        readings.0
    }

    fn wall(&self) -> SystemTime {
        self.0.lock().unwrap().1
    }
}

/// Whether a token is requested again after the clocks have moved.
async fn is_renewed(monotonic: Duration, wall: impl FnOnce(SystemTime) -> SystemTime) -> bool {
    let clock = TestClock::new();
    let (cached, count) = cache(tokens);
    let credentials: Credentials = cached.with_clock(clock.clone()).into();
    token(&credentials).await.unwrap();
    clock.advance(monotonic, wall);
    token(&credentials).await.unwrap();
    calls(&count) == 2
}

#[tokio::test(start_paused = true)]
async fn a_token_ages_while_the_machine_is_suspended() {
    assert!(is_renewed(SECOND, |wall| wall + 3600 * SECOND).await);
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_is_set_back_keeps_no_token_too_long() {
    assert!(is_renewed(95 * SECOND, |wall| wall - 3600 * SECOND).await);
    assert!(!is_renewed(SECOND, |wall| wall - 3600 * SECOND).await);
}

#[tokio::test(start_paused = true)]
async fn a_token_without_a_lifetime_is_kept() {
    let clock = TestClock::new();
    let (cached, count) = cache(|number| Token::bearer(format!("token-{number}").into()));
    let credentials: Credentials = cached.with_clock(clock.clone()).into();
    token(&credentials).await.unwrap();
    clock.advance(1_000_000 * SECOND, |wall| wall + 1_000_000 * SECOND);
    token(&credentials).await.unwrap();
    assert_eq!(calls(&count), 1);
}
