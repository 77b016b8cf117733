use clap::Args;
use jiff::Timestamp;
use optimize_auth::exec::{ErrorKind, Granted, Hello, Op, Problem, Request, serve};
use optimize_auth::{AuthError, AuthErrorKind, Credentials, Token};
use tokio::io::BufReader;

use super::check_plugin;
use crate::app::App;
use crate::error::CliError;
use crate::output::Outcome;

/// Hand out tokens to another program: the credential helper protocol on standard input and output
#[derive(Args, Debug)]
pub(crate) struct Helper {}

impl Helper {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        check_plugin(app)?;
        let hello = Hello::new("optimize", env!("CARGO_PKG_VERSION"), &[Op::Get, Op::Refresh, Op::Erase]);
        let served =
            serve(&hello, BufReader::new(tokio::io::stdin()), tokio::io::stdout(), |request| answer(app, request));
        served.await.map_err(|error| CliError::io("speak with the host", error))?;
        Ok(Outcome::Done)
    }
}

async fn answer(app: &App, request: Request) -> Result<Granted, Problem> {
    let ours = app.base_url().await.ok().map(|url| url.to_string());
    if let (Some(ours), Some(theirs)) = (ours, &request.target.base_url)
        && ours.trim_end_matches('/') != theirs.trim_end_matches('/')
    {
        return Err(Problem::new(ErrorKind::NotFound, "the configured server is another one"));
    }
    let credentials = app.credentials().await.map_err(|error| Problem::new(ErrorKind::NotFound, error.to_string()))?;
    let outcome = match request.op.as_str() {
        "get" => credentials.token().await.map(|token| granted(&token)),
        "refresh" => refreshed(&credentials).await,
        "erase" => credentials.log_out().await.map(|()| Granted { kind: "done".to_owned(), ..Granted::default() }),
        _ => return Err(Problem::new(ErrorKind::Unsupported, "expected get, refresh or erase")),
    };
    outcome.map_err(|error| problem(&error))
}

async fn refreshed(credentials: &Credentials) -> Result<Granted, AuthError> {
    credentials.forget();
    credentials.token().await.map(|token| granted(&token))
}

fn granted(token: &Token) -> Granted {
    let end = token.expires_at().and_then(|end| Timestamp::try_from(end).ok());
    let mut granted = Granted { expires_at: end.map(|end| end.to_string()), ..Granted::default() };
    let secret = Some(token.secret().clone());
    match token.as_header() {
        Some((name, _)) if !token.is_bearer() => {
            "header".clone_into(&mut granted.kind);
            granted.name = Some(name.to_string());
            granted.value = secret;
        }
        Some(_) => {
            "bearer".clone_into(&mut granted.kind);
            granted.secret = secret;
        }
        None => "done".clone_into(&mut granted.kind),
    }
    // It is kept here already.
    granted.cache = Some("session".to_owned());
    granted
}

fn problem(error: &AuthError) -> Problem {
    let kind = match error.kind() {
        AuthErrorKind::NotFound => ErrorKind::NotFound,
        AuthErrorKind::Unsupported => ErrorKind::Unsupported,
        AuthErrorKind::Refused => ErrorKind::Denied,
        AuthErrorKind::Unavailable => ErrorKind::Transient,
        _ => ErrorKind::Other,
    };
    let mut problem = Problem::new(kind, format!("failed to {error}"));
    problem.retry_after_ms = error.retry_after().and_then(|wait| wait.as_millis().try_into().ok());
    problem
}
