//! A Postman collection and its environments, from the description of the API.

use serde_json::{Map, Value, json};

use super::openapi::description;
use crate::util::{Outcome, check_or_write, root};

const FOLDER: &str = "docs/postman";

/// What of a response later requests need: the operation, the variable, and where it stands.
const CAPTURES: [(&str, &str, &str); 5] = [
    ("report.list", "report_id", "pm.response.json()[0].id"),
    ("dashboard.list", "dashboard_id", "pm.response.json()[0].id"),
    ("report.export", "definitions", "pm.response.text()"),
    ("report.data", "search_request_id", "encodeURIComponent(pm.response.json().searchRequestId)"),
    ("collection.create", "new_collection_id", "pm.response.json().id"),
];

/// Values of parameters by operation; of others the name of a variable like their own.
const VALUES: [(&str, &str, &str); 8] = [
    ("collection.get", "id", "{{collection_id}}"),
    ("collection.scope", "id", "{{new_collection_id}}"),
    ("dashboard.delete", "id", "{{dashboard_id}}"),
    ("report.delete", "id", "{{report_id}}"),
    ("report.data", "id", "{{raw_report_id}}"),
    ("report.data.next", "id", "{{raw_report_id}}"),
    ("process-definition.delete", "id", "{{process_definition_key}}"),
    ("agentic.evaluate", "id", "{{agentic_report_id}}"),
];

/// The folders in which the requests can be sent one after another: what deletes comes last.
const ORDER: [&str; 20] = [
    "ready",
    "report.list",
    "report.export",
    "report.data",
    "report.data.next",
    "dashboard.list",
    "dashboard.export",
    "collection.list",
    "collection.get",
    "collection.create",
    "collection.scope",
    "import",
    "variable.ingest",
    "variable.label",
    "sharing.disable",
    "sharing.enable",
    "report.delete",
    "dashboard.delete",
    "process-definition.delete",
    "event.ingest",
];

/// Gets a token by the client credentials of the environment and keeps it until shortly before its end. A static token
/// is used as it is.
const TOKEN_SCRIPT: &str = r"const fixed = pm.environment.get('token');
if (fixed) {
    pm.collectionVariables.set('access_token', fixed);
} else if (Date.now() > Number(pm.collectionVariables.get('access_token_end') || 0)) {
    const parameters = [['grant_type', 'client_credentials']];
    for (const name of ['client_id', 'client_secret', 'audience', 'scope']) {
        const value = pm.environment.get(name);
        if (value) parameters.push([name, value]);
    }
    pm.sendRequest({
        url: pm.environment.get('token_url'),
        method: 'POST',
        header: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
        body: { mode: 'raw', raw: parameters.map(([name, value]) => name + '=' + encodeURIComponent(value)).join('&') },
    }, (error, response) => {
        if (error || response.code !== 200) throw new Error('no token: ' + (error || response.code + ' ' + response.text()));
        const token = response.json();
        pm.collectionVariables.set('access_token', token.access_token);
        pm.collectionVariables.set('access_token_end', Date.now() + (token.expires_in - 30) * 1000);
    });
}";

pub(super) fn run(check: bool) -> Outcome {
    let description = description()?;
    let folder = root().join(FOLDER);
    let write = |name: &str, value: &Value| {
        let text = format!("{}\n", serde_json::to_string_pretty(value)?);
        check_or_write(&folder.join(name), &text, !check, "cargo xtask gen")
    };
    write("optimize.postman_collection.json", &collection(&description)?)?;
    for (name, values) in environments() {
        write(&format!("{name}.postman_environment.json"), &environment(name, &values))?;
    }
    Ok(())
}

fn collection(description: &Value) -> Outcome<Value> {
    let mut requests = Map::new();
    for (path, methods) in description["paths"].as_object().ok_or("the description has no paths")? {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let id = operation["operationId"].as_str().unwrap_or_default();
            requests.insert(id.to_owned(), request(description, id, path, method, operation));
            if id == "report.data" {
                requests.insert(
                    "report.data.next".to_owned(),
                    request(description, "report.data.next", path, method, operation),
                );
            }
        }
    }
    let ordered = |ids: &[&str], name: &str| {
        let items: Vec<_> = ids.iter().filter_map(|id| requests.get(*id).cloned()).collect();
        json!({ "name": name, "item": items })
    };
    let of_all = &ORDER[..18];
    let mut rest: Vec<_> = requests.keys().map(String::as_str).filter(|id| !ORDER.contains(id)).collect();
    rest.sort_unstable();
    Ok(json!({
        "info": {
            "name": description["info"]["title"],
            "description": "Choose an environment and fill it in. Each request gets a token by the client credentials of the \
                environment, or uses its static token. In the folder \"Every release from 8.7 on\" requests can be run one after another: \
                what deletes comes last.",
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "auth": { "type": "bearer", "bearer": [{ "key": "token", "value": "{{access_token}}", "type": "string" }] },
        "event": [script("prerequest", TOKEN_SCRIPT)],
        "item": [
            ordered(of_all, "Every release from 8.7 on"),
            ordered(&["process-definition.delete"], "From 8.10 on"),
            ordered(&["event.ingest"], "Camunda 7"),
            ordered(&rest, "In development"),
        ],
    }))
}

fn script(listen: &str, text: &str) -> Value {
    json!({ "listen": listen, "script": { "type": "text/javascript", "exec": text.lines().collect::<Vec<_>>() } })
}

