use std::time::Duration;

use optimize_sandbox::{Release, Sandbox};

use crate::support::{Response, get, http, of, send, start, token};

const LIST: &str = "/api/public/report?collectionId=claims";

/// Status and what the server says is wrong with the token.
fn refusal(response: &Response) -> String {
    let shown = if response.text.is_empty() {
        response.header("www-authenticate").to_owned()
    } else {
        response.json()["detail"].to_string()
    };
    format!("{} {shown}", response.status)
}

#[tokio::test]
async fn a_good_token_is_let_in_on_every_release() {
    for release in Release::ALL {
        let sandbox = of(release).await;
        assert_eq!(get(&sandbox, &token(&sandbox, &[]).await, LIST).await.status, 200, "{release}");
    }
}

#[tokio::test]
async fn the_static_token_is_let_in_where_the_release_has_one() {
    for release in Release::ALL {
        let sandbox = of(release).await;
        let is_let_in = get(&sandbox, sandbox.static_token(), LIST).await.status == 200;
        assert_eq!(is_let_in, release != Release::V8_10, "{release}");
    }
}

#[tokio::test]
async fn bad_tokens_are_refused_with_the_reason() {
    let sandbox = start(Sandbox::builder().release(Release::V8_10)).await;
    let good = token(&sandbox, &[]).await;
    let other = token(&sandbox, &[]).await;
    let forged = format!("{}.{}", good.rsplit_once('.').unwrap().0, other.rsplit_once('.').unwrap().1);
    let foreign = token(&start(Sandbox::builder()).await, &[]).await;
    let elsewhere = token(&sandbox, &[("audience", "zeebe-api")]).await;
    for (bad, expected) in [
        (elsewhere.as_str(), "the token's aud does not contain optimize.camunda.io"),
        (&forged, "the token's signature does not match"),
        (&foreign, "the token's signature does not match"),
        ("opaque", "the token is not a JWT"),
    ] {
        let refusal = refusal(&get(&sandbox, bad, LIST).await);
        assert!(refusal.contains(&format!("error_description=\"{expected}\"")), "{refusal}");
    }
}

#[tokio::test]
async fn an_expired_token_is_refused() {
    let sandbox = start(Sandbox::builder().release(Release::V8_10).token_lifetime(Duration::from_secs(100))).await;
    let token = token(&sandbox, &[]).await;
    sandbox.advance_clock(Duration::from_secs(150));
    assert_eq!(get(&sandbox, &token, LIST).await.status, 200, "clocks may differ by a minute");
    sandbox.advance_clock(Duration::from_secs(15));
    assert!(refusal(&get(&sandbox, &token, LIST).await).contains("error_description=\"the token has expired\""));
}

#[tokio::test]
async fn a_missing_token_has_a_response_in_the_form_of_the_release() {
    for release in Release::ALL {
        let sandbox = of(release).await;
        let response = send(http().get(format!("{}{LIST}", sandbox.base_url()))).await;
        let shown = refusal(&response);
        let names_metadata = matches!(release, Release::V8_9 | Release::V8_10);
        assert!(response.text.is_empty() && shown.starts_with("401 Bearer"), "{release}: {shown}");
        assert_eq!(shown.contains("resource_metadata=\"http://"), names_metadata, "{release}: {shown}");
    }
}

#[tokio::test]
async fn a_foreign_issuer_can_be_trusted_instead() {
    let issuer = start(Sandbox::builder()).await;
    let sandbox = start(Sandbox::builder().trust(issuer.jwks_url()).audience("optimize-api")).await;
    let good = token(&issuer, &[("audience", "optimize-api")]).await;
    assert_eq!(get(&sandbox, &good, LIST).await.status, 200);
    let own = token(&sandbox, &[]).await;
    assert_eq!(get(&sandbox, &own, LIST).await.status, 401);
    assert_eq!(sandbox.static_token(), "");
}

#[tokio::test]
async fn readiness_needs_no_token() {
    let sandbox = start(Sandbox::builder()).await;
    assert_eq!(send(http().get(format!("{}/api/readyz", sandbox.base_url()))).await.status, 200);
    sandbox.set_ready(false);
    assert_eq!(send(http().get(format!("{}/api/readyz", sandbox.base_url()))).await.status, 503);
}
