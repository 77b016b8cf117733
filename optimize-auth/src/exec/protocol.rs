//! The messages of `optimize-credential` version 1.

use std::time::Duration;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

use crate::source::FetchReason;

/// The version of the protocol that is spoken here.
pub const VERSION: u32 = 1;

/// The greeting of a helper.
///
/// ```
/// use optimize_auth::exec::{Hello, Op};
///
/// let hello = Hello::new("my-helper", "1.0.0", &[Op::Get, Op::Refresh]);
/// assert!(hello.can(Op::Refresh) && !hello.can(Op::Login));
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Hello {
    /// The greeting itself.
    #[serde(rename = "optimize-credential")]
    pub greeting: Greeting,
}

/// Who a helper is and what it can do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Greeting {
    /// The versions of the protocol it speaks.
    pub v: Vec<u32>,
    /// Its name.
    pub name: String,
    /// Its own version.
    #[serde(default)]
    pub version: String,
    /// The operations it knows: `get`, `refresh`, `erase`, `login`.
    #[serde(default)]
    pub caps: Vec<String>,
}

impl Hello {
    /// A helper of version 1 with these operations.
    pub fn new(name: impl Into<String>, version: impl Into<String>, caps: &[Op]) -> Self {
        let caps = caps.iter().map(|op| op.as_str().to_owned()).collect();
        Self { greeting: Greeting { v: vec![VERSION], name: name.into(), version: version.into(), caps } }
    }

    /// Whether the helper supports an operation.
    pub fn can(&self, op: Op) -> bool {
        self.greeting.caps.iter().any(|cap| cap == op.as_str())
    }
}

/// The operations of a helper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Op {
    /// Hand out a credential.
    Get,
    /// Hand out another one than before.
    Refresh,
    /// Drop what is kept.
    Erase,
    /// Let a person log in.
    Login,
}

impl Op {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Refresh => "refresh",
            Self::Erase => "erase",
            Self::Login => "login",
        }
    }
}

/// The request of the host.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Request {
    /// [`VERSION`].
    pub v: u32,
    /// Comes back in the response.
    pub id: String,
    /// What to do. A string, so that a helper can receive one it does not know.
    pub op: String,
    /// Why: `missing`, `expiring`, `rejected` or `forced`.
    pub reason: String,
    /// What the credential is for.
    pub target: Target,
    /// The profile in use.
    pub profile: Option<String>,
    /// Whether the user can be asked.
    pub interactive: bool,
    /// The milliseconds after which the host gives up.
    pub deadline_ms: u64,
    /// The credential before this one, as far as a helper may know it.
    pub previous: Option<Previous>,
}

impl Request {
    pub(super) fn reason_word(reason: FetchReason) -> &'static str {
        match reason {
            FetchReason::Missing => "missing",
            FetchReason::Expiring => "expiring",
            FetchReason::Rejected => "rejected",
            FetchReason::Forced => "forced",
        }
    }
}

/// What a credential is for. All is optional.
///
/// ```
/// use optimize_auth::exec::Target;
///
/// let target = Target::default().with_base_url("https://optimize.example").with_audience("optimize.camunda.io");
/// assert_eq!(target.audience.as_deref(), Some("optimize.camunda.io"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Target {
    /// The base URL of the API.
    pub base_url: Option<String>,
    /// The token endpoint, where one is configured.
    pub token_url: Option<String>,
    /// The audience the token must have.
    pub audience: Option<String>,
    /// The scopes to request.
    #[serde(default)]
    pub scope: Vec<String>,
    /// The resource to request (RFC 8707).
    pub resource: Option<String>,
}

impl Target {
    /// The base URL of the API.
    pub fn with_base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// The token endpoint.
    pub fn with_token_url(mut self, url: impl Into<String>) -> Self {
        self.token_url = Some(url.into());
        self
    }

    /// The audience the token must have.
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// The scopes to request.
    pub fn with_scope<S: Into<String>>(mut self, scope: impl IntoIterator<Item = S>) -> Self {
        self.scope = scope.into_iter().map(Into::into).collect();
        self
    }

    /// The resource to request (RFC 8707).
    pub fn with_resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }
}

/// The credential before, never the credential itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Previous {
    /// The first half of its SHA-256 in hexadecimal.
    pub fingerprint: String,
    /// The `WWW-Authenticate` header with which it was rejected.
    pub challenge: Option<String>,
}

impl Previous {
    /// The credential of this fingerprint, which was not rejected.
    pub fn new(fingerprint: impl Into<String>) -> Self {
        Self { fingerprint: fingerprint.into(), challenge: None }
    }

    /// The `WWW-Authenticate` header with which it was rejected.
    pub fn with_challenge(mut self, challenge: impl Into<String>) -> Self {
        self.challenge = Some(challenge.into());
        self
    }
}

/// What a helper returns: `ok` or `err`.
#[derive(Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Response {
    /// [`VERSION`].
    pub v: u32,
    /// The id of the request.
    pub id: String,
    /// The credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ok: Option<Granted>,
    /// Why there is no credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub err: Option<Problem>,
}

