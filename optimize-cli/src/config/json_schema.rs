//! The JSON Schema of a configuration file, for editors.

use serde_json::{Map, Value, json};

use super::SANDBOX_PROFILE;
use super::schema::{Form, Key};

/// The words that a setting can be, where they are few.
fn words(key: Key) -> Option<&'static [&'static str]> {
    Some(match key {
        Key::Output => &["auto", "table", "json", "ndjson", "csv"],
        Key::Preset => &["saas", "self-managed", "entra"],
        Key::Strategy => &["none", "static", "client-credentials", "client-assertion", "token-file", "exec", "chain"],
        Key::Interactive => &["never", "if-tty"],
        Key::ClientAuth => &["post", "basic", "json", "private-key-jwt", "client-secret-jwt", "mtls", "none"],
        Key::SigningAlgorithm => &["RS256", "PS256", "ES256", "EdDSA"],
        _ => return None,
    })
}

/// The schema (2020-12). Unknown keys are errors to the program, and so they are here.
pub(crate) fn json_schema() -> Value {
    let settings = |is_of: &dyn Fn(&Key) -> bool| -> Map<String, Value> {
        let keys = Key::ALL.iter().copied().filter(is_of);
        keys.map(|key| (key.name().to_owned(), property(key))).collect()
    };
    let auth = settings(&|key| key.path().starts_with("auth."));
    let mut profile = settings(&|key| !key.path().starts_with("auth."));
    profile.insert("auth".to_owned(), json!({ "$ref": "#/$defs/auth" }));
    let mut top = profile.clone();
    let default = json!({ "type": "string", "description": "The profile that is used if none is named" });
    top.insert("default_profile".to_owned(), default);
    let profiles = json!({
        "type": "object", "description": "Settings by name; `sandbox` is built in",
        "propertyNames": { "not": { "const": SANDBOX_PROFILE } },
        "additionalProperties": { "$ref": "#/$defs/profile" },
    });
    top.insert("profiles".to_owned(), profiles);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of optimize",
        "type": "object",
        "properties": top,
        "additionalProperties": false,
        "$defs": {
            "profile": { "type": "object", "properties": profile, "additionalProperties": false },
            "auth": { "type": "object", "properties": auth, "additionalProperties": false },
            "secret": { "oneOf": [
                { "type": "string", "minLength": 1, "description": "Only in a file that nobody else can read" },
                reference("env", &json!({ "type": "string", "minLength": 1 })),
                reference("file", &json!({ "type": "string", "minLength": 1 })),
                reference("keyring", &json!({ "type": "string", "minLength": 1 })),
                reference("command", &json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 })),
            ] },
        },
    })
}

fn reference(name: &str, form: &Value) -> Value {
    json!({ "type": "object", "properties": { name: form }, "required": [name], "additionalProperties": false })
}

fn property(key: Key) -> Value {
    let mut property = match key.form() {
        Form::Text | Form::Path => json!({ "type": "string", "minLength": 1 }),
        Form::Boolean => json!({ "type": "boolean" }),
        Form::Secret => json!({ "$ref": "#/$defs/secret" }),
        Form::List => json!({ "type": "array", "items": { "type": "string" } }),
        Form::Tables => json!({ "type": "array", "items": { "$ref": "#/$defs/auth" } }),
    };
    if let Some(words) = words(key) {
        property["enum"] = words.into();
    }
    property["description"] = key.about().into();
    let variables = key.all_variables();
    if !variables.is_empty() {
        // For people; a validator passes over what it does not know.
        property["x-environment"] = variables.into();
    }
    property
}
