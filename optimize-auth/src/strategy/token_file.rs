//! A token in a file that another program keeps up to date.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::clock::{Clock, SystemClock};
use crate::error::{AuthError, AuthErrorKind};
use crate::secret_file::read_secret_file_async;
use crate::source::{FetchContext, TokenSource};
use crate::token::Token;

/// The token in a file, such as one that Kubernetes projects into a pod or a sidecar renews.
///
/// The file is read again at least once a minute, sooner if the token is a JWT that ends earlier, and after a 401.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use optimize_auth::{Credentials, TokenFile};
///
/// # let file = tempfile::NamedTempFile::new()?;
/// # std::fs::write(file.path(), "a-token")?;
/// # let path = file.path();
/// let credentials = Credentials::new(TokenFile::new(path));
/// assert_eq!(credentials.headers().await?.as_map()["authorization"], "Bearer a-token");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TokenFile {
    path: PathBuf,
    clock: Box<dyn Clock>,
}

/// Kubernetes replaces a projected token when a fifth of its life is left, which is at least two minutes.
const LONGEST_KEEP: Duration = Duration::from_secs(60);

impl TokenFile {
    /// The token in the file at `path`. The file is read when a token is needed, so it need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), clock: Box::new(SystemClock) }
    }

    /// Where the time is read, to recognise an expired token. Default the system's clock.
    #[cfg(any(test, feature = "test-util"))]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }
}

#[async_trait]
impl TokenSource for TokenFile {
    async fn fetch(&self, _: &FetchContext) -> Result<Token, AuthError> {
        let secret = read_secret_file_async(&self.path, "token").await?;
        let token = Token::bearer(secret)
            .map_err(|error| error.within(&format!("read the token from file {}", self.path.display())))?;
        let end = token.claims().and_then(|claims| claims.expires_at).and_then(|end| u64::try_from(end).ok());
        let left = end.map(|end| {
            let end = SystemTime::UNIX_EPOCH + Duration::from_secs(end.min(u64::from(u32::MAX)));
            end.duration_since(self.clock.wall()).unwrap_or_default()
        });
        if left.is_some_and(|left| left.is_zero()) {
            let message = format!("the token in file {} has expired", self.path.display());
            return Err(AuthError::new(AuthErrorKind::Refused, message).with_code("expired_token"));
        }
        Ok(token.with_lifetime(left.map_or(LONGEST_KEEP, |left| left.min(LONGEST_KEEP))).without_storing())
    }
}