impl Response {
    /// What a helper returns to the request of this id.
    pub fn new(id: impl Into<String>, outcome: Result<Granted, Problem>) -> Self {
        let (ok, err) = match outcome {
            Ok(granted) => (Some(granted), None),
            Err(problem) => (None, Some(problem)),
        };
        Self { v: VERSION, id: id.into(), ok, err }
    }
}

/// A credential that a helper hands out.
///
/// ```
/// use optimize_auth::exec::Granted;
///
/// let granted = Granted::bearer("a-token".to_owned().into()).with_end("2026-01-01T00:00:00Z").with_cache("expires");
/// assert_eq!(granted.kind, "bearer");
/// ```
#[derive(Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Granted {
    /// `bearer`, `header`, `client_secret`, `client_assertion`, or `done` where there is nothing to hand out.
    pub kind: String,
    /// The secret of all kinds but `header`.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "expose")]
    pub secret: Option<SecretString>,
    /// The name of a header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The value of a header.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "expose")]
    pub value: Option<SecretString>,
    /// When it ends, as RFC 3339 has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// How long the host may keep it: `never`, `session` (in memory) or `expires` (until it ends). Default `session`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<String>,
}

impl Granted {
    fn of_kind(kind: &str) -> Self {
        Self { kind: kind.to_owned(), ..Self::default() }
    }

    /// A token for `Authorization: Bearer`.
    pub fn bearer(token: SecretString) -> Self {
        Self { secret: Some(token), ..Self::of_kind("bearer") }
    }

    /// A header of another name, and its value.
    pub fn header(name: impl Into<String>, value: SecretString) -> Self {
        Self { name: Some(name.into()), value: Some(value), ..Self::of_kind("header") }
    }

    /// The secret of the OAuth client, for a token request of the host.
    pub fn client_secret(secret: SecretString) -> Self {
        Self { secret: Some(secret), ..Self::of_kind("client_secret") }
    }

    /// An assertion of the OAuth client, for a token request of the host.
    pub fn client_assertion(assertion: SecretString) -> Self {
        Self { secret: Some(assertion), ..Self::of_kind("client_assertion") }
    }

    /// Nothing to hand out: what was requested is done.
    pub fn done() -> Self {
        Self::of_kind("done")
    }

    /// When it ends, as RFC 3339 has it.
    pub fn with_end(mut self, time: impl Into<String>) -> Self {
        self.expires_at = Some(time.into());
        self
    }

    /// How long the host may keep it: `never`, `session` or `expires`.
    pub fn with_cache(mut self, word: impl Into<String>) -> Self {
        self.cache = Some(word.into());
        self
    }
}

/// The one place where a secret is written out on purpose: a pipe between helper and host.
#[expect(clippy::ref_option, reason = "the signature is serde's")]
fn expose<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(ExposeSecret::expose_secret).serialize(serializer)
}

/// Why a helper has no credential.
///
/// ```
/// use optimize_auth::exec::{ErrorKind, Problem};
///
/// let problem = Problem::new(ErrorKind::Transient, "the vault is sealed").with_retry_after(std::time::Duration::from_secs(1));
/// assert_eq!(problem.kind(), ErrorKind::Transient);
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Problem {
    /// One of [`ErrorKind`]'s words; an unknown one is read as `other`.
    pub kind: String,
    /// How long to wait before the next attempt, for `transient`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// For people.
    #[serde(default)]
    pub message: String,
}

/// The class of a [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no credential for this target. A chain tries its next source.
    NotFound,
    /// The helper does not support the operation or the target. A chain tries its next source.
    Unsupported,
    /// There is one, but not for this user.
    Denied,
    /// A person must log in first.
    InteractionRequired,
    /// It may work a little later.
    Transient,
    /// Anything else.
    Other,
}

impl ErrorKind {
    const ALL: [Self; 6] =
        [Self::NotFound, Self::Unsupported, Self::Denied, Self::InteractionRequired, Self::Transient, Self::Other];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Unsupported => "unsupported",
            Self::Denied => "denied",
            Self::InteractionRequired => "interaction_required",
            Self::Transient => "transient",
            Self::Other => "other",
        }
    }
}

impl Problem {
    /// A problem of `kind`, with a text that holds no secret.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind: kind.as_str().to_owned(), retry_after_ms: None, message: message.into() }
    }

    /// How long to wait before the next attempt.
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after_ms = wait.as_millis().try_into().ok();
        self
    }

    /// The class.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::ALL.into_iter().find(|kind| kind.as_str() == self.kind).unwrap_or(ErrorKind::Other)
    }
}

/// One message as a line, wiped when dropped.
pub(super) fn line(message: &impl Serialize) -> Zeroizing<Vec<u8>> {
    // Larger than any message with a secret of 64 KiB that is not all escapes, so that growing leaves no copy behind.
    let mut line = Zeroizing::new(Vec::with_capacity(128 << 10));
    serde_json::to_writer(&mut *line, message).expect("texts and numbers are always valid JSON");
    line.push(b'\n');
    line
}
