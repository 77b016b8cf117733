//! Every operation of the API, named once.

use http::Method;

/// What is fixed about one operation of Optimize's public API.
///
/// ```
/// use optimize_api::{Operation, Retry};
///
/// let never: Vec<_> = Operation::all().iter().filter(|operation| operation.retry == Retry::Never).collect();
/// assert!(never.iter().any(|operation| operation.id == "import"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Operation {
    /// The name in logs and machine-readable errors, for example `report.list`.
    pub id: &'static str,
    /// What it does, as errors report it after "failed to". `{id}` stands for the id in the path, or of the collection.
    pub action: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path below the base URL; `{id}` stands for one percent-encoded segment.
    pub path: &'static str,
    /// Whether the request carries a token. Readiness must not (server documentation).
    pub needs_token: bool,
    /// How often the request may be sent again.
    pub retry: Retry,
    /// The first releases that have it, of Camunda 8 and of Optimize for Camunda 7.
    pub since: &'static str,
    /// What a 2xx holds.
    pub(crate) body: Body,
}

/// What the body of a 2xx is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Body {
    /// Nothing.
    Empty,
    /// A list or a confirmation.
    Small,
    /// Definitions, or whatever a raw request returns: as large as the client allows.
    Large,
    /// A page of report data, which is whole only with the status 200.
    Page,
}

/// How often a request may be sent again. A property of the operation, not of its HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// After any transient failure: sending it again changes nothing.
    Idempotent,
    /// Once, after a failure that leaves open whether it was done. "Not found" is then success, since it was done before.
    Once,
    /// Only if the server cannot have received it, or refused it with 401 before it looked at it: sending it again would
    /// double or drop data, or the caller wants to know about one request.
    Never,
}

/// Whether an operation takes a token.
enum Access {
    /// It must not carry one.
    Open,
    Token,
}

impl Access {
    const fn needs_token(self) -> bool {
        matches!(self, Self::Token)
    }
}

