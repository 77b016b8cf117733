use std::fmt::Write as _;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(60);

/// Without luck: each wait is as long as it can be.
fn policy() -> RetryPolicy {
    RetryPolicy::default().with_random(|| 1.0)
}

fn decide_first(retry: Retry, outcome: Outcome) -> Decision {
    decide(retry, Attempt { number: 1, may_reauthorize: true }, outcome, Duration::ZERO, LONG, &policy())
}

fn response(status: u16) -> Outcome {
    Outcome::Response { status, retry_after: None }
}

#[test]
fn the_whole_table_after_a_first_attempt() {
    let mut table = String::new();
    let statuses = [200, 204, 302, 400, 401, 403, 404, 408, 409, 425, 429, 500, 502, 503, 504];
    let outcomes = statuses.into_iter().map(|status| (status.to_string(), response(status)));
    let others = [Outcome::NotSent, Outcome::Ambiguous, Outcome::Final];
    for (name, outcome) in outcomes.chain(others.map(|outcome| (format!("{outcome:?}"), outcome))) {
        let [safe, delete, never] =
            [Retry::Idempotent, Retry::Once, Retry::Never].map(|retry| format!("{:?}", decide_first(retry, outcome)));
        writeln!(table, "{name:10} {safe:14} {delete:14} {never}").unwrap();
    }
    insta::assert_snapshot!(table, @"
    200        Finish         Finish         Finish
    204        Finish         Finish         Finish
    302        Finish         Finish         Finish
    400        Finish         Finish         Finish
    401        Reauthorize    Reauthorize    Reauthorize
    403        Finish         Finish         Finish
    404        Finish         Finish         Finish
    408        Wait(250ms)    Wait(250ms)    Finish
    409        Finish         Finish         Finish
    425        Wait(250ms)    Wait(250ms)    Finish
    429        Wait(250ms)    Wait(250ms)    Finish
    500        Finish         Finish         Finish
    502        Wait(250ms)    Wait(250ms)    Finish
    503        Wait(250ms)    Wait(250ms)    Finish
    504        Wait(250ms)    Wait(250ms)    Finish
    NotSent    Wait(250ms)    Wait(250ms)    Wait(250ms)
    Ambiguous  Wait(250ms)    Wait(250ms)    Finish
    Final      Finish         Finish         Finish
    ");
}

#[test]
fn a_second_401_is_final() {
    let attempt = Attempt { number: 2, may_reauthorize: false };
    assert_eq!(decide(Retry::Idempotent, attempt, response(401), Duration::ZERO, LONG, &policy()), Decision::Finish);
}

#[test]
fn a_deletion_that_may_be_done_is_sent_once_more() {
    for outcome in [Outcome::Ambiguous, response(502)] {
        let decide = |number| {
            decide(Retry::Once, Attempt { number, may_reauthorize: false }, outcome, Duration::ZERO, LONG, &policy())
        };
        assert_eq!((decide(1), decide(2)), (Decision::Wait(SECOND / 4), Decision::Finish));
    }
}

#[test]
fn attempts_end_and_waits_double() {
    let decisions = (1..=5).map(|number| {
        decide(
            Retry::Idempotent,
            Attempt { number, may_reauthorize: false },
            response(503),
            Duration::ZERO,
            LONG,
            &policy(),
        )
    });
    let waits = [250, 500, 1000].map(|milliseconds| Decision::Wait(Duration::from_millis(milliseconds)));
    assert_eq!(decisions.collect::<Vec<_>>(), [&waits[..], &[Decision::Finish, Decision::Finish]].concat());
}

#[test]
fn a_wait_is_a_random_part_of_the_longest() {
    let policy = RetryPolicy::default().with_random(|| 0.5);
    let attempt = Attempt { number: 1, may_reauthorize: false };
    let decision = decide(Retry::Idempotent, attempt, response(503), Duration::ZERO, LONG, &policy);
    assert_eq!(decision, Decision::Wait(Duration::from_millis(125)));
}

#[test]
fn retry_after_is_respected_unless_the_time_for_the_call_is_too_short() {
    let outcome = Outcome::Response { status: 429, retry_after: Some(20 * SECOND) };
    let attempt = Attempt { number: 1, may_reauthorize: false };
    assert_eq!(
        decide(Retry::Idempotent, attempt, outcome, Duration::ZERO, LONG, &policy()),
        Decision::Wait(20 * SECOND)
    );
    assert_eq!(decide(Retry::Idempotent, attempt, outcome, Duration::ZERO, 19 * SECOND, &policy()), Decision::Finish);
    let endless = Outcome::Response { status: 429, retry_after: Some(Duration::MAX) };
    assert_eq!(decide(Retry::Idempotent, attempt, endless, Duration::ZERO, LONG, &policy()), Decision::Finish);
}

#[test]
fn the_policy_decides_statuses_and_the_time_for_retries() {
    let attempt = Attempt { number: 1, may_reauthorize: false };
    let eager = policy().with_statuses([500]);
    let decide_by =
        |status, spent, policy: &RetryPolicy| decide(Retry::Idempotent, attempt, response(status), spent, LONG, policy);
    assert_eq!(decide_by(500, Duration::ZERO, &eager), Decision::Wait(SECOND / 4));
    assert_eq!(decide_by(503, Duration::ZERO, &eager), Decision::Finish);
    assert_eq!(decide_by(200, Duration::ZERO, &policy().with_statuses([200])), Decision::Finish);
    assert_eq!(decide(Retry::Never, attempt, response(500), Duration::ZERO, LONG, &eager), Decision::Finish);
    let short = policy().with_total_time(SECOND);
    assert_eq!(decide_by(503, SECOND / 2, &short), Decision::Wait(SECOND / 4));
    assert_eq!(decide_by(503, SECOND, &short), Decision::Finish);
    let capped = policy().with_longest_wait(SECOND / 10);
    assert_eq!(decide_by(503, Duration::ZERO, &capped), Decision::Wait(SECOND / 10));
}
