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
    /// Sending it again changes nothing: tried again after any transient failure.
    Safe,
    /// Sending it again doubles or drops data: tried again only if the server cannot have received it, or refused it
    /// with 401 before it looked at it.
    Never,
}

pub(crate) static READY: Operation = Operation {
    id: "ready",
    action: "ask for readiness",
    method: Method::GET,
    path: "/api/readyz",
    needs_token: false,
    replay: Replay::Safe,
    since: "8.0, C7 3.0",
};

pub(crate) static REPORT_LIST: Operation = Operation {
    id: "report.list",
    action: "list reports",
    method: Method::GET,
    path: "/api/public/report",
    needs_token: true,
    replay: Replay::Safe,
    since: "8.0, C7 3.8",
};

pub(crate) static DASHBOARD_LIST: Operation = Operation {
    id: "dashboard.list",
    action: "list dashboards",
    method: Method::GET,
    path: "/api/public/dashboard",
    needs_token: true,
    replay: Replay::Safe,
    since: "8.0, C7 3.8",
};

pub(crate) static REPORT_DATA: Operation =
    report_data("report.data", "export the first page of report data", Replay::Safe);

/// A follow-up page. The server's cursor moves on with each request it receives, whether or not its answer arrives, so a
/// second one would silently skip a page.
pub(crate) static REPORT_DATA_NEXT: Operation =
    report_data("report.data.next", "export the next page of report data", Replay::Never);

const fn report_data(id: &'static str, action: &'static str, replay: Replay) -> Operation {
    Operation {
        id,
        action,
        method: Method::GET,
        path: "/api/public/export/report/{id}/result/json",
        needs_token: true,
        replay,
        since: "8.0, C7 3.7",
    }
}

impl Operation {
    /// Every operation this crate knows.
    pub fn all() -> [&'static Self; 5] {
        [&READY, &REPORT_LIST, &DASHBOARD_LIST, &REPORT_DATA, &REPORT_DATA_NEXT]
    }
}
