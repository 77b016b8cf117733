use std::time::{Duration, SystemTime};

use clap::Args;
use optimize_auth::http::{Contact, TlsProblem, TransportError};
use optimize_auth::{AuthError, AuthErrorKind, Clock, ServiceUrl, SystemClock, Token};
use serde_json::{Value, json};

use super::check_accepted;
use crate::app::App;
use crate::env_vars::PROXIES;
use crate::error::CliError;
use crate::output::{Data, Outcome};

/// Find out why authentication does not work: each step from the settings to the API, with a hint
#[derive(Args, Debug)]
pub(crate) struct Doctor {}

/// How long one step may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Clocks that differ by more are told; servers allow for about a minute.
const TOLERATED_SKEW: Duration = Duration::from_secs(60);

/// Two token requests closer together may be turned away: Camunda SaaS allows about one a second.
const BETWEEN_TOKEN_REQUESTS: Duration = Duration::from_millis(1100);

/// The audiences that Optimize has by default, in SaaS, in its shipped configuration, and in the charts.
const USUAL_AUDIENCES: [&str; 3] = ["optimize.camunda.io", "optimize", "optimize-api"];

/// What was found, step by step.
struct Report<'a> {
    app: &'a App,
    steps: Vec<Value>,
    failure: Option<CliError>,
}

