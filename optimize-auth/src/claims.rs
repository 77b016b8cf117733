//! A look into a JWT, for people who wonder why a server refuses it.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::zeroize::Zeroizing;
use serde_json::Value;

/// The registered claims of a JWT (RFC 7519 §4.1) that matter for an API call. Unverified.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use optimize_auth::Token;
///
/// // {"aud":"optimize.camunda.io"}, unsigned
/// let token = Token::bearer("eyJhbGciOiJub25lIn0.eyJhdWQiOiJvcHRpbWl6ZS5jYW11bmRhLmlvIn0.x".to_owned().into())?;
/// let claims = token.claims().ok_or("a JWT has claims")?;
/// println!("{claims:?}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claims {
    /// `aud`: whom the token is for. A server refuses a token that does not name it.
    pub audience: Vec<String>,
    /// `iss`: who issued it.
    pub issuer: Option<String>,
    /// `sub`: on whose behalf.
    pub subject: Option<String>,
    /// `scope`: what it grants, space-separated.
    pub scope: Option<String>,
    /// `iat`: when it was issued, in seconds since 1970.
    pub issued_at: Option<i64>,
    /// `exp`: when it ends, in seconds since 1970.
    pub expires_at: Option<i64>,
    /// `ver`: the version of a token of Microsoft Entra ID, `1.0` or `2.0`.
    pub version: Option<String>,
    /// `https://camunda.com/clusterId`: the cluster of Camunda SaaS that the token is for.
    pub cluster_id: Option<String>,
}

impl Claims {
    /// The claims of a token of three dot-separated parts, or `None` for an opaque one.
    pub(crate) fn read(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return None;
        };
        let payload = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?);
        let Ok(Value::Object(members)) = serde_json::from_slice(&payload) else { return None };
        let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
        let audience = match members.get("aud") {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        Some(Self {
            audience,
            issuer: text("iss"),
            subject: text("sub"),
            scope: text("scope"),
            issued_at: members.get("iat").and_then(Value::as_i64),
            expires_at: members.get("exp").and_then(Value::as_i64),
            version: text("ver"),
            cluster_id: text("https://camunda.com/clusterId"),
        })
    }
}
