use clap::Args;
use jiff::Timestamp;
use optimize_auth::exec::{ErrorKind, Granted, Hello, Op, Problem, Request, Target, serve};
use optimize_auth::{AuthError, AuthErrorKind, Credentials, Token};
use tokio::io::BufReader;

use super::check_plugin;
use crate::app::App;
use crate::error::CliError;
use crate::output::Outcome;

/// Be the credential helper of another program, on standard input and output
#[derive(Args, Debug)]
pub(crate) struct Helper {}

impl Helper {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        check_plugin(app)?;
        let hello = Hello::new("optimize", env!("CARGO_PKG_VERSION"), &[Op::Get, Op::Refresh, Op::Erase]);
        let served =
            serve(&hello, BufReader::new(tokio::io::stdin()), tokio::io::stdout(), |request| response(app, request));
        served.await.map_err(|error| CliError::io("speak with the host", error))?;
        Ok(Outcome::Done)
    }
}

async fn response(app: &App, request: Request) -> Result<Granted, Problem> {
    check_target(app, &request.target).await?;
    let credentials = app.credentials().await.map_err(|error| Problem::new(ErrorKind::NotFound, error.to_string()))?;
    let outcome = match request.op.as_str() {
        "get" => credentials.token().await.map(|token| granted(&token)),
        "refresh" => refreshed(&credentials).await,
        "erase" => credentials.log_out().await.map(|()| Granted::done()),
        _ => return Err(Problem::new(ErrorKind::Unsupported, "expected get, refresh or erase")),
    };
    outcome.map_err(|error| problem(&error))
}

/// Fails if the request is not for what is configured: a token must not go to another audience.
async fn check_target(app: &App, target: &Target) -> Result<(), Problem> {
    let failed = |error: CliError| Problem::new(ErrorKind::NotFound, error.message());
    let settings = &app.settings;
    let sorted = |scope: &str| {
        let mut words: Vec<_> = scope.split_whitespace().map(str::to_owned).collect();
        words.sort_unstable();
        words.join(" ")
    };
    let base_url = app.base_url().await.ok().map(|url| url.to_string());
    let summary = app.auth_summary().await.map_err(failed)?;
    let scope = settings.scope().map_err(|error| failed(error.into()))?.map(|scope| sorted(&scope));
    let wanted_scope = Some(sorted(&target.scope.join(" "))).filter(|scope| !scope.is_empty());
    let trimmed = |url: Option<String>| url.map(|url| url.trim_end_matches('/').to_owned());
    let parts = [
        ("server", trimmed(base_url), trimmed(target.base_url.clone())),
        ("token endpoint", trimmed(summary.token_url), trimmed(target.token_url.clone())),
        ("audience", summary.audience, target.audience.clone()),
        ("scope", scope, wanted_scope),
        ("resource", settings.resource().map_err(|error| failed(error.into()))?, target.resource.clone()),
    ];
    // What is not configured here cannot contradict: a shared token has no audience.
    match parts.into_iter().find(|(_, ours, theirs)| ours.is_some() && theirs.is_some() && ours != theirs) {
        Some((part, ..)) => {
            Err(Problem::new(ErrorKind::NotFound, format!("the request is for another {part} than the configured one")))
        }
        None => Ok(()),
    }
}

async fn refreshed(credentials: &Credentials) -> Result<Granted, AuthError> {
    credentials.forget();
    credentials.token().await.map(|token| granted(&token))
}

fn granted(token: &Token) -> Granted {
    let secret = token.secret().clone();
    let granted = match token.as_header() {
        Some((name, _)) if !token.is_bearer() => Granted::header(name.as_str(), secret),
        Some(_) => Granted::bearer(secret),
        None => Granted::done(),
    };
    let granted = match token.expires_at().and_then(|end| Timestamp::try_from(end).ok()) {
        Some(end) => granted.with_end(end.to_string()),
        None => granted,
    };
    // It is kept here already.
    granted.with_cache("session")
}

fn problem(error: &AuthError) -> Problem {
    let kind = match error.kind() {
        AuthErrorKind::NotFound => ErrorKind::NotFound,
        AuthErrorKind::Unsupported => ErrorKind::Unsupported,
        AuthErrorKind::Refused => ErrorKind::Denied,
        AuthErrorKind::Unavailable => ErrorKind::Transient,
        _ => ErrorKind::Other,
    };
    let problem = Problem::new(kind, error.to_string());
    match error.retry_after() {
        Some(wait) => problem.with_retry_after(wait),
        None => problem,
    }
}
