use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::operation::{READY, REPORT_DATA, REPORT_LIST};

fn url(base: &str, spec: &RequestSpec) -> String {
    spec.url(&ServiceUrl::parse(base).unwrap()).into()
}

fn problem(id: &str) -> String {
    RequestSpec::with_id(&REPORT_DATA, id).unwrap_err().to_string()
}

#[test]
fn the_path_of_the_base_url_is_kept() {
    let ready = RequestSpec::new(&READY);
    assert_snapshot!(url("https://host", &ready), @"https://host/api/readyz");
    assert_snapshot!(url("https://host/", &ready), @"https://host/api/readyz");
    assert_snapshot!(url("http://localhost:8090/optimize", &ready), @"http://localhost:8090/optimize/api/readyz");
    assert_snapshot!(url("https://bru-2.optimize.camunda.io/0f3c2a74-6f3e/", &ready), @"https://bru-2.optimize.camunda.io/0f3c2a74-6f3e/api/readyz");
    assert_snapshot!(url("https://host/a%20b//", &ready), @"https://host/a%20b/api/readyz");
}

#[test]
fn a_cursor_is_encoded() {
    let spec = RequestSpec::with_id(&REPORT_DATA, "r").unwrap().with_query("searchRequestId", "a+b/c==&d=é ");
    assert_snapshot!(spec.wire_form(), @"GET /api/public/export/report/r/result/json?searchRequestId=a%2Bb%2Fc%3D%3D%26d%3D%C3%A9+");
}

#[test]
fn an_id_that_could_address_something_else_is_refused() {
    assert_snapshot!(problem(""), @r#"failed to read the report: the id is empty: """#);
    assert_snapshot!(problem(" \t"), @r#"failed to read the report: the id is empty: " \t""#);
    assert_snapshot!(problem(".."), @r#"failed to read the report: the id is a relative path: "..""#);
    assert_snapshot!(problem("../x"), @r#"failed to read the report: the id contains `/`, which no server accepts in an id: "../x""#);
    assert_snapshot!(problem(r"..\x"), @r#"failed to read the report: the id contains `\`, which no server accepts in an id: "..\\x""#);
    assert_snapshot!(problem("a\nb"), @r#"failed to read the report: the id contains a control character: "a\nb""#);
    assert_snapshot!(problem(&"/".repeat(200)), @r#"failed to read the report: the id contains `/`, which no server accepts in an id: "////////////////////////////////////////////////////////////////////////////////""#);
}

#[test]
fn unusual_ids_are_encoded() {
    let spec = RequestSpec::with_id(&REPORT_DATA, "a b?c#d&e=ü…~").unwrap();
    assert_snapshot!(spec.wire_form(), @"GET /api/public/export/report/a%20b%3Fc%23d%26e%3D%C3%BC%E2%80%A6~/result/json");
}

proptest! {
    #[test]
    fn every_accepted_id_is_one_segment_that_decodes_to_itself(id in any::<String>()) {
        let Ok(spec) = RequestSpec::with_id(&REPORT_DATA, &id) else { return Ok(()) };
        let url = spec.url(&ServiceUrl::parse("https://host/context").unwrap());
        let segments: Vec<_> = url.path_segments().unwrap().collect();
        prop_assert_eq!(segments.len(), 8, "{}", url);
        let decoded = percent_decode_str(segments[5]).decode_utf8().unwrap();
        prop_assert_eq!(decoded, id);
        prop_assert_eq!((url.query(), url.fragment()), (None, None));
    }

    #[test]
    fn every_query_value_arrives_unchanged(value in any::<String>()) {
        let spec = RequestSpec::new(&REPORT_LIST).with_query("collectionId", value.as_str());
        let url = spec.url(&ServiceUrl::parse("https://host/context").unwrap());
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        prop_assert_eq!(pairs, [("collectionId".to_owned(), value)]);
        prop_assert_eq!(url.path(), "/context/api/public/report");
    }

    #[test]
    fn a_base_url_is_joined_without_loss(path in "(/[A-Za-z0-9._~-]{1,12}){0,4}", slashes in "/{0,3}") {
        // A dot segment is resolved by every URL parser, ours included.
        prop_assume!(path.split('/').all(|segment| segment != "." && segment != ".."));
        let base = format!("https://host{path}{slashes}");
        prop_assert_eq!(url(&base, &RequestSpec::new(&READY)), format!("https://host{path}/api/readyz"));
    }
}
