//! Models of rows, against the contract's examples and the rows of every release.

use optimize_api::{DataPage, Date, DecisionInstanceRow, ErrorKind, GroupedRow, HyperMapRow, ProcessInstanceRow};
use optimize_sandbox::Release;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::{client, of};

async fn rows<T: DeserializeOwned + Send + 'static>(release: Release, report: &str) -> Vec<T> {
    let sandbox = of(release).await;
    let mut rows = client(&sandbox).reports().data(report).limit(50).rows_as::<T>();
    let mut all = Vec::new();
    while let Some(row) = rows.next().await {
        all.push(row.unwrap());
    }
    assert!(!all.is_empty(), "{release}: {report}");
    all
}

#[tokio::test]
async fn the_rows_of_every_release_have_a_model_that_knows_all_their_members() {
    for release in Release::ALL {
        for row in rows::<ProcessInstanceRow>(release, "orders-raw").await {
            assert!(row.rest.is_empty(), "{release}: {:?}", row.rest);
            assert!(row.process_instance_id.is_some() && row.start_date.is_some(), "{row:?}");
            assert!(!row.variables.is_empty());
        }
        for row in rows::<GroupedRow>(release, "claims-by-month").await {
            assert!(row.rest.is_empty() && row.key.parse::<Date>().is_ok() && row.value.is_some(), "{row:?}");
        }
        for row in rows::<HyperMapRow>(release, "claims-by-month-and-risk").await {
            assert!(row.rest.is_empty() && row.value.iter().all(|part| part.rest.is_empty()), "{row:?}");
        }
    }
}

#[test]
fn the_contract_s_decision_row_is_read() {
    let row: DecisionInstanceRow = serde_json::from_value(json!({
        "decisionDefinitionKey": "approve", "decisionInstanceId": "7", "processInstanceId": null,
        "evaluationDateTime": "2024-03-05T14:07:09.120+0000",
        "inputVariables": {"c1": {"id": "c1", "name": "amount", "type": "Double", "value": "12.5"}},
        "outputVariables": {"c2": {"id": "c2", "name": "approval", "type": "String", "values": ["yes", "no"]}},
        "new": 1,
    }))
    .unwrap();
    assert_eq!(row.output_variables["c2"].values.as_ref().unwrap().len(), 2);
    assert_eq!((row.process_instance_id, row.rest["new"].as_i64()), (None, Some(1)));
}

#[test]
fn variables_are_read_by_name_and_type() {
    let row: ProcessInstanceRow = serde_json::from_value(json!({
        "variables": {"amount": "12.5", "paid": "true", "due": "2024-03-05T14:07:09.120+0000", "none": "", "list": ["a"]},
    }))
    .unwrap();
    assert_eq!(row.variable_as::<f64>("amount").unwrap(), Some(12.5));
    assert_eq!(row.variable_as::<bool>("paid").unwrap(), Some(true));
    assert!(row.variable_as::<Date>("due").unwrap().is_some());
    assert_eq!((row.variable("none"), row.variable("list"), row.variable("absent")), (None, None, None));
    let error = row.variable_as::<u8>("amount").unwrap_err();
    assert_eq!(error.to_string(), "the variable `amount` is of another type: invalid digit found in string");
    let none: ProcessInstanceRow = serde_json::from_value(json!({ "variables": null })).unwrap();
    assert!(none.variables.is_empty());
}

#[tokio::test]
async fn a_row_of_another_type_is_named_with_the_part_that_is_at_fault() {
    #[derive(Debug, serde::Deserialize)]
    struct Wrong {
        #[expect(dead_code, reason = "it is never read")]
        value: String,
    }
    let sandbox = of(Release::V8_8).await;
    let mut rows = client(&sandbox).reports().data("claims-by-risk").rows_as::<ProcessInstanceRow>();
    // A group has no member of an instance, so that it is an instance of which nothing is known.
    assert!(rows.next().await.unwrap().unwrap().process_instance_id.is_none());
    let mut rows = client(&sandbox).reports().data("claims-by-risk").rows_as::<Wrong>();
    let error = rows.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    let text = error.to_string();
    assert!(text.contains("row 0 is not of the expected type, near `") && text.contains("\"value\":"), "{text}");
    assert!(text.len() < 200, "{text}");
    let odd = bytes::Bytes::from(r#"{"numberOfRecordsInResponse":1,"totalNumberOfRecords":1,"data":[{"a":"b"}]}"#);
    assert_eq!(DataPage::from_json(&odd).unwrap().row_count(), 1);
}

/// The names of a model's members.
fn members(model: impl Serialize) -> Vec<String> {
    let mut names: Vec<_> = serde_json::to_value(model).unwrap().as_object().unwrap().keys().cloned().collect();
    names.sort();
    names
}

#[test]
fn the_description_of_the_api_has_the_members_of_the_models_and_no_other() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.yaml");
    let description: Value = serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let models = [
        ("ProcessInstanceRow", members(ProcessInstanceRow::default())),
        ("DecisionInstanceRow", members(DecisionInstanceRow::default())),
        ("GroupedRow", members(GroupedRow::default())),
        ("HyperMapRow", members(HyperMapRow::default())),
    ];
    for (name, members) in models {
        let properties = description["components"]["schemas"][name]["properties"].as_object().unwrap();
        let mut described: Vec<_> = properties.keys().cloned().collect();
        described.sort();
        assert_eq!(described, members, "{name}");
    }
}
