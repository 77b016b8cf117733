//! Where a credential may be sent.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::Url;

/// An absolute `https` URL, or an `http` one of this machine, that credentials may be sent to (RFC 6749 §3.2,
/// RFC 6750 §5.3).
///
/// ```
/// use optimize_auth::ServiceUrl;
///
/// assert!(ServiceUrl::parse("https://optimize.example.com").is_ok());
/// assert!(ServiceUrl::parse("http://localhost:8090").is_ok(), "this machine needs no TLS");
/// assert!(ServiceUrl::parse("http://optimize.example.com").is_err(), "others could read the credentials");
/// assert!(ServiceUrl::parse("https://user:password@optimize.example.com").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceUrl(Url);

impl ServiceUrl {
    /// Checks `text`. `http` is accepted for `localhost` and loopback addresses only.
    pub fn parse(text: &str) -> Result<Self, ServiceUrlError> {
        Self::check(text, false)
    }

    /// Like [`parse`](Self::parse), but accepts `http` to any host. Credentials then travel in clear text.
    pub fn parse_allowing_insecure_http(text: &str) -> Result<Self, ServiceUrlError> {
        Self::check(text, true)
    }

    fn check(text: &str, allow_insecure_http: bool) -> Result<Self, ServiceUrlError> {
        if text.trim().is_empty() {
            return Err(ServiceUrlError::Empty);
        }
        // A text with an `@` may hold a password, so it is not repeated.
        let shown = if text.contains('@') { "(not shown)".to_owned() } else { text.escape_debug().to_string() };
        if text.chars().any(|character| character.is_control() || character.is_whitespace()) {
            return Err(ServiceUrlError::Malformed {
                shown,
                problem: "it contains white space or a control character",
            });
        }
        let Ok(url) = Url::parse(text) else {
            let problem = if text.contains("://") { "it is not a URL" } else { "it does not begin with https://" };
            return Err(ServiceUrlError::Malformed { shown, problem });
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ServiceUrlError::UserInfo);
        }
        if !matches!(url.scheme(), "http" | "https") {
            let problem = "its scheme is neither https nor http";
            return Err(ServiceUrlError::Malformed { shown, problem });
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(ServiceUrlError::Malformed { shown, problem: "it has a query or a fragment" });
        }
        let url = Self(url);
        if url.0.scheme() == "http" && !allow_insecure_http && !url.is_loopback() {
            return Err(ServiceUrlError::Insecure { shown });
        }
        Ok(url)
    }

    /// Whether the host is this machine: `localhost`, 127.0.0.0/8 or `[::1]`.
    pub fn is_loopback(&self) -> bool {
        self.0.host_str().is_some_and(is_loopback)
    }

    /// Whether this URL would carry credentials in clear text over a network.
    pub fn is_insecure(&self) -> bool {
        self.0.scheme() == "http" && !self.is_loopback()
    }

    /// Another path of the same server.
    pub(crate) fn with_path(&self, path: &str) -> Self {
        let mut url = self.0.clone();
        url.set_path(path);
        Self(url)
    }

    /// The URL itself: no user information, no query, no fragment.
    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Error returned by [`ServiceUrl::parse`]. Its texts never show user information.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceUrlError {
    /// Nothing was given.
    Empty,
    /// Not an absolute `http(s)` URL without query and fragment.
    #[non_exhaustive]
    Malformed {
        /// The text, or a placeholder if it may hold a password.
        shown: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The URL holds a user name or password.
    UserInfo,
    /// Plain `http` to a host other than this machine.
    #[non_exhaustive]
    Insecure {
        /// The URL.
        shown: String,
    },
}

impl FromStr for ServiceUrl {
    type Err = ServiceUrlError;

    /// The same as [`ServiceUrl::parse`].
    fn from_str(text: &str) -> Result<Self, ServiceUrlError> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for ServiceUrl {
    type Error = ServiceUrlError;

    fn try_from(text: &str) -> Result<Self, ServiceUrlError> {
        Self::parse(text)
    }
}

impl Serialize for ServiceUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

/// Under the rules of [`ServiceUrl::parse`].
impl<'de> Deserialize<'de> for ServiceUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// Whether a host is this machine: `localhost`, 127.0.0.0/8 or `[::1]`.
pub(crate) fn is_loopback(host: &str) -> bool {
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host == "localhost",
    }
}

impl fmt::Display for ServiceUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the URL is empty"),
            Self::Malformed { shown, problem } => write!(f, "{problem}: {shown}"),
            Self::UserInfo => f.write_str("it holds a user name or password; credentials do not belong into a URL"),
            Self::Insecure { shown } => {
                write!(f, "plain http to another machine would send credentials in clear text: {shown}")
            }
        }
    }
}

impl Error for ServiceUrlError {}
