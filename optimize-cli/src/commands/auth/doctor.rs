use std::time::{Duration, SystemTime};

use clap::Args;
use optimize_auth::http::Contact;
use optimize_auth::{AuthError, BuiltinStrategy, ClientAuthMethod, ServiceUrl, Token};
use serde_json::{Value, json};

use super::check_accepted;
use crate::app::App;
use crate::error::CliError;
use crate::hints;
use crate::output::{Data, Outcome};

/// Check the connection step by step, from the settings to the API, with a hint for each failure
#[derive(Args, Debug)]
pub(crate) struct Doctor {}

/// How long one step may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Token requests at shorter intervals may be refused: Camunda SaaS allows about one per second.
const BETWEEN_TOKEN_REQUESTS: Duration = Duration::from_millis(1100);

/// What was found, step by step.
struct Report<'a> {
    app: &'a App,
    steps: Vec<Value>,
    failure: Option<CliError>,
}

/// The result of a step, with a hint if it failed.
struct Finding {
    outcome: &'static str,
    detail: String,
    hint: Option<String>,
}

impl Finding {
    fn ok(detail: impl Into<String>) -> Self {
        Self { outcome: "ok", detail: detail.into(), hint: None }
    }

    fn warn(detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { outcome: "warn", detail: detail.into(), hint: Some(hint.into()) }
    }
}

type Step = Result<Finding, CliError>;

impl Doctor {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let mut report = Report { app, steps: Vec::new(), failure: None };
        report.take("settings", settings(app).await).await;
        report.take_if_well("server", server(app)).await;
        report.take_if_well("token endpoint", token_endpoint(app)).await;
        let mut token = None;
        report
            .take_if_well("token", async {
                let (got, finding) = get_token(app).await?;
                token = Some(got);
                Ok(finding)
            })
            .await;
        report.take_if_well("claims", claims(app, token.as_ref())).await;
        report.take_if_well("api", api(app)).await;
        let mut data = Data::rows(report.steps.into_iter());
        data.wraps = true;
        data.failure = report.failure;
        Ok(Outcome::Data(data))
    }
}

impl Report<'_> {
    async fn take_if_well(&mut self, name: &str, step: impl Future<Output = Step>) {
        if self.failure.is_none() {
            let taken = step.await;
            self.take(name, taken).await;
        } else {
            self.push(name, "skip", "", None);
        }
    }

    async fn take(&mut self, name: &str, step: Step) {
        match step {
            Ok(Finding { outcome, detail, hint }) => self.push(name, outcome, &detail, hint.as_deref()),
            Err(error) => {
                let error = self.app.diagnose(error).await;
                self.push(name, "fail", &error.in_full(), error.hint().as_deref());
                self.failure = Some(error);
            }
        }
    }

    fn push(&mut self, name: &str, outcome: &str, detail: &str, hint: Option<&str>) {
        self.steps.push(json!({ "step": name, "outcome": outcome, "detail": detail, "hint": hint }));
    }
}

async fn settings(app: &App) -> Step {
    let base_url = app.base_url().await?;
    let auth = app.auth_summary().await?;
    // Reads the secrets, and so finds those that are missing.
    app.credentials().await?;
    Ok(Finding::ok(format!("{} from {}; server {base_url}", auth.strategy, auth.source)))
}

async fn server(app: &App) -> Step {
    let url = app.base_url().await?;
    let ready = format!("{}/api/readyz", url.to_string().trim_end_matches('/'));
    let ready = app.settings.url_beside(&ready)?;
    let contact = reach(app, &ready).await?;
    if contact.is_web_page && contact.status == 200 || (300..400).contains(&contact.status) {
        let problem = format!("find Optimize at {ready}: it returned {} with a redirect or a web page", contact.status);
        let base_url = optimize_api::Hint::all().iter().find(|hint| hint.id == "base-url");
        return Err(CliError::config(problem).explained(base_url.map(ToString::to_string)));
    }
    let described = described(app, &ready, &contact);
    Ok(match (skew(&contact), contact.status) {
        (Some(skew), _) => skew,
        (None, 503) => Finding::warn(format!("{described}; not ready"), "wait until it is: optimize ready --wait"),
        (None, _) => Finding::ok(described),
    })
}

