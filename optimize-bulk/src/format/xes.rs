//! Event logs (XES, IEEE 1849): a trace for each process instance, with the events of its flow nodes.

use std::borrow::Cow;
use std::io::Write;

use optimize_api::json_text::JsonText;

use crate::activities::Activities;
use crate::cell::Kind;
use crate::cell_codec::Decoded;
use crate::error::Error;
use crate::schema::{Field, Schema};
use crate::shape::{Event, INSTANCES};
use crate::tabular::TypedRecords;
use crate::types::{Typed, millisecond};

/// What older servers have in place of the content of an object variable.
const OBJECT: &str = "<<OBJECT_VARIABLE_VALUE>>";

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<global scope="trace">
<string key="concept:name" value=""/>
</global>
<global scope="event">
<string key="concept:name" value=""/>
<string key="lifecycle:transition" value="complete"/>
</global>
<classifier name="Activity" keys="concept:name"/>
"#;

pub(super) struct Xes {
    title: String,
    activities: Activities,
    schema: Schema,
    /// Where the id of the process instance is, and where its flow nodes, which wait as the text of their events.
    case: Option<usize>,
    nodes: Option<usize>,
    left_out: u64,
    replaced: u64,
    text: String,
}

impl Xes {
    pub(super) fn new(title: &str, activities: &Activities) -> Self {
        let (title, activities) = (title.to_owned(), activities.clone());
        Self {
            title,
            activities,
            schema: Schema::default(),
            case: None,
            nodes: None,
            left_out: 0,
            replaced: 0,
            text: String::new(),
        }
    }

    fn attribute(&mut self, element: &str, key: &str, value: &str) {
        attribute(&mut self.text, &mut self.replaced, element, key, value);
    }

    fn cell(&mut self, field: &Field, kind: Kind, text: &str) {
        if text == OBJECT {
            self.left_out += 1;
            return;
        }
        let key = if field.name == "processInstanceId" { "concept:name" } else { field.name.as_str() };
        match field.kind.read(text) {
            Some(Typed::Boolean(_)) => self.attribute("boolean", key, text),
            Some(Typed::Integer(_)) => self.attribute("int", key, text),
            Some(Typed::Double(_) | Typed::Decimal(_)) => self.attribute("float", key, text),
            Some(Typed::Timestamp(_)) => self.attribute("date", key, &xml_date(text)),
            _ if kind == Kind::Null => {}
            _ => self.attribute("string", key, text),
        }
    }

    /// An event for the start of each flow node and one for its end; one for both where they are at one moment.
    fn events<'a>(&mut self, instances: &'a str) {
        let mut events: Vec<(Option<i64>, bool, Event<'a>)> = Vec::new();
        for event in Event::of(instances) {
            let start = event.began;
            let end = event.end.and_then(|end| if event.is_instant() { start } else { millisecond(&end.text()) });
            if start.is_some() && (start != end) {
                events.push((start, false, event));
            }
            if end.is_some() {
                events.push((end, true, event));
            }
        }
        // The order of the server stays for what is at one moment.
        events.sort_by_key(|(moment, is_end, _)| (*moment, *is_end));
        for (_, is_end, event) in events {
            let text = |part: Option<JsonText<'a>>| part.map(JsonText::text).unwrap_or_default();
            let (name, id, date) =
                (text(event.name), text(event.id), text(if is_end { event.end } else { event.start }));
            self.text.push_str("<event>\n");
            self.attribute("string", "concept:name", &name);
            self.attribute("string", "concept:instance", &id);
            let Self { activities, text, replaced, .. } = self;
            if let Some(activity) = activities.id(&name) {
                attribute(text, replaced, "string", "activity:id", activity);
            }
            self.attribute("string", "lifecycle:transition", if is_end { "complete" } else { "start" });
            self.attribute("date", "time:timestamp", &xml_date(&date));
            self.text.push_str("</event>\n");
        }
    }
}

impl TypedRecords for Xes {
    fn column(&mut self, position: usize, heading: &str) {
        match heading {
            "processInstanceId" => self.case = Some(position),
            INSTANCES => self.nodes = Some(position),
            _ => {}
        }
    }

    fn prepare<'a>(&mut self, position: usize, text: Cow<'a, str>) -> Cow<'a, str> {
        if Some(position) != self.nodes {
            return text;
        }
        self.events(&text);
        std::mem::take(&mut self.text).into()
    }

    fn begin(&mut self, schema: &Schema, out: &mut dyn Write) -> Result<(), Error> {
        self.schema = schema.clone();
        self.text.push_str(HEAD);
        let title = self.title.clone();
        self.attribute("string", "concept:name", &title);
        out.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }

    fn record(&mut self, cells: &[Decoded<'_>], number: u64, out: &mut dyn Write) -> Result<(), Error> {
        let schema = std::mem::take(&mut self.schema);
        if self.case.and_then(|place| cells[place]).is_none_or(|(kind, _)| kind == Kind::Null) {
            return Err(Error::Row(number, "it is no process instance, so that it has no event log".to_owned()));
        }
        self.text.push_str("<trace>\n");
        for (place, (field, cell)) in schema.columns.iter().zip(cells).enumerate() {
            if let Some((kind, text)) = cell.filter(|(_, text)| !text.is_empty() && Some(place) != self.nodes) {
                self.cell(field, kind, text);
            }
        }
        if let Some((_, events)) = self.nodes.and_then(|place| cells[place]) {
            self.text.push_str(events);
        }
        self.text.push_str("</trace>\n");
        self.schema = schema;
        out.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }

    fn finish(self: Box<Self>, out: &mut dyn Write) -> Result<Vec<String>, Error> {
        out.write_all(b"</log>\n")?;
        let mut remarks = Vec::new();
        if self.left_out > 0 {
            remarks.push(format!("{} values of objects that the server does not send were left out", self.left_out));
        }
        if self.replaced > 0 {
            remarks.push(format!("{} characters that XML cannot have were replaced", self.replaced));
        }
        Ok(remarks)
    }
}

