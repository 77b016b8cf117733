//! Error answers, as each generation shapes them.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use crate::generation::Generation;

/// An error as Optimize's code throws it, before a generation turns it into an answer.
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
    /// `before_fixes`: as releases of the third generation answered at first.
    pub(crate) fn answer(self, generation: Generation, before_fixes: bool) -> Response {
        match self {
            Self::Constraint { parameter, message } if before_fixes => {
                optimize_error(500, "serverError", &format!("{parameter}: {message}"))
            }
            Self::Validation(_, detail) if before_fixes => optimize_error(500, "serverError", &detail),
            Self::Validation(code, detail) => optimize_error(400, code, &detail),
            Self::Detailed { status, code, detail, member, value } => {
                let mut body = error_object(code, &detail);
                body[member] = *value;
                json_answer(status, &body)
            }
            Self::Elements(problems) => json_answer(
                400,
                &json!({ "errorMessage": "The request contains invalid values.", "validationErrors": problems }),
            ),
            Self::Limit(status, message) => json_answer(status, &json!({ "errorMessage": message })),
            Self::Busy => {
                let mut answer = empty(429);
                answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(5));
                answer
            }
            // Jersey's own mapper writes the parser's text.
            Self::MalformedJson if generation.is_jersey() => {
                text_answer(400, "text/plain", "the body cannot be parsed")
            }
            Self::MalformedJson => text_answer(400, "text/plain", ""),
            Self::NoBody => optimize_error(500, "serverError", "Required request body is missing"),
            Self::MediaType => optimize_error(500, "serverError", "the content type is not supported"),
            Self::NotFound(detail) => optimize_error(404, "notFoundError", &detail),
            Self::BadRequest(detail) => optimize_error(400, "badRequestError", &detail),
            Self::Constraint { parameter, message } if generation.is_jersey() => json_answer(
                400,
                &json!({
                    "errorMessage": "The request contains invalid values.",
                    "validationErrors": [{ "property": parameter, "errorMessage": message }],
                }),
            ),
            Self::Constraint { parameter, message } => {
                optimize_error(400, "badRequestError", &format!("{parameter}: {message}"))
            }
            Self::NotANumber(parameter) if generation.is_jersey() || before_fixes => {
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
    pub(crate) fn during_evaluation(self, generation: Generation) -> Self {
        match self {
            Self::NotFound(detail) | Self::BadRequest(detail) if generation.wraps_evaluation_failures() => {
                Self::Server(format!("evaluation failed: {detail}"))
            }
            // Jersey looks at the outermost exception alone.
            Self::Evaluation(detail) if generation == Generation::G2Late => {
                Self::Server(format!("evaluation failed: {detail}"))
            }
            other => other,
        }
    }
}

/// A path that does not exist, or one without this method.
pub(crate) fn unknown_resource(generation: Generation, method: &Method, path: &str, is_known: bool) -> Response {
    let path = path.trim_start_matches('/');
    match (generation.is_jersey(), is_known) {
        (true, false) => optimize_error(404, "notFoundError", "HTTP 404 Not Found"),
        (true, true) => optimize_error(500, "serverError", "HTTP 405 Method Not Allowed"),
        (false, false) => optimize_error(500, "serverError", &format!("No static resource {path}.")),
        (false, true) => optimize_error(500, "serverError", &format!("Request method '{method}' is not supported")),
    }
}

/// A rejected or missing token.
pub(crate) fn unauthorized(generation: Generation, host: Option<&str>, problem: Option<&str>) -> Response {
    let mut parameters = Vec::new();
    if let Some(problem) = problem {
        parameters.push("error=\"invalid_token\"".to_owned());
        parameters.push(format!("error_description=\"{problem}\""));
        parameters.push("error_uri=\"https://tools.ietf.org/html/rfc6750#section-3.1\"".to_owned());
    }
    if generation.names_resource_metadata() {
        let host = host.unwrap_or("localhost");
        parameters.push(format!("resource_metadata=\"http://{host}/.well-known/oauth-protected-resource\""));
    }
    let challenge = format!("Bearer {}", parameters.join(", "));
    let mut answer = empty(401);
    if let Ok(challenge) = HeaderValue::from_str(challenge.trim_end()) {
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    answer
}

pub(crate) fn optimize_error(status: u16, code: &str, detail: &str) -> Response {
    json_answer(status, &error_object(code, detail))
}

fn error_object(code: &str, detail: &str) -> Value {
    json!({
        "errorCode": code,
        "errorMessage": "The request could not be served.",
        "detailedMessage": detail,
        "reportDefinition": null,
    })
}

/// The answer of an operation that has none.
pub(crate) fn void(generation: Generation) -> Response {
    empty(if generation.is_jersey() { 204 } else { 200 })
}

pub(crate) fn json_answer(status: u16, body: &Value) -> Response {
    text_answer(status, "application/json", body.to_string())
}

pub(crate) fn text_answer(status: u16, content_type: &str, body: impl Into<Body>) -> Response {
    let mut answer = empty(status);
    *answer.body_mut() = body.into();
    if let Ok(content_type) = HeaderValue::from_str(content_type) {
        answer.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    answer
}

pub(crate) fn empty(status: u16) -> Response {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