/// Declares operations: access, method and path, how often it is sent again, body of a 2xx, first releases.
macro_rules! operations {
    ($($(#[$docs:meta])* $name:ident = $id:literal, $action:literal, $access:ident $method:ident $path:literal, $retry:ident, $body:ident, $since:literal;)*) => {
        $(
            $(#[$docs])*
            pub(crate) static $name: Operation = Operation {
                id: $id,
                action: $action,
                method: Method::$method,
                path: $path,
                needs_token: Access::$access.needs_token(),
                retry: Retry::$retry,
                since: $since,
                body: Body::$body,
            };
        )*

        static ALL: &[&Operation] = &[$(&$name,)*];
    };
}

operations! {
    READY = "ready", "ask for readiness", Open GET "/api/readyz", Never, Empty, "8.0, C7 3.0";
    REPORT_LIST = "report.list", "list the reports of the collection {id}", Token GET "/api/public/report", Idempotent, Small, "8.0, C7 3.8";
    REPORT_DELETE = "report.delete", "delete the report {id}", Token DELETE "/api/public/report/{id}", Once, Empty, "8.0, C7 3.7";
    REPORT_EXPORT = "report.export", "export report definitions", Token POST "/api/public/export/report/definition/json", Idempotent, Large,
        "8.0, C7 3.7";
    REPORT_DATA = "report.data", "read the report {id}",
        Token GET "/api/public/export/report/{id}/result/json", Idempotent, Page, "8.0, C7 3.7";
    /// A follow-up page. The server's cursor moves on with each request it receives, whether or not its response arrives, so
    /// a second one would silently skip a page.
    REPORT_DATA_NEXT = "report.data.next", "read the next page of the report {id}",
        Token GET "/api/public/export/report/{id}/result/json", Never, Page, "8.0, C7 3.7";
    DASHBOARD_LIST = "dashboard.list", "list the dashboards of the collection {id}", Token GET "/api/public/dashboard", Idempotent, Small, "8.0, C7 3.8";
    DASHBOARD_DELETE = "dashboard.delete", "delete the dashboard {id}", Token DELETE "/api/public/dashboard/{id}", Once, Empty,
        "8.0, C7 3.7";
    DASHBOARD_EXPORT = "dashboard.export", "export dashboard definitions",
        Token POST "/api/public/export/dashboard/definition/json", Idempotent, Large, "8.0, C7 3.7";
    /// Each one makes new entities with new ids.
    IMPORT = "import", "import definitions into the collection {id}", Token POST "/api/public/import", Never, Small, "8.0, C7 3.8";
    LABELS = "variable.label", "set variable labels", Token POST "/api/public/variables/labels", Idempotent, Empty, "8.0, C7 3.7";
    SHARING_ENABLE = "sharing.enable", "enable sharing", Token POST "/api/public/share/enable", Idempotent, Empty, "8.0, C7 3.8";
    SHARING_DISABLE = "sharing.disable", "disable sharing", Token POST "/api/public/share/disable", Idempotent, Empty, "8.0, C7 3.8";
    /// Elements are keyed by their ids: one that is sent again is a newer version of itself.
    VARIABLE_INGEST = "variable.ingest", "ingest variables", Token POST "/api/ingestion/variable", Idempotent, Empty, "8.0, C7 3.6";
    /// Like [`Operation::DASHBOARD_IMPORT`].
    EVENT_INGEST = "event.ingest", "ingest events", Token POST "/api/ingestion/event/batch", Idempotent, Empty, "C7 3.0 alone";
    PROCESS_DEFINITION_DELETE = "process-definition.delete", "delete the data of the process definition {id}",
        Token DELETE "/api/public/process-definition/{id}", Once, Empty, "8.10";
    COLLECTION_LIST = "collection.list", "list collections", Token GET "/api/public/collection", Idempotent, Small, "8.7";
    COLLECTION_GET = "collection.get", "get the collection {id}", Token GET "/api/public/collection/{id}", Idempotent, Small, "8.7";
    /// Each one makes a new collection.
    COLLECTION_CREATE = "collection.create", "create a collection", Token POST "/api/public/collection/create", Never, Small, "8.7";
    COLLECTION_SCOPE = "collection.scope", "set the scope of the collection {id}", Token PUT "/api/public/collection/{id}/scope", Idempotent, Empty,
        "8.7";
    AGENTIC_DASHBOARD = "agentic.dashboard", "get the agentic dashboard", Token GET "/api/public/dashboard/agentic", Idempotent, Small,
        "8.10 in development";
    AGENTIC_EVALUATE = "agentic.evaluate", "evaluate the report {id} of the agentic dashboard",
        Token POST "/api/public/dashboard/agentic/report/{id}/evaluate", Idempotent, Small, "8.10 in development";
}

/// A raw request that changes nothing.
pub(crate) static RAW_READ: Operation = Operation {
    id: "raw",
    action: "send the request",
    method: Method::GET,
    path: "",
    needs_token: true,
    retry: Retry::Idempotent,
    since: "8.0, C7 3.0",
    body: Body::Large,
};
/// Any other request that the program words itself, since nothing is known of what it does.
pub(crate) static RAW: Operation = Operation {
    id: "raw",
    action: "send the request",
    method: Method::POST,
    path: "",
    needs_token: true,
    retry: Retry::Never,
    since: "8.0, C7 3.0",
    body: Body::Large,
};

impl Operation {
    /// Every operation this crate knows.
    pub fn all() -> &'static [&'static Self] {
        ALL
    }

    /// Whether every supported release of Camunda 8 has it.
    pub(crate) fn is_everywhere(&self) -> bool {
        self.since.starts_with("8.0")
    }

    /// Which servers have it, for errors.
    pub(crate) fn servers(&self) -> String {
        let releases = self.since.split(", ").map(|release| match release.strip_prefix("C7 ") {
            Some(release) => match release.strip_suffix(" alone") {
                Some(_) => "Optimize for Camunda 7 only".to_owned(),
                None => format!("Optimize for Camunda 7 from {release} on"),
            },
            None => format!("Camunda 8 from {release} on"),
        });
        releases.collect::<Vec<_>>().join(" and ")
    }
}
