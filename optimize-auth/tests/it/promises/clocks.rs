//! Clocks may jump, stand still and differ.

use std::time::Duration;

use optimize_auth::{Cached, ClientAuth, Credentials, SigningKey};
use optimize_sandbox::Sandbox;
use serde_json::json;

use crate::support::clock::TestClock;
use crate::support::{client, client_by, keys, sandbox};

fn with_clock(sandbox: &Sandbox, clock: &TestClock) -> Credentials {
    Cached::new(client(sandbox)).with_clock(clock.clone()).with_random(|| 0.0).into()
}

#[tokio::test]
async fn a_wall_clock_that_jumps_costs_one_token_request_at_most() {
    for jump in [3600, -3600, 86400, -86400] {
        let (sandbox, clock) = (sandbox().await, TestClock::new());
        let credentials = with_clock(&sandbox, &clock);
        credentials.token().await.unwrap();
        clock.jump(jump);
        for _ in 0..20 {
            credentials.token().await.unwrap();
        }
        credentials.settle(Duration::from_secs(5)).await;
        clock.jump(-jump);
        for _ in 0..20 {
            credentials.token().await.unwrap();
        }
        assert!(sandbox.token_requests() <= 2, "{jump}: {}", sandbox.token_requests());
    }
}

#[tokio::test]
async fn no_token_is_kept_past_its_life_by_a_clock_that_is_set_back() {
    let (sandbox, clock) = (sandbox().await, TestClock::new());
    let credentials = with_clock(&sandbox, &clock);
    credentials.token().await.unwrap();
    clock.jump(-7200);
    clock.advance(Duration::from_secs(299));
    credentials.token().await.unwrap();
    assert_eq!(sandbox.token_requests(), 2);
}

#[tokio::test]
async fn a_suspended_machine_asks_for_a_new_token() {
    let (sandbox, clock) = (sandbox().await, TestClock::new());
    let credentials = with_clock(&sandbox, &clock);
    credentials.token().await.unwrap();
    // The monotonic clock stands still in the meantime.
    clock.jump(86400);
    credentials.token().await.unwrap();
    assert_eq!(sandbox.token_requests(), 2);
}

#[tokio::test]
async fn assertions_survive_clocks_that_differ_by_going_by_the_server_s_once() {
    let (private, public) = keys::es256();
    for ahead in [300, -300, 3600, -3600] {
        let builder = Sandbox::builder().client_keys(json!({ "keys": [public] })).unwrap();
        let sandbox = builder.clock_ahead(ahead).start().await.unwrap();
        let key = SigningKey::parse(private.clone().into()).unwrap();
        let credentials: Credentials = Cached::new(client_by(&sandbox, ClientAuth::PrivateKeyJwt(key))).into();
        credentials.token().await.unwrap();
        assert_eq!(sandbox.token_requests(), 2, "refused once, then dated as the server wants it");
        credentials.forget();
        credentials.token().await.unwrap();
        assert_eq!(sandbox.token_requests(), 3, "what was learnt is remembered");
    }
}

#[tokio::test]
async fn a_lifetime_counts_from_before_the_request_was_sent() {
    use optimize_auth::{AuthError, FetchContext, Token, TokenSource};
    #[derive(Debug)]
    struct Slow(TestClock);
    #[async_trait::async_trait]
    impl TokenSource for Slow {
        async fn fetch(&self, _: &FetchContext) -> Result<Token, AuthError> {
            self.0.advance(Duration::from_secs(40));
            Ok(Token::bearer("t".to_owned().into())?.with_lifetime(Duration::from_secs(100)))
        }
    }
    let clock = TestClock::new();
    let begun = optimize_auth::Clock::wall(&clock);
    let credentials: Credentials = Cached::new(Slow(clock.clone())).with_clock(clock.clone()).into();
    let token = credentials.token().await.unwrap();
    assert_eq!(token.expires_at(), Some(begun + Duration::from_secs(100)));
}