fn request(description: &Value, id: &str, path: &str, method: &str, operation: &Value) -> Value {
    let value_of = |name: &str| {
        let known = VALUES.iter().find(|(operation, parameter, _)| *operation == id && *parameter == name);
        known.map(|(_, _, value)| (*value).to_owned())
    };
    let is_next = id == "report.data.next";
    let mut query = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let parameter = resolved(description, parameter);
        let name = parameter["name"].as_str().unwrap_or_default();
        if parameter["in"] != "query" {
            continue;
        }
        let value = match name {
            "collectionId" => "{{collection_id}}".to_owned(),
            "searchRequestId" => "{{search_request_id}}".to_owned(),
            _ => parameter["example"].to_string(),
        };
        let is_off = match name {
            "searchRequestId" => !is_next,
            "limit" | "offset" => is_next || parameter["example"].is_null(),
            _ => false,
        };
        query.push(json!({ "key": name, "value": value, "description": parameter["description"], "disabled": is_off }));
    }
    let path = path.replace("{id}", &value_of("id").unwrap_or_default());
    let body = body(description, id, operation);
    let accept = json!({ "key": "Accept", "value": "application/json" });
    let content_type = body.iter().map(|(media_type, _)| json!({ "key": "Content-Type", "value": media_type }));
    let headers: Vec<_> = std::iter::once(accept).chain(content_type).collect();
    let mut request = json!({
        "method": method.to_ascii_uppercase(),
        "header": headers,
        "url": {
            "raw": format!("{{{{base_url}}}}{path}"), "host": ["{{base_url}}"],
            "path": path.split('/').skip(1).collect::<Vec<_>>(), "query": query,
        },
        "description": operation["description"],
    });
    if operation["security"].as_array().is_some_and(Vec::is_empty) {
        request["auth"] = json!({ "type": "noauth" });
    }
    if let Some((_, text)) = body {
        request["body"] = json!({ "mode": "raw", "raw": text, "options": { "raw": { "language": "json" } } });
    }
    let succeeds = "pm.test('it succeeds', () => pm.expect(pm.response.code).to.be.within(200, 299));".to_owned();
    let captures = CAPTURES.iter().filter(|(operation, ..)| *operation == id);
    let captures = captures.map(|(_, variable, place)| format!("pm.collectionVariables.set('{variable}', {place});"));
    let test = std::iter::once(succeeds).chain(captures).collect::<Vec<_>>().join("\n");
    let name = if is_next { "Export the next page of the data" } else { operation["summary"].as_str().unwrap_or(id) };
    json!({ "name": name, "request": request, "event": [script("test", &test)] })
}

/// The media type of a body, and an example of it.
fn body(description: &Value, id: &str, operation: &Value) -> Option<(String, String)> {
    let content = resolved(description, operation.get("requestBody")?);
    let (media_type, content) = content["content"].as_object()?.iter().next()?;
    let text = match id {
        "report.export" => "[\"{{report_id}}\"]".to_owned(),
        "dashboard.export" => "[\"{{dashboard_id}}\"]".to_owned(),
        "import" => "{{definitions}}".to_owned(),
        _ => serde_json::to_string_pretty(&content["example"]).ok()?,
    };
    Some((media_type.clone(), text))
}

/// What a reference refers to.
fn resolved<'a>(description: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| description.pointer(pointer)).unwrap_or(value)
}

/// Each with what is filled in already; the rest is the user's.
fn environments() -> [(&'static str, Vec<(&'static str, &'static str)>); 4] {
    let ids = [("collection_id", ""), ("raw_report_id", ""), ("process_definition_key", ""), ("agentic_report_id", "")];
    let client = [("client_id", ""), ("client_secret", "")];
    let with = |first: &[(&'static str, &'static str)]| [first, &client, &ids].concat();
    [
        (
            "saas",
            with(&[
                ("base_url", "https://REGION.optimize.camunda.io/CLUSTER-ID"),
                ("token_url", "https://login.cloud.camunda.io/oauth/token"),
                ("audience", "optimize.camunda.io"),
            ]),
        ),
        (
            "self-managed",
            with(&[
                ("base_url", "http://localhost:8083"),
                ("token_url", "http://localhost:18080/auth/realms/camunda-platform/protocol/openid-connect/token"),
            ]),
        ),
        ("static-token", [&[("base_url", "http://localhost:8090"), ("token", "")][..], &ids].concat()),
        (
            "sandbox",
            vec![
                ("base_url", ""),
                ("token_url", ""),
                ("client_id", ""),
                ("client_secret", ""),
                ("audience", "optimize.camunda.io"),
                ("collection_id", "claims"),
                ("raw_report_id", "claims-raw"),
                ("process_definition_key", "2251799813685249"),
                ("agentic_report_id", "agentic-runs"),
            ],
        ),
    ]
}

fn environment(name: &str, values: &[(&str, &str)]) -> Value {
    let value = |(key, value): &(&str, &str)| {
        let kind = if matches!(*key, "client_secret" | "token") { "secret" } else { "default" };
        json!({ "key": key, "value": value, "type": kind, "enabled": true })
    };
    json!({
        "name": format!("Optimize, {name}"), "values": values.iter().map(value).collect::<Vec<_>>(),
        "_postman_variable_scope": "environment",
    })
}
