//! Every operation of the API, named once.

use http::Method;

/// What is fixed about one operation of Optimize's public API.
#[derive(Debug)]
#[non_exhaustive]
pub struct Operation {
    /// The name in logs and machine-readable errors, for example `report.list`.
    pub id: &'static str,
    /// What it does, as errors tell it: "failed to list reports".
    pub action: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path below the base URL; `{id}` stands for one percent-encoded segment.
    pub path: &'static str,
    /// Whether the request carries a token. Readiness must not (server documentation).
    pub needs_token: bool,
    /// Whether the request may be sent again.
    pub replay: Replay,
    /// The first releases that have it, of Camunda 8 and of Optimize for Camunda 7.
    pub since: &'static str,
}

/// Whether sending a request twice can do harm. A property of the operation, not of its HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Replay {
    /// Like `Safe`, for what is asked once and without a token.
    Probe,
    /// Sending it again changes nothing: tried again after any transient failure.
    Safe,
    /// Sending it again finds it done: tried again once after a failure that leaves open whether it was, and then "not
    /// found" is success.
    Delete,
    /// Sending it again doubles or drops data: tried again only if the server cannot have received it, or refused it
    /// with 401 before it looked at it.
    Never,
}

/// Declares operations: method and path, replay class, first releases.
macro_rules! operations {
    ($($(#[$docs:meta])* $name:ident = $id:literal, $action:literal, $method:ident $path:literal, $replay:ident, $since:literal;)*) => {
        $(
            $(#[$docs])*
            pub(crate) static $name: Operation = Operation {
                id: $id,
                action: $action,
                method: Method::$method,
                path: $path,
                // Readiness is the one resource outside; it must not carry a token.
                needs_token: !matches!(Replay::$replay, Replay::Probe),
                replay: Replay::$replay,
                since: $since,
            };
        )*

        static ALL: &[&Operation] = &[$(&$name,)*];
    };
}

operations! {
    READY = "ready", "ask for readiness", GET "/api/readyz", Probe, "8.0, C7 3.0";
    REPORT_LIST = "report.list", "list reports", GET "/api/public/report", Safe, "8.0, C7 3.8";
    REPORT_DELETE = "report.delete", "delete a report", DELETE "/api/public/report/{id}", Delete, "8.0, C7 3.7";
    REPORT_EXPORT = "report.export", "export report definitions", POST "/api/public/export/report/definition/json", Safe,
        "8.0, C7 3.7";
    REPORT_DATA = "report.data", "export the first page of report data",
        GET "/api/public/export/report/{id}/result/json", Safe, "8.0, C7 3.7";
    /// A follow-up page. The server's cursor moves on with each request it receives, whether or not its answer arrives, so
    /// a second one would silently skip a page.
    REPORT_DATA_NEXT = "report.data.next", "export the next page of report data",
        GET "/api/public/export/report/{id}/result/json", Never, "8.0, C7 3.7";
    DASHBOARD_LIST = "dashboard.list", "list dashboards", GET "/api/public/dashboard", Safe, "8.0, C7 3.8";
    DASHBOARD_DELETE = "dashboard.delete", "delete a dashboard", DELETE "/api/public/dashboard/{id}", Delete,
        "8.0, C7 3.7";
    DASHBOARD_EXPORT = "dashboard.export", "export dashboard definitions",
        POST "/api/public/export/dashboard/definition/json", Safe, "8.0, C7 3.7";
    /// Each one makes new entities with new ids.
    IMPORT = "import", "import definitions", POST "/api/public/import", Never, "8.0, C7 3.8";
    LABELS = "variable.label", "set variable labels", POST "/api/public/variables/labels", Safe, "8.0, C7 3.7";
    SHARING_ENABLE = "sharing.enable", "enable sharing", POST "/api/public/share/enable", Safe, "8.0, C7 3.8";
    SHARING_DISABLE = "sharing.disable", "disable sharing", POST "/api/public/share/disable", Safe, "8.0, C7 3.8";
    /// Elements are keyed by their ids: one that is sent again is a newer version of itself.
    VARIABLE_INGEST = "variable.ingest", "ingest variables", POST "/api/ingestion/variable", Safe, "8.0, C7 3.6";
    /// Likewise.
    EVENT_INGEST = "event.ingest", "ingest events", POST "/api/ingestion/event/batch", Safe, "C7 3.0 alone";
    PROCESS_DEFINITION_DELETE = "process-definition.delete", "delete the data of a process definition",
        DELETE "/api/public/process-definition/{id}", Delete, "8.10";
    COLLECTION_LIST = "collection.list", "list collections", GET "/api/public/collection", Safe, "8.7";
    COLLECTION_GET = "collection.get", "get a collection", GET "/api/public/collection/{id}", Safe, "8.7";
    /// Each one makes a new collection.
    COLLECTION_CREATE = "collection.create", "create a collection", POST "/api/public/collection/create", Never, "8.7";
    COLLECTION_SCOPE = "collection.scope", "set the scope of a collection", PUT "/api/public/collection/{id}/scope", Safe,
        "8.7";
    AGENTIC_DASHBOARD = "agentic.dashboard", "get the agentic dashboard", GET "/api/public/dashboard/agentic", Safe,
        "8.10 in development";
    AGENTIC_EVALUATE = "agentic.evaluate", "evaluate a report of the agentic dashboard",
        POST "/api/public/dashboard/agentic/report/{id}/evaluate", Safe, "8.10 in development";
}

/// A request that the program words itself and that only asks.
pub(crate) static RAW_READ: Operation = Operation {
    id: "raw",
    action: "send the request",
    method: Method::GET,
    path: "",
    needs_token: true,
    replay: Replay::Safe,
    since: "8.0, C7 3.0",
};
/// Any other request that the program words itself, since nothing is known of what it does.
pub(crate) static RAW: Operation = Operation {
    id: "raw",
    action: "send the request",
    method: Method::POST,
    path: "",
    needs_token: true,
    replay: Replay::Never,
    since: "8.0, C7 3.0",
};

impl Operation {
    /// Every operation this crate knows.
    pub fn all() -> &'static [&'static Self] {
        ALL
    }
}
