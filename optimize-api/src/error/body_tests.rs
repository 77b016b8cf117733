use http::{HeaderMap, HeaderValue};
use insta::assert_snapshot;

use super::{ServerError, ValidationError};

fn parsed(content_type: &'static str, body: &str) -> String {
    let mut headers = HeaderMap::new();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    let error = ServerError::read(&headers, body.as_bytes(), &["canary-token"]);
    format!("{}: {}", error.code.as_deref().unwrap_or("-"), error.detail.as_deref().unwrap_or("-"))
}

macro_rules! example {
    ($name:literal) => {
        parsed("application/json", include_str!(concat!("../../tests/fixtures/", $name, ".json")))
    };
}

#[test]
fn the_contract_s_examples_are_read() {
    assert_snapshot!(example!("error-bad-request"), @"badRequestError: (text about the missing collection id)");
    assert_snapshot!(example!("error-import-definition-missing"), @"importDefinitionDoesNotExist: (text)");
    assert_snapshot!(example!("error-import-file-invalid"), @"importFileInvalid: (text listing what is wrong with the file)");
    assert_snapshot!(example!("error-import-index-mismatch"), @"importIndexVersionMismatch: (text)");
    assert_snapshot!(example!("error-import-scope-conflict"), @"nonDefinitionScopeCompliantConflict: (text)");
    assert_snapshot!(example!("error-ingestion-limit"), @"-: (text with the actual and the allowed size)");
    assert_snapshot!(example!("error-not-found"), @"notFoundError: (text naming the id that was not found)");
    assert_snapshot!(example!("error-problem-json-401"), @"-: (text)");
    assert_snapshot!(example!("error-process-definition-delete-conflict"), @"conflict: (text)");
    assert_snapshot!(example!("error-wrapped-500"), @"serverError: (text of the wrapped cause, e.g. a report that does not exist)");
    assert_snapshot!(example!("validation-error"), @"-: (general text) (element[0].name: (text); element[2].type: (text))");
}

#[test]
fn bodies_that_are_no_error_objects_are_read_too() {
    assert_snapshot!(parsed("text/plain", "upstream timed out"), @"-: upstream timed out");
    assert_snapshot!(parsed("text/html", "<html>login</html>"), @"-: a web page");
    assert_snapshot!(parsed("application/json", "[1]"), @"-: [1]");
    assert_snapshot!(parsed("application/json", ""), @"-: -");
    assert_snapshot!(parsed("application/json", r#"{"errorCode":7,"errorMessage":null,"detail":"seven"}"#), @"-: seven");
}

#[test]
fn a_bearer_challenge_stands_in_for_an_empty_body() {
    let mut headers = HeaderMap::new();
    let challenge = r#"Bearer error="invalid_token", error_description="The aud claim is not valid", error_uri="x""#;
    headers.insert(http::header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    assert_eq!(ServerError::read(&headers, b"", &[]).detail.as_deref(), Some("The aud claim is not valid"));
}

#[test]
fn an_echoed_token_and_control_characters_do_not_pass() {
    assert_snapshot!(parsed("text/plain", "bad token canary-token\u{1b}[31m"), @r"-: bad token [redacted]\u{1b}[31m");
    let long = parsed("text/plain", &"x".repeat(5000));
    assert!(long.len() < 400, "{long}");
}

#[test]
fn the_elements_of_a_validation_body_are_listed() {
    let body = include_bytes!("../../tests/fixtures/validation-error.json");
    let error = ServerError::read(&HeaderMap::new(), body, &[]);
    let parsed: Vec<_> = error.validation_errors.iter().map(|error| (error.to_string(), error.element())).collect();
    let expected = [("element[0].name: (text)", 0, "name"), ("element[2].type: (text)", 2, "type")];
    assert_eq!(parsed, expected.map(|(text, place, field)| (text.to_owned(), Some((place, field)))));
    let parameter = ValidationError { property: "limit".to_owned(), message: "too large".to_owned() };
    assert_eq!(parameter.element(), None);
}

#[test]
fn what_an_import_or_a_deletion_stumbles_over_is_listed() {
    let read = |body: &str| ServerError::read(&HeaderMap::new(), body.as_bytes(), &[]);
    let error = read(include_str!("../../tests/fixtures/error-import-index-mismatch.json"));
    insta::assert_compact_debug_snapshot!(error.mismatching_indices, @r#"[MismatchingIndex { index_name: "single-process-report", source_index_version: 7, target_index_version: 8 }]"#);
    let error = read(include_str!("../../tests/fixtures/error-import-definition-missing.json"));
    insta::assert_compact_debug_snapshot!(error.definitions, @r#"[MissingDefinition { definition_type: "process", key: "parcelRouting", versions: ["2"], tenant_ids: [None] }]"#);
    let error = read(include_str!("../../tests/fixtures/error-import-scope-conflict.json"));
    insta::assert_compact_debug_snapshot!(error.conflicted_items, @r#"[ConflictedItem { id: "0f3c2a74-6f3e-4f9d-9a53-1f0e5d2b7c11", item_type: "report", name: Some("Parcels by step") }]"#);
    let error = read(r#"{"conflictedItems": [{"id": "1", "type": "later_kind"}, 7, {"id": 2}], "definitions": null}"#);
    insta::assert_compact_debug_snapshot!((error.conflicted_items, error.definitions), @r#"([ConflictedItem { id: "1", item_type: "later_kind", name: None }], [])"#);
}
