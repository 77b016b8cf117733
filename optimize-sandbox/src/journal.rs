//! What request.

use std::collections::BTreeMap;

use serde::Serialize;

/// One request, without anything secret.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// The method.
    pub method: String,
    /// The path as it came, without the context path.
    pub path: String,
    /// The query as it came.
    pub query: String,
    /// The scheme of the `Authorization` header, for example `Bearer`.
    pub authorization: Option<String>,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The parameters of a token request; secrets are replaced by `[secret]`.
    pub parameters: BTreeMap<String, String>,
    /// The status of the response; 0 where the connection was closed instead.
    pub status: u16,
    /// The fault that befell the request.
    pub fault: Option<&'static str>,
}
