//! Messages of Singer (<https://hub.meltano.com/singer/spec>), which targets of Singer and Meltano load: SCHEMA, RECORD, STATE.

use std::io::Write;

use serde_json::{Value, json};

use crate::cell::Kind;
use crate::cell_codec::Decoded;
use crate::error::Error;
use crate::schema::{Field, Schema};
use crate::tabular::TypedRecords;
use crate::types::{ColumnType, Typed};

/// The columns that identify a record, where they are there.
const KEYS: [&str; 3] = ["processInstanceId", "decisionInstanceId", "concept:instance"];

pub(super) struct Singer {
    /// The name of the stream, as JSON.
    stream: String,
    schema: Schema,
    records: u64,
}

impl Singer {
    pub(super) fn new(title: &str) -> Self {
        Self { stream: Value::from(title).to_string(), schema: Schema::default(), records: 0 }
    }
}

impl TypedRecords for Singer {
    fn begin(&mut self, schema: &Schema, out: &mut dyn Write) -> Result<(), Error> {
        self.schema = schema.clone();
        let properties: serde_json::Map<_, _> =
            schema.columns.iter().map(|column| (column.name.clone(), property(column))).collect();
        let keys: Vec<_> =
            KEYS.into_iter().filter(|key| schema.columns.iter().any(|column| column.name == *key)).take(1).collect();
        let schema = json!({ "type": "object", "properties": properties });
        let (stream, keys) = (&self.stream, json!(keys));
        Ok(writeln!(out, r#"{{"type":"SCHEMA","stream":{stream},"schema":{schema},"key_properties":{keys}}}"#)?)
    }

    fn record(&mut self, cells: &[Decoded<'_>], number: u64, out: &mut dyn Write) -> Result<(), Error> {
        self.records += 1;
        let mut members = Vec::with_capacity(cells.len());
        for (cell, column) in cells.iter().zip(&self.schema.columns) {
            let Some((kind, text)) = *cell else { continue };
            let value = match column.kind.read(text) {
                _ if kind == Kind::Null => "null".to_owned(),
                _ if text.is_empty() && column.kind != ColumnType::Text => "null".to_owned(),
                Some(Typed::Text(text)) => Value::from(text).to_string(),
                Some(Typed::Timestamp(moment)) => {
                    Value::from(jiff::Timestamp::from_millisecond(moment).unwrap_or_default().to_string()).to_string()
                }
                // Numbers and truth values are JSON as they are.
                Some(_) => text.to_owned(),
                None => return Err(Error::Row(number, column.unfit(text))),
            };
            members.push(format!("{}:{value}", Value::from(column.name.as_str())));
        }
        let (stream, members) = (&self.stream, members.join(","));
        Ok(writeln!(out, r#"{{"type":"RECORD","stream":{stream},"record":{{{members}}}}}"#)?)
    }

    fn finish(self: Box<Self>, out: &mut dyn Write) -> Result<Vec<String>, Error> {
        writeln!(out, r#"{{"type":"STATE","value":{{{}:{{"records":{}}}}}}}"#, self.stream, self.records)?;
        Ok(Vec::new())
    }
}

fn property(column: &Field) -> Value {
    match column.kind {
        ColumnType::Text => json!({ "type": ["null", "string"] }),
        ColumnType::Boolean => json!({ "type": ["null", "boolean"] }),
        ColumnType::Integer => json!({ "type": ["null", "integer"] }),
        ColumnType::Double | ColumnType::Decimal(..) => json!({ "type": ["null", "number"] }),
        ColumnType::Timestamp => json!({ "type": ["null", "string"], "format": "date-time" }),
    }
}