fn attribute(text: &mut String, replaced: &mut u64, element: &str, key: &str, value: &str) {
    for part in ["<", element, " key=\""] {
        text.push_str(part);
    }
    push_safe(text, key, replaced);
    text.push_str("\" value=\"");
    push_safe(text, value, replaced);
    text.push_str("\"/>\n");
}

/// Appends text of an attribute. What XML cannot have is replaced and counted.
fn push_safe(out: &mut String, text: &str, replaced: &mut u64) {
    // Few texts have anything of it; U+FFFE and U+FFFF begin with the byte EF.
    let is_odd = |byte| byte < b' ' || matches!(byte, b'<' | b'>' | b'&' | b'"' | 0xEF);
    if !text.bytes().fold(false, |found, byte| found | is_odd(byte)) {
        return out.push_str(text);
    }
    let mut begin = 0;
    for (place, character) in text.char_indices() {
        let instead = match character {
            '<' => "&lt;",
            '>' => "&gt;",
            '&' => "&amp;",
            '"' => "&quot;",
            // A reader would make spaces of these.
            '\t' => "&#9;",
            '\n' => "&#10;",
            '\r' => "&#13;",
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => {
                *replaced += 1;
                "\u{fffd}"
            }
            _ => continue,
        };
        out.push_str(&text[begin..place]);
        out.push_str(instead);
        begin = place + character.len_utf8();
    }
    out.push_str(&text[begin..]);
}

/// The server's date with a colon in its offset, as XML wants it.
fn xml_date(date: &str) -> Cow<'_, str> {
    match date.as_bytes() {
        [.., b'+' | b'-', _, _, _, _] if date.is_ascii() => {
            let (head, minutes) = date.split_at(date.len() - 2);
            [head, ":", minutes].concat().into()
        }
        _ => date.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Batch;
    use crate::format::{Compression, FormatKind, Options, TypeRule};
    use crate::shape::{Shape, Table};

    #[test]
    fn a_trace_has_its_variables_once_and_its_events_in_order() {
        let row = r#"{"processInstanceId":"7","duration":null,"variables":{"amount":"12.5","o":"<<OBJECT_VARIABLE_VALUE>>","n":"a \u0001<\n"},
            "flowNodeInstances":[
            {"id":"2","name":"b","startDate":"2024-05-01T12:30:01.000+0200","endDate":null},
            {"id":"1","name":"a","startDate":"2024-05-01T12:30:00.000+0200","endDate":"2024-05-01T12:30:01.000+0200"},
            {"id":"3","name":"g","startDate":"2024-05-01T12:30:01.000+0200","endDate":"2024-05-01T12:30:01.000+0200"}]}"#;
        let shape = Shape {
            table: Table::Log,
            activities: Activities::of_bpmn(r#"<x id="task" name="b"/>"#),
            ..Shape::default()
        };
        let options = Options { types: TypeRule::Guessed, title: "T & U".to_owned(), ..Options::default() };
        let mut format = FormatKind::Xes.writer(Compression::None, shape, &options).unwrap();
        let mut out = Vec::new();
        format.write(&Batch::Rows(vec![row.into()]), &mut out).unwrap();
        let written = format.finish(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let (head, trace) = text.split_once("<trace>\n").unwrap();
        assert!(head.ends_with("<string key=\"concept:name\" value=\"T &amp; U\"/>\n"), "{head}");
        insta::assert_snapshot!(trace, @r#"
        <string key="concept:name" value="7"/>
        <float key="variable:amount" value="12.5"/>
        <string key="variable:n" value="a �&lt;&#10;"/>
        <event>
        <string key="concept:name" value="a"/>
        <string key="concept:instance" value="1"/>
        <string key="lifecycle:transition" value="start"/>
        <date key="time:timestamp" value="2024-05-01T12:30:00.000+02:00"/>
        </event>
        <event>
        <string key="concept:name" value="b"/>
        <string key="concept:instance" value="2"/>
        <string key="activity:id" value="task"/>
        <string key="lifecycle:transition" value="start"/>
        <date key="time:timestamp" value="2024-05-01T12:30:01.000+02:00"/>
        </event>
        <event>
        <string key="concept:name" value="a"/>
        <string key="concept:instance" value="1"/>
        <string key="lifecycle:transition" value="complete"/>
        <date key="time:timestamp" value="2024-05-01T12:30:01.000+02:00"/>
        </event>
        <event>
        <string key="concept:name" value="g"/>
        <string key="concept:instance" value="3"/>
        <string key="lifecycle:transition" value="complete"/>
        <date key="time:timestamp" value="2024-05-01T12:30:01.000+02:00"/>
        </event>
        </trace>
        </log>
        "#);
        assert_eq!(
            written.remarks,
            [
                "1 values of objects that the server does not send were left out",
                "1 characters that XML cannot have were replaced"
            ]
        );
    }
}
