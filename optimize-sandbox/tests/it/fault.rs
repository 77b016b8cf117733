use optimize_sandbox::{Fault, FaultRule, Sandbox};

use crate::support::{get, http, start};

const READY: &str = "/api/readyz";

/// The statuses of `count` readiness requests; 0 is a broken connection.
async fn statuses(sandbox: &Sandbox, count: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        let response = http().get(format!("{}{READY}", sandbox.base_url())).send().await;
        statuses.push(response.map_or(0, |response| response.status().as_u16()));
    }
    statuses
}

fn rule(json: &str) -> FaultRule {
    serde_json::from_str(json).unwrap()
}

#[tokio::test]
async fn a_rule_lets_some_pass_fails_some_and_is_then_spent() {
    let rule = rule(r#"{"path":"/api/readyz","skip":1,"times":2,"fault":{"status":{"code":429,"retry_after":7}}}"#);
    let sandbox = start(Sandbox::builder().fault(rule)).await;
    assert_eq!(statuses(&sandbox, 5).await, [200, 429, 429, 200, 200]);
}

#[tokio::test]
async fn a_status_comes_with_its_headers_and_body() {
    let rule = rule(
        r#"{"path":"/api/*","fault":{"status":{"code":307,"retry_after":7,"body":"{}","location":"http://elsewhere/"}}}"#,
    );
    let response = get(&start(Sandbox::builder().fault(rule)).await, "-", READY).await;
    assert_eq!(
        (response.status, response.header("retry-after"), response.header("location")),
        (307, "7", "http://elsewhere/")
    );
    assert_eq!((response.text.as_str(), response.header("content-type")), ("{}", "application/json"));
}

#[tokio::test]
async fn resets_close_the_connection_before_or_after_the_request_is_processed() {
    for fault in [Fault::ResetBefore, Fault::ResetAfter] {
        let sandbox = start(Sandbox::builder().fault(FaultRule::new(READY, fault))).await;
        assert_eq!(statuses(&sandbox, 2).await, [0, 200]);
        assert_eq!(sandbox.journal()[0].status, 0);
    }
}

#[test]
fn a_rule_that_is_misspelt_is_refused() {
    for (json, problem) in [
        (r#"{"path":"/","fault":{"status":{"cod":503}}}"#, "unknown field `cod`"),
        (r#"{"path":"/","fualt":"lost_page"}"#, "unknown field `fualt`"),
        (r#"{"path":"/","fault":"reset"}"#, "unknown variant `reset`"),
        (r#"{"fault":"lost_page"}"#, "missing field `path`"),
    ] {
        let error = serde_json::from_str::<FaultRule>(json).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}
