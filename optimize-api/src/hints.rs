//! Known causes of failures, and their fixes.

use std::fmt;

/// A known cause of a failure, and its fix. `Display` joins the two.
///
/// ```
/// use optimize_api::Hint;
///
/// for hint in Hint::all() {
///     println!("{}: {}", hint.id, hint);
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hint {
    /// A stable name, for example `base-url`.
    pub id: &'static str,
    /// What usually is the cause, as a clause.
    pub cause: &'static str,
    /// What to do about it, as a clause.
    pub fix: &'static str,
}

/// Declares hints, and a list of all of them.
#[doc(hidden)]
#[macro_export]
macro_rules! declare_hints {
    ($($name:ident = $id:literal, $cause:literal, $fix:literal;)*) => {
        $(pub(crate) static $name: $crate::Hint = $crate::Hint::new($id, $cause, $fix);)*

        /// All of them.
        pub(crate) static ALL: &[&$crate::Hint] = &[$(&$name,)*];
    };
}

impl Hint {
    #[doc(hidden)]
    pub const fn new(id: &'static str, cause: &'static str, fix: &'static str) -> Self {
        Self { id, cause, fix }
    }

    /// The hints of this crate: what [`Error::hint`](crate::Error::hint) can return.
    pub fn all() -> &'static [&'static Self] {
        ALL
    }
}

declare_hints! {
    BASE_URL = "base-url",
        "the base URL does not lead to Optimize",
        "it ends where /api begins, for example https://optimize.example.com or, on Camunda SaaS, \
         https://REGION.optimize.camunda.io/CLUSTER-ID";
    HTTPS_REDIRECT = "https-redirect",
        "the server wants https",
        "begin the base URL with https://";
    LOGIN_PAGE = "login-page",
        "this is the server's login page: releases up to 8.8 redirect to it if the base URL is wrong, or if they cannot reach \
         their identity provider to check the token",
        "check the base URL; if it is right, see that the identity provider of the server is up";
    OPERATION = "operation",
        "the server's release does not have this operation",
        "update the server, or use one that has the operation";
    EVENTS = "events",
        "Optimize of Camunda 8 has no event ingestion and returns 401 to it, whatever the token is",
        "use Optimize for Camunda 7; if the server is one, check the token";
    REQUEST_SIZE = "request-size",
        "servers accept 8 KiB of URL and headers by default",
        "raise CAMUNDA_OPTIMIZE_CONTAINER_MAX_REQUEST_HEADER_SIZE_BYTES at the server, or use a token with fewer roles or \
         groups in it";
    HOST_NAME = "host-name",
        "servers from 8.8 on refuse a host name with an underscore",
        "use another name for the host in the base URL";
    BEFORE_OPTIMIZE = "server-failure",
        "the server failed before the request reached Optimize's own code, since its error has no `errorCode`",
        "see the server's log; often the server cannot reach its identity provider to check the token";
    TOKEN_EXPIRED = "token-expired",
        "the server says that the token has expired",
        "get a new token; if it is new, compare the clocks of this machine, the identity provider and the server";
    TOKEN_ISSUER = "token-issuer",
        "the token is signed with a key that the server does not know, so it comes from another issuer",
        "get the token from the issuer that the server trusts: check the token URL";
    TOKEN_FORM = "token-form",
        "the server expects a shared token, or a token of another form",
        "if the server is configured with a shared token, set OPTIMIZE_TOKEN to it";
    UNKNOWN_REPORT = "unknown-report",
        "Optimize 8.7 and later return 500 for a report that does not exist, or that is a combined report",
        "check the id";
    IMPORT_BUG = "import-500",
        "Camunda 8.8 before its fix of August 2025 takes every import for an empty file, and releases before the summer of 2026 \
         return 500 for a file they refuse (camunda/camunda issues 36419 and 60047)",
        "if the server's text does not help, update the server";
    DASHBOARD_FILTERS = "dashboard-filters",
        "Camunda 8.8 and 8.9 refuse dashboards with variable filters (camunda/camunda issue 55766)",
        "remove these filters from the dashboard before you export it, or update the server";
    LABELS_BUG = "labels-500",
        "Camunda 8.8, 8.9 and early 8.10 refuse every label (camunda/camunda issue 55881)",
        "update the server";
    VERSION = "index-version",
        "definitions can be imported only into the minor version they were exported from",
        "export them again from a server of the same version";
    SCOPE = "collection-scope",
        "the collection does not have the definitions or tenants that the reports use",
        "add them to the data sources of the collection, then import again";
    OPEN = "may-have-taken-effect",
        "the response is missing, and the request must not be sent twice",
        "check whether the server has done it before you send it again, because that would double it";
    LOST_PAGE = "lost-page",
        "the server's cursor has moved on, so the page cannot be requested again",
        "start the export again";
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.cause, self.fix)
    }
}
