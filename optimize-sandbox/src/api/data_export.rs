//! Report data: a scroll for raw data, one response for everything else.

use std::fmt::Write as _;

use axum::response::Response;

use crate::cursors::Scroll;
use crate::failure::Failure;
use crate::request::Request;
use crate::response::text_response;
use crate::seed::{Content, Report};
use crate::state::State;

const DEFAULT_LIMIT: u64 = 1000;
const LARGEST_LIMIT: u64 = 10_000;
const DEFAULT_TIMEOUT: u64 = 120;
const SHORTEST_TIMEOUT: u64 = 60;

pub(super) fn page(state: &State, request: &Request, id: &str) -> Result<Response, Failure> {
    let is_jersey = state.release.is_jersey();
    let limit = number(is_jersey, request, "limit", DEFAULT_LIMIT)?;
    if limit > LARGEST_LIMIT {
        let message = format!("must be less than or equal to {LARGEST_LIMIT}");
        return Err(Failure::Constraint { parameter: "limit", message });
    }
    let timeout = number(is_jersey, request, "paginationTimeout", DEFAULT_TIMEOUT)?;
    if timeout < SHORTEST_TIMEOUT {
        let message = format!("must be greater than or equal to {SHORTEST_TIMEOUT}");
        return Err(Failure::Constraint { parameter: "paginationTimeout", message });
    }
    let cursor = request.query_parameter("searchRequestId").filter(|cursor| !cursor.is_empty());
    evaluate(state, id, limit, timeout, cursor).map_err(|failure| failure.during_evaluation(state.release))
}

/// Spring reads numbers with blanks around them, and hexadecimal ones.
fn spring_number(text: &str) -> Option<i32> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => i32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

fn number(is_jersey: bool, request: &Request, parameter: &'static str, default: u64) -> Result<u64, Failure> {
    let Some(text) = request.query_parameter(parameter) else { return Ok(default) };
    if text.is_empty() {
        return Ok(default);
    }
    let value = if is_jersey { text.parse().ok() } else { spring_number(&text) };
    let value: i32 = value.ok_or(Failure::NotANumber(parameter))?;
    let message = "must be greater than or equal to 0".to_owned();
    u64::try_from(value).map_err(|_| Failure::Constraint { parameter, message })
}

fn evaluate(state: &State, id: &str, limit: u64, timeout: u64, cursor: Option<String>) -> Result<Response, Failure> {
    let exists = state.store().entities.get(id).is_some_and(|entity| !entity.is_dashboard());
    if !exists {
        return Err(Failure::NotFound(format!("report {id} does not exist")));
    }
    // What was imported has no data yet.
    let Some(report) = state.demo.report(id) else { return Ok(whole(id, 0, limit, None)) };
    match &report.content {
        Content::Combined => {
            let detail = "combined reports cannot be exported".to_owned();
            // From 8.8 on this failure keeps its own status.
            let is_kept = !state.release.is_jersey();
            Err(if is_kept { Failure::Validation("badRequestError", detail) } else { Failure::BadRequest(detail) })
        }
        Content::WithoutDefinition => Err(Failure::Evaluation(format!("report {id} has no definition"))),
        Content::Raw { rows, .. } => raw_page(state, report, *rows, limit, timeout, cursor),
        Content::OwnRows(rows) => raw_page(state, report, rows.len() as u64, limit, timeout, cursor),
        Content::OwnGroups(count, data) => Ok(whole(id, *count, limit, Some(data))),
        Content::Groups(groups) => {
            let mut data = String::new();
            groups.write(&mut data);
            Ok(whole(id, groups.len(), limit, Some(&data)))
        }
        Content::Number(Some(number)) => Ok(whole(id, 1, limit, Some(number))),
        Content::Number(None) => Ok(whole(id, 0, limit, None)),
    }
}

/// The response of a report that has no pages: everything at once, and a notice if less was asked for.
fn whole(report: &str, records: usize, limit: u64, data: Option<&str>) -> Response {
    let mut body = String::from("{");
    if limit < records as u64 {
        body.push_str("\"message\":\"The limit was disregarded, since this report has no pages.\",");
    }
    write_counts(&mut body, records as u64, records as u64, report);
    if let Some(data) = data {
        body.push_str(",\"data\":");
        body.push_str(data);
    }
    body.push('}');
    text_response(200, "application/json", body)
}

fn raw_page(
    state: &State,
    report: &Report,
    total: u64,
    limit: u64,
    timeout: u64,
    cursor: Option<String>,
) -> Result<Response, Failure> {
    let now = state.clock.now();
    let lapses = now.saturating_add(i64::try_from(timeout).unwrap_or(i64::MAX).saturating_mul(1000));
    let (cursor, start, end) = {
        let mut cursors = state.cursors();
        let cursor = match cursor {
            None => cursors.open(Scroll { report: report.id.clone(), position: 0, page_size: limit, lapses }),
            Some(cursor) if cursor.starts_with("scroll+") => cursor,
            Some(_) => return Err(Failure::Server("the scroll id cannot be parsed".to_owned())),
        };
        let scroll = cursors.open.get_mut(&cursor).filter(|scroll| scroll.lapses > now && scroll.report == report.id);
        let scroll = scroll.ok_or_else(|| Failure::BadRequest("no search context for this scroll id".to_owned()))?;
        let start = scroll.position;
        scroll.position = total.min(start + scroll.page_size);
        scroll.lapses = lapses;
        (cursor, start, scroll.position)
    };
    let mut body = String::with_capacity(256 + usize::try_from(end - start).unwrap_or_default() * 1100);
    let _ = write!(body, "{{\"searchRequestId\":\"{cursor}\",");
    write_counts(&mut body, end - start, total, &report.id);
    body.push_str(",\"data\":[");
    for index in start..end {
        if index > start {
            body.push(',');
        }
        state.demo.write_row(report, index, &mut body);
    }
    body.push_str("]}");
    Ok(text_response(200, "application/json", body))
}

fn write_counts(body: &mut String, in_response: u64, total: u64, report: &str) {
    let _ = write!(
        body,
        "\"numberOfRecordsInResponse\":{in_response},\"totalNumberOfRecords\":{total},\"reportId\":\"{report}\""
    );
}
