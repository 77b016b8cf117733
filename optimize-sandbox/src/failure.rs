//! Failures of the API, and the response that each release makes of them.

use axum::response::Response;
use http::{HeaderValue, header};
use serde_json::{Value, json};

use crate::release::Release;
use crate::response::{empty, error_object, json_response, optimize_error, text_response};

/// An error as Optimize's code throws it, before a release turns it into a response.
#[derive(Debug)]
pub(crate) enum Failure {
    NotFound(String),
    BadRequest(String),
    /// A request parameter outside its constraint.
    Constraint {
        parameter: &'static str,
        message: String,
    },
    /// A request parameter that is not a number.
    NotANumber(&'static str),
    /// A report that cannot be evaluated.
    Evaluation(String),
    /// What the application itself finds wrong, with its own code.
    Validation(&'static str, String),
    /// An error with a member that says more.
    Detailed {
        status: u16,
        code: &'static str,
        detail: String,
        member: &'static str,
        value: Box<Value>,
    },
    /// Elements of a batch that are not valid.
    Elements(Vec<Value>),
    /// An ingestion that is too large, or of unknown size.
    Limit(u16, String),
    /// More ingestions at a time than are taken.
    Busy,
    /// A body that is no JSON, or JSON of another shape.
    MalformedJson,
    /// A body of a type that is not read.
    MediaType,
    /// No body where one is needed.
    NoBody,
    Server(String),
}

impl Failure {
    /// `unpatched`: as releases of 8.8 and 8.9 responded at first.
    pub(crate) fn response(self, release: Release, unpatched: bool) -> Response {
        match self {
            Self::Constraint { parameter, message } if unpatched => {
                optimize_error(500, "serverError", &format!("{parameter}: {message}"))
            }
            Self::Validation(_, detail) if unpatched => optimize_error(500, "serverError", &detail),
            Self::Validation(code, detail) => optimize_error(400, code, &detail),
            Self::Detailed { status, code, detail, member, value } => {
                let mut body = error_object(code, &detail);
                body[member] = *value;
                json_response(status, &body)
            }
            Self::Elements(problems) => json_response(
                400,
                &json!({ "errorMessage": "The request contains invalid values.", "validationErrors": problems }),
            ),
            Self::Limit(status, message) => json_response(status, &json!({ "errorMessage": message })),
            Self::Busy => {
                let mut response = empty(429);
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(5));
                response
            }
            // Jersey's own mapper writes the parser's text.
            Self::MalformedJson if release.is_jersey() => text_response(400, "text/plain", "the body cannot be parsed"),
            Self::MalformedJson => text_response(400, "text/plain", ""),
            Self::NoBody => optimize_error(500, "serverError", "Required request body is missing"),
            Self::MediaType => optimize_error(500, "serverError", "the content type is not supported"),
            Self::NotFound(detail) => optimize_error(404, "notFoundError", &detail),
            Self::BadRequest(detail) => optimize_error(400, "badRequestError", &detail),
            Self::Constraint { parameter, message } if release.is_jersey() => json_response(
                400,
                &json!({
                    "errorMessage": "The request contains invalid values.",
                    "validationErrors": [{ "property": parameter, "errorMessage": message }],
                }),
            ),
            Self::Constraint { parameter, message } => {
                optimize_error(400, "badRequestError", &format!("{parameter}: {message}"))
            }
            Self::NotANumber(parameter) if release.is_jersey() || unpatched => {
                optimize_error(500, "serverError", &format!("{parameter} is not a number"))
            }
            Self::NotANumber(parameter) => {
                optimize_error(400, "badRequestError", &format!("{parameter} is not a number"))
            }
            Self::Evaluation(detail) => optimize_error(400, "reportEvaluationError", &detail),
            Self::Server(detail) => optimize_error(500, "serverError", &detail),
        }
    }

    /// What becomes of a failure inside the evaluation of a report.
    pub(crate) fn during_evaluation(self, release: Release) -> Self {
        match self {
            Self::NotFound(detail) | Self::BadRequest(detail) if release.wraps_evaluation_failures() => {
                Self::Server(format!("evaluation failed: {detail}"))
            }
            // Jersey looks at the outermost exception alone.
            Self::Evaluation(detail) if release == Release::V8_7 => {
                Self::Server(format!("evaluation failed: {detail}"))
            }
            other => other,
        }
    }
}
