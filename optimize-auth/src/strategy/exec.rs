//! A credential from a helper program.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use jiff::fmt::temporal::Pieces;
use secrecy::{ExposeSecret, SecretString};

use crate::clock::{Clock, SystemClock};
use crate::error::{AuthError, AuthErrorKind};
use crate::exec::{Granted, Helper, Op, Target};
use crate::source::{FetchContext, TokenSource};
use crate::store::StoreKey;
use crate::strategy::client_credentials::{ClientAuth, ClientCredentials};
use crate::token::Token;

/// The last year of RFC 3339.
const LAST_YEAR: i16 = 9999;

/// Asks a [`Helper`] for credentials.
///
/// A helper hands out a bearer token, a header, or a client secret or assertion with which this source then gets a token.
///
/// ```
/// use optimize_auth::exec::{Helper, Target};
/// use optimize_auth::{Credentials, Exec};
///
/// // The helper starts with an empty environment: what it needs is named.
/// let helper = Helper::new(vec!["/usr/local/bin/optimize".to_owned(), "auth".to_owned(), "helper".to_owned()])?
///     .with_environment([("HOME".to_owned(), "/home/ci".to_owned()), ("PATH".to_owned(), "/usr/bin".to_owned())]);
/// let credentials = Credentials::new(Exec::new(helper, Target::default().with_base_url("https://optimize.example.com")));
/// # drop(credentials);
/// # Ok::<(), optimize_auth::AuthError>(())
/// ```
#[derive(Debug)]
pub struct Exec {
    helper: Helper,
    target: Target,
    profile: Option<String>,
    grant: Option<Grant>,
    clock: Box<dyn Clock>,
}

#[derive(Debug)]
struct Grant {
    client: ClientCredentials,
    secret_auth: fn(SecretString) -> ClientAuth,
}

impl Exec {
    /// A source of credentials for `target`.
    pub fn new(helper: Helper, target: Target) -> Self {
        Self { helper, target, profile: None, grant: None, clock: Box::new(SystemClock) }
    }

    /// The profile that the helper gets. Default none.
    pub fn with_profile(mut self, profile: impl Into<String>) -> Self {
        self.profile = Some(profile.into());
        self
    }

    /// What to do with a client secret or assertion: get a token by `client`, whose own proof is replaced. A secret is
    /// used as `secret_auth` says, for example [`ClientAuth::Post`]. Default: such responses are refused.
    pub fn with_grant(mut self, client: ClientCredentials, secret_auth: fn(SecretString) -> ClientAuth) -> Self {
        self.grant = Some(Grant { client, secret_auth });
        self
    }

    /// Where the time is read, to recognise an expired credential. Default the system's clock.
    #[cfg(any(test, feature = "test-util"))]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    async fn ask(&self, op: Op, context: &FetchContext) -> Result<Option<Granted>, AuthError> {
        self.helper.ask(op, context, &self.target, self.profile.as_deref()).await
    }

    pub(crate) async fn token(&self, granted: Granted) -> Result<Token, AuthError> {
        let refuse = |problem: &str| AuthError::new(AuthErrorKind::Protocol, self.described(problem));
        let secret = |secret: Option<SecretString>, name: &str| {
            let secret = secret.ok_or_else(|| refuse(&format!("its response has no `{name}`")))?;
            if secret.expose_secret().chars().any(char::is_control) {
                return Err(refuse(&format!("`{name}` holds a control character")));
            }
            Ok(secret)
        };
        let lifetime = self.lifetime(granted.expires_at.as_deref()).map_err(|problem| refuse(&problem))?;
        let described = |error: AuthError| AuthError::new(AuthErrorKind::Protocol, self.described(&error.to_string()));
        let token = match granted.kind.as_str() {
            "bearer" => Token::bearer(secret(granted.secret, "secret")?).map_err(described)?,
            "header" => {
                let name = granted.name.ok_or_else(|| refuse("its response has no `name`"))?;
                Token::header(&name, secret(granted.value, "value")?).map_err(described)?
            }
            kind @ ("client_secret" | "client_assertion") => {
                let grant = self.grant.as_ref().ok_or_else(|| {
                    refuse(&format!("it returned a {kind}, but no token URL and client id are set to use it with"))
                })?;
                let secret = secret(granted.secret, "secret")?;
                let client_auth =
                    if kind == "client_secret" { (grant.secret_auth)(secret) } else { ClientAuth::Assertion(secret) };
                // The token has a lifetime of its own; the helper's is that of its secret.
                return grant.client.fetch_as(&client_auth).await;
            }
            _ => return Err(refuse("it returned a credential of an unknown kind")),
        };
        let token = match lifetime {
            Some(lifetime) => token.with_lifetime(lifetime),
            None => token,
        };
        match granted.cache.as_deref().unwrap_or("session") {
            "expires" => Ok(token),
            "session" => Ok(token.without_storing()),
            "never" => Ok(token.with_lifetime(Duration::ZERO).without_storing()),
            _ => Err(refuse("`cache` must be never, session or expires")),
        }
    }

    fn lifetime(&self, expires_at: Option<&str>) -> Result<Option<Duration>, String> {
        let Some(text) = expires_at else { return Ok(None) };
        let end: jiff::Timestamp = match text.parse() {
            Ok(end) => end,
            // The usual way to say "never", such as 9999-12-31T23:59:59Z, is more than a timestamp can hold.
            Err(_) if Pieces::parse(text).is_ok_and(|end| end.date().year() == LAST_YEAR) => {
                return Ok(None);
            }
            Err(_) => return Err("`expires_at` is not a date as RFC 3339 has it".to_owned()),
        };
        match SystemTime::from(end).duration_since(self.clock.wall()) {
            Ok(left) if !left.is_zero() => Ok(Some(left)),
            _ => Err("its credential has already expired".to_owned()),
        }
    }

    fn described(&self, problem: &str) -> String {
        format!("get a credential from the helper {}: {problem}", self.helper.command()[0])
    }
}

#[async_trait]
impl TokenSource for Exec {
    async fn fetch(&self, context: &FetchContext) -> Result<Token, AuthError> {
        match self.ask(Op::Get, context).await? {
            Some(granted) => self.token(granted).await,
            None => Err(AuthError::new(AuthErrorKind::Unsupported, self.described("it hands out nothing"))),
        }
    }

    fn store_key(&self) -> Option<StoreKey> {
        let mut key = StoreKey::builder("exec").with_text("profile", self.profile.as_deref());
        for argument in self.helper.command() {
            key = key.with_text("argument", Some(argument));
        }
        let target = &self.target;
        let key =
            key.with_text("base_url", target.base_url.as_deref()).with_text("token_url", target.token_url.as_deref());
        let key =
            key.with_text("audience", target.audience.as_deref()).with_words("scope", Some(&target.scope.join(" ")));
        let key = key.with_text("resource", target.resource.as_deref());
        let grant = self.grant.as_ref().and_then(|grant| grant.client.store_key());
        Some(match grant {
            Some(grant) => key.with_key("grant", &grant).build(),
            None => key.build(),
        })
    }

    async fn erase(&self) -> Result<(), AuthError> {
        self.ask(Op::Erase, &FetchContext::default()).await.map(drop)
    }

    async fn log_in(&self) -> Result<(), AuthError> {
        self.ask(Op::Login, &FetchContext::default()).await.map(drop)
    }
}
