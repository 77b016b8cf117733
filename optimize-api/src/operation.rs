//! Every operation of the API, named once.

use http::Method;

/// What is fixed about one operation of Optimize's public API.
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
    /// Whether the request may be sent again.
    pub replay: Replay,
    /// The first releases that have it, of Camunda 8 and of Optimize for Camunda 7.
    pub since: &'static str,
    /// What a 2xx holds.
    pub(crate) body: Body,
}

/// What the body of a 2xx is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// Declares operations: method and path, replay class, body of a 2xx, first releases.
macro_rules! operations {
    ($($(#[$docs:meta])* $name:ident = $id:literal, $action:literal, $method:ident $path:literal, $replay:ident, $body:ident, $since:literal;)*) => {
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
                body: Body::$body,
            };
        )*

        static ALL: &[&Operation] = &[$(&$name,)*];
    };
}

operations! {
    READY = "ready", "ask for readiness", GET "/api/readyz", Probe, Empty, "8.0, C7 3.0";
    REPORT_LIST = "report.list", "list the reports of the collection {id}", GET "/api/public/report", Safe, Small, "8.0, C7 3.8";
    REPORT_DELETE = "report.delete", "delete the report {id}", DELETE "/api/public/report/{id}", Delete, Empty, "8.0, C7 3.7";
    REPORT_EXPORT = "report.export", "export report definitions", POST "/api/public/export/report/definition/json", Safe, Large,
        "8.0, C7 3.7";
    REPORT_DATA = "report.data", "read the report {id}",
        GET "/api/public/export/report/{id}/result/json", Safe, Page, "8.0, C7 3.7";
    /// A follow-up page. The server's cursor moves on with each request it receives, whether or not its response arrives, so
    /// a second one would silently skip a page.
    REPORT_DATA_NEXT = "report.data.next", "read the next page of the report {id}",
        GET "/api/public/export/report/{id}/result/json", Never, Page, "8.0, C7 3.7";
    DASHBOARD_LIST = "dashboard.list", "list the dashboards of the collection {id}", GET "/api/public/dashboard", Safe, Small, "8.0, C7 3.8";
    DASHBOARD_DELETE = "dashboard.delete", "delete the dashboard {id}", DELETE "/api/public/dashboard/{id}", Delete, Empty,
        "8.0, C7 3.7";
    DASHBOARD_EXPORT = "dashboard.export", "export dashboard definitions",
        POST "/api/public/export/dashboard/definition/json", Safe, Large, "8.0, C7 3.7";
    /// Each one makes new entities with new ids.
    IMPORT = "import", "import definitions into the collection {id}", POST "/api/public/import", Never, Small, "8.0, C7 3.8";
    LABELS = "variable.label", "set variable labels", POST "/api/public/variables/labels", Safe, Empty, "8.0, C7 3.7";
    SHARING_ENABLE = "sharing.enable", "enable sharing", POST "/api/public/share/enable", Safe, Empty, "8.0, C7 3.8";
    SHARING_DISABLE = "sharing.disable", "disable sharing", POST "/api/public/share/disable", Safe, Empty, "8.0, C7 3.8";
    /// Elements are keyed by their ids: one that is sent again is a newer version of itself.
    VARIABLE_INGEST = "variable.ingest", "ingest variables", POST "/api/ingestion/variable", Safe, Empty, "8.0, C7 3.6";
    /// Like [`Operation::DASHBOARD_IMPORT`].
    EVENT_INGEST = "event.ingest", "ingest events", POST "/api/ingestion/event/batch", Safe, Empty, "C7 3.0 alone";
    PROCESS_DEFINITION_DELETE = "process-definition.delete", "delete the data of the process definition {id}",
        DELETE "/api/public/process-definition/{id}", Delete, Empty, "8.10";
    COLLECTION_LIST = "collection.list", "list collections", GET "/api/public/collection", Safe, Small, "8.7";
    COLLECTION_GET = "collection.get", "get the collection {id}", GET "/api/public/collection/{id}", Safe, Small, "8.7";
    /// Each one makes a new collection.
    COLLECTION_CREATE = "collection.create", "create a collection", POST "/api/public/collection/create", Never, Small, "8.7";
    COLLECTION_SCOPE = "collection.scope", "set the scope of the collection {id}", PUT "/api/public/collection/{id}/scope", Safe, Empty,
        "8.7";
    AGENTIC_DASHBOARD = "agentic.dashboard", "get the agentic dashboard", GET "/api/public/dashboard/agentic", Safe, Small,
        "8.10 in development";
    AGENTIC_EVALUATE = "agentic.evaluate", "evaluate the report {id} of the agentic dashboard",
        POST "/api/public/dashboard/agentic/report/{id}/evaluate", Safe, Small, "8.10 in development";
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
    body: Body::Large,
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
