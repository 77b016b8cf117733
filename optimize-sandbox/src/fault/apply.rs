//! The response to a request that a fault applies to.

use std::io::{self, Write};

use axum::body::{Body, Bytes, to_bytes};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream;
use http::{HeaderValue, header};

use super::Fault;
use crate::response::{empty, text_response, unauthorized};
use crate::server::Call;

/// The response, with `fault` applied if there is one.
pub(crate) async fn response(fault: Option<&Fault>, call: Call<'_>) -> Response {
    match fault {
        Some(Fault::Status { code, retry_after, body, content_type, location, headers: further }) => {
            let content_type = content_type.as_deref().unwrap_or("application/json");
            let mut response = text_response(*code, content_type, body.clone());
            let headers = response.headers_mut();
            if let Some(seconds) = retry_after {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
            }
            if let Some(location) = location.as_deref().and_then(|location| HeaderValue::from_str(location).ok()) {
                headers.insert(header::LOCATION, location);
            }
            for (name, value) in further {
                if let (Ok(name), Ok(value)) = (name.parse::<header::HeaderName>(), HeaderValue::from_str(value)) {
                    headers.insert(name, value);
                }
            }
            response
        }
        Some(Fault::Unauthorized) => {
            unauthorized(call.state.release, call.request.header(header::HOST), Some("the token was revoked"))
        }
        Some(Fault::ResetBefore) => empty(500),
        Some(Fault::LostPage) => {
            // The first of the two pages is made, so that the cursor moves, and thrown away.
            drop(call.route().await);
            call.route().await
        }
        Some(Fault::Flood { megabytes, gzip }) => flood(*megabytes, *gzip),
        Some(Fault::HeaderFlood { count }) => {
            let mut response = call.route().await;
            for number in 0..*count {
                if let Ok(name) = header::HeaderName::try_from(format!("x-flood-{number}")) {
                    response.headers_mut().insert(name, HeaderValue::from(number));
                }
            }
            response
        }
        Some(Fault::CutBody) => cut(call.route().await).await,
        Some(Fault::ResetAfter | Fault::Delay { .. }) | None => call.route().await,
    }
}

/// The response with its whole length announced and half of it sent.
async fn cut(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let half = stream::iter([Ok(body.slice(..body.len() / 2)), Err(io::Error::from(io::ErrorKind::ConnectionReset))]);
    Response::from_parts(parts, Body::from_stream(half))
}

/// A string of this many MiB without an end, made as it is sent.
fn flood(megabytes: u32, gzip: bool) -> Response {
    let piece = Bytes::from(vec![b' '; 1 << 20]);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let pieces = (1..=megabytes).map(move |number| {
        if !gzip {
            return Ok(piece.clone());
        }
        encoder.write_all(&piece)?;
        if number == megabytes {
            encoder.try_finish()?;
        }
        Ok::<_, io::Error>(std::mem::take(encoder.get_mut()).into())
    });
    let mut response = text_response(200, "application/json", Body::from_stream(stream::iter(pieces)));
    if gzip {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}