async fn token_endpoint(app: &App) -> Step {
    let auth = app.auth_summary().await?;
    let url = match (&auth.token_url, &auth.issuer) {
        (Some(url), _) => app.settings.url_beside(url)?,
        (None, Some(issuer)) => discover(app, issuer).await?,
        (None, None) => return Ok(Finding { outcome: "skip", detail: "no token is asked for".to_owned(), hint: None }),
    };
    let contact = reach(app, &url).await?;
    // Whatever the status: a token endpoint need not respond to GET, and some say that they are not there.
    Ok(skew(&contact).unwrap_or_else(|| Finding::ok(described(app, &url, &contact))))
}

async fn discover(app: &App, issuer: &str) -> Result<ServiceUrl, CliError> {
    let issuer = app.settings.issuer_at(issuer)?;
    Ok(issuer.discover(&app.settings.http()?, PATIENCE).await?)
}

async fn get_token(app: &App) -> Result<(Token, Finding), CliError> {
    let credentials = app.credentials().await?;
    if credentials.is_renewable() {
        credentials.forget();
    }
    let error = match app.token_or_refusal(&credentials).await? {
        Ok(token) => {
            let life =
                token.lifetime().map_or("without an end".to_owned(), |life| format!("good for {} s", life.as_secs()));
            return Ok((token, Finding::ok(life)));
        }
        Err(error) => error,
    };
    let other_body = other_body(app, &error).await;
    let error = CliError::from(error);
    Err(match other_body {
        Some(hint) => error.explained(Some(hint)),
        None => error,
    })
}

/// Whether the endpoint accepts the other kind of body, if it seems not to have read this one.
async fn other_body(app: &App, error: &AuthError) -> Option<String> {
    let was_unread =
        matches!(error.status(), Some(400 | 415)) && matches!(error.code(), None | Some("invalid_request"));
    let (strategy, _) = app.settings.strategy()?;
    let other = match app.settings.client_auth() {
        None | Some(ClientAuthMethod::Post) => ClientAuthMethod::Json,
        Some(ClientAuthMethod::Json) => ClientAuthMethod::Post,
        _ => return None,
    };
    if !was_unread || strategy != BuiltinStrategy::ClientCredentials {
        return None;
    }
    tokio::time::sleep(BETWEEN_TOKEN_REQUESTS).await;
    app.credentials_by(other).ok()?.token().await.ok()?;
    Some(hints::filled(&hints::OTHER_BODY, &[("client_auth", other.name())]))
}

async fn claims(app: &App, token: Option<&Token>) -> Step {
    let Some(claims) = token.and_then(Token::claims) else {
        let is_shared = app.settings.strategy().is_some_and(|(strategy, _)| strategy == BuiltinStrategy::Static);
        return Ok(if is_shared {
            Finding::warn("the token is a shared one", hints::SHARED_TOKEN.to_string())
        } else {
            Finding::ok("the token is opaque: only its server can read it")
        });
    };
    let audience = claims.audience.join(", ");
    if let Some(hint) = hints::of_audience(&claims, app.facts().await.audience.as_deref()) {
        let requested = app.settings.audience()?;
        let requested = requested.map_or("none was requested".to_owned(), |name| format!("{name} was requested"));
        let has = if audience.is_empty() { "no audience".to_owned() } else { format!("the audience {audience}") };
        return Ok(Finding::warn(format!("the token has {has}; {requested}"), hint));
    }
    let issued = claims.issued_at.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
    Ok(match issued.and_then(|issued| hints::of_clock(SystemTime::UNIX_EPOCH + issued)) {
        Some(hint) => Finding::warn(format!("audience {audience}"), hint),
        None => Finding::ok(format!("audience {audience}")),
    })
}

async fn api(app: &App) -> Step {
    check_accepted(app).await?;
    Ok(Finding::ok("the server accepts the token"))
}

async fn reach(app: &App, url: &ServiceUrl) -> Result<Contact, CliError> {
    Ok(app.settings.http()?.contact(url, proxy_for(app, url).is_some(), PATIENCE).await?)
}

/// The variable that names a proxy for this URL, as far as this program can see.
fn proxy_for(app: &App, url: &ServiceUrl) -> Option<&'static str> {
    app.proxy().filter(|_| hints::uses_proxy(url))
}

fn described(app: &App, url: &ServiceUrl, contact: &Contact) -> String {
    let way = match proxy_for(app, url) {
        Some(proxy) => format!("by the proxy of {proxy}"),
        None => contact.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    format!("{url} ({way}) returned {}", contact.status)
}

fn skew(contact: &Contact) -> Option<Finding> {
    let hint = hints::of_clock(contact.server_time?)?;
    Some(Finding::warn("the clocks differ", hint))
}