/// A step that was taken: what it came to, and what may mend it if that is not well.
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
        report.take("settings", settings(app).await);
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
        report.take_if_well("claims", async { claims(app, token.as_ref()) }).await;
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
            self.take(name, taken);
        } else {
            self.push(name, "skip", "", None);
        }
    }

    fn take(&mut self, name: &str, step: Step) {
        match step.map_err(|error| self.app.explain(error)) {
            Ok(Finding { outcome, detail, hint }) => self.push(name, outcome, &detail, hint.as_deref()),
            Err(error) => {
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
        let problem = format!("find Optimize at {ready}: it answered {} with a redirect or a web page", contact.status);
        return Err(CliError::config(problem).with_hint(
            "the base URL ends where /api begins; on Camunda SaaS it is https://REGION.optimize.camunda.io/CLUSTER-ID",
        ));
    }
    let told = told(app, &ready, &contact);
    Ok(match (skew(&contact), contact.status) {
        (Some(skew), _) => skew,
        (None, 503) => Finding::warn(format!("{told}; not ready"), "wait until it is: optimize ready --wait"),
        (None, _) => Finding::ok(told),
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
    // Whatever the status: a token endpoint need not answer to GET, and some say that they are not there.
    Ok(skew(&contact).unwrap_or_else(|| Finding::ok(told(app, &url, &contact))))
}

async fn discover(app: &App, issuer: &str) -> Result<ServiceUrl, CliError> {
    let issuer = app.settings.issuer_at(issuer)?;
    let found = issuer.discover(&app.settings.http()?, PATIENCE).await;
    found.map_err(|error| {
        let hint = wrong_path(issuer.url());
        let is_absent = error.kind() == AuthErrorKind::Protocol && error.to_string().contains("publishes no metadata");
        let names_another = error.to_string().contains("names another issuer");
        let error = CliError::from(error);
        match (is_absent, names_another) {
            (true, _) => error.with_hint(hint),
            (_, true) => error.with_hint("set the issuer exactly as the server writes it, down to the last slash"),
            _ => error,
        }
    })
}

fn wrong_path(url: &ServiceUrl) -> String {
    let path = url.as_url().path();
    match (path.contains("/realms/"), path.starts_with("/auth/")) {
        (true, true) => {
            "is the name of the realm right? newer installations of Keycloak have no /auth before /realms".to_owned()
        }
        (true, false) => {
            "is the name of the realm right? older installations of Keycloak have /auth before /realms".to_owned()
        }
        _ => "check the path of the URL: OPTIMIZE_TOKEN_URL or OPTIMIZE_ISSUER_URL".to_owned(),
    }
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
    if error.status() == Some(429) {
        return Err(CliError::from(error).with_hint(
            "the endpoint allows few requests, Camunda SaaS about one a second for each address, failed ones included; \
             wait, and let tokens be cached (OPTIMIZE_TOKEN_CACHE)",
        ));
    }
    if let (Some(404 | 300..400), Ok(Some(url))) = (error.status(), app.settings.token_url()) {
        return Err(CliError::from(error).with_hint(wrong_path(&url)));
    }
    if let Some(skew) = error.server_time().and_then(difference) {
        return Err(CliError::from(error).with_hint(skew));
    }
    Err(other_body(app, &error)
        .await
        .map_or_else(|| CliError::from(error.clone()), |hint| CliError::from(error.clone()).with_hint(hint)))
}

/// Whether the endpoint takes the other kind of body, if it seems not to have read this one.
async fn other_body(app: &App, error: &AuthError) -> Option<String> {
    let was_unread =
        matches!(error.status(), Some(400 | 415)) && matches!(error.code(), None | Some("invalid_request"));
    let (strategy, _) = app.settings.strategy()?;
    let other = match app.settings.client_auth().as_deref() {
        None | Some("post") => "json",
        Some("json") => "post",
        _ => return None,
    };
    if !was_unread || strategy != "client-credentials" {
        return None;
    }
    tokio::time::sleep(BETWEEN_TOKEN_REQUESTS).await;
    app.credentials_by(other).ok()?.token().await.ok()?;
    Some(format!("the endpoint reads the other kind of body: set OPTIMIZE_CLIENT_AUTH={other}"))
}

fn claims(app: &App, token: Option<&Token>) -> Step {
    let Some(claims) = token.and_then(Token::claims) else {
        return Ok(Finding::ok("the token is opaque; only its server can look inside"));
    };
    let audience = claims.audience.join(", ");
    let wanted = app.settings.audience()?;
    let has = |name: &str| claims.audience.iter().any(|audience| audience == name);
    let is_meant = match &wanted {
        Some(wanted) => has(wanted),
        None => USUAL_AUDIENCES.into_iter().any(has),
    };
    if !is_meant {
        let asked = wanted.map_or("none was asked for".to_owned(), |wanted| format!("{wanted} was asked for"));
        let listed = if audience.is_empty() { "no audience".to_owned() } else { format!("the audience {audience}") };
        return Ok(Finding::warn(
            format!("the token has {listed}; {asked}"),
            "Keycloak takes the audience from the client's permissions, not from the request: give the client the \
             permission for the Optimize API; elsewhere set OPTIMIZE_AUDIENCE to what the server is configured for",
        ));
    }
    let issued = claims.issued_at.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
    Ok(match issued.and_then(|issued| difference(SystemTime::UNIX_EPOCH + issued)) {
        Some(hint) => Finding::warn(format!("audience {audience}"), hint),
        None => Finding::ok(format!("audience {audience}")),
    })
}

async fn api(app: &App) -> Step {
    check_accepted(app).await?;
    Ok(Finding::ok("the server accepts the token"))
}

async fn reach(app: &App, url: &ServiceUrl) -> Result<Contact, CliError> {
    let proxy = proxy_for(app, url);
    let contact = app.settings.http()?.contact(url, proxy.is_some(), PATIENCE).await;
    contact.map_err(|error| {
        let tls = std::error::Error::source(&error)
            .and_then(|source| source.downcast_ref::<TransportError>())
            .and_then(TransportError::tls_problem);
        let hint = match (tls, proxy) {
            (Some(TlsProblem::UnknownIssuer), _) => {
                "name the authority that has signed the certificate: ca_file in the configuration, or OPTIMIZE_CA_FILE"
                    .to_owned()
            }
            (Some(TlsProblem::WrongName), _) => "use the name that the certificate is for".to_owned(),
            (Some(TlsProblem::Expired | TlsProblem::NotYetValid), _) => {
                "renew the server's certificate; if it is good, the clock of this machine is wrong".to_owned()
            }
            (Some(TlsProblem::ClientCertificate), _) => {
                "set OPTIMIZE_CLIENT_CERT_FILE and OPTIMIZE_CLIENT_KEY_FILE".to_owned()
            }
            (Some(_), _) => "does this port speak https?".to_owned(),
            (None, Some(proxy)) => {
                format!("the proxy of {proxy} is used; is it right, and should NO_PROXY name this host?")
            }
            (None, None) if error.to_string().starts_with("look up") => "check the host name in the URL".to_owned(),
            (None, None) => {
                "is the server up, and is nothing between here and there that keeps connections out?".to_owned()
            }
        };
        CliError::from(error).with_hint(hint)
    })
}

/// The variable that names a proxy for this URL, as far as it can be told from here.
fn proxy_for(app: &App, url: &ServiceUrl) -> Option<&'static str> {
    let is_set = |name: &&str| app.environment.raw(name).is_some_and(|value| !value.is_empty());
    let can_use = url.as_url().scheme() == "https" && !url.is_loopback();
    PROXIES.into_iter().filter(|_| can_use).find(is_set)
}

fn told(app: &App, url: &ServiceUrl, contact: &Contact) -> String {
    let way = match proxy_for(app, url) {
        Some(proxy) => format!("by the proxy of {proxy}"),
        None => contact.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    format!("{url} ({way}) answered {}", contact.status)
}

fn skew(contact: &Contact) -> Option<Finding> {
    let hint = difference(contact.server_time?)?;
    Some(Finding::warn("the clocks differ", hint))
}

/// How far a server's clock is from this machine's, if that matters.
fn difference(server: SystemTime) -> Option<String> {
    let now = SystemClock.wall();
    let (by, word) = match server.duration_since(now) {
        Ok(ahead) => (ahead, "behind"),
        Err(behind) => (behind.duration(), "ahead of"),
    };
    let minutes = (by.as_secs() + 30) / 60;
    (by > TOLERATED_SKEW).then(|| format!("this machine's clock is {minutes} min {word} the server's: set it right"))
}
