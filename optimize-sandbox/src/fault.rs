//! Scripted faults.

pub(crate) mod apply;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

/// A fault and the requests it applies to.
///
/// ```
/// use optimize_sandbox::{Fault, FaultRule};
///
/// let rule = FaultRule::new("/api/public/import", Fault::status(429).with_header("retry-after", "1")).after(1).times(3);
/// # drop(rule);
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// The method; any if absent.
    #[serde(default)]
    pub method: Option<String>,
    /// The path from its first slash, without the context path. A `*` stands for one segment.
    pub path: String,
    /// Whether the query must hold this parameter; `searchRequestId` picks follow-up pages.
    #[serde(default)]
    pub query: Option<String>,
    /// How many matching requests pass first. Default 0.
    #[serde(default)]
    pub skip: u32,
    /// How many then fail. Default 1.
    #[serde(default = "once")]
    pub times: u32,
    /// The fault.
    pub fault: Fault,
}

/// What goes wrong with a request.
///
/// ```
/// use optimize_sandbox::Fault;
///
/// // Faults can be read from JSON, as `optimize sandbox serve --faults FILE` does.
/// let fault: Fault = serde_json::from_str(r#"{"delay":{"milliseconds":500}}"#)?;
/// # drop(fault);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Fault {
    /// This status instead of the response; the request is not processed.
    Status {
        /// The status.
        code: u16,
        /// Seconds for a `Retry-After` header.
        #[serde(default)]
        retry_after: Option<u64>,
        /// The body; empty if absent.
        #[serde(default)]
        body: String,
        /// The `Content-Type`. Default `application/json`.
        #[serde(default)]
        content_type: Option<String>,
        /// The `Location` of a redirect.
        #[serde(default)]
        location: Option<String>,
        /// Further headers.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// The response comes later.
    Delay {
        /// By this many milliseconds.
        milliseconds: u64,
    },
    /// Half of the response, then the connection closes.
    CutBody,
    /// The connection closes before the request is processed.
    ResetBefore,
    /// The request is processed, then the connection closes instead of the response.
    ResetAfter,
    /// 200 with a JSON text of this size, sent in pieces and without its length.
    Flood {
        /// The size in MiB, once it is decompressed.
        megabytes: u32,
        /// Whether it is compressed, to about a thousandth.
        #[serde(default)]
        gzip: bool,
    },
    /// The response has this many headers more.
    HeaderFlood {
        /// How many.
        count: u32,
    },
    /// A page of report data is passed over: the cursor moves twice and the second page is the response.
    LostPage,
    /// 401, as for a token that has just been revoked.
    Unauthorized,
}

fn once() -> u32 {
    1
}

impl FaultRule {
    /// `fault` for the first request to `path`.
    pub fn new(path: impl Into<String>, fault: Fault) -> Self {
        Self { method: None, path: path.into(), query: None, skip: 0, times: 1, fault }
    }

    /// Only requests with this query parameter.
    pub fn with_query(mut self, name: impl Into<String>) -> Self {
        self.query = Some(name.into());
        self
    }

    /// Lets `count` requests pass first.
    pub fn after(mut self, count: u32) -> Self {
        self.skip = count;
        self
    }

    /// Applies to `count` requests in a row.
    pub fn times(mut self, count: u32) -> Self {
        self.times = count;
        self
    }

    fn matches(&self, method: &str, path: &str, query: &str) -> bool {
        let path_matches = self.path.split('/').count() == path.split('/').count()
            && self.path.split('/').zip(path.split('/')).all(|(rule, part)| rule == "*" || rule == part);
        path_matches
            && self.method.as_ref().is_none_or(|rule| rule.eq_ignore_ascii_case(method))
            && self.query.as_ref().is_none_or(|name| {
                url::form_urlencoded::parse(query.as_bytes()).any(|(key, value)| key == *name && !value.is_empty())
            })
    }
}

impl Fault {
    /// An empty response of this status.
    pub fn status(code: u16) -> Self {
        Self::response(code, "application/json", "")
    }

    /// This response.
    pub fn response(code: u16, content_type: &str, body: impl Into<String>) -> Self {
        let content_type = Some(content_type.to_owned());
        Self::Status {
            code,
            retry_after: None,
            body: body.into(),
            content_type,
            location: None,
            headers: BTreeMap::new(),
        }
    }

    /// The same response with a header. Faults that are no responses stay as they are.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        if let Self::Status { headers, .. } = &mut self {
            headers.insert(name.into(), value.into());
        }
        self
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Delay { .. } => "delay",
            Self::CutBody => "cut_body",
            Self::ResetBefore => "reset_before",
            Self::ResetAfter => "reset_after",
            Self::Flood { .. } => "flood",
            Self::HeaderFlood { .. } => "header_flood",
            Self::LostPage => "lost_page",
            Self::Unauthorized => "unauthorized",
        }
    }

    pub(crate) fn delay(&self) -> Option<Duration> {
        match self {
            Self::Delay { milliseconds } => Some(Duration::from_millis(*milliseconds)),
            _ => None,
        }
    }
}

/// The rules of one sandbox with what is left of them.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<FaultRule>);

impl Faults {
    pub(crate) fn add(&mut self, rule: FaultRule) {
        self.0.push(rule);
    }

    /// The fault for this request, counting it against the first rule that matches.
    pub(crate) fn take(&mut self, method: &str, path: &str, query: &str) -> Option<Fault> {
        let rule = self.0.iter_mut().find(|rule| rule.times > 0 && rule.matches(method, path, query))?;
        if rule.skip > 0 {
            rule.skip -= 1;
            return None;
        }
        rule.times -= 1;
        Some(rule.fault.clone())
    }
}
